#!/usr/bin/env bash
# Everything the contract has to pass.
#   ./test.sh                    format, build, derived files, tests, gas snapshot
#   ./test.sh --evm NAME...      the tests, compiled for and run on each of these EVM versions
#   ./test.sh --update           writes the derived files and the gas snapshots anew
#   ./test.sh --install          only the packages that the lock names
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

export FOUNDRY_DISABLE_NIGHTLY_WARNING=1 NO_COLOR=1

# npm itself cannot tell quickly whether node_modules is what the lock says, so the lock is kept beside it.
installed=node_modules/.installed-lock.json
if ! cmp -s package-lock.json "$installed"; then
  # npm keeps its cache at home, which a build machine may not let it write to.
  [ -w "${HOME:-/nonexistent}" ] || export npm_config_cache=$PWD/cache/npm
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  cp package-lock.json "$installed"
fi
# The packages of the binaries themselves: the wrapper package needs a postinstall script, which npm may block.
forge=${FORGE:-$(echo node_modules/@foundry-rs/forge-*/bin/forge)}
if [ ! -x "$forge" ]; then
  echo "no forge for this platform in package.json; name one of version 1.7.1 in FORGE" >&2
  exit 1
fi

# Fuzz tests stay out: their figures are means.
gas_snapshot() {
  "$forge" snapshot --match-path test/Gas.t.sol --no-match-test fuzz "$@"
}

case ${1-} in
--install) ;;
--evm)
  for evm in "${@:2}"; do
    echo "== $evm"
    FOUNDRY_EVM_VERSION=$evm FOUNDRY_OUT=out/$evm FOUNDRY_CACHE_PATH=cache/$evm FOUNDRY_SNAPSHOTS=cache/$evm/gas \
      "$forge" test
  done
  ;;
--update)
  node build.mjs
  gas_snapshot
  cp cache/gas/HocbaAnchor.json gas.json
  ;;
'')
  "$forge" fmt --check
  "$forge" build
  node build.mjs --check
  "$forge" test
  gas_snapshot --check
  diff gas.json cache/gas/HocbaAnchor.json
  ;;
*)
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
  ;;
esac
