#!/usr/bin/python3
"""The real server on a disk that is full, and on one that fails: nothing false is acknowledged, and it recovers or ends."""
import os, sys, threading
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../integration"))
import wsclient  # noqa: E402
from wsclient import *  # noqa: E402,F403

GENEROUS = ("--limit", "device-burst=1000000", "--limit", "council-burst=1000000", "--limit", "address-burst=1000000")
PROGRAMS = os.path.join(os.environ.get("COUNCIL_BIN", "build/asan/bin"), "../tests/crash")
EXIT_IO = 74


def read_all(client, council):
    got, after = [], 0
    while True:
        page = client.call("log.read", log=b64(council.log), after=after, limit=512)
        got += page["entries"]
        if not page["entries"] or page["entries"][-1]["seq"] == page["seq"]:
            return got
        after = page["entries"][-1]["seq"]


def check(client, council, acknowledged):
    """What was acknowledged has its place; seqs have no gap; nothing is there twice."""
    got = read_all(client, council)
    assert [e["seq"] for e in got] == list(range(1, len(got) + 1))
    assert len({e["text"] for e in got}) == len(got)
    for seq, text in acknowledged.items():
        assert seq <= len(got) and got[seq - 1]["text"] == text, f"LOST: entry {seq} was acknowledged"
    council.heads = [ZERO]
    for entry in got:
        council.heads.append(H(P("council/v1/head", council.head, entry["text"], unb64(entry["sig"]))))


def tmpfs(size):
    path = folder()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size},mode=700", "tmpfs", path], capture_output=True).returncode:
        return None
    atexit.register(subprocess.run, ["umount", "-l", path], capture_output=True)
    return path


def fill(client, ann, council, acknowledged):
    """Posts until there is no room; the entry that was refused."""
    for _ in range(800):
        entry = council.post(ann, size=65536)
        try:
            said = client.call("log.append", entry=entry.wire())
        except Failure as failure:
            assert failure.name == "storage_full", failure
            return entry
        council.took(entry)
        acknowledged[said["seq"]] = entry.text
    raise AssertionError("the disk was never full")


def is_full_and_recovers():
    """a tmpfs filled for real, three times: storage_full, nothing false acknowledged, reads go on, it recovers by itself; killed while full"""
    disk = tmpfs("16m")
    if disk is None:
        return "no tmpfs may be mounted here"
    ballast, acknowledged = os.path.join(disk, "ballast"), {}
    with open(ballast, "wb") as file:
        file.write(bytes(10 << 20))
    server = Server(os.path.join(disk, "data"), *GENEROUS)
    try:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        for left in (7, 4, 0):
            refused = fill(client, ann, council, acknowledged)
            watcher = session(server.url, ann)  # who comes now is served
            assert client.fails("log.append", entry=refused.wire()) == "storage_full"
            check(watcher, council, acknowledged)
            assert http(server.url, "GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n")[0] == 200
            if left == 4:  # what is full can be killed and started
                server.kill()
                server = Server(server.data, *GENEROUS)
                client = session(server.url, ann)
                check(client, council, acknowledged)
            os.truncate(ballast, left << 20)
            said = append(client, council, refused)
            acknowledged[said["seq"]] = refused.text
        assert server.stop() == 0, server.log()[-3000:]
        assert councild("verify", "--data", server.data).returncode == 0
    finally:
        server.kill()


def post_until_it_ends(server, ann, council, acknowledged):
    """Eight posts at a time, until the connection is gone."""
    client = session(server.url, ann)
    seen, waiting = (council.seq, council.head), []
    try:
        for _ in range(200):
            entry = council.post(ann, seen=seen)
            waiting.append((client.send("log.append", {"entry": entry.wire()}), entry))
            if len(waiting) == 8:
                number, first = waiting.pop(0)
                acknowledged[client.wait(number)["seq"]] = first.text
        for number, entry in waiting:
            acknowledged[client.wait(number)["seq"]] = entry.text
    except (Closed, OSError):
        pass


def fails_and_ends(kind, at, data, ann, council, acknowledged):
    """The process must end with 74; the next one, on a sound disk, has all that was acknowledged."""
    sound, wsclient.program = wsclient.program, lambda: os.path.join(PROGRAMS, "councild-failing-disk")
    try:
        server = Server(data, *GENEROUS, env={"COUNCIL_CRASH_FAIL": f"{kind} {at}"})
    except RuntimeError as error:  # it did not get so far as to listen
        assert "io" in str(error).lower(), error
        return
    finally:
        wsclient.program = sound
    try:
        post_until_it_ends(server, ann, council, acknowledged)
        assert server.process.wait(TIMEOUT) == EXIT_IO, (kind, at, server.process.returncode, server.log()[-2000:])
    finally:
        server.kill()


def ends_with_74():
    """a write or a synchronisation that fails ends the process with 74, wherever it is; what was acknowledged is there at the next start"""
    data, acknowledged = None, {}
    with Server(None, *GENEROUS) as server:
        data = server.data
        client, ann = newcomer(server.url)
        council = found(client, ann)
        check(client, council, acknowledged)
    for kind, at in (("write", 9), ("sync", 4), ("write", 30), ("sync", 9), ("write", 61), ("sync", 17), ("write", 140), ("sync", 30)):
        before = len(acknowledged)
        fails_and_ends(kind, at, data, ann, council, acknowledged)
        with Server(data, *GENEROUS) as again:
            check(session(again.url, ann), council, acknowledged)
        print(f"# {kind} {at}: {len(acknowledged) - before} were acknowledged", flush=True)
    assert len(acknowledged) > 20
    assert councild("verify", "--data", data).returncode == 0


run(is_full_and_recovers, ends_with_74)
