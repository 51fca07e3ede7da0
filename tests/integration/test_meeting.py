#!/usr/bin/python3
"""A meeting of eight: opened by anybody, led by turns, one clock for all over a restart and for who comes late, taken over, closed; and what the log knows then."""
import datetime
import os
import time
import zoneinfo

from clocks import HOUR, Clock
from harness import FAILED, OK, REFUSED, USAGE, World, case, check, equal, has, lacks, main

ZONE = "Europe/Berlin"
NAMES = ("ada", "ben", "cleo", "dan", "eve", "fay", "gus", "hal")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

clock = Clock()
os.environ.update(clock.env)
world = World("--ping", "3600")
people = world.council(*NAMES, title="Those who meet")
ada, ben, cleo, dan, eve, fay, gus, hal = people
WORDS = {k: world.plant(v) for k, v in {
    "minute": "Ben tells of the second round", "late": "A line that came afterwards", "word": "unafraid-and-awake", "why": "Salary talk on Friday",
    "title": "A round of honest questions", "commit": "Write to five old colleagues", "measure": "5 letters of mine"}.items()}


def show(member, *args):
    return member.run("meeting", "show", "--json", *args).one()


def leader(state):
    return state["roles"]["facilitator"]["name"]


@case("without a schedule nothing is opened; with one, it is the meeting that it is time for, roles go round among who comes, and who is unprepared is told")
def opened():
    equal(ada.run("meeting", "open", "--json", code=REFUSED).error(), "no_schedule", "without a schedule")
    began = datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)) - datetime.timedelta(minutes=2)
    world.name = began.strftime("%Y-%m-%dT%H:%M")
    days = (DAYS[began.weekday()], DAYS[(began.weekday() + 3) % 7])
    ada.run("schedule", "set", *days, "--time", began.strftime("%H:%M"), "--zone", ZONE, "--from", began.strftime("%Y-%m-%d"), "--quiet")
    has(ben.run("meeting", "show", code=REFUSED).err, "has not met yet")
    equal(ben.run("meeting", "show", "--json", code=REFUSED).error(), "no_meeting", "before the first")
    has(ben.run("meeting", "minute", "too early", code=REFUSED).err, "council meeting open")
    ben.run("rsvp", "late", "--quiet")
    cleo.run("rsvp", "yes", "--quiet")
    said = dan.run("meeting", "open")
    has(said.err, "Ben leads it")
    has(said.err, "not everybody has finished the orientation: Ada")
    world.first = show(dan)
    equal(world.first["meeting"], world.name, "the meeting that it is time for")
    # Ben and Cleo said that they come, Dan opened it; of these Ben joined first, and nobody has led yet.
    equal({role: who["name"] for role, who in world.first["roles"].items()}, {"facilitator": "Ben", "timekeeper": "Cleo", "scribe": "Dan"}, "roles")
    equal(world.first["zero"], True, "the first meeting of all")
    equal([(p["kind"], p["minutes"]) for p in world.first["phases"]], [("welcome", 10), ("stories", 40), ("commitments", 5), ("checkout", 5)], "its agenda")
    equal([a["name"] for a in world.first["attended"]], ["Dan"], "who is there")
    equal(eve.run("meeting", "open", "--json", code=REFUSED).error(), "meeting_open", "opened twice")


@case("everybody's clock shows the same: a late joiner's, and all after a restart of the server in the middle")
def one_clock():
    ends = world.first["clock"]["ends"]
    equal(ends, world.first["opened"] + 600000, "the end of the first phase")
    state = ben.run("meeting", "next", "--json").one()
    equal((state["phase"], state["clock"]["ends"]), (2, state["phases"][1]["began"] + 40 * 60000), "the second phase")
    ben.run("meeting", "extend", "7", "--quiet")
    world.server.kill()
    world.server.start()
    states = [show(m) for m in (cleo, hal, ben)]
    for one in states:
        equal((one["phase"], one["clock"]["ends"]), (2, state["clock"]["ends"] + 7 * 60000), "phase and end after the restart")
        check(abs(one["clock"]["remaining_ms"] - (one["clock"]["ends"] - one["clock"]["now"])) <= 1, "what is left fits the server's time")
        check(abs(one["clock"]["now"] - time.time() * 1000) < 90000, "the time is the server's")


