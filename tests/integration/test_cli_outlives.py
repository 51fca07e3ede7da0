#!/usr/bin/python3
"""A council outlives its server: after yesterday's backup was restored its members bring back what it lacks, byte for byte, and nobody is told that history changed; the same moves it
to another server; a server's new key is followed if the old one vouched for it.
"""
import base64
import json
import os
import shutil
import sqlite3
import subprocess

from harness import BIN, COMMAND_SECONDS, OFFLINE, OK, REFUSED, SERVER, Server, World, case, check, clean, environment, equal, has, lacks, main

TITLE = "A council that stays"
NAMES = ("ada", "ben", "cleo", "dan", "eva")
world = World()
W = {}


def councild(*args, server=None, code=0):
    done = subprocess.run([os.path.join(BIN, "councild"), *args, "--data", (server or world.server).data], stdin=subprocess.DEVNULL, capture_output=True,
                          timeout=COMMAND_SECONDS, env=environment())
    text = (done.stdout + done.stderr).decode(errors="replace")
    clean(text, "councild " + args[0])
    check(done.returncode == code, "councild %s ended with %d:\n%s" % (" ".join(args), done.returncode, text))
    return done.stdout.decode()


def heads(member):
    """Log by log, the last number and head that a home holds."""
    with sqlite3.connect(os.path.join(member.home, "home.db")) as home:
        rows = home.execute("SELECT hex(log), seq, hex(head) FROM log").fetchall()
    home.close()
    return {log: (seq, head) for log, seq, head in rows}


def blamed(member):
    with sqlite3.connect(os.path.join(member.home, "home.db")) as home:
        rows = home.execute("SELECT evidence FROM report").fetchall()
        rows += home.execute("SELECT stopped FROM log WHERE stopped <> 0").fetchall()
    home.close()
    return rows


def exported(name):
    """Everything that the stopped server holds, log by log, as lines of JSON."""
    folder = os.path.join(world.folder, "export-" + name)
    councild("export", folder)
    rows = {log: [json.loads(line) for line in open(os.path.join(folder, log), encoding="utf-8")] for log in sorted(os.listdir(folder))}
    for row in [row for log in rows.values() for row in log]:
        row.pop("received", None)  # the server's own word: when it came, or was brought back
    return {log: [row for row in rows[log] if "text" in row] for log in rows}


def restore(backup, *options):
    world.server.stop()
    councild("restore", backup, "--force", *options)
    world.server.start()


def waits(member):
    return [row["missing"] for row in member.status("--offline")["logs"] if row["recovering"] and not row["journal"]]


@case("five members write, the operator makes a backup; then they write on, one more joins, somebody founds another council, a note is erased")
def yesterday():
    people = world.council(*NAMES, title=TITLE)
    for member in people:
        W[member.name] = member
        member.note(world.plant("Yesterday's note of " + member.name))
    W["backup"] = os.path.join(world.folder, "yesterday.backup")
    councild("backup", W["backup"])
    ada, ben = W["ada"], W["ben"]
    erased = ben.note(world.plant("Written today and erased today")).one()["seq"]
    for n in range(3):
        for name in ("ada", "cleo", "eva"):
            W[name].note(world.plant("Today's note %d of %s" % (n, name)))
    ben.run("erase", "--yes", erased)
    ben.note(world.plant("A thought of today, for nobody else"), "--journal")
    link = ada.run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    hugo = W["hugo"] = world.member("hugo", register=False)
    world.plant(hugo.run("join", "--name", "Hugo", "--quiet", link).phrase)
    hugo.note(world.plant("Hugo is here"))
    ben.run("create", "--pace", "slow", "--quiet", world.plant("A council of today"))
    link = ben.run("invite", "open", "--council", "A council of today").out.strip()
    world.plant(link.split("#")[1])
    W["cleo"].run("join", "--quiet", link)
    for member in (ben, W["cleo"]):  # who gives and who gets the keys of its name
        member.run("sync")
    W["cleo"].note(world.plant("In the council of today"), "--council", "A council of today")
    everybody = W["everybody"] = people + [hugo]
    for member in everybody + everybody:
        member.run("sync")
    world.server.stop()
    W["whole"] = exported("before")
    world.server.start()


@case("yesterday's backup is restored: nobody who comes is told of a changed history, and notes wait until all have come")
def restored():
    restore(W["backup"])
    ada, ben, hugo = W["ada"], W["ben"], W["hugo"]
    said = hugo.run("sync", "--timeout", 20, code=REFUSED)  # the backup knows nothing of him
    has(said.err, "backup")
    check("Hugo is here" in hugo.texts("--offline"), "what Hugo keeps")
    ada.run("sync")
    has(ada.run("status", "--offline").out, "recovering")
    has(ada.run("server", "show").out, "waits for")
    shown = ada.run("server", "show", "--json").one()
    check(shown["recovering"] and shown["waiting"][0]["missing"] > 0, "server show: %r" % shown)
    said = ada.run("note", "post", "-m", world.plant("Written while the others are missing"), code=OFFLINE)
    has(said.err, "kept")
    missing = waits(ada)[0]
    hugo.run("sync")  # Ada has brought his member log and the council that he is in
    for member in W["everybody"][1:-1]:
        member.run("sync")
        check(waits(member) == [] or waits(member)[0] < missing, "who is missing: %r" % waits(member))
        equal(blamed(member), [], "what %s found out about the server" % member.name)
    equal(waits(W["eva"]), [], "who is missing in the end")


