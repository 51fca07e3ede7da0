#!/usr/bin/python3
"""What bad input gets: a clear error with what to do next, the exit code of the table, and nothing lost or half-applied."""
import json
import os
import resource
import shutil
import signal
import sqlite3
import subprocess

from harness import FAILED, LOCKED, OFFLINE, OK, REFUSED, SERVER, USAGE, BIN, World, case, check, die_with_parent, environment, equal, has, lacks, main

world = World()
W = {}


@case("a council of three is founded")
def beginning():
    W["ada"], W["ben"], W["chloe"] = world.council("ada", "ben", "chloe", title="Council of careful errors")


# ---- keys and secrets ----

@case("a wrong passphrase, an empty one and none at all end with 5 and say so")
def passphrases():
    ada = W["ada"]
    said = ada.run("status", passphrase="not it", code=LOCKED)
    has(said.err, "does not open this home")
    has(said.err, "council recover")
    equal(ada.run("status", "--json", passphrase="not it", code=LOCKED).error(), "wrong_passphrase", "the error's name")
    ada.run("note", "list", passphrase="", code=LOCKED)
    ada.run("note", "list", "--passphrase-fd", "77", code=LOCKED)
    nobody = world.member("nobody", register=False)
    has(nobody.run("register", "--server", world.server.url, passphrase="", code=LOCKED).err, "empty passphrase")
    has(nobody.run("status", code=FAILED).err, "council register")
    has(ada.run("register", "--server", world.server.url, code=FAILED).err, "another --home")


@case("a wrong recovery word is named; swapped words and a missing word are told; nothing is left in the home")
def recovery_words():
    ada = W["ada"]
    words = ada.phrase.split()
    lost = world.member("ada-lost", register=False)

    def recover(list_of_words, code=FAILED):
        return lost.run("recover", "--server", world.server.url, phrase=" ".join(list_of_words), code=code).err

    said = recover(words[:4] + ["xylophonic"] + words[5:])
    has(said, "not in the list")
    has(said, "5")
    lacks(said, words[0] + " " + words[1])
    # The checksum has four bits: one swap in sixteen fits it by chance, and is a phrase that nobody has.
    swaps = [i for i in range(11) if words[i] != words[i + 1]]
    told = (recover(words[:i] + [words[i + 1], words[i]] + words[i + 2:], code=(FAILED, REFUSED)) for i in swaps)
    check(any("two are swapped" in said for said in told), "no swap was told")
    recover(words[:11])
    recover([])
    equal(lost.run("status", code=FAILED).err.splitlines()[0], "council: There is no member in this home yet.", "the home after all that")
    # Four letters of a word are enough, and a right phrase still works in the same home.
    recover([word[:4] for word in words[:6]] + words[6:], code=OK)
    has("\n".join(lost.run("status").out.splitlines()), "Council of careful errors")
    lost.run("note", "post", "-m", "Ada is back")
    lost.name, lost.phrase, lost.passphrase = "ada", ada.phrase, lost.passphrase
    ada.run("note", "post", "-m", "from the lost laptop", code=(REFUSED, SERVER, FAILED))
    W["ada"] = lost


@case("a phrase that nobody has, and a phrase at the wrong server")
def unknown_phrase():
    stranger = world.member("stranger", register=False)
    zeros = " ".join(["abandon"] * 11 + ["about"])
    said = stranger.run("recover", "--server", world.server.url, phrase=zeros, code=(FAILED, REFUSED))
    check(len(said.err.splitlines()) >= 2, "what to do next: " + said.err)


@case("damaged and foreign links; device requests that are none")
def links():
    ada = W["ada"]
    link = ada.run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    eve = world.member("eve", register=False)
    for damaged in (link[:-1], link[:-3] + "AAA", link.split("#")[0], "nonsense", link.replace("#", "#A"), link + "A", ""):
        said = eve.run("join", damaged, code=(FAILED, REFUSED, SERVER, OFFLINE))
        check(len(said.err.splitlines()) >= 2, "what to do next for %r: %s" % (damaged, said.err))
    has(eve.run("join", "nonsense", code=FAILED).err, "Copy it again")
    check(eve.run("status", code=None).code in (OK, FAILED), "eve's home")
    for word in ("nonsense", "", link):
        ada.run("device", "add", word, code=FAILED)
        world.member("request-" + str(len(word)), register=False).run("device", "request", word, code=FAILED)
    ada.run("device", "revoke", "zzzz", code=FAILED)
    own = [row["device"] for row in ada.run("device", "list", "--json").lines() if row["this"]][0]
    has(ada.run("device", "revoke", own, code=REFUSED).err, "does not revoke itself")
    W["link"] = link


