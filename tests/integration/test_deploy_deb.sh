#!/usr/bin/env bash
# The Debian packages: built by the release preset and cpack, looked at, and then installed, run, removed and purged by the real
# dpkg in a copy of this system that vanishes (an overlay over /, in name spaces of its own: the machine is not touched).
# COUNCIL_RELEASE names a build folder of the release preset to pack from (default: build/release, which is built first).
set -uo pipefail
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
work=$(mktemp -d /tmp/council-deb.XXXXXX)
trap 'rm -rf "$work"' EXIT
number=0
failed=0

ok() { echo "ok $((++number)) - $1"; }
not_ok() { # TITLE LOG
    echo "not ok $((++number)) - $1"
    tail -n 40 "$2" | sed 's/^/# /'
    failed=1
}
# A step that passes or fails as a whole: TITLE COMMAND...
step() {
    local title=$1
    shift
    if "$@" >"$work/log" 2>&1; then ok "$title"; else not_ok "$title" "$work/log"; fi
}
skip() { echo "ok $((++number)) - $1 # SKIP $2"; }

if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then
    echo "1..0 # SKIP not a Debian system: dpkg-deb or dpkg-shlibdeps is missing"
    echo "ok 1 - packages # SKIP not a Debian system"
    exit 0
fi

build() {
    if [[ -z ${COUNCIL_RELEASE:-} ]]; then
        (cd "$top" && cmake --preset release && nice cmake --build --preset release) || return 1
    fi
    # cpack's own folder beside the packages, so that nothing is left in the build folder.
    (cd "${COUNCIL_RELEASE:-$top/build/release}" && nice cpack -G DEB -B "$work/packages") || return 1
    mkdir -p "$work/debs" && mv "$work"/packages/*.deb "$work/debs/" && ls -l "$work/debs"
}
field() { dpkg-deb -f "$work"/debs/"$1"_*.deb "$2"; }

look() {
    local package list
    for package in council councild; do
        list=$(dpkg-deb -c "$work"/debs/${package}_*.deb) || return 1
        [[ $(field $package Description | wc -l) -gt 3 && $(field $package Section) == net ]] || { echo "$package: description or section"; return 1; }
        for library in libsodium23 libjansson4 libwebsockets17 libsqlite3-0 libc6; do
            field $package Depends | grep -q "$library (>=" || { echo "$package does not depend on $library"; return 1; }
        done
        # Everything root's, nothing that others may write, nothing with another's rights, nothing from the build.
        if awk '{ print $1, $2, $6 }' <<<"$list" | grep -vE '^(d|-)rwx?r-x?r-x?|^-rw-r--r--|^-rwxr-xr-x|^drwxr-xr-x' | grep .; then return 1; fi
        if awk '{ print $2 }' <<<"$list" | grep -v '^root/root$'; then return 1; fi
        if awk '{ print $6 }' <<<"$list" | grep -vE '^\./((etc|usr)/|$)' | grep .; then return 1; fi
        if grep -E '/usr/(local|include)|\.a$' <<<"$list"; then return 1; fi
    done
    local council councild
    council=$(dpkg-deb -c "$work"/debs/council_*.deb) councild=$(dpkg-deb -c "$work"/debs/councild_*.deb)
    field councild Depends | grep -q libwebsockets-evlib-ev || { echo "the event loop's plugin is not named"; return 1; }
    field council Depends | grep -q tzdata || return 1
    field council Depends | grep -q systemd && { echo "the client needs no systemd"; return 1; }
    for file in ./usr/bin/councild ./usr/share/man/man8/councild.8.gz ./usr/lib/systemd/system/councild.service ./etc/default/councild \
        ./usr/lib/councild/backup ./usr/share/doc/councild/operations.md ./usr/share/doc/councild/examples/Caddyfile \
        ./usr/share/doc/councild/copyright ./usr/share/doc/councild/SECURITY.md; do
        grep -q " $file\$" <<<"$councild" || { echo "councild lacks $file"; return 1; }
    done
    for file in ./usr/bin/council ./usr/share/man/man1/council.1.gz ./usr/share/bash-completion/completions/council ./usr/share/zsh/site-functions/_council; do
        grep -q " $file\$" <<<"$council" || { echo "council lacks $file"; return 1; }
    done
    [[ $(dpkg-deb -I "$work"/debs/councild_*.deb conffiles) == /etc/default/councild ]] || { echo "conffiles"; return 1; }
    # The programs are stripped, position independent and hardened.
    dpkg-deb -x "$work"/debs/councild_*.deb "$work/x" && readelf -hldW "$work/x/usr/bin/councild" >"$work/elf"
    grep -q 'DYN' "$work/elf" && grep -q 'GNU_RELRO' "$work/elf" && grep -q 'BIND_NOW' "$work/elf" && ! readelf -SW "$work/x/usr/bin/councild" | grep -q '\.symtab'
}

# The whole life of the packages, in the copy.
live() {
    unshare --mount --net --pid --fork --kill-child bash -euc '
        work=$1 here=$2
        mount -t tmpfs tmpfs /mnt
        mkdir /mnt/upper /mnt/work /mnt/root
        mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root
        cp "$work"/debs/*.deb /mnt/
        mount --rbind /dev /mnt/root/dev
        mount -t proc proc /mnt/root/proc
        mkdir -p /mnt/root/mnt/debs && cp "$work"/debs/*.deb /mnt/root/mnt/debs/
        cp "$here/deploy_deb_inside.sh" /mnt/root/mnt/inside.sh
        ip link set lo up
        timeout 200 chroot /mnt/root /bin/bash /mnt/inside.sh || exit 1
        # What is in the layer now, beside what dpkg, the user base and this script keep, was left behind.
        cd /mnt/upper
        left=$(find . -mindepth 1 \( -path ./mnt -o -path ./tmp -o -path ./var/lib/dpkg -o -path ./var/cache -o -path ./var/log -o -path ./root -o -path ./run \) -prune \
            -o ! -type d -print | grep -vE "^\./etc/(passwd|group|shadow|gshadow|subuid|subgid|\.pwd\.lock)-?$|^\./var/lib/systemd/" || true)
        left_folders=$(find . -type d -name "*council*" -not -path "./tmp/*" -not -path "./mnt/*" -not -path "./root/*")
        if [[ -n $left$left_folders ]]; then
            echo "left behind: $left $left_folders"
            exit 1
        fi
        echo "step left"' _ "$work" "$here" >"$work/live" 2>&1
}

step "the release preset and cpack make two packages" build
if ! compgen -G "$work/debs/councild_*.deb" >/dev/null; then
    echo "1..$number"
    exit 1
fi
step "their fields, files, rights and programs are as they must be" look
if command -v lintian >/dev/null; then
    step "lintian finds no error" lintian --fail-on error --suppress-tags no-changelog,changelog-file-missing-in-native-package "$work"/debs/*.deb
else
    skip "lintian finds no error" "lintian is not installed"
fi

steps=(
    "install|both packages install; the user, the data folder and intact files are there"
    "pages|manual pages can be read, the shells' completions parse"
    "run|councild starts from its unit's line and environment file, as its user; a member registers with a code and writes"
    "backup|the packaged backup script makes a backup"
    "upgrade|an upgrade keeps what the operator set, and the data"
    "remove|a remove takes the programs and keeps data and settings"
    "again|installed again, it serves what was written before"
    "purge|a purge takes the settings and keeps the councils' logs"
    "purge-data|a purge that is asked to takes the logs too"
    "left|no file is left"
)
if ((EUID != 0)); then
    for one in "${steps[@]}"; do skip "${one#*|}" "needs root"; done
elif ! unshare --mount --net --pid --fork bash -ec 'mount -t tmpfs tmpfs /mnt; mkdir /mnt/u /mnt/w /mnt/m; mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/u,workdir=/mnt/w /mnt/m; ip link set lo up' 2>/dev/null; then
    for one in "${steps[@]}"; do skip "${one#*|}" "name spaces or overlays are not allowed here"; done
else
    live
    for one in "${steps[@]}"; do
        if grep -qx "step ${one%%|*}" "$work/live"; then ok "${one#*|}"; else
            not_ok "${one#*|}" "$work/live"
            : >"$work/live" # told once
        fi
    done
fi
echo "1..$number"
exit "$failed"
