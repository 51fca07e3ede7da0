#!/usr/bin/env bash
# Races for long: tests/sim/long_races.sh --minutes N [--first SEED], until 10,000 heads were raced for or the time is over. TAP.
# Without --first the clock says where it begins; it ends with the next seed, where another may go on.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/sim/build.sh
source tests/sim/build.sh
sim_long_options "$@"
sim_build
all=0
while ((SECONDS < minutes * 60 && all < 10000)); do
    sim_seeds races "$fast/sim" "$first" $((2 * jobs)) --races
    all=$((all + raced))
    result "$failed" "one winner in each of $raced races, seeds $first to $((first + 2 * jobs - 1))"
    first=$((first + 2 * jobs))
done
sim_control 'stale' "$fast/sim-swapless" --races --volleys 8 --seed 1
result $? "a server that lets two win is found out"
echo "# $all races; next seed: $first"
finish
