#!/usr/bin/python3
"""What is in cores, crash reports and homes: nothing of what members wrote at the server, nothing that opens anything at the clients.

Every end-to-end test searches files, figures, backups and memory of its server (harness.py); here are the cores of servers and clients, and
the controls: a planted leak in each place is found.
"""
import base64
import json
import os
import signal
import subprocess
import sys
import time

# A core of a sanitized process is terabytes: where the plain build stands beside it, its programs are taken.
folder = os.environ.get("COUNCIL_BIN", "")
plain = os.path.join(folder, "../../dev/bin")
if "asan" in folder and all(os.path.exists(os.path.join(plain, name)) for name in ("council", "councild")):
    os.environ["COUNCIL_BIN"] = plain
import leaks
from harness import *

SECRET = "a planted word that must be found, %s" % os.urandom(8).hex()
world = World()



def raw_key(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def read(path):
    with open(path, "rb") as file:
        return file.read()


@case("a core of the running server holds no word of two members who write, join and read")
def server_core():
    global ann, bob
    ann, bob = world.council("ann", "bob", title="Cores are searched")
    for i in range(5):
        ann.note(world.plant("note number %d that nobody else may read" % i))
    check(len(bob.texts()) == 5, "the notes came")
    core = leaks.core_of(world.server.process.pid, world.folder)
    if core is None:
        return "no core: no gcore, or a sanitized build alone"
    world.lacks_words(leaks.file_chunks(core), "a core of the server")
    os.unlink(core)
    return None


@case("a server that is aborted leaves no word in a core or in its log")
def aborted():
    before = set(os.listdir(world.folder))
    world.server.process.send_signal(signal.SIGABRT)
    world.server.process.wait(60)
    world.server.process = None
    for name in set(os.listdir(world.folder)) - before:
        world.lacks_words(leaks.file_chunks(os.path.join(world.folder, name)), name)
    with open("/proc/sys/kernel/core_pattern") as file:
        pattern = file.read().strip()
    if pattern.startswith("/"):  # somewhere else: whatever is new there
        place = os.path.dirname(pattern)
        for name in os.listdir(place):
            path = os.path.join(place, name)
            if os.path.isfile(path) and os.path.getmtime(path) > time.time() - 60:
                world.lacks_words(leaks.file_chunks(path), path)
    world.search_files()
    open(world.server.log, "wb").close()  # what a sanitizer says of the abort is no finding
    world.server.start()
    check(len(bob.texts()) == 5, "the notes are there")


@case("a client that watches, and an agent, hold no passphrase, phrase or secret key where a core would have it")
def client_cores():
    device = raw_key(ann.run("device", "list", "--json").lines()[0]["device"])
    for args in (("watch",), ("agent",)):
        process = ann.start(*args)
        try:
            deadline = time.monotonic() + 60
            while json.loads(world.server.ask("stats", "--json"))["core"]["members_online"] == 0:
                check(time.monotonic() < deadline, "council %s does not log in" % args[0])
                time.sleep(0.1)
            bob.note(world.plant("read while council %s looks" % args[0]))  # and it opens what comes
            check(process.poll() is None, "council %s ended: %r" % (args[0], process.poll()))
            core = leaks.core_of(process.pid, world.folder)
            if core is None:
                return "no core: no gcore, or a sanitized build alone"
            content = read(core)
            os.unlink(core)
        finally:
            process.terminate()
            ann.finish(process, code=None)
        world.lacks_words([content], "a core of council %s" % args[0], {ann.phrase, ann.passphrase})
        check(leaks.secret_keys_in(content, device) == 0, "a core of council %s has the device's secret" % args[0])
    return None


@case("a home holds what was written sealed, and no secret")
def homes():
    device = raw_key(ann.run("device", "list", "--json").lines()[0]["device"])
    for folder, _, names in os.walk(ann.home):
        for path in (os.path.join(folder, name) for name in names):
            if os.path.isfile(path):
                content = read(path)
                world.lacks_words([content], path, {ann.phrase, ann.passphrase})
                check(leaks.secret_keys_in(content, device) == 0, path + " has the device's secret")


def finds(search, *args):
    try:
        search(*args)
    except Failure:
        return True
    return False


@case("control: a word in a file of the server's, in a backup's place or in a home is found, in every form")
def control_files():
    other = World()
    other.plant(SECRET)
    place = os.path.join(other.server.data, "left-behind")
    for form in leaks.forms_of([SECRET]):
        with open(place, "wb") as file:
            file.write(os.urandom(1000) + form + os.urandom(1000))
        check(finds(other.search_files), "%r was not found" % form)
        check(leaks.found_in(leaks.file_chunks(place), [SECRET]) == {SECRET}, "%r was not found" % form)
    os.unlink(place)
    other.search_files()
    eve = Member(other, "eve")
    other.members.append(eve)
    os.makedirs(eve.home)
    with open(os.path.join(eve.home, "notes.txt"), "w") as file:
        file.write("do not forget: " + eve.passphrase)
    check(finds(other.search_homes), "a passphrase in a home was not found")
    os.unlink(os.path.join(eve.home, "notes.txt"))


@case("control: a word that a server holds is found in its memory, its core and what it says")
def control_memory():
    os.environ["PLANTED"] = SECRET
    try:
        other = World()
    finally:
        del os.environ["PLANTED"]
    other.plant(SECRET)
    check(finds(other.search_memory), "its memory was searched and nothing found")
    core = leaks.core_of(other.server.process.pid, other.folder)
    if core is not None:
        check(leaks.found_in(leaks.file_chunks(core), [SECRET]) == {SECRET}, "its core was searched and nothing found")
        os.unlink(core)
    other.words = {"councild_"}  # which it says at once
    check(finds(other.search_said), "its figures were searched and nothing found")
    other.words = set()


@case("control: a secret key in a process's own memory is found in its core")
def control_key():
    from nacl import bindings as na
    public, secret = na.crypto_sign_seed_keypair(os.urandom(32))
    code = "import sys, time; key = bytes.fromhex(sys.stdin.readline()); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, preexec_fn=die_with_parent)
    try:
        process.stdin.write(secret.hex().encode() + b"\n")
        process.stdin.flush()
        process.stdout.readline()
        core = leaks.core_of(process.pid, world.folder)
        if core is None:
            return "no core: no gcore, or a sanitized build alone"
        check(leaks.secret_keys_in(read(core), public) > 0, "the key was not found")
        os.unlink(core)
    finally:
        process.kill()
        process.wait()
    return None


main()
