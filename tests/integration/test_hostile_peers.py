#!/usr/bin/python3
"""Fifty who never read, two hundred who never finish a handshake, floods of everything, and every offence that there is, while members go on.

What they get for it stands in protocol/README.md section 9.5, one row an offence: this test reads that table. Meanwhile healthy members
(hostile-members) write and read at a steady rate, all of it arrives, as fast as undisturbed; and the server's memory stays below a ceiling
that follows from its limits. Controls: a server whose limits let anybody pile up what they like is above that ceiling, and one that
stands still for a while is too slow.
"""
import re
import threading
import hostile
from harness import die_with_parent
from hostile import *

FAST_QUIET, SECONDS = 2.5, 10.0  # of the undisturbed phase, and of the floods
SLOW, COUNCILS, HALF_OPEN = 50, 5, 200
POST, BACKLOG = 131072, 45  # bytes of a post, and posts of the log that those who never read begin with
# What a connection that does not read may cost: a page read for it before it was known that it does not, what its limit for new
# entries allows (1 MiB), and the room for both in the allocator. Beside it the server's own caches and what a flood has in flight.
MEMORY_EACH, MEMORY_ALL = 2 << 20, 96 << 20
NO_LIMITS = sum((["--limit", limit] for limit in ("live-bytes=67108864", "catchup-bytes=16777216", "session-bytes=1073741824",
                                                   "stall-ms=3600000")), [])
FOUNDING = ["--limit", "clock-skew-ms=9007199254740991"]  # the load's members were made once upon a time
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")
with open(program(), "rb") as binary:
    # What a flood may add to the slowest of a hundred: floods and server share two processors, and a sanitized server does all tenfold.
    SLACK_MS = 1500 if b"__asan_init" in binary.read() else 250


def spec():
    """The table of section 9.5: offence to its ends."""
    text = open(os.path.join(ROOT, "protocol/README.md"), encoding="utf-8").read()
    part = text[text.index("### 9.5 "):]
    part = part[:re.search(r"\n##+ ", part[4:]).start() + 4]
    rows = re.findall(r"^\| (.+?) \| (.+?) \|$", part, re.M)[1:]
    return {what: re.findall(r"`([^`]+)`", ends) for what, ends in rows if not what.startswith("--")}


def quick(asan=16):
    """Small quarantine: freed memory that a sanitizer keeps is not the server's."""
    options = os.environ.get("ASAN_OPTIONS", "")
    return {"ASAN_OPTIONS": options + ":quarantine_size_mb=%d:malloc_context_size=3" % asan}


def memory(server, what="VmHWM"):
    with open("/proc/%d/status" % server.process.pid) as status:
        return int(re.search(what + r":\s+(\d+) kB", status.read()).group(1)) << 10


def forget_peak(server):
    with open("/proc/%d/clear_refs" % server.process.pid, "w") as file:
        file.write("5")


class Load:
    """hostile-members: phases are begun by name, each gives its figures."""

    def __init__(self, url, *more):
        self.process = subprocess.Popen([os.path.join(os.environ["COUNCIL_BIN"], "hostile-members"), "--url", url, "--seconds", "40", *more],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=die_with_parent)
        atexit.register(self.process.kill)
        self.begun = False

    def line(self):
        line = self.process.stdout.readline()
        assert line, "the healthy members: " + self.process.stderr.read()[-500:]
        return json.loads(line)

    def phase(self, name):
        """Ends the one that is under way: its figures; then begins the named one."""
        self.process.stdin.write("phase %s\n" % name)
        self.process.stdin.flush()
        figures = self.line() if self.begun else None
        self.begun = True
        return figures

    def end(self):
        self.process.stdin.close()
        figures = self.line()
        assert self.process.wait(TIMEOUT) == 0
        return figures


def fill(url, councils, posts):
    """Councils with a long log of large posts each: (writer, member, council)."""
    made = []
    for _ in range(councils):
        client, member = member_offender(url)
        council = found(client, member)
        made.append((client, member, council))
    for _ in range(posts):
        for client, member, council in made:
            append(client, council, council.post(member, size=POST))
    return made


def slow_ones(url, made, count):
    """Members who ask for everything from the beginning and never read it."""
    clients = []
    for i in range(count):
        _, member, council = made[i % len(made)]
        client = Offender(url, rcvbuf=4096)
        client.login(member)
        client.send("log.subscribe", {"log": b64(council.log), "after": 0})
        clients.append(client)
    return clients


def write_on(made, stop):
    """A post for each council of the slow ones, four times a second."""
    while not stop.wait(0.25):
        for client, member, council in made:
            append(client, council, council.post(member, size=POST))


