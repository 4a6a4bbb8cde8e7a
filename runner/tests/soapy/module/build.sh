#!/usr/bin/env bash
# Builds the module below the folder $1, unless it is there, and prints the folder that it is in.
set -euo pipefail
cd "$(dirname "$0")"
digest=$(cat -- *.cpp *.hpp | sha256sum | cut -c -16)
folder=$1/soapy-$digest
exec 9>"$1/soapy.lock"
flock 9
if [ ! -e "$folder/libsimulated.so" ]; then
    rm -rf "$1"/soapy-*/
    mkdir -p "$folder"
    # shellcheck disable=SC2046
    g++ -std=c++17 -O1 -Wall -Wextra -Werror -fPIC -shared -o "$folder/building" device.cpp \
        $(pkg-config --cflags --libs SoapySDR)
    mv "$folder/building" "$folder/libsimulated.so"
fi
echo "$folder"
