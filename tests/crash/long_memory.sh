#!/usr/bin/env bash
# As test_memory.sh, and every allocation of opening a store and a home. It takes some minutes, however many are given.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
proof "$programs/memory" --all
finish
