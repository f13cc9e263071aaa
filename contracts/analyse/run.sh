#!/usr/bin/env bash
# Static analysis of src/ with Slither, through the compiler and forge that the tests use. Fails on any finding that
# triage.json does not answer, and on any answer that has no finding any more.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
export FOUNDRY_DISABLE_NIGHTLY_WARNING=1 NO_COLOR=1

./test.sh --install
work=$PWD/cache/analyse
venv=$work/venv
if ! cmp -s analyse/requirements.txt "$venv/installed.txt"; then
  rm -rf "$venv"
  "${PYTHON:-python3}" -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check --requirement analyse/requirements.txt
  cp analyse/requirements.txt "$venv/installed.txt"
fi

# Slither looks for a forge on the path and cleans the folder that it builds into, so it gets folders of its own.
mkdir -p "$work/bin"
ln -sf "$(realpath "${FORGE:-$(echo node_modules/@foundry-rs/forge-*/bin/forge)}")" "$work/bin/forge"
rm -f "$work/findings.json"
PATH=$work/bin:$PATH FOUNDRY_OUT=$work/out FOUNDRY_CACHE_PATH=$work/forge \
  "$venv/bin/slither" . --config-file analyse/slither.json --foundry-out-directory "$work/out" \
  --json "$work/findings.json" --fail-none >"$work/log" 2>&1 || {
  cat "$work/log" >&2
  exit 1
}
node analyse/triage.mjs "$work/findings.json" "$@"
