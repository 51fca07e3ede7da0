#!/usr/bin/env bash
# The power goes at every synchronisation of a life of 200 steps, of the store and of a client's home; what was acknowledged is
# there. Without the synchronisation of the journal that synchronous = NORMAL leaves out, a loss is reported.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
proof "$programs/power" --steps 200 --patterns 2 --seed "$seed"
proof "$programs/power" --lives 10 --seed "$seed"
for subject in store home; do
    control "a $subject whose journal is not synchronised" LOST "$programs/power" --subject "$subject" --control --seed "$seed"
done
finish
