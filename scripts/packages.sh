#!/usr/bin/env bash
# Makes the Debian packages of both programs, in target/packages, from programs that are built:
# scripts/packages.sh [FOLDER OF THE PROGRAMS]
# For another architecture, DEB_ARCH is its name in Debian, and NATIVE a folder of programs that run here.
set -euo pipefail
cd "$(dirname "$0")/.."

programs=$(realpath "${1:-target/dist}")
native=$(realpath "${NATIVE:-$programs}")
arch=${DEB_ARCH:-$(dpkg --print-architecture)}
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' Cargo.toml)
out=$PWD/target/packages
# The same source makes the same package.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
export SOURCE_DATE_EPOCH

mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/debian"
printf 'Source: challengectl\n\nPackage: challengectl\nArchitecture: any\n' >"$work/debian/control"

# The libraries that a program needs, as packages. For another architecture, whose libraries are not here, those that
# every program needs.
libraries() {
    local found
    found=$(cd "$work" && dpkg-shlibdeps -O -e"$1" 2>/dev/null | sed -n 's/^shlibs:Depends=//p') || true
    echo "${found:-libc6 (>= 2.36), libgcc-s1}"
}

# Files that every package has: package PACKAGE USER STATE SETTINGS
tree() {
    local package=$1 user=$2 state=$3 settings=$4 tree="$work/$1" manuals="$work/$1-manuals"
    local doc="$tree/usr/share/doc/$package" script
    install -D -m 755 "$programs/$package" "$tree/usr/bin/$package"
    (cd "$work" && "$native/$package" __manuals "$manuals")
    # `help COMMAND` says what the command's own page says.
    rm -f "$manuals"/man1/*-help.1 "$manuals"/man1/*-help-*.1
    mkdir -p "$tree/usr/share/man/man1"
    cp "$manuals"/man1/* "$tree/usr/share/man/man1/"
    gzip -9n "$tree"/usr/share/man/man1/*
    install -D -m 644 "$manuals/bash/$package.bash" "$tree/usr/share/bash-completion/completions/$package"
    install -D -m 644 "$manuals/zsh/_$package" "$tree/usr/share/zsh/vendor-completions/_$package"
    install -D -m 644 "$manuals/fish/$package.fish" "$tree/usr/share/fish/vendor_completions.d/$package.fish"
    install -D -m 644 "packaging/systemd/$package.service" "$tree/usr/lib/systemd/system/$package.service"
    sed -i 's|/usr/local/bin/|/usr/bin/|' "$tree/usr/lib/systemd/system/$package.service"
    install -D -m 644 "packaging/sysusers.d/$package.conf" "$tree/usr/lib/sysusers.d/$package.conf"
    # Relative paths in it would be below /etc, where no service writes.
    install -D -m 640 "config/$settings" "$tree/etc/challengectl/$settings"
    sed -i "s|^data_dir: .*|data_dir: /var/lib/$state/data|; s|^state_dir: .*|state_dir: /var/lib/$state|
        s|^\( *directory\): \(.*\)|\1: /var/lib/$state/\2|" "$tree/etc/challengectl/$settings"
    mkdir -p "$doc" "$tree/DEBIAN"
    { cat packaging/debian/copyright; sed 's/^$/./; s/^/ /' LICENSE-MIT; } >"$doc/copyright"
    gzip -9nc CHANGELOG.md >"$doc/changelog.gz"
    for script in postinst prerm postrm; do
        sed "s/@PACKAGE@/$package/g; s/@USER@/$user/g; s/@STATE@/$state/g; s/@SETTINGS@/$settings/g" \
            "packaging/debian/$script" >"$tree/DEBIAN/$script"
        chmod 755 "$tree/DEBIAN/$script"
    done
    echo "/etc/challengectl/$settings" >"$tree/DEBIAN/conffiles"
}

# Closes a package: archive PACKAGE DEPENDS DESCRIPTION MORE-FIELDS
archive() {
    local package=$1 depends=$2 description=$3 more=$4 tree="$work/$1" file
    (cd "$tree" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$tree/DEBIAN/md5sums"
    {
        printf 'Package: %s\nVersion: %s\nArchitecture: %s\n' "$package" "$version" "$arch"
        printf 'Maintainer: ChallengeCtl <https://github.com/challengectl/challengectl>\n'
        printf 'Installed-Size: %s\n' "$(du -sk --exclude DEBIAN "$tree" | cut -f1)"
        printf 'Depends: %s\n%s' "$depends" "$more"
        printf 'Section: hamradio\nPriority: optional\nHomepage: https://github.com/challengectl/challengectl\n'
        printf 'Description: %s\n' "$description"
    } >"$tree/DEBIAN/control"
    file="$out/${package}_${version}_$arch.deb"
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$file" >/dev/null
    echo "$file"
}

# One of the two makes users from sysusers.d: systemd, or, where there is none, a program of its own.
users='systemd-standalone-sysusers | systemd-sysusers'

tree challengectl-server challengectl challengectl server.yml
examples="$work/challengectl-server/usr/share/doc/challengectl-server/examples"
mkdir -p "$examples"
cp -r config/challenges.yml config/audio "$examples/"
archive challengectl-server "$(libraries "$programs/challengectl-server"), $users" \
    "schedules the live challenges of a capture-the-flag event
 Holds the challenges of an event, decides what goes on air, when and where, and
 hands the work to runners on hosts with radios." ''

tree challengectl-runner challengectl-runner challengectl-runner runner.yml
install -D -m 644 packaging/udev/60-challengectl-runner.rules \
    "$work/challengectl-runner/usr/lib/udev/rules.d/60-challengectl-runner.rules"
needed=$(libraries "$programs/challengectl-runner")
# With SoapySDR in it, the modules of the radios are wanted too.
case $needed in
    *libsoapysdr*) radios=$'Recommends: soapysdr-module-hackrf, soapysdr-module-bladerf, soapysdr-module-lms7, soapysdr-module-uhd\n' ;;
    *) radios= ;;
esac
archive challengectl-runner "$needed, $users" \
    "transmits the live challenges of a capture-the-flag event
 The agent on a host with radios: fetches what a challengectl-server hands out,
 and puts it on air." "$radios"