@case("who does not lead is told who does; a facilitator who is gone is taken over from, and of many at once each one that won was led by the one before")
def taken_over():
    said = eve.run("meeting", "next", code=REFUSED)
    has(said.err, "Ben leads this meeting")
    has(said.err, "take-over")
    refused = []
    for _ in range(6):
        runs = [(m, m.start("meeting", "take-over", "--json")) for m in (cleo, eve, fay, gus, hal)]
        results = [m.finish(p, code=(OK, REFUSED, FAILED)) for m, p in runs]
        check(any(r.code == OK for r in results), "nobody took over")
        refused += [r.error() for r in results if r.code != OK]
        if "handed_over" in refused:
            break
    has(refused, "handed_over")
    equal(set(refused) - {"handed_over", "bad_input"}, set(), "why some did not")
    states = [show(m) for m in (ada, ben, hal)]
    equal(len({leader(s) for s in states}), 1, "one facilitator for everybody")
    held = [h["name"] for h in states[0]["held"] if h["role"] == "facilitator"]
    check(all(a != b for a, b in zip(held, held[1:])), "each took over from another: %r" % held)
    equal(states[0]["clock"]["ends"], states[2]["clock"]["ends"], "the clock went on")
    ada.run("meeting", "hand-over", "Eve", "--quiet")
    equal(leader(show(dan)), "Eve", "handed over by another member")
    lacks([a["name"] for a in show(dan)["attended"]], "Ada")


@case("minutes, commitments, hot seat and the word at the end are taken down while it runs; closing leaves all of it in the log")
def written():
    dan.run("meeting", "minute", WORDS["minute"], "--quiet")
    eve.run("meeting", "seated", "Ben", "--quiet")
    equal(gus.run("meeting", "seated", "Ben", "--json", code=FAILED).error(), "bad_input", "twice in one meeting")
    ben.run("checkin", "--commit", "%s [%s]" % (WORDS["commit"], WORDS["measure"]), "--commit", "Rest on Sunday", "--quiet")
    eve.run("agenda", "set", "Check-in=10", "Stories=40", WORDS["title"] + "=15=exercise", "Check-out=5", "--meeting", world.name, "--quiet")
    equal(ben.run("agenda", "set", "Other=10", "--json", code=REFUSED).error(), "not_moderator", "the council's agenda by a member")
    state = eve.run("meeting", "next", "--json").one()
    equal((state["phases"][2]["title"], state["phases"][2]["minutes"]), (WORDS["title"], 15), "a phase that was still to come")
    fay.run("meeting", "word", "nothing", "--quiet")
    fay.run("meeting", "word", WORDS["word"], "--quiet")
    equal(hal.run("meeting", "close", "--json", code=REFUSED).error(), "not_facilitator", "closed by anybody")
    state = eve.run("meeting", "close", "--json").one()
    ada.run("meeting", "minute", WORDS["late"], "--meeting", world.name, "--quiet")
    state = show(hal)
    equal((state["open"], [w["text"] for w in state["words"]]), (False, [WORDS["word"]]), "one word of each, the last")
    equal([m["text"] for m in state["minutes"]], [WORDS["minute"], WORDS["late"]], "minutes")
    equal([(c["name"], c["measure"]) for c in state["commitments"]], [("Ben", WORDS["measure"]), ("Ben", None)], "commitments made at it")
    check({"Dan", "Ben", "Eve", "Fay"} <= {a["name"] for a in state["attended"]} and "Ada" not in {a["name"] for a in state["attended"]}, "who was there")
    equal(len([a["name"] for a in state["attended"]]), len({a["name"] for a in state["attended"]}), "each said so once")
    text = hal.run("meeting", "show", "last").out
    for word in ("minute", "word", "commit", "measure"):
        has(text, WORDS[word])
    equal(len(hal.run("meeting", "list", "--json").lines()), 1, "meetings that were")
    hal.run("export", os.path.join(world.folder, "export"), "--quiet")
    page = "".join(open(os.path.join(world.folder, "export", f), encoding="utf-8").read() for f in os.listdir(os.path.join(world.folder, "export")) if f.endswith(".md"))
    for word in ("minute", "late", "word"):
        has(page, WORDS[word])


