#!/usr/bin/env bash
# Every test of Council, in numbered stages. A stage that reports TAP counts line by line; any
# other counts as one. The last line says how many passed and failed; exit status 1 if any failed.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 2

# name | needs one of these to exist (glob; empty: always) | slow: left out by --fast | seconds it may take on two processors | title
# A stage that takes longer is said to be over its budget: then it is made shorter, never left out. All together stay under 20 minutes, from an empty build folder.
stages=(
    "deps||no|5|packages that are missing"
    "format|*/*.[ch]|no|20|clang-format of the tracked C files"
    "layers|tests/layers.py|no|5|who may know whom"
    "gcc|CMakeLists.txt|no|60|GCC build, warnings are errors"
    "clang|CMakeLists.txt|slow|60|clang build, warnings are errors"
    "asan|CMakeLists.txt|no|90|build with address and undefined-behaviour sanitizers"
    "unit|tests/unit/test_*.c|no|60|unit tests, sanitized"
    "vectors|tests/independent/check.py|no|15|vectors against the independent check and the library"
    "corpus|tests/fuzz/targets.txt|no|20|the corpora of all fuzz targets, sanitized"
    "soundness|tests/soundness/main.c|no|35|whatever is done to a valid log is refused by the right error"
    "sim|tests/sim/main.c|no|80|councils played from a seed each, and races"
    "store|tests/store/test_*|no|20|store tests, sanitized"
    "integration|tests/integration/test_*|no|280|the real binaries, sanitized"
    "crash|tests/crash/test_*|no|120|killed at any moment, sanitized"
    "fuzz|tests/fuzz/targets.txt|slow|100|every parser under libFuzzer"
    "tsan|tests/checkers/threads.sh|slow|90|the server under the thread sanitizer"
    "valgrind|tests/checkers/memcheck.sh|slow|60|the client under valgrind"
    "tidy|protocol/*.c|slow|240|clang-tidy"
)

logs=build/test-logs
jobs=$(nproc)
fast=no
long=no
list=no
minutes=60
only=()
passed=0
failed=0
failures=()

usage() {
    cat <<'TEXT'
Usage: tests/run.sh [--fast] [--only STAGE]... [--list] [--jobs N]
       tests/run.sh --long [--minutes N] [--only PROOF]... [--list]

Runs every test; the last line is "N passed, N failed", the table before it says what each stage took.
  --fast         leave out the clang build, clang-tidy, fuzzing, the thread sanitizer and valgrind
  --long         instead the long versions of the proofs, tests/*/long_*: N minutes (default 60) for all together
  --only STAGE   this stage alone (may be repeated); builds that it needs are made first
  --list         the stages (with --long: the proofs) there are
  --jobs N       at most N things at once (default: the number of processors)
  --help         this text

Logs are in build/test-logs/.
TEXT
}

field() { cut -d'|' -f"$2" <<<"$1"; }

# Stages whose inputs are in the tree.
available() {
    local stage
    for stage in "${stages[@]}"; do
        local glob
        glob=$(field "$stage" 2)
        [[ -z $glob ]] || compgen -G "$glob" >/dev/null || continue
        printf '%s\n' "$stage"
    done
}

# --- counting ---------------------------------------------------------------------------------

pass() { passed=$((passed + $1)); }

# fail COUNT WHAT LOG: counts, and shows the end of the log without what passed.
fail() {
    failed=$((failed + $1))
    failures+=("$2 ($3)")
    printf '    FAILED: %s; the end of %s:\n' "$2" "$3"
    grep -vE '^ok\b' "$3" | tail -n 50 | sed 's/^/    | /'
}

# count_tap NAME LOG STATUS: a program that says nothing, breaks off before its plan is done or
# exits with an error without naming a failed test has failed once more.
count_tap() {
    local name=$1 log=$2 status=$3 ok not_ok planned extra=0
    ok=$(grep -cE '^(ok\b|not ok .*# ?SKIP)' "$log")
    not_ok=$(grep -E '^not ok\b' "$log" | grep -cvE '# ?SKIP')
    planned=$(sed -n 's/^1\.\.\([0-9][0-9]*\).*/\1/p' "$log" | awk '{ n += $1 } END { print n + 0 }')
    if ((ok + not_ok == 0 || ok + not_ok < planned || (status != 0 && not_ok == 0))); then
        extra=1
        printf 'run.sh: exit status %s, %s of %s results\n' "$status" "$((ok + not_ok))" \
            "$planned" >>"$log"
    fi
    pass "$ok"
    ((not_ok + extra == 0)) || fail $((not_ok + extra)) "$name" "$log"
    printf '    %-44s %4d ok %4d not ok\n' "$name" "$ok" "$((not_ok + extra))"
}

