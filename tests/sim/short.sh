#!/usr/bin/env bash
# A thousand councils from a seed each, and a thousand races: tests/sim/short.sh [SANITIZED-BUILD]. TAP.
# Most run in an optimised build of its own; with the folder of a sanitized build a hundred councils and a few races run there, too. The
# controls: a server that acknowledges before it is durable, one put back as it was without a word, one that lets two control entries win.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
# shellcheck source=tests/sim/build.sh
source tests/sim/build.sh
sim_build
sanitized=${1:+$1/tests/sim}

sim_seeds short "$fast/sim" 1 900
result "$failed" "900 councils from a seed each"
sim_seeds sanitized "${sanitized:-$fast}/sim" 901 100
result "$failed" "100 councils more${sanitized:+, sanitized}"
sim_seeds races "$fast/sim" 1 1000 --races --volleys 144 --until $((1000 / jobs + 1))
result $((failed > 0 || raced < 1000)) "one winner in each of $raced races of 64 devices"
sim_seeds races-sanitized "${sanitized:-$fast}/sim" 5001 1 --races --volleys 2
result "$failed" "and of $raced more${sanitized:+, sanitized}"
sim_control 'LOST|rolled_back' "$fast/sim-control" --seeds 1..60
result $? "a server that acknowledges too early is found out"
sim_control 'rolled_back' "$fast/sim" --unmarked --seeds 1..60
result $? "a server that was put back and does not say so is found out"
sim_control 'stale' "$fast/sim-swapless" --races --volleys 8 --seed 1
result $? "a server that lets two win is found out"
finish
