#!/usr/bin/env bash
# Which lines the tests reach: unit tests, vectors and the end-to-end tests, on a build of their own (preset coverage).
#   tests/coverage.sh [--quick]
# Prints a table and "N passed, N failed". protocol/ must reach 95 % of its lines, with every line that is not reached and every branch that is not taken listed in
# tests/coverage/unreached.md under its reason; all else must reach 85 %. --quick leaves out the end-to-end tests, and judges protocol/ alone.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

quick=no
case ${1:-} in
'') ;;
--quick) quick=yes ;;
*) sed -n '2,6s/^# //p' "$0" >&2 && exit 2 ;;
esac

logs=build/test-logs/coverage
mkdir -p "$logs"
jobs=$(nproc)
if ! { cmake --preset coverage && cmake --build build/coverage -j "$jobs" --target councild council-cli council-unit-tests council-vectors-run; } >"$logs/build.log" 2>&1; then
    tail -n 30 "$logs/build.log"
    exit 1
fi
find build/coverage -name '*.gcda' -delete

# What fails here is no line less reached; it fails where it belongs, in tests/run.sh.
find build/coverage/tests/unit -maxdepth 1 -type f -perm -u+x -print0 |
    xargs -0 -P "$jobs" -I {} bash -c 'timeout 180 "$1" >"$2/$(basename "$1").log" 2>&1 </dev/null || echo "# $(basename "$1") failed"' _ {} "$logs"
build/coverage/tests/vectors/council-vectors-run protocol/vectors >"$logs/vectors.log" 2>&1
if [[ $quick == no ]]; then
    # Not those that need the sanitizers, a package or nobody else on the machine.
    find tests/integration -name 'test_cli_*.py' -print0 -o -name 'test_server_*.py' -print0 |
        COUNCIL_BIN=$PWD/build/coverage/bin xargs -0 -P "$jobs" -I {} bash -c 'timeout 420 "$1" >"$2/$(basename "$1").log" 2>&1 </dev/null || echo "# $(basename "$1") failed"' _ {} "$logs"
fi

gcovr --root . --object-directory build/coverage --filter 'protocol/' --filter 'server/' --filter 'client/' \
    --json "$logs/coverage.json" build/coverage >"$logs/gcovr.log" 2>&1 ||
    { tail -n 20 "$logs/gcovr.log" && exit 1; }
exec tests/coverage/judge.py "$logs/coverage.json" tests/coverage/unreached.md "$quick"
