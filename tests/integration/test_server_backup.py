#!/usr/bin/python3
"""Backups, restoring and exports: what is kept, what is refused, what is said."""
import json, shutil, sqlite3, subprocess
from wsclient import *


def made(posts=5, members=1):
    """A stopped server's data with a council in it; the council and its founder."""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        for _ in range(posts):
            append(client, council, council.post(ann))
        for _ in range(members - 1):
            other, bob = newcomer(server.url)
            join(other, client, ann, council, bob)
        assert server.stop() == 0
    return server.data, council, ann


def backup(data, name="copy"):
    file = os.path.join(folder(), name)
    done = councild("backup", file, "--json", "--data", data)
    assert done.returncode == 0, done.stderr
    return file


def state(data):
    """What is in the data folder, byte for byte, locks and sockets excepted."""
    out = {}
    for name in sorted(os.listdir(data)):
        path = os.path.join(data, name)
        if os.path.isfile(path) and name != "lock":
            with open(path, "rb") as file:
                out[name] = file.read()
    return out


def is_one_file():
    """a backup is one SQLite file that its owner alone can read, whether the server runs or not; an existing file is left alone"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        file = backup(server.data, "name with 100% ?#")
        assert os.stat(file).st_mode & 0o777 == 0o600 and os.listdir(os.path.dirname(file)) == [os.path.basename(file)]
        checked = councild("verify", file, "--json")
        assert checked.returncode == 0 and json.loads(checked.stdout)["entries"] == 3, checked
        assert os.listdir(os.path.dirname(file)) == [os.path.basename(file)], "verify leaves something beside it"
        again = councild("backup", file, "--data", server.data)
        assert again.returncode == 1 and "already" in again.stderr
        nowhere = councild("backup", "/nowhere/at/all", "--data", server.data)
        assert nowhere.returncode == 1 and "no such folder" in nowhere.stderr, nowhere.stderr
        with open(os.path.join(server.data, "server.key")) as key, open(file, "rb") as content:
            seed = unb64(key.read().strip())
            assert seed not in (content := content.read()) and b64(seed).encode() not in content
        append(client, council, council.post(ann))
        stats = json.loads(councild("stats", "--json", "--data", server.data).stdout)["store"]
        assert abs(stats["backup_at"] - now_ms()) < 60000
        assert server.stop() == 0
    later = backup(server.data)
    assert json.loads(councild("verify", later, "--json").stdout)["entries"] == 4


def comes_back():
    """restored into an empty folder, with the key, it is the same server; --complete: nobody is waited for"""
    data, council, ann = made()
    file, place = backup(data), os.path.join(folder(), "elsewhere")
    done = councild("restore", file, "--complete", "--json", "--data", place)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["entries"] == 8 and not said["recovering"] and not said["key"] and "server.key" in done.stderr
    shutil.copy(os.path.join(data, "server.key"), place)
    with Server(place) as server:
        client = session(server.url, ann)
        page = client.call("log.read", log=b64(council.log), after=0, limit=100)
        assert page["head"] == b64(council.head) and len(page["entries"]) == 7
        append(client, council, council.post(ann))


def waits_for_members():
    """without --complete every log waits for its members; the operator can see that, and end it"""
    data, council, ann = made()
    file, place = backup(data), os.path.join(folder(), "elsewhere")
    assert councild("restore", file, "--data", place).returncode == 0
    with Server(place) as server:
        said = json.loads(councild("recovering", "--json", "--data", place).stdout)
        assert said["logs"] == 2 and {"log": b64(council.log), "waiting": 1} in said["first"], said
        client = session(server.url, ann)
        assert client.fails("log.append", entry=council.post(ann).wire()) == "recovering"
        assert councild("recovering", "end", b64(council.log), "--data", place).returncode == 0
        append(client, council, council.post(ann))
        assert json.loads(councild("stats", "--json", "--data", place).stdout)["core"]["logs_recovering"] == 1
        assert councild("recovering", "end", "--data", place).returncode == 0
        assert json.loads(councild("recovering", "--json", "--data", place).stdout)["logs"] == 0
        assert councild("recovering", "end", "nonsense", "--data", place).returncode == 1


def never_over_newer():
    """over data that is newer, or that cannot be read, only with --force; what was there is kept beside it"""
    data, council, ann = made()
    file = backup(data)
    assert councild("restore", file, "--data", data).returncode == 0, "the very same data"
    assert councild("recovering", "end", "--data", data).returncode == 0
    with Server(data) as server:
        client = session(server.url, ann)
        append(client, council, council.post(ann))
        newcomer(server.url)
        running = councild("restore", file, "--force", "--data", data)
        assert running.returncode == 75, running
        assert server.stop() == 0
    before = state(data)
    refused = councild("restore", file, "--data", data)
    assert refused.returncode == 1 and "the backup has fewer" in refused.stderr and "does not have this log" in refused.stderr, refused
    assert state(data) == before, "a refused restore changed something"
    forced = councild("restore", file, "--force", "--json", "--data", data)
    assert forced.returncode == 0, forced.stderr
    said = json.loads(forced.stdout)
    assert (said["lost_logs"], said["lost_entries"], said["entries"]) == (2, 2, 8), said
    kept = os.path.join(data, "council.db.replaced")
    assert json.loads(councild("verify", kept, "--json").stdout)["entries"] == 10
    with open(os.path.join(data, "council.db"), "wb") as broken:
        broken.write(b"not a database" * 1000)
    assert councild("restore", file, "--data", data).returncode == 1
    assert councild("restore", file, "--force", "--data", data).returncode == 0
    assert councild("verify", "--data", data).returncode == 0


def refuses_damage():
    """a backup that is damaged anywhere is refused, and nothing is changed"""
    data, _, _ = made(posts=20)
    file = backup(data)
    with open(file, "rb") as whole:
        content = whole.read()
    place = os.path.join(folder(), "elsewhere")
    found_out = 0
    for at in (100, len(content) // 2, len(content) - 4096, content.index(b'"kind":"post"') + 9, content.rindex(b'"seen"') + 20):
        bad = os.path.join(folder(), "bad")
        with open(bad, "wb") as out:
            out.write(content[:at] + bytes([content[at] ^ 1]) + content[at + 1:])
        verify, restore = councild("verify", bad), councild("restore", bad, "--data", place)
        # What lies beside the logs is not verified, but emptied by a restore, which then finds out.
        assert restore.returncode != 0 or verify.returncode == 0, at
        found_out += restore.returncode != 0
        if restore.returncode == 0:  # a byte that nothing is kept in
            shutil.rmtree(place)
        else:
            assert not os.path.exists(os.path.join(place, "council.db")) and not os.path.exists(os.path.join(place, "council.db.restoring"))
    assert found_out >= 2, found_out
    with open(file, "wb") as out:
        out.write(content[:len(content) // 2])
    assert councild("restore", file, "--data", place).returncode != 0
    assert councild("restore", "/nowhere", "--data", place).returncode == 66
    empty = os.path.join(folder(), "empty")
    for path, why in ((empty, "no database"), (folder(), "is no file")):
        open(empty, "w").close()  # a copy that was cut short at its first byte has no logs, and nothing to say so
        for command in (["verify", path], ["export", "--from", path, "-"], ["restore", path, "--force", "--data", data], ["restore", path, "--data", place]):
            done = councild(*command)
            assert done.returncode == 66 and why in done.stderr and path in done.stderr, (command, done)
    assert not os.path.exists(os.path.join(place, "council.db")) and councild("verify", "--data", data).returncode == 0
    open(file + "-wal", "wb").write(b"x")
    assert councild("verify", file).returncode == 65 and "no backup" in councild("verify", file).stderr


def says_what_stands_in_the_way():
    """a running server, a folder that may not be written, another user's data: said with what to do instead, and nothing is left behind"""
    with Server() as server:
        newcomer(server.url)
        out = os.path.join(folder(), "out")
        for command, instead in ((["verify"], "councild verify FILE"), (["export", out], "--from FILE")):
            done = councild(*command, "--data", server.data)
            assert done.returncode == 75 and "stop the server" in done.stderr and instead in done.stderr, done
        assert not os.path.exists(out)
        file = backup(server.data)
        assert councild("export", "--from", file, out).returncode == 0
        again = councild("export", "--from", file, out)
        assert again.returncode == 69 and "new folder" in again.stderr, again
        assert "new name" in councild("backup", file, "--data", server.data).stderr
        assert server.stop() == 0
    shut = os.path.join(folder(), "shut")
    os.mkdir(shut, 0o500)
    plain = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if os.geteuid() == 0 else []  # modes do not stop root's privileges
    done = subprocess.run([*plain, program(), "backup", os.path.join(shut, "copy"), "--data", server.data], capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 1 and "server's user may not write there" in done.stderr, done
    if os.geteuid() == 0:
        before = state(server.data)
        os.chown(server.data, 65534, 65534)
        for command in (["key", "rotate"], ["code", "create"], ["restore", file]):
            done = councild(*command, "--data", server.data)
            assert done.returncode == 69 and "run this as" in done.stderr, done
        assert state(server.data) == before
        os.chown(server.data, 0, 0)


def forgets_a_restore_that_was_killed():
    """the journal of a restore that was killed, or of a database that is gone, is not read into what is restored"""
    data, _, _ = made()
    file, at = backup(data), folder()
    other = os.path.join(at, "other")
    shutil.copy(file, other)
    database = sqlite3.connect(other)
    assert database.execute("PRAGMA journal_mode = WAL").fetchone() == ("wal",)
    database.execute("UPDATE entry SET sig = zeroblob(64)")
    database.commit()
    place = os.path.join(at, "place")
    os.mkdir(place, 0o700)
    for end in ("", "-wal"):
        shutil.copy(other + end, os.path.join(place, "council.db.restoring" + end))
    journal = shutil.copy(other + "-wal", os.path.join(at, "journal"))
    database.close()
    assert os.path.getsize(os.path.join(place, "council.db.restoring-wal")) > 0
    done = councild("restore", file, "--data", place)
    assert done.returncode == 0 and councild("verify", "--data", place).returncode == 0, done
    assert not [name for name in os.listdir(place) if "restoring" in name]
    # nor is that of a database that somebody took away
    os.unlink(os.path.join(place, "council.db"))
    shutil.move(journal, os.path.join(place, "council.db-wal"))
    assert councild("restore", file, "--data", place).returncode == 0 and councild("verify", "--data", place).returncode == 0


def killed_anywhere():
    """killed at any moment of a restore, what is in place is the old data or the new, whole"""
    data, council, ann = made(posts=3)
    with Server(data) as server:
        client = session(server.url, ann)
        for _ in range(30):
            append(client, council, council.post(ann, size=131072))
        server.stop()
    file = backup(data)
    with Server(data) as server:
        client = session(server.url, ann)
        append(client, council, council.post(ann))
        server.stop()
    old = json.loads(councild("verify", "--json", "--data", data).stdout)["entries"]
    copy, outcomes, wait = os.path.join(folder(), "data"), set(), 0.0
    began = time.monotonic()
    shutil.copytree(data, copy)
    assert councild("restore", file, "--force", "--data", copy).returncode == 0
    whole = time.monotonic() - began
    for turn in range(24):
        shutil.rmtree(copy)
        shutil.copytree(data, copy)
        one = subprocess.Popen([program(), "restore", file, "--force", "--data", copy], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            one.wait(whole * 1.2 * turn / 24 if turn < 23 else TIMEOUT)
        except subprocess.TimeoutExpired:
            one.kill()
        one.wait()
        checked = json.loads(councild("verify", "--json", "--data", copy).stdout)
        assert checked["ok"] and checked["entries"] in (old, old - 1), checked
        outcomes.add(checked["entries"])
    assert outcomes == {old, old - 1}, "no kill fell before the end, or none after it"
    assert councild("restore", file, "--force", "--data", copy).returncode == 0


def compares_pins():
    """verify finds a council whose members' logs are not those that it pinned"""
    data, council, ann = made(members=2)
    for statement, what in (("UPDATE log SET name = randomblob(32) WHERE kind = 1 AND id = (SELECT max(id) FROM log WHERE kind = 1)", "pin_of_no_log"),):
        copy = os.path.join(folder(), "data")
        shutil.copytree(data, copy)
        base = sqlite3.connect(os.path.join(copy, "council.db"))
        base.execute(statement)
        base.commit()
        base.close()
        checked = councild("verify", "--json", "--data", copy)
        findings = json.loads(checked.stdout)["findings"]
        assert checked.returncode == 1 and what in [f["what"] for f in findings], findings
        assert [f["log"] for f in findings if f["what"] == what] == [b64(council.log)]
    assert councild("verify", "--data", data, "--jobs", "7").returncode == 0


def exports_what_anybody_can_check():
    """an export is enough to check every signature, hash and head without this program"""
    data, council, ann = made(posts=4, members=2)
    to = os.path.join(folder(), "out")
    assert councild("export", to, "--data", data).returncode == 0
    names = os.listdir(to)
    assert len(names) == 3 and os.stat(os.path.join(to, names[0])).st_mode & 0o777 == 0o600
    entries = 0
    for name in names:
        with open(os.path.join(to, name)) as file:
            lines = [json.loads(line) for line in file]
        head, log = ZERO, lines[0]
        assert name == log["log"] + ".jsonl" and log["seq"] == len(lines) - 1
        for number, line in enumerate(lines[1:], 1):
            text, sig = json.loads(line["text"]), unb64(line["sig"])
            assert line["seq"] == number and canonical(text) == line["text"]
            na.crypto_sign_open(sig + P("council/v1/entry", line["text"]), unb64(text["device"]))
            if "data" in line:
                assert text["sealed"]["hash"] == b64(H(unb64(line["data"])))
            head = H(P("council/v1/head", head, line["text"], sig))
            assert line["head"] == b64(head)
            entries += 1
        assert log["head"] == b64(head)
    assert councild("export", to, "--data", data).returncode != 0, "files that are there are left alone"
    stream = councild("export", "-", "--from", backup(data))
    assert len(stream.stdout.splitlines()) == entries + len(names)


def gives_up_with_its_client():
    """a backup whose client goes away, or that a second one would disturb, leaves nothing behind"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        for _ in range(40):
            append(client, council, council.post(ann, size=131072))
        file = os.path.join(folder(), "copy")
        one = subprocess.Popen([program(), "backup", file, "--data", server.data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        one.kill()
        one.wait()
        deadline = time.monotonic() + TIMEOUT
        while True:  # what it may have begun ends; then the next one is made
            again = councild("backup", file + "2", "--data", server.data)
            if again.returncode == 0 or time.monotonic() > deadline:
                break
            assert "another backup" in again.stderr, again.stderr
        assert again.returncode == 0
        assert not os.path.exists(file + ".part") and not os.path.exists(file + "2.part")
        append(client, council, council.post(ann))


run(is_one_file, comes_back, waits_for_members, never_over_newer, refuses_damage, says_what_stands_in_the_way, forgets_a_restore_that_was_killed, killed_anywhere, compares_pins, exports_what_anybody_can_check,
    gives_up_with_its_client)
