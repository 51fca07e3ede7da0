#!/usr/bin/python3
"""Upgrade and rollback: yesterday's client with today's server and the reverse, yesterday's data and homes opened by today's programs, today's
refused by yesterday's untouched, and a server that is killed at every step of bringing old data up to date.

"Yesterday" is the commit in tests/upgrade/baseline, built from the project's own history.
"""
import contextlib
import hashlib
import os
import shutil
import sqlite3
import subprocess

import harness
from deploying import TOP
from harness import FAILED, LOCKED, OK, REFUSED, World, case, check, environment, equal, has, lacks, main

NEW = harness.BIN
DATA_NEWER = 65
KILL_CALLS = ("pwrite64", "fdatasync", "fsync", "unlink", "ftruncate")
KILLS_MOST = 40  # of one system call
TWO_PAGER = """## What I love
- %s
## What I hate
- stand-ups
## Must-haves
- a workshop
- daylight
- four days
- small team
- honest people
## Must-nots
- on-call
## Strengths
- patience
## Weaknesses
- saying yes
"""
V = {}


@contextlib.contextmanager
def programs(folder):
    """The harness starts what is in that folder."""
    before, harness.BIN = harness.BIN, folder
    try:
        yield
    finally:
        harness.BIN = before


@case("the baseline is built from the history")
def baseline():
    done = subprocess.run([os.path.join(TOP, "tests/upgrade/build_baseline.sh")], capture_output=True, text=True, timeout=390, env=dict(os.environ))
    if done.returncode == 77:
        V["skip"] = "the history here does not have the baseline's commit"
        return V["skip"]
    check(done.returncode == 0, done.stdout + done.stderr)
    V["old"] = done.stdout.strip()
    return None


def server_of(folder, world):
    with programs(folder):
        world.server.start()


def run(folder, member, *args, **more):
    with programs(folder):
        return member.run(*args, **more)


