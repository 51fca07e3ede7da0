#!/usr/bin/python3
"""What the rules, the forms and the command line forbid: refused with the exit code of the table and what to do next, and nothing is changed."""
import json
import os
import subprocess

from harness import BIN, FAILED, REFUSED, USAGE, World, case, check, environment, equal, has, lacks, main

world = World()
W = {}


@case("a council of three is founded")
def beginning():
    W["ada"], W["ben"], W["chloe"] = world.council("ada", "ben", "chloe", title="Council of kept rules")
    W["ada"].run("sync")  # gives the newcomers what was before


# ---- what the rules forbid ----

@case("the last moderator does not leave without a successor, and does with one")
def last_moderator():
    grace, hugo = world.council("grace", "hugo", title="Two and a key")
    said = grace.run("leave", "--yes", code=REFUSED)
    has(said.err, "Name a successor")
    has(grace.run("leave", code=FAILED).err, "--yes")
    grace.run("role", "Grace", "member", code=REFUSED)
    equal(len(hugo.run("roster", "--json").lines()), 2, "members after the refusal")
    grace.run("leave", "--yes", "--successor", "Nobody", code=FAILED)
    grace.run("leave", "--yes", "--successor", "Hugo")
    equal([(r["name"], r["role"]) for r in hugo.run("roster", "--json").lines()], [("Hugo", "moderator")], "who is left")
    hugo.note(world.plant("Alone in the lighthouse"))
    has(hugo.run("status").out, "Two and a key")
    has(grace.run("note", "post", "-m", "from outside", code=REFUSED).err, "Ask a moderator for an invite")
    lacks("\n".join(grace.texts("--council", "Two and a key")), "Alone in the lighthouse")


@case("members do not do what moderators do; nobody is there who is not there")
def permissions():
    chloe = W["chloe"]
    for command in (("remove", "Ada"), ("role", "Chloe", "moderator"), ("invite", "open"), ("schedule", "set", "mon", "tue", "--time", "10:00")):
        equal(chloe.run(*command, "--json", code=REFUSED).error(), "not_moderator", " ".join(command))
    has(W["ada"].run("remove", "Ada", code=REFUSED).err, "Leave the council instead")
    for command in (("remove", "Nobody"), ("vote", "Zoe"), ("role", "Zoe", "member"), ("profile", "Zoe"), ("commitments", "Zoe")):
        has(W["ada"].run(*command, code=FAILED).err, "council roster")
    W["ada"].run("role", "Ben", "emperor", code=USAGE)
    has(W["ada"].run("note", "list", "--council", "Nonsense", code=FAILED).err, "no council `Nonsense`")


