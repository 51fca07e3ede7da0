#!/usr/bin/env bash
# quickstart.sh - build Council, start a server, and play a council's first week with eight members.
#
# Every member is a process of its own with a home of its own; the server is a real one on a loopback port. Each step shows
# what the person sees and checks what must be true; the first thing that is not ends the script.
set -euo pipefail

usage() {
    cat <<'TEXT'
Usage: deploy/quickstart.sh [--once] [--data DIR] [--bin DIR] [--port N]

Installs what is missing (Debian 12), builds the release preset, starts councild on a loopback port, and plays
the week of a council with eight members. Then it leaves the server running and says how to use it.

  --once      stop the server at the end
  --data DIR  the folder for the server's data and the members' homes (default: a new one under /tmp)
  --bin DIR   use the councild and council found there instead of building
  --port N    the server's port (default: a free one)
  --help      this text
TEXT
}

once="" data="" bin="" port=0
while (($#)); do
    case $1 in
        --data | --bin | --port) (($# > 1)) || { usage >&2; exit 2; } ;;&
        --once) once=1 ;;
        --data) data=$2; shift ;;
        --bin) bin=$2; shift ;;
        --port) port=$2; shift ;;
        -h | --help) usage; exit 0 ;;
        *) usage >&2; exit 2 ;;
    esac
    shift
done

if [[ -n $data && -e $data/homes ]]; then
    echo "quickstart: $data holds an earlier week; name another folder" >&2
    exit 2
fi
top=$(cd "$(dirname "$0")/.." && pwd)
if [[ -z $bin ]]; then
    echo "== Installing what is missing, building"
    "$top/deploy/install-deps.sh" --build --quickstart
    (cd "$top" && cmake --preset release >/dev/null && cmake --build --preset release --target councild council-cli)
    bin=$top/build/release/bin
fi
bin=$(cd "$bin" && pwd)
[[ -n $data ]] || data=$(mktemp -d /tmp/council-week.XXXXXX)
mkdir -p "$data/homes" "$data/paper" "$data/planted"
data=$(cd "$data" && pwd)
started=$SECONDS
step=0
server_pid=

say() { printf '\n\033[1m[%2d] %s\033[0m\n' "$((++step))" "$*"; }
fail() {
    printf '\nquickstart: FAILED: %s\n' "$*" >&2
    [[ -s $data/server.log ]] && tail -n 5 "$data/server.log" >&2
    exit 1
}
trap 'status=$?; if [[ -n $server_pid && ( -n $once || $status -ne 0 ) ]]; then kill "$server_pid" 2>/dev/null; wait "$server_pid" 2>/dev/null || true; fi' EXIT

# as WHO COMMAND...: a council command in that member's own home; the passphrase goes through a descriptor.
as() {
    local who=$1
    shift
    COUNCIL_HOME=$data/homes/$who COUNCIL_PASSPHRASE_FD=3 "$bin/council" "$@" 3<<<"passphrase of $who"
}
# show WHO COMMAND...: the same, showing the command and what the person sees.
show() {
    local who=$1
    shift
    printf '  %s$ council %s\n' "$who" "$*"
    as "$who" "$@" 2>&1 | sed 's/^/  | /'
    return "${PIPESTATUS[0]}"
}
# refused CODE WHO COMMAND...: the command must end with that exit code.
refused() {
    local code=$1 got=0
    shift
    show "$@" || got=$?
    [[ $got == "$code" ]] || fail "'council ${*:2}' ended with $got, not $code"
}
# sees WHO TEXT COMMAND... / blind WHO TEXT COMMAND...: the output holds the text, or does not.
sees() {
    local who=$1 text=$2
    shift 2
    as "$who" "$@" | grep -qF -- "$text" || fail "$who does not see '$text' in 'council $*'"
}
blind() {
    local who=$1 text=$2
    shift 2
    if as "$who" "$@" | grep -qF -- "$text"; then fail "$who sees '$text' in 'council $*'"; fi
}
# plant TEXT: remembers a text that must be nowhere in the server's files, and prints it.
plant() {
    printf '%s\n' "$1" >>"$data/planted/words"
    printf '%s' "$1"
}
# field NAME...: a field of the JSON on standard input, and of what is in it.
field() { /usr/bin/python3 -c 'import functools, json, sys; print(functools.reduce(lambda of, name: of[name], sys.argv[1:], json.load(sys.stdin)))' "$@"; }

