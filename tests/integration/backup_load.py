"""backup_load.py - many clients that write while a copy of the server's data is made, and whether the copy has what it must.

Owns the load, what was acknowledged and when, and the one check that a good copy passes and a bad one fails. Must not know how a copy is
made: the caller says that.
"""
import json, os, threading
from wsclient import *

GENEROUS = ("--limit", "device-burst=1000000000", "--limit", "council-burst=1000000000", "--limit", "address-burst=1000000000",
            "--limit", "sessions-per-address=100000", "--limit", "moderator-burst=1000000000")
THREADS = 8


class Writer(threading.Thread):
    """Some of the clients, each a member with a council: one entry of each is on its way at a time."""

    def __init__(self, url, clients, size):
        super().__init__(daemon=True)
        self.url, self.count, self.size = url, clients, size
        self.councils, self.acknowledged, self.latencies = [], {}, []
        self.ready, self.stop, self.error = threading.Event(), threading.Event(), None

    def run(self):
        try:
            self.found()
            self.ready.set()
            while not self.stop.is_set():
                self.turn()
        except BaseException as error:  # told by whoever joins us
            self.error = error
            self.ready.set()

    def found(self):
        for _ in range(self.count):
            client, member = newcomer(self.url)
            council = found(client, member)
            self.councils.append((client, member, council))
            # entry 1 and 2 were acknowledged, or found() would have failed
            self.acknowledged[b64(council.log)] = {}

    def turn(self):
        sent = []
        for client, member, council in self.councils:
            entry = council.post(member, size=self.size)
            sent.append((client, council, entry, client.send("log.append", {"entry": entry.wire()}), time.monotonic()))
        for client, council, entry, number, began in sent:
            said = client.wait(number)
            council.took(entry)
            assert said["head"] == b64(council.head)
            self.latencies.append((began, time.monotonic() - began))
            self.acknowledged[b64(council.log)][said["seq"]] = (entry.text, b64(entry.sig))


class Load:
    """So many clients at a server, from the moment on that all of them are writing."""

    def __init__(self, url, clients, size=256):
        each = max(1, clients // THREADS)
        self.writers = [Writer(url, each, size) for _ in range(min(THREADS, clients))]

    def __enter__(self):
        [w.start() for w in self.writers]
        for writer in self.writers:
            writer.ready.wait(TIMEOUT * 10)
            if writer.error:
                raise writer.error
        self.until(1)
        return self

    def __exit__(self, *_):
        [w.stop.set() for w in self.writers]
        [w.join(TIMEOUT) for w in self.writers]
        for writer in self.writers:
            if writer.error:
                raise writer.error

    def until(self, entries):
        """Until so many were acknowledged in each council."""
        deadline = time.monotonic() + 10 * TIMEOUT
        while min(len(log) for w in self.writers for log in w.acknowledged.values()) < entries:
            assert time.monotonic() < deadline and not any(w.error for w in self.writers), "the load stands still"
            time.sleep(0.01)

    def acknowledged(self):
        """What was acknowledged until now: log -> seq -> (text, signature)."""
        return {log: dict(entries) for w in self.writers for log, entries in w.acknowledged.items()}

    def slowest(self, begin, end):
        """The longest wait for an acknowledgement among the entries that were sent in this time, in seconds."""
        return max((took for w in self.writers for at, took in list(w.latencies) if begin <= at <= end), default=0.0)


def exported(*arguments):
    """What `councild export -` writes: log -> seq -> (text, signature)."""
    done = councild("export", "-", *arguments)
    if done.returncode != 0:
        return None, done.stderr
    logs = {}
    for line in done.stdout.splitlines():
        entry = json.loads(line)
        if "text" in entry:
            logs.setdefault(entry["log"], {})[entry["seq"]] = (entry["text"], entry["sig"])
    return logs, ""


def missing(copy, before):
    """What is wrong with a copy that should hold all of `before`; empty: nothing. The one check for good copies and bad ones."""
    checked = councild("verify", copy, "--json")
    if checked.returncode != 0:
        return "verify: " + (checked.stderr or checked.stdout)[-500:]
    logs, why = exported("--from", copy)
    if logs is None:
        return "export: " + why[-500:]
    lost = sum(1 for log, entries in before.items() for seq, entry in entries.items() if logs.get(log, {}).get(seq) != entry)
    return "%d entries that were acknowledged before are not in it" % lost if lost else ""
