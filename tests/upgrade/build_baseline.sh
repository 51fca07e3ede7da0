#!/usr/bin/env bash
# build_baseline.sh - councild and council as they were at the commit that tests/upgrade/baseline names, in build/baseline/bin.
# Prints the folder. Exit status 77: the history here does not have that commit (a shallow clone). Built once; again when the name changes.
set -euo pipefail
top=$(cd "$(dirname "$0")/../.." && pwd)
commit=$(grep -v '^#' "$top/tests/upgrade/baseline")
at=$top/build/baseline
mkdir -p "$at"
exec 9>"$at/lock"
flock 9
if [[ $(cat "$at/built" 2>/dev/null) != "$commit" ]]; then
    git -C "$top" cat-file -e "$commit^{commit}" 2>/dev/null || exit 77
    rm -rf "$at/source" "$at/out" "$at/bin"
    mkdir -p "$at/source"
    git -C "$top" archive "$commit" | tar x -C "$at/source"
    {
        # Without debugging information and with little optimisation: built fast, and as correct.
        cmake -S "$at/source" -B "$at/out" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF -DCMAKE_C_FLAGS_RELEASE=-O1 -DCOUNCIL_WERROR=OFF
        nice cmake --build "$at/out" -j "$(nproc)" --target councild council-cli
    } >"$at/build.log" 2>&1 || { tail -n 20 "$at/build.log" >&2 && exit 1; }
    mv "$at/out/bin" "$at/bin"
    rm -rf "$at/source" "$at/out"
    echo "$commit" >"$at/built"
fi
echo "$at/bin"