@case("the queue: never had it before had it, an interview this week first, out when one wishes; the next facilitator is somebody else")
def queued():
    hal.run("meeting", "seat", "in", "--interview", "--why", WORDS["why"], "--quiet")
    cleo.run("meeting", "seat", "out", "--quiet")
    gus.run("meeting", "seat", "in", "--day", "2020-01-01", "--offer", "--quiet")
    queue = ada.run("meeting", "queue", "--json").one()["queue"]
    equal([q["name"] for q in queue], ["Hal", "Ada", "Dan", "Eve", "Fay", "Gus", "Ben"], "the queue")
    equal((queue[0]["urgent"], queue[0]["why"], queue[5]["urgent"]), (True, WORDS["why"], False), "who goes ahead")
    ada.run("meeting", "seat", "sideways", code=USAGE)
    state = ada.run("meeting", "open", "now", "--here", "Ben", "--here", "Eve", "--json").one()
    check(leader(state) == "Ada", "those who led come after who did not: %r" % state["roles"])
    equal([p["minutes"] for p in state["phases"]], [5, 15, 30, 5, 5], "the usual agenda")
    lacks(fay.run("meeting", "show").out, "meeting zero")
    ada.run("meeting", "close", "--quiet")


@case("no meeting is moved onto another; one that was moved is next where it is held, and is opened by the time it was moved to")
def moved():
    coming = [m["meeting"] for m in ada.run("schedule", "show", "--json").lines() if m["meeting"] != world.name]
    said = ada.run("schedule", "move", coming[0], coming[1], code=FAILED)
    has(said.err, "is held then")
    soon = (datetime.datetime.now(zoneinfo.ZoneInfo(ZONE)) + datetime.timedelta(hours=3)).strftime("%Y-%m-%dT%H:%M")
    ada.run("schedule", "move", coming[1], soon, "--quiet")
    has([m["held"] for m in ben.run("schedule", "show", "-n", "1", "--json").lines() + ben.run("schedule", "show", "--json").lines()], soon)
    ada.run("schedule", "move", coming[0], soon, code=FAILED)
    ahead = Clock(clock.wall + 5 * HOUR, clock.mono)
    for args in (("schedule", "next"), ("schedule", "show", "-n", "1")):
        equal(ben.run(*args, "--json", env=ahead.env).one()["held"], ben.run(*args, "--json").one()["held"], "%s by the server's time" % args[1])
    equal(ben.run("meeting", "open", soon, "--json").one()["meeting"], coming[1], "opened by where it is held")
    ada.run("meeting", "close", "--quiet")


@case("a meeting that nobody closed is closed by whoever opens the next one; one that still runs is not")
def forgotten():
    ben.run("meeting", "open", "now", "--facilitator", "Cleo", "--quiet")
    equal(dan.run("meeting", "open", "next", "--json", code=REFUSED).error(), "meeting_open", "while it runs")
    clock.pass_ms(4 * HOUR)
    said = dan.run("meeting", "open", "next")
    has(said.err, "still open; it is closed now")
    before = dan.run("meeting", "list", "--json").lines()
    equal([m["open"] for m in before[-2:]], [False, True], "the one before, and the next")
    lacks([a["name"] for a in before[-2]["attended"]], "Dan")


@case("the next meeting is one that was not held yet: one that was opened early and closed is over")
def next_is_not_over():
    early = show(dan)["meeting"]
    by = {"Dan": dan, "Ben": ben, "Cleo": cleo}.get(leader(show(dan)), ada)  # Ada moderates
    by.run("meeting", "close", "--quiet")
    following = dan.run("schedule", "next", "--json").one()["meeting"]
    check(following > early, "next after %s: %s" % (early, following))
    told = dan.run("meeting", "--plain", text="open\nopen next\nclose\n", code=None).out
    has(told, "the next one is that of " + following)
    has(told, "The meeting of %s is open" % following)
    equal(dan.run("meeting", "open", early, "--json").one()["meeting"], early, "by its name it is opened once more")


if __name__ == "__main__":
    main()
