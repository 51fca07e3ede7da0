#!/usr/bin/python3
"""Several machines of one member: adding, revoking, recovering, an agent that keeps a home unlocked, following live, taking everything out."""
import json
import os
import stat
import time

from harness import FAILED, LOCKED, OK, REFUSED, SERVER, World, case, check, equal, has, lacks, main

world = World()
W = {}


def until(seconds, what, ask):
    end = time.monotonic() + seconds
    while not ask():
        check(time.monotonic() < end, what)
        time.sleep(0.05)


@case("a second device is added by link, request and add; it reads what was before, and both write")
def second_device():
    ada, ben = W["ada"], W["ben"] = world.council("ada", "ben", title="Laptops and tablets")
    ada.note(world.plant("Written before the tablet came"))
    ada.note(world.plant("A thought for my own logbook"), "--journal")
    tablet = W["tablet"] = world.member("ada-tablet", register=False)
    link = ada.run("device", "link").out.strip()
    lacks(link, ada.phrase.split()[0] + " ", "the link")
    token = tablet.run("device", "request", link).out.strip()
    check(tablet.run("status", code=None).code in (OK, FAILED), "status before it is added")
    tablet.run("sync", "--timeout", 3, code=(REFUSED, FAILED, SERVER))
    ada.run("device", "add", token)
    has(ada.run("device", "add", token, code=(REFUSED, FAILED)).err, "council: ")
    tablet.run("sync")
    equal(tablet.status()["member"], ada.status()["member"], "who the tablet is")
    until(10, "the tablet never got the keys of what was before", lambda: (ada.run("sync"), "Written before the tablet came" in tablet.texts())[1])
    equal(tablet.texts("--journal"), ["A thought for my own logbook"], "the journal on the tablet")
    tablet.note(world.plant("Typed on glass"))
    ada.note(world.plant("Typed on keys"))
    ben.note(world.plant("Typed by Ben"))
    for reader in (ada, tablet, ben):
        texts = reader.texts()
        for text in ("Typed on glass", "Typed on keys", "Typed by Ben"):
            equal(texts.count(text), 1, "%s in what %s reads" % (text, reader.name))
    equal({row["name"]: row["devices"] for row in ben.run("roster", "--json").lines()}, {"Ada": 2, "Ben": 1}, "devices in the roster")
    numbers = {reader.run("safety", "--json").one()["number"] for reader in (ada, tablet, ben)}
    equal(len(numbers), 1, "safety numbers")


@case("both devices write at the same time, and one drafts what the other shares")
def together():
    ada, tablet, ben = W["ada"], W["tablet"], W["ben"]
    running = [(who, who.start("note", "post", "--json", "-m", "%s at once %d" % (who.name, n))) for n in range(3) for who in (ada, tablet)]
    equal(len({who.finish(process).one()["seq"] for who, process in running}), 6, "numbers")
    document = ada.run("document", "new", "--form", "weekly-update", "--json", "-", text="## What happened\n" + world.plant("Two machines, one week") + "\n").one()["document"]
    tablet.run("document", "share", document)
    has(ben.run("document", "show", document).out, "Two machines, one week")
    ada.run("document", "list")


@case("a revoked device is locked out, reads nothing new, and keeps what it had")
def revoked():
    ada, tablet, ben = W["ada"], W["tablet"], W["ben"]
    key = [row["device"] for row in ada.run("device", "list", "--json").lines() if not row["this"]][0]
    ada.run("device", "revoke", key)
    ben.note(world.plant("Not for a lost tablet"))
    tablet.run("sync", code=REFUSED)
    said = tablet.run("note", "post", "-m", world.plant("From a lost tablet"), code=(REFUSED, FAILED))
    check(len(said.err.splitlines()) >= 2, "what to do next: " + said.err)
    texts = tablet.texts("--offline")
    check("Not for a lost tablet" not in texts and "Typed on glass" in texts, "what the revoked tablet reads")
    check("From a lost tablet" not in ben.texts(), "what the revoked tablet wrote")
    equal({row["name"]: row["devices"] for row in ben.run("roster", "--json").lines()}, {"Ada": 1, "Ben": 1}, "devices in the roster")


@case("recovering revokes the lost devices, or keeps them with --keep-devices; everything is back")
def recovered():
    ada, ben = W["ada"], W["ben"]
    kept = world.member("ada-kept", register=False)
    kept.run("recover", "--server", world.server.url, "--keep-devices", phrase=ada.phrase)
    equal(len(kept.run("device", "list", "--json").lines()), 2, "devices, kept")
    check("Written before the tablet came" in kept.texts(), "what came back")
    equal(kept.texts("--journal"), ["A thought for my own logbook"], "the journal that came back")
    ada.note(world.plant("The old laptop still works"))
    kept.note(world.plant("So does the new one"))
    alone = world.member("ada-alone", register=False)
    alone.run("recover", "--server", world.server.url, phrase=ada.phrase)
    equal(len(alone.run("device", "list", "--json").lines()), 1, "devices, alone")
    for lost in (ada, kept):
        lost.run("sync", code=REFUSED)
    alone.note(world.plant("Back on new metal"))
    texts = ben.texts()
    for text in ("The old laptop still works", "So does the new one", "Back on new metal"):
        check(text in texts, "Ben does not read %r" % text)
    ben.note(world.plant("Welcome back"))
    check("Welcome back" in alone.texts(), "what came after the recovery")
    # Whoever joins now gets the history from a device that came back itself.
    link = alone.run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    chloe = W["chloe"] = world.member("chloe", register=False)
    world.plant(chloe.run("join", "--name", "Chloe", link).phrase)
    until(10, "nobody gave Chloe the history", lambda: (alone.run("sync"), "Written before the tablet came" in chloe.texts())[1])
    W["ada"], alone.phrase = alone, ada.phrase


