# build.sh - sourced by the simulator's scripts, in the root of the sources: an optimised build of it in build/sim, and how its
# programs are run side by side.
#
#   sim_long_options "$@"        of a long run: sets $minutes and $first, which the clock says if nobody does; or usage and the end
#   sim_build                    or the end
#   sim_seeds NAME PROGRAM FIRST COUNT [OPTION...]   plays seeds on all processors; says what failed; $passed and $failed, $raced
#   sim_control PATTERN PROGRAM ARGUMENT...          true if it fails and says PATTERN
jobs=${jobs:-$(nproc)}
logs=build/test-logs/sim
mkdir -p "$logs"
fast=build/sim/tests/sim

sim_long_options() {
    minutes=
    first=$((($(date +%s) % 1000000) * 1000 + 1))
    while (($#)); do
        case $1 in
        --minutes) minutes=${2:-} ;;
        --first) first=${2:-} ;;
        *) minutes= && break ;;
        esac
        shift 2
    done
    [[ $minutes =~ ^[1-9][0-9]*$ && $first =~ ^[1-9][0-9]*$ ]] || { sed -n '2s/^# //p' "$0" >&2 && exit 2; }
}

sim_build() {
    { cmake -S . -B build/sim -G Ninja -DCMAKE_BUILD_TYPE=Debug -DCMAKE_C_FLAGS_DEBUG="-O2 -g" &&
        cmake --build build/sim -j "$jobs" --target council-sim council-sim-control council-sim-swapless; } >"$logs/build.log" 2>&1 ||
        { tail -n 30 "$logs/build.log" && exit 1; }
}

sim_seeds() {
    local name=$1 program=$2 first=$3 count=$4 each i from to part good bad races
    shift 4
    each=$(((count + jobs - 1) / jobs))
    rm -f "$logs/$name".[0-9]*
    for ((i = 0; i < jobs; i++)); do
        from=$((first + i * each))
        to=$((from + each - 1))
        ((to < first + count)) || to=$((first + count - 1))
        ((from <= to)) || break
        "$program" --seeds "$from..$to" --each --counts "$@" >"$logs/$name.$i" 2>&1 &
    done
    wait
    passed=0 failed=0 raced=0
    for part in "$logs/$name".[0-9]*; do
        if ! read -r good _ bad _ < <(grep -E '^[0-9]+ passed, [0-9]+ failed$' "$part"); then
            good=0 bad=1 # it broke off, in the seed that it named last
            grep -E '^seed [0-9]+ begins$' "$part" | tail -n 1 | sed 's/begins/ended the program/; s/^/# /'
            tail -n 20 "$part" | sed 's/^/# /'
        fi
        ((bad == 0)) || grep -A 1 -E '^seed [0-9]+: ' "$part" | sed 's/^/# /'
        passed=$((passed + good))
        failed=$((failed + bad))
        races=$(sed -nE 's/^races ([0-9]+),.*/\1/p' "$part" | tail -n 1)
        raced=$((raced + ${races:-0}))
    done
}

sim_control() {
    local pattern=$1 log=$logs/control
    shift
    ! "$@" >"$log" 2>&1 && grep -qE "$pattern" "$log"
}

results=0 bad_results=0
result() { # STATUS TEXT
    results=$((results + 1))
    if (($1 == 0)); then echo "ok $results - $2"; else bad_results=$((bad_results + 1)) && echo "not ok $results - $2"; fi
}

finish() {
    echo "1..$results"
    exit $((bad_results > 0))
}
