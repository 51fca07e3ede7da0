# shellcheck shell=bash disable=SC2034  # what is set here is used by those who source it
# crash.sh - how the proofs of this folder are run: what is built for them, their programs one after the other, one TAP of all.
# Sourced by test_*.sh and long_*.sh, which say with `proof` and `control` what they want.
#
#   proof COMMAND...            its results are ours
#   together "COMMAND"...       the same of several at once
#   control WHAT PATTERN COMMAND...   the promise is broken: it must fail, and say PATTERN
#
# $programs is the folder of the programs, $councild the server, $minutes (long_*.sh alone) the time that there is, $seed what
# randomness follows from.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2

minutes=
seed=${SEED:-1}
while (($#)); do
    case $1 in
    --minutes) minutes=${2:?} && shift ;;
    --seed) seed=${2:?} && shift ;;
    *)
        echo "Usage: $0 [--minutes N] [--seed N]" >&2
        exit 2
        ;;
    esac
    shift
done

if [[ $(basename "$0") == long_* ]]; then
    minutes=${minutes:-10}
    [[ ${SEED+set} || $seed != 1 ]] || seed=$(date +%s)
    if [[ -z ${COUNCIL_BIN:-} ]]; then
        { cmake --preset asan && cmake --build build/asan --target council-crash-all; } >/dev/null ||
            { echo "Bail out! The build does not stand." && exit 2; }
    fi
fi
bin=${COUNCIL_BIN:-build/asan/bin}
programs=$bin/../tests/crash
councild=$bin/councild

# What is cut off in the middle is no leak.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-halt_on_error=1:print_stacktrace=1}

results=0
bad=0
said=$(mktemp)

finish() {
    rm -f "$said"
    echo "1..$results"
    exit $((bad > 0))
}

result() { # ok|"not ok" TEXT
    results=$((results + 1))
    [[ $1 == ok ]] || bad=$((bad + 1))
    echo "$1 $results - $2"
}

# Seconds that a program may take: what it was told, and some more.
limit() { echo $((${minutes:-3} * 60 + 240)); }

# told FILE STATUS PROGRAM: the results in what a program said.
told() {
    local line before=$bad
    while IFS= read -r line; do
        case $line in
        'ok '*) result ok "${line#ok * - }" ;;
        'not ok '*) result "not ok" "${line#not ok * - }" ;;
        1..*) ;;
        *) echo "# ${line#\# }" ;;
        esac
    done <"$1"
    (($2 == 0 || bad > before)) || result "not ok" "$(basename "$3") ended with status $2"
}

proof() {
    timeout --kill-after=10 "$(limit)" "$@" >"$said" 2>&1 </dev/null
    told "$said" $? "$1"
}

together() {
    local command pids=() i=0
    for command in "$@"; do
        # shellcheck disable=SC2086  # words of a command
        timeout --kill-after=10 "$(limit)" $command >"$said.$i" 2>&1 </dev/null &
        pids+=($!)
        i=$((i + 1))
    done
    i=0
    for command in "$@"; do
        wait "${pids[$i]}"
        told "$said.$i" $? "${command%% *}"
        rm -f "$said.$i"
        i=$((i + 1))
    done
}

control() {
    local what=$1 pattern=$2 status
    shift 2
    timeout --kill-after=10 240 "$@" >"$said" 2>&1 </dev/null
    status=$?
    if ((status == 1)) && grep -qE "$pattern" "$said"; then
        grep -m 1 -E "$pattern" "$said" | sed 's/^#* */# control: /'
        result ok "control: $what is found out"
    else
        sed 's/^/# /' "$said" | tail -n 20
        result "not ok" "control: $what is found out (status $status)"
    fi
}
