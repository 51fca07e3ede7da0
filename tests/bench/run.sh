#!/usr/bin/env bash
# The benchmarks: builds a release, runs councild and its ceilings side by side on this machine, and
# prints a line of JSON for each figure and a table. Judges nothing: numbers never make it fail.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

usage() {
    cat <<'TEXT'
Usage: tests/bench/run.sh [--quick] [--only PART]... [--no-build] [--out FILE]

Measures councild and, in turns with it, what its parts reach by themselves.
  --quick       shorter runs, fewer repetitions (under 2 minutes beside the build)
  --only PART   this part alone (may be repeated): fanout rows catchup client idle
  --no-build    take the programs that are in build/bench-release
  --out FILE    also write every single measurement there, as JSON lines
  --help        this text

Everything is on loopback addresses and in build/; servers end with this script. A machine that is
busy with other things gives lower figures: the share of it that was idle is printed first.
TEXT
}

quick=no
build=yes
out=
only=()
while (($#)); do
    case $1 in
    --quick) quick=yes ;;
    --no-build) build=no ;;
    --only)
        (($# > 1)) || { usage >&2 && exit 2; }
        only+=("$2")
        shift
        ;;
    --out)
        (($# > 1)) || { usage >&2 && exit 2; }
        out=$2
        shift
        ;;
    --help | -h) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

# What is measured, how long and how often: full | quick.
pick() { if [[ $quick == yes ]]; then echo "$2"; else echo "$1"; fi; }
rounds=$(pick 3 1)
seconds=$(pick 8 5)
part_seconds=$(pick 3 1)
entries=20000
client_entries=10000
client_rounds=$(pick 3 2)
rate=2000
connections=1000
many=10000

bin=$PWD/build/bench-release/bin
tools=$PWD/build/bench-release/tests/bench
ack_disk="on disk (fdatasync) and verified"

fail() {
    echo "run.sh: $*" >&2
    exit 1
}

wanted() {
    ((${#only[@]} == 0)) || [[ " ${only[*]} " == *" $1 "* ]]
}

# --- build ------------------------------------------------------------------------------------

if [[ $build == yes ]]; then
    echo "building a release in build/bench-release ..." >&2
    mkdir -p build
    {
        cmake -S . -B build/bench-release -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCOUNCIL_BENCH=ON -DBUILD_TESTING=OFF &&
            cmake --build build/bench-release --target \
                councild council-cli bench-load bench-ceilings bench-broadcast
    } >build/bench-release.log 2>&1 || {
        tail -n 30 build/bench-release.log >&2
        fail "the build does not stand; see build/bench-release.log"
    }
fi
for program in "$bin/councild" "$bin/council" "$tools/bench-load"; do
    [[ -x $program ]] || fail "$program is missing: build first"
done

# --- servers ----------------------------------------------------------------------------------

# Not /tmp, which may be memory: durability has to cost what it costs.
data=$(mktemp -d "$PWD/build/bench-data.XXXXXX") || exit 1
raw=$data/raw.jsonl
: >"$raw"
server_pid=
fill_pid=

stop_server() {
    [[ -n $server_pid ]] || return 0
    kill "$server_pid" 2>/dev/null
    for _ in $(seq 100); do
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$server_pid" 2>/dev/null
    wait "$server_pid" 2>/dev/null
    server_pid=
}

cleanup() {
    [[ -z $fill_pid ]] || kill "$fill_pid" 2>/dev/null
    stop_server
    rm -rf "$data"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# Rates and ceilings that are there for strangers; ours come from one address on purpose.
limits=()
for limit in sessions sessions-per-address; do limits+=(--limit "$limit=100000"); done
for limit in address-burst address-rate device-burst device-rate council-burst council-rate \
    control-burst moderator-burst; do
    limits+=(--limit "$limit=1000000000")
done
# Notes are signed beforehand, and members' keys have a date of their own.
limits+=(--limit clock-skew-ms=9007199254740991)

# start_server PROGRAM...: its line of readiness must say "urls"; sets server_pid and url.
start_server() {
    : >"$data/ready"
    setpriv --pdeathsig KILL "$@" 3>>"$data/ready" >>"$data/ready" 2>"$data/server.log" &
    server_pid=$!
    for _ in $(seq 200); do
        url=$(sed -n 's/.*"urls":\["\([^"]*\)".*/\1/p' "$data/ready")
        [[ -z $url ]] || return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$data/server.log" >&2
    fail "$1 did not get ready"
}

start_councild() {
    start_server "$bin/councild" serve --data "$data/$1" --listen 127.0.0.1:0 --ready-fd 3 \
        --registration open --log-level warn "${limits[@]}"
}

# measure SECONDS COMMAND...: its figures go to the raw file.
measure() {
    local patience=$1
    shift
    timeout "$patience" "$@" >>"$raw" || fail "$(basename "$1") $2 did not come to its end"
}

load() {
    local patience=$1 modes=$2
    shift 2
    measure "$patience" "$tools/bench-load" "$modes" --url "$url" --pid "$server_pid" \
        --ack "$ack_disk" "$@"
}

say() { printf '== %s\n' "$*" >&2; }

# --- parts ------------------------------------------------------------------------------------

part_fanout() {
    local round
    for round in $(seq "$rounds"); do
        say "fan-out, round $round of $rounds: Ed25519 and the entry check"
        measure 60 "$tools/bench-ceilings" entry "$part_seconds"
        say "fan-out, round $round of $rounds: a bare broadcast"
        start_server "$tools/bench-broadcast"
        measure 120 "$tools/bench-load" throughput,latency --url "$url" --pid "$server_pid" --bare \
            --system lws-broadcast --ack "nothing" --connections "$connections" \
            --seconds "$part_seconds" --rate "$rate"
        stop_server
        say "fan-out, round $round of $rounds: councild"
        start_councild fanout
        load 240 throughput,latency --connections "$connections" --seconds "$seconds" --rate "$rate"
        stop_server
        rm -rf "$data/fanout"
    done
}

part_rows() {
    say "rows committed in groups"
    measure 120 "$tools/bench-ceilings" rows "$part_seconds" "$data"
}

part_catchup() {
    say "catch-up served"
    start_councild catchup
    load 200 catchup --connections 8 --entries "$entries"
    stop_server
    rm -rf "$data/catchup"
}

part_idle() {
    local n at
    for n in "$connections" "$many"; do
        say "memory of $n connections that do nothing"
        at=$(date +%s%3N)
        start_councild idle
        load 240 found --connections "$n" --at "$at"
        stop_server
        # Anew, so that nothing which registering left in the heap is there to be used again.
        start_councild idle
        load 120 idle --connections "$n" --at "$at"
        stop_server
        rm -rf "$data/idle"
    done
}

council() {
    COUNCIL_PASSPHRASE_FD=3 timeout 120 "$bin/council" "$@" 3<<<"bench" 4>/dev/null
}

# What a sync of this home takes: seconds of the clock, of the processor for itself and for it.
time_sync() {
    local TIMEFORMAT='%3R %3U %3S'
    { time council sync --home "$1" >/dev/null 2>"$data/sync.log"; } 2>&1
}

part_client() {
    say "catch-up stored by a client"
    start_councild client
    mkdir -m 700 "$data/homes"
    mkfifo "$data/go"
    timeout 200 "$tools/bench-load" fill --url "$url" --connections 1 \
        --entries "$client_entries" <"$data/go" >"$data/fill" &
    fill_pid=$!
    exec 9>"$data/go"
    local link=
    for _ in $(seq 200); do
        link=$(sed -n 's/.*"link":"\([^"]*\)".*/\1/p' "$data/fill")
        [[ -z $link ]] || break
        sleep 0.05
    done
    council join --home "$data/homes/new" --name Ada --phrase-fd 4 "$link" >/dev/null 2>&1 ||
        fail "council join failed"
    council sync --home "$data/homes/new" >/dev/null || fail "council sync failed"
    echo go >&9
    exec 9>&-
    wait "$fill_pid" || fail "the log could not be written"
    fill_pid=
    local round home full empty stored
    for round in $(seq "$client_rounds"); do
        home=$data/homes/$round
        cp -r "$data/homes/new" "$home"
        full=$(time_sync "$home")
        empty=$(time_sync "$home")
        stored=$(council note list --home "$home" --offline --json --count 0 2>/dev/null |
            grep -c '"seq"')
        ((stored == client_entries)) ||
            fail "the client has $stored of $client_entries notes: $(cat "$data/sync.log")"
        awk -v n="$client_entries" -v full="$full" -v empty="$empty" '
            function figure(name, value, unit) {
                printf "{\"figure\":\"%s\",\"system\":\"council\",\"value\":%.3f,\"unit\":\"%s\"," \
                       "\"ack\":\"verified and stored (fsync)\"}\n", name, value, unit
            }
            BEGIN {
                split(full, f, " ")
                split(empty, e, " ")
                figure("catchup_stored", n / (f[1] - e[1]), "entries/s")
                figure("catchup_stored_with_start", n / f[1], "entries/s")
                figure("catchup_client_cpu", 1e6 * (f[2] + f[3] - e[2] - e[3]) / n, "us/entry")
            }' >>"$raw"
    done
    stop_server
    rm -rf "$data/client"
}

# --- the run ----------------------------------------------------------------------------------

idle_share() {
    awk '/^cpu / { for (i = 2; i <= 9; i++) all += $i; print all, $5 + $6; exit }' /proc/stat
}
read -r all_before idle_before < <(idle_share)
sleep 1
read -r all_after idle_after < <(idle_share)
idle=$((100 * (idle_after - idle_before) / (all_after - all_before + 1)))
started=$SECONDS
printf 'idle before the run: %d %% of %d processors\n' "$idle" "$(nproc)" >&2

for part in rows fanout catchup client idle; do
    ! wanted "$part" || "part_$part"
done

[[ -z $out ]] || cp "$raw" "$out"
python3 tests/bench/report.py "$raw"
printf 'took %d s; %d %% of %d processors were idle before\n' $((SECONDS - started)) "$idle" "$(nproc)"
