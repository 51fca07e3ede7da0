#!/usr/bin/env bash
# Every fuzz target for some seconds, on a libFuzzer build of its own (build/fuzz).
#   tests/fuzz/run.sh [--seconds N] [--jobs J] [TARGET...]
# N seconds each (default 6), J targets at once (default: the number of processors). TAP. New inputs are kept in build/fuzz/found/; an input that breaks something
# is named, and belongs in tests/fuzz/corpus/<target>/ once it is understood. The control, a planted overflow, must be found.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

seconds=6
jobs=$(nproc)
targets=()
while (($#)); do
    case $1 in
    --seconds | --jobs)
        [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { sed -n '2,6s/^# //p' "$0" >&2 && exit 2; }
        if [[ $1 == --jobs ]]; then jobs=$2; else seconds=$2; fi
        shift
        ;;
    -*) sed -n '2,6s/^# //p' "$0" >&2 && exit 2 ;;
    *) targets+=("$1") ;;
    esac
    shift
done
((${#targets[@]})) || mapfile -t targets < <(grep -v '^#' tests/fuzz/targets.txt | cut -d' ' -f1)

logs=build/test-logs/fuzz
mkdir -p "$logs"
if ! { cmake --preset fuzz && cmake --build build/fuzz -j "$jobs" --target council-fuzz-all; } >"$logs/build.log" 2>&1; then
    tail -n 30 "$logs/build.log"
    echo "not ok - the fuzz targets are built"
    exit 1
fi

# ASan finds the overflow; what targets must give back is counted by LeakSanitizer.
export ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
one() {
    local target=$1 seconds=$2 bytes
    local built=build/fuzz/tests/fuzz found=build/fuzz/found/$1 kept=tests/fuzz/corpus/$1
    bytes=$(awk -v t="$target" '$1 == t { print $2 }' tests/fuzz/targets.txt)
    mkdir -p "$found"
    local corpora=("$found" "$built/corpus/$target")
    [[ ! -d $kept ]] || corpora+=("$kept")
    "$built/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=2048 -max_len="${bytes:-4096}" \
        -artifact_prefix="$found.broken-" -print_final_stats=1 "${corpora[@]}" >"build/test-logs/fuzz/$target.log" 2>&1
}
export -f one
printf '%s\0' planted "${targets[@]}" | xargs -0 -P "$jobs" -I {} bash -c 'one "$1" "$2"; echo $? >"build/test-logs/fuzz/$1.status"' _ {} "$seconds"

failed=0
echo "1..$((${#targets[@]} + 1))"
number=0
for target in "${targets[@]}"; do
    number=$((number + 1))
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target.log")
    if [[ $(cat "$logs/$target.status") == 0 ]]; then
        echo "ok $number - fuzz_$target: ${runs:-?} inputs in $seconds s, $(grep -oE 'cov: [0-9]+' "$logs/$target.log" | tail -n 1 | cut -d' ' -f2) edges"
    else
        failed=$((failed + 1))
        grep -E 'ERROR|SUMMARY|broken promise|Test unit written' "$logs/$target.log" | sed 's/^/# /'
        echo "not ok $number - fuzz_$target breaks: see $logs/$target.log"
    fi
done
if grep -qE 'heap-buffer-overflow' "$logs/planted.log"; then
    echo "ok $((number + 1)) - control: the planted overflow is found"
else
    failed=$((failed + 1))
    echo "not ok $((number + 1)) - control: the planted overflow is not found in $seconds s"
fi
rm -rf build/fuzz/found/planted build/fuzz/found/planted.broken-*
((failed == 0))
