#!/usr/bin/env bash
# Installs the npm packages of package-lock.json, only when it changed since the last time.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$source_root"
stamp=node_modules/.installed-lock
now=$(cat package-lock.json package.json .npmrc | sha256sum | cut -d' ' -f1)
[ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || exit 0
say "npm packages: package-lock.json is new or changed, installing what it names into node_modules"
patiently "npm ci" "$source_root/wasm/toolchain/node.sh" \
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --no-progress --loglevel=error >&2 </dev/null ||
  fail "npm could not install the packages (see above); run again to take it up"
echo "$now" >"$stamp"
