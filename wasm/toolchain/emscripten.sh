#!/usr/bin/env bash
# Runs a command where an Emscripten of 3.1.69 or newer is on the PATH:
#   wasm/toolchain/emscripten.sh cmake --workflow --preset wasm
# An emcc on the PATH that is new enough is used as it is. Otherwise Debian 13's package lives in a
# private root in the cache folder, made once (mmdebstrap, about 1 GB) and entered with bwrap; the
# system is not changed. Inside, the checkout, the cache folder, /tmp and $PHOTO_CORPUS are visible
# under their own paths. Without user namespaces, root gets the same view by mount and chroot.
# Without a command it only makes sure that everything is there.
set -euo pipefail
# shellcheck source=common.sh
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

oldest=3.1.69
root="$cache_root/emscripten-trixie"

# at_least OLDEST VERSION
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }

make_root() {
  [ ! -x "$root/usr/bin/emcc" ] || return 0
  command -v mmdebstrap >/dev/null || fail "no emcc >= $oldest on the PATH and no mmdebstrap to get one: install Emscripten (emsdk) and put its emcc on the PATH"
  local mirror; mirror=$(apt_uri main)
  [ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources: install Emscripten >= $oldest yourself (emsdk) and put emcc on the PATH"
  need_cache
  exec 8>"$cache_root/.emscripten.lock"
  flock 8
  [ ! -x "$root/usr/bin/emcc" ] || return 0
  say "Emscripten: no emcc >= $oldest here; putting Debian 13's into a private root in the cache folder (a few minutes, 1 GB)"
  local work; work=$(mktemp -d "$cache_root/.emscripten.XXXXXX")
  chmod 755 "$work"
  # An interrupted run leaves only a dotted folder, which the next one removes.
  find "$cache_root" -maxdepth 1 -name '.emscripten.??????' ! -path "$work" -exec rm -rf {} + 2>/dev/null || true
  # Without root it puts the root together in a folder that a subordinate user can enter, with room for it: Debian 13's
  # /tmp lies in memory. Perl complains of every locale that is not here.
  local make=(env TMPDIR=/var/tmp LC_ALL=C.UTF-8 mmdebstrap --quiet --variant=apt --include=ca-certificates,emscripten,cmake,ninja-build,ccache) unused
  # The package brings its libraries compiled in twelve ways, 1.5 GB; we link none of threads, LTO, PIC or sanitizers.
  for unused in 'lto*' 'pic/*' '*-mt*' '*-ww*' '*asan*' '*lsan*' '*ubsan*'; do
    make+=(--dpkgopt="path-exclude=/usr/share/emscripten/cache/sysroot/lib/wasm32-emscripten/$unused")
  done
  # mmdebstrap asks the mirror itself: a proxy that this machine's apt is told of counts there too.
  local setting
  while IFS= read -r setting; do make+=(--aptopt="$setting"); done < <(apt-config dump | grep -E '^Acquire::https?::.* ".+";$' || true)
  # Nothing uses the root before it is moved in place, so it is written out once, there, not after every package.
  make+=('--dpkgopt=path-exclude=/usr/share/doc/*' '--dpkgopt=path-exclude=/usr/share/man/*' --dpkgopt=force-unsafe-io trixie)
  if [ "$(id -u)" = 0 ]; then
    patiently mmdebstrap "${make[@]}" "$work/root" "$mirror" >&2 || { rm -rf "$work"; fail "the Emscripten root could not be made from $mirror (see above); run again to take it up"; }
  else  # a folder that mmdebstrap makes would belong to a subordinate user; what we unpack is ours
    mkdir "$work/root"
    patiently mmdebstrap "${make[@]}" - "$mirror" | tar -x -C "$work/root" --no-same-owner --exclude='./dev/*' ||
      { rm -rf "$work"; fail "the Emscripten root could not be made from $mirror (see above); run again to take it up"; }
  fi
  sync -f "$work"
  rm -rf "$root"
  mv "$work/root" "$root"
  rmdir "$work"
  flock -u 8
}

version=
if command -v emcc >/dev/null; then
  version=$(emcc --version 2>/dev/null | sed -nE '1s/.* ([0-9]+\.[0-9]+\.[0-9]+).*/\1/p' || true)
  if [ -n "$version" ] && at_least "$oldest" "$version"; then
    [ $# -gt 0 ] || exit 0
    exec "$@"
  fi
fi

command -v apt-get >/dev/null ||
  fail "Emscripten $oldest or newer is needed${version:+ (the emcc on the PATH is $version)}: install it (emsdk install latest) and put its emcc on the PATH"
"$source_root/wasm/toolchain/ensure_packages.sh" wasm
namespaces=no
if bwrap --ro-bind / / true 2>/dev/null; then namespaces=yes; fi
[ $namespaces = yes ] || [ "$(id -u)" = 0 ] ||
  fail "bwrap may not make a user namespace here (a container?): run as root, or put an emcc >= $oldest on the PATH"
[ $namespaces = yes ] || unshare --mount --propagation unchanged true 2>/dev/null ||
  fail "neither user namespaces nor mounts are permitted here: start the container with them (docker run --privileged), or put an emcc >= $oldest on the PATH"
make_root
[ $# -gt 0 ] || exit 0
# The library sources come from this machine's Debian: the private root has neither dpkg-source nor these mirrors.
sources=0
"$source_root/core/dependencies/debian_sources.sh" || sources=$?
[ "$sources" = 0 ] || [ "$sources" = 3 ] || exit "$sources"
folder=$PWD
case "$folder/" in "$source_root"/*) ;; *) folder=$source_root ;; esac

# The same few variables whatever the caller's environment holds. Emscripten's own libraries (libc, libc++)
# come compiled with the package; its settings there say that no other are to be made.
inside=(PATH=/usr/bin:/bin "HOME=$cache_root" "XDG_CACHE_HOME=$(dirname "$cache_root")" LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
for name in PHOTO_CORPUS CI CMAKE_BUILD_PARALLEL_LEVEL CTEST_PARALLEL_LEVEL; do
  [ -z "${!name:-}" ] || inside+=("$name=${!name}")
done
[ "$sources" = 0 ] || inside+=(PHOTO_LIBRARY_SOURCES=upstream)

if [ $namespaces = yes ]; then
  binds=(--ro-bind "$root/usr" /usr --ro-bind "$root/etc" /etc --symlink usr/bin /bin --symlink usr/sbin /sbin
    --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --bind /tmp /tmp
    --bind "$cache_root" "$cache_root" --bind "$source_root" "$source_root")
  [ -z "${PHOTO_CORPUS:-}" ] || binds+=(--ro-bind "$PHOTO_CORPUS" "$PHOTO_CORPUS")
  exec bwrap "${binds[@]}" --die-with-parent --chdir "$folder" env -i "${inside[@]}" "$@"
fi

say "bwrap may not make a namespace here: entering the Emscripten root with chroot"
export root folder cache_root source_root
# In a chroot "/" is no mount point: its propagation cannot be changed, and what we mount we take away again.
propagation=()
unshare --mount true 2>/dev/null || propagation=(--propagation unchanged)
exec unshare --mount "${propagation[@]}" bash -euc '
  mounted=()
  trap "for path in \"\${mounted[@]}\"; do umount --recursive --lazy \"\$path\"; done" EXIT
  put() { mkdir -p "$2"; mount "${@:3}" "$1" "$2"; mounted=("$2" "${mounted[@]}"); }
  for path in /tmp "$cache_root" "$source_root" ${PHOTO_CORPUS:+"$PHOTO_CORPUS"}; do put "$path" "$root$path" --bind; done
  put /dev "$root/dev" --rbind
  mount --make-rslave "$root/dev"
  put proc "$root/proc" -t proc
  chroot "$root" env -i -C "$folder" "$@"' chroot "${inside[@]}" "$@"
