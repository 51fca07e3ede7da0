#!/usr/bin/python3
"""The meeting room on real terminals: what is shown at any size and without colour, keys, hands and typing, a server that restarts in the middle, one clock for
everybody, other people's control characters, and plain lines for screen readers and pipes."""
import json
import os
import re
import signal

import clocks
everybody = clocks.Clock()  # one clock for all processes, which goes as it should until a case moves it
os.environ.update(everybody.env, ASAN_OPTIONS="detect_leaks=1:verify_asan_link_order=0")
from harness import OK, REFUSED, World, case, check, equal, has, lacks, main
from terminal import Pty, Screen, until

world = World()
W = {}
CSI = "\u009b31m"
NASTY = "Eve\x1b[2J" + CSI + "\u202egnp\u0007\r\n\t."


def seconds_left(text):
    """The phase's clock on a screen, in seconds."""
    found = re.search(r"(\d+:)?(\d+):(\d\d) left", text)
    check(found, "no clock in:\n" + text)
    return int((found.group(1) or "0:")[:-1]) * 3600 + int(found.group(2)) * 60 + int(found.group(3))


def same_clock(a, b, what):
    """Within a second, which may pass between two looks."""
    until(what + ": the same clock", lambda: abs(seconds_left(a.shown()) - seconds_left(b.shown())) <= 1, 3)