def verdict(quiet, other):
    """None if members were served as well as before, else why not."""
    p50, p99 = 3 * quiet["p50_ms"] + SLACK_MS / 8, 3 * quiet["p99_ms"] + SLACK_MS
    if other["delivered"] != 8 * other["sent"] or other["sent"] < 100:
        return "not everything arrived: %r" % other
    return None if other["p50_ms"] <= p50 and other["p99_ms"] <= p99 else "p50 %.1f > %.1f or p99 %.1f > %.1f ms" % (
        other["p50_ms"], p50, other["p99_ms"], p99)


state = {}


def every_offence_ends_as_it_should():
    """every row of section 9.5 has its offence here, and every offence that needs no time its end, while floods go on"""
    table = spec()
    server = state["server"] = Server(None, *FOUNDING, env=quick())
    atexit.register(server.kill)
    load = state["load"] = Load(server.url)
    made = state["made"] = fill(server.url, COUNCILS, BACKLOG)
    assert load.line() == {"ready": True}
    load.phase("quiet")
    time.sleep(FAST_QUIET)
    state["quiet"] = load.phase("hostile")
    state["secure"] = half_of_tls()
    forget_peak(server)
    state["before"] = memory(server, "VmRSS")
    begin = state["begin"] = time.monotonic()
    halves = (b"", b"GET /ws HT", b"GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: webso", upgrade()[:-2])
    state["halves"] = [half_open(server.url, halves[i % 4]) for i in range(HALF_OPEN)]
    state["dripping"] = [half_open(server.url, b"GET /") for _ in range(8)]
    state["slow"] = slow_ones(server.url, made, SLOW)
    state["stop"] = threading.Event()
    state["writer"] = threading.Thread(target=write_on, args=(made, state["stop"]), daemon=True)
    state["writer"].start()
    names = list(FLOODS)
    state["floods"] = [subprocess.Popen([sys.executable, hostile.__file__, server.url, str(SECONDS - (time.monotonic() - begin)), *part],
                                        stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent) for part in (names[:3], names[3:])]
    state["table"], state["met"] = table, set(OFFENCES)
    wrong = []
    for what, commit in OFFENCES.items():
        try:
            got = commit(server.url)
        except (OSError, AssertionError, Closed) as error:
            got = repr(error)
        if got not in table.get(what, []):
            wrong.append("%s: %s, not %s" % (what, got, " or ".join(table.get(what, ["in the table"]))))
        if table.get(what, [got])[0] != got:
            print("# %s: %s, not %s" % (what, got, table[what][0]))
    assert not wrong, "; ".join(wrong)


def who_never_finishes_is_cut():
    """two hundred half-open handshakes, and some that drip, are cut after ten seconds"""
    dripped = ended(state["dripping"], 20, drip=b"X")
    silent = ended(state["halves"], 20)
    assert dripped == 8 and silent == HALF_OPEN, (dripped, silent)
    assert state["table"]["no whole request within 10 s"] == [CUT]
    state["met"].add("no whole request within 10 s")
    took = time.monotonic() - state["begin"]
    assert took < 20, took


def floods_end_as_they_should():
    """floods of pings, fragments, segments, logins, calls and connections: answered, limited or ended as the table says"""
    for process in state["floods"]:
        said, _ = process.communicate(timeout=TIMEOUT)
        for what, got in json.loads(said).items():
            assert got in state["table"][what], (what, got)
            state["met"].add(what)


def who_never_reads_is_closed():
    """fifty who never read are told 1013 and where to go on, each of them"""
    row = "nothing of what is queued read for `stall-ms`"
    assert state["table"][row] == ["1013"]
    state["met"].add(row)
    deadline = time.monotonic() + 20
    data = state["server"].data
    while (there := json.loads(councild("stats", "--json", "--data", data).stdout)["core"]["sessions"]) > 64 + COUNCILS:
        assert time.monotonic() < deadline, "%d sessions are left" % there
        time.sleep(0.1)
    ends, reasons = collections.Counter(), set()
    for client in state["slow"]:
        code, reason = client.until_closed()
        ends[code] += 1
        reasons.add(reason.split()[0] if reason else "")
        client.sock.close()
    # A closing handshake has five seconds: who slept through it finds the connection gone.
    assert set(ends) <= {1013, None} and ends[1013] > 0 and reasons <= {"too_slow", ""}, (ends, reasons)


def members_were_served():
    """healthy members got everything meanwhile, in order, about as fast as before"""
    state["stop"].set()
    state["writer"].join()
    load, server = state["load"], state["server"]
    other = load.phase("stopped")
    print("# quiet %r\n# hostile %r" % (state["quiet"], other))
    assert verdict(state["quiet"], other) is None, verdict(state["quiet"], other)
    server.process.send_signal(signal.SIGSTOP)  # the control: a server that does nothing for a while
    time.sleep(1.2 * (3 * state["quiet"]["p99_ms"] + SLACK_MS) / 1000 + 0.2)
    server.process.send_signal(signal.SIGCONT)
    time.sleep(0.5)
    stopped = load.end()
    stopped["sent"] = max(stopped["sent"], 100)
    stopped["delivered"] = 8 * stopped["sent"]
    assert verdict(state["quiet"], stopped) is not None, stopped


