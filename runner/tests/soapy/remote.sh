#!/usr/bin/env bash
# Runs a command beside a SoapyRemote server at port 55132 and a Red Pitaya at port 1001 that writes what it gets into
# FOLDER/received, in a network of their own: remote.sh FOLDER COMMAND…
# The server ends without avahi, which would otherwise speak to the whole network.
set -euo pipefail
if [ "${1:-}" != --inside ]; then
    users=()
    [ "$(id -u)" = 0 ] || users=(--map-root-user --map-auto)
    exec unshare "${users[@]}" --net --mount --pid --fork --kill-child "$0" --inside "$@"
fi
shift
folder=$1
shift
ip link set lo up

mount -t tmpfs tmpfs /run
mkdir -p /run/dbus /run/avahi-daemon /run/lock
cat >"$folder/dbus.conf" <<END
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/dbus/system_bus_socket</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_type="method_call"/><allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/><allow send_type="signal"/><allow receive_type="method_call"/>
    <allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/>
  </policy>
</busconfig>
END
printf '[server]\nuse-ipv4=yes\nuse-ipv6=no\nallow-interfaces=lo\n' >"$folder/avahi.conf"
dbus-daemon --config-file="$folder/dbus.conf" --nofork --nopidfile >"$folder/dbus.log" 2>&1 &
until [ -S /run/dbus/system_bus_socket ]; do kill -0 $!; sleep 0.05; done
avahi-daemon --file="$folder/avahi.conf" --no-drop-root --no-chroot --no-rlimits >"$folder/avahi.log" 2>&1 &
until grep -q 'Server startup complete' "$folder/avahi.log"; do kill -0 $!; sleep 0.05; done
SoapySDRServer --bind=tcp://127.0.0.1:55132 >"$folder/server.log" 2>&1 &
until grep -q 'Server bound' "$folder/server.log"; do kill -0 $!; sleep 0.05; done
/usr/bin/python3 "$(dirname "$0")/redpitaya.py" "$folder/received" 1001 >"$folder/port" &
until [ -s "$folder/port" ]; do kill -0 $!; sleep 0.05; done
"$@"
