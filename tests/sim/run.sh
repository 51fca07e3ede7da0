#!/usr/bin/env bash
# Many runs of the simulator, on an optimised build of its own and all processors.
#   tests/sim/run.sh [--seeds N] [--first M] [--jobs J] [--races]
# Plays seeds M..M+N-1 (default 1..1000). A seed that fails is told again with `build/sim/tests/sim/sim [--races] --seed S --trace`.
# Last line: N passed, N failed.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
usage() { sed -n '2,5s/^# //p' "$0" >&2 && exit 2; }
seeds=1000
first=1
more=()
while (($#)); do
    case $1 in
    --races) more=(--races) && shift && continue ;;
    --seeds | --first | --jobs) [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || usage ;;&
    --seeds) seeds=$2 ;;
    --first) first=$2 ;;
    --jobs) jobs=$2 ;;
    *) usage ;;
    esac
    shift 2
done
# shellcheck source=tests/sim/build.sh
source tests/sim/build.sh
sim_build
sim_seeds long "$fast/sim" "$first" "$seeds" ${more[@]+"${more[@]}"}
echo "$passed passed, $failed failed"
((failed == 0))
