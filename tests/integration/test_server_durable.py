#!/usr/bin/python3
"""What was acknowledged is there: through kill -9, SIGTERM, a full disk, a second process, another version, damage."""
import json, os, random, shutil, sqlite3, threading
from wsclient import *

GENEROUS = ("--limit", "device-burst=1000000", "--limit", "council-burst=1000000", "--limit", "address-burst=1000000")


def read_all(client, council):
    """Every entry that the server has of the council, in its order."""
    got, after = [], 0
    while True:
        page = client.call("log.read", log=b64(council.log), after=after, limit=512)
        got += page["entries"]
        if not page["entries"] or page["entries"][-1]["seq"] == page["seq"]:
            return got
        after = page["entries"][-1]["seq"]


def check_log(client, council, acknowledged, sent):
    """Acknowledged entries have their places; nothing is there twice, or that nobody sent; heads chain. Moves the council on."""
    got = read_all(client, council)
    assert [e["seq"] for e in got] == list(range(1, len(got) + 1))
    texts = [e["text"] for e in got]
    assert len(set(texts)) == len(texts)
    for seq, text in acknowledged.items():
        assert texts[seq - 1] == text, f"entry {seq} was acknowledged and is not there"
    council.heads = [ZERO]
    for entry in got:
        assert entry["text"] in sent, "an entry that nobody sent"
        council.heads.append(H(P("council/v1/head", council.head, entry["text"], unb64(entry["sig"]))))


class Writer(threading.Thread):
    """A member who posts, several at a time, until the server is gone."""

    def __init__(self, url, member, council, sent, acknowledged):
        super().__init__()
        self.client, self.member, self.council = session(url, member), member, council
        self.sent, self.acknowledged, self.unanswered = sent, acknowledged, []
        self.seen = (council.seq, council.head)

    def run(self):
        waiting = []
        try:
            for n in range(200):  # no more: entries may be at most 256 behind what they have seen
                entry = self.council.post(self.member, seen=self.seen)
                self.sent.add(entry.text)
                self.unanswered.append(entry)
                waiting.append((self.client.send("log.append", {"entry": entry.wire()}), entry))
                if len(waiting) == 8:
                    self.take(*waiting.pop(0))
            while waiting:
                self.take(*waiting.pop(0))
        except (Closed, OSError):
            pass

    def take(self, number, entry):
        try:
            self.acknowledged[self.client.wait(number)["seq"]] = entry.text
        except Failure as failure:
            assert failure.name in ("bad_seen", "storage_full", "retry", "going_away"), failure
        self.unanswered.remove(entry)


def survives_kill():
    """killed with SIGKILL while members write, five times: every acknowledged entry is there once, in order; what was not is sent again"""
    data, sent, acknowledged, council, ann, lost = None, set(), {}, None, None, []
    chance = random.Random(7)
    for turn in range(5):
        server = Server(data, *GENEROUS)
        try:
            data = server.data
            if council is None:
                client, ann = newcomer(server.url)
                council = found(client, ann)
                sent.update(e["text"] for e in read_all(client, council))
            else:
                client = session(server.url, ann)
                check_log(client, council, acknowledged, sent)
                for entry in lost:  # the same bytes: their old place, or a new one
                    try:
                        acknowledged[client.call("log.append", entry=entry.wire())["seq"]] = entry.text
                    except Failure as failure:
                        assert failure.name == "bad_seen", failure
                check_log(client, council, acknowledged, sent)
            writers = [Writer(server.url, ann, council, sent, acknowledged) for _ in range(3)]
            [w.start() for w in writers]
            goal = len(acknowledged) + chance.randrange(20, 120)
            deadline = time.monotonic() + TIMEOUT
            while len(acknowledged) < goal and any(w.is_alive() for w in writers):
                assert time.monotonic() < deadline
                time.sleep(0.001)
            server.kill()
            [w.join(TIMEOUT) for w in writers]
            lost = [e for w in writers for e in w.unanswered]
        finally:
            server.kill()
    assert len(acknowledged) > 100
    with Server(data, *GENEROUS) as server:
        check_log(session(server.url, ann), council, acknowledged, sent)
        assert server.stop() == 0
    checked = councild("verify", "--json", "--data", data)
    assert checked.returncode == 0 and json.loads(checked.stdout)["damaged"] == 0, checked


def lets_queued_entries_land():
    """SIGTERM: what was taken in is answered and on disk, clients are told goodbye, the exit status is 0"""
    with Server(None, *GENEROUS) as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        watcher = session(server.url, ann)
        seen, sent = (council.seq, council.head), {}
        for _ in range(60):
            entry = council.post(ann, seen=seen)
            sent[client.send("log.append", {"entry": entry.wire()})] = entry.text
        first = min(sent)
        client.wait(first)
        server.process.terminate()
        code, _ = client.until_closed()
        said = [json.loads(json.dumps(r)) for r in client.results.values()]
        assert code == 1001, code
        goodbye = watcher.notice("server.goodbye")
        assert goodbye["retry_after_ms"] > 0 and watcher.until_closed()[0] == 1001
        assert server.process.wait(TIMEOUT) == 0, server.log()[-3000:]
        with Server(server.data) as again:
            there = [e["text"] for e in read_all(session(again.url, ann), council)]
            for reply in said:
                if "result" in reply:
                    assert there[reply["result"]["seq"] - 1] == sent[reply["id"]]
            assert sent[first] in there


def tmpfs(size):
    """A small disk of its own, or None where this user may not mount one."""
    path = folder()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], capture_output=True).returncode:
        return None
    atexit.register(subprocess.run, ["umount", "-l", path], capture_output=True)
    return path


