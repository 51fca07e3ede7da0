#!/usr/bin/python3
"""What a server must take from strangers and from members gone wild: handshakes, frames, calls, floods, silence."""
import os, socket, struct
from wsclient import *

UPGRADE = ("GET {} HTTP/1.1\r\nHost: x\r\nUpgrade: {}\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}\r\n")
PROTOCOL = "Sec-WebSocket-Protocol: council.v1\r\n"
shared = Server()
atexit.register(shared.kill)
url = shared.url


def closes(client, timeout=None):
    return client.until_closed(timeout)[0]


def answers_http():
    """/healthz and /readyz are 200, other paths 404, other methods 405"""
    ask = lambda method, path: http(url, f"{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")[0]
    assert ask("GET", "/healthz") == ask("GET", "/readyz") == 200
    assert ask("GET", "/") == ask("GET", "/healthz/") == ask("GET", "/../council.db") == 404
    assert ask("POST", "/healthz") == ask("DELETE", "/ws") == 405
    assert ask("GET", "/ws") == 400


def wants_its_path_and_protocol():
    """a handshake elsewhere is 404, without the subprotocol 400, to anything but a WebSocket refused"""
    ask = lambda path, to, more: http(url, UPGRADE.format(path, to, more))[0]
    assert ask("/ws", "websocket", PROTOCOL) == 101
    assert ask("/", "websocket", PROTOCOL) == ask("/wsx", "websocket", PROTOCOL) == ask("/healthz", "websocket", PROTOCOL) == 404
    assert ask("/ws", "websocket", "") == ask("/ws", "websocket", "Sec-WebSocket-Protocol: council.v2\r\n") == 400
    assert ask("/ws", "websocket", "Sec-WebSocket-Protocol: xcouncil.v1\r\n") == 400
    assert ask("/ws", "websocket", "Sec-WebSocket-Protocol: other, council.v1\r\n") == 101
    assert ask("/ws", "h2c", PROTOCOL + "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n") not in (101, 200)
    assert http(url, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")[0] not in (101, 200)


def refuses_foreign_origins():
    """a foreign Origin is 403, our own and none are welcome, deflate is never agreed to"""
    for foreign in ("http://evil.example", "null", url + ".evil.example", url.replace("http:", "https:"), "http://127.0.0.1"):
        assert http(url, UPGRADE.format("/ws", "websocket", PROTOCOL + f"Origin: {foreign}\r\n"))[0] == 403, foreign
    Client(url, origin=url).hello()
    client = Client(url, headers="Sec-WebSocket-Extensions: permessage-deflate\r\n")
    client.hello()
    assert "extensions" not in client.response.lower()


def refuses_what_is_no_text():
    """binary frames close with 1003, bytes that are not UTF-8 with 1007, reserved frames and bits with 1002"""
    client = Client(url)
    client.frame(b"{}", 2)
    assert closes(client) == 1003
    for parts in ([b'"\xff\xfe"'], [b'"\xe2\x82', b'"'], [b'{"a":"\xed\xa0\x80"}'], [b'"\xe2\x82']):
        client = Client(url)
        for i, part in enumerate(parts):
            client.frame(part, 1 if i == 0 else 0, i == len(parts) - 1)
        assert closes(client) == 1007, parts
    client = Client(url)
    client.frame(b"", 1, False)
    client.frame('"\u20ac"'.encode()[:2], 0, False)
    client.frame('"\u20ac"'.encode()[2:], 0, True)
    assert json.loads(client.message())["error"]["data"]["name"]  # whole again: an answer, not a close
    for bad in (b"\x83\x80\0\0\0\0", b"\xf1\x80\0\0\0\0", b"\x8b\x80\0\0\0\0"):
        client = Client(url)
        client.sock.sendall(bad)
        assert closes(client) == 1002, bad


def limits_a_message():
    """too large a message is answered and closed with 1009 before it is all there: 4 KiB before login, 512 KiB after"""
    client = Client(url)
    client.frame(b" " * 4097)
    assert json.loads(client.message())["error"]["data"]["name"] == "frame_too_large"
    assert closes(client) == 1009
    client = Client(url)
    client.sock.sendall(struct.pack(">BBQ4s", 0x81, 0xff, 1 << 40, b"\0\0\0\0") + b" " * 8192)
    assert json.loads(client.message())["error"]["data"]["name"] == "frame_too_large"
    client, ann = newcomer(url)
    client.frame(b'"' + b"x" * (524288 - 2) + b'"')
    assert json.loads(client.message())["error"]["data"]["name"] in ("parse_error", "invalid_request")
    client, ann = newcomer(url)
    for i in range(9):
        client.frame(b"x" * 65536, 1 if i == 0 else 0, False)
    assert json.loads(client.message())["error"]["data"]["name"] == "frame_too_large"
    assert closes(client) == 1009


def limits_fragments():
    """65 fragments of one message close with 1008, empty ones too; 60 do not"""
    client = Client(url)
    text = canonical({"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}).encode()
    for i in range(60):
        client.frame(text[i:i + 1] if i < 59 else text[59:], 0 if i else 1, i == 59)
    assert json.loads(client.message())["id"] == 1
    for part in (b"x", b""):
        client = Client(url)
        try:
            for i in range(5000):
                client.frame(part, 0 if i else 1, False)
        except OSError:
            pass
        code = closes(client)
        assert code in (1008, None), code


def keeps_calls_in_order():
    """calls before login, a second hello, a challenge used twice, unknown methods and fields, batches: each its error"""
    client = Client(url)
    assert client.fails("log.read", log=b64(ZERO), after=0, limit=1) == "hello_first"
    client = Client(url)
    client.hello()
    assert client.fails("server.hello", nonce=b64(ZERO), protocol=1, client="x") == "hello_again"
    client = Client(url)
    client.hello()
    assert client.fails("council.list") == "login_first"
    client, ann = newcomer(url)
    assert client.fails("auth.login", **client.login_params(ann)) == "login_again"
    client = session(url, ann)
    assert client.fails("log.burn") == "unknown_method"
    assert client.fails("council.list", extra=1) == "invalid_params"
    for text, name in (("[]", "invalid_request"), ("[{}]", "invalid_request"), ("{", "parse_error"), ("nope", "parse_error"),
                       ('{"jsonrpc":"2.0","id":1,"method":"council.list","params":[]}', "invalid_params"),
                       ('{"jsonrpc":"2.0","id":1,"id":2,"method":"council.list"}', "parse_error"),
                       ('{"jsonrpc":"1.0","id":1,"method":"council.list"}', "invalid_request")):
        client = session(url, ann)
        client.frame(text.encode())
        got = json.loads(client.message())["error"]["data"]["name"]
        assert got == name, (text, got)


def logs_nobody_in_twice():
    """a login that was overheard opens no second session; a wrong key, a stranger and a wrong purpose look the same"""
    victim, ann = newcomer(url)
    for thief, challenge in ((Client(url), victim.challenge),):
        thief.hello()
        stolen = Client.login_params(victim, ann)
        assert thief.fails("auth.login", **stolen) == "login_refused"
    names = set()
    for member, change in ((Member(), {}), (ann, {"purpose": "recovery"}), (ann, {"sig": b64(bytes(64))}),
                           (ann, {"device": b64(Device().key)})):
        client = Client(url)
        client.hello()
        params = dict(client.login_params(member), **change)
        if params["purpose"] == "recovery":
            del params["member"]
        names.add(client.fails("auth.login", **params))
    assert names == {"login_refused"}, names


def limits_the_fresh():
    """four messages before login, then the connection ends"""
    client = Client(url)
    client.hello()
    try:
        for _ in range(5):
            client.send("rpc.discover")
    except OSError:
        pass
    assert closes(client) in (1008, None)


def counts_addresses():
    """connections of one address are limited, those through a proxy by the address it names"""
    with Server(None, "--limit", "sessions-per-address=3", "--forwarded-from", "::1", listen=("127.0.0.1:0", "[::1]:0")) as server:
        held = [Client(server.url) for _ in range(3)]
        [c.hello() for c in held]
        assert closes(Client(server.url)) == 1013
        proxied = lambda who: Client(server.urls[1], headers=f"X-Forwarded-For: 10.9.9.9, {who}\r\n")
        theirs = [proxied("2001:db8::%x" % i) for i in range(3)]
        [c.hello() for c in theirs]
        assert closes(proxied("2001:db8::ffff")) == 1013  # the same /64
        proxied("2001:db8:0:1::1").hello()
        held[0].close()
        retry = time.monotonic() + TIMEOUT
        while True:
            try:
                Client(server.url).hello()
                break
            except Closed:
                assert time.monotonic() < retry


def ends_slow_handshakes():
    """who does not finish a request within 10 s is cut off, also byte by byte"""
    sock = connect(url)
    sock.sendall(b"GET /healthz HTT")
    silent = connect(url)
    begin = time.monotonic()
    while time.monotonic() - begin < 30:
        readable, _, _ = select.select([sock], [], [], 0.5)
        if readable:
            break
        try:
            sock.sendall(b"X")
        except OSError:
            break
    assert 5 < time.monotonic() - begin < 20
    silent.settimeout(10)
    assert silent.recv(10) == b""


def notices_the_dead():
    """who does not answer a ping is gone; who does stays"""
    with Server(None, "--ping", "1") as server:
        dead, alive = Client(server.url), Client(server.url)
        dead.hello()
        alive.hello()
        opcode, payload, _ = dead.next_frame(time.monotonic() + TIMEOUT)
        assert opcode == 9
        for _ in range(3):
            opcode, payload, _ = alive.next_frame(time.monotonic() + TIMEOUT)
            assert opcode == 9
            alive.frame(payload, 10)
        alive.send("rpc.discover")
        assert "result" in json.loads(alive.message())
        assert closes(dead) is None


def leaves_the_slow_behind():
    """a subscriber who does not read is closed, the others get everything"""
    with Server(None, "--limit", "stall-ms=1000", "--limit", "live-bytes=65536", "--limit", "device-burst=1000000",
                "--limit", "council-burst=1000000") as server:
        (a, ann), (b, bob) = newcomer(server.url), newcomer(server.url)
        council = found(a, ann)
        join(b, a, ann, council, bob)
        slow = session(server.url, ann)
        slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for client in (b, slow):
            client.call("log.subscribe", log=b64(council.log), after=council.seq)
        first = council.seq + 1
        for seq in range(first, first + 60):
            append(a, council, council.post(ann, size=131072))
            assert b.notice()["seq"] == seq  # who reads on a busy machine is not slow
        deadline = time.monotonic() + TIMEOUT
        while json.loads(councild("stats", "--json", "--data", server.data).stdout)["core"]["sessions"] > 2:
            assert time.monotonic() < deadline, "the slow one is still there"
            assert a.fails("council.list") is None


def holds_back_floods():
    """more than the queue holds is not read on, and all of it is answered in the end"""
    with Server(None, "--limit", "queue-entries=16", "--limit", "outstanding=4096", "--limit", "device-burst=1000000",
                "--limit", "council-burst=1000000") as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        client.call("log.subscribe", log=b64(council.log), after=council.seq)
        seen, ids = (council.seq, council.head), []
        for _ in range(250):
            ids.append(client.send("log.append", {"entry": council.post(ann, seen=seen).wire()}))
        assert [client.wait(i)["seq"] for i in ids] == list(range(3, 253))
        assert [client.notice()["seq"] for _ in range(250)] == list(range(3, 253))
        assert "reading_paused" in server.log() and "reading_resumed" in server.log()


def tells_nothing_in_its_log():
    """the server's log holds no text, name, signature or data of all this, and is not flooded by it"""
    log = shared.log()
    assert len(log.splitlines()) < 2000
    assert "foreign_origin" in log and "evil" not in log and "Sanitizer" not in log
    assert shared.stop() == 0, shared.log()[-3000:]


run(answers_http, wants_its_path_and_protocol, refuses_foreign_origins, refuses_what_is_no_text, limits_a_message, limits_fragments,
    keeps_calls_in_order, logs_nobody_in_twice, limits_the_fresh, counts_addresses, ends_slow_handshakes, notices_the_dead,
    leaves_the_slow_behind, holds_back_floods, tells_nothing_in_its_log)
