#!/usr/bin/env bash
# Installs the npm packages of package-lock.json, only when it changed since the last time.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$source_root"
stamp=build/npm_packages.stamp
now=$(cat package-lock.json package.json .npmrc | sha256sum | cut -d' ' -f1)
if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ] && [ -d node_modules ]; then exit 0; fi
say "npm packages: package-lock.json is new or changed, installing what it names into node_modules"
"$source_root/wasm/toolchain/node.sh" npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 </dev/null
mkdir -p build
echo "$now" >"$stamp"
