#!/usr/bin/env bash
# The simulator for long: tests/sim/long_sim.sh --minutes N [--first SEED] plays seeds, two thousand at a time, until the time is over. TAP.
# Without --first the clock says where it begins, so each run plays others; it ends with the next seed, where another may go on. A
# million take about seven hours of two processors. A seed that fails is named. See short.sh for what else is tried.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/sim/build.sh
source tests/sim/build.sh
sim_long_options "$@"
sim_build
batch=200
while ((SECONDS < minutes * 60)); do
    sim_seeds long "$fast/sim" "$first" "$batch"
    result "$failed" "seeds $first to $((first + batch - 1))"
    first=$((first + batch))
    batch=2000
done
sim_control 'LOST|rolled_back' "$fast/sim-control" --seeds 1..60
result $? "a server that acknowledges too early is found out"
sim_control 'rolled_back' "$fast/sim" --unmarked --seeds 1..60
result $? "a server that was put back and does not say so is found out"
echo "# next seed: $first"
finish
