#!/usr/bin/env bash
# The server under the thread sanitizer: its end-to-end tests that stress threads, those of the thread that seeks groups and of the one that sends mails, and the
# unit tests of what it does on threads.
#   tests/checkers/threads.sh
# Builds what these tests need alone (preset tsan). TAP. Any report of the sanitizer is a failure; there is no list of exceptions. The control, a program with a
# race, must be reported.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

ends=(test_pool.py test_mail.py test_server_calls.py test_server_durable.py test_server_operator.py test_server_backup.py)
units=(host_threads host_batch)
targets=(councild council-cli hostile-clock hostile-passphrase council-control-race)
for unit in "${units[@]}"; do targets+=("test_$unit"); done

logs=build/test-logs/tsan
rm -rf "$logs" && mkdir -p "$logs"
number=0
failed=0
result() { # ok|"not ok" TEXT
    number=$((number + 1))
    [[ $1 == ok ]] || failed=$((failed + 1))
    echo "$1 $number - $2"
}

if ! { cmake --preset tsan && cmake --build build/tsan -j "$(nproc)" --target "${targets[@]}"; } >"$logs/build.log" 2>&1; then
    tail -n 30 "$logs/build.log"
    result "not ok" "the build with the thread sanitizer stands"
    exit 1
fi

# run NAME COMMAND...: its own reports are kept apart by name; a report fails it whatever it says itself.
run() {
    local name=$1 status reports
    shift
    TSAN_OPTIONS="log_path=$PWD/$logs/$name.report exitcode=66 second_deadlock_stack=1 ${TSAN_OPTIONS:-}" \
        COUNCIL_BIN=$PWD/build/tsan/bin timeout --kill-after=10 200 "$@" >"$logs/$name.log" 2>&1 </dev/null
    status=$?
    reports=$(cat "$logs/$name".report.* 2>/dev/null | grep -c 'WARNING: ThreadSanitizer')
    echo "$status $reports" >"$logs/$name.status"
}
export -f run
export logs

for unit in "${units[@]}"; do run "unit_$unit" "build/tsan/tests/unit/test_$unit"; done
printf '%s\0' "${ends[@]}" | xargs -0 -P 2 -I {} bash -c 'run "$1" "tests/integration/$1"' _ {}

for name in "${units[@]/#/unit_}" "${ends[@]}"; do
    read -r status reports <"$logs/$name.status"
    if ((status == 0 && reports == 0)); then
        result ok "$name: nothing reported"
    else
        cat "$logs/$name".report.* 2>/dev/null | grep SUMMARY | sort | uniq -c | sed 's/^/# /'
        grep -A 12 '^not ok' "$logs/$name.log" | head -n 40 | sed 's/^/# /'
        result "not ok" "$name: exit status $status, $reports reports"
    fi
done

run control build/tsan/tests/checkers/council-control-race
read -r status reports <"$logs/control.status"
if ((reports > 0)); then result ok "control: a race is reported"; else result "not ok" "control: a race is reported"; fi
echo "1..$number"
((failed == 0))