@case("then everything is as it was, byte for byte, and what waited is sent once")
def the_same():
    everybody = W["everybody"]
    W["ada"].run("sync")
    for member in everybody:
        member.run("sync")
        member.run("verify")
        equal(blamed(member), [], "what %s found out about the server" % member.name)
    world.server.stop()
    world.server.verify()
    now = exported("after")
    world.server.start()
    equal(sorted(now), sorted(W["whole"]), "the logs")
    longer = [log for log in now if now[log] != W["whole"][log]]
    for log in longer:
        equal(now[log][:len(W["whole"][log])], W["whole"][log], "what was there before")
    equal([len(now[log]) - len(W["whole"][log]) for log in longer], [1], "logs that have grown, by how much")
    for member in everybody:
        texts = member.texts("--council", TITLE)
        for text in ("Written while the others are missing", "Hugo is here", "Today's note 2 of eva"):
            equal(texts.count(text), 1, "%r as %s reads it" % (text, member.name))
    log = [row["log"] for row in W["ada"].status("--offline")["logs"] if row["name"] == TITLE][0]
    name = base64.urlsafe_b64decode(log + "=").hex().upper()
    equal({heads(member)[name][1] for member in everybody}, {base64.urlsafe_b64decode(now[[n for n in now if log in n][0]][-1]["head"] + "=").hex().upper()},
          "heads of the council, at home and at the server")
    check("A thought of today, for nobody else" in W["ben"].texts("--journal"), "Ben's journal")


@case("a moderator need not wait for somebody who does not come, and nobody else may decide that; who comes by a link meanwhile is in as soon as the waiting is over")
def resumed():
    link = W["ada"].run("invite", "open", "--council", TITLE).out.strip()
    world.plant(link.split("#")[1])
    joe = world.member("joe", register=False)
    backup = os.path.join(world.folder, "resumed.backup")
    councild("backup", backup)
    W["ada"].note(world.plant("Nearly lost"))
    restore(backup)
    for name in ("ada", "ben"):
        W[name].run("sync")
    check(waits(W["ada"]), "it waits")
    said = joe.run("join", "--quiet", link, code=OFFLINE)
    world.plant(said.phrase)
    has(said.err, "sends again by itself")
    joe.run("join", "--quiet", link, code=OFFLINE)
    joe.run("sync")  # does not stay until the others have come
    equal([row["name"] for row in joe.status("--offline")["logs"] if not row["journal"]], [], "what Joe is in")
    W["ben"].run("server", "resume", TITLE, code=REFUSED)
    has(W["ada"].run("server", "resume", TITLE).out, "waits for nobody")
    W["ada"].note(world.plant("On we go"))
    check("On we go" in W["ben"].texts("--council", TITLE), "what Ben reads")
    joe.run("sync")
    joe.note(world.plant("Joe was patient"))
    equal((joe.status()["refused"], joe.status()["waiting"]), ([], 0), "what Joe could not do, and has yet to")
    W["everybody"].append(joe)
    for member in W["everybody"]:
        member.run("sync")
        equal(blamed(member), [], "what %s found out about the server" % member.name)
        check("Nearly lost" in member.texts("--council", TITLE), "what %s reads" % member.name)


@case("a different history is reported whatever the server says of itself, and what was held stays")
def another_history():
    backup = os.path.join(world.folder, "fork.backup")
    councild("backup", backup)
    W["ada"].note(world.plant("On the first history"), "--council", TITLE)
    W["cleo"].run("sync")
    restore(backup, "--complete")
    for n in range(3):
        W["dan"].note(world.plant("On the second history %d" % n))
    second = os.path.join(world.folder, "second.backup")
    councild("backup", second)
    restore(second)  # waits for its members now, so it asks for what they hold
    said = W["cleo"].run("sync", "--json", code=SERVER)
    equal(said.error(), "history_changed", "the error")
    check("On the first history" in W["cleo"].texts("--offline", "--council", TITLE), "what Cleo keeps")
    W["dan"].run("sync")
    equal(blamed(W["dan"]), [], "what Dan found out")
    # The first history is put back as it was; everybody but Dan goes on.
    world.server.stop()
    councild("restore", backup, "--force")
    world.server.start()
    for member in W["everybody"]:
        member.run("sync", code=SERVER if member is W["dan"] else OK)
    W["everybody"].remove(W["dan"])
    check("On the first history" in W["ben"].texts("--council", TITLE), "what Ben reads")


