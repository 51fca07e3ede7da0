#!/usr/bin/env bash
# The container file: what it promises can be read from it everywhere; where a runtime works (docker, podman or buildah) it is built and run:
# not root, a read-only system, data in the volume over a restart, healthy by /readyz, a member who registers from outside.
# COUNCIL_CONTAINER_BASE names another base image (an image of Debian 12 that is there already).
set -uo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
bin=${COUNCIL_BIN:-$top/build/asan/bin}
file=$top/deploy/container/Containerfile
work=$(mktemp -d /tmp/council-container.XXXXXX)
name=council-test-$$
number=0
failed=0
runtime=
trap '[[ -z $runtime ]] || { "$runtime" rm -f "$name"; "$runtime" volume rm -f "$name"; "$runtime" rmi -f "$name"; } >/dev/null 2>&1; rm -rf "$work"' EXIT

check() { # TITLE COMMAND...
    local title=$1
    shift
    if "$@" >"$work/log" 2>&1; then echo "ok $((++number)) - $title"; else
        echo "not ok $((++number)) - $title"
        tail -n 30 "$work/log" | sed 's/^/# /'
        failed=1
    fi
}

read_file() {
    grep -qE '^USER [1-9][0-9]*' "$file" && grep -q '^VOLUME /var/lib/councild' "$file" && grep -q '/readyz' "$file" &&
        grep -q '^HEALTHCHECK' "$file" && [[ $(grep -c '^FROM' "$file") == 2 ]] && ! grep -qE 'latest|curl .*\| *(ba)?sh' "$file"
}
# The libraries that the program is linked with are those that the file installs.
libraries() {
    local library package
    ldd "$bin/councild" | awk '/=> \// { print $3 }' | grep -E 'websockets|libev|sodium|jansson|sqlite' | while read -r library; do
        package=$(dpkg -S "$(readlink -f "$library")" | cut -d: -f1)
        grep -qw -- "$package" "$file" || { echo "$library is of $package, which is not installed" && exit 1; }
    done
}

echo 1..5
check "not root, a volume, a health check by /readyz, two stages" read_file
if command -v dpkg >/dev/null; then check "it installs the libraries that councild is linked with" libraries; else
    echo "ok $((++number)) - it installs the libraries that councild is linked with # SKIP no dpkg"; fi

for one in podman docker; do
    if command -v "$one" >/dev/null && timeout 20 "$one" info >/dev/null 2>&1 && [[ $("$one" info 2>&1) != *"Cannot connect"* ]]; then runtime=$one && break; fi
done
why=
[[ -n $runtime ]] || why="no container runtime works here"
base=${COUNCIL_CONTAINER_BASE:-$(sed -n 's/^ARG BASE=//p' "$file")}
if [[ -z $why ]] && ! "$runtime" image inspect "$base" >/dev/null 2>&1 && ! timeout 60 "$runtime" pull -q "$base" >/dev/null 2>&1; then
    why="the base image $base is not here and cannot be fetched"
fi
if [[ -n $why ]]; then
    for title in "it is built" "it runs without rights on a read-only system, and is healthy" "the volume keeps everything over a restart"; do
        echo "ok $((++number)) - $title # SKIP $why"
    done
    exit "$failed"
fi

build() { git -C "$top" archive HEAD | timeout 600 "$runtime" build --build-arg "BASE=$base" -f deploy/container/Containerfile -t "$name" -; }
start() {
    "$runtime" run -d --name "$name" --read-only --cap-drop=all --security-opt=no-new-privileges -p 127.0.0.1::8440 -v "$name:/var/lib/councild" \
        -e COUNCILD_ORIGIN=http://127.0.0.1:8440 "$name" >/dev/null
    local end=$((SECONDS + 60))
    until "$runtime" exec "$name" curl -sf http://127.0.0.1:8440/readyz; do
        ((SECONDS < end)) || { "$runtime" logs "$name" && return 1; }
        sleep 0.2
    done
}
run() {
    start || return 1
    [[ $("$runtime" exec "$name" id -u) == 8440 ]] && ! "$runtime" exec "$name" touch /usr/bin/x 2>/dev/null &&
        code=$("$runtime" exec "$name" councild code create) && [[ -n $code ]]
}
again() {
    local before
    before=$("$runtime" exec "$name" councild key show) && "$runtime" stop "$name" && "$runtime" rm -f "$name" && start &&
        [[ $("$runtime" exec "$name" councild key show) == "$before" ]] && "$runtime" exec "$name" councild code list --json | grep -q .
}
check "it is built" build
check "it runs without rights on a read-only system, and is healthy" run
check "the volume keeps everything over a restart" again
exit "$failed"
