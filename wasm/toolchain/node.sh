#!/usr/bin/env bash
# Runs a command where Node 20.19 or newer (and npm) is on the PATH:
#   wasm/toolchain/node.sh npm ci
# A node on the PATH that is new enough is used as it is; otherwise Node 22 from the npm registry
# lives in the cache folder. Without a command it only makes sure that it is there.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

oldest=20.19.0
private="$cache_root/node-22"

new_enough() {
  local version; version=$("$1" --version 2>/dev/null) || return 1
  [ "$(printf '%s\n%s\n' "$oldest" "${version#v}" | sort -V | head -n1)" = "$oldest" ]
}

if ! { command -v node >/dev/null && new_enough node && command -v npm >/dev/null; }; then
  if ! [ -x "$private/bin/node" ]; then
    command -v npm >/dev/null || {
      command -v apt-get >/dev/null || fail "Node $oldest or newer is needed: install it and run again"
      say "installing Debian's nodejs and npm, to fetch Node 22 with"
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null || true
      as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends nodejs npm >/dev/null </dev/null
    }
    case "$(uname -s)-$(uname -m)" in
      Linux-x86_64) platform=linux-x64 ;;
      Linux-aarch64) platform=linux-arm64 ;;
      Darwin-arm64) platform=darwin-arm64 ;;
      *) fail "Node $oldest or newer is needed: install it and run again" ;;
    esac
    say "Node: none of $oldest or newer here; putting Node 22 (npm package node-$platform) into the cache folder"
    mkdir -p "$cache_root"
    work=$(mktemp -d "$cache_root/.node.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    npm install --silent --no-save --ignore-scripts --prefix "$work" "node-$platform@22" npm@11 >&2 </dev/null
    mkdir -p "$work/ready/bin" "$work/ready/lib"
    cp "$work/node_modules/node-$platform/bin/node" "$work/ready/bin/node"
    cp -R "$work/node_modules/npm" "$work/ready/lib/npm"
    ln -s ../lib/npm/bin/npm-cli.js "$work/ready/bin/npm"
    ln -s ../lib/npm/bin/npx-cli.js "$work/ready/bin/npx"
    rm -rf "$private"
    mv "$work/ready" "$private"
  fi
  export PATH="$private/bin:$PATH"
fi
[ $# -gt 0 ] || exit 0
exec "$@"
