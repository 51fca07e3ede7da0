#!/usr/bin/python3
"""People who do not know each other become a council: consent, registration, a proposal, six acceptances, the founding and the joining that follow by
themselves, with the server killed at every step; declining, deadlines, employers to avoid, refilling, and that what was registered is gone afterwards.
"""
import contextlib
import os
import shutil
import sqlite3
import subprocess
import time

import harness
from harness import FAILED, OK, REFUSED, USAGE, World, case, check, equal, environment, has, lacks, main

DAY = "86400000"
world = World("--limit", "pool-every-ms=" + DAY, start=False)
W = {}
NAMES = ["ada", "ben", "cleo", "dan", "eve", "finn", "gus", "hana"]
HOURS = ("--hours", "mon-fri 18:00-21:00")


def called(name):
    return "Poolname" + name.capitalize()


def limit(**values):
    """While the server runs."""
    done = subprocess.run([os.path.join(harness.BIN, "councild"), "limits", "set", *("%s=%s" % (k.replace("_", "-"), v) for k, v in values.items()),
                           "--data", world.server.data], capture_output=True, text=True, timeout=60, env=environment())
    equal(done.returncode, 0, done.stderr)


def seek():
    """The next search is now, and not another one before it is asked for."""
    limit(pool_every_ms=0)


def rest():
    limit(pool_every_ms=DAY)


def all_of(members, *args, code=OK, each=lambda name: ()):
    """The same command of several members, at once."""
    running = [(m, m.start(*args, *each(m.name))) for m in members]
    return [m.finish(p, code) for m, p in running]


def shown(member):
    return member.run("pool", "show", "--json").one()


def until(what, ask, seconds=60):
    end = time.monotonic() + seconds
    while not (got := ask()):
        check(time.monotonic() < end, what)
        time.sleep(0.05)
    return got


def councils(*members):
    """How many each of them is in."""
    return [sum(not log["journal"] and log["member"] for log in done.one()["logs"]) for done in all_of(members, "status", "--json", "--offline")]


def killed():
    """kill -9, and the server is there again with what was on disk."""
    world.server.kill()
    world.server.start()


def rows(table):
    """How many; of a copy, since the server has the file to itself."""
    copy = os.path.join(world.folder, "copy.db")
    for end in ("", "-wal"):
        if os.path.exists(os.path.join(world.server.data, "council.db" + end)):
            shutil.copy(os.path.join(world.server.data, "council.db" + end), copy + end)
    try:
        with contextlib.closing(sqlite3.connect(copy)) as db:
            return db.execute("SELECT count(*) FROM " + table).fetchone()[0]
    finally:
        for end in ("", "-wal", "-shm"):
            if os.path.exists(copy + end):
                os.unlink(copy + end)


@case("the consent says what the operator can see, and without a yes nothing is sent")
def consent():
    world.server.start()
    W["people"] = people = [world.member(name, register=False) for name in NAMES]
    all_of(people, "register", "--server", world.server.url, "--quiet")
    for member in people:
        world.plant(member.phrase)
    ada = people[0]
    words = ada.run("pool", "register", "--consent").out
    for said in ("operator can read", "level", "hours", "time zone", "token", "withdraw", "Backups"):
        has(words, said, "the consent")
    asks = ("pool", "register", "--pace", "fast", "--name", called("ada"), "--function", "data", "--level", "senior", *HOURS)
    done = ada.run(*asks, text="no\n", code=(FAILED, REFUSED))
    has(done.err, "operator can read")
    has(done.err, "Nothing was sent")
    equal(rows("pool_person"), 0, "registrations")
    lacks(ada.run("pool", "show").out, called("ada"))


@case("what the pool does not know is told with the words that it knows")
def bad_words():
    ada = W["people"][0]
    good = {"--pace": "fast", "--name": "A", "--function": "data", "--level": "senior", "--hours": "mon 18:00-20:00", "--zone": "Europe/Berlin"}
    for option, value, says in (("--function", "wizard", "engineering"), ("--level", "top", "executive"), ("--hours", "monday", "mon-fri"),
                                ("--hours", "mon 18:15-20:00", "half hour"), ("--pace", "medium", "slow"), ("--zone", "Mars/Olympus", "Europe/Berlin")):
        args = [word for pair in {**good, option: value}.items() for word in pair]
        has(ada.run("pool", "register", "--yes", *args, code=USAGE).err, says)
    has(ada.run("pool", "words").out, "engineering")
    equal(ada.run("pool", "words", "--json").one()["languages"]["de"], "German", "a language")
    equal(ada.run("pool", "accept", "--json", code=(FAILED, REFUSED)).error(), "no_proposal", "an answer to nothing")


