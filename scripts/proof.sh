#!/usr/bin/env bash
# Runs the slow proofs and prints their figures. EVENT is an event file instead of the demo event, BASE the folder of its
# files, MINUTES the duration of the rounds, FAULTS the number of faults, SEED the seed by which they are drawn.
set -euo pipefail
cd "$(dirname "$0")/.."

event=${EVENT:-config/demo.yml}
base=()
[ -n "${BASE:-}" ] && base=(--base "$BASE")

cargo build --profile dist --locked -p challengectl-e2e
proof=target/dist/proof

echo "== ${FAULTS:-200} faults: kills, freezes, clocks, requests delayed, repeated and lost, emergency stops"
"$proof" kills --count "${FAULTS:-200}" ${SEED:+--seed "$SEED"}

echo "== an orderly end under load"
"$proof" orderly-end

echo "== attacks on the virtual air"
"$proof" air-attacks

echo "== two hours of audio"
"$proof" long-audio

echo "== the event, round after round for ${MINUTES:-8} minutes"
# Not `tee /dev/stderr`, which would empty a file that standard error is redirected to.
out=$("$proof" rounds --event "$event" "${base[@]}" --minutes "${MINUTES:-8}" | tee >(cat >&2))
folder=$(tail -n 1 <<<"$out" | sed 's/^kept in //')

echo "== the recordings, read by independent receivers"
"$proof" listen --event "$event" "${base[@]}" --recordings "$folder/recordings" ${RTTY:-}
rm -r "$folder"