def week(world, bins):
    """What eight commands' worth of members do in a week; the n-th member uses bins[n]. Returns members and what everybody must see."""
    who = {}

    def do(name, *args, **more):
        return run(who[name][1], who[name][0], *args, **more)

    for name, folder in zip(("ada", "ben", "chloe"), bins):
        who[name] = (world.member(name, register=False), folder)
    world.plant(do("ada", "register", "--server", world.server.url).phrase)
    do("ada", "create", "--pace", "fast", "--quiet", title := world.plant("A council over versions"))
    for name in ("ben", "chloe"):
        link = do("ada", "invite", "open").out.strip()
        world.plant(link.split("#")[1])
        world.plant(do(name, "join", "--name", name.capitalize(), link).phrase)
    do("ada", "profile", "--name", "Ada", "--zone", "Europe/Berlin", "--quiet")
    do("ada", "sync")
    names = lambda of: sorted(row["name"] for row in do(of, "roster", "--json").lines())
    for name in who:
        do(name, "sync")
        equal(names(name), ["Ada", "Ben", "Chloe"], "the roster of " + name)
    numbers = {do(name, "safety", "--json").one()["number"] for name in who}
    equal(len(numbers), 1, "safety numbers")
    do("ada", "schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "America/New_York")
    do("ben", "rsvp", "yes")
    has(do("ada", "schedule", "next").out, "Ben")
    notes = []
    for name in who:
        notes.append(world.plant("A note from %s's version" % name))
        do(name, "note", "post", "-m", notes[-1])
    path = os.path.join(world.folder, "draft.md")
    with open(path, "w") as file:
        file.write(TWO_PAGER % world.plant("tuning harpsichords by ear"))
    document = do("ben", "document", "new", "--json", path).one()["document"]
    do("ben", "document", "share", document)
    do("ada", "sync")
    has(do("ada", "document", "show", document).out, "harpsichords")
    do("ada", "document", "comment", document, "-m", world.plant("Say more about the harpsichords"))
    do("chloe", "checkin", "--commit", world.plant("Call three harpsichord makers"), "--commit", "Write to colleagues [5 letters]", "--hope", "4")
    has(do("ada", "commitments").out, "harpsichord makers")
    do("chloe", "role", "Ben", "moderator", code=(REFUSED, FAILED))
    do("ada", "role", "Ben", "moderator")
    do("ada", "note", "post", "--offline", "-m", notes.append(world.plant("Written on a train")) or notes[-1])
    do("ada", "sync")
    # A lost laptop: the paper brings everything back, by the same version.
    ben, folder = who["ben"]
    again = world.member("ben-again", register=False)
    again.phrase = ben.phrase
    run(folder, again, "recover", "--server", world.server.url)
    do("ada", "sync")
    run(folder, again, "sync")
    has(run(folder, again, "document", "show", document).out, "harpsichords")
    who["ben"] = (again, folder)
    run(folder, ben, "sync", code=None)  # the lost one has no say any more
    check(run(folder, ben, "note", "post", "-m", "from the lost laptop", code=None).code != OK, "a device that a recovery ended still writes")
    return who, notes, title, document


def everybody_sees(who, notes, document=None, bins=None):
    for name, (member, folder) in who.items():
        folder = bins or folder
        run(folder, member, "sync")
        said = [row["text"] for row in run(folder, member, "note", "list", "--json", "-n", 0).lines()]
        for note in notes:
            check(note in said, "%s does not see %r in %r" % (name, note, said))
        if document:
            has(run(folder, member, "document", "show", document).out, "harpsichords", "what %s sees" % name)


def verify(world, folder, code=0):
    with programs(folder):
        return world.server.verify(code)


def play(server, clients):
    world = World(start=False)
    server_of(server, world)
    who, notes, _, document = week(world, clients)
    everybody_sees(who, notes, document)
    world.server.stop()
    verify(world, server)
    return None


@case("yesterday's clients with today's server: a week")
def old_clients():
    return V.get("skip") or play(NEW, [V["old"]] * 3)


@case("today's clients with yesterday's server, one of yesterday's among them: a week")
def new_clients():
    return V.get("skip") or play(V["old"], [NEW, V["old"], NEW])


@case("both versions in one council, on today's server: a week")
def mixed():
    return V.get("skip") or play(NEW, [V["old"], NEW, V["old"]])


def fingerprint(folder):
    """Every file's bytes and mode, and every name."""
    out = {}
    for at, folders, names in os.walk(folder):
        for name in names:
            path = os.path.join(at, name)
            if os.path.isfile(path):
                out[os.path.relpath(path, folder)] = (hashlib.sha256(open(path, "rb").read()).hexdigest(), os.stat(path).st_mode)
    return out


def copy(data, to):
    """A data folder without its sockets."""
    shutil.copytree(data, to, ignore=lambda _, names: [name for name in names if name.endswith(".sock")])


def schema(data):
    """Its version; of a copy, since the journal is read into it."""
    at = data + ".schema"
    copy(data, at)
    try:
        with sqlite3.connect(os.path.join(at, "council.db")) as db:
            return db.execute("PRAGMA user_version").fetchone()[0]
    finally:
        shutil.rmtree(at)


@case("a data folder that yesterday's server left in the middle of its work is brought up to date: all is there, and members go on")
def upgrade_data():
    if "skip" in V:
        return V["skip"]
    world = V["world"] = World(start=False)
    server_of(V["old"], world)
    V["who"], V["notes"], V["title"], V["document"] = week(world, [V["old"]] * 3)
    # Killed, so that the newest is only in the journal.
    ada = V["who"]["ada"][0]
    V["notes"].append(world.plant("The last words before the upgrade"))
    run(V["old"], ada, "note", "post", "-m", V["notes"][-1])
    world.server.kill()
    V["old data"] = os.path.join(world.folder, "old-data")
    copy(world.server.data, V["old data"])
    server_of(NEW, world)
    everybody_sees(V["who"], V["notes"], V["document"])  # by their old homes and programs
    V["notes"].append(world.plant("The first words after the upgrade"))
    run(V["old"], ada, "note", "post", "-m", V["notes"][-1])
    world.server.stop()
    verify(world, NEW)
    return None


@case("today's data folder is refused by yesterday's server, untouched, with a reason; or it is served, where nothing of it changed")
def rollback_data():
    if "skip" in V:
        return V["skip"]
    world = V["world"]
    changed = schema(world.server.data) != schema_of_old()
    before = fingerprint(world.server.data)
    with programs(V["old"]):
        done = subprocess.run([os.path.join(V["old"], "councild"), "serve", "--data", world.server.data, "--listen", "127.0.0.1:0"], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=60, env=environment()) if changed else None
        if done:
            equal(done.returncode, DATA_NEWER, "its exit code: " + done.stderr)
            has(done.stderr, "newer")
            equal(fingerprint(world.server.data), before, "the data folder after it was refused")
        else:
            world.server.start()
            everybody_sees(V["who"], V["notes"], bins=V["old"])
            world.server.stop()
    # And today's goes on as if nothing had been.
    server_of(NEW, world)
    everybody_sees(V["who"], V["notes"])
    world.server.stop()
    print("# schema %s to %s" % (schema_of_old(), schema(world.server.data)))
    return None


def schema_of_old():
    if "schema" not in V:
        V["schema"] = schema(V["old data"])
    return V["schema"]


@case("rolling back by the copy from before the upgrade: yesterday's server serves it; members lose nothing that it had")
def rollback_copy():
    if "skip" in V:
        return V["skip"]
    world = World(start=False)
    world.words |= V["world"].words
    shutil.copytree(V["old data"], world.server.data)
    with programs(V["old"]):
        world.server.start()
        world.server.stop()
    verify(world, V["old"])
    return None


@case("yesterday's homes with today's program, and those homes again with yesterday's: served, or refused untouched with a reason")
def homes():
    if "skip" in V:
        return V["skip"]
    world = V["world"]
    server_of(NEW, world)
    everybody_sees(V["who"], V["notes"], V["document"], bins=NEW)
    ada = V["who"]["ada"][0]
    run(NEW, ada, "note", "post", "-m", world.plant("By today's program, from yesterday's home"))
    for name, (member, _) in V["who"].items():
        before = fingerprint(member.home)
        done = run(V["old"], member, "note", "list", "--json", "-n", 0, code=None)
        if done.code == OK:
            run(V["old"], member, "note", "post", "-m", world.plant("Back on yesterday's program: " + name))
            continue
        check(done.code in (FAILED, LOCKED), "yesterday's program ended with %d: %s" % (done.code, done.err))
        has(done.err, "newer")
        equal(fingerprint(member.home), before, "the home after it was refused")
    # A home made today.
    dora = world.member("dora", register=False)
    world.plant(run(NEW, dora, "register", "--server", world.server.url).phrase)
    done = run(V["old"], dora, "status", "--json", code=None)
    check(done.code == OK or "newer" in done.err, "yesterday's program and today's home: " + done.text)
    everybody_sees(V["who"], V["notes"], V["document"], bins=NEW)
    world.server.stop()
    return None


def killed_start(world, data, call, number):
    """Starts today's server, killed at the number-th such call of any thread of it. False: it got ready before."""
    read, write = os.pipe()
    trace = os.path.join(world.folder, "trace")
    process = subprocess.Popen(["strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call, "-e", "inject=%s:signal=KILL:when=%d" % (call, number),
                                os.path.join(NEW, "councild"), "serve", "--data", data, "--listen", "127.0.0.1:0", "--ready-fd", str(write)],
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[write], env=environment(),
                               preexec_fn=harness.die_with_parent)
    os.close(write)
    world.processes.append(process)
    with os.fdopen(read) as ready:
        line = ready.readline()
    if line:
        # strace passes no signal on to what it traces: its child is ended by name of its own.
        with open("/proc/%d/task/%d/children" % (process.pid, process.pid)) as children:
            for child in children.read().split():
                os.kill(int(child), 15)
    process.wait(60)
    world.processes.remove(process)
    return not line


@case("killed at every step of the upgrade's writing: the next start finds all that was acknowledged, or yesterday's server does")
def killed():
    if "skip" in V:
        return V["skip"]
    if not shutil.which("strace"):
        return "strace is not installed"
    world = World(start=False)
    world.words |= V["world"].words
    if subprocess.run(["strace", "-qq", "-o", os.devnull, "true"], capture_output=True).returncode != 0:
        return "processes may not be traced here"
    data, kills, states = world.server.data, 0, set()
    wanted = verified_counts(world, V["old data"])
    # The control: an upgrade that loses the newest entry would be seen.
    careless = os.path.join(world.folder, "careless")
    copy(V["old data"], careless)
    with sqlite3.connect(os.path.join(careless, "council.db")) as db:
        db.execute("DELETE FROM entry WHERE row = (SELECT max(row) FROM entry)")
    check(verified_counts(world, careless) != wanted, "a lost entry was not noticed")
    for call in KILL_CALLS:
        for number in [n for n in range(1, KILLS_MOST) if n < 6 or n % 3 == 0]:
            shutil.rmtree(data, ignore_errors=True)
            shutil.copytree(V["old data"], data)
            if not killed_start(world, data, call, number):
                break
            kills += 1
            states.add(schema(data))
            if kills % 4 == 0:  # killed once more on the way, then left alone
                killed_start(world, data, call, 1)
            with programs(NEW):
                world.server.start()
                world.server.stop()
            equal(verified_counts(world, data), wanted, "entries by log after a kill at %s %d" % (call, number))
    print("# %d kills; schemas that a kill left: %s" % (kills, sorted(states)))
    check(kills >= 10, "only %d kills" % kills)
    if schema(V["world"].server.data) != schema_of_old():
        # One step for each version between the two, each of them whole or not at all.
        check(schema_of_old() in states and len(states) >= 2, "kills before and after the step that counts: %r" % states)
        check(states <= set(range(schema_of_old(), schema(V["world"].server.data) + 1)), "versions that never were: %r" % states)
    return None


def verified_counts(world, data):
    """What is in a copy of a data folder: each log's number of entries and last head, read by SQL alone."""
    at = os.path.join(world.folder, "counted")
    copy(data, at)
    try:
        with sqlite3.connect(os.path.join(at, "council.db")) as db:
            check(db.execute("PRAGMA integrity_check").fetchone()[0] == "ok", "integrity_check")
            return sorted(db.execute(COUNTS).fetchall())
    finally:
        shutil.rmtree(at)


COUNTS = "SELECT hex(log.name), count(*), max(entry.seq), group_concat(hex(entry.head)) FROM log JOIN entry ON entry.log = log.id GROUP BY log.id"

main()
