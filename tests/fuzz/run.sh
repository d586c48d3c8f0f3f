#!/usr/bin/env bash
# Runs every libFuzzer target of a build folder for some seconds each:
#   tests/fuzz/run.sh build/fuzz/tests/fuzz 60
# Starts from the kept seeds, what earlier runs found in build/fuzz-corpus/<name>, and the real files
# of $PHOTO_CORPUS where that is set. A finding is written to build/fuzz-findings/<name>/ and makes
# the run fail; CONTRIBUTING.md says how to keep it.
set -uo pipefail
cd "$(dirname "$0")/../.."
folder=$1 seconds=$2 failed=0 count=0
export ASAN_OPTIONS=allocator_may_return_null=1 UBSAN_OPTIONS=print_stacktrace=1
for target in "$folder"/fuzz_*; do
  [ -f "$target" ] && [ -x "$target" ] || continue
  name=$(basename "$target"); name=${name#fuzz_}
  count=$((count + 1))
  corpus="build/fuzz-corpus/$name" findings="build/fuzz-findings/$name"
  mkdir -p "$corpus" "$findings"
  kept=()
  for kind in seeds crashes; do [ -d "tests/fuzz/$kind/$name" ] && kept+=("tests/fuzz/$kind/$name"); done
  [ "$name" = prepare ] && kept+=(tests/fuzz/seeds/{jpeg,png,webp})
  [ -d "${PHOTO_CORPUS:-}" ] && case $name in jpeg|png|webp|metadata|sniff|prepare) kept+=("$PHOTO_CORPUS") ;; esac
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=262144 -print_final_stats=0 \
      -artifact_prefix="$findings/" "$corpus" ${kept[@]+"${kept[@]}"} >"build/fuzz-$name.log" 2>&1; then
    echo "$name: $(grep -oE 'Done [0-9]+ runs in [0-9]+ second' "build/fuzz-$name.log" | tail -n1), nothing found"
  else
    failed=$((failed + 1))
    echo "$name: FOUND something, see build/fuzz-$name.log:"
    grep -E 'ERROR|SUMMARY|runtime error|Test unit written' "build/fuzz-$name.log" | head -n 5
  fi
done
[ $count -gt 0 ] || { echo "no fuzz targets in $folder"; exit 1; }
echo "$((count - failed)) passed, $failed failed"
[ $failed -eq 0 ]
