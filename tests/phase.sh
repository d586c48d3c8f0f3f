#!/usr/bin/env bash
# Runs one phase of a make target and says how long it took:
#   tests/phase.sh "native tests" COMMAND...
# The times of all phases are gathered in build/phases.txt; `tests/phase.sh --start` begins a new
# list, `tests/phase.sh --summary` prints it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=../wasm/toolchain/common.sh
. wasm/toolchain/common.sh
mkdir -p build
list=build/phases.txt
case "$1" in
  --start) : >"$list"; exit 0 ;;
  --summary) echo; echo "phases:"; cat "$list"; awk '{ total += $1 } END { printf "%6d s  in all\n", total }' "$list"; exit 0 ;;
esac
name=$1; shift
echo
echo "== $name"
begin=$SECONDS
patiently "$name" "$@" </dev/null
result=$?
took=$((SECONDS - begin))
if [ $result -eq 0 ]; then verdict=ok; else verdict="FAILED (exit $result)"; fi
printf '== %s: %s, %d s\n' "$name" "$verdict" "$took"
printf '%6d s  %s: %s\n' "$took" "$name" "$verdict" >>"$list"
exit $result
