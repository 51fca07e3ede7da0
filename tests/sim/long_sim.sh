#!/usr/bin/env bash
# The simulator for long: tests/sim/long_sim.sh --minutes N plays fresh seeds, two hundred at a time, until the time is over. TAP.
# The first seed follows from the clock, so each run plays others; a seed that fails is named. See run.sh.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
[[ ${1:-} == --minutes && ${2:-} =~ ^[1-9][0-9]*$ ]] || { sed -n '2s/^# //p' "$0" >&2 && exit 2; }
first=$((($(date +%s) % 1000000) * 1000 + 1))
number=0
failed=0
log=build/test-logs/sim-long.said
mkdir -p build/test-logs
while ((SECONDS < $2 * 60)); do
    number=$((number + 1))
    if tests/sim/run.sh --first "$first" --seeds 200 >"$log" 2>&1; then
        echo "ok $number - seeds $first to $((first + 199)): $(tail -n 1 "$log")"
    else
        failed=$((failed + 1))
        grep -vE '^[0-9]+ passed' "$log" | head -n 20 | sed 's/^/# /'
        echo "not ok $number - seeds $first to $((first + 199)): $(tail -n 1 "$log")"
    fi
    first=$((first + 200))
done
echo "1..$number"
((failed == 0))