start_server() {
    # The port is kept over a restart: it is part of the links and homes.
    exec 5< <(exec "$bin/councild" serve --data "$data/server" --listen "127.0.0.1:$port" --registration open --ready-fd 6 6>&1 >/dev/null 2>>"$data/server.log")
    server_pid=$!
    local ready
    IFS= read -r -t 60 ready <&5 || fail "the server did not start"
    url=$(printf '%s' "$ready" | /usr/bin/python3 -c 'import json, sys; print(json.load(sys.stdin)["urls"][0])')
    port=${url##*:}
}

members=(ada ben chloe dev elif femi grace hugo)
declare -A name=([ada]=Ada [ben]=Ben [chloe]=Chloé [dev]=Dev [elif]=Elif [femi]=Femi [grace]=Grace [hugo]=Hugo [iris]=Iris)

say "A server starts: one binary, one folder"
start_server
echo "  councild at $url, data in $data/server"

say "Ada registers and writes her recovery phrase on paper"
show ada register --server "$url" --phrase-fd 4 4>"$data/paper/ada"
echo "  (her paper: $(cut -d' ' -f1-2 "$data/paper/ada") … twelve words)"

say "She founds a fast council: two meetings a week"
show ada create --pace fast "$(plant 'The Tuesday Lighthouse')"
as ada profile --name "$(plant Adamandia)" --quiet && as ada profile --name "${name[ada]}" --about "$(plant 'Moderates; looking for a staff role')" --zone America/New_York

say "Seven one-use invites, seven joins; for the last one nobody else is online"
for who in "${members[@]:1}"; do
    link=$(as ada invite open)
    plant "${link##*#}" >/dev/null
    if [[ $who == hugo ]]; then echo "  (Ada's machine is off now)"; fi
    printf '  %s$ council join --name %s LINK\n' "$who" "${name[$who]}"
    as "$who" join --name "${name[$who]}" --phrase-fd 4 "$link" 4>"$data/paper/$who" 2>&1 | sed 's/^/  | /'
done
show hugo roster
echo "  (Ada's machine is on again, and gives the keys of what was said before)"
as ada sync --quiet >/dev/null
show hugo roster
for who in "${members[@]}"; do sees hugo " ${name[$who]} " roster; done
[[ $(as ada roster --json | wc -l) == 8 ]] || fail "the roster does not have eight members"

say "A used link admits nobody else"
refused 4 iris join --name Iris --phrase-fd 4 "$link" 4>>"$data/paper/iris"

say "Everybody sees the same safety number, and Ada records that it was compared"
number=$(as ada safety --json | field number)
for who in "${members[@]}"; do
    [[ $(as "$who" safety --json | field number) == "$number" ]] || fail "$who sees another safety number"
done
echo "  $number"
as ada safety --compared --quiet >/dev/null

say "The schedule: Mondays and Thursdays, 18:00 in New York; Ben lives in Berlin"
show ada schedule set mon thu --time 18:00 --zone America/New_York
as ben profile --name Ben --zone Europe/Berlin --quiet
show ben schedule next
show ben rsvp yes
show chloe rsvp late
sees ada Chloé schedule next

say "Ben drafts his two-pager: private, until he shares a revision"
cat >"$data/two-pager.md" <<TEXT
## What I love
- $(plant 'building instruments with my own hands')
## What I hate
- $(plant 'my current employer, Globex, and its stand-ups')
## Must-haves
- four days a week
- a team of fewer than ten
- $(plant 'a workshop with a lathe')
- work that ships
- honest people
## Must-nots
- on-call at night
## Strengths
- patience
## Weaknesses
- I say yes too often
## Short term goals
$(plant 'Leave Globex before the spring')
TEXT
document=$(as ben document new --json "$data/two-pager.md" | field document)
sees ben "lathe" document show "$document"
blind ada "lathe" export --quiet "$data/ada-before" && grep -rqF lathe "$data/ada-before" && fail "Ada reads a draft"
show ben document share "$document"
show ada document show "$document"

say "Comments, and a revision that answers them"
show ada document comment "$document" --field must_haves --message "$(plant 'Say why the lathe matters to you')"
show femi document comment "$document" -m "$(plant 'I know somebody at a violin workshop')"
sed 's/lathe/lathe (I think with it)/' "$data/two-pager.md" >"$data/two-pager-2.md"
as ben document edit "$document" "$data/two-pager-2.md" >/dev/null
show ben document share "$document"
sees ada "I think with it" document show "$document"
show grace document history "$document"

say "A check-in with commitments; the next one opens with them"
show ben checkin --commit "$(plant 'Call the violin workshop')" --commit "$(plant 'Write to former colleagues') [5 letters]" --hope 4
as ben checkin --template | sed 's/^/  | /'
show ben checkin --result 1=done --result "2=partly:three of five" --commit "Visit the workshop"
show ada commitments Ben

say "Meeting zero was for personal stories; in the next one Chloé has an interview coming, and the roles go round"
as ada meeting open now --quiet
as ada meeting close --quiet
show chloe meeting seat in --interview --day "$(date -d tomorrow +%F)" --why "$(plant 'Second round; they will ask why I left')"
for who in dev grace; do as "$who" rsvp yes --quiet; done
show ben meeting open next
lead=$(as ben meeting show --json | field roles facilitator name)
[[ $lead != Ada ]] || fail "Ada leads twice in a row"
for who in "${members[@]}"; do if [[ ${name[$who]} == "$lead" ]]; then lead=$who; fi; done

say "Everybody's room shows the same phase and clock; minutes and commitments are written while it runs"
show "$lead" meeting next
as "$lead" meeting next --quiet
show "$lead" meeting queue
sees "$lead" '1. Chloé' meeting queue
show "$lead" meeting seated Chloé
printf '  dev$ council meeting --plain\n'
printf '%s\n' 'hand up' time "minute $(plant 'Chloé: say what you want before why you left')" quit | as dev meeting --plain 2>&1 | sed 's/^/  | /'
as "$lead" meeting next --quiet
show chloe checkin --commit "$(plant 'Rehearse the answer with Grace')" --commit "$(plant 'Write down what I want') [3 lines]"
ends=$(for who in "${members[@]}"; do as "$who" meeting show --json | field clock ends; done | sort -u)
[[ $(wc -l <<<"$ends") == 1 ]] || fail "not everybody's clock is the same: $ends"

say "The meeting is closed: who was there, what was said and promised stands in the log, and nobody does anything for it"
as "$lead" meeting next --quiet
for who in ada chloe dev grace; do as "$who" meeting word "$(plant "ready-$who")" --quiet; done
show "$lead" meeting close
show hugo meeting show last
for text in 'before why you left' 'Rehearse the answer' ready-grace; do sees elif "$text" meeting show last; done

say "Sealed weekly updates from all eight, and the server is killed in the middle"
updates=()
for who in "${members[@]}"; do
    {
        printf '## What happened\n%s\n## What I need\n%s\n' "$(plant "Week one of ${name[$who]}: two conversations")" "an introduction"
    } >"$data/update-$who.md"
    (
        id=$(as "$who" document new --form weekly-update --json "$data/update-$who.md" 2>/dev/null | field document)
        as "$who" document share "$id" --quiet >/dev/null 2>&1 || true # kept in the outbox where the server was gone
    ) &
    updates+=($!)
done
kill -9 "$server_pid"
wait "$server_pid" 2>/dev/null || true
echo "  kill -9 $server_pid; starting again on the same folder"
start_server
for job in "${updates[@]}"; do wait "$job" || fail "a member's command failed while the server was gone"; done
for who in "${members[@]}"; do as "$who" sync --quiet >/dev/null; done
for who in "${members[@]}"; do
    got=$(as "$who" document list --json | grep -c '"form":"weekly-update".*"draft":false' || true)
    [[ $got == 8 ]] || fail "$who sees $got of 8 weekly updates"
done
echo "  all eight updates are there, once each, for every member"

say "A note written offline is sent once, later"
show dev note post --offline --message "$(plant 'Written on a train without network')"
show dev sync
show elif note list -n 1
[[ $(as elif note list --json -n 0 | grep -c 'on a train') == 1 ]] || fail "the note is not there exactly once"

say "Ben's laptop is lost; his paper brings everything back on a new one"
rm -rf "$data/homes/ben"
show ben recover --server "$url" --phrase-fd 4 4<"$data/paper/ben"
sees ben "I think with it" document show "$document"
as ben export --quiet "$data/ben-back" >/dev/null
grep -rqF 'Leave Globex before the spring' "$data/ben-back" || fail "Ben's draft did not come back"
grep -rqF 'Week one of Grace' "$data/ben-back" || fail "what Ben could read did not come back"
show ben status
show ben note post --message "$(plant 'I am back, on new metal')"
sees ada "new metal" note list

say "A ninth is refused"
link=$(as ada invite open)
refused 4 iris join --name Iris --phrase-fd 4 "$link" 4>>"$data/paper/iris"

say "Hugo is removed and can read nothing new"
show ada remove Hugo
show ada note post --message "$(plant 'Only the seven of us read this')"
sees grace "seven of us" note list
as hugo sync --quiet >/dev/null || fail "Hugo's client does not end well for somebody who was removed"
blind hugo "seven of us" note list
sees hugo "on a train" note list

say "The server is stopped and its whole data verified; what was written is in none of its files"
kill "$server_pid"
wait "$server_pid" 2>/dev/null || true
"$bin/councild" verify --data "$data/server" 2>&1 | sed "s/^/  | /" || fail "councild verify found something"
sort -u "$data/planted/words" >"$data/planted/list"
if grep -raFl -f "$data/planted/list" "$data/server" "$data/server.log"; then fail "something that members wrote is in the server's files"; fi
echo "  searched $(du -sh "$data/server" | cut -f1) for $(wc -l <"$data/planted/list") texts, links and names: none found"
grep -qaF member.join "$data/server/council.db" || fail "the search would not have found anything"

start_server
printf '\nThe week took %d seconds. ' "$((SECONDS - started))"
if [[ -n $once ]]; then
    echo "Everything that should work did."
    exit 0
fi
disown "$server_pid" 2>/dev/null || true
cat <<TEXT
The server keeps running (process $server_pid).

  Be one of the members:   COUNCIL_HOME=$data/homes/ada $bin/council status
                           (the passphrase is "passphrase of ada", and so on)
  Invite yourself:         COUNCIL_HOME=$data/homes/ada $bin/council invite open
                           $bin/council join LINK
  Look at the server:      curl $url/healthz
  Stop it:                 kill $server_pid
  Everything is in:        $data
TEXT