def register(members, pace="fast", code=OK, moderators=("ada", "ben"), each=lambda name: (), zone="Europe/Berlin"):
    return all_of(members, "pool", "register", "--yes", "--pace", pace, "--function", "data", "--level", "senior", *HOURS, "--zone", zone, code=code,
                  each=lambda name: ("--name", called(name), *(["--moderate"] if name in moderators else []), *each(name)))


@case("eight register at once; whoever wants to avoid an employer is not matched with who was there, and the server knows neither name")
def registering():
    people = W["people"]
    world.plant("Nightingale & Sons"), world.plant("NIGHTINGALE"), world.plant("nightingale")
    apart = {"cleo": ("--avoid", "Nightingale & Sons, Inc."), "hana": ("--employer", "NIGHTINGALE & SONS")}
    register(people, each=lambda name: apart.get(name, ()))
    equal(rows("pool_person"), 8, "registrations")
    W["since"] = {m.name: shown(m)["since"] for m in people[-2:]}
    killed()
    seek()
    until("no proposal", lambda: shown(people[1])["proposals"])
    rest()
    asked = {m.name for m, done in zip(people, all_of(people, "pool", "show", "--json")) if done.one()["proposals"]}
    check(len(asked) == 7 and len({"cleo", "hana"} & asked) == 1, "asked: %r" % asked)
    W["asked"] = [m for m in people if m.name in asked]
    W["left"] = [m for m in people if m.name not in asked][0]


@case("a proposal shows names, times in one's own zone, and why; it waits in status; the server is killed and it is there again")
def proposal():
    killed()
    member = W["asked"][-1]
    text = member.run("pool", "show").out
    for other in W["asked"]:
        has(text, called(other.name))
    lacks(text, called(W["left"].name))
    has(text, "your time (Europe/Berlin)")
    has(text, "starts of the week fit all")
    has(text, "council pool accept")
    p = shown(member)["proposals"][0]
    check("box" not in p and not any("member" in seat for seat in p["people"]), "keys before anybody accepted: %r" % p)
    has(member.status("--offline")["pool"], "A council is proposed")
    has(member.run("status").out, "A council is proposed")


@case("six accept and one declines, the server killed between: the moderator's program founds the council, and the others join by themselves")
def founding():
    *yes, no = W["asked"]
    lead = yes[0]  # or the other who would moderate
    agent = yes[-1].start("agent")  # this one does nothing more at all
    all_of(yes[1:4], "pool", "accept")
    killed()
    all_of(yes[4:], "pool", "accept")
    no.run("pool", "decline")
    killed()
    lead.run("pool", "accept")
    killed()
    left = yes[:-1]
    for _ in range(20):
        all_of(left, "sync")
        left = [m for m, n in zip(left, councils(*left)) if not n]
        if not left:
            break
        all_of(yes[:2], "sync")
    check(not left, "not joined: %r" % [m.name for m in left])
    until("the agent's member did not join", lambda: councils(yes[-1])[0])
    agent.terminate()
    yes[-1].finish(agent)
    killed()
    names = sorted(called(m.name) for m in yes)
    for _ in range(5):
        rosters = [sorted(row["name"] for row in done.lines()) for done in all_of(yes, "roster", "--json")]
        if rosters == [names] * len(yes):
            break
    equal(rosters, [names] * len(yes), "rosters")
    equal(councils(*yes), [1] * len(yes), "councils")
    roles = {row["name"]: row["role"] for row in yes[0].run("roster", "--json").lines()}
    equal(sorted(roles.values()), ["member"] * (len(yes) - 1) + ["moderator"], "roles")
    lead = [m for m in yes if roles[called(m.name)] == "moderator"][0]
    schedule = lead.run("schedule", "show", "--json", "-n", 2).lines()
    equal(len(schedule), 2, "meetings")
    has(lead.run("schedule", "show").out, "Europe/Berlin")
    numbers = {done.one()["number"] for done in all_of(yes, "safety", "--json")}
    equal(len(numbers), 1, "safety numbers")
    lead.note(world.plant("The first words of people who did not know each other"))
    has(yes[2].texts()[0], "The first words")
    W["council"], W["no"], W["lead"] = yes, no, lead


@case("who declined waits on with the time they had; who joined is in the pool no more")
def afterwards():
    no = W["no"]
    seen = shown(no)
    check(seen["since"] <= W["since"].get(no.name, seen["since"]) and not seen["proposals"] and seen["rests"] > seen["since"], "%r" % seen)
    for member, done in zip(W["council"], all_of(W["council"], "pool", "show", "--json")):
        check("person" not in done.one(), member.name + " is still in the pool")
    equal(rows("pool_person"), 2, "registrations")
    equal((rows("pool_proposal"), rows("pool_box")), (0, 0), "proposals and boxes")


