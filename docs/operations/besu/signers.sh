#!/bin/sh
# Who proposed the last hundred blocks, for node_exporter's text files. Besu counts no proposals by validator among its
# metrics; its API QBFT does. Run each minute on the validator's machine (README.md, "Monitoring"); needs curl and jq.
#
#   cd /var/lib/node_exporter && signers.sh [RPC] > qbft.new && mv qbft.new qbft.prom
set -eu
answer=$(curl -sS --max-time 10 -H 'Content-Type: application/json' "${1:-http://127.0.0.1:8545}" --data '[
  {"jsonrpc":"2.0","id":1,"method":"qbft_getSignerMetrics","params":[]},
  {"jsonrpc":"2.0","id":2,"method":"qbft_getValidatorsByBlockNumber","params":["latest"]}]')
# The metrics also have who is no validator any more, and the proposer of the genesis block, nobody.
printf '%s' "$answer" | jq -er '
  def number: ltrimstr("0x") | ascii_downcase | explode
    | reduce .[] as $c (0; . * 16 + (if $c > 57 then $c - 87 else $c - 48 end));
  (map(select(.id == 2))[0].result | map(ascii_downcase)) as $validators
  | map(select(.id == 1))[0].result | map(select(.address | ascii_downcase | IN($validators[])))
  | "# TYPE qbft_validators gauge", "qbft_validators \($validators | length)",
    "# TYPE qbft_proposed_blocks gauge",
    (.[] | "qbft_proposed_blocks{validator=\"\(.address)\"} \(.proposedBlockCount | number)"),
    "# TYPE qbft_last_proposed_block gauge",
    (.[] | "qbft_last_proposed_block{validator=\"\(.address)\"} \(.lastProposedBlockNumber | number)"),
    "# TYPE qbft_read_time_seconds gauge", "qbft_read_time_seconds \(now | floor)"'
