#!/usr/bin/python3
"""Habits over two weeks on one clock: orientation, acts that close commitments, their history, hope and energy, the weekly update."""
import os
import signal
from datetime import datetime, timezone

from clocks import DAY, Clock
from harness import *

# Everybody's clock: a Wednesday noon in Berlin.
WEDNESDAY = int(datetime(2026, 11, 18, 11, tzinfo=timezone.utc).timestamp() * 1000)
clock = Clock(WEDNESDAY - int(datetime.now().timestamp() * 1000))
os.environ.update(clock.env)
world = World("--ping", "3600")
SECRET = world.plant("Nobody but me knows how I feel about Initech")


def rows(member, *args):
    return member.run(*args, "--json").lines()


@case("a newcomer is led to the orientation, reads its steps, says what is done, and everybody sees who has finished")
def orientation():
    global ada, ben
    reader = world.member("cy")
    equal(len(rows(reader, "training")), 12, "steps to read for somebody who is in no council")
    reader.run("orientation", "done", code=FAILED)
    ada, ben = world.council("ada", "ben")
    has(reader.run("join", "--name", "Cy", ada.run("invite", "open").out.strip()).err, "council orientation")
    steps = rows(ben, "orientation")
    equal([(s["number"], s["done"]) for s in steps], [(n, False) for n in range(1, 8)], "the steps")
    text = ben.run("orientation", "show").out
    has(text, "1 of 7: What a council is")
    check(max(len(line) for line in text.splitlines()) <= 76, "a line is longer than a terminal")
    has(ben.run("orientation", "done").out, "1 of 7 done; next: What is said here stays here")
    equal(ben.run("orientation", "done", "sealed", "--json").one()["done"], 2, "steps done")
    has(ben.run("status").out, "orientation: 2 of 7 steps done")
    ben.run("orientation", "done", "8", code=USAGE)
    ben.run("orientation", "forget", code=USAGE)
    equal(ben.run("orientation", "done", "all", "--json").one(), {"course": "orientation", "done": 7, "steps": 7, "finished": True}, "all")
    lacks(ben.run("status").out, "orientation:")
    who = {r["name"]: (r["done"], r["finished"], r["moderator"]) for r in rows(ada, "orientation", "who")}
    equal(who, {"Ada": (0, False, True), "Ben": (7, True, False), "Cy": (0, False, False)}, "who")
    has(ada.run("training", "done", world.plant("before-zero")).out, "1 of 12 done; next: What a moderator is for")


@case("acts add up and close a commitment; what is not done stays open, and is late once its day is over")
def acts():
    ben.run("checkin", "-c", world.plant("Write to people I miss") + " [five letters]", "-c", world.plant("Call the lawyer") + " by 2026-11-20",
            "--hope", "2", "--energy", "4", "--private")
    did = ben.run("did", world.plant("three letters to old friends"), "-c", "1", "-n", "3", "--json").one()
    equal((did["reached"], did["goal"], did["state"]), (3, 5, "open"), "three of five")
    ada.run("sync", "--quiet")
    has(ada.run("commitments", "Ben").out, "Write to people I miss [five letters]: open, 3 of 5")
    has(ben.run("checkin", "--template").out, "1. Write to people I miss [five letters] (3 of 5 so far) =")
    has(ben.run("did", "-c", "1", "-n", "2").out, "5 of 5: that commitment is done")
    has(ben.run("did", "-c", "1", "spoke with him").out, "stays open")  # the lawyer is the first that is open now
    ben.run("did", code=USAGE)
    ben.run("did", "x", "-c", "1", "--private", code=USAGE)
    ben.run("did", "x", "-c", "2", code=FAILED)
    seen = rows(ada, "commitments", "Ben", "--all")
    equal([(c["state"], c.get("overdue", False)) for c in seen], [("done", False), ("open", False)], "at Ada's")
    clock.pass_ms(7 * DAY)
    has(ada.run("commitments").out, "was meant to be done by 2026-11-20")


