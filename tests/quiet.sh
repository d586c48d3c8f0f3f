#!/usr/bin/env bash
# Shortens a build's output to what a person reads: warnings, errors, test results, closing lines,
# and of a long build how far it is, at every tenth of its steps.
# The exit code of the build is that of the pipe's first command (set -o pipefail in the caller).
tenth=0
while IFS= read -r line || [ -n "$line" ]; do
  if [[ $line =~ ^\[([0-9]+)/([0-9]+)\]\ (Building|Linking|Generating|Re-checking|Re-running|Creating) ]]; then
    step=${BASH_REMATCH[1]} steps=${BASH_REMATCH[2]} now=$((BASH_REMATCH[1] * 10 / BASH_REMATCH[2]))
    [ "$now" -le "$tenth" ] || [ "$steps" -lt 100 ] || [ "$step" -eq "$steps" ] || echo "$step of $steps steps"
    tenth=$now
  else
    printf '%s\n' "$line"
  fi
done | grep --line-buffered -vE '^(-- |Executing workflow step|Preset CMake variables|  CMAKE_|  PHOTO_|warning: no output file specified, not emitting output$|cache:INFO|system_libs:INFO| +Start +[0-9]+: | *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed |$)' || true
