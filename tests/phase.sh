#!/usr/bin/env bash
# Runs one phase of a make target and says how long it took:
#   tests/phase.sh "native tests" COMMAND...
#   tests/phase.sh --alone "WebAssembly build" "WebAssembly module" COMMAND...   waits for another run that works on build/wasm
# The times of all phases are gathered in build/phases.txt; `tests/phase.sh --start` begins a new
# list, `tests/phase.sh --summary` prints it.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=../wasm/toolchain/common.sh
. wasm/toolchain/common.sh
{ [ -w . ] && mkdir -p build 2>/dev/null && [ -w build ]; } ||
  fail "this checkout ($PWD) is not yours to write: clone one of your own"
list=build/phases.txt
case "$1" in
  --start) : >"$list"; exit 0 ;;
  --summary) echo; echo "phases:"; cat "$list"; awk '{ total += $1 } END { printf "%6d s  in all\n", total }' "$list"; exit 0 ;;
esac
part=
if [ "$1" = --alone ]; then part=$2; shift 2; fi
name=$1; shift
echo
echo "== $name"
[ -z "$part" ] || alone "$part"
begin=$SECONDS
patiently "$name" "$@" </dev/null
result=$?
took=$((SECONDS - begin))
if [ $result -eq 0 ]; then verdict=ok; else verdict="FAILED (exit $result)"; fi
printf '== %s: %s, %d s\n' "$name" "$verdict" "$took"
printf '%6d s  %s: %s\n' "$took" "$name" "$verdict" >>"$list"
exit $result
