# deploy_deb_inside.sh - the life of the packages, as root of a system that vanishes: install, run, upgrade, remove, purge.
# Prints "step NAME" after each part; the first thing that is not as it must be ends it. Called by test_deploy_deb.sh.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive HOME=/root LC_ALL=C.UTF-8
mkdir -p /root /tmp
fail() {
    echo "FAILED: $*"
    exit 1
}
trap 'jobs -p | xargs -r kill 2>/dev/null || true' EXIT

dpkg -i /mnt/debs/council_*.deb /mnt/debs/councild_*.deb
id councild
[[ $(stat -c '%U:%G %a' /var/lib/councild) == "councild:councild 700" ]] || fail "the data folder: $(stat -c '%U:%G %a' /var/lib/councild)"
[[ -z $(dpkg -V council councild) ]] || fail "dpkg -V: $(dpkg -V council councild)"
[[ $(command -v councild) == /usr/bin/councild && $(councild --version) == "councild "* ]]
if command -v systemd-analyze >/dev/null; then
    systemd-analyze verify --man=no /usr/lib/systemd/system/councild.service /usr/lib/systemd/system/councild-backup.timer || fail "systemd-analyze verify"
fi
echo "step install"

if command -v man >/dev/null; then
    man -P cat 8 councild | grep -q SYNOPSIS
    man -P cat 1 council-note-post | grep -q SYNOPSIS
fi
bash -n /usr/share/bash-completion/completions/council
if [[ -e /usr/share/bash-completion/completions/councild ]]; then bash -n /usr/share/bash-completion/completions/councild; fi
echo "step pages"

sed -i 's|^COUNCILD_ORIGIN=.*|COUNCILD_ORIGIN=http://127.0.0.1:8440|' /etc/default/councild
as_councild() { setpriv --reuid councild --regid councild --clear-groups env -i PATH=/usr/bin:/bin $(grep -v '^#' /etc/default/councild) "$@"; }
start() {
    local line
    line=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/councild.service)
    rm -f /tmp/ready && mkfifo -m 666 /tmp/ready
    # shellcheck disable=SC2086
    as_councild $line --ready-fd 7 7>/tmp/ready 2>>/tmp/councild.log &
    job=$!
    IFS= read -r -t 60 _ </tmp/ready || fail "councild did not start: $(cat /tmp/councild.log)"
    ran=$(pgrep -x councild)
}
stop() {
    kill "$ran"
    wait "$job" || fail "councild ended with $?: $(cat /tmp/councild.log)"
}
member() { COUNCIL_HOME=/tmp/ada COUNCIL_PASSPHRASE_FD=3 council "$@" 3<<<"a passphrase of ada"; }

start
code=$(as_councild councild code create | head -n 1)
[[ -n $code ]] || fail "no code"
member register --server http://127.0.0.1:8440 --phrase-fd 4 4>/tmp/paper && fail "registered without a code"
rm -rf /tmp/ada
member register --server http://127.0.0.1:8440 --code "$code" --phrase-fd 4 4>/tmp/paper
member create --pace slow "A packaged council"
member note post -m "Written to a packaged server"
[[ $(ps -o user= -p "$ran" | tr -d ' ') == councild ]] || fail "runs as $(ps -o user= -p "$ran")"
echo "step run"

# What systemd would give it, from the unit's own lines.
as_councild /usr/lib/councild/backup
ls -l /var/lib/councild/backups
[[ $(find /var/lib/councild/backups -name 'council-*.backup' -size +4k | wc -l) == 1 ]] || fail "no backup"
stop
as_councild councild verify "$(echo /var/lib/councild/backups/council-*.backup)" || fail "the backup does not verify"
echo "step backup"

dpkg -i /mnt/debs/councild_*.deb
grep -q '^COUNCILD_ORIGIN=http://127.0.0.1:8440$' /etc/default/councild || fail "an upgrade changed the settings"
[[ -e /var/lib/councild/council.db ]] || fail "an upgrade took the data"
echo "step upgrade"

dpkg -r council councild
[[ ! -e /usr/bin/councild && ! -e /usr/bin/council && ! -e /usr/lib/systemd/system/councild.service ]] || fail "programs are left"
[[ -e /etc/default/councild && -e /var/lib/councild/council.db && -e /var/lib/councild/server.key ]] || fail "a remove took data or settings"
echo "step remove"

dpkg -i /mnt/debs/council_*.deb /mnt/debs/councild_*.deb
start
member sync
member note list | grep -q "Written to a packaged server" || fail "what was written is gone"
stop
echo "step again"

dpkg -P council councild
[[ ! -e /etc/default/councild ]] || fail "settings are left"
[[ -e /var/lib/councild/council.db ]] || fail "a purge took the councils' logs"
echo "step purge"

dpkg -i /mnt/debs/councild_*.deb
[[ -e /etc/default/councild && -e /var/lib/councild/council.db ]]
COUNCILD_PURGE_DATA=yes dpkg -P councild
[[ ! -e /var/lib/councild ]] || fail "the data is left"
echo "step purge-data"
