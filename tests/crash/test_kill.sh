#!/usr/bin/env bash
# The server is killed 200 times while members write: what it acknowledged is there. One that acknowledges before it writes is
# found out.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
proof "$programs/kill" --server "$councild" --kills 200 --seed "$seed"
control "a server that acknowledges before it writes" LOST \
    "$programs/kill" --server "$programs/councild-ack-early" --kills 50 --seed "$seed"
finish