@case("used, closed and unknown invites admit nobody, who may try again with another")
def invites():
    ada, eve = W["ada"], world.member("eve-two", register=False)
    eve.run("join", "--name", "Eve", W["link"])
    frank = world.member("frank", register=False)
    said = frank.run("join", "--name", "Frank", W["link"], code=REFUSED)
    world.plant(said.phrase)
    has(said.err, "Ask a moderator for a new link")
    closed = ada.run("invite", "open").out.strip()
    world.plant(closed.split("#")[1])
    key = ada.run("invite", "list", "--json").lines()[0]["invite"]
    ada.run("invite", "close", key)
    has(frank.run("join", closed, code=REFUSED).err, "Ask a moderator")
    has(ada.run("invite", "close", key, code=REFUSED).err, "closed")
    ada.run("invite", "close", "zzzz", code=FAILED)
    eve.run("join", closed, code=(REFUSED, FAILED))
    has(ada.run("remove", "Eve").err, "was removed")
    equal(eve.run("status", "--json").one()["waiting"], 0, "what waits with Eve")
    frank.run("note", "post", "-m", "from nowhere", code=FAILED)
    ada.run("invite", "open", "--uses", 9, code=USAGE)
    ada.run("invite", "open", "--days", 0, code=USAGE)


@case("a ninth member is refused, and nobody is half a member")
def ninth():
    people = world.council("m1", "m2", "m3", "m4", "m5", "m6", options=("--size", "6"), title="Six and no more")
    link = people[0].run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    seventh = world.member("m7", register=False)
    said = seventh.run("join", link, code=REFUSED)
    world.plant(said.phrase)
    has(said.err, "all the members it takes")
    equal(len(people[1].run("roster", "--json").lines()), 6, "members")
    equal([log["journal"] for log in seventh.status()["logs"]], [True], "logs of who was refused")


# ---- the network and the server ----

@case("no server: 3, what was written is kept, reading works, and it is sent once later")
def no_server():
    ben = W["ben"]
    equal(ben.run("roster", "--json").lines()[0]["name"], "Ada", "reading with the server")
    world.server.stop()
    said = ben.run("note", "post", "--timeout", 2, "-m", world.plant("Kept while nobody listened"), code=OFFLINE)
    has(said.err, "kept")
    equal(ben.note("also kept", "--timeout", 1, code=OFFLINE).error(), "no_network", "the error's name")
    ben.run("sync", "--timeout", 1, code=OFFLINE)
    ben.run("invite", "list", "--timeout", 1)
    ben.run("remove", "Chloe", "--timeout", 1, code=OFFLINE)
    equal(ben.run("roster", "--json", "--timeout", 1).lines()[0]["name"], "Ada", "reading without a server")
    has(ben.run("roster", "--timeout", 1).err, "was not reached")
    equal(ben.status()["waiting"], 2, "what waits")
    has(ben.run("status").out, "2 entries wait")
    nobody = world.member("late", register=False)
    said = nobody.run("register", "--server", world.server.url, "--timeout", 2, code=OFFLINE)
    has(said.err, "cannot be reached")
    nobody.run("register", "--server", "http://127.0.0.1:1", "--timeout", 2, code=(OFFLINE, FAILED))
    world.server.start()
    ben.run("sync")
    equal(ben.status()["waiting"], 0, "what waits afterwards")
    equal(W["chloe"].texts()[-2:], ["Kept while nobody listened", "also kept"], "the two that were kept")
    said = nobody.run("register", "--server", world.server.url)
    world.plant(said.phrase)


@case("--offline: notes are kept, in order; commands that need the server say so")
def offline():
    ben = W["ben"]
    for number in range(3):
        has(ben.run("note", "post", "--offline", "-m", "offline %d" % number).err, "Kept")
    for command in (("remove", "Chloe"), ("invite", "open"), ("sync",), ("create", "--pace", "slow", "X"), ("join", W["link"])):
        has(ben.run(*command, "--offline", code=USAGE).err, "--offline")
    ben.run("sync", "--quiet")
    equal([t for t in W["chloe"].texts() if t.startswith("offline ")], ["offline 0", "offline 1", "offline 2"], "the kept notes")


@case("another server under the same address: 6, do not go on, nothing is sent to it")
def wrong_server():
    chloe = W["chloe"]
    world.server.stop()
    real, log = world.server.data, os.path.join(world.folder, "impostor")
    world.server.data = log
    world.server.start()
    for command in (("note", "post", "-m", world.plant("Not for an impostor")), ("sync",), ("roster",)):
        said = chloe.run(*command, code=SERVER)
        has(said.err, "Do not go on")
        has(said.err, "server's key")
    equal(chloe.run("sync", "--json", code=SERVER).error(), "wrong_server", "the error's name")
    world.server.stop()
    content = b"".join(open(path, "rb").read() for path in world.server.files() if path != world.server.log)
    check(b"member.create" not in content, "something was sent to the impostor")
    world.server.data = real
    shutil.rmtree(log)
    world.server.start()
    chloe.run("sync")
    equal(W["ben"].texts().count("Not for an impostor"), 1, "the note, at the right server")


