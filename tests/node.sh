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
exec node --test --test-concurrency=1 "${files[@]}"
