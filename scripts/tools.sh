#!/usr/bin/env bash
# Installs what the tests and checks need and this machine lacks: scripts/tools.sh [receivers] [nextest] [deny]
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# Programs of other people that read our signals back, as Debian packages.
receivers() {
    local missing=()
    command -v multimon-ng >/dev/null || missing+=(multimon-ng)
    command -v minimodem >/dev/null || missing+=(minimodem)
    command -v rtl_433 >/dev/null || missing+=(rtl-433)
    command -v sox >/dev/null || missing+=(sox)
    /usr/bin/python3 -c 'import gnuradio.filter' 2>/dev/null || missing+=(gnuradio python3)
    [ ${#missing[@]} -eq 0 ] && return
    echo "installing ${missing[*]}"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "${missing[@]}" >/dev/null
}

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest; }
deny() { cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny; }

for tool in "$@"; do "$tool"; done