# ---- the home ----

@case("a home of a newer version, damaged keys, a damaged file, a missing folder: told apart, and left as they are")
def homes():
    ada = W["ada"]
    copy = world.member("ada-copy", register=False)
    copy.passphrase = ada.passphrase

    def broken(sql=None, write=None):
        shutil.rmtree(copy.home, ignore_errors=True)
        shutil.copytree(ada.home, copy.home)
        path = os.path.join(copy.home, "home.db")
        if sql:
            with sqlite3.connect(path) as db:
                db.execute(sql)
            db.close()
        if write is not None:
            with open(path, "r+b") as file:
                file.write(write)
        with open(path, "rb") as file:
            return file.read()

    for what, sql, code, words in (
            ("newer", "PRAGMA user_version = 99", FAILED, "newer"),
            ("damaged keyring", "UPDATE keyring SET sealed = randomblob(length(sealed)) WHERE name <> 'home'", LOCKED, "cannot be read"),
            ("damaged home key", "UPDATE keyring SET sealed = x'00' WHERE name = 'home'", LOCKED, None),
            ("no keys", "DELETE FROM keyring", (FAILED, LOCKED), None)):
        before = broken(sql)
        said = copy.run("status", code=code)
        check(len(said.err.splitlines()) >= 2, what + ": what to do next: " + said.err)
        if words:
            has(said.err, words)
        with open(os.path.join(copy.home, "home.db"), "rb") as file:
            equal(file.read() == before, True, what + ": the file is as it was")
    broken(write=b"this is no database, and never was one......")
    check(len(copy.run("status", code=(FAILED, LOCKED)).err.splitlines()) >= 2, "no database")
    copy.run("status", "--home", "/proc/nowhere", code=FAILED)
    copy.run("register", "--server", world.server.url, "--home", "/dev/null/home", code=FAILED)


@case("a full home: nothing is half-applied, and it works again when there is room")
def full_home():
    ada, ben = W["ada"], W["ben"]
    size = os.stat(os.path.join(ben.home, "home.db")).st_size

    def limit():
        die_with_parent()
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    big = world.plant("A note that does not fit. ") + "x" * 60000
    said = ben.run("note", "post", "-", text=big, code=FAILED, preexec_fn=limit, restore_signals=False)
    check(len(said.err.splitlines()) >= 2, "what to do next: " + said.err)
    for number in range(3):
        ada.note("filler %d " % number + "y" * 60000)
    ben.run("sync", code=FAILED, preexec_fn=limit, restore_signals=False)
    ben.run("verify")
    equal(ben.status()["waiting"], 0, "what waits in the full home")
    ben.run("sync")
    ben.run("verify")
    texts = ben.texts()
    equal(sum(t.startswith("filler ") for t in texts), 3, "what came later")
    equal(big in texts, False, "the note that did not fit")
    ben.run("note", "post", "-", text=big)
    equal(ada.texts().count(big), 1, "the note, with room")


@case("a full disk under a home, on a file system of its own: says that the disk is full")
def full_disk():
    ben = W["ben"]
    script = """set -e
mount -t tmpfs -o size=3m tmpfs "$1"
cp -r "$2"/. "$1"
dd if=/dev/zero of="$1/fill" bs=4096 2>/dev/null || true
shift 2
for n in 1 2 3 4 5 6 7 8; do "$@" 3<&0 </dev/null && exit 0; code=$?; exit $code; done"""
    mount = os.path.join(world.folder, "small")
    os.mkdir(mount)
    works = subprocess.run(["unshare", "-rm", "mount", "-t", "tmpfs", "tmpfs", mount], capture_output=True, timeout=20)
    if works.returncode:
        return "no mounts here"
    done = subprocess.run(["unshare", "-rm", "bash", "-c", script, "bash", mount, ben.home, os.path.join(BIN, "council"), "note", "post", "-m", "z" * 60000],
                          input=ben.passphrase.encode(), capture_output=True, timeout=60,
                          env=environment(COUNCIL_HOME=mount, COUNCIL_PASSPHRASE_FD="3"))
    equal(done.returncode, FAILED, "exit code: " + done.stderr.decode())
    has(done.stderr.decode(), "disk is full")
    return None


@case("many commands at once in one home: all succeed, and everything is there once")
def at_once():
    ben = W["ben"]
    running = [ben.start("note", "post", "--json", "-m", "side by side %d" % n) for n in range(6)]
    numbers = [ben.finish(process).one()["seq"] for process in running]
    equal(len(set(numbers)), 6, "different numbers: %r" % numbers)
    for member in (ben, W["ada"]):
        equal(sorted(t for t in member.texts() if t.startswith("side by side")), ["side by side %d" % n for n in range(6)], "what " + member.name + " reads")
    ben.run("verify")


main()
