#!/usr/bin/env bash
# Runs node's test runner over the rooms named: every tests/<room>/**/*.test.mjs.
# A room whose files are missing is an error, not a silence.
set -euo pipefail
cd "$(dirname "$0")/.."
files=()
for room in "$@"; do
  found=$(find "tests/$room" -name node_modules -prune -o -name '*.test.mjs' -print 2>/dev/null | sort)
  [ -n "$found" ] || { echo "no tests in tests/$room" >&2; exit 1; }
  while IFS= read -r file; do files+=("$file"); done <<<"$found"
done
# Side by side as far as there are processors: much of a test's time is waiting. More than four browsers at once are none the quicker.
jobs=$(nproc 2>/dev/null || sysctl -n hw.ncpu 2>/dev/null || echo 2)
exec node --test --test-concurrency=$((jobs < 4 ? jobs : 4)) "${files[@]}"
