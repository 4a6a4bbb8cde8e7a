#!/usr/bin/env bash
# Installs the packages of target/packages in a clean Debian, tries what is in them, and removes them again: nothing may
# be left. As root; MIRROR is where that Debian comes from, and BASE a folder with one that debootstrap has made before.
set -euo pipefail
cd "$(dirname "$0")/.."

suite=bookworm
mirror=${MIRROR:-http://deb.debian.org/debian}
arch=$(dpkg --print-architecture)
root=$(mktemp -d)
# The root of that Debian, which its users have to pass.
chmod 755 "$root"
mounted=
cleanup() {
    [ -z "$mounted" ] || umount "$root/proc"
    rm -rf --one-file-system "$root"
}
trap cleanup EXIT

inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 "$@"; }
as() { chroot --userspec="$1" "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/ "${@:2}"; }
step() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Every path, with its mode and owner, but for what no reboot keeps, and what dpkg, apt and their hooks keep for themselves.
listing() {
    (cd "$root" && find . -xdev \( -path ./proc -o -path ./run -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/lib/apt \
        -o -path ./var/cache -o -path ./var/log \) -prune -o -printf '%p %M %U:%G\n') |
        grep -Ev '^\./etc/(passwd|group|shadow|gshadow)- |^\./etc/\.pwd\.lock ' | sort
}
accounts() { cat "$root/etc/passwd" "$root/etc/group"; }

step "a clean Debian ($suite)"
if [ -n "${BASE:-}" ]; then
    cp -a "$BASE/." "$root"
else
    /usr/sbin/debootstrap --variant=minbase --include=systemd,udev,man-db "$suite" "$root" "$mirror" >/dev/null
fi
mount -t proc proc "$root/proc"
mounted=yes
printf 'APT::Install-Recommends "false";\n' >"$root/etc/apt/apt.conf.d/99recommends"
# Debian's own documentation is part of what is tried.
rm -f "$root"/etc/dpkg/dpkg.cfg.d/*
listing >"$root/tmp/before"
accounts >"$root/tmp/accounts"

step "install"
cp target/packages/challengectl-{server,runner}_*_"$arch".deb "$root/tmp/"
inside sh -c 'DEBIAN_FRONTEND=noninteractive apt-get -qq -y install /tmp/*.deb' >/dev/null
for package in challengectl-server challengectl-runner; do
    inside dpkg --verify "$package" || fail "files of $package are not as they were packed"
    [ "$(inside dpkg-query -W -f '${Status}' "$package")" = 'install ok installed' ] || fail "$package"
    inside "$package" --version
    inside systemd-analyze verify --man=no "$package.service"
    inside man "$package" >/dev/null || fail "no man page of $package"
    inside bash -n "/usr/share/bash-completion/completions/$package"
    echo "$(inside dpkg -L "$package" | wc -l) paths, unit, man pages and completions of $package are sound"
done
# What they are linked with is a dependency: SoapySDR, and libcodec2 for what the server checks and the runner sends.
depends() { inside dpkg-query -W -f '${Depends}' "$1"; }
depends challengectl-runner | grep -q libsoapysdr || fail "the runner is built without SoapySDR"
for package in challengectl-server challengectl-runner; do
    depends "$package" | grep -q libcodec2 || fail "$package is built without freedv"
done
[ "$(stat -c %a "$root/etc/challengectl/runner.yml")" = 640 ] || fail "runner.yml can be read by others"
inside id challengectl-runner | grep -q plugdev || fail "challengectl-runner is not in plugdev"
# udevadm of this Debian has no `verify`: a rule that it cannot parse is logged.
inside sh -c 'udevadm test --action=add /devices/virtual/mem/null 2>&1' | tee "$root/tmp/udev" |
    grep -i '60-challengectl.*\(invalid\|unknown\|ignoring\)' && fail "the udev rules"
grep -q 60-challengectl-runner.rules "$root/tmp/udev" || fail "udev does not read the rules"

step "the server's commands, as its user"
install -d -m 700 -o "$(inside id -u challengectl)" -g "$(inside id -g challengectl)" "$root/var/lib/challengectl"
server=(challengectl-server --config /etc/challengectl/server.yml)
as challengectl:challengectl "${server[@]}" import /usr/share/doc/challengectl-server/examples/challenges.yml | tail -1
as challengectl:challengectl "${server[@]}" check
as challengectl:challengectl "${server[@]}" runner enroll roof 2>/dev/null | grep -q '^et_' || fail "no token"
[ -f "$root/var/lib/challengectl/data/challengectl.db" ] || fail "the data are elsewhere"

step "the runner's commands, as its user"
as challengectl-runner:challengectl-runner challengectl-runner devices --config /etc/challengectl/runner.yml
as challengectl:challengectl "${server[@]}" plan --radios roof=/usr/share/doc/none 2>/dev/null && fail "a plan of nothing"

step "a service that is enabled, an upgrade, and a removal"
inside systemctl enable challengectl-server.service challengectl-runner.service 2>/dev/null
echo '# mine' >>"$root/etc/challengectl/server.yml"
inside sh -c 'dpkg -i /tmp/challengectl-server_*.deb' >/dev/null
grep -q '# mine' "$root/etc/challengectl/server.yml" || fail "an upgrade has changed the settings"
inside dpkg -r challengectl-server challengectl-runner >/dev/null
[ -f "$root/var/lib/challengectl/data/challengectl.db" ] || fail "a removal has taken the data"
[ -f "$root/etc/challengectl/server.yml" ] || fail "a removal has taken the settings"

step "purge"
inside dpkg -P challengectl-server challengectl-runner >/dev/null
inside sh -c 'apt-get -qq -y autoremove --purge' >/dev/null
listing >"$root/tmp/after"
diff "$root/tmp/before" "$root/tmp/after" || fail "something is left"
diff "$root/tmp/accounts" <(accounts) || fail "an account is left"
echo "nothing is left"
