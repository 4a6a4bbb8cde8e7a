#!/usr/bin/env bash
# Builds the image of this challenge with the engine that is given, or that is found: build.sh [ENGINE]
set -euo pipefail
cd "$(dirname "$0")"

image=localhost/challengectl/web-basic-xss:1
engine=${1:-$(command -v podman || command -v docker)} || { echo "build.sh: install podman or docker" >&2; exit 1; }
busybox=$(command -v busybox) || { echo "build.sh: install busybox-static" >&2; exit 1; }
context=$(mktemp -d)
trap 'rm -r "$context"' EXIT
cp -r Containerfile index.html cgi-bin "$context"
cp "$busybox" "$context/busybox"
chmod 755 "$context/busybox" "$context/cgi-bin/sign"
"$engine" build -q -t "$image" -f "$context/Containerfile" "$context"
