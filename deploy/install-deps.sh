#!/usr/bin/env bash
# Installs the Debian packages that Council is built, tested and measured with. Packages that
# are there already are left alone; when none is missing, neither apt nor root is needed.
set -euo pipefail

build_packages=(
    build-essential gcc cmake ninja-build ccache pkg-config
    libwebsockets-dev libwebsockets-evlib-ev libev-dev libsodium-dev libjansson-dev
    libsqlite3-dev libcurl4-openssl-dev libical-dev libssl-dev libsystemd-dev libncurses-dev
    tzdata ca-certificates # what council reads when it runs: time zones, and whom to trust with https
)
quickstart_packages=(python3)
test_packages=(
    tmux # a terminal of its own for the tests of the meeting room
    python3-icalendar python3-dateutil # programs of others that read our calendars; ical.js is fetched where node and npm are
    python3-aiosmtpd # a relay for mails
    libglpk-dev # the optimum of small pools that matching is measured against
    libcmocka-dev python3 python3-nacl python3-jsonschema gcovr
    clang lld clang-format clang-tidy libclang-rt-14-dev valgrind gdb openssl git curl
    nginx caddy prometheus systemd strace fakeroot # the examples of deploy/: proxies, rules (promtool), units (systemd-analyze), upgrades, the package
)
bench_packages=(python3 openssl nats-server mosquitto nodejs npm) # peers that are missing are skipped

usage() {
    cat <<'TEXT'
Usage: deploy/install-deps.sh [--build] [--quickstart] [--test] [--bench] [--list]

Installs what is missing of these sets of packages (Debian 12):
  --build       compilers and libraries to build councild and council (also when no set is named)
  --quickstart  what deploy/quickstart.sh needs beside them
  --test        what tests/run.sh needs beside them
  --bench       what the benchmarks need beside them
  --list        print the packages of the named sets and stop
  --help        this text

Root is needed only if something is missing; sudo is used when you are not root.
TEXT
}

fail() {
    printf 'install-deps: %s\n' "$@" >&2
    exit 1
}

wanted=()
list_only=no
while (($#)); do
    case $1 in
    --build) wanted+=("${build_packages[@]}") ;;
    --quickstart) wanted+=("${quickstart_packages[@]}") ;;
    --test) wanted+=("${test_packages[@]}") ;;
    --bench) wanted+=("${bench_packages[@]}") ;;
    --list) list_only=yes ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && fail "unknown argument: $1" ;;
    esac
    shift
done
((${#wanted[@]})) || wanted=("${build_packages[@]}")

if [[ $list_only == yes ]]; then
    printf '%s\n' "${wanted[@]}"
    exit 0
fi

if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
    fail "this is not a Debian system (no apt-get). Install by hand what these Debian packages hold:" \
        "  ${wanted[*]}"
fi

missing=()
for package in "${wanted[@]}"; do
    # shellcheck disable=SC2016  # the format is dpkg-query's, not the shell's
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [[ $status == installed ]] || missing+=("$package")
done
if ((${#missing[@]} == 0)); then
    echo "install-deps: all ${#wanted[@]} packages are installed"
    exit 0
fi

as_root=()
if ((EUID != 0)); then
    command -v sudo >/dev/null ||
        fail "not root, and sudo is not there. As root run:" "  apt-get install ${missing[*]}"
    as_root=(sudo)
fi

release=$(. /etc/os-release && echo "${ID:-unknown} ${VERSION_ID:-unknown}")
[[ $release == "debian 12" ]] ||
    echo "install-deps: note: made for Debian 12, this is $release" >&2

echo "install-deps: installing ${missing[*]}"
"${as_root[@]}" apt-get update -q ||
    fail "apt-get update failed; is there a network and a package source?"
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -y -q --no-install-recommends "${missing[@]}" ||
    fail "apt-get could not install: ${missing[*]}" "Install them by hand and start again."
