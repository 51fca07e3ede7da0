"""hostile.py - what hostile peers do to a server, one offence a function, and how that ends for them.

Owns the offences and the words for an end: a close code such as "1009", "HTTP 403", "cut" (the connection is over without a word), "stays"
(it goes on, and is answered). Must not judge: what an end should be stands in protocol/README.md section 9.5. Every offender comes from
an address of its own in 127.0.0.0/8, so that what one of them used up is not another's.
"""
import itertools
from wsclient import *

CUT, STAYS = "cut", "stays"
HANDSHAKE_SECONDS = 10
addresses = ("127.0.%d.%d" % (2 + n // 250, 1 + n % 250) for n in itertools.count())
UPGRADE = ("GET /ws HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: {version}\r\n"
           "Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Protocol: {protocol}\r\n{more}\r\n")


def port_of(url):
    return int(url.rsplit(":", 1)[1])


def plain(url, source=None, timeout=TIMEOUT, rcvbuf=None):
    """A TCP connection from an address of its own."""
    sock = socket.socket()
    sock.settimeout(timeout)
    if rcvbuf:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, rcvbuf)
    sock.bind((source or next(addresses), 0))
    sock.connect(("127.0.0.1", port_of(url)))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def upgrade(host="x", version=13, key="dGhlIHNhbXBsZSBub25jZQ==", protocol="council.v1", more=""):
    return UPGRADE.format(host=host, version=version, key=key, protocol=protocol, more=more).encode()


def all_of(sock, timeout=TIMEOUT):
    """Everything that comes until the other end closes."""
    got = b""
    sock.settimeout(timeout)
    try:
        while True:
            more = sock.recv(65536)
            if not more:
                return got
            got += more
    except ConnectionError:
        return got


def http_end(sock, timeout=TIMEOUT):
    """How a request ended: its status, or that there was none."""
    got = b""
    sock.settimeout(timeout)
    try:
        while b"\r\n\r\n" not in got:
            more = sock.recv(65536)
            if not more:
                break
            got += more
    except ConnectionError:
        pass
    sock.close()
    return "HTTP " + got.split()[1].decode() if got.startswith(b"HTTP/1.") else CUT


class Offender(Client):
    """A connection whose opening handshake is done, from an address of its own."""

    def __init__(self, url, source=None, rcvbuf=None):  # pylint: disable=super-init-not-called
        self.sock, self.buffer, self.timeout = plain(url, source, rcvbuf=rcvbuf), b"", TIMEOUT
        self.fragments, self.closed_with = b"", None
        self.number, self.results, self.notices, self.challenge = 0, {}, collections.deque(), None
        self.sock.sendall(upgrade())
        while b"\r\n\r\n" not in self.buffer:
            got = self.sock.recv(4096)
            if not got:
                raise Refused(0, "hung up")
            self.buffer += got
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.response = head.decode()
        if not head.startswith(b"HTTP/1.1 101"):
            raise Refused(int(head.split()[1]), self.response)

    def raw(self, data):
        """Bytes as they are; a server that hung up meanwhile is no failure."""
        try:
            self.sock.sendall(data)
        except OSError:
            pass
        return self

    def end(self, timeout=TIMEOUT):
        """How it ends: a close code, or that it was cut."""
        code = self.until_closed(timeout)[0]
        self.sock.close()
        return CUT if code is None else str(code)

    def lives(self):
        """STAYS if it is still answered, else how it ended."""
        try:
            self.frame(b'{"jsonrpc":"2.0","id":77,"method":"log.burn"}')
            while json.loads(self.message())["id"] != 77:
                pass
        except Closed as closed:
            return CUT if closed.code is None else str(closed.code)
        except OSError:
            return CUT
        self.sock.close()
        return STAYS

    def refused_with(self, name):
        """The next message is this error."""
        said = json.loads(self.message())
        assert said.get("error", {}).get("data", {}).get("name") == name, said
        return self


def masked(opcode, payload=b"", fin=True, rsv=0, mask=True):
    head = bytes([(0x80 if fin else 0) | rsv << 4 | opcode])
    bit = 0x80 if mask else 0
    size = len(payload)
    head += bytes([bit | size]) if size < 126 else struct.pack(">BH", bit | 126, size) if size < 65536 else struct.pack(">BQ", bit | 127, size)
    return head + (b"\0\0\0\0" if mask else b"") + payload


def call(text="{}", method="log.burn", number=1):
    return masked(1, ('{"jsonrpc":"2.0","id":%d,"method":"%s","params":%s}' % (number, method, text)).encode())


OFFENCES = {}


def offence(what):
    """Marks a function of a URL that commits the offence and returns how it ended; `what` is its row in the README."""
    def mark(function):
        OFFENCES[what] = function
        return function
    return mark


# ---- before there is a WebSocket ----

def http_offence(what, data, repeat=None):
    @offence(what)
    def commit(url):
        sock = plain(url)
        sock.sendall(data)
        return http_end(sock)
    return commit


http_offence("a method other than GET", b"POST /ws HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
http_offence("a path that is not there", b"GET /../council.db HTTP/1.1\r\nHost: x\r\n\r\n")
http_offence("a handshake without the subprotocol `council.v1`", upgrade(protocol="council.v2"))
http_offence("an `Origin` that is not the server's own", upgrade(more="Origin: http://evil.example\r\n"))
http_offence("a handshake of another version of WebSocket than 13", upgrade(version=8))
http_offence("an upgrade to something else", upgrade().replace(b"Upgrade: websocket", b"Upgrade: h2c"))
http_offence("headers of more than 4,096 bytes", upgrade(more="X-Much: " + "x" * 5000 + "\r\n"))
http_offence("what is no HTTP/1.1", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\0" * 64)
http_offence("HTTP/2 with prior knowledge", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")


@offence("a handshake for any `Host`")
def any_host(url):
    client = Offender(url)
    sock = plain(url)
    sock.sendall(upgrade(host="evil.example:1"))
    assert http_end(sock) == "HTTP 101"
    return client.lives()


@offence("more than one request in a piece")
def pipelined(url):
    sock = plain(url)
    sock.sendall(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n" * 8 + b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    got = b""
    try:
        sock.settimeout(HANDSHAKE_SECONDS + 5)
        while got.count(b"HTTP/1.1 404") == 0:
            more = sock.recv(65536)
            if not more:
                break
            got += more
    except OSError:
        pass
    sock.close()
    return STAYS if got.count(b"HTTP/1.1 200") == 8 and got.count(b"HTTP/1.1 404") == 1 else CUT


@offence("frames that come in a piece with the handshake")
def eager(url):
    sock = plain(url)
    sock.sendall(upgrade() + call(number=5))
    got = b""
    sock.settimeout(TIMEOUT)
    while b'"id":5' not in got:
        more = sock.recv(65536)
        if not more:
            return CUT
        got += more
    sock.close()
    return STAYS


# ---- frames ----

def frame_offence(what, data, name=None):
    @offence(what)
    def commit(url):
        client = Offender(url).raw(data)
        if name:
            client.refused_with(name)
        return client.end()
    return commit


frame_offence("a binary message", masked(2, b"{}"))
frame_offence("text that is not UTF-8", masked(1, b'{"a":"\xed\xa0\x80"}'))
frame_offence("a compressed frame (RSV1), or another reserved bit", masked(1, b"\x2a\x4e\x05\x00", rsv=4))
frame_offence("a reserved opcode", masked(3))
frame_offence("a control frame in fragments", masked(9, b"x", fin=False))
frame_offence("a control frame of more than 125 bytes", masked(9, b"x" * 126))
frame_offence("a continuation of nothing", masked(0, b"x"))
frame_offence("a new message within another", masked(1, b"{", fin=False) + masked(1, b"}"))
frame_offence("a length of 2^63 and more", b"\x81\xff" + b"\xff" * 8 + b"\0\0\0\0")
frame_offence("more than 64 fragments of a message", b"".join(masked(0 if i else 1, b"x", fin=False) for i in range(70)))
frame_offence("more than 4,096 bytes of a message before login", masked(1, b" " * 4097), "frame_too_large")
frame_offence("more fragments than a message before login may have bytes",
              b"".join(masked(0 if i else 1, b"x" * 1000, fin=False) for i in range(6)), "frame_too_large")
frame_offence("a close frame", masked(8, struct.pack(">H", 1000)))
frame_offence("a close frame with a code that must not be sent", masked(8, struct.pack(">H", 1005)))


@offence("a frame that is not masked")
def unmasked(url):
    client = Offender(url).raw(masked(1, b'{"jsonrpc":"2.0","id":77,"method":"log.burn"}', mask=False))
    try:
        said = json.loads(client.message())
    except Closed as closed:
        return CUT if closed.code is None else str(closed.code)
    assert said["id"] == 77
    return STAYS


@offence("a message of no bytes")
def empty(url):
    return Offender(url).raw(masked(1)).refused_with("parse_error").end()


@offence("one byte at a time, of a frame or of a segment")
def one_byte(url):
    client = Offender(url)
    for byte in call(number=9):
        client.raw(bytes([byte]))
    assert json.loads(client.message())["id"] == 9
    text = b'{"jsonrpc":"2.0","id":3,"method":"log.burn"}'
    client.raw(b"".join(masked(0 if i else 1, text[i:i + 1], fin=i == len(text) - 1) for i in range(len(text))))
    assert json.loads(client.message())["id"] == 3
    return client.lives()


# ---- calls ----

def call_offence(what, data, name):
    @offence(what)
    def commit(url):
        return Offender(url).raw(data).refused_with(name).end()
    return commit


call_offence("a batch", masked(1, b'[{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}]'), "invalid_request")
call_offence("what is no JSON", masked(1, b"nope"), "parse_error")
call_offence("more than 32 objects and arrays in each other", masked(1, b"[" * 2000 + b"]" * 2000), "parse_error")
call_offence("a call without an `id`", masked(1, b'{"jsonrpc":"2.0","method":"rpc.discover"}'), "invalid_request")


@offence("more than four messages before login")
def chatty(url):
    return Offender(url).raw(b"".join(call(number=i) for i in range(1, 7))).end()


@offence("a login that is refused")
def stranger(url):
    client, nobody = Offender(url), Member()
    client.hello()
    client.send("auth.login", client.login_params(nobody))
    return client.refused_with("login_refused").end()


def member_offender(url, source=None, rcvbuf=None):
    client, member = Offender(url, source, rcvbuf), Member()
    client.register(member)
    client.login(member)
    return client, member


@offence("more than 524,288 bytes of a message after login")
def large(url):
    client, _ = member_offender(url)
    client.raw(b"".join(masked(0 if i else 1, b"x" * 65536, fin=False) for i in range(9)))
    return client.refused_with("frame_too_large").end()


@offence("more than 64 calls without an answer")
def impatient(url):
    for _ in range(5):  # the server may be quicker than its peer is
        client, member = member_offender(url)
        client.raw(b"".join(call('{"log":"%s","after":0,"limit":1}' % b64(member.name), "log.read", i) for i in range(1, 200)))
        try:
            return client.end(2)
        except TimeoutError:
            client.sock.close()
    return STAYS


@offence("more calls than the device may make in the time")
def greedy(url):
    client, _ = member_offender(url)
    client.raw(b"".join(call(method="rpc.discover", number=i) for i in range(1, 60)))
    names = [json.loads(client.message()).get("error", {}).get("data", {}).get("name") for _ in range(59)]
    return STAYS if "rate_limited" not in names or client.lives() == STAYS else CUT


# ---- those that take their time; each returns what ends them, to be asked for later ----

def half_open(url, begin=b""):
    """A connection that does not finish its handshake: silent, with half a request, or with one byte of it after the other."""
    sock = plain(url)
    if begin:
        sock.sendall(begin)
    return sock


def ended(socks, seconds, drip=b""):
    """Waits until the other end has closed each of these, dripping bytes into them; how many it did without a word."""
    left, silent, deadline = dict.fromkeys(socks), 0, time.monotonic() + seconds
    while left and time.monotonic() < deadline:
        for sock in select.select(list(left), [], [], 0.25)[0]:
            try:
                silent += not sock.recv(4096)
            except OSError:
                silent += 1
            del left[sock]
        for sock in left if drip else ():
            try:
                sock.send(drip)
            except OSError:
                pass
    return silent


# ---- floods: each runs until its time is over, and says how its last connection ended ----

FLOODS = {}


def flood(what):
    def mark(function):
        FLOODS[what] = function
        return function
    return mark


@flood("a flood of pings")
def pings(url, until):
    client, many = Offender(url), masked(9, b"x" * 8) * 4000
    client.sock.settimeout(0.2)
    while time.monotonic() < until:
        try:
            client.sock.send(many)
        except TimeoutError:
            pass
        while select.select([client.sock], [], [], 0)[0] and client.sock.recv(65536):
            pass
    client.sock.settimeout(TIMEOUT)
    client.sock.close()  # in the midst of a ping
    return Offender(url).raw(masked(9, b"x") * 3).lives()


@flood("a flood of fragments")
def fragments(url, until):
    ends = set()
    source = next(addresses)
    while time.monotonic() < until:
        ends.add(Offender(url, source).raw(b"".join(masked(0 if i else 1, b"x", fin=False) for i in range(200))).end())
    assert ends <= {"1008", CUT}, ends
    return "1008" if "1008" in ends else CUT


@flood("a flood of segments of one byte")
def segments(url, until):
    clients = [Offender(url) for _ in range(4)]
    one = call(method="log.burn")
    number = 0
    while time.monotonic() < until:
        number += 1
        if number % (3 * len(one)) == 0:  # before it has said too much for one that is not logged in
            [client.sock.close() for client in clients]
            clients = [Offender(url) for _ in range(4)]
        for client in clients:
            client.raw(one[number % len(one):number % len(one) + 1])
    return STAYS


@flood("a flood of logins")
def logins(url, until):
    """One good login after the other from one address, then bad ones."""
    source, ends = next(addresses), set()
    _, member = member_offender(url, source)
    while time.monotonic() < until:
        client = Offender(url, source)
        try:
            client.login(member)
            client.sock.close()
        except Failure as failure:
            ends.add(failure.name)
            client.sock.close()
        client = Offender(url, source)
        try:
            client.hello()
            client.call("auth.login", **dict(client.login_params(member), sig=b64(bytes(64))))
        except Failure as failure:
            ends.add(failure.name)
        client.sock.close()
    assert ends <= {"login_refused", "rate_limited"}, ends
    return "1008"


@flood("a flood of calls")
def calls(url, until):
    client, member = member_offender(url)
    many = b"".join(call('{"log":"%s","after":0,"limit":1}' % b64(member.name), "log.read", i) for i in range(1, 50))
    client.sock.settimeout(0.2)
    while time.monotonic() < until:
        try:
            client.sock.sendall(many)
            while got := client.sock.recv(65536):
                if b'"id":49' in got:
                    break
            else:
                return "1008"
        except TimeoutError:
            pass
        except OSError:
            return "1008"
    client.sock.close()
    return STAYS


@flood("a flood of connections")
def connections(url, until):
    source = next(addresses)
    while time.monotonic() < until:
        socks = [plain(url, source) for _ in range(64)]
        for sock in socks:
            sock.close()
    return CUT


def flood_main(url, seconds, names):
    """What a flooding process does: its floods by turns of half a second."""
    os.nice(19)  # the machine that floods is another one
    until, said = time.monotonic() + seconds, {}
    while time.monotonic() < until:
        for name in names:
            said[name] = FLOODS[name](url, min(until, time.monotonic() + 0.5))
    print(json.dumps(said), flush=True)


if __name__ == "__main__":
    flood_main(sys.argv[1], float(sys.argv[2]), sys.argv[3:])
