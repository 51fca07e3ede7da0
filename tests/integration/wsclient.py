"""What the tests of the server are made of: a WebSocket on bare sockets, members who sign, a server that is started and stopped.

Written from protocol/README.md (numbers in comments are its sections) and RFC 6455; needs Python 3 and Debian's python3-nacl.
"""
import atexit, base64, collections, hashlib, json, os, select, shutil, signal, socket, ssl, struct, subprocess, sys, tempfile, time
from nacl import bindings as na

ZERO = bytes(32)
TIMEOUT = 60.0  # for whatever a test waits for: sanitized builds on a busy machine are slow


# ---- 1. bytes ----

def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def P(label, *values):
    raw = [v.to_bytes(8, "big") if isinstance(v, int) else v.encode() if isinstance(v, str) else v or b"" for v in values]
    return bytes([len(label)]) + label.encode() + bytes([len(raw)]) + b"".join(struct.pack(">I", len(v)) + v for v in raw)


def H(message, key=b"", size=32):
    return hashlib.blake2b(message, digest_size=size, key=key).digest()


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


# ---- RFC 6455 ----

class Closed(Exception):
    """The server closed: its code (None without a close frame) and reason."""

    def __init__(self, code, reason=""):
        super().__init__(f"closed {code} {reason}")
        self.code, self.reason = code, reason


class Refused(Exception):
    """The handshake was answered with something else than 101."""

    def __init__(self, status, text):
        super().__init__(f"{status}: {text}")
        self.status = status