# once NAME COMMAND...: a step that passes or fails as a whole.
once() {
    local name=$1 log=$logs/$1.log
    shift
    if "$@" >"$log" 2>&1; then pass 1; else fail 1 "$name" "$log"; fi
}

# run_tap FOLDER SECONDS PROGRAM...: runs TAP programs side by side, then counts in order. Twice as many as there are processors: half of
# the time they wait for each other's members.
run_tap() {
    local folder=$logs/$1 seconds=$2 program name
    shift 2
    mkdir -p "$folder" && rm -f "$folder"/*
    # shellcheck disable=SC2016  # expanded by the inner shell
    printf '%s\0' "$@" | xargs -0 -P "$((2 * jobs))" -I {} bash -c '
        log=$1/$(basename "$3").log
        timeout --kill-after=10 "$2" "$3" >"$log" 2>&1 </dev/null
        echo $? >"$log.status"' _ "$folder" "$seconds" {}
    for program in "$@"; do
        name=$(basename "$program")
        count_tap "$name" "$folder/$name.log" "$(cat "$folder/$name.log.status" || echo lost)"
    done
}

# --- builds -----------------------------------------------------------------------------------

# cmake_build PRESET [--target NAME...]: configured anew each time, which is quick, so that new folders are seen.
cmake_build() {
    local preset=$1
    shift
    cmake --preset "$preset" && cmake --build "build/$preset" -j "$jobs" "$@"
}

built_asan=no
need_asan() {
    [[ $built_asan == yes ]] && return 0
    mkdir -p "$logs"
    cmake_build asan >"$logs/asan.log" 2>&1 && built_asan=yes
}

# Directory with both real binaries, as the scripts expect them.
council_bin() {
    mkdir -p build/asan/bin
    find "$PWD/build/asan" -path '*/bin' -prune -o -type f -perm -u+x \
        \( -name council -o -name councild \) -exec ln -sf {} build/asan/bin/ \;
    echo "$PWD/build/asan/bin"
}

# --- stages -----------------------------------------------------------------------------------

stage_deps() { once deps deploy/install-deps.sh --build --test; }

c_files() {
    git ls-files -- '*.c' '*.h' 2>/dev/null | while read -r file; do
        [[ ! -f $file ]] || printf '%s\n' "$file"
    done
}

stage_format() {
    c_files >"$logs/format.files"
    format_check() { xargs -r clang-format --dry-run -Werror <"$logs/format.files"; }
    once format format_check
    sed -n 's/^\([^:]*\):[0-9]*:.*clang-format-violations.*/\1/p' "$logs/format.log" | sort -u |
        sed 's/^/    not formatted: /'
}

stage_layers() {
    tests/layers.py >"$logs/layers.log" 2>&1
    count_tap layers "$logs/layers.log" $?
}

stage_gcc() { once gcc cmake_build dev; }

stage_clang() { once clang cmake_build clang; }

stage_asan() {
    if need_asan; then pass 1; else fail 1 asan "$logs/asan.log"; fi
}

