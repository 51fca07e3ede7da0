#!/usr/bin/env bash
# How good matching is: tests/match/long_match.sh [--minutes N] [--first SEED], optimised, on one processor. TAP.
# 205 small pools against GLPK's optimum, drafts alone as the control, then pools of 1,000, 10,000 and 100,000 against their bound, with 20 and 10 per
# cent who would moderate; then more of both with other seeds until the time is over. The figures stand in comments; docs/matching.md has a run of it.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
minutes=1
first=1
while (($#)); do
    case $1 in
    --minutes) minutes=${2:-} ;;
    --first) first=${2:-} ;;
    *) minutes= && break ;;
    esac
    shift 2
done
[[ $minutes =~ ^[1-9][0-9]*$ && $first =~ ^[1-9][0-9]*$ ]] || { sed -n '2s/^# //p' "$0" >&2 && exit 2; }

build=build/match
log=build/test-logs/match.log
mkdir -p build/test-logs
{ cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O2 -g" &&
    cmake --build "$build" --target match_quality; } >"$log" 2>&1 || { tail -n 30 "$log" && exit 1; }

number=0
failed=0
# result STATUS TITLE
result() {
    number=$((number + 1))
    if (($1 == 0)); then echo "ok $number - $2"; else echo "not ok $number - $2" && failed=1; fi
}
quality() { "$build/tests/match/match_quality" "$@" >"$log" 2>&1; local status=$?; grep '^#' "$log"; return $status; }

quality small "$first" 205
result $? "small pools from seed $first: 97 % of the optimum, no rule broken"
! quality small "$first" 40 drafts
result $? "drafts alone are found out"
seed=$first
while :; do
    for moderators in 20 10; do
        for people in 1000 10000 100000; do
            quality large "$people" "$moderators" "$seed"
            result $? "$people people, $moderators % would moderate, seed $seed: 97 % of the bound, no rule broken, in 10 s"
        done
    done
    seed=$((seed + 1))
    ((SECONDS < minutes * 60)) || break
    quality small $((seed * 1000)) 100
    result $? "small pools from seed $((seed * 1000)): 97 % of the optimum, no rule broken"
done
echo "1..$number"
exit "$failed"
