# Shared by the scripts of this folder; sourced, never run.
# Everything downloaded or prepared once lives under cache_root, outside the checkout.

cache_root="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/photo-core"
source_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf 'photo-core: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# need_cache: makes the cache folder, or says what to do where that cannot be.
need_cache() {
  mkdir -p "$cache_root" 2>/dev/null && [ -w "$cache_root" ] ||
    fail "the cache folder $cache_root cannot be written: set XDG_CACHE_HOME to a folder of yours with 3 GB of room"
}

# alone PART: waits until no other run works on that part of the checkout (where there is flock).
alone() {
  command -v flock >/dev/null || return 0
  mkdir -p "$source_root/build" || return 1
  exec 5>"$source_root/build/.${1// /-}.lock" || return 1
  flock -n 5 || { say "another run is at work on this checkout's $1: waiting for it"; flock 5; }
}

# patiently WORDS COMMAND...: runs it; every half minute says that it is still going on (the outermost alone).
patiently() {
  local words=$1 result=0; shift
  if [ -n "${PHOTO_CORE_PATIENT:-}" ]; then "$@"; return; fi
  export PHOTO_CORE_PATIENT=1
  ( # Async commands ignore Ctrl-C, so it looks every second whether the script is there still.
    trap 'kill "$pause" 2>/dev/null; exit 0' TERM
    for ((seconds = 1; ; seconds++)); do
      sleep 1 >/dev/null 2>&1 & pause=$!
      wait "$pause"
      kill -0 $$ 2>/dev/null || exit 0
      [ $((seconds % 30)) -ne 0 ] || say "$words: going on, $seconds s so far"
    done ) &
  local ticker=$!
  "$@" || result=$?
  kill "$ticker" 2>/dev/null
  wait "$ticker" 2>/dev/null || true
  unset PHOTO_CORE_PATIENT
  return $result
}

# as_root COMMAND...: runs it as root, through sudo where we are not root already.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "root is needed for: $* (no sudo here)"; fi
}

# install_debian PACKAGES...: from the lists that apt has or can fetch; prints only what went wrong.
# Another apt that is running (a second checkout, the system's own updates) is waited for.
install_debian() {
  # Asked before the log takes what is printed. Debian's installer makes no sudoer of whom it made where root has a password.
  if [ "$(id -u)" != 0 ]; then
    local by_hand="have this done, then run again: apt-get update${*:+ && apt-get install --no-install-recommends $*}"
    command -v sudo >/dev/null || fail "root is needed to install them (no sudo here): $by_hand"
    sudo -n true 2>/dev/null </dev/null || { say "root is needed to install them: sudo may ask for your password"
      sudo true </dev/null; } || fail "sudo does not make you root: $by_hand"
  fi
  local log result=0; log=$(mktemp)
  # A mirror that cannot be reached is only a warning to apt: without its words, packages would seem to be unknown.
  run_apt "$log" -o APT::Update::Error-Mode=any update || {
    tail -n 12 "$log" >&2; say "apt-get update failed (see above): trying with the lists that are here"; }
  # An installation that was interrupted earlier is finished first.
  if compgen -G '/var/lib/dpkg/updates/*' >/dev/null; then as_root dpkg --configure -a >"$log" 2>&1 </dev/null || true; fi
  patiently "apt-get install" run_apt "$log" install --yes --no-install-recommends "$@" || {
    result=$?; tail -n 30 "$log" >&2; }
  rm -f "$log"
  return $result
}

# run_apt LOG ARGUMENTS...: apt-get as root. It waits itself for another that installs, not for one that fetches, as a
# machine does when it has just started.
run_apt() {
  local log=$1 result waited; shift
  for ((waited = 0; ; waited += 5)); do
    result=0
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3 \
      -qq "$@" >"$log" 2>&1 </dev/null || result=$?
    [ $result -ne 0 ] && [ $waited -lt 600 ] && grep -qE '/(lists|archives)/lock' "$log" || return $result
    [ $waited -ne 0 ] || say "another apt is at work: waiting for it"
    sleep 5
  done
}

# apt_sources: prints "kind uri" lines from this machine's own apt sources, as apt itself reads them, kind being
# "main" or "security"; the first of each kind counts. Others too have a "stable" or a "bookworm": the lists that were
# fetched say whose they are, and where there are none yet, an address that ends in "debian" is the likelier.
apt_sources() {
  # $(ORIGIN) is printed as it stands where it is not known.
  apt-get indextargets --no-release-info --format '$(COMPONENT) $(RELEASE) $(REPO_URI) $(ORIGIN)' 'Created-By: Packages' |
    awk '
      $1 != "main" || $3 ~ /^cdrom:/ || $2 !~ /^(bookworm|trixie|forky|sid|stable|testing|unstable|oldstable)([-\/]security|-updates)?$/ { next }
      { kind = $2 ~ /security/ ? "security" : "main"; suite = $2; uri = $3; $1 = $2 = $3 = ""; sub(/^ +/, "")
        rank = $0 == "Debian" ? 1 : $0 == "$(ORIGIN)" && uri ~ /\/debian(-security)?(\.list)?\/$/ ? 2 : suite ~ /^[a-z]*stable|^testing/ ? 0 : 3
        if (rank && (!(kind in best) || rank < best[kind])) { best[kind] = rank; sub(/\/$/, "", uri); found[kind] = uri } }
      # Debian'"'"'s images for clouds name a file of mirrors, which mmdebstrap does not take.
      function first_of(path,  line, words) {
        while ((getline line <path) > 0) if (line ~ /^[^#[:space:]]/) { split(line, words); sub(/\/$/, "", words[1]); return words[1] } }
      END { for (kind in found) { uri = found[kind]; print kind, sub(/^mirror\+file:\/*/, "/", uri) ? first_of(uri) : uri } }'
}

# apt_uri KIND: the address of that kind.
apt_uri() { apt_sources | awk -v kind="$1" '$1 == kind { print $2 }'; }
