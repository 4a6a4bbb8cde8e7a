#!/usr/bin/env bash
# The slow proofs, with their figures. EVENT names an event file to use instead of the demo event, BASE the folder of
# its files, MINUTES how long it goes round; FAULTS says how many faults there are, SEED which.
set -euo pipefail
cd "$(dirname "$0")/.."

event=${EVENT:-config/demo.yml}
base=()
[ -n "${BASE:-}" ] && base=(--base "$BASE")

cargo build --profile dist --locked -p challengectl-e2e
proof=target/dist/proof

echo "== ${FAULTS:-200} faults: kills, freezes, clocks, requests delayed, repeated and lost, emergency stops"
"$proof" kills --count "${FAULTS:-200}" ${SEED:+--seed "$SEED"}

echo "== told to end under load"
"$proof" orderly-end

echo "== two hours of audio"
"$proof" long-audio

echo "== the event, round after round for ${MINUTES:-8} minutes"
out=$("$proof" rounds --event "$event" "${base[@]}" --minutes "${MINUTES:-8}" | tee /dev/stderr)
folder=$(tail -n 1 <<<"$out" | sed 's/^kept in //')

echo "== what other people's receivers read from it"
"$proof" listen --event "$event" "${base[@]}" --recordings "$folder/recordings" ${RTTY:-}
rm -r "$folder"
