#!/usr/bin/env bash
# Shortens a build's output to what a person reads: warnings, errors, test results, closing lines.
# The exit code of the build is that of the pipe's first command (set -o pipefail in the caller).
grep --line-buffered -vE '^(\[[0-9]+/[0-9]+\] (Building|Linking|Generating|Re-checking|Re-running|Creating)|-- |Executing workflow step|Preset CMake variables|  CMAKE_|  PHOTO_|warning: no output file specified, not emitting output$|cache:INFO|system_libs:INFO| +Start +[0-9]+: | *[0-9]+/[0-9]+ Test +#[0-9]+: .* Passed |$)' || true