@case("an agent keeps the home unlocked for its own user, does duties, and ends with the interrupt")
def agent():
    ada, ben = W["ada"], W["ben"]
    has(ada.run("status", agent=True, code=(LOCKED, FAILED)).err, "passphrase")
    process = ada.start("agent")
    until(20, "the agent does not answer", lambda: ada.run("status", agent=True, code=None).code == OK)
    check("Welcome back" in [json.loads(line)["text"] for line in ada.run("note", "list", "--json", "-n", 0, agent=True).out.splitlines()], "reading by the agent's key")
    ada.run("note", "post", "-m", world.plant("Posted without a passphrase"), agent=True)
    check("Posted without a passphrase" in ben.texts(), "writing by the agent's key")
    sockets = [os.path.join(ada.home, name) for name in os.listdir(ada.home) if stat.S_ISSOCK(os.stat(os.path.join(ada.home, name)).st_mode)]
    equal([stat.S_IMODE(os.stat(path).st_mode) for path in sockets], [0o600], "the agent's socket")
    has(ada.run("status", agent=True, passphrase=None).out, "Laptops and tablets")
    # The agent brings what others write, and sends what waits, by itself.
    ben.note(world.plant("While the agent watches"))
    until(10, "the agent did not fetch what Ben wrote", lambda: "While the agent watches" in ada.texts("--offline"))
    ada.run("note", "post", "--offline", "-m", world.plant("Sent by the agent alone"))
    until(10, "the agent did not send what waits", lambda: "Sent by the agent alone" in ben.texts())
    process.terminate()
    ada.finish(process)
    has(ada.run("status", agent=True, code=(LOCKED, FAILED)).err, "passphrase")
    process = ada.start("agent")
    until(20, "the agent does not answer again", lambda: ada.run("status", agent=True, code=None).code == OK)
    process.kill()
    ada.finish(process, -9)
    process = ada.start("agent")
    until(20, "an agent does not start after one that was killed", lambda: ada.run("status", agent=True, code=None).code == OK)
    process.terminate()
    ada.finish(process)


@case("watch shows what another member writes within a second, and goes on over a restart of the server")
def watch():
    ada, ben = W["ada"], W["ben"]
    process = ben.start("watch", "--json", "--count", 3)
    time.sleep(1.5)
    started = time.monotonic()
    ada.note(world.plant("Seen at once"))
    line = process.stdout.readline()
    check(time.monotonic() - started < 2.5, "it took %.1f s" % (time.monotonic() - started))
    first = json.loads(line)
    equal((first["content"]["text"], first["name"]), ("Seen at once", "Ada"), "what was seen")
    world.server.kill()
    world.server.start()
    ada.note(world.plant("Seen after a restart"))
    ada.note(world.plant("And the last one"))
    rest = ben.finish(process)
    equal([json.loads(l)["content"]["text"] for l in rest.out.splitlines()], ["Seen after a restart", "And the last one"], "what was seen later")


@case("watch ends with an interrupt, and needs nobody to write for that")
def interrupted():
    import signal
    ben = W["ben"]
    process = ben.start("watch")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    ben.finish(process, seconds=10)


@case("export holds everything: notes, documents, comments, commitments, names, the journal; nothing of it is at the server")
def export():
    ada, ben = W["ada"], W["ben"]
    text = "## What happened\n" + world.plant("An export worth having") + "\n"
    document = ada.run("document", "new", "--form", "weekly-update", "--json", "-", text=text).one()["document"]
    ada.run("document", "share", document)
    ben.run("document", "comment", document, "-m", world.plant("A comment worth having"))
    ada.run("checkin", "-c", world.plant("Promise one of the export"), "-c", world.plant("Promise two of the export"))
    ada.run("sync")
    folder = os.path.join(world.folder, "export")
    told = ada.run("export", "--json", folder).one()
    equal(told["logs"], 2, "logs in the export")
    names = sorted(os.listdir(folder))
    equal([name.split("-")[0] + os.path.splitext(name)[1] for name in names], ["council.jsonl", "council.md", "journal.jsonl", "journal.md"], "files")
    content = {name: open(os.path.join(folder, name), encoding="utf-8").read() for name in names}
    council = "".join(c for n, c in content.items() if n.startswith("council"))
    journal = "".join(c for n, c in content.items() if n.startswith("journal"))
    for text in ("An export worth having", "A comment worth having", "Promise one of the export", "Laptops and tablets", "Welcome back", "Ben"):
        has(council, text, "the council's export")
    has(journal, "A thought for my own logbook", "the journal's export")
    lacks(council, "A thought for my own logbook", "the council's export")
    rows = [json.loads(line) for line in content[[n for n in names if n.startswith("council") and n.endswith("jsonl")][0]].splitlines()]
    equal([row["seq"] for row in rows], list(range(1, len(rows) + 1)), "numbers")
    check(all(row["text"].startswith("{") for row in rows), "the signed texts")
    equal(os.stat(folder).st_mode & 0o777, 0o700, "mode of the folder")


@case("planted words are not in the running server's memory")
def memory():
    world.search_memory()


main()