# Each source must be listed in tests/unit/CMakeLists.txt and each listed test have a source.
stage_unit() {
    need_asan || { fail 1 "unit: no sanitized build" "$logs/asan.log" && return; }
    local listed sources
    listed=$(sed -nE 's/^ *council_unit_test\((\w+).*/\1/p' tests/unit/CMakeLists.txt | sort)
    sources=$(basename -s .c tests/unit/test_*.c | sed 's/^test_//' | sort)
    diff <(echo "$listed") <(echo "$sources") >"$logs/unit-list.log" ||
        fail 1 "unit: tests/unit/CMakeLists.txt and the sources differ" "$logs/unit-list.log"
    local programs=() name
    for name in $sources; do
        [[ ! -x build/asan/tests/unit/test_$name ]] || programs+=("build/asan/tests/unit/test_$name")
    done
    ((${#programs[@]} == 0)) || CMOCKA_MESSAGE_OUTPUT=TAP run_tap unit 180 "${programs[@]}"
}

# Programs that check vectors end with "N passed, N failed".
vectors_by() {
    local name=$1 log=$logs/vectors-$1.log summary ok not_ok status
    shift
    "$@" protocol/vectors >"$log" 2>&1
    status=$?
    summary=$(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$log" | tail -n 1)
    read -r ok _ not_ok _ <<<"${summary:-0 passed, 1 failed}"
    ((status == 0 || not_ok > 0)) || not_ok=1
    pass "$ok"
    ((not_ok == 0)) || fail "$not_ok" "vectors, $name" "$log"
    printf '    %-44s %4d ok %4d not ok\n' "$name" "$ok" "$not_ok"
}

stage_vectors() {
    vectors_by independent /usr/bin/python3 tests/independent/check.py
    need_asan || { fail 1 "vectors: no sanitized build" "$logs/asan.log" && return; }
    vectors_by library build/asan/tests/vectors/council-vectors-run
}

# A thousand seeds and a thousand races, and the controls that must be found out.
stage_sim() {
    need_asan || { fail 1 "sim: no sanitized build" "$logs/asan.log" && return; }
    jobs=$jobs timeout --kill-after=10 600 tests/sim/short.sh build/asan >"$logs/sim.log" 2>&1
    count_tap sim "$logs/sim.log" $?
}

# Executable scripts of a folder, with COUNCIL_BIN saying where councild and council are.
scripts_of() {
    local folder=$1 seconds=$2 script programs=()
    need_asan || { fail 1 "$folder: no sanitized build" "$logs/asan.log" && return; }
    for script in tests/"$folder"/test_*.sh tests/"$folder"/test_*.py; do
        [[ ! -x $script ]] || programs+=("$script")
    done
    ((${#programs[@]} == 0)) || COUNCIL_BIN=$(council_bin) run_tap "$folder" "$seconds" "${programs[@]}"
}

# What a corpus holds must not break a target: seeds made from the vectors, and what once broke one.
stage_corpus() {
    need_asan || { fail 1 "corpus: no sanitized build" "$logs/asan.log" && return; }
    local target rest built=build/asan/tests/fuzz
    mkdir -p "$logs/corpus"
    while read -r target rest; do
        local corpora=("$built/corpus/$target")
        [[ ! -d tests/fuzz/corpus/$target ]] || corpora+=("tests/fuzz/corpus/$target")
        once "corpus/$target" timeout 120 "$built/fuzz_$target" "${corpora[@]}"
        grep -qE '^[1-9][0-9]* inputs$' "$logs/corpus/$target.log" || fail 1 "corpus of $target is empty" "$logs/corpus/$target.log"
    done < <(grep -v '^#' tests/fuzz/targets.txt)
}

# tap_stage NAME COMMAND...: a program whose TAP is the stage's.
tap_stage() {
    local name=$1
    shift
    "$@" >"$logs/$name.log" 2>&1 </dev/null
    count_tap "$name" "$logs/$name.log" $?
}

# The control lacks one check at a time.
stage_soundness() {
    if ! cmake_build dev --target council-soundness council-soundness-control >"$logs/soundness-build.log" 2>&1; then
        fail 1 "soundness: the build does not stand" "$logs/soundness-build.log"
        return
    fi
    tap_stage soundness build/dev/tests/soundness/council-soundness --jobs "$jobs" protocol/vectors
    tap_stage soundness-control build/dev/tests/soundness/council-soundness-control protocol/vectors
}

stage_fuzz() { tap_stage fuzz tests/fuzz/run.sh --seconds 8 --jobs "$jobs"; }
stage_tsan() { tap_stage tsan tests/checkers/threads.sh; }

stage_valgrind() {
    if ! cmake_build dev --target councild council-cli council-control-memory >"$logs/valgrind-build.log" 2>&1; then
        fail 1 "valgrind: the build does not stand" "$logs/valgrind-build.log"
        return
    fi
    tap_stage valgrind tests/checkers/memcheck.sh build/dev/bin
}

stage_store() { scripts_of store 300; }
stage_integration() { scripts_of integration 420; }
stage_crash() { scripts_of crash 420; }

# A file that was clean is not looked at again while what the compiler sees of it (includes
# unfolded, comments kept for NOLINT) and .clang-tidy are the same.
tidy_one() {
    local file=$1 log text key= checks=()
    [[ $file != tests/* ]] || checks=(--checks=-clang-analyzer-*) # half of the time; tests run under sanitizers anyway
    log=$logs/tidy/${file//\//_}.log
    if text=$(clang -E -C -std=c17 -D_GNU_SOURCE= -I. "$file" 2>/dev/null); then
        key=$({ cat .clang-tidy && clang-tidy --version && echo "$text"; } | sha256sum | cut -c1-64)
    fi
    if [[ -n $key && -e build/tidy-cache/$key ]]; then
        echo "ok - $file" >"$log"
    elif clang-tidy -p build/clang --quiet "${checks[@]}" "$file" >"$log" 2>&1; then
        [[ -z $key ]] || : >"build/tidy-cache/$key"
        echo "ok - $file" >>"$log"
    else
        echo "not ok - $file" >>"$log"
    fi
}

stage_tidy() {
    # Built and not just configured: sources include headers that the build makes.
    if ! cmake_build clang >"$logs/tidy-build.log" 2>&1; then
        fail 1 "tidy: the clang build does not stand" "$logs/tidy-build.log"
        return
    fi
    rm -rf "$logs/tidy" && mkdir -p "$logs/tidy" build/tidy-cache
    export logs
    export -f tidy_one
    # Only what the build compiles: clang-tidy guesses flags for anything else.
    c_files | grep '\.c$' | while read -r file; do
        ! grep -qF "\"$PWD/$file\"" build/clang/compile_commands.json || printf '%s\0' "$file"
    done | xargs -0 -r -P "$jobs" -I {} bash -c 'tidy_one "$1"' _ {}
    find "$logs/tidy" -name '*.log' | sort | while read -r log; do
        grep -hE '(warning|error): ' "$log" | sort -u
        tail -n 1 "$log"
    done >"$logs/tidy.log"
    count_tap tidy "$logs/tidy.log" 0
}

# --- the long versions ----------------------------------------------------------------------

long_proofs() {
    local script
    for script in tests/*/long_*.sh tests/*/long_*.py; do
        [[ ! -x $script ]] || printf '%s\n' "$script"
    done
}

# The line below a title in a script's comments, or the whole first one.
about() { sed -n '2,3{/^#/s/^# *//p;/^"""/s/^"""//p}' "$1" | head -n 1 | cut -c1-110; }

# run_long SCRIPT MINUTES: one line of what came of it; while it runs, what it said last, once a minute.
run_long() {
    local script=$1 share=$2 name log pid status started=$SECONDS said=$SECONDS ok not_ok
    name=$(basename "$script")
    log=$logs/long/$name.log
    timeout --kill-after=30 $((share * 60 + 900)) "$script" --minutes "$share" >"$log" 2>&1 </dev/null &
    pid=$!
    while kill -0 "$pid" 2>/dev/null; do
        sleep 1
        ((SECONDS - said < 60)) && continue
        said=$SECONDS
        printf '    %s: %d of about %d s: %s\n' "$name" $((SECONDS - started)) $((share * 60)) "$(tail -n 1 "$log" | cut -c1-100)"
    done
    wait "$pid"
    status=$?
    ok=$passed not_ok=$failed
    count_tap "$name" "$log" "$status" >/dev/null
    printf '%-28s %4d ok %4d not ok in %d s\n' "$name" $((passed - ok)) $((failed - not_ok)) $((SECONDS - started))
    ((failed == not_ok)) || grep -E '^not ok' "$log" | head -n 5 | sed 's/^/    /'
}

long_run() {
    local chosen=() script share
    while read -r script; do
        if ((${#only[@]} == 0)) || printf '%s\n' "${only[@]}" | grep -qxE "$(basename "$script" | sed -E 's/^long_(.*)\.[a-z]+$/(long_)?\1(.[a-z]+)?/')"; then
            chosen+=("$script")
        fi
    done < <(long_proofs)
    ((${#chosen[@]})) || { echo "run.sh: no such proof; see --long --list" >&2 && exit 2; }
    mkdir -p "$logs/long"
    share=$((minutes / ${#chosen[@]}))
    ((share > 0)) || share=1
    printf '%d proofs, %d min each; logs in %s\n' "${#chosen[@]}" "$share" "$logs/long"
    for script in "${chosen[@]}"; do run_long "$script" "$share"; done
}

# --- the run ----------------------------------------------------------------------------------

# A function, so that all of this file was read before anything runs: it may be edited meanwhile.
main() {
    while (($#)); do
        case $1 in
        --fast) fast=yes ;;
        --long) long=yes ;;
        --minutes)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { usage >&2 && exit 2; }
            minutes=$2
            shift
            ;;
        --only)
            (($# > 1)) || { usage >&2 && exit 2; }
            only+=("$2")
            shift
            ;;
        --jobs)
            [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || { usage >&2 && exit 2; }
            jobs=$2
            shift
            ;;
        --list) list=yes ;;
        --help | -h) usage && exit 0 ;;
        *) usage >&2 && exit 2 ;;
        esac
        shift
    done

    if [[ $list == yes && $long == yes ]]; then
        while read -r script; do printf '%-34s %s\n' "$script" "$(about "$script")"; done < <(long_proofs)
        exit 0
    elif [[ $list == yes ]]; then
        available | awk -F'|' '{ printf "%-12s %4d s  %s\n", $1, $4, $5 }'
        exit 0
    fi

    mkdir -p "$logs"
    export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0
    export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

    finish() {
        ((${#failures[@]} == 0)) || printf 'failed: %s\n' "${failures[@]}"
        printf 'took %d s\n' "$SECONDS"
        printf '%d passed, %d failed\n' "$passed" "$failed"
        ((failed == 0))
        exit
    }

    if [[ $long == yes ]]; then
        long_run
        finish
    fi

    mapfile -t run < <(available)
    for name in ${only[@]+"${only[@]}"}; do
        printf '%s\n' "${run[@]}" | grep -q "^$name|" ||
            { echo "run.sh: no stage $name; see --list" >&2 && exit 2; }
    done

    selected() {
        local stage=$1
        if ((${#only[@]})); then
            printf '%s\n' "${only[@]}" | grep -qxF "$(field "$stage" 1)"
        else
            [[ $fast == no || $(field "$stage" 3) != slow ]]
        fi
    }

    chosen=()
    for stage in "${run[@]}"; do selected "$stage" && chosen+=("$stage"); done

    number=0
    table=()
    over=0
    for stage in "${chosen[@]}"; do
        number=$((number + 1))
        before=("$passed" "$failed")
        started=$SECONDS
        printf '[%d/%d] %s: %s\n' "$number" "${#chosen[@]}" "$(field "$stage" 1)" "$(field "$stage" 5)"
        "stage_$(field "$stage" 1)"
        took=$((SECONDS - started)) budget=$(field "$stage" 4) remark=
        printf '    %d passed, %d failed in %d s\n' $((passed - before[0])) $((failed - before[1])) "$took"
        ((took <= budget)) || { remark=' over its budget' && over=$((over + 1)); }
        table+=("$(printf '%-12s %5d s of %4d s %6d passed %4d failed%s' "$(field "$stage" 1)" "$took" "$budget" \
            $((passed - before[0])) $((failed - before[1])) "$remark")")
    done

    printf '%s\n' "${table[@]}"
    ((over == 0)) || printf '%d stages took longer than they may: shorten them\n' "$over"
    finish
}

{
    main "$@"
    exit
}