def memory_is_bounded():
    """the server's memory stayed below what its limits allow; without limits it does not"""
    ceiling = state["before"] + MEMORY_ALL + SLOW * MEMORY_EACH
    peak = memory(state["server"])
    print("# memory: %d MiB before, at most %d MiB, ceiling %d MiB" % (state["before"] >> 20, peak >> 20, ceiling >> 20))
    assert peak <= ceiling, "%d MiB of %d" % (peak >> 20, ceiling >> 20)
    assert state["server"].stop() == 0, state["server"].log()[-2000:]
    with Server(None, *NO_LIMITS, env=quick()) as server:
        made = fill(server.url, 2, 90)
        before = memory(server, "VmRSS")
        clients = slow_ones(server.url, made, SLOW)
        deadline = time.monotonic() + 10
        while memory(server) <= before + MEMORY_ALL + SLOW * MEMORY_EACH and time.monotonic() < deadline:
            time.sleep(0.1)
        print("# without limits: %d MiB before, %d MiB" % (before >> 20, memory(server) >> 20))
        assert memory(server) > before + MEMORY_ALL + SLOW * MEMORY_EACH, "the ceiling would not notice"
        for client in clients:
            client.sock.close()
        server.kill()


def half_of_tls():
    """A server that speaks TLS, and connections that stop in the midst of its handshake."""
    place = folder()
    cert, key = os.path.join(place, "cert"), os.path.join(place, "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=x",
                    "-keyout", key, "-out", cert], check=True, capture_output=True)
    server = Server(None, "--tls-cert", cert, "--tls-key", key)
    atexit.register(server.kill)
    hello = ssl.MemoryBIO()
    try:
        ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), hello, server_hostname="x").do_handshake()
    except ssl.SSLWantReadError:
        pass
    return server, [half_open(server.url, begin) for begin in (hello.read()[:100], b"\x16\x03\x01", b"")]


def the_rest_of_the_table():
    """half a handshake of TLS, a ping without an answer, a login that does not come, a server that ends: their ends"""
    ends = {}
    server = Server(None, "--ping", "1", "--limit", "login-ms=1500", "--limit", "sessions-per-address=3")
    atexit.register(server.kill)
    secure, halves = state["secure"]
    clear = plain(secure.url)
    clear.sendall(upgrade())
    ends["what is no TLS, where TLS is spoken"] = CUT if b"101" not in all_of(clear) else STAYS
    source = next(addresses)
    held = [Offender(server.url, source) for _ in range(3)]
    ends["more connections of an address than it may have"] = Offender(server.url, source).end()
    [client.sock.close() for client in held]
    mute, _ = member_offender(server.url)
    alive, _ = member_offender(server.url)
    heard = []  # whoever answers pings stays until the server goes
    answering = threading.Thread(target=lambda: heard.extend((alive.notice("server.goodbye"), alive.end())))
    answering.start()
    late = Offender(server.url)
    rude = Offender(server.url).raw(masked(3))
    begin = time.monotonic()
    ends["no login within `login-ms`"] = late.end()
    try:  # reads, and never answers
        while mute.next_frame(time.monotonic() + TIMEOUT)[0] != 8:
            pass
        ends["no answer to a ping"] = "1000"
    except Closed as closed:
        ends["no answer to a ping"] = CUT if closed.code is None else str(closed.code)
    opcode, payload, _ = rude.next_frame(time.monotonic() + TIMEOUT)
    assert opcode == 8 and payload[:2] == struct.pack(">H", 1002)
    all_of(rude.sock)
    ends["no answer to a close frame within 5 s"] = CUT
    assert time.monotonic() - begin < 15
    assert not heard and server.stop() == 0
    answering.join(TIMEOUT)
    assert heard[0]["retry_after_ms"] > 0
    ends["`server.goodbye`"] = heard[1]
    ends["no whole handshake of TLS within 10 s"] = CUT if ended(halves, 15) == len(halves) else STAYS
    secure.stop()
    for what, got in ends.items():
        assert got in state["table"].get(what, []), (what, got)
    missing = set(state["table"]) - state["met"] - set(ends)
    assert not missing, "nobody tried: %r" % missing
    for text in (server.log(), secure.log(), state["server"].log()):
        assert "Sanitizer" not in text and "runtime error" not in text, text[-3000:]


if __name__ == "__main__":
    run(every_offence_ends_as_it_should, who_never_finishes_is_cut, floods_end_as_they_should, who_never_reads_is_closed, members_were_served,
        memory_is_bounded, the_rest_of_the_table)