def survives_a_full_disk():
    """a full disk: nothing is acknowledged, reading goes on, and once there is room so does writing"""
    disk = tmpfs("12m")
    if disk is None:
        return "no tmpfs may be mounted here"
    ballast = os.path.join(disk, "ballast")
    with open(ballast, "wb") as file:
        file.write(bytes(3 << 20))
    server = Server(os.path.join(disk, "data"), *GENEROUS)
    try:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        refused = None
        for _ in range(400):
            entry = council.post(ann, size=65536)
            try:
                append_to = client.call("log.append", entry=entry.wire())
            except Failure as failure:
                refused = failure.name
                break
            council.took(entry)
            assert append_to["seq"] == council.seq
        assert refused == "storage_full", refused
        for _ in range(3):
            assert client.fails("log.append", entry=council.post(ann, size=65536).wire()) == "storage_full"
        page = client.call("log.read", log=b64(council.log), after=council.seq - 1, limit=1)
        assert page["seq"] == council.seq and page["entries"][0]["data"]
        assert http(server.url, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
        os.unlink(ballast)
        append(client, council, entry)  # the refused one is taken after all
        for _ in range(5):
            append(client, council, council.post(ann, size=65536))
        assert [e["seq"] for e in read_all(client, council)] == list(range(1, council.seq + 1))
        assert server.stop() == 0, server.log()[-3000:]
        assert councild("verify", "--data", server.data).returncode == 0
    finally:
        server.kill()


def survives_a_limit_on_files():
    """a limit on file sizes: nothing false is acknowledged, and the next start finds all that was"""
    server = Server(None, *GENEROUS, wrap=("prlimit", "--fsize=3000000"))
    try:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        try:
            for _ in range(400):
                entry = council.post(ann, size=32768)
                client.call("log.append", entry=entry.wire())
                council.took(entry)
            assert False, "the limit was not felt"
        except Failure as failure:
            assert failure.name in ("storage_full", "retry"), failure
        except Closed:
            assert server.process.wait(TIMEOUT) == 74, server.log()[-2000:]
    finally:
        server.kill()
    with Server(server.data, *GENEROUS) as again:
        client = session(again.url, ann)
        got = read_all(client, council)
        assert len(got) >= council.seq
        assert got[council.seq - 1]["text"] and [e["seq"] for e in got] == list(range(1, len(got) + 1))


def keeps_others_out():
    """a second server, verify and a wrong folder are turned away with their own exit statuses"""
    with Server() as server:
        client, ann = newcomer(server.url)
        assert councild("serve", "--data", server.data, "--listen", "127.0.0.1:0").returncode == 75
        assert councild("verify", "--data", server.data).returncode == 75
        client.call("council.list")
    assert councild("verify", "--data", server.data).returncode == 0
    assert councild("verify", "--data", server.data + ".not").returncode == 66
    assert councild("verify", "--data", folder()).returncode == 66
    assert stat_mode(os.path.join(server.data, "server.key")) == 0o600 and stat_mode(server.data) == 0o700
    os.chmod(os.path.join(server.data, "server.key"), 0o644)
    refused = councild("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert refused.returncode == 65 and "chmod" in refused.stderr


def stat_mode(path):
    return os.stat(path).st_mode & 0o777


def leaves_newer_data_alone():
    """a database of a newer version is refused and not changed by a byte"""
    with Server() as server:
        newcomer(server.url)
    path = os.path.join(server.data, "council.db")
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 1000")
    db.close()
    before = open(path, "rb").read()
    refused = councild("serve", "--data", server.data, "--listen", "127.0.0.1:0")
    assert refused.returncode == 65 and "newer" in refused.stderr, refused
    assert councild("verify", "--data", server.data).returncode == 65
    assert open(path, "rb").read() == before


def finds_damage():
    """verify names the log and the entry whose text, signature, data or place was changed"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        for _ in range(5):
            append(client, council, council.post(ann))
        erase = ann.entry(council, "erase", {"posts": [4]})
        append(client, council, erase)
        assert client.call("log.read", log=b64(council.log), after=3, limit=1)["entries"][0].get("erased") == 1
    sound = councild("verify", "--json", "--data", server.data)
    assert sound.returncode == 0 and json.loads(sound.stdout)["entries"] == 9, sound
    changes = {
        "UPDATE entry SET text = replace(text, '\"v\":1', '\"v\":2') WHERE {}": 5,
        "UPDATE entry SET sig = zeroblob(64) WHERE {}": 6,
        "UPDATE entry SET data = zeroblob(length(data)) WHERE {}": 7,
        "UPDATE entry SET data = NULL WHERE {}": 3,
    }
    columns = {}
    for change, seq in changes.items():
        copy = os.path.join(folder(), "data")
        shutil.copytree(server.data, copy)
        db = sqlite3.connect(os.path.join(copy, "council.db"))
        columns = [row[1] for row in db.execute("PRAGMA table_info(entry)")]
        table = "entry" if columns else None
        assert table, "the schema is another"
        which = f"seq = {seq} AND text LIKE '%{b64(council.log)}%'"
        changed = db.execute(change.format(which)).rowcount
        assert changed == 1, (change, changed)
        db.commit()
        db.close()
        found_it = councild("verify", "--json", "--data", copy)
        report = json.loads(found_it.stdout)
        assert found_it.returncode == 1 and report["damaged"] == 1, (change, found_it)
        assert report["findings"][0]["seq"] == seq and report["findings"][0]["log"] == b64(council.log), (change, report)


run(survives_kill, lets_queued_entries_land, survives_a_full_disk, survives_a_limit_on_files, keeps_others_out,
    leaves_newer_data_alone, finds_damage)
