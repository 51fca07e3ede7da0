#!/usr/bin/env bash
# What all tests reach of the code, which takes about as long as they do: tests/coverage/long_coverage.sh [--minutes N] (N is not asked). TAP.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2
if tests/coverage.sh; then echo "ok 1 - enough is reached, and what is not is listed"; else echo "not ok 1 - enough is reached, and what is not is listed"; fi
echo "1..1"
