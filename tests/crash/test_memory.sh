#!/usr/bin/env bash
# Memory runs out at every allocation of some fifty acts of protocol, model, core, store and home: a clean error, nothing half
# done, nothing left behind, and the next attempt succeeds. Somebody who does not undo is found out.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
together "$programs/memory --group store" "$programs/memory --group home"
together "$programs/memory --group protocol" "$programs/memory --group core"
together "$programs/memory --group meeting" "$programs/memory --group sync"
control "somebody who does not undo" 'half of it was done' "$programs/memory" --control
finish
