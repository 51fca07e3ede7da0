#!/usr/bin/env bash
# The benchmarks: builds a release, runs councild and its ceilings side by side on this machine, and
# prints a line of JSON for each figure and a table. Judges nothing: numbers never make it fail.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

usage() {
    cat <<'TEXT'
Usage: tests/bench/run.sh [--quick | --long] [--only PART]... [--no-build] [--out FILE]

Measures councild and, in turns with it, what its parts reach by themselves and what other servers make of
the same work: nats-server, mosquitto, node with ws (deploy/install-deps.sh --bench). Those that are not
installed are skipped.
  --quick       shorter runs, one round (under 2 minutes beside the build)
  --long        as without it, and growth to 10 million stored entries (14 GB of disk)
  --only PART   this part alone (may be repeated): fanout rows catchup client idle growth stall
  --no-build    take the programs that are in the build's folder
  --build-dir DIR   that folder (build/bench-release)
  --out FILE    also write every single measurement there, as JSON lines
  --help        this text

Everything is on loopback addresses and in build/; servers end with this script. A machine that is
busy with other things gives lower figures: the share of it that was idle is printed first.
TEXT
}

quick=no
long=no
build=yes
build_dir=build/bench-release
out=
only=()
while (($#)); do
    case $1 in
    --quick) quick=yes ;;
    --long) long=yes ;;
    --build-dir)
        (($# > 1)) || { usage >&2 && exit 2; }
        build_dir=$2
        shift
        ;;
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
rounds=$(pick 5 1)
seconds=$(pick 8 3)
part_seconds=$(pick 3 1)
peer_seconds=$(pick 4 2)
entries=20000
client_entries=10000
client_rounds=$(pick 5 1)
rate=2000
connections=1000
many=$(pick 10000 2000)
grown_connections=$(pick 10000 2000)
grown_councils=$(pick 10000 2000)
stored=500000
[[ $long == no ]] || stored=10000000

bin=$PWD/$build_dir/bin
tools=$PWD/$build_dir/tests/bench
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
    echo "building a release in $build_dir ..." >&2
    mkdir -p build
    {
        cmake -S . -B "$build_dir" -G Ninja -DCMAKE_BUILD_TYPE=Release \
            -DCOUNCIL_BENCH=ON -DBUILD_TESTING=OFF &&
            cmake --build "$build_dir" --target \
                councild council-cli bench-load bench-ceilings bench-broadcast bench-sync
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
preload=

# start_server PROGRAM...: its line of readiness must say "urls"; sets server_pid and url.
start_server() {
    : >"$data/ready"
    LD_PRELOAD=$preload BENCH_SYNC=${sync:-} setpriv --pdeathsig KILL "$@" \
        3>>"$data/ready" >>"$data/ready" 2>"$data/server.log" &
    server_pid=$!
    for _ in $(seq 1200); do
        url=$(sed -n 's/.*"urls":\["\([^"]*\)".*/\1/p' "$data/ready")
        [[ -z $url ]] || return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$data/server.log" >&2
    fail "$1 did not get ready"
}

start_councild() {
    local folder=$1
    shift
    start_server "$bin/councild" serve --data "$data/$folder" --listen 127.0.0.1:0 --ready-fd 3 \
        --registration open --log-level warn "${limits[@]}" "$@"
}

# figure NAME SYSTEM VALUE UNIT ACK: one line to the raw file.
figure() {
    printf '{"figure":"%s","system":"%s","value":%.3f,"unit":"%s","ack":"%s"}\n' "$@" >>"$raw"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# start_peer PORT PROGRAM...: a server that says nothing when it is ready.
start_peer() {
    local port=$1
    shift
    setpriv --pdeathsig KILL "$@" >"$data/server.log" 2>&1 &
    server_pid=$!
    url=http://127.0.0.1:$port
    for _ in $(seq 200); do
        ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null || return 0
        kill -0 "$server_pid" 2>/dev/null || break
        sleep 0.05
    done
    cat "$data/server.log" >&2
    fail "$1 did not get ready"
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

# peer NAME SYSTEM ACK: the load generator against the server that was just started.
peer() {
    measure 120 "$tools/bench-load" throughput,latency --url "$url" --pid "$server_pid" --peer "$1" \
        --system "$2" --ack "$3" --connections "$connections" --seconds "$peer_seconds" --rate "$rate"
    stop_server
}

skipped=()
have() {
    command -v "$1" >/dev/null || { skipped+=("$2"); false; }
}

peer_nats() {
    have nats-server nats || return 0
    local port
    port=$(free_port)
    cat >"$data/nats.conf" <<CONF
host: 127.0.0.1
port: $(free_port)
websocket { host: 127.0.0.1, port: $port, no_tls: true }
jetstream { store_dir: "$data/nats" }
CONF
    start_peer "$port" nats-server -c "$data/nats.conf"
    peer nats nats "stored (JetStream file), not synced"
    rm -rf "$data/nats"
}

peer_mosquitto() {
    have mosquitto mosquitto || return 0
    local port
    port=$(free_port)
    mkdir -p "$data/mosquitto"
    cat >"$data/mosquitto.conf" <<CONF
listener $port 127.0.0.1
allow_anonymous true
persistence true
persistence_location $data/mosquitto/
max_inflight_messages 0
max_queued_messages 0
set_tcp_nodelay true
user $(id -un)
CONF
    start_peer "$port" mosquitto -c "$data/mosquitto.conf"
    peer mqtt mosquitto "in memory (QoS 1, saved every 30 minutes)"
    rm -rf "$data/mosquitto"
}

peer_node() {
    local folder=$PWD/$build_dir/relay
    have node node-ws && have npm node-ws || return 0
    if [[ ! -d $folder/node_modules/ws ]]; then
        mkdir -p "$folder"
        (cd "$folder" && npm install --silent --no-audit --no-fund ws@8) >"$data/npm.log" 2>&1 ||
            { skipped+=("node-ws (no npm registry)") && return 0; }
    fi
    start_server node tests/bench/relay.js "$folder"
    peer group node-ws "nothing"
}

part_fanout() {
    local round
    for round in $(seq "$rounds"); do
        say "fan-out, round $round of $rounds: Ed25519 and the entry check"
        measure 60 "$tools/bench-ceilings" entry "$part_seconds"
        say "fan-out, round $round of $rounds: a bare broadcast"
        start_server "$tools/bench-broadcast"
        peer group lws-broadcast "nothing"
        say "fan-out, round $round of $rounds: nats, mosquitto, node"
        peer_nats
        peer_mosquitto
        peer_node
        say "fan-out, round $round of $rounds: councild"
        start_councild fanout
        load 240 throughput,latency --connections "$connections" --seconds "$seconds" --rate "$rate"
        stop_server
        rm -rf "$data/fanout"
        say "fan-out, round $round of $rounds: councild without fdatasync"
        preload=$tools/libbench-sync.so sync=skip start_councild fanout
        load 240 latency --connections "$connections" --seconds "$peer_seconds" --rate "$rate" \
            --system councild-unsynced --ack "verified, not on disk"
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

# idle N SYSTEM [OPTION]...: the memory of N connections that do nothing.
idle() {
    local n=$1 system=$2 at
    shift 2
    say "memory of $n connections that do nothing ($system)"
    at=$(date +%s%3N)
    start_councild idle
    load 240 found --connections "$n" --at "$at"
    stop_server
    # Anew, so that nothing which registering left in the heap is there to be used again.
    start_councild idle "$@"
    load 120 idle --connections "$n" --at "$at" --system "$system"
    stop_server
    rm -rf "$data/idle"
}

part_idle() {
    [[ $quick == yes ]] || idle "$connections" councild
    idle "$many" councild
    [[ $quick == no ]] || return 0
    if ! have openssl "TLS (no openssl)"; then return 0; fi
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost \
        -keyout "$data/tls.key" -out "$data/tls.crt" 2>/dev/null || fail "openssl req failed"
    idle "$connections" councild-tls --tls-cert "$data/tls.crt" --tls-key "$data/tls.key"
}

# steady WHAT [OPTION]...: what a post costs and how long it takes at the steady rate.
steady() {
    local what=$1
    shift
    load 400 latency --seconds "$peer_seconds" --rate "$rate" --what "$what" "$@"
}

part_growth() {
    local round since
    for round in $(seq "$(pick 3 1)"); do
        say "growth, round $round: councils"
        start_councild growth
        steady 10_councils --seats 1 --connections 10 --outstanding 64
        stop_server
        rm -rf "$data/growth"
        start_councild growth
        steady "${grown_councils}_councils" --seats 1 --connections "$grown_councils"
        stop_server
        rm -rf "$data/growth"
        say "growth, round $round: connections"
        start_councild growth
        steady "${connections}_connections" --connections "$connections"
        stop_server
        rm -rf "$data/growth"
        start_councild growth
        steady "${grown_connections}_connections" --connections "$grown_connections"
        stop_server
        rm -rf "$data/growth"
    done
    say "growth: $stored stored entries"
    mkdir -m 700 "$data/stored"
    "$tools/bench-ceilings" stored "$stored" "$data/stored/council.db" || fail "no store was made"
    for round in $(seq "$(pick 3 1)"); do
        since=$(date +%s%N)
        start_councild stored
        python3 -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1] + "/readyz").read()' "$url" ||
            fail "no answer"
        figure "start_with_${stored}_stored" councild "$((($(date +%s%N) - since) / 1000))e-3" ms \
            "time to the first answer"
        steady "${stored}_stored" --connections "$connections" --seed "stored $round"
        stop_server
        start_councild growth
        steady 0_stored --connections "$connections"
        stop_server
        rm -rf "$data/growth"
    done
    rm -rf "$data/stored"
}

part_stall() {
    local round backup
    say "stalls: checkpoints and a backup"
    mkdir -m 700 "$data/stall"
    "$tools/bench-ceilings" stored 200000 "$data/stall/council.db" || fail "no store was made"
    for round in $(seq "$(pick 3 1)"); do
        preload=$tools/libbench-sync.so sync=$data/sync.jsonl start_councild stall
        (
            sleep $((peer_seconds / 2 + 2))
            exec timeout 60 "$bin/councild" backup --data "$data/stall" "$data/backup.$round"
        ) >"$data/backup.log" 2>&1 &
        backup=$!
        load 200 latency --connections "$connections" --seconds $((2 * peer_seconds)) --rate "$rate" \
            --what "while_backed_up" --seed "stall $round" --pings
        wait "$backup" || { cat "$data/backup.log" >&2 && fail "the backup failed"; }
        stop_server
        cat "$data/sync.jsonl" >>"$raw"
        rm -rf "$data/backup.$round" "$data/sync.jsonl"
    done
    rm -rf "$data/stall"
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

for part in rows fanout catchup client idle growth stall; do
    ! wanted "$part" || "part_$part"
done

[[ -z $out ]] || cp "$raw" "$out"
python3 tests/bench/report.py "$raw"
((${#skipped[@]} == 0)) || printf 'skipped, because not installed: %s\n' "$(printf '%s\n' "${skipped[@]}" | sort -u | paste -sd' ')"
printf 'took %d s; %d %% of %d processors were idle before\n' $((SECONDS - started)) "$idle" "$(nproc)"
