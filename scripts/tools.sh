#!/usr/bin/env bash
# Installs what the tests and checks need and this machine lacks: scripts/tools.sh [receivers] [socketio] [nextest] [deny]
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

# The official Socket.IO clients, in JavaScript and Python.
socketio() {
    local missing=() clients
    clients=$(cd "$(dirname "$0")/../server/tests/clients" && pwd)
    command -v node >/dev/null || missing+=(nodejs)
    command -v npm >/dev/null || missing+=(npm)
    /usr/bin/python3 -c 'import ensurepip' 2>/dev/null || missing+=(python3-venv)
    if [ ${#missing[@]} -gt 0 ]; then
        echo "installing ${missing[*]}"
        as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o DPkg::Lock::Timeout=300 \
            install --no-install-recommends "${missing[@]}" >/dev/null
    fi
    [ -d "$clients/node_modules/socket.io-client" ] || (cd "$clients" && npm ci --silent --no-audit --no-fund)
    local place="$clients/../../../.tools/socketio"
    [ -x "$place/bin/python" ] || /usr/bin/python3 -m venv "$place"
    "$place/bin/python" -c 'import socketio, websocket' 2>/dev/null ||
        "$place/bin/python" -m pip install --quiet --requirement "$clients/requirements.txt"
}

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest; }
deny() { cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny; }

for tool in "$@"; do "$tool"; done