@case("a line a week says what became of commitments, and one's own hope and energy, shared or not")
def weeks():
    ada.run("schedule", "set", "wed", "sat", "--time", "12:00", "--quiet")
    has(ada.run("meeting", "open", "now").err, "not everybody has finished the orientation: Ada, Cy.")
    ben.run("checkin", "-r", "1=missed:" + world.plant("had the flu"), "-c", "rest [2 days]", "--hope", "5")
    ada.run("meeting", "close", "--quiet")
    history = rows(ada, "commitments", "Ben", "--weeks", "2")[-1]
    equal([(w["week"], w["made"], w["done"], w["missed"], w["logged"]) for w in history["weeks"]],
          [("2026-11-16", 2, 1, 0, 6), ("2026-11-23", 1, 0, 1, 0)], "two weeks")
    has(ada.run("commitments", "--weeks", "2").out, "23 Nov  ░  1 missed")
    has(ada.run("commitments", "--weeks", "2", env={"LC_ALL": "C"}).out, "16 Nov  #  1 done, 6 logged")
    equal([(w.get("hope"), w.get("energy")) for w in rows(ben, "mood", "-w", "3")], [(None, None), (2.0, 4.0), (5.0, None)], "Ben's weeks")
    has(ben.run("mood").out, "hope ██··· 2.0  energy ████· 4.0")
    equal([w for w in rows(ada, "mood") if len(w) > 1], [], "Ada's own")
    folder = os.path.join(world.folder, "ada.export")
    ada.run("export", folder, "--quiet")
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            lacks(file.read(), '"energy":', "what Ada can read of Ben's private temperature")
    ada.run("mood", "--weeks", "0", code=USAGE)


@case("on the council's day the weekly update is asked for once; its draft holds the week's own entries, and nothing private")
def due():
    ada.note(world.plant("a note of Ada's"))
    ben.note(world.plant("an interview on Friday"))
    ben.run("did", "--private", SECRET)
    check(ben.run("update", "day", "wed", code=None).code != OK, "a member chose the day")
    ada.run("update", "day", "someday", code=USAGE)
    has(ada.run("update", "day", "wed").out, "due on Wednesdays")
    has(ben.run("sync").err, "day of the weekly update")
    lacks(ben.run("sync").err, "weekly update")
    equal([log["update_due"] for log in ben.status()["logs"] if not log["journal"]], [True], "due")
    draft = ben.run("update", "--template").out
    for wanted in ("- Commitment missed: Call the lawyer (had the flu)", "- From my note: an interview on Friday", "- rest (2 days)",
                   "- Came to 1 meeting\n"):
        has(draft, wanted)
    lacks(draft, SECRET)
    lacks(draft, "a note of Ada's")
    has(ben.run("update", "--template", "--with-journal").out, SECRET)
    watching = ada.start("watch", stdin=None)
    said = b""
    while b"weekly update" not in said:
        line = watching.stderr.readline()
        check(line, "watch ended: %r" % said)
        said += line
    watching.send_signal(signal.SIGINT)
    ada.finish(watching)


@case("an update is kept privately, shared on purpose, revised in the same week, and not asked for again")
def update():
    draft = ben.run("update", "--template").out
    first = ben.run("update", "-", "--json", text=draft + world.plant("Somebody who knows Globex")).one()
    equal((first["revision"], first["shared"], first["week"]), (1, False, "2026-11-25"), "the first draft")
    lacks(ada.run("document", "list").out, "Weekly update")
    equal(ben.run("update", "--share", "--json").one(), {**first, "shared": True}, "shared as it is")
    has(ada.run("document", "show", first["document"][:8]).out, "Somebody who knows Globex")
    lacks(ben.run("status").out, "update is due")
    has(ben.run("update", "--share", code=FAILED).err, "shared already")
    clock.pass_ms(DAY)  # a day late is still this week's
    draft = ben.run("update", "--template").out
    has(draft, "Somebody who knows Globex")
    equal(ben.run("update", "-", "--yes", "--json", text=draft + "\nand Hooli").one(), {**first, "revision": 2, "shared": True}, "the second")
    ben.run("update", "-", "--share", text="# Weekly update\n## What is next\nx\n", code=FAILED)
    clock.pass_ms(6 * DAY)
    has(ben.run("status").out, "update is due")
    equal(ada.run("update", "day", "--json").one(), {"day": "wednesday", "due": True}, "a week later")
    has(ada.run("update", "day", "none").out, "has no day")
    lacks(ben.run("sync").err, "weekly update")


@case("every command that the orientation and the training name is there, and does what they say by its name")
def named():
    known = {row["command"] for row in rows(ada, "help")}
    for course in ("orientation", "training"):
        for step in rows(ada, course):
            text = ada.run(course, "show", step["number"], "--json").one()["text"]
            for line in text.split("`")[1::2]:
                words = line.split()
                check(words[0] == "council" and (words[1] in known or " ".join(words[1:3]) in known), "%s: there is no `%s`" % (step["name"], line))


main()
