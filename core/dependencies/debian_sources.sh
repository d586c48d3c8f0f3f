#!/usr/bin/env bash
# Unpacks the pinned library sources from Debian 12 and 13 into the user's cache folder, with the
# distribution's security patches applied:
#   ${XDG_CACHE_HOME:-$HOME/.cache}/photo-core/sources/<name>-<version>/
# A private apt state is used: the system's own lists are neither read nor changed. The mirrors are
# the ones that this machine's apt sources name. What is there already is left alone, so a second
# run needs no network. Exit 0: all sources are there. Exit 3: this is no Debian machine, Debian has a
# release no more, or PHOTO_LIBRARY_SOURCES=upstream is set; CMake then downloads the upstream releases
# that dependencies/CMakeLists.txt declares.
set -euo pipefail
# shellcheck source=../../wasm/toolchain/common.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../wasm/toolchain/common.sh"

# Perl, which unpacks them, complains of every locale that is not here.
export LC_ALL=C.UTF-8

# name, Debian source package, upstream version, release (its newest revision of that version is taken)
packages="
libjpeg-turbo libjpeg-turbo 2.1.5   bookworm
libwebp       libwebp       1.5.0   trixie
simdjson      simdjson      3.0.1   bookworm
zlib          zlib          1.2.13  bookworm
lcms2         lcms2         2.14    bookworm
catch2        catch2        3.7.1   trixie
"
sources="$cache_root/sources"
[ "${PHOTO_LIBRARY_SOURCES:-}" != upstream ] || exit 3

missing=$(while read -r name package version release; do
  [ -n "$name" ] || continue
  [ -d "$sources/$name-$version" ] || echo "$name $package $version $release"
done <<<"$packages")
[ -n "$missing" ] || exit 0

command -v apt-get >/dev/null || { say "no apt-get: the libraries come from their upstream releases"; exit 3; }
command -v dpkg-source >/dev/null || fail "dpkg-source is missing (Debian package dpkg-dev)"
main_uri=$(apt_uri main)
security_uri=$(apt_uri security)
[ -n "$main_uri" ] || { say "no Debian mirror in the apt sources: the libraries come from their upstream releases"; exit 3; }

need_cache
mkdir -p "$sources"
exec 9>"$sources/.lock"
flock 9
rm -rf "$sources"/.work.??????  # of interrupted runs
work=$(mktemp -d "$sources/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir -p "$work"/{lists/partial,cache/archives/partial,etc}
: >"$work/status"
for release in bookworm trixie; do
  for suite in $release $release-updates; do echo "deb-src $main_uri $suite main"; done
  [ -z "$security_uri" ] || echo "deb-src $security_uri $release-security main"
done >"$work/etc/sources.list"
apt_options=(
  -o "Dir::Etc::sourcelist=$work/etc/sources.list" -o Dir::Etc::sourceparts=- -o "Dir::State=$work"
  -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache=$work/cache"
  -o Acquire::Languages=none -o APT::Sandbox::User=root -o Acquire::Retries=3
)
say "library sources: fetching $(awk '{ printf "%s %s  ", $1, $3 }' <<<"$missing")from Debian (pinned versions, security patches)"
# A suite that cannot be fetched is only a warning to apt, and may be one that is not needed.
complete=yes
apt-get "${apt_options[@]}" -o APT::Update::Error-Mode=any -qq update || complete=no

cd "$work"
while read -r name package version release; do
  [ ! -d "$sources/$name-$version" ] || continue  # another run was faster
  revision=""
  grep " $release" etc/sources.list >etc/release.list
  of_release=("${apt_options[@]}" -o "Dir::Etc::sourcelist=$work/etc/release.list")
  for candidate in $(apt-cache "${of_release[@]}" showsrc --only-source "$package" | awk '$1 == "Version:" { print $2 }' | sort -u); do
    upstream=${candidate#*:}; upstream=${upstream%-*}; upstream=${upstream%%[+~]*}; upstream=${upstream%.dfsg}
    [ "$upstream" = "$version" ] || continue
    if [ -z "$revision" ] || dpkg --compare-versions "$candidate" gt "$revision"; then revision=$candidate; fi
  done
  [ -n "$revision" ] || [ $complete = yes ] || fail "Debian's lists could not be fetched from $main_uri (see above); run again to take it up, or with PHOTO_LIBRARY_SOURCES=upstream where that mirror has no sources"
  [ -n "$revision" ] || { say "$main_uri has no source of $package $version: the libraries come from their upstream releases"; exit 3; }
  apt-get "${of_release[@]}" -qq source --only-source --download-only "$package=$revision"
  dpkg-source --no-check -x "${package}_${revision#*:}.dsc" "unpacked-$name" >/dev/null
  echo "$revision" >"unpacked-$name/.debian_version"
  mv "unpacked-$name" "$sources/$name-$version"
done <<<"$missing"
say "library sources are in $sources"
