#!/usr/bin/env bash
# Installs the Debian packages that are missing for the groups named, with a line what and why:
#   wasm/toolchain/ensure_packages.sh native wasm database browser
# What is there already, from wherever, is left alone: with nothing missing no network is needed.
# Elsewhere than on Debian it says what to install and ends with 1.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The server's extensions carry its version in their names: the one that is here, or this Debian's.
server=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sed 's|^/usr/lib/postgresql/||; s|/.*||' | sort -n | tail -n 1 || true)
if [ -z "$server" ]; then
  case "$(. /etc/os-release 2>/dev/null && echo "${VERSION_ID:-}")" in 13*) server=17 ;; *) server=15 ;; esac
fi

# group | package | what proves that it is there (a command, or a path with wildcards) | why
needs='
native   | cmake            | cmake            | configures the builds
native   | ninja-build      | ninja            | runs the builds
native   | g++              | g++              | compiles the core natively
native   | ccache           | ccache           | keeps objects between builds
native   | dpkg-dev         | dpkg-source      | unpacks the library sources
native   | patch            | patch            | applies their security patches
native   | xz-utils         | xz               | unpacks the library sources
native   | binutils         | nm               | checks what the library calls
sanitize | clang            | clang++          | address and undefined behaviour sanitizers, fuzzing
sanitize | libclang-rt-dev  | /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-aarch64.a | their runtime
sanitize | llvm             | llvm-symbolizer  | names in their reports
format   | clang-format     | clang-format     | formats C++, and checks that it is
lint     | clang-tidy       | clang-tidy       | checks C++
wasm     | mmdebstrap       | mmdebstrap       | makes the private Emscripten root
wasm     | bubblewrap       | bwrap            | enters it
rootless | uidmap           | newuidmap        | lets mmdebstrap work without root
node     | npm              | npm              | fetches Node 22; it brings some 300 small packages
database | postgresql       | /usr/lib/postgresql/*/bin/initdb | runs the migrations and their tests
database | postgresql-@-pgtap | /usr/share/postgresql/@/extension/pgtap.control | asserts within the database
database | postgresql-@-plpgsql-check | /usr/share/postgresql/@/extension/plpgsql_check.control | checks its functions
database | libtap-parser-sourcehandler-pgtap-perl | pg_prove | runs the database tests
instructions | valgrind      | valgrind         | counts instructions where noise hides a change of speed
browser  | chromium         | chromium         | drives the page and the package
browser  | firefox-esr      | firefox-esr      | the same in Gecko
webkit   | webkit2gtk-driver | WebKitWebDriver /usr/lib/*/webkit2gtk-4.*/WebKitWebDriver | the same in Safari'"'"'s engine
webkit   | xvfb             | Xvfb             | a screen for it
photos   | imagemagick      | identify         | an independent look at the outputs
photos   | libimage-exiftool-perl | exiftool   | an independent look at their metadata
'
wanted=" $* "
case "$wanted" in *" wasm "*) [ "$(id -u)" = 0 ] || wanted="$wanted rootless " ;; esac
# node.sh needs npm until it has a Node of its own.
[ ! -x "$cache_root/node-22/bin/node" ] || wanted=${wanted/ node / }
missing=() why=()

there() {
  local proof
  for proof in $1; do
    case "$proof" in
      /*) compgen -G "$proof" >/dev/null && return 0 ;;
      *) command -v "$proof" >/dev/null && return 0 ;;
    esac
  done
  return 1
}

while IFS='|' read -r group package proof reason; do
  group=${group// /} package=${package// /}
  [ -n "$package" ] || continue
  case "$wanted" in *" $group "*) ;; *) continue ;; esac
  there "$proof" || { missing+=("$package"); why+=("$package (${reason# })"); }
done <<<"${needs//@/$server}"

[ ${#missing[@]} -gt 0 ] || exit 0
whys=$(printf '%s; ' "${why[@]}")
say "missing: ${whys%; }"
if ! command -v apt-get >/dev/null; then
  fail "this is not a Debian machine: install the like of these with your own package manager, then run again (CONTRIBUTING.md, \"Other platforms\")"
fi
say "installing from Debian: ${missing[*]}"
install_debian "${missing[@]}" || fail "apt-get could not install: ${missing[*]} (see above)"
