#!/usr/bin/env bash
# The quickstart, played to its end with the binaries under test: every step of the week is a check of its own, so it passes or fails as a whole.
set -uo pipefail
bin=${COUNCIL_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/asan/bin}
top=$(cd "$(dirname "$0")/../.." && pwd)
data=$(mktemp -d /tmp/council-quickstart.XXXXXX)
trap 'rm -rf "$data"' EXIT

echo 1..3
timeout --kill-after=10 300 "$top/deploy/quickstart.sh" --once --bin "$bin" --data "$data" </dev/null >"$data.log" 2>&1
status=$?
if [[ $status == 0 ]]; then echo "ok 1 - the week is played to its end"; else
    echo "not ok 1 - the week is played to its end (exit status $status)"
    tail -n 40 "$data.log" | sed 's/^/# /'
fi
if grep -qE 'AddressSanitizer|LeakSanitizer|runtime error:|Assertion ' "$data.log" "$data/server.log"; then
    echo "not ok 2 - no sanitizer reported"
    grep -hE -A 20 'AddressSanitizer|LeakSanitizer|runtime error:|Assertion ' "$data.log" "$data/server.log" | head -n 60 | sed 's/^/# /'
    status=1
else echo "ok 2 - no sanitizer reported"; fi
# --once leaves nothing behind that runs.
if left=$(pgrep -af -- "$data"); then
    echo "not ok 3 - nothing of it runs any more"
    sed 's/^/# /' <<<"$left"
    status=1
else echo "ok 3 - nothing of it runs any more"; fi
rm -f "$data.log"
exit "$status"
