#!/usr/bin/env bash
# Every call of the disk fails, once and for good, and every write finds no room, under the store and under a client's home. One
# that takes what failed for done is found out.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
together "$programs/io --subject store" "$programs/io --subject home"
control "taking for done what failed" 'taken for done' "$programs/io" --control
finish
