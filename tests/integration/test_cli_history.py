#!/usr/bin/python3
"""Two different histories shown to two members are reported, by a client's own memory or by the first entry that crosses; what was there is kept.

The server that lies is the real one on a folder that was copied, put back or edited while it was stopped.
"""
import hashlib
import os
import shutil
import sqlite3

from harness import OFFLINE, OK, SERVER, World, case, check, equal, has, lacks, main

FIRST, SECOND = "First light", "Second light"
world = World()
W = {}


def stored(name):
    """The folder that holds a kept copy of the server's data."""
    return os.path.join(world.folder, "copy-" + name)


def keep(name):
    """Keeps a copy of what the server holds now."""
    world.server.stop()
    shutil.copytree(world.server.data, stored(name), ignore=shutil.ignore_patterns("*.sock"))
    world.server.start()


def swap(keep_as, show):
    """Puts the present data aside under one name and serves a copy of another."""
    world.server.stop()
    if keep_as:
        shutil.copytree(world.server.data, stored(keep_as), ignore=shutil.ignore_patterns("*.sock"))
    shutil.rmtree(world.server.data)
    shutil.copytree(stored(show), world.server.data)
    world.server.start()


def log_of(member, title):
    return [log["log"] for log in member.status("--offline")["logs"] if log["name"] == title][0]


def stopped(member):
    """The titles of the logs that this member's client takes nothing more of."""
    return {log["name"]: log["stopped"] for log in member.status("--offline")["logs"] if log["stopped"] != "ok"}


def reported(member, what):
    """The command that meets it ends with 6 and says so, and so does every check afterwards; nothing is lost."""
    said = member.run("sync", code=SERVER)
    has(said.err, "contradicts" if what == "history_changed" else "another history")
    equal(stopped(member), {FIRST: what}, "stopped logs of " + member.name)
    has(member.run("status", "--offline").out, "STOPPED")
    has(member.run("verify", code=SERVER).text, "STOPPED")
    equal({row["stopped"] for row in member.run("verify", "--json", code=SERVER).lines()}, {"ok", what}, "verify --json")
    return said


@case("two members share two councils, and a copy of the server is kept")
def beginning():
    ada, ben = W["ada"], W["ben"] = world.council("ada", "ben", title=FIRST)
    ben.run("create", "--pace", "slow", "--quiet", world.plant(SECOND))
    link = ben.run("invite", "open", "--council", SECOND).out.strip()
    world.plant(link.split("#")[1])
    ada.run("join", "--quiet", link)
    for member in (ben, ada, ben, ada):
        member.run("sync")
    ada.note(world.plant("Before the two histories part"), "--council", FIRST)
    ben.run("sync")
    keep("common")


@case("a server that was rolled back is reported, though it shows nothing new; it is trusted again with all that it had")
def rolled_back():
    ada, ben = W["ada"], W["ben"]
    ada.note(world.plant("Taken away again"), "--council", FIRST)
    swap("ahead", "common")
    reported(ada, "history_changed")
    check("Taken away again" in ada.texts("--offline", "--council", FIRST), "what Ada keeps")
    ada.note(world.plant("The other council goes on"), "--council", SECOND, code=(OK, SERVER))
    check("The other council goes on" in ben.texts("--council", SECOND), "what Ben reads in the other council")
    said = ada.run("note", "post", "--timeout", 3, "-m", world.plant("Into a stopped log"), "--council", FIRST, code=(SERVER, OFFLINE))
    check(len(said.err.splitlines()) >= 1, "what is said of a note into a stopped log: " + said.err)
    lacks("\n".join(ben.texts("--council", FIRST)), "Into a stopped log", "what Ben reads")
    # With its own history back that council goes on; now the other one lacks what was written since.
    swap(None, "ahead")
    ada.run("sync", code=SERVER)
    equal(stopped(ada), {SECOND: "history_changed"}, "stopped logs with the history put back")
    check("Taken away again" in ben.texts("--council", FIRST), "what Ben reads once it is back")


