#!/usr/bin/env bash
# Puts the demo event on air with a server, and a runner with two radios that write recordings, until Ctrl-C or for
# SECONDS_ON_AIR seconds.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$PWD/target/release
dir=$PWD/demo-run
rm -rf "$dir"
mkdir -p "$dir"

cat >"$dir/server.yml" <<END
listen: 127.0.0.1:0
data_dir: $dir/server
END
cat >"$dir/runner.yml" <<END
state_dir: $dir/runner
radios:
  - id: two-metre
    driver: file
    paced: true
    directory: $dir/recordings
    sample_rate: 250000
    frequency_limits: ["144000000-148000000"]
  - id: seventy-cm
    driver: file
    paced: true
    directory: $dir/recordings
    sample_rate: 250000
    frequency_limits: ["430000000-440000000"]
END

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

token=$(server runner enroll demo 2>/dev/null)
runner enroll --server "$url" --token "$token"

echo
echo "On air. Recordings: demo-run/recordings   Public page data: $url/api/public/challenges   The API: $url/docs"
[ -n "${SECONDS_ON_AIR:-}" ] && echo "For $SECONDS_ON_AIR seconds." || echo "Ctrl-C ends it."
echo

# Ctrl-C ends the runner, which cuts the carriers; the script continues with a summary.
trap : INT
if [ -n "${SECONDS_ON_AIR:-}" ]; then
    timeout --foreground -s INT "$SECONDS_ON_AIR" "$programs/challengectl-runner" run --config "$dir/runner.yml" || true
else
    runner run || true
fi

recordings=$(find "$dir/recordings" -name '*.sigmf-meta' 2>/dev/null | wc -l)
echo
echo "$recordings SigMF recordings of 250 kS/s are in demo-run/recordings. To look at one:"
echo "  inspectrum demo-run/recordings/FILE.sigmf-meta            (Debian package inspectrum)"
echo "  gqrx, device string: file=demo-run/recordings/FILE.sigmf-data,rate=250000,repeat=true,throttle=true"
