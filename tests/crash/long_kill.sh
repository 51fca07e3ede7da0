#!/usr/bin/env bash
# As test_kill.sh, for as long as is said: 10,000 kills at most.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
proof "$programs/kill" --server "$councild" --kills 10000 --seed "$seed" --minutes "$minutes"
finish