@case("two histories of one council: whoever saw the first reports the second, and keeps what they have; the other council goes on")
def forked():
    for name in ("ada", "ben"):
        shutil.rmtree(W[name].home)
    shutil.rmtree(world.server.data)
    world.words.clear()
    world.server.stop()
    world.server.start()
    for name in os.listdir(world.folder):
        if name.startswith("copy-"):
            shutil.rmtree(os.path.join(world.folder, name))
    beginning()
    ada, ben = W["ada"], W["ben"]
    ada.note(world.plant("On the first history, one"), "--council", FIRST)
    ada.note(world.plant("On the first history, two"), "--council", FIRST)
    swap("first", "common")
    ben.note(world.plant("On the second history, one"), "--council", FIRST)
    ben.note(world.plant("On the second history, two"), "--council", FIRST)
    said = reported(ada, "history_changed")
    has(said.err, "Do not go on")
    texts = ada.texts("--offline", "--council", FIRST)
    check("On the first history, two" in texts, "what Ada keeps")
    check(not [t for t in texts if "second history" in t], "Ada takes nothing of the second history")
    ada.note(world.plant("Elsewhere all is well"), "--council", SECOND, code=(OK, SERVER))
    check("Elsewhere all is well" in ben.texts("--council", SECOND), "what Ben reads in the other council")
    # Seen once, it stays reported: also without the server, and when the first history is shown again.
    ada.run("verify", code=SERVER)
    ada.run("verify", "--offline", code=SERVER)
    has(ada.run("note", "list", "--council", FIRST, code=SERVER).out, "On the first history, two")
    # A longer second history is noticed by what its authors say to have seen.
    ben.note(world.plant("On the second history, three"), "--council", FIRST)
    has(ada.run("sync", code=SERVER).err, "history")
    check(stopped(ada), "the council is still stopped")


def packed(label, *fields):
    """P of the protocol, for fields of bytes."""
    out = bytes([len(label)]) + label + bytes([len(fields)])
    for field in fields:
        out += len(field).to_bytes(4, "big") + field
    return out


def cross(name, log, seq):
    """A server that lies well: it appends an entry of the other history to the one that it shows, with heads that chain."""
    import base64
    key = base64.urlsafe_b64decode(log + "=")
    with sqlite3.connect(os.path.join(stored(name), "council.db")) as other:
        row = other.execute("SELECT e.folds, e.control, e.sealed, e.received, e.size, e.sig, e.text, e.data FROM entry e JOIN log l ON l.id = e.log"
                            " WHERE l.name = ? AND e.seq = ?", (key, seq)).fetchone()
    other.close()
    folds, control, sealed, received, size, sig, text, data = row
    world.server.stop()
    with sqlite3.connect(os.path.join(world.server.data, "council.db")) as shown:
        ident, = shown.execute("SELECT id FROM log WHERE name = ?", (key,)).fetchone()
        prev, last, head = shown.execute("SELECT row, seq, head FROM entry WHERE log = ? ORDER BY seq DESC LIMIT 1", (ident,)).fetchone()
        head = hashlib.blake2b(packed(b"council/v1/head", head, text.encode(), sig), digest_size=32).digest()
        shown.execute("INSERT INTO entry (log, seq, prev, folds, control, sealed, received, size, head, sig, text, data) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                      (ident, last + 1, prev, folds, control, sealed, received, size, head, sig, text, data))
    shown.close()
    world.server.start()
    return last + 1


@case("the first entry that crosses reports it: an entry of the first history, put into the second with heads that chain, is refused with its evidence")
def crossed():
    ada, ben = W["ada"], W["ben"]
    log, seq = log_of(ada, FIRST), [note["seq"] for note in ada.notes("--offline", "--council", FIRST) if note["text"] == "On the first history, two"][0]
    place = cross("first", log, seq)
    # Ben has seen nothing wrong until now: his notes are in the history that he is shown.
    equal(stopped(ben), {}, "what Ben knows before")
    reported(ben, "wrong_head")
    texts = ben.texts("--offline", "--council", FIRST)
    check("On the second history, three" in texts and "On the first history, two" not in texts, "what Ben keeps")
    evidence = sqlite3.connect(os.path.join(ben.home, "home.db"))
    at, kept = evidence.execute("SELECT stopped_seq, length(evidence) FROM log WHERE stopped <> 0").fetchone()
    evidence.close()
    equal(at, place, "the place of the evidence")
    check(kept > 64, "the entry itself is kept as evidence")
    ben.note(world.plant("The other council still goes on"), "--council", SECOND, code=(OK, SERVER))


@case("the operator's own check finds the edited history as well")
def operator():
    world.server.stop()
    has(world.server.verify(code=1), "wrong_head")


main()
