#!/usr/bin/env bash
# The client under valgrind: a week in short, by two members, on a server that is not watched.
#   tests/checkers/memcheck.sh [FOLDER OF BINARIES]
# FOLDER (default: build/dev/bin) holds council and councild without sanitizers. TAP. Any error and any block that is lost for good is a failure; the exceptions are in
# council.supp, each with its reason. The control, a program that reads what nobody wrote and loses a block, must be reported twice.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

bin=$(cd "${1:-build/dev/bin}" && pwd) || exit 2
logs=$PWD/build/test-logs/valgrind
rm -rf "$logs" && mkdir -p "$logs"
work=$(mktemp -d /tmp/council-memcheck.XXXXXX)
server=
finish() {
    for process in ${agents[@]+"${agents[@]}"} $server; do
        kill "$process" 2>/dev/null && wait "$process" 2>/dev/null
    done
    rm -rf "$work"
}
trap finish EXIT
number=0
failed=0
result() { # ok|"not ok" TEXT
    number=$((number + 1))
    [[ $1 == ok ]] || failed=$((failed + 1))
    echo "$1 $number - $2"
}

watched=(valgrind --quiet --error-exitcode=97 --leak-check=full --show-leak-kinds=definite --errors-for-leak-kinds=definite
    --suppressions=tests/checkers/council.supp --num-callers=24)

exec 5< <(exec "$bin/councild" serve --data "$work/server" --listen 127.0.0.1:0 --registration open --ready-fd 6 \
    6>&1 >/dev/null 2>"$logs/server.log")
server=$!
IFS= read -r -t 20 ready <&5
url=$(/usr/bin/python3 -c 'import json, sys; print(json.loads(sys.argv[1])["urls"][0])' "$ready") || exit 1

# plain WHO COMMAND...: not watched.
plain() {
    local who=$1
    shift
    COUNCIL_HOME=$work/$who COUNCIL_PASSPHRASE_FD=3 timeout 60 "$bin/council" "$@" 3<<<"passphrase of $who" 4>/dev/null
}

# council WHO COMMAND...: watched. It reads $input, where there is one; what it says goes to $said.
steps=0
said=$work/said
input=/dev/null
council() {
    local who=$1 status log
    shift
    steps=$((steps + 1))
    log=$logs/$(printf '%02d' "$steps").log
    COUNCIL_HOME=$work/$who COUNCIL_PASSPHRASE_FD=3 timeout 60 "${watched[@]}" --log-file="$log" \
        "$bin/council" "$@" >"$said" 2>"$said.err" <"$input" 3<<<"passphrase of $who" 4>/dev/null
    status=$?
    if ((status == 0)) && [[ ! -s $log ]]; then
        result ok "council ${*:1:3}"
    else
        head -n 40 "$log" "$said.err" | sed 's/^/# /'
        result "not ok" "council $* (exit status $status)"
    fi
}

# Stretching a passphrase is slow under valgrind, and always the same: once, and then each member's agent has the key.
council ada register --server "$url" --phrase-fd 4
agents=()
agent() {
    (COUNCIL_HOME=$work/$1 COUNCIL_PASSPHRASE_FD=3 exec timeout 200 "$bin/council" agent 3<<<"passphrase of $1") >"$work/agent-$1.log" 2>&1 &
    agents+=($!)
    for ((i = 0; i < 200; i++)); do
        [[ ! -S $work/$1/agent.sock ]] || return
        sleep 0.05
    done
}
agent ada
council ada create --pace fast "Tuesday"
council ada invite open
link=$(tail -n 1 "$said")
plain ben join --name Ben --phrase-fd 4 "$link" >/dev/null 2>&1
agent ben
council ben roster
council ada schedule set mon thu --time 18:00 --zone Europe/Berlin
council ada note post --message "hello Ben"
council ben note list
printf '## What I love\n- music\n' >"$work/page.md"
council ben document new --json "$work/page.md"
document=$(/usr/bin/python3 -c 'import json, sys; print(json.loads(sys.stdin.readline())["document"])' <"$said")
council ben document show "$document"
council ben checkin --commit "Call the workshop" --commit "Write [5 letters]" --hope 4
council ada safety --json
printf 'open now\nwho\nhand\nminute We begin.\nnext\nshow\n' >"$work/room"
input=$work/room council ada meeting --plain
council ada moderate
council ada calendar write "$work/meetings.ics"
council ben pool register --yes --name Ben --pace slow --function data --level senior --hours 'mon-fri 18:00-21:00' --zone UTC
council ben note post --offline --message "later"
council ada export --quiet "$work/export"
council ada remove Ben

steps=$((steps + 1))
"${watched[@]}" --log-file="$logs/control.log" "$(dirname "$bin")/tests/checkers/council-control-memory" >/dev/null 2>&1
status=$?
if ((status == 97)) && grep -q 'uninitialised' "$logs/control.log" && grep -q 'definitely lost' "$logs/control.log"; then
    result ok "control: a read of what nobody wrote, and a lost block, are reported"
else
    result "not ok" "control: a read of what nobody wrote, and a lost block, are reported (exit status $status)"
fi
echo "1..$number"
((failed == 0))
