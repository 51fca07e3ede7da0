#!/usr/bin/env bash
# Many runs of the simulator, on an optimised build of its own and all processors.
#   tests/sim/run.sh [--seeds N] [--first M] [--jobs J]
# Plays seeds M..M+N-1 (default 1..1000). The control, whose server acknowledges before it is durable, must be found out. A seed that
# fails is told again with `build/sim/tests/sim/sim --seed S --trace`. Last line: N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

seeds=1000
first=1
jobs=$(nproc)
while (($#)); do
    [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { sed -n '2,5s/^# //p' "$0" >&2 && exit 2; }
    case $1 in
    --seeds) seeds=$2 ;;
    --first) first=$2 ;;
    --jobs) jobs=$2 ;;
    *) sed -n '2,5s/^# //p' "$0" >&2 && exit 2 ;;
    esac
    shift 2
done

mkdir -p build/test-logs
log=build/test-logs/sim-long
if ! { cmake -S . -B build/sim -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O2 -g" &&
    cmake --build build/sim -j "$jobs" --target council-sim council-sim-control; } >"$log.build" 2>&1; then
    tail -n 30 "$log.build"
    exit 1
fi

each=$(((seeds + jobs - 1) / jobs))
rm -f "$log".[0-9]*
for ((i = 0; i < jobs; i++)); do
    from=$((first + i * each))
    to=$((from + each - 1))
    ((to < first + seeds)) || to=$((first + seeds - 1))
    ((from <= to)) || break
    build/sim/tests/sim/sim --seeds "$from..$to" --each --counts >"$log.$i" 2>&1 &
done
wait

passed=0
failed=0
for part in "$log".[0-9]*; do
    grep -vE '^([0-9]+ passed, [0-9]+ failed|seed [0-9]+ begins)$' "$part"
    if ! read -r good _ bad _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$part"); then
        good=0 bad=1 # it broke off, in the seed that it named last
        grep -E '^seed [0-9]+ begins$' "$part" | tail -n 1 | sed 's/begins/ended the program/'
    fi
    passed=$((passed + good))
    failed=$((failed + bad))
done
if build/sim/tests/sim/sim-control --seeds 1..60 >"$log.control" 2>&1 ||
    ! grep -qE 'LOST|rolled_back' "$log.control"; then
    echo "the control was not found out: see $log.control"
    failed=$((failed + 1))
else
    passed=$((passed + 1))
fi
echo "$passed passed, $failed failed"
((failed == 0))
