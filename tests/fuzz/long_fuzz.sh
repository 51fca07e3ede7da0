#!/usr/bin/env bash
# The fuzz targets for long: tests/fuzz/long_fuzz.sh --minutes N shares N minutes among all of them. TAP. See run.sh.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
[[ ${1:-} == --minutes && ${2:-} =~ ^[1-9][0-9]*$ ]] || { sed -n '2s/^# //p' "$0" >&2 && exit 2; }
targets=$(grep -cv '^#' tests/fuzz/targets.txt)
exec tests/fuzz/run.sh --seconds $(($2 * 60 * $(nproc) / (targets + 1)))