@case("a council that is short asks the pool; who accepts is invited and joins by themselves")
def refill():
    lead, newcomer = W["lead"], W["left"]
    lead.run("refill", "--pool", "--yes", "--uses", 1)
    equal(shown(lead)["refills"][0]["places"], 1, "places")
    equal(newcomer.run("refill", "--pool", "--yes", code=None).code != OK, True, "somebody outside asked")
    seek()
    until("nobody was asked", lambda: shown(newcomer)["proposals"])
    rest()
    has(newcomer.run("pool", "show").out, "has a place for you")
    check(not shown(W["no"])["proposals"], "somebody who rests was asked")
    killed()
    newcomer.run("pool", "accept")
    for _ in range(20):
        lead.run("sync")
        newcomer.run("sync")
        if councils(newcomer)[0]:
            break
    equal(councils(newcomer), [1], "councils of who was asked")
    equal(len(lead.run("roster", "--json").lines()), 7, "members")
    check(not shown(lead)["refills"], "the council still asks")


@case("a council that nobody joined in time is its founder's to close, and they are told so once")
def nobody_joins():
    six = W["council"]
    lead = [m for m in six if m.name == "ben"][0]
    limit(pool_rest_ms=0)
    register(six, pace="slow", moderators=("ben",))
    seek()
    until("no proposal", lambda: shown(six[0])["proposals"])
    rest()
    all_of([m for m in six if m is not lead], "pool", "accept")
    lead.run("pool", "accept")
    until("not founded", lambda: lead.run("sync") and councils(lead) == [2])
    world.server.stop()
    with contextlib.closing(sqlite3.connect(os.path.join(world.server.data, "council.db"))) as db:  # the clock, put on
        db.execute("UPDATE pool_proposal SET found_by = made + 1")
        db.commit()
    world.server.start()
    until("the proposal is still there", lambda: not shown(lead)["proposals"])
    told = lead.run("status").out
    has(told, "over before anybody joined")
    name = told.split("council close -C ")[1][:8]
    lacks(lead.run("status").out, "over before anybody joined")
    lead.run("close", "-C", name, "--yes")
    limit(pool_rest_ms=DAY)


@case("a deadline that passes while the server is down sends everybody back with their time; silence is not asked again at once")
def deadline():
    six = W["council"]
    register(six, pace="slow", moderators=("ben", "dan"))
    since = [done.one()["since"] for done in all_of(six, "pool", "show", "--json")]
    seek()
    until("no proposal", lambda: shown(six[0])["proposals"])
    rest()
    six[1].run("pool", "accept")
    world.server.stop()
    with contextlib.closing(sqlite3.connect(os.path.join(world.server.data, "council.db"))) as db:  # the clock, put on
        db.execute("UPDATE pool_proposal SET answer_by = made + 1")
        db.commit()
    world.server.start()
    until("the proposal is still there", lambda: not shown(six[0])["proposals"])
    seen = [done.one() for done in all_of(six, "pool", "show", "--json")]
    equal([one["since"] for one in seen], since, "waiting since")
    check("rests" in seen[0] and "rests" not in seen[1], "who rests: %r" % [one.get("rests") for one in seen])
    equal(six[0].run("pool", "accept", "--json", code=(FAILED, REFUSED)).error(), "no_proposal", "an answer that came too late")


@case("who is in the pool no more, without having left it, is told so once")
def lost():
    member = W["council"][5]
    world.server.stop()
    with contextlib.closing(sqlite3.connect(os.path.join(world.server.data, "council.db"))) as db:  # as a restore does with everybody
        db.execute("DELETE FROM pool_person WHERE name = ?", (called(member.name),))
        db.commit()
    world.server.start()
    lacks(member.run("status").out, "not in the pool any more")
    member.run("pool", "show")
    has(member.run("status").out, "not in the pool any more")
    lacks(member.run("status").out, "not in the pool any more")


@case("withdrawing deletes: nothing that was registered is in the database or its journal any more; a full pool says so")
def withdrawing():
    everybody = W["council"] + [W["no"]]
    all_of(everybody, "pool", "withdraw")
    equal(rows("pool_person"), 0, "registrations")
    has(everybody[0].run("pool", "show").out, "not in the pool")
    lacks(everybody[0].run("status").out, "not in the pool any more")
    limit(pool_people=0)
    equal(register(everybody[:1], code=REFUSED)[0].code, REFUSED, "a full pool")
    limit(pool_people=1)
    for member in W["people"]:
        world.plant(called(member.name))  # from now on it is nowhere there: searched in files, memory and backups
    until("names are still in the journal", lambda: not any(called(m.name).encode() in open(path, "rb").read() for m in W["people"]
                                                            for path in world.server.files() if "council.db" in path))
    world.server.restart()


main()
