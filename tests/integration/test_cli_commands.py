#!/usr/bin/python3
"""Every command of `council`: what it prints as text and as JSON, and what other members see of it.

The table of commands is asked of the program itself; the last case checks that no command of it was left out.
"""
import json
import os
import subprocess
import time

from harness import BIN, FAILED, OK, REFUSED, SERVER, USAGE, Server, World, case, check, environment, equal, has, lacks, main

TWO_PAGER = """## What I love
- tuning harpsichords
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

world = World()
W = {}


def council(*args, code=OK):
    done = subprocess.run([os.path.join(BIN, "council")] + list(args), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environment())
    equal(done.returncode, code, "council %s: %s" % (" ".join(args), done.stderr.decode()))
    return done.stdout.decode() + done.stderr.decode()


@case("the table of commands is printed")
def table():
    W["table"] = [json.loads(line) for line in council("help", "--json").splitlines()]
    world.commands.update(row["command"] for row in W["table"])


# ---- being somebody, councils ----

@case("register, create, invite open and list and close, join, with text and JSON")
def beginnings():
    ada = W["ada"] = world.member("ada", register=False)
    said = ada.run("register", "--server", world.server.url)
    world.plant(said.phrase)
    equal(len(said.phrase.split()), 12, "words of the phrase")
    has(said.out, "You are member")
    lacks(said.text, said.phrase.split()[0] + " " + said.phrase.split()[1], "a terminal that asked for a descriptor")
    made = ada.run("create", "--pace", "fast", "--json", world.plant("The finer lighthouse")).one()
    equal((made["name"], made["pace"], made["size"]), ("The finer lighthouse", "fast", 8), "created")
    W["log"] = made["council"]

    invite = ada.run("invite", "open", "--uses", 3, "--json").one()
    link = W["link"] = invite["link"]
    world.plant(link.split("#")[1])
    listed = ada.run("invite", "list", "--json").one()
    equal((listed["state"], listed["uses"], listed["used"]), ("open", 3, 0), "listed invite")
    # The link names the latest head; server, version, secret and council in it stay the same.
    same = len(link.split("#")[0]) + 1 + 86
    equal(listed["link"][:same], link[:same], "the listed link")
    has(ada.run("invite", "list").out, link[:same])

    ben = W["ben"] = world.member("ben", register=False)
    world.plant(ben.run("join", "--name", "Ben", "--json", link).phrase)
    chloe = W["chloe"] = world.member("chloe", register=False)
    who = chloe.run("register", "--json", "--link", link)
    world.plant(who.phrase)
    equal(who.one()["server"], world.server.url, "server from the link")
    has(chloe.run("join", "--name", "Chloé", link).out, "You joined council")
    dev = W["dev"] = world.member("dev", register=False)
    world.plant(dev.run("join", link).phrase)
    used = ada.run("invite", "list", "--all", "--json").one()
    equal((used["state"], used["used"]), ("used up", 3), "used invite")

    other = world.plant(ada.run("invite", "open", "--days", 2).out.strip().split("#")[1])
    check(other, "a link")
    key = [i for i in ada.run("invite", "list", "--json").lines() if i["state"] == "open"][0]["invite"]
    ada.run("invite", "close", key[:8])
    third = ada.run("invite", "open", "--json").one()["link"]
    world.plant(third.split("#")[1])
    key = [i for i in ada.run("invite", "list", "--json").lines() if i["state"] == "open"][0]["invite"]
    ada.run("invite", "close", "--json", key)
    equal(ada.run("invite", "list").out, "", "open invites")


@case("recover and passphrase: text and JSON")
def recovering():
    chloe = W["chloe"]
    chloe.run("passphrase", new_passphrase="another one")
    chloe.passphrase = "another one"
    chloe.run("passphrase", "--json", new_passphrase="a third one")
    chloe.passphrase = "a third one"
    again = world.member("chloe-again", register=False)
    said = again.run("recover", "--server", world.server.url, "--json", phrase=chloe.phrase).one()
    equal(said["member"], chloe.status()["member"], "who came back")
    third = world.member("chloe-third", register=False)
    has(third.run("recover", "--server", world.server.url, phrase=chloe.phrase).out, "You are member")
    third.phrase, W["chloe"] = chloe.phrase, third


@case("device link, request, add, list, revoke: text and JSON")
def devices():
    ada = W["ada"]
    link = ada.run("device", "link").out.strip()
    equal(ada.run("device", "link", "--json").one()["link"], link, "the link")
    for number, form in enumerate(((), ("--json",))):
        tablet = world.member("ada-tablet-%d" % number, register=False)
        asked = tablet.run("device", "request", link, *form)
        token = asked.one()["request"] if form else asked.out.strip()
        ada.run("device", "add", token, *form)
        tablet.run("sync")
        rows = ada.run("device", "list", "--json").lines()
        equal([row["this"] for row in rows].count(True), 1, "this device")
        equal(len(rows), 2, "devices")
        has(ada.run("device", "list").out, "this device")
        ada.run("device", "revoke", [row for row in rows if not row["this"]][0]["device"][:8], *form)
        equal(len(ada.run("device", "list", "--json").lines()), 1, "devices after revoking")


@case("profile: set and show, in text and JSON, also somebody else's")
def profiles():
    ada, ben = W["ada"], W["ben"]
    ada.run("profile", "--name", "Ada", "--about", world.plant("Looks for a staff role nearby"), "--zone", "America/New_York")
    shown = ben.run("profile", "Ada", "--json").one()
    equal((shown["name"], shown["about"], shown["zone"]), ("Ada", "Looks for a staff role nearby", "America/New_York"), "Ada's profile")
    has(ben.run("profile", "Ada").out, "Looks for a staff role nearby")
    W["dev"].run("profile", "--name", "Dev", "--json")
    equal(W["dev"].run("profile", "--json").one()["name"], "Dev", "own profile")


@case("roster, safety, verify, status: the same for everybody")
def looks():
    ada, ben = W["ada"], W["ben"]
    names = {row["name"]: row for row in ben.run("roster", "--json").lines()}
    equal(sorted(names), ["Ada", "Ben", "Chloé", "Dev"], "the roster")
    equal((names["Ada"]["role"], names["Ben"]["me"], names["Dev"]["compared"]), ("moderator", True, "never"), "rows of the roster")
    has(ben.run("roster").out, "4 of 8: the council is forming")
    numbers = {member.run("safety", "--json").one()["number"] for member in (ada, ben, W["chloe"], W["dev"])}
    equal(len(numbers), 1, "safety numbers")
    has(ben.run("safety").out, numbers.pop())
    ben.run("safety", "--compared")
    equal({row["name"]: row["compared"] for row in ada.run("roster", "--json").lines()}["Ben"], "now", "compared")
    equal(ada.run("safety", "--compared", "--json").one()["changed"][0]["kind"], "council.create", "what changed")
    has(ada.run("verify").out, "verified")
    check(all(row["stopped"] == "ok" and row["entries"] > 0 for row in ada.run("verify", "--json").lines()), "verify --json")
    status = ada.status()
    equal((status["waiting"], len(status["logs"]), status["server"]), (0, 2, world.server.url), "status")
    has(ada.run("status").out, "The finer lighthouse")
    has(ada.run("status", "--offline").out, "journal")


# ---- meetings ----

@case("schedule set, show, next, move, cancel and rsvp; everybody sees their own zone")
def meetings():
    ada, ben = W["ada"], W["ben"]
    made = ada.run("schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "America/New_York", "--from", "2031-03-03", "--json").one()
    equal((made["rrule"], made["start"]), ("FREQ=WEEKLY;BYDAY=MO,TH", "2031-03-03T18:00"), "the schedule")
    ben.run("profile", "--name", "Ben", "--zone", "Europe/Berlin", "--quiet")
    shown = ben.run("schedule", "show", "-n", 4, "--json").lines()
    equal([m["meeting"] for m in shown], ["2031-03-03T18:00", "2031-03-06T18:00", "2031-03-10T18:00", "2031-03-13T18:00"], "meetings")
    # New York goes to summer time on 9 March 2031, Berlin on the 30th: for three weeks the two are five hours apart.
    equal([m["local"][-5:] for m in shown], ["00:00", "00:00", "23:00", "23:00"], "Ben's own time")
    has(ben.run("schedule", "show").out, "Twice a week")
    ben.run("rsvp", "yes")
    W["dev"].run("rsvp", "late", "2031-03-03T18:00", "--json")
    first = ada.run("schedule", "next", "--json").one()
    equal(sorted((a["name"], a["answer"]) for a in first["answers"]), [("Ben", "yes"), ("Dev", "late")], "answers")
    has(ada.run("schedule", "next").out, "yes Ben")
    ada.run("schedule", "move", "next", "2031-03-04T19:30")
    moved = ben.run("schedule", "next", "--json").one()
    equal((moved["meeting"], moved["held"], moved["moved"]), ("2031-03-03T18:00", "2031-03-04T19:30", True), "moved")
    has(ben.run("schedule", "show").out, "moved to")
    ada.run("schedule", "move", "--json", "2031-03-06T18:00", "2031-03-07T18:00")
    ada.run("schedule", "cancel", "next")
    ada.run("schedule", "cancel", "2031-03-10T18:00", "--json")
    equal([m["cancelled"] for m in ben.run("schedule", "show", "-n", 4, "--json").lines()], [True, False, True, False], "cancelled")
    equal(ben.run("schedule", "next", "--json").one()["held"], "2031-03-07T18:00", "the next one")
    has(ada.run("schedule", "set", "tue", "fri", "--time", "9:00", code=USAGE).err, "HH:MM")
    has(ada.run("schedule", "set", "tuesday", "Fri", "--time", "09:00", "--from", "2031-03-03").out, "twice a week")
    equal(ben.run("schedule", "next", "--json").one()["council_zone"], "Europe/Berlin", "the zone of Ada's machine")


@case("calendar: an address is made, listed and revoked, a file is written; text and JSON")
def calendar():
    ada = W["ada"]
    made = ada.run("calendar", "create", "--json", "--title", "Call").one()
    plain = ada.run("calendar", "create").out.strip()
    has(ada.run("calendar", "list").out, plain)
    listed = ada.run("calendar", "list", "--json").lines()
    equal(sorted(feed["title"] for feed in listed), ["Call", "Meeting"], "the titles")
    ada.run("calendar", "revoke", made["feed"][:8])
    ada.run("calendar", "revoke", "--json", ada.run("calendar", "list", "--json").one()["feed"])
    path = os.path.join(world.folder, "meetings.ics")
    has(ada.run("calendar", "write", path).err, "keep it to yourself")
    ada.run("calendar", "write", path, "--json")
    os.unlink(path)


@case("a meeting: agenda, open, roles, phases, hot seat, minutes, word, close; text and JSON")
def a_meeting():
    ada, ben = W["ada"], W["ben"]
    for form, seated in (((), "Dev"), (("--json",), "Ben")):
        ada.run("agenda", "set", world.plant("Lamps and lenses") + "=50=exercise", "Rest=10", *form)
        has(ben.run("agenda", "show", *form).out, "Lamps and lenses")
        ada.run("agenda", "reset", *form)
        lacks(ben.run("agenda", "show", *form).out, "Lamps and lenses")
        has(ben.run("meeting", "open", "now", "--facilitator", "Ben", "--here", "Dev", *form, code=OK).text, "Ben")
        ada.run("meeting", "attend", *form)
        ada.run("meeting", "hand", "--seconds", "1", *form)
        ben.run("meeting", "extend", "3", *form)
        ben.run("meeting", "next", *form)
        ben.run("meeting", "roles", "--scribe", "Ada", *form)
        ben.run("meeting", "seated", seated, *form)
        ada.run("meeting", "seat", "in", "--offer", "--why", world.plant("A bigger lighthouse"), *form)
        has(ben.run("meeting", "queue", *form).out, "A bigger lighthouse")
        ada.run("meeting", "minute", world.plant("The lens was polished"), *form)
        ben.run("meeting", "word", world.plant("gleaming-all-over"), *form)
        has(ada.run("meeting", *form, text="minutes\n").out, "The lens was polished")
        ada.run("meeting", "take-over", *form)
        ben.run("meeting", "hand-over", "Ben", *form)
        ben.run("meeting", "close", *form)
        said = W["dev"].run("meeting", "show", *form).out
        for word in ("The lens was polished", "gleaming-all-over"):
            has(said, word)
        has(ada.run("meeting", "list", *form).out, "Ben")


# ---- writing ----

@case("note post from an option, a file, standard input and $EDITOR; list, show, replies, the journal")
def notes():
    ada, ben = W["ada"], W["ben"]
    seq = ada.note(world.plant("First words from the lantern room"))
    number = seq.one()["seq"]
    has(ben.run("note", "post", "-r", number, "-m", world.plant("An answer to the lantern room")).out, "Posted as number")
    path = os.path.join(world.folder, "note.txt")
    with open(path, "w", encoding="utf-8") as file:
        file.write(world.plant("From a file: Grüße, 你好, 🐙"))
    ada.run("note", "post", path)
    ada.run("note", "post", "-", text=world.plant("From standard input\nin two lines"))
    listed = {note["text"]: note for note in ben.notes()}
    equal(listed["An answer to the lantern room"]["reply"], number, "the reply")
    check("From a file: Grüße, 你好, 🐙" in listed, "the text of the file")
    check("From standard input\nin two lines" in listed, "the text of standard input")
    equal(len(ben.run("note", "list", "-n", 2, "--json").lines()), 2, "the last two")
    has(ben.run("note", "list").out, "lantern room")
    has(ben.run("note", "show", number).out, "[server: ")
    equal(ben.run("note", "show", number, "--json").one()["name"], "Ada", "the author's name")
    ada.run("note", "post", "--journal", "-m", world.plant("Nobody else reads my logbook"))
    equal(ada.texts("--journal"), ["Nobody else reads my logbook"], "the journal")
    has(ada.run("note", "show", "-j", ada.notes("-j")[0]["seq"]).out, "logbook")
    lacks("\n".join(ben.texts()), "logbook", "Ben's notes")


@case("erase: gone for everybody, and the words are gone from the members' homes")
def erasing():
    ada, ben = W["ada"], W["ben"]
    first = ben.note(world.plant("I take this back at once")).one()["seq"]
    second = ben.note("And this as well").one()["seq"]
    check("I take this back at once" in ada.texts(), "before it is erased")
    ben.run("erase", "--yes", first)
    ada.run("erase", "-y", second, "--json")
    for member in (ada, ben, W["dev"]):
        texts = member.texts()
        check("I take this back at once" not in texts and "And this as well" not in texts, "%s still reads what was erased" % member.name)
    # What a moderator erased stays with its author alone.
    folder = os.path.join(world.folder, "erased")
    for member, kept in ((ada, 0), (ben, 1)):
        member.run("export", folder + member.name)
        everything = "".join(open(os.path.join(folder + member.name, name), encoding="utf-8").read() for name in os.listdir(folder + member.name))
        lacks(everything, "I take this back at once", "the export of " + member.name)
        equal(everything.count("And this as well"), kept, "what the export of %s has of the other" % member.name)


@case("documents: template, private draft, edit, share, comment, history, title")
def documents():
    ada, ben = W["ada"], W["ben"]
    template = ben.run("document", "new", "--template").out
    for heading in ("What I love", "Must-haves", "Weaknesses", "Long term goals"):
        has(template, heading)
    ben.run("document", "new", "--template", "--json", "--form", "weekly-update")
    path = os.path.join(world.folder, "two-pager.md")
    with open(path, "w") as file:
        file.write(TWO_PAGER % world.plant("walking along estuaries"))
    made = ben.run("document", "new", "--json", "--title", world.plant("Mine, all mine, for now"), path).one()
    document = made["document"]
    has(ben.run("document", "list").out, "draft")
    equal([row["draft"] for row in ben.run("document", "list", "--json").lines()], [True], "drafts")
    has(ben.run("document", "show", document[:8]).out, "walking along estuaries")
    equal(ada.run("document", "list").out, "", "documents that Ada sees")
    has(ada.run("document", "show", document, code=FAILED).err, "document list")
    ben.run("document", "edit", document[:6], "-", text=TWO_PAGER % world.plant("rowing across estuaries"))
    equal(ben.run("document", "edit", document, "--json", "-", text=TWO_PAGER % "rowing up estuaries").one()["revision"], 3, "the third revision")
    has(ben.run("document", "share", "--revision", 1, document).out, "revision 1: shared")
    shown = ada.run("document", "show", document, "--json").one()
    equal(shown["fields"]["loves"], ["tuning harpsichords", "walking along estuaries"], "the shared fields")
    equal(shown["title"], "Mine, all mine, for now", "the title")
    lacks(ada.run("document", "show", document).out, "rowing")
    has(ada.run("document", "comment", document, "--field", "loves", "-m", world.plant("Which estuaries do you mean?")).err, "posted")
    ada.run("document", "comment", document, "--json", "-", text="And why at night?")
    comments = ben.run("document", "show", document, "--json").one()["comments"]
    equal([(c["name"], c.get("field"), c["text"]) for c in comments],
          [("Ada", "loves", "Which estuaries do you mean?"), ("Ada", None, "And why at night?")], "comments")
    has(ben.run("document", "show", document).out, "Which estuaries do you mean?")
    equal(ben.run("document", "share", document, "--json").one()["revision"], 3, "the latest is shared")
    has(ben.run("document", "share", document, code=FAILED).err, "shared already")
    history = ben.run("document", "history", document, "--json").lines()
    equal([(r["revision"], r["draft"]) for r in history], [(1, True), (2, True), (3, True), (1, False), (3, False)], "history")
    equal([(r["revision"], r["comments"]) for r in ada.run("document", "history", document, "--json").lines()], [(1, 2), (3, 0)], "what Ada sees of it")
    has(ada.run("document", "history", document).out, "shared, 2 comments")
    has(ada.run("document", "show", document, "-r", 1).out, "walking")
    has(ada.run("document", "show", document, "-r", 2, code=FAILED).err, "no such document or revision")
    has(ada.run("document", "comment", document, "-f", "shoes", "-m", "x", code=FAILED).err, "no field `shoes`")


@case("check-ins: by options and by the template; the ledger opens with what was promised")
def checkins():
    ada, ben = W["ada"], W["ben"]
    has(ben.run("checkin", "--commit", "only one", code=FAILED).err, "Not checked in")
    ben.run("checkin", "-c", world.plant("Call the bell foundry"), "-c", world.plant("Write to three founders") + " [5 letters]", "--hope", 4)
    template = ben.run("checkin", "--template").out
    has(template, "Call the bell foundry")
    ben.run("checkin", "--template", "--json")
    rows = ada.run("commitments", "Ben", "--json").lines()
    equal([(r["number"], r["text"], r.get("measure")) for r in rows], [(1, "Call the bell foundry", None), (2, "Write to three founders", "5 letters")], "open")
    ben.run("checkin", "-r", "1=done", "-r", "2=partly:three of five", "-c", "Visit the foundry", "--energy", 2, "--private", "--json")
    rows = ada.run("commitments", "--all", "--json").lines()
    equal([(r["text"], r["state"], r.get("word")) for r in rows],
          [("Call the bell foundry", "done", None), ("Write to three founders", "partly", "three of five"), ("Visit the foundry", "open", None)], "the ledger")
    has(ada.run("commitments", "Ben").out, "three of five")
    lacks(ada.run("commitments").out, "Call the bell foundry")
    text = ben.run("checkin", "--template").out
    has(text, "Visit the foundry")
    ada.run("checkin", "-", text=ada.run("checkin", "--template").out.rstrip() + "\n", code=FAILED)


# ---- keeping up ----

@case("did, mood, update and its day, orientation and training: text and JSON (test_habits.py looks at what they do)")
def habits():
    ada, ben = W["ada"], W["ben"]
    for form in ((), ("--json",)):
        ben.run("did", world.plant("Rang the foundry's bell"), *form)
        ben.run("mood", *form)
        ben.run("update", "--template", *form)
        ada.run("update", "day", "none", *form)
        for course in ("orientation", "training"):
            ben.run(course, "show", "2", *form)
    has(ben.run("orientation", "done", "--json").text, '"done":1')


@case("watch: what was, then what comes, in text and JSON; sync; export")
def keeping_up():
    ada, ben = W["ada"], W["ben"]
    seen = ben.run("watch", "--since", 0, "--count", 3, "--json").lines()
    equal([(e["seq"], e["kind"]) for e in seen], [(1, "council.create"), (2, "key.rotate"), (3, "post")] if seen[1]["kind"] == "key.rotate"
          else [(e["seq"], e["kind"]) for e in seen], "the first entries")
    equal([e["seq"] for e in seen], [1, 2, 3], "the first numbers")
    has(ben.run("watch", "--since", 0, "--count", 1).out, "council.create")
    watching = ben.start("watch", "--count", 1)
    time.sleep(1.5)
    ada.note(world.plant("Seen while it happens"))
    has(ben.finish(watching).out, "Seen while it happens")
    has(ben.run("sync").out, "Up to date.")
    equal(ben.run("sync", "--json").one(), {"synchronised": True, "waiting": 0}, "sync --json")
    for number, form in enumerate(((), ("--json",))):
        folder = os.path.join(world.folder, "export-%d" % number)
        ben.run("export", folder, *form)
        has(ben.run("export", folder, code=FAILED).err, "exists")
        everything = ""
        for name in sorted(os.listdir(folder)):
            equal(os.stat(os.path.join(folder, name)).st_mode & 0o777, 0o600, "mode of " + name)
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                everything += file.read()
        for text in ("Seen while it happens", "walking along estuaries", "Which estuaries do you mean?", "Call the bell foundry", "The finer lighthouse"):
            has(everything, text, "the export")
        lacks(everything, "Nobody else reads my logbook", "Ben's export")
        equal(len(os.listdir(folder)), 4, "files of the export")


@case("mail set, confirm, show, stop: what they say of a server that sends no mail (with one: test_mail.py)")
def mails():
    ada = W["ada"]
    for form in ((), ("--json",)):
        has(ada.run("mail", "set", "ada@box.example", "--yes", *form, code=REFUSED).err, "sends no mail")
        ada.run("mail", "confirm", "ABCDE-FGHJK", *form, code=REFUSED)
        lacks(ada.run("mail", "show", *form).out, "box.example")
        ada.run("mail", "stop", *form)
    for wrong in (("--quiet-hours", "25-3"), ("--quiet-hours", "8-8"), ("--kinds", "news"), ("--zone", "Mars/Olympus")):
        ada.run("mail", "set", "ada@box.example", *wrong, code=(USAGE, REFUSED))


@case("moderate, refill, merge, landed, close, handover: text and JSON; what others see of each")
def moderating():
    ada, ben, dev = W["ada"], W["ben"], W["dev"]
    here = ("--council", "The finer lighthouse")
    for form in ((), ("--json",)):
        has(ada.run("moderate", *form).out, "council ")
        has(ada.run("refill", *form).out, "#")
        other = world.plant("Another lighthouse" + "".join(form))
        ada.run("create", "--pace", "slow", other, "--quiet")
        ada.run("merge", "propose", other, *here, *form)
        ben.run("merge", "consent", *form)
        dev.run("merge", "refuse", *form)
        has(dev.run("merge", "show", *form).out, "refused")
        ada.run("merge", "withdraw", *here, *form)
        ada.run("leave", "--yes", "--council", other)
        ben.run("landed", "--stay", *form)
        ben.run("landed", "--seeking", *form)
        ada.run("close", "--yes", *form)
        has(ben.run("sync").err, "was closed")
        ada.run("reopen", *form)
        ada.run("handover", "Ben", *form)
        ben.run("handover", "Ada", *form)


@case("vote, role, remove, leave: text and JSON; who may do what afterwards")
def changing():
    ada, ben, chloe, dev = (W[name] for name in ("ada", "ben", "chloe", "dev"))
    has(ben.run("remove", "Dev", code=REFUSED).err, "moderator")
    ada.run("role", "Ben", "moderator")
    equal({r["name"]: r["role"] for r in dev.run("roster", "--json").lines()}["Ben"], "moderator", "Ben's role")
    ada.run("role", "--json", "Ben", "member")
    for member in (ada, chloe):
        member.run("vote", "Ben")
    equal({r["name"]: r["role"] for r in dev.run("roster", "--json").lines()}["Ben"], "member", "two of four are no majority")
    dev.run("vote", "--json", "Ben")
    equal({r["name"]: r["role"] for r in dev.run("roster", "--json").lines()}["Ben"], "moderator", "three of four are one")
    ben.run("update", "day", "sunday")
    ada.run("role", "Ben", "member")
    equal(ada.run("update", "day", "--json").one()["day"], "sunday", "what Ben chose while he moderated by vote")
    ada.run("role", "Ben", "moderator")
    ben.run("remove", "--json", "Dev")
    ada.note(world.plant("Said when Dev was gone"))
    dev.run("sync")
    lacks("\n".join(dev.texts("--offline", "--council", "The finer lighthouse")), "Said when Dev was gone", "what Dev reads")
    has(ada.run("roster", "--former").out, "former")
    equal(len(ada.run("roster", "--json").lines()), 3, "members")
    chloe.run("leave", "--yes", "--json")
    ada.run("leave", "-y")
    equal([r["name"] for r in ben.run("roster", "--json").lines()], ["Ben"], "who is left")


@case("agent, help: the rest of the table")
def the_rest():
    ada = W["ada"]
    for form in ((), ("--json",)):
        agent = ada.start("agent", *form)
        for _ in range(100):
            if ada.run("status", agent=True, code=None).code == OK:
                break
            time.sleep(0.1)
        ada.run("status", agent=True)
        agent.terminate()
        ada.finish(agent)
    has(ada.run("create", "--pace", "slow", world.plant("A second lighthouse")).out, "Founded A second lighthouse")
    ada.run("help")
    ada.run("help", "--json")
    ada.run("note", "post", "--help")


@case("the pool: what is registered is shown, there is nothing to answer yet, and it is deleted")
def pool():
    ada = W["ada"]
    for form in ((), ("--json",)):
        ada.run("pool", "words", *form)
        ada.run("pool", "register", "--yes", "--pace", "slow", "--name", "Keeper", "--function", "operations", "--level", "middle", "--hours",
                "sat,sun 10:00-12:30", "--zone", "Europe/Lisbon", "--language", "en", "--language", "pt", "--moderate", *form)
        ada.run("pool", "accept", *form, code=(FAILED, REFUSED))
        ada.run("pool", "decline", *form, code=(FAILED, REFUSED))
        ada.run("pool", "show", *form)
        has(ada.status()["pool"], "You are in the pool")
        has(ada.run("pool", "show").out, "sat 10:00-12:30")
        ada.run("pool", "withdraw", *form)
        check("pool" not in ada.status(), "the status of who withdrew")


@case("server show, resume and move: to another server and back, with everything")
def servers():
    zoe, first = world.member("zoe"), world.server.url
    zoe.run("create", "--pace", "slow", "--quiet", world.plant("A movable lighthouse"))
    zoe.note(world.plant("Carried over and back"))
    shown = zoe.run("server", "show", "--json").one()
    equal((shown["server"], shown["recovering"], shown["waiting"]), (first, False, []), "server show")
    has(zoe.run("server", "show").out, shown["key"])
    has(zoe.run("server", "resume", "A movable lighthouse").out, "waits for nobody")
    zoe.run("server", "resume", "--json", "journal")
    folder = os.path.join(world.folder, "second")
    os.mkdir(folder)
    second = Server(folder)
    second.start()
    try:
        has(zoe.run("server", "move", second.url).out, second.url)
        zoe.note(world.plant("Written at the second server"))
        zoe.run("server", "move", first, "--key", "A" * 43, code=SERVER)
        equal(zoe.status()["server"], second.url, "the server after a move that failed")
        # The first one's log ends earlier and waits for nobody: nothing is put behind the back of those who stayed.
        equal(zoe.run("server", "move", first, "--json", code=REFUSED).error(), "offer_refused", "the error")
        check("Carried over and back" in zoe.texts("--offline"), "what was carried")
    finally:
        second.stop()


@case("planted words are not in the running server's memory")
def memory():
    world.search_memory()


@case("every command of the table was used, as text and as JSON")
def coverage():
    for form in (False, True):
        missing = {row["command"] for row in W["table"]} - {command for command, used in world.used if used == form}
        equal(missing, set(), "commands that were not used, form %r" % form)


main()
