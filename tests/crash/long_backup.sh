#!/usr/bin/env bash
# long_backup.sh [--minutes N] - backups while 1,000 clients write, one after the other for so long: each is restored elsewhere and holds
# every entry that was acknowledged before it began.
set -euo pipefail
cd "$(dirname "$0")/../.."
minutes=10
if [[ ${1:-} == --minutes ]]; then
    minutes=$2
fi
if [[ -z ${COUNCIL_BIN:-} ]]; then
    cmake -S . -B build/bench-release -G Ninja -DCMAKE_BUILD_TYPE=Release >/dev/null
    cmake --build build/bench-release --target councild >/dev/null
    export COUNCIL_BIN=$PWD/build/bench-release/bin
fi
exec /usr/bin/python3 tests/integration/test_backup_under_load.py --clients 1000 --minutes "$minutes"
