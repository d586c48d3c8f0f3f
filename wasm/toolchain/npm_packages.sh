#!/usr/bin/env bash
# Installs the npm packages of package-lock.json, only when it changed since the last time.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
cd "$source_root"
# npm links no command whose file is not built yet: `npx photo-core` would ask the registry for it.
link_command() { ln -sfn ../../wasm/dist/cli.js node_modules/.bin/photo-core; }
alone "npm packages"
stamp=node_modules/.installed-lock
now=$(cat package-lock.json package.json .npmrc | { sha256sum 2>/dev/null || shasum -a 256; } | cut -d' ' -f1)  # shasum: macOS
if [ "$(cat "$stamp" 2>/dev/null)" = "$now" ]; then
  [ -L node_modules/.bin/photo-core ] || link_command
  exit 0
fi
say "npm packages: package-lock.json is new or changed, installing what it names into node_modules"
patiently "npm ci" "$source_root/wasm/toolchain/node.sh" \
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --no-progress --loglevel=error >&2 </dev/null ||
  fail "npm could not install the packages (see above); run again to take it up"
link_command
echo "$now" >"$stamp"
