"""malicious.py - a server that lies: a proxy before a real councild, which passes everything on and, told so, changes what it says.

Owns the WebSocket to the client, what the real server answered to which call, and the lies, a row each: name, the report that a client must make of it, and how.
Must not know how a client is run (test_cli_malicious.py). Invariant: without a lie it passes on message by message what was said, and it has
no key of anybody: what it forges is signed by keys that it made itself.
"""
import base64
import hashlib
import json
import os
import socket
import struct
import threading
import traceback

from wsclient import Device, Entry, H, Member, P, WebSocket, b64, canonical, unb64

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Raw(bytes):
    """Bytes for the client's socket as they are: no message of ours."""


def frame(payload, opcode=1):
    size = len(payload)
    head = bytes([0x80 | opcode])
    head += bytes([size]) if size < 126 else struct.pack(">BH", 126, size) if size < 65536 else struct.pack(">BQ", 127, size)
    return head + payload


class Peer:
    """The client's end of one connection."""

    def __init__(self, sock):
        self.sock, self.buffer, self.lock = sock, b"", threading.Lock()
        while b"\r\n\r\n" not in self.buffer:
            self.more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        key = [line.split(b":", 1)[1].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")][0]
        accept = base64.b64encode(hashlib.sha1(key + GUID).digest())
        sock.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: council.v1\r\n"
                     b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")

    def more(self):
        got = self.sock.recv(262144)
        if not got:
            raise ConnectionError
        self.buffer += got

    def need(self, n):
        while len(self.buffer) < n:
            self.more()

    def frames(self):
        """(opcode, payload, last) of each frame, unmasked."""
        while True:
            self.need(2)
            size, at = self.buffer[1] & 127, 2
            if size > 125:
                at = 4 if size == 126 else 10
                self.need(at)
                size = int.from_bytes(self.buffer[2:at], "big")
            self.need(at + 4 + size)
            first, mask, payload = self.buffer[0], self.buffer[at:at + 4], self.buffer[at + 4:at + 4 + size]
            self.buffer = self.buffer[at + 4 + size:]
            whole = (mask * (size // 4 + 1))[:size]
            yield first & 15, (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big") if size else b"", first & 0x80

    def send(self, what):
        with self.lock:
            self.sock.sendall(what if isinstance(what, Raw) else frame(what if isinstance(what, bytes) else canonical(what).encode()))


class Connection:
    """One client and the real server behind it. `calls` has what the client asked, by id; `state` is the lie's to use."""

    def __init__(self, proxy, sock):
        self.proxy, self.peer, self.calls, self.state = proxy, Peer(sock), {}, {}
        self.real = WebSocket(proxy.upstream, timeout=600)
        threading.Thread(target=self.upwards, daemon=True).start()
        try:
            while True:
                self.downwards(json.loads(self.real.message()))
        except Exception:  # pylint: disable=broad-except
            pass  # either side is gone: so is the other
        self.end()

    def end(self):
        for sock in (self.peer.sock, self.real.sock):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def upwards(self):
        whole = b""
        try:
            for opcode, payload, last in self.peer.frames():
                if opcode == 8:
                    break
                if opcode == 9:
                    self.peer.send(Raw(frame(payload, 10)))
                if opcode not in (0, 1):
                    continue
                whole += payload
                if last:
                    said, whole = json.loads(whole), b""
                    self.calls[said["id"]] = said
                    if said["method"] == "member.register":  # never pushed: the home has it
                        entry = said["params"]["entry"]
                        name = b64(follow(bytes(32), entry))
                        self.proxy.truth[name] = {1: notice(name, 1, entry["text"], entry["sig"])["params"]}
                    self.pass_up(said)
        except Exception:  # pylint: disable=broad-except
            pass
        self.end()

    def ask(self, how, *what):
        """A lie that cannot be told is a fault of the test, not of the client."""
        try:
            return how(self, *what)
        except Exception:
            self.proxy.errors.append(traceback.format_exc())
            raise

    def pass_up(self, said):
        lie = self.proxy.lie
        answers = self.ask(lie.up, said) if lie else None
        if answers is None:
            self.real.frame(canonical(said).encode())
            return
        for answer in answers:
            self.peer.send(answer)

    def downwards(self, said):
        lie = self.proxy.lie
        if said.get("method") == "log.entry":
            self.proxy.truth.setdefault(said["params"]["log"], {})[said["params"]["seq"]] = said["params"]
        call = self.calls.get(said.get("id"))
        if call and call["method"] == "server.hello" and self.proxy.hello is None:
            self.proxy.hello = said.get("result")
        answers = self.ask(lie.down, said, call) if lie else None
        for answer in [said] if answers is None else answers:
            self.peer.send(answer)


class Proxy:
    """Listens on a port of its own and passes on to `upstream`, which has to call itself by this one's `url`."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.socket.getsockname()[1]
        self.upstream, self.lie, self.truth, self.errors = None, None, {}, []
        self.hello = None  # the first answer to one
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.socket.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            Connection(self, sock)
        except OSError:
            sock.close()

    def close(self):
        self.socket.close()


# ---- what a lie knows: what every server sees ----

class Knowledge:
    """The entries that went by. `log` is the council that is lied about, `own` the victim's member log, `other` the victim's journal, `author` another member."""

    def __init__(self, proxy, log, own, other, author):
        self.proxy, self.log, self.own, self.other, self.author = proxy, log, own, other, author

    def entries(self, log):
        """The params of log.entry, in order from the first."""
        seen = self.proxy.truth[log]
        return [seen[seq] for seq in range(1, max(seen) + 1)]

    def head(self, log, seq):
        head = bytes(32)
        for entry in self.entries(log)[:seq]:
            head = follow(head, entry)
        return head


def follow(head, entry):
    return H(P("council/v1/head", head, entry["text"], unb64(entry["sig"])))


class Lie:
    """Passes everything on."""

    def __init__(self, knows):
        self.knows = knows

    def up(self, conn, said):
        """What the client is answered in the server's place; None: the server is asked."""

    def down(self, conn, said, call):
        """What the client gets for a message of the server; None: the message."""

    # helpers
    def entry(self, said):
        """The params of a log.entry of the council that is lied about, or None."""
        return said["params"] if said.get("method") == "log.entry" and said["params"]["log"] == self.knows.log else None

    def answer_to(self, call, said, method, log=None):
        return call is not None and call["method"] == method and "result" in said and (log is None or call["params"].get("log") == log)


def notice(log, seq, text, sig, data=None):
    params = {"log": log, "seq": seq, "received": 1700000000000, "text": text, "sig": sig}
    return {"jsonrpc": "2.0", "method": "log.entry", "params": dict(params, data=data) if data else params}


def changed(said, **fields):
    return dict(said, params=dict(said["params"], **fields))


class Forger(Lie):
    """Adds an entry of its own behind the last one, with a head that chains; what it says is `forge`'s."""

    where = "log"

    def down(self, conn, said, call):
        log = getattr(self.knows, self.where)
        if not self.answer_to(call, said, "log.subscribe", log):
            return None
        seq, head = said["result"]["seq"], unb64(said["result"]["head"])
        made = self.forge(log, seq, head)
        told = dict(said, result=dict(said["result"], seq=seq + 1, head=b64(made.head(head))))
        out = [told]
        out += [{"jsonrpc": "2.0", "method": "log.entry", "params": entry} for entry in self.knows.entries(log)[call["params"]["after"]:seq]]
        conn.state["dead"] = log  # what the real server sends of this log came from here
        return out + [notice(log, seq + 1, made.text, b64(made.sig), b64(made.data) if made.data else None)]


class Quiet(Forger):
    """The same, with the real entries left out where they were sent already."""

    def down(self, conn, said, call):
        if said.get("method") == "log.entry" and said["params"]["log"] == conn.state.get("dead"):
            return []
        return super().down(conn, said, call)


def signed(device, log, seq, head, author, kind, body, data=None):
    fields = {"at": 1700000000000, "author": author, "body": body, "device": b64(device.key), "id": b64(os.urandom(16)), "kind": kind,
              "log": log, "seen": {"seq": seq, "head": b64(head)}, "v": 1}
    if data:
        fields["sealed"] = {"epoch": 1, "hash": b64(H(data))}
    return Entry(canonical(fields), device, data)


LIES = []


def lie(name, report, error):
    """A row: what the lie is called, which report a client makes of it (None: none that is kept), and which error its command ends with."""
    def mark(cls):
        LIES.append((name, cls, report, error))
        return cls
    return mark


@lie("a ghost device of a member writes", "invalid_entry", "unknown_device")
class GhostDevice(Quiet):
    def forge(self, log, seq, head):
        data = os.urandom(24 + 256 + 16)
        return signed(Device(), log, seq, head, self.knows.author, "post", {}, data)


@lie("a ghost member joins", "invalid_entry", "invite_unknown")
class GhostMember(Quiet):
    def forge(self, log, seq, head):
        ghost, invite = Member(), Device()
        block = {"epoch": 2, "commit": b64(os.urandom(32)), "boxes": [{"to": b64(ghost.device.key), "box": b64(os.urandom(80))}]}
        proof = invite.sign(P("council/v1/join", unb64(log), ghost.name, ghost.name))
        body = {"block": block, "chain": ghost.chain(), "invite": b64(invite.key), "sig": b64(proof)}
        return signed(ghost.device, log, seq, head, b64(ghost.name), "member.join", body)


@lie("a ghost device enters the victim's own member log", "invalid_entry", "unknown_device")
class GhostOwnDevice(Quiet):
    where = "own"

    def forge(self, log, seq, head):
        ghost = Device()
        accept = ghost.sign(P("council/v1/device-accept", unb64(log), ghost.key, ghost.box))
        body = {"accept": b64(accept), "box": b64(ghost.box), "device": b64(ghost.key)}
        return signed(ghost, log, seq, head, log, "device.add", body)


@lie("an entry of an unknown kind", "invalid_entry", "unknown_kind")
class UnknownKind(Quiet):
    def forge(self, log, seq, head):
        return signed(Device(), log, seq, head, self.knows.author, "post.secretly", {})


@lie("an entry is left out", "gap", "bad_reply")
class Drops(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        if entry and "dropped" not in conn.state:
            conn.state["dropped"] = True
            return []
        return None


class Swaps(Lie):
    """Keeps the first of two entries until the second has come; `swap` says what is sent then."""

    def down(self, conn, said, call):
        entry = self.entry(said)
        if not entry or "done" in conn.state:
            return None
        if "first" not in conn.state:
            conn.state["first"] = said
            return []
        conn.state["done"] = True
        return self.swap(conn.state["first"], said)


@lie("two entries change their places", "invalid_entry", "bad_seen")
class Reorders(Swaps):
    def swap(self, first, second):
        a, b = first["params"], second["params"]
        return [changed(second, seq=a["seq"]), changed(first, seq=b["seq"])]


@lie("two entries come in the wrong order", "gap", "bad_reply")
class OutOfOrder(Swaps):
    def swap(self, first, second):
        return [second, first]


@lie("an entry claims a place further on", "gap", "bad_reply")
class WrongSeq(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        return [changed(said, seq=entry["seq"] + 5)] if entry else None


@lie("an entry claims a place that is held", "forked", "history_changed")
class HeldSeq(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        return [changed(said, seq=conn.state["after"])] if entry else None

    def up(self, conn, said):
        if said["method"] == "log.subscribe" and said["params"]["log"] == self.knows.log:
            conn.state["after"] = said["params"]["after"]


@lie("a byte of the text is flipped", "invalid_entry", "bad_signature")
class FlipsText(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        at = entry["text"].index('"at":') + 5 if entry else 0
        return [changed(said, text=entry["text"][:at] + ("2" if entry["text"][at] == "1" else "1") + entry["text"][at + 1:])] if entry else None


@lie("a byte of a signature is flipped", "invalid_entry", "bad_signature")
class FlipsSignature(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        sig = bytearray(unb64(entry["sig"])) if entry else b""
        if entry:
            sig[7] ^= 1
        return [changed(said, sig=b64(bytes(sig)))] if entry else None


@lie("a byte of the sealed data is flipped", "invalid_entry", "data_hash")
class FlipsData(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        if not entry or "data" not in entry:
            return None
        data = bytearray(unb64(entry["data"]))
        data[50] ^= 1
        return [changed(said, data=b64(bytes(data)))]


@lie("entries of another log are given for this one's", "invalid_entry", "wrong_log")
class OtherLog(Lie):
    def down(self, conn, said, call):
        entry = self.entry(said)
        if not entry:
            return None
        return [dict(said, params=dict(self.knows.entries(self.knows.other)[-1], log=self.knows.log, seq=entry["seq"]))]


@lie("the log ends before what is held", "rolled_back", "history_changed")
class RollsBack(Lie):
    recovering = None

    def down(self, conn, said, call):
        if self.entry(said):
            return []
        if not self.answer_to(call, said, "log.subscribe", self.knows.log):
            return None
        seq = call["params"]["after"] - 2
        return [dict(said, result={"seq": seq, "head": b64(self.knows.head(self.knows.log, seq))})]


@lie("a log of the same length has another head", "forked", "history_changed")
class OtherHead(Lie):
    def down(self, conn, said, call):
        if self.entry(said):
            return []
        if not self.answer_to(call, said, "log.subscribe", self.knows.log):
            return None
        return [dict(said, result={"seq": call["params"]["after"], "head": b64(os.urandom(32))})]


@lie("one member's note is kept from the others, who go on without it", "other_history", "wrong_head")
class Splits(Lie):
    """Acknowledges the victim's note without passing it on, and shows it to the victim alone: all later entries have moved by one place."""

    def __init__(self, knows):
        super().__init__(knows)
        self.kept = None

    def up(self, conn, said):
        method, params = said["method"], said["params"]
        if method == "log.append" and self.kept is None and '"kind":"post"' in params["entry"]["text"] and '"author":"%s"' % self.knows.own in params["entry"]["text"]:
            seq, entry = len(self.knows.entries(self.knows.log)), params["entry"]
            self.kept = (seq + 1, entry, follow(self.knows.head(self.knows.log, seq), entry))
            result = {"log": self.knows.log, "seq": seq + 1, "head": b64(self.kept[2]), "received": 1700000000000}
            return [{"jsonrpc": "2.0", "id": said["id"], "result": result}, notice(self.knows.log, seq + 1, entry["text"], entry["sig"], entry.get("data"))]
        if method in ("log.subscribe", "log.read") and self.kept and params["log"] == self.knows.log and params["after"] >= self.kept[0]:
            said["params"] = dict(params, after=params["after"] - 1)  # the real server knows of one less
            conn.state.setdefault("moved", set()).add(said["id"])
        return None

    def down(self, conn, said, call):
        entry = self.entry(said)
        if not self.kept:
            return None
        if entry and entry["seq"] >= self.kept[0]:
            return [changed(said, seq=entry["seq"] + 1)]
        if call and said.get("id") in conn.state.get("moved", ()) and "result" in said:
            head, entries = self.kept[2], self.knows.entries(self.knows.log)
            for after in entries[self.kept[0] - 1:]:
                head = follow(head, after)
            return [dict(said, result=dict(said["result"], seq=len(entries) + 1, head=b64(head)))]
        return None


# ---- sessions ----

@lie("the answer to an earlier hello is said again", "wrong_server", "wrong_server")
class OldHello(Lie):
    def down(self, conn, said, call):
        if not self.answer_to(call, said, "server.hello"):
            return None
        return [dict(said, result=self.knows.proxy.hello)]


@lie("another key is handed out as the server's own", "wrong_server", "wrong_server")
class OtherKey(Lie):
    key = Device()

    def down(self, conn, said, call):
        if not self.answer_to(call, said, "server.hello"):
            return None
        result = said["result"]
        sig = self.key.sign(P("council/v1/hello", result["origin"], unb64(call["params"]["nonce"]), unb64(result["nonce"]), result["expires"]))
        return [dict(said, result=dict(result, server=b64(self.key.key), sig=b64(sig), **self.more(result)))]

    def more(self, result):
        return {}


@lie("a succession that the old key never signed", "wrong_server", "wrong_server")
class OwnSuccession(OtherKey):
    def more(self, result):
        row = {"from": result["server"], "to": b64(self.key.key), "sig": b64(self.key.sign(P("council/v1/succession", unb64(result["server"]), self.key.key)))}
        return {"successions": [row]}


@lie("the login is answered with another member", "bad_reply", "bad_reply")
class OtherMember(Lie):
    def down(self, conn, said, call):
        return [dict(said, result=dict(said["result"], member=self.knows.author))] if self.answer_to(call, said, "auth.login") else None


# ---- a server that claims to have been restored ----

class Claims(Lie):
    """Says that it recovers, and shows a log that ends early."""

    subscribe = "result"  # or "recovering"

    def end(self, call):
        return max(call["params"]["after"] - 2, 1)

    def down(self, conn, said, call):
        if self.entry(said):
            return []
        if self.answer_to(call, said, "server.hello"):
            return [dict(said, result=dict(said["result"], recovering=1))]
        return None

    def up(self, conn, said):
        if said["params"].get("log") != self.knows.log or said["method"] not in ("log.subscribe", "log.offer"):
            return None
        if said["method"] == "log.offer":
            return [dict({"jsonrpc": "2.0", "id": said["id"]}, **self.offered(conn, said))]
        if self.subscribe == "recovering":
            return [{"jsonrpc": "2.0", "id": said["id"], "error": failure("recovering", 1023)}]
        seq = conn.state.setdefault("end", self.end(said))
        return [{"jsonrpc": "2.0", "id": said["id"], "result": {"seq": seq, "head": b64(self.knows.head(self.knows.log, seq))}}]


def failure(name, code):
    return {"code": code, "message": name, "data": {"name": name, "next": ""}}


@lie("it claims to be restored and takes no offer", "rolled_back", "history_changed")
class ClaimsAndRefuses(Claims):
    def offered(self, conn, said):
        return {"error": failure("offer_refused", 1024)}


@lie("it claims to be restored and forgets what it took", "rolled_back", "history_changed")
class ClaimsAndForgets(Claims):
    def offered(self, conn, said):
        seq = conn.state["end"]
        return {"result": {"seq": seq, "head": b64(self.knows.head(self.knows.log, seq)), "recovering": 0, "waiting": 0, "spoken": 1}}


@lie("it claims to be restored, to another history", "forked", "history_changed")
class ClaimsAnother(Claims):
    subscribe = "recovering"

    def offered(self, conn, said):
        return {"result": {"seq": said["params"]["after"] - 1 or 1, "head": b64(bytes(32)), "recovering": 1, "waiting": 1, "spoken": 0}}


@lie("it waits for what is held and refuses it", "forked", "history_changed")
class ClaimsAndWaits(Claims):
    subscribe = "recovering"

    def offered(self, conn, said):
        return {"error": failure("offer_refused", 1024)}


# ---- frames ----

class Garbles(Lie):
    """Says something else than the answer to the login."""

    def down(self, conn, said, call):
        return self.say(said) if self.answer_to(call, said, "auth.login") else None


@lie("a message that is no JSON", "bad_reply", "bad_reply")
class NoJson(Garbles):
    def say(self, said):
        return [b'{"jsonrpc":"2.0",']


@lie("a message with a name twice", "bad_reply", "bad_reply")
class Twice(Garbles):
    def say(self, said):
        return [b'{"id":1,"id":2,"jsonrpc":"2.0","result":{}}']


@lie("a batch", "bad_reply", "bad_reply")
class Batch(Garbles):
    def say(self, said):
        return [canonical([said]).encode()]


@lie("an answer that lacks what it must have", "bad_reply", "bad_reply")
class Lacks(Garbles):
    def say(self, said):
        return [dict(said, result={})]


@lie("a call to the client", "bad_reply", "bad_reply")
class Calls(Garbles):
    def say(self, said):
        return [{"jsonrpc": "2.0", "id": 1, "method": "server.hello", "params": {}}]


@lie("a message of a megabyte", None, "bad_reply")
class Oversize(Garbles):
    def say(self, said):
        return [canonical(dict(said, more="x" * (1 << 20))).encode()]


@lie("a message without end", None, "bad_reply")
class Endless(Garbles):
    def say(self, said):
        part = b"x" * 60000
        return [Raw(b"\x01" + struct.pack(">BH", 126, len(part)) + part)] + [Raw(b"\x00" + struct.pack(">BH", 126, len(part)) + part)] * 20


@lie("a binary message", None, "bad_reply")
class Binary(Garbles):
    def say(self, said):
        return [Raw(frame(canonical(said).encode(), 2))]
