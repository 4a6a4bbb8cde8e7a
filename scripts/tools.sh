#!/usr/bin/env bash
# Installs what the tests and checks need and this machine lacks:
# scripts/tools.sh [receivers] [clocks] [socketio] [schemathesis] [certificates] [documentation] [prometheus] [debootstrap] [nextest] [deny] [machete]
set -euo pipefail

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

root=$(cd "$(dirname "$0")/.." && pwd)

# Installs Debian packages.
packages() {
    [ $# -eq 0 ] && return
    echo "installing $*"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
        install --no-install-recommends "$@" >/dev/null
}

# Python packages of its own below .tools: python NAME 'import WHAT PROVES IT' REQUIREMENTS
python() {
    local place="$root/.tools/$1"
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || packages python3-venv
    [ -x "$place/bin/python" ] || /usr/bin/python3 -m venv "$place"
    "$place/bin/python" -c "$2" 2>/dev/null || "$place/bin/python" -m pip install --quiet --requirement "$3"
}

# Programs of other people that read our signals back, as Debian packages.
receivers() {
    local missing=()
    command -v multimon-ng >/dev/null || missing+=(multimon-ng)
    command -v minimodem >/dev/null || missing+=(minimodem)
    command -v rtl_433 >/dev/null || missing+=(rtl-433)
    command -v sox >/dev/null || missing+=(sox)
    /usr/bin/python3 -c 'import gnuradio.filter' 2>/dev/null || missing+=(gnuradio python3)
    packages "${missing[@]}"
}

# Moves the time of day of one program, for the proof that a server survives a clock that is set.
clocks() { compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || packages faketime; }

# The official Socket.IO clients, in JavaScript and Python.
socketio() {
    local missing=()
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    packages "${missing[@]}"
    local clients="$root/server/tests/clients"
    [ -d "$clients/node_modules/socket.io-client" ] || (cd "$clients" && npm ci --silent --no-audit --no-fund)
    python socketio 'import socketio, websocket' "$clients/requirements.txt"
}

# Makes the certificates that organisers make.
certificates() { command -v openssl >/dev/null || packages openssl; }

# Debian packages of programs that would start as services if they were installed: unpacked below .tools/servers.
unpacked() {
    local folder
    folder=$(mktemp -d)
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    (cd "$folder" && apt-get -qq download "$@")
    for archive in "$folder"/*.deb; do dpkg -x "$archive" "$root/.tools/servers"; done
    rm -r "$folder"
}

# Reads /metrics as it will be read.
prometheus() { [ -x "$root/.tools/servers/usr/bin/prometheus" ] || unpacked prometheus; }

# What the pages of the documentation call, and what checks the configurations in them.
documentation() {
    local missing=()
    command -v curl >/dev/null || missing+=(curl)
    command -v jq >/dev/null || missing+=(jq)
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    [ -x /usr/sbin/nft ] || missing+=(nftables)
    packages "${missing[@]}"
    [ -x "$root/.tools/servers/usr/sbin/nginx" ] || unpacked nginx
}

# Makes requests from the description of the API, and holds the answers against it.
schemathesis() {
    python schemathesis 'import schemathesis, openapi_spec_validator' "$root/server/tests/schemathesis/requirements.txt"
}

# Makes the clean Debian in which packages are tried.
debootstrap() { [ -x /usr/sbin/debootstrap ] || packages debootstrap; }

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest; }
deny() { cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny; }
machete() { cargo machete --version >/dev/null 2>&1 || cargo install --locked cargo-machete; }

for tool in "$@"; do "$tool"; done
