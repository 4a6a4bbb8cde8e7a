#!/usr/bin/env bash
# A challenge engine on this machine: a server with the engine front on 127.0.0.1:5000, and a runner with the container
# engine that is found. State, logs and process ids are in RUN_DIR.
#
#     api-server.sh start | stop | restart | status | dev
#
# `stop` ends all sessions; a restart keeps them. MODE=development, or --dev, logs more.
set -uo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
run=${RUN_DIR:-$root/run}
api=http://127.0.0.1:5000/api
image=localhost/challengectl/web-basic-xss:1

usage() { sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2; }
fail() { echo "api-server.sh: $*" >&2; exit 1; }

# Where a program is: what was built last, else what is installed.
program() {
    local found
    found=$(ls -t "$root"/target/{release,debug,dist}/"$1" 2>/dev/null | head -n 1)
    found=${found:-$(command -v "$1" || true)}
    [ -x "$found" ] || fail "$1 is not built; run: make build"
    echo "$found"
}

# The socket of an engine that answers: ENGINE_SOCKET, Podman's, or Docker's.
socket() {
    local socket
    for socket in ${ENGINE_SOCKET:-} /run/podman/podman.sock /var/run/docker.sock; do
        curl -sf -m 5 --unix-socket "$socket" http://d/_ping >/dev/null && echo "$socket" && return
    done
    fail "no container engine answers; start Docker, or Podman with: systemctl start podman.socket"
}

is_running() { [ -s "$run/$1.pid" ] && kill -0 "$(cat "$run/$1.pid")" 2>/dev/null; }
answers() { curl -sf -m 5 "$api/health" >/dev/null; }

wait_for() {
    for _ in $(seq 150); do "$@" && return; sleep 0.2; done
    fail "not ready within 30 seconds; see $run/server.log and $run/runner.log"
}

# FIREWALL, or the rules that keep instances from this machine, if they can be set here: one person may try it without.
firewall() {
    if [ -n "${FIREWALL:-}" ]; then echo "$FIREWALL" && return; fi
    if PATH=$PATH:/usr/sbin:/sbin nft list tables >/dev/null 2>&1; then echo nftables && return; fi
    echo "instances reach this machine and its network: for rules against it, install nftables and run this as root" >&2
    echo none
}

prepare() {
    mkdir -p "$run"
    cat >"$run/server.yml" <<YAML
listen: 127.0.0.1:8443
data_dir: data
engine: {listen: "127.0.0.1:5000"}
log_filter: $([ "$mode" = development ] && echo debug || echo info)
YAML
    cat >"$run/runner.yml" <<YAML
server: http://127.0.0.1:8443
state_dir: runner
engines:
  - {id: engine, socket: "$engine", host: localhost, firewall: $(firewall)}
YAML
    curl -sf --unix-socket "$engine" "http://d/images/$image/json" >/dev/null && return
    case $engine in *podman*) builder=(podman --url "unix://$engine") ;; *) builder=(docker -H "unix://$engine") ;; esac
    printf '#!/bin/sh\nexec %s "$@"\n' "${builder[*]}" >"$run/builder"
    chmod +x "$run/builder"
    "$root/challenges/web-basic-xss/build.sh" "$run/builder" >/dev/null || fail "the image $image cannot be built"
}

launch() {
    local name=$1
    shift
    (cd "$run" && exec setsid "$@" >>"$run/$name.log" 2>&1 </dev/null) &
    echo $! >"$run/$name.pid"
}

registrations() { touch "$run/runner.log" && grep -c 'registered with' "$run/runner.log"; }
is_registered() { [ "$(registrations)" != "$before" ]; }

is_enrolled() { [ -s "$run/runner/identity.json" ]; }

enroll() {
    is_enrolled && return
    local token
    token=$("$server" runner enroll engine --config "$run/server.yml" | awk '/et_/ {print $NF; exit}')
    "$runner" enroll --config "$run/runner.yml" --server http://127.0.0.1:8443 --token "$token" >/dev/null ||
        fail "the runner cannot be enrolled"
}

start() {
    if answers; then echo "already running: $api"; return; fi
    server=$(program challengectl-server) || exit 1
    runner=$(program challengectl-runner) || exit 1
    engine=$(socket) || exit 1
    prepare
    launch server "$server" serve --config "$run/server.yml"
    wait_for answers
    enroll
    if ! is_running runner; then
        before=$(registrations)
        launch runner "$runner" run --config "$run/runner.yml"
        wait_for is_registered
    fi
    echo "running: $api"
}

end() {
    for name in runner server; do
        is_running "$name" || continue
        kill "$(cat "$run/$name.pid")"
        for _ in $(seq 300); do is_running "$name" || break; sleep 0.1; done
        rm -f "$run/$name.pid"
    done
}

stop_sessions() {
    local id
    for id in $(curl -sf "$api/challenges/running" | grep -o '"session_id":"[^"]*"' | cut -d'"' -f4); do
        curl -sf -X DELETE "$api/challenges/$id" >/dev/null || echo "session $id could not be stopped" >&2
    done
}

mode=${MODE:-production}
for argument in "${@:2}"; do
    case $argument in --dev) mode=development ;; --production) mode=production ;; *) usage ;; esac
done

case ${1:-} in
start) start ;;
stop)
    answers && stop_sessions
    end
    echo "stopped"
    ;;
restart)
    end
    start
    ;;
status) if answers; then echo "running: $api"; else echo "stopped"; exit 3; fi ;;
dev)
    mode=development
    start
    trap end EXIT
    tail -n 0 -f "$run/server.log" "$run/runner.log"
    ;;
*) usage ;;
esac
