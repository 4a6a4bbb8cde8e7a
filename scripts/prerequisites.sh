#!/usr/bin/env bash
# Names the packages that this machine lacks for the build, with the command that installs them. Installs nothing.
set -euo pipefail

cargo_toml=$(<"${BASH_SOURCE[0]%/*}/../Cargo.toml")
[[ $cargo_toml =~ rust-version\ =\ \"1\.([0-9]+)\" ]] && needed=${BASH_REMATCH[1]}

missing=()
packages=()
command -v git >/dev/null || { missing+=(git) && packages+=(git); }
command -v cc >/dev/null || { missing+=("a C compiler") && packages+=(build-essential); }

rust=
if ! version=$(cargo --version 2>/dev/null); then
    missing+=("Rust 1.$needed or newer")
    rust=install
elif [[ $version =~ ^cargo\ 1\.([0-9]+) ]] && [ "${BASH_REMATCH[1]}" -lt "$needed" ]; then
    missing+=("Rust 1.$needed or newer (this is ${version#cargo })")
    rust=$(command -v rustup >/dev/null && echo update || echo install)
fi
[ "$rust" = install ] && ! command -v curl >/dev/null && packages+=(curl)

commands=()
if [ ${#packages[@]} -gt 0 ]; then
    if command -v dnf >/dev/null; then
        commands+=("sudo dnf install -y ${packages[*]/build-essential/gcc}")
    elif command -v pacman >/dev/null; then
        commands+=("sudo pacman -S --needed ${packages[*]/build-essential/base-devel}")
    else
        commands+=("sudo apt-get install -y ${packages[*]}")
    fi
fi
case $rust in
    install) commands+=("curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y" '. "$HOME/.cargo/env"') ;;
    update) commands+=("rustup update stable") ;;
esac

[ ${#missing[@]} -eq 0 ] && exit 0
{
    printf 'Missing:'
    separator=' '
    for one in "${missing[@]}"; do
        printf '%s%s' "$separator" "$one"
        separator=', '
    done
    printf '. To install:\n  '
    separator=
    for one in "${commands[@]}"; do
        printf '%s%s' "$separator" "$one"
        separator=' && '
    done
    printf '\n'
} >&2
exit 1
