#!/usr/bin/env bash
# Puts the demo event on the virtual air: a server, and a runner with three radios. Until Ctrl-C, or for
# SECONDS_ON_AIR. With RECORDINGS=1 the radios record what they would transmit instead. Browsers connect to PAGE_PORT of
# AIR_ADDRESS, and SDR programs to AIR_PORT: 0.0.0.0 lets other hosts in.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$PWD/target/release
dir=$PWD/demo-run
address=${AIR_ADDRESS:-127.0.0.1}
port=${AIR_PORT:-1234}
page_port=${PAGE_PORT:-8470}
rm -rf "$dir"
mkdir -p "$dir"

radio() { # NAME LIMITS
    echo "  - id: $1"
    if [ -n "${RECORDINGS:-}" ]; then
        printf '    driver: file\n    paced: true\n    directory: %s/recordings\n' "$dir"
    else
        printf '    driver: air\n'
    fi
    printf '    sample_rate: 250000\n    frequency_limits: ["%s"]\n' "$2"
}

cat >"$dir/server.yml" <<END
listen: 127.0.0.1:0
data_dir: $dir/server
END
# The dashboard listens to the air too, from this host.
own=${address/#0.0.0.0/127.0.0.1}
if [ -z "${RECORDINGS:-}" ]; then
    printf 'receive: {url: "http://%s:%s", players: true, rtl_tcp: ["%s:%s"]}\n' "$own" "$page_port" "$own" "$port" >>"$dir/server.yml"
fi
{
    printf 'state_dir: %s/runner\nradios:\n' "$dir"
    radio two-metre 144000000-148000000
    radio seventy-cm 430000000-440000000
    radio seventy-cm-too 430000000-440000000
    printf 'air:\n  rtl_tcp: {listen: ["%s:%s"]}\n' "$address" "$port"
    printf '  browser:\n    listen: %s:%s\n    title: Demo CTF\n    trusted_proxies: ["%s"]\n    bands:\n' "$address" "$page_port" "$own"
    printf '      - {name: 70 cm, centre_hz: 433900000}\n      - {name: 2 m, centre_hz: 146000000}\n'
} >"$dir/runner.yml"

server() { "$programs/challengectl-server" "$@" --config "$dir/server.yml"; }
runner() { "$programs/challengectl-runner" "$@" --config "$dir/runner.yml"; }

server import config/demo.yml
# In a session of its own, so that Ctrl-C ends only the runner, which can then still report to the server.
setsid "$programs/challengectl-server" serve --config "$dir/server.yml" >"$dir/server.out" 2>"$dir/server.log" &
server_pid=$!
trap 'kill "$server_pid" 2>/dev/null && wait "$server_pid" 2>/dev/null || true' EXIT

until url=$(grep -om1 'http://[0-9.:]*' "$dir/server.out"); do
    kill -0 "$server_pid" 2>/dev/null || { cat "$dir/server.log" >&2; exit 1; }
    sleep 0.1
done

setup=$(grep -om1 'setup_[0-9a-f]*' "$dir/server.log")
token=$(server runner enroll demo 2>/dev/null)
runner enroll --server "$url" --token "$token"

echo
if [ -n "${RECORDINGS:-}" ]; then
    echo "On air, and recorded in demo-run/recordings."
else
    echo "On the air. Listen in a browser: $url/receive, or http://$own:$page_port/receive"
    echo "  or with gqrx (device rtl_tcp=127.0.0.1:$port) or SDR++ (RTL-TCP) around 433.9 and 145.6 MHz,"
    echo "  or: rtl_433 -d rtl_tcp:127.0.0.1:$port -f 434.6M -R 0 -X n=keyfob,m=OOK_PCM,s=311.4,l=311.4,r=20000"
fi
echo "The whole event on one screen: $url/setup#$setup makes the first account."
echo "  For players: $url/public   For the hall: $url/projector   The API: $url/docs"
[ -n "${SECONDS_ON_AIR:-}" ] && echo "For $SECONDS_ON_AIR seconds." || echo "Ctrl-C ends it."
echo

# Ctrl-C ends the runner, which cuts the carriers; the script continues with a summary.
trap : INT
if [ -n "${SECONDS_ON_AIR:-}" ]; then
    timeout --foreground -s INT "$SECONDS_ON_AIR" "$programs/challengectl-runner" run --config "$dir/runner.yml" || true
else
    runner run || true
fi

[ -n "${RECORDINGS:-}" ] || exit 0
recordings=$(find "$dir/recordings" -name '*.sigmf-meta' 2>/dev/null | wc -l)
echo
echo "$recordings SigMF recordings of 250 kS/s are in demo-run/recordings. To look at one:"
echo "  inspectrum demo-run/recordings/FILE.sigmf-meta            (Debian package inspectrum)"
echo "  gqrx, device string: file=demo-run/recordings/FILE.sigmf-data,rate=250000,repeat=true,throttle=true"
