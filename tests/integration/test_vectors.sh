#!/usr/bin/env bash
# The vectors, schemas and tables that are generated are those in the tree, and both programs that check vectors notice a wrong one.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 2

bin=${COUNCIL_BIN:-build/asan/bin}/../tests/vectors
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
number=0

# result STATUS WHAT
result() {
    number=$((number + 1))
    if (($1 == 0)); then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

# The programs that check vectors: NAME COMMAND...
independent() { /usr/bin/python3 tests/independent/check.py "$1"; }
library() { "$bin/council-vectors-run" "$1"; }

echo 1..8
mkdir "$scratch/new"
"$bin/council-vectors-generate" "$scratch/new" >"$scratch/generate.log" 2>&1
result $? "every verdict is the one that the generator's tables name"
diff -rq -x README.md protocol/vectors "$scratch/new"
result $? "the generator writes the vectors that are in the tree, byte for byte"
/usr/bin/python3 protocol/schema/generate.py --check >"$scratch/schema.log"
status=$?
grep '^not ok' "$scratch/schema.log" | sed 's/^/# /'
result $status "schemas, openrpc.json and the specification's tables are up to date"
lines=$(wc -l <tests/independent/check.py)
((lines <= 400))
result $? "the independent check has at most 400 lines ($lines)"

# What is damaged: a verdict, a byte of an entry, an output.
cp -r protocol/vectors "$scratch/wrong"
sed -i '0,/"result":"key_reused"/s//"result":"weak_key"/' "$scratch/wrong/member.json"
sed -i '0,/\\"answer\\":\\"yes\\"/s//\\"answer\\":\\"late\\"/' "$scratch/wrong/daily_life.json"
sed -i '0,/"h":"hex:/s//"h":"hex:00/' "$scratch/wrong/p.json"
for check in independent library; do
    $check protocol/vectors >"$scratch/$check.right"
    result $? "$check: $(tail -n 1 "$scratch/$check.right")"
    $check "$scratch/wrong" >"$scratch/$check.log"
    [[ $? -eq 1 && $(grep -cE '^FAILED (member|p)/' "$scratch/$check.log") -eq 2 ]]
    result $? "$check: notices what is wrong"
done
