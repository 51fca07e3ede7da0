#!/usr/bin/env bash
# Many short lives of the store and of a home, 100,000 of each at most, that go on after each loss of power.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
half=$(awk "BEGIN { print $minutes / 2 }")
for subject in store home; do
    proof "$programs/power" --subject "$subject" --lives 100000 --minutes "$half" --seed "$seed"
done
finish
