#!/usr/bin/env bash
# Installs the Debian packages that are missing for the groups named, with a line what and why:
#   wasm/toolchain/ensure_packages.sh native wasm database browser
# What is there already, from wherever, is left alone: with nothing missing no network is needed.
# Elsewhere than on Debian it says what is missing, and ends with 1 where the package cannot be built without.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# The server's extensions carry its version in their names, for which "@" stands below: the newest that is here.
server=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sed 's|^/usr/lib/postgresql/||; s|/.*||' | sort -n | tail -n 1 || true)

# group | package (of a/b the first that this Debian has) | what proves that it is there (commands, or paths with wildcards) | why
needs='
native   | cmake            | cmake            | configures the builds
native   | ninja-build      | ninja            | runs the builds
native   | g++              | g++ c++ clang++  | compiles the core natively
debian   | ccache           | ccache           | keeps objects between builds
debian   | dpkg-dev         | dpkg-source      | unpacks the library sources
debian   | patch            | patch            | applies their security patches
debian   | xz-utils         | xz               | unpacks the library sources
native   | binutils         | nm               | checks what the library calls
sanitize | clang            | clang++          | address and undefined behaviour sanitizers, fuzzing
sanitize | libclang-rt-dev  | /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-x86_64.a /usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.fuzzer-aarch64.a /usr/lib/clang/*/lib/*/libclang_rt.fuzzer* | their runtime
sanitize | llvm             | llvm-symbolizer  | names in their reports
format   | clang-format     | clang-format     | formats C++, and checks that it is
lint     | clang-tidy       | clang-tidy       | checks C++
wasm     | mmdebstrap       | mmdebstrap       | makes the private Emscripten root
wasm     | bubblewrap       | bwrap            | enters it
rootless | uidmap           | newuidmap        | lets mmdebstrap work without root
emcc     | Emscripten       | emcc             | compiles the core to WebAssembly, from 3.1.69 on
node     | npm              | npm              | fetches Node 22; it brings some 300 small packages
database | postgresql       | /usr/lib/postgresql/*/bin/initdb initdb pg_config | runs the migrations and their tests
database | postgresql-@-pgtap | /usr/share/postgresql/@/extension/pgtap.control | asserts within the database
database | postgresql-@-plpgsql-check | /usr/share/postgresql/@/extension/plpgsql_check.control | checks its functions
database | libtap-parser-sourcehandler-pgtap-perl | pg_prove | runs the database tests
instructions | valgrind      | valgrind         | counts instructions where noise hides a change of speed
browser  | chromium         | chromium chromium-browser google-chrome | drives the page and the package
browser  | firefox-esr      | firefox-esr firefox | the same in Gecko
webkit   | webkitgtk-webdriver/webkit2gtk-driver | WebKitWebDriver /usr/lib/*/webkit2gtk-4.*/WebKitWebDriver | the same in Safari'"'"'s engine
webkit   | xvfb             | Xvfb             | a screen for it
photos   | imagemagick      | identify         | an independent look at the outputs
photos   | libimage-exiftool-perl | exiftool   | an independent look at their metadata
'
wanted=" $* "
if command -v apt-get >/dev/null; then
  case "$wanted" in *" native "*) wanted="$wanted debian " ;; esac
  case "$wanted" in *" wasm "*) [ "$(id -u)" = 0 ] || wanted="$wanted rootless " ;; esac
else
  wanted=${wanted/ wasm / emcc }
fi
# node.sh needs npm until it has a Node of its own.
[ ! -x "$cache_root/node-22/bin/node" ] || wanted=${wanted/ node / }
missing=() reasons=() is_needed=no

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
  there "${proof//@/$server}" && continue
  missing+=("$package") reasons+=("${reason# }")
  case $group in native|emcc|node) is_needed=yes ;; esac
done <<<"$needs"
[ ${#missing[@]} -gt 0 ] || exit 0

# name_here PACKAGE: what this Debian calls it.
name_here() {
  local package=$1
  case $package in
    *@*) package=${package//@/${server:-$(LC_ALL=C apt-cache depends postgresql | sed -nE 's/.*Depends: postgresql-([0-9]+)$/\1/p' || true)}} ;;
    # To "apt-cache show" a name that another package only mentions is no error.
    */*) if [ -n "$(apt-cache madison "${package%/*}" 2>/dev/null)" ]; then package=${package%/*}; else package=${package#*/}; fi ;;
  esac
  printf '%s\n' "$package"
}

if command -v apt-get >/dev/null; then
  # A new machine has no lists to look names up in; to install nothing fetches them.
  case "${missing[*]}" in *[@/]*) [ -n "$(apt-cache madison postgresql 2>/dev/null)" ] || install_debian || true ;; esac
fi
whys=
for ((i = 0; i < ${#missing[@]}; i++)); do
  if command -v apt-get >/dev/null; then missing[i]=$(name_here "${missing[i]}"); else missing[i]=${missing[i]//-@/}; fi
  whys="$whys${whys:+; }${missing[i]} (${reasons[i]})"
done
say "missing: $whys"
if ! command -v apt-get >/dev/null; then
  where='install the like of these with your own package manager (CONTRIBUTING.md, "Other platforms")'
  [ $is_needed = no ] || fail "this is not a Debian machine: $where, then run again"
  say "this is not a Debian machine: $where; the tests that need them fail until then, the others run"
  exit 0
fi
say "installing from Debian: ${missing[*]}"
install_debian "${missing[@]}" || fail "apt-get could not install: ${missing[*]} (see above)"