@case("the room shows who is here, the queue, what the keys do, and when the next meeting is")
def enter():
    W["ada"], W["ben"], W["eve"] = ada, ben, eve = world.council("ada", "ben", "eve", title="Who look about together")
    ada.run("schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "Europe/Berlin", "--quiet")
    W["a"] = a = Screen(ada, "meeting")
    a.sees("Who look about together", "online", "No meeting is running", "The next one: ", "Here: 1 of 3", " Ada", "Hot seat", " 1. Ada", "h hand", "o open", "q leave")
    W["clock"] = clock = clocks.Clock(wall=3 * clocks.HOUR)  # of Ben's machine: it is wrong, and the room's is right
    W["b"] = b = Screen(ben, "meeting", NO_COLOR="1", CLOCK_SHIFT=clock.file.name)
    b.sees("Here: 2 of 3", " Ben")
    a.sees("Here: 2 of 3", " Ben")
    lacks(a.shown(), "n next", "keys while no meeting runs")
    for screen in (a, b):
        equal(len(screen.shown().rstrip("\n").split("\n")) <= 24, True, "lines of the screen")
        check(all(len(line) <= 80 for line in screen.rows()), "columns of the screen")


@case("a key opens the meeting: roles go round among who is here, and both rooms show the same phase and clock")
def open_it():
    a, b = W["a"], W["b"]
    a.keys("o")
    a.sees("Open which meeting")
    a.text("now")
    a.keys("Enter")
    for screen in (a, b):
        screen.sees("Phase 1 of 4: Welcome and ground rules", "facilitator Ada, timekeeper Ben, scribe", "n next phase" if screen is a else "t take over")
    lacks(b.shown(), "n next", "the keys of who does not lead")
    same_clock(a, b, "an open meeting")
    people = W["ada"].run("meeting", "show", "--json").one()["attended"]
    equal(sorted(person["name"] for person in people), ["Ada", "Ben"], "attendance, which nobody wrote down")


@case("hands and typing are seen by the others; minutes, commitments and the seat come from keys")
def write():
    a, b = W["a"], W["b"]
    b.keys("h")
    b.sees("Your hand is up.")
    a.sees("Ben, HAND UP (1)")
    b.keys("m")
    b.text(world.plant("We stood among ä日本 bees"))
    a.sees("typing")
    b.keys("BSpace", "BSpace", "BSpace", "BSpace")
    b.text("cedars")
    b.keys("Enter")
    for screen in (a, b):
        screen.sees("Ben: We stood among ä日本 cedars")
    a.sees_no("typing")
    a.keys("k")
    a.text(world.plant("five parcels posted") + " [5 parcels]; a second one")
    a.keys("Enter")
    b.sees("Commitment of Ada: five parcels posted", "Commitment of Ada: a second one")
    b.keys("h")
    a.sees_no("HAND UP")
    b.keys("s")
    b.text("in offer 2099-01-01 " + world.plant("which of two orchards"))
    b.keys("Enter")
    a.sees("Ben, offer 2099-01-01")
    a.keys("x")
    a.text("be")
    a.keys("Enter")
    b.sees("now: Ben")
    a.keys("m")
    a.text("never sent")
    a.keys("Escape")
    a.sees_no("Enter sends it")
    lacks(b.shown(), "never sent", "a line that was dropped")


@case("a phase goes on only where it is meant; who does not lead is told so, and may take over")
def phases():
    a, b = W["a"], W["b"]
    a.keys("n")
    a.sees("Go on to the next phase? y/n")
    a.keys("z")
    a.sees_no("y/n")
    has(a.shown(), "Phase 1 of 4")
    a.keys("n")
    a.keys("y")
    for screen in (a, b):
        screen.sees("Phase 2 of 4: Personal stories")
    b.keys("e")
    b.sees("! Not done: ")
    has(b.shown(), "Phase 2 of 4")
    before = seconds_left(a.shown())
    a.keys("e")
    a.text("7")
    a.keys("Enter")
    until("more time", lambda: seconds_left(b.shown()) > before + 400)
    b.keys("t")
    b.keys("y")
    a.sees("facilitator Ben")
    b.sees("facilitator Ben", "n next phase")


@case("the server is killed in the middle and comes back: the rooms say so, keep what is written, and show the same clock")
def restart():
    a, b = W["a"], W["b"]
    a.keys("h")
    b.sees("Ada, HAND UP")
    world.server.kill()
    for screen in (a, b):
        screen.sees("offline", "Here: not known now", "Phase 2 of 4", " left")
    b.keys("m")
    b.text(world.plant("While nobody was listening"))
    b.keys("Enter")
    b.sees("The minute is kept", "to be sent")
    world.server.start()
    for screen in (a, b):
        screen.sees("online", "Here: 2 of 3", "Ada, HAND UP", "Ben: While nobody was listening")
    same_clock(a, b, "after the restart")
    W["clock"].set(wall=-2 * clocks.HOUR)
    same_clock(a, b, "a machine whose clock is set")


@case("what others write moves no cursor and turns no line: every byte that reaches the terminal is the program's own")
def hostile():
    eve, a = W["eve"], W["a"]
    eve.run("profile", "--name", NASTY[:50], "--quiet")
    eve.run("meeting", "minute", "beware " + NASTY + " end", "--quiet")
    eve.run("meeting", "seat", "in", "--why", "because " + NASTY, "--quiet")
    for term, more in (("xterm-256color", {}), ("vt100", {}), ("xterm-256color", {"LC_ALL": "C"})):
        late = Pty(eve, "meeting", term=term, **more)
        late.sees("beware")
        late.keys("h")
        late.sees("Your hand is")
        late.keys("q")
        equal(late.ended(), OK, "the end of the room")
        printed = late.printed()
        for bad in (b"\x1b", b"\x07", CSI.encode(), "\u202e".encode(), b"\x9b", b"\t"):
            check(bad not in printed, "%r reached %s: %r" % (bad, term, printed))
        check(b"\\x1b[2J" in printed, "what was made visible is not there: %r" % printed)
        check(b"\x1b[2J" not in late.bytes.replace(b"\x1b[H\x1b[2J", b""), "a screen was cleared in the middle")
    a.sees(": beware", "Eve\\x1b[2J\\x9b31mgnp\\x07", "HAND UP")


@case("without colour nothing is missing: NO_COLOR and vt100 get no colour, and the others do")
def colour():
    def colours(term, **env):
        seen = Pty(W["eve"], "meeting", term=term, **env)
        seen.sees("beware")
        seen.keys("m\r")  # an empty minute is refused: a message in red, if there is any
        seen.sees("Not done")
        seen.keys("q")
        equal(seen.ended(), OK, "the end of the room")
        check(seen.bytes.count(b"! ") or b"Not done" in seen.bytes, "the mark of what went wrong")
        return re.findall(rb"\x1b\[(?:\d+;)*(?:3[0-7]|38;5;\d+|4[0-7])m", seen.bytes)

    check(colours("xterm-256color"), "colours where they are wanted")
    equal(colours("xterm-256color", NO_COLOR="1"), [], "colours with NO_COLOR")
    equal(colours("vt100"), [], "colours of a vt100")


@case("any size: wide, narrow, a few lines, and back")
def resize():
    a = W["a"]
    a.keys("?")
    a.sees("write a line of the minutes", "leave the room")
    a.keys("q")  # closes the list alone
    a.sees("Phase 2 of 4")
    a.resize(120, 40)
    a.sees("Phase 2 of 4: Personal stories", "Hot seat", "q leave")
    until("a wide screen that is used", lambda: max(len(line) for line in a.rows()) > 100)
    a.resize(44, 14)
    a.sees("Phase 2 of 4", " left", "Here: ", "Hot seat: ")
    a.resize(24, 5)
    until("the time", lambda: re.search(r"\d:\d\d left", a.shown()))
    a.resize(10, 2)
    until("a line", lambda: len(a.shown().rstrip("\n").split("\n")) <= 2)
    a.resize(80, 24)
    a.sees("Here: 2 of 3", "Hot seat", "q leave", "Ben: We stood among ä日本 cedars")


@case("plain lines by a pipe: each change once, one command after the other, refusals as an exit code")
def plain():
    eve = W["eve"]
    said = eve.run("meeting", "--plain", text="time\nwho\nqueue\nrole scribe Ada\nminute " + world.plant("Lines without a screen") + "\nminutes\n")
    lines = said.out.splitlines()
    equal(sum("Phase 2 of 4: Personal stories," in line for line in lines), 1, "announcements of the phase")
    for part in ("left; meeting", "Ada, HAND UP", "now: Ben", "Roles: facilitator Ben, timekeeper Ben, scribe Ada.", "The minute is sent."):
        has(said.out, part)
    equal(sum("Lines without a screen" in line for line in lines), 2, "the minute: when it came, and when it was asked for")
    check("\x1b" not in said.out and "\u009b" not in said.out, "control characters in plain lines")
    W["a"].sees("Lines without a")
    refused = eve.run("meeting", "--plain", text="next\nnonsense\nextend many\nseated Nobody\n", code=REFUSED).out
    for part in ("Not done: ", "There is no `nonsense` here", "How many minutes?", "There is no member `Nobody` here."):
        has(refused, part)
    events = eve.run("meeting", "--json", text="hand up\nshow\nhelp\n").lines()
    for event in ("room", "phase", "roles", "came", "done", "answer", "help"):
        check(any(line["event"] == event for line in events), "an event %s" % event)
    raised = W["ben"].start("meeting", "hand", "--seconds", "2")  # his room is open besides
    W["a"].sees("Ben, HAND UP (2)")  # Ada's is the first
    W["ben"].finish(raised)
    until("the hand is down", lambda: "HAND UP (2)" not in W["a"].shown())


@case("a terminal that is not known gets plain lines, and a screen reader's terminal reads commands")
def reader():
    for term in ("no-such-terminal", "dumb"):
        seen = Pty(W["eve"], "meeting", term=term)
        seen.sees("Ada is here.")
        seen.keys("time\n")
        seen.sees("left; meeting ")
        seen.keys("quit\n")
        equal(seen.ended(), OK, "the end of the room")
        check(b"\x1b" not in seen.bytes, "sequences for a terminal that has none: %r" % seen.bytes)
    offline = W["eve"].run("meeting", "--offline", "--plain", text="time\nminute " + world.plant("Written in a tunnel") + "\n")
    has(offline.out, "The minute is kept")
    W["eve"].run("sync", "--quiet")
    W["a"].sees("Written in a")


@case("the meeting ends for everybody, leaving is one key, and a signal gives the terminal back")
def leave():
    a, b = W["a"], W["b"]
    stays = Pty(W["eve"], "meeting")
    stays.sees("Phase 2 of 4")
    b.keys("c")
    b.keys("y")
    for screen in (a, b):
        screen.sees("No meeting is running", "The next one: ")
    b.keys("q")
    equal(b.ended(), OK, "Ben's room")
    a.sees("Here: 2 of 3")
    stays.process.send_signal(signal.SIGTERM)
    equal(stays.ended(), OK, "a room that was told to end")
    check(stays.bytes.rstrip().endswith(b"\x1b[?1l\x1b>") and b"\x1b[?1049l" in stays.bytes, "the terminal was given back: %r" % stays.bytes[-80:])
    a.sees("Here: 1 of 3")
    a.keys("q")
    equal(a.ended(), OK, "Ada's room")
    record = json.dumps(W["ada"].run("meeting", "show", "--json").one(), ensure_ascii=False)
    for part in ("We stood among", "five parcels posted", "While nobody was listening"):
        has(record, part)


@case("a meeting that nobody closed is nobody's attendance, and opening the next one closes it")
def forgotten():
    ada, ben = W["ada"], W["ben"]
    ada.run("meeting", "--plain", text="open next\n")
    left_open = ada.run("meeting", "list", "--json").lines()[-1]["meeting"]
    everybody.pass_ms(5 * clocks.HOUR)
    said = ben.run("meeting", "--plain", text="time\nopen now\ntime\n").out
    has(said, "nobody closed it")
    has(said, "Roles: facilitator Ben, timekeeper Ben, scribe Ben.")
    record = ben.run("meeting", "show", left_open, "--json").one()
    equal((record["open"], [person["name"] for person in record["attended"]]), (False, ["Ada"]), "the forgotten meeting")
    ben.run("meeting", "--plain", text="close\n")


@case("who joins while nobody else is there reads what was before as soon as somebody gives the keys, in the room as well")
def newcomer():
    link = W["ada"].run("invite", "open").out.strip()
    zoe = world.member("zoe")
    zoe.run("join", link)
    room = Screen(zoe, "meeting")
    room.sees("(no name yet)", "Here: 1 of 4")
    W["ada"].run("sync", "--quiet")
    room.sees("Who look about together")
    room.keys("q")
    equal(room.ended(), OK, "the end of the room")


main()