def connect(url, timeout=TIMEOUT):
    """A connected socket for http://host:port, https://host:port (certificate not checked) or unix:/path."""
    if url.startswith("unix:"):
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout)
        sock.connect(url[5:])
        return sock
    host, port = url.split("//")[1].rsplit(":", 1)
    sock = socket.create_connection((host.strip("[]"), int(port)), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if url.startswith("https:"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        sock = context.wrap_socket(sock, server_hostname=host)
    return sock


def http(url, text):
    """Sends bytes of HTTP and returns (status, headers and body) of one answer; status 0 where the connection ended without."""
    sock = connect(url)
    answer = b""
    try:
        sock.sendall(text.encode())
        while b"\r\n\r\n" not in answer:
            got = sock.recv(65536)
            if not got:
                break
            answer += got
    except OSError:
        pass
    sock.close()
    words = answer.split(None, 2)
    return (int(words[1]) if len(words) > 1 else 0), answer.decode(errors="replace")


class WebSocket:
    def __init__(self, url, path="/ws", protocol="council.v1", origin=None, timeout=TIMEOUT, headers=""):
        self.sock, self.buffer, self.timeout = connect(url, timeout), b"", timeout
        self.fragments, self.closed_with = b"", None
        key = base64.b64encode(os.urandom(16)).decode()
        text = (f"GET {path} HTTP/1.1\r\nHost: {url.split('//')[-1]}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n{headers}")
        text += f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
        text += f"Origin: {origin}\r\n" if origin else ""
        self.sock.sendall((text + "\r\n").encode())
        while b"\r\n\r\n" not in self.buffer:
            got = self.sock.recv(4096)
            if not got:
                raise Refused(0, "hung up")
            self.buffer += got
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        self.response = head.decode()
        if int(head.split()[1]) != 101:
            self.sock.close()
            raise Refused(int(head.split()[1]), self.response)

    def frame(self, payload, opcode=1, fin=True):
        """One frame, masked as a client's must be."""
        mask = os.urandom(4)
        size = len(payload)
        head = bytes([(0x80 if fin else 0) | opcode])
        head += bytes([0x80 | size]) if size < 126 else (
            struct.pack(">BH", 0x80 | 126, size) if size < 65536 else struct.pack(">BQ", 0x80 | 127, size))
        whole = (mask * (size // 4 + 1))[:size]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(whole, "big")).to_bytes(size, "big") if size else b""
        self.sock.sendall(head + mask + masked)

    def _need(self, n, deadline):
        while len(self.buffer) < n:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("nothing came")
            self.sock.settimeout(left)
            try:
                got = self.sock.recv(262144)
            except (ConnectionError, ssl.SSLError):
                got = b""
            if not got:
                raise Closed(*(self.closed_with or (None, "")))
            self.buffer += got

    def next_frame(self, deadline):
        """(opcode, payload, fin); a server's frames are unmasked."""
        self._need(2, deadline)
        size, at = self.buffer[1], 2
        if size == 126:
            self._need(4, deadline)
            size, at = struct.unpack(">H", self.buffer[2:4])[0], 4
        elif size == 127:
            self._need(10, deadline)
            size, at = struct.unpack(">Q", self.buffer[2:10])[0], 10
        assert size < 1 << 20, "masked, or too long"
        self._need(at + size, deadline)
        first, payload = self.buffer[0], self.buffer[at:at + size]
        self.buffer = self.buffer[at + size:]
        return first & 15, payload, bool(first & 0x80)

    def message(self, timeout=None):
        """The next text message. Answers pings and closes on the way; Closed at the end."""
        deadline = time.monotonic() + (timeout or self.timeout)
        while True:
            opcode, payload, fin = self.next_frame(deadline)
            if opcode == 9:
                self.frame(payload, 10)
            elif opcode == 8:
                code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
                self.closed_with = (code, payload[2:].decode())
                try:
                    self.frame(payload, 8)
                except OSError:
                    pass
                raise Closed(*self.closed_with)
            elif opcode in (0, 1):
                self.fragments += payload
                if fin:
                    whole, self.fragments = self.fragments, b""
                    return whole.decode()

    def until_closed(self, timeout=None):
        """Reads on until the server closes: (code, reason)."""
        while True:
            try:
                self.message(timeout)
            except Closed as closed:
                return closed.code, closed.reason

    def close(self):
        self.sock.close()


# ---- JSON-RPC ----

class Failure(Exception):
    """An error of section 11 that a call was answered with."""

    def __init__(self, error):
        super().__init__(canonical(error))
        self.error, self.name = error, error.get("data", {}).get("name")


class Client(WebSocket):
    def __init__(self, url, **options):
        super().__init__(url, **options)
        self.number, self.results, self.notices = 0, {}, collections.deque()
        self.challenge = None

    def send(self, method, params=None):
        """Sends a call and returns its id."""
        self.number += 1
        self.frame(canonical({"jsonrpc": "2.0", "id": self.number, "method": method, "params": params or {}}).encode())
        return self.number

    def _take(self, timeout):
        said = json.loads(self.message(timeout))
        if "method" in said:
            self.notices.append((said["method"], said["params"]))
        else:
            self.results[said["id"]] = said

    def wait(self, number, timeout=None):
        while number not in self.results:
            self._take(timeout)
        said = self.results.pop(number)
        if "error" in said:
            raise Failure(said["error"])
        return said["result"]

    def call(self, method, **params):
        return self.wait(self.send(method, params))

    def fails(self, method, **params):
        """The name of the error that the call gets; None where it succeeds."""
        try:
            self.call(method, **params)
        except Failure as failure:
            return failure.name
        return None

    def notice(self, method="log.entry", timeout=None):
        while True:
            for said in self.notices:
                if said[0] == method:
                    self.notices.remove(said)
                    return said[1]
            self._take(timeout)

    def quiet(self, seconds):
        """True if nothing comes for so long."""
        readable, _, _ = select.select([self.sock], [], [], seconds)
        return not readable and not self.buffer

    # 9.2
    def hello(self):
        nonce = os.urandom(32)
        said = self.call("server.hello", nonce=b64(nonce), protocol=1, client="test/1")
        signed = P("council/v1/hello", said["origin"], nonce, unb64(said["nonce"]), said["expires"])
        na.crypto_sign_open(unb64(said["sig"]) + signed, unb64(said["server"]))
        self.challenge = (said["origin"], unb64(said["server"]), nonce, unb64(said["nonce"]), said["expires"])
        return said

    def login_params(self, member, purpose="device"):
        device = member.device if purpose == "device" else member.recovery
        name = member.name if purpose == "device" else b""
        sig = device.sign(P("council/v1/login", *self.challenge, name, device.key, purpose))
        params = {"device": b64(device.key), "purpose": purpose, "sig": b64(sig)}
        if purpose == "device":
            params["member"] = b64(member.name)
        return params

    def login(self, member, purpose="device"):
        if self.challenge is None:
            self.hello()
        return self.call("auth.login", **self.login_params(member, purpose))

    def register(self, member, code=None):
        self.hello()
        said = self.call("member.register", entry=member.genesis.wire(), **({"code": code} if code else {}))
        assert said["member"] == b64(member.name) and said["seq"] == 1
        return said


def session(url, member, **options):
    """A logged-in connection of a registered member."""
    client = Client(url, **options)
    client.login(member)
    return client


def newcomer(url, code=None, **options):
    """A new member with a logged-in connection."""
    client, member = Client(url, **options), Member()
    client.register(member, code)
    client.login(member)
    return client, member


# ---- 3. entries ----

class Device:
    def __init__(self):
        self.key, self.secret = na.crypto_sign_seed_keypair(os.urandom(32))
        self.box_secret = os.urandom(32)
        self.box = na.crypto_scalarmult_base(self.box_secret)

    def sign(self, message):
        return na.crypto_sign(message, self.secret)[:64]


class Entry:
    def __init__(self, text, device, data=None):
        self.text, self.data = text, data
        self.sig = device.sign(P("council/v1/entry", text))

    def wire(self):
        out = {"text": self.text, "sig": b64(self.sig)}
        return out if self.data is None else dict(out, data=b64(self.data))

    def head(self, before):
        return H(P("council/v1/head", before, self.text, self.sig))


def now_ms():
    return int(time.time() * 1000)


class Member:
    def __init__(self):
        self.device, self.recovery = Device(), Device()
        device, recovery, ident = self.device, self.recovery, os.urandom(16)
        proof = recovery.sign(P("council/v1/recovery-create", device.key, device.box, recovery.key, recovery.box, ident))
        body = {"box": b64(device.box),
                "recovery": {"sign": b64(recovery.key), "box": b64(recovery.box), "sig": b64(proof)}}
        self.genesis = Entry(canonical({"at": now_ms(), "body": body, "device": b64(device.key), "id": b64(ident),
                                        "kind": "member.create", "v": 1}), device)
        self.name = self.genesis.head(ZERO)

    def chain(self):
        return [{"text": b64(self.genesis.text.encode()), "sig": b64(self.genesis.sig)}]

    def entry(self, council, kind, body, data=None, epoch=None, seen=None, ident=None, at=None):
        """An entry of a council (or of a log that is to begin, with `council` None)."""
        fields = {"at": at or now_ms(), "author": b64(self.name), "body": body, "device": b64(self.device.key),
                  "id": b64(ident or os.urandom(16)), "kind": kind, "v": 1}
        if council is not None:
            seq, head = seen or (council.seq, council.head)
            fields.update(log=b64(council.log), seen={"seq": seq, "head": b64(head)})
        if data is not None:
            fields["sealed"] = {"epoch": epoch or council.epoch, "hash": b64(H(data))}
        return Entry(canonical(fields), self.device, data)


class Council:
    """A council as one of its members sees it: enough of a fold to write entries."""

    def __init__(self, founder, journal=False):
        self.members, self.epoch, self.heads = [founder], 0, [ZERO]
        body = {"chain": founder.chain(), "history": "all", "pace": "slow", "size": 1 if journal else 8,
                "type": "journal" if journal else "council"}
        self.genesis = founder.entry(None, "council.create", body)
        self.log = self.genesis.head(ZERO)

    seq = property(lambda self: len(self.heads) - 1)
    head = property(lambda self: self.heads[-1])

    def took(self, entry):
        """The entry has its place: everybody's next one has seen it."""
        self.heads.append(entry.head(self.head))
        return entry

    def block(self, members):  # 6.2; what is in the boxes is nobody's concern here
        keys = sorted(d.key for m in members for d in (m.device, m.recovery))
        return {"epoch": self.epoch + 1, "commit": b64(os.urandom(32)),
                "boxes": [{"to": b64(k), "box": b64(os.urandom(80))} for k in keys]}

    def rotate(self, member):
        return member.entry(self, "key.rotate", {"block": self.block(self.members)})

    def invite(self, moderator, invite, uses=8):
        return moderator.entry(self, "invite.open", {"expires": now_ms() + 3600000, "invite": b64(invite.key), "uses": uses})

    def join(self, member, invite):
        proof = invite.sign(P("council/v1/join", self.log, member.name, member.name))
        body = {"block": self.block(self.members + [member]), "chain": member.chain(), "invite": b64(invite.key),
                "sig": b64(proof)}
        return member.entry(self, "member.join", body)

    def post(self, member, text="", size=256, **options):
        """A sealed post; what is sealed is noise, which is all a server may know of it."""
        data = os.urandom(24) + os.urandom(size + 16)
        return member.entry(self, "post", {}, data=data, **options)


def append(client, council, entry):
    """Appends and moves the council on."""
    said = client.call("log.append", entry=entry.wire())
    council.took(entry)
    assert said["seq"] == council.seq and said["head"] == b64(council.head), said
    return said


def found(client, founder):
    """A council with its first epoch."""
    council = Council(founder)
    append(client, council, council.genesis)
    append(client, council, council.rotate(founder))
    council.epoch = 1
    return council


def join(client, founder_client, founder, council, member):
    """Brings a logged-in member in."""
    invite = Device()
    append(founder_client, council, council.invite(founder, invite))
    append(client, council, council.join(member, invite))
    council.members.append(member)
    council.epoch += 1


# ---- the server ----

def program():
    folder = os.environ.get("COUNCIL_BIN")
    if not folder:
        sys.exit("COUNCIL_BIN must name the folder of councild")
    return os.path.join(folder, "councild")


class Server:
    """A running councild. `data` is made where it is None; `kill` and `stop` may be called more than once."""

    def __init__(self, data=None, *options, listen=("127.0.0.1:0",), registration="open", wrap=(), env=None):
        self.data = data or os.path.join(folder(), "data")
        read, write = os.pipe()
        self.log_path = self.data.rstrip("/") + ".log"
        command = [*wrap, program(), "serve", "--data", self.data, "--ready-fd", str(write), "--registration", registration,
                   "--log-level", "debug", *options]
        for address in listen:
            command += ["--listen", address]
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(command, pass_fds=[write], stderr=log, stdin=subprocess.DEVNULL,
                                            env={**os.environ, **(env or {})})
        os.close(write)
        with os.fdopen(read) as ready:
            readable, _, _ = select.select([ready], [], [], TIMEOUT)
            line = ready.readline() if readable else ""
        if not line:
            self.kill()
            raise RuntimeError("the server did not start: " + self.log()[-2000:])
        self.ready = json.loads(line)
        self.urls, self.url = self.ready["urls"], self.ready["urls"][0]

    def log(self):
        with open(self.log_path, errors="replace") as log:
            return log.read()

    def kill(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=TIMEOUT):
        """SIGTERM; the exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            pass
        self.kill()


def folder():
    """A folder that is gone when the tests are."""
    path = tempfile.mkdtemp(prefix="councild.")
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def councild(*arguments, **options):
    return subprocess.run([program(), *arguments], capture_output=True, text=True, timeout=2 * TIMEOUT, **options)


# ---- TAP ----

def run(*tests):
    """Runs the functions and prints TAP; what a test says is in its docstring."""
    failed = 0
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        name = (test.__doc__ or test.__name__).strip().splitlines()[0].rstrip(".")
        try:
            skip = test()
            print(f"ok {number} - {name}" + (f" # SKIP {skip}" if isinstance(skip, str) else ""), flush=True)
        except BaseException as error:  # a test that breaks must not take the others along
            failed += 1
            import traceback
            print(f"not ok {number} - {name}", flush=True)
            for line in traceback.format_exc().splitlines()[-8:]:
                print("# " + line, flush=True)
            if isinstance(error, KeyboardInterrupt):
                break
    sys.exit(1 if failed else 0)
