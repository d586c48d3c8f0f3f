# Shared by the scripts of this folder; sourced, never run.
# Everything downloaded or prepared once lives under cache_root, outside the checkout.

cache_root="${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/photo-core"
source_root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"

say() { printf 'photo-core: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

# as_root COMMAND...: runs it as root, through sudo where we are not root already.
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "root is needed for: $* (no sudo here)"; fi
}

# apt_sources: prints "kind uri" lines from this machine's own apt sources, kind being
# "main" or "security". Both formats that apt reads are understood; the first of each kind counts.
apt_sources() {
  { cat /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
      sed -nE 's/^deb(-src)?[[:space:]]+(\[[^]]*\][[:space:]]+)?([^[:space:]]+)[[:space:]]+([^[:space:]]+)[[:space:]].*\bmain\b.*/\3 \4/p'
    cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk '
      function flush() { if (uris != "" && components ~ /(^| )main( |$)/) { split(uris, u, " "); n = split(suites, s, " ")
        for (i = 1; i <= n; i++) print u[1], s[i] } uris = suites = components = "" }
      /^[[:space:]]*$/ { flush(); next } /^#/ { next }
      tolower($1) == "uris:" { $1 = ""; uris = $0 }
      tolower($1) == "suites:" { $1 = ""; suites = $0 }
      tolower($1) == "components:" { $1 = ""; sub(/^ /, ""); components = $0 }
      END { flush() }'
  } | awk '{ kind = ($2 ~ /security/) ? "security" : "main"
             known = $2 ~ /^(bookworm|trixie|forky|sid|stable|testing|unstable|oldstable)/
             if (known && !(kind in seen)) { seen[kind] = 1; print kind, $1 } }'
}

# apt_uri KIND: the address of that kind.
apt_uri() { apt_sources | awk -v kind="$1" '$1 == kind { print $2; exit }'; }