@case("cadences that are not the pace's, unknown zones, days, times and meetings are refused")
def schedules():
    ada = W["ada"]
    has(ada.run("schedule", "next", code=(FAILED, REFUSED)).err, "no schedule")
    ada.run("rsvp", "yes", code=(FAILED, REFUSED))
    for wrong in (("mon", "--time", "18:00"), ("mon", "mon", "--time", "18:00"), ("mon", "noday", "--time", "18:00"), ("mon", "thu"),
                  ("mon", "thu", "--time", "25:00"), ("mon", "thu", "--time", "18:00", "--from", "2031-02-30"),
                  ("mon", "thu", "--time", "18:00", "--minutes", "5"), ("mon", "thu", "fri", "--time", "18:00")):
        ada.run("schedule", "set", *wrong, code=USAGE)
    has(ada.run("schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "Mars/Olympus", code=FAILED).err, "not a time zone")
    has(ada.run("profile", "--zone", "Mars/Olympus", code=FAILED).err, "not a time zone")
    ada.run("schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "Europe/Lisbon", "--from", "2031-03-03")
    has(ada.run("schedule", "cancel", "2031-03-04T18:00", code=FAILED).err, "not a meeting of the schedule")
    ada.run("schedule", "move", "next", "tomorrow", code=USAGE)
    ada.run("rsvp", "perhaps", code=USAGE)
    ada.run("rsvp", "yes", "2031-03-03T18:01", code=FAILED)
    slow = world.member("slow")
    slow.run("create", "--pace", "slow", "Every other week", "--quiet")
    slow.run("schedule", "set", "mon", "thu", "--time", "18:00", code=USAGE)
    slow.run("schedule", "set", "wed", "--time", "18:00", "--zone", "Europe/Lisbon", "--from", "2031-03-03")
    equal([m["meeting"] for m in slow.run("schedule", "show", "-n", 2, "--json").lines()], ["2031-03-05T18:00", "2031-03-19T18:00"], "every other week")
    slow.run("create", "--pace", "hasty", "X", code=USAGE)
    slow.run("create", "--pace", "slow", "--size", "9", "X", code=USAGE)
    slow.run("create", "X", code=USAGE)
    slow.run("create", "--pace", "slow", "N" * 101, code=FAILED)


@case("a document that is not complete is not shared, and says which field")
def documents():
    ben = W["ben"]
    text = "## What I love\n- trains\n## Must-haves\n- one\n- two\n"
    document = ben.run("document", "new", "--json", "-", text=text).one()["document"]
    said = ben.run("document", "share", document, code=FAILED)
    has(said.err, "Not shared yet")
    equal(W["ada"].run("document", "list", "--json").out, "", "what Ada sees")
    ben.run("document", "new", "-", text="## Shoe size\n44\n", code=FAILED)
    ben.run("document", "new", "--form", "three-pager", "-", text=text, code=USAGE)
    ben.run("document", "new", "/nonexistent/file", code=FAILED)
    for command in ("edit", "share", "show", "comment", "history"):
        more = ("-m", "x") if command == "comment" else ("-",) if command == "edit" else ()
        has(ben.run("document", command, "zzzzzz", *more, code=FAILED).err, "council document list")


@case("erasing: one's own; not another's, not again, not what is no post")
def erasing():
    ada, ben, chloe = W["ada"], W["ben"], W["chloe"]
    own, other = chloe.note("mine to erase").one()["seq"], ben.note("not yours").one()["seq"]
    equal(chloe.run("erase", "-y", other, "--json", code=REFUSED).error(), "not_yours", "another's")
    chloe.run("erase", "-y", own)
    equal(chloe.run("erase", "-y", own, "--json", code=REFUSED).error(), "already_erased", "again")
    equal(chloe.run("erase", "-y", 1, "--json", code=REFUSED).error(), "not_a_post", "the first entry")
    chloe.run("erase", "-y", 100000, code=REFUSED)
    for word in ("abc", "0", "-5", "1.5", "99999999999999999999"):
        chloe.run("erase", "-y", "--", word, code=FAILED)
    has(chloe.run("erase", other, code=FAILED).err, "--yes")
    check("not yours" in ada.texts(), "what was not erased")
    chloe.run("note", "show", own, code=FAILED)


@case("texts that are too long, empty, not UTF-8, or hold a zero byte are refused; the longest that fits is posted")
def texts():
    ben = W["ben"]
    before = len(ben.notes())
    ben.run("note", "post", "-", text="x" * 65537, code=FAILED)
    ben.run("note", "post", "-", text="x" * 300000, code=FAILED)
    ben.run("note", "post", "-m", "", code=FAILED)
    has(ben.run("note", "post", "-", text=b"caf\xe9", code=FAILED).err, "UTF-8")
    has(ben.run("note", "post", "-", text=b"a\0b", code=FAILED).err, "zero byte")
    ben.run("note", "post", "-", text=b"\xed\xa0\x80", code=FAILED)
    ben.run("profile", "--name", "N" * 65, code=FAILED)
    ben.run("profile", "--name", "", code=FAILED)
    ben.run("note", "post", "--reply", "0", "-m", "x", code=USAGE)
    equal(len(ben.notes()), before, "notes after all that")
    ben.run("note", "post", "-", text="\u00e9" * 32768)
    equal(W["ada"].texts()[-1], "\u00e9" * 32768, "the longest note")


@case("nobody's text drives another's terminal")
def terminal():
    ada, ben = W["ada"], W["ben"]
    evil = "before\x1b]0;owned\x07\x1b[2Jafter\x7f\u009b31m\rover \u202eback\u2066wards"
    ben.note(evil)
    ben.run("profile", "--name", "B\x1b[31men", "--about", "\x1b[5mhi", "--quiet")
    number = ada.notes()[-1]["seq"]
    folder = os.path.join(world.folder, "terminal")
    said = {command: ada.run(*command).text for command in (
        ("note", "list"), ("note", "show", number), ("roster",), ("profile", "B\x1b[31men"), ("watch", "--since", number - 1, "--count", 2),
        ("safety",), ("commitments",), ("document", "list"), ("export", folder))}
    said["a wrong name"] = ada.run("remove", "No\x1b[31mbody", code=FAILED).text
    for name in [n for n in os.listdir(folder) if n.endswith(".md")]:
        with open(os.path.join(folder, name), encoding="utf-8") as file:
            said[name] = file.read()
    for what, out in said.items():
        bad = [c for c in out if (ord(c) < 32 and c not in "\n\t") or 127 <= ord(c) < 160 or c in "\u202e\u2066"]
        equal(bad, [], "control characters, or what turns the writing around, in %r" % (what,))
    has(said["note", "list"], "\\x1b[2J")
    equal(ada.texts()[-1], evil, "the text itself, as JSON")
    ben.run("profile", "--name", "Ben", "--quiet")


@case("wrong command lines end with 2 and name the help")
def usage():
    ada = W["ada"]
    for wrong in (("note",), ("note", "frobnicate"), ("note", "post", "a", "b"), ("note", "list", "--frob"), ("note", "list", "-n"), ("note", "list", "-n", "x"),
                  ("invite", "close"), ("note", "list", "--timeout", "0"), ("safety", "extra"), ("watch", "--count", "0"), ("checkin", "--hope", "6", "-c", "a", "-c", "b")):
        has(ada.run(*wrong, code=USAGE).err, "help")
    # A key may begin with a hyphen: it is taken for one wherever no option has its letter.
    for wrong in (("device", "revoke", "-zz_A0"), ("role", "-zzz", "moderator"), ("note", "list", "--council", "-zzzz"), ("profile", "-zzzz")):
        has(ada.run(*wrong, code=FAILED).err, "`-zz")
    equal(ada.run("note", "list", "--json", "-n", "x", code=USAGE).error(), "usage", "the error's name")
    nobody = world.member("usage", register=False)
    has(nobody.run("register", code=USAGE).err, "--server URL")
    nobody.run("register", "--server", "ftp://example.org", code=FAILED)
    nobody.run("register", "--server", "http://[::1", code=FAILED)


@case("registration closed, and by code: refused without one, taken with one, once")
def registration():
    nobody = world.member("coded", register=False)
    world.server.options = ["--registration", "closed"]
    world.server.restart()
    has(nobody.run("register", "--server", world.server.url, code=REFUSED).err, "takes no new members")
    world.server.stop()
    done = subprocess.run([os.path.join(BIN, "councild"), "code", "create", "--data", world.server.data, "--uses", "1"], capture_output=True, timeout=30, env=environment())
    equal(done.returncode, 0, "councild code create: " + done.stderr.decode())
    code = done.stdout.decode().split()[-1] if done.stdout.strip()[:1] != b"{" else json.loads(done.stdout)["code"]
    world.server.options = ["--registration", "code"]
    world.server.start()
    has(nobody.run("register", "--server", world.server.url, code=REFUSED).err, "--code")
    nobody.run("register", "--server", world.server.url, "--code", "wrong", code=REFUSED)
    world.plant(nobody.run("register", "--server", world.server.url, "--code", code).phrase)
    second = world.member("coded-two", register=False)
    second.run("register", "--server", world.server.url, "--code", code, code=REFUSED)
    world.server.options = []
    world.server.restart()


main()