@case("a council moves to another server: everybody runs one command, in any order, and nothing is missing there")
def moved():
    old = world.server
    W["ada"].run("server", "resume", TITLE)  # Dan is not to be waited for
    for member in W["everybody"]:
        member.run("sync")
    before = {member.name: heads(member) for member in W["everybody"]}
    new = Server(os.path.join(world.folder, "new"), ["--registration", "code"])
    os.mkdir(new.folder)
    new.start()
    code = W["code"] = councild("code", "create", "--uses", "20", server=new).strip().splitlines()[-1].split()[-1]
    ada, eva = W["ada"], W["eva"]
    said = ada.run("server", "move", new.url, code=REFUSED)  # without the code
    has(said.err, "Nothing was changed")
    equal(ada.status("--offline")["server"], old.url, "Ada's server after a move that failed")
    wrong = "A" * 43
    ada.run("server", "move", new.url, "--code", code, "--key", wrong, code=SERVER)
    ada.run("note", "post", "-m", world.plant("Still at the old place"), "--council", TITLE)
    key = councild("key", "show", server=new).strip().split()[-1]
    told = ada.run("server", "move", new.url, "--code", code, "--key", key, "--json").one()
    equal((told["server"], told["key"]), (new.url, key), "where Ada is")
    for member in W["everybody"]:
        if member is not ada:
            member.run("sync")
            member.run("server", "move", new.url, "--code", code)
    old.stop()
    world.server = new
    ada.run("server", "resume", TITLE)  # Dan stays where he is
    for member in W["everybody"]:
        member.run("sync")
        after = heads(member)
        check(all(after[log][0] >= seq for log, (seq, _) in before[member.name].items()), "logs of " + member.name)
        equal(blamed(member) if member is not W["cleo"] else [], [], "what %s found out" % member.name)
    eva.note(world.plant("From the new place"), "--council", TITLE)
    for member in W["everybody"]:
        texts = member.texts("--council", TITLE)
        for text in ("Yesterday's note of ada", "Still at the old place", "From the new place"):
            equal(texts.count(text), 1, "%r as %s reads it" % (text, member.name))
    check("A thought of today, for nobody else" in W["ben"].texts("--journal"), "Ben's journal")
    check("In the council of today" in W["cleo"].texts("--council", "A council of today"), "the other council")
    has(ada.run("server", "move", new.url, code=1).err, "already")
    world.server.stop()
    world.server.verify()
    world.server.start()


@case("a new key that the old one vouched for is followed, said once, and good for links made before")
def new_key():
    ada, ben = W["ada"], W["ben"]
    ada.run("remove", "Dan", "--council", TITLE)
    link = ada.run("invite", "open", "--council", TITLE).out.strip()
    world.plant(link.split("#")[1])
    before = ada.run("server", "show", "--json").one()["key"]
    shutil.copy(os.path.join(world.server.data, "server.key"), os.path.join(world.folder, "old.key"))
    world.server.stop()
    councild("key", "rotate")
    world.server.start()
    has(ada.run("sync").err, "key was changed")
    lacks(ada.run("sync").err, "key was changed")
    after = ada.run("server", "show", "--json").one()["key"]
    check(after != before, "the key")
    ivy = world.member("ivy", register=False)
    world.plant(ivy.run("join", "--name", "Ivy", "--code", W["code"], "--quiet", link).phrase)
    ivy.note(world.plant("By a link of before"))
    check("By a link of before" in ben.texts("--council", TITLE), "what Ben reads")
    # The old key is no key of this server any more.
    world.server.stop()
    shutil.copy(os.path.join(world.server.data, "server.key"), os.path.join(world.folder, "new.key"))
    shutil.copy(os.path.join(world.folder, "old.key"), os.path.join(world.server.data, "server.key"))
    world.server.start()
    ada.run("sync", code=SERVER)
    world.server.stop()
    shutil.copy(os.path.join(world.folder, "new.key"), os.path.join(world.server.data, "server.key"))
    world.server.start()
    ada.run("sync")


@case("a server that goes by another name now is moved to like another one; nothing has to be brought")
def renamed():
    ada, port = W["ada"], world.server.port
    key = ada.run("server", "show", "--json").one()["key"]
    before = heads(ada)
    world.server.stop()
    world.server.options += ["--origin", "http://localhost:%d" % port]
    world.server.start()
    ada.run("sync", code=SERVER)
    told = ada.run("server", "move", "http://localhost:%d" % port, "--key", key, "--json").one()
    equal((told["server"], told["waiting"]), ("http://localhost:%d" % port, []), "where Ada is")
    equal(heads(ada), before, "heads")
    ada.note(world.plant("The same place by another name"), "--council", TITLE)
    # The operator has lost the key, and told the members the new one.
    world.server.stop()
    os.remove(os.path.join(world.server.data, "server.key"))
    world.server.start()
    ada.run("sync", code=SERVER)
    key = councild("key", "show").strip().split()[-1]
    ada.run("server", "move", "http://localhost:%d" % port, "--key", "A" * 43, code=SERVER)
    ada.run("server", "move", "http://localhost:%d" % port, "--key", key)
    ada.note(world.plant("The same place with another key"), "--council", TITLE)


main()
