#!/usr/bin/env bash
# As test_io.sh, over lives of the store that chance makes, for as long as is said.
# shellcheck source-path=SCRIPTDIR
source "$(dirname "$0")/crash.sh"
until=$((SECONDS + minutes * 60))
proof "$programs/io" --subject home
while ((SECONDS < until && bad == 0)); do
    seed=$((seed + 1))
    echo "# seed $seed"
    proof "$programs/io" --subject store --seed "$seed"
done
finish
