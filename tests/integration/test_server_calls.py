#!/usr/bin/python3
"""A server and its members, from hello to fan-out, over a port, TLS and a Unix socket."""
import os, subprocess, warnings
from wsclient import *


def tells_who_it_is():
    """hello names origin, key and limits, signed"""
    with Server() as server:
        said = Client(server.url).hello()
        assert said["origin"] == server.url == server.ready["origin"]
        assert said["server"] == server.ready["server"] and said["registration"] == "open"
        assert said["limits"]["frame"] == 524288


def appends_and_fans_out():
    """an entry reaches every subscriber once, in order, and the author gets its place"""
    with Server() as server:
        (a, ann), (b, bob), (c, cat) = (newcomer(server.url) for _ in range(3))
        council = found(a, ann)
        join(b, a, ann, council, bob)
        join(c, a, ann, council, cat)
        log = b64(council.log)
        assert b.call("log.subscribe", log=log, after=0)["seq"] == council.seq
        c.call("log.subscribe", log=log, after=council.seq)
        assert [b.notice()["seq"] for _ in range(council.seq)] == list(range(1, council.seq + 1))
        first = council.seq + 1
        for author, client in ((ann, a), (bob, b), (cat, c), (ann, a)):
            append(client, council, council.post(author))
        for client in (b, c):
            seqs = [client.notice() for _ in range(4)]
            assert [n["seq"] for n in seqs] == list(range(first, first + 4))
            assert all(n["data"] and n["log"] == log for n in seqs)
        assert c.quiet(0.2) and not c.notices


def reads_pages():
    """log.read gives what was written, byte for byte, page by page"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        entries = [council.post(ann) for _ in range(1)]
        append(client, council, entries[0])
        for _ in range(20):
            entry = council.post(ann)
            entries.append(entry)
            append(client, council, entry)
        got, after = [], 2
        while after < council.seq:
            page = client.call("log.read", log=b64(council.log), after=after, limit=7)
            got += page["entries"]
            after = page["entries"][-1]["seq"]
            assert page["seq"] == council.seq and page["head"] == b64(council.head)
        assert [(e["text"], e["sig"], e["data"]) for e in got] == [(e.text, b64(e.sig), b64(e.data)) for e in entries]


def retries_are_recognised():
    """the same bytes again get their old place; a stale control entry does not"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        entry = council.post(ann)
        said = append(client, council, entry)
        assert client.call("log.append", entry=entry.wire())["seq"] == said["seq"]
        seen = (council.seq, council.head)
        rotate = council.rotate(ann)
        append(client, council, rotate)
        council.epoch = 2
        assert client.fails("log.append", entry=ann.entry(council, "key.rotate", {"block": council.block([ann])},
                                                          seen=seen).wire()) == "stale"
        assert client.call("log.read", log=b64(council.log), after=0, limit=100)["seq"] == council.seq


def lists_and_hides():
    """council.list names one's logs; a stranger's look like none"""
    with Server() as server:
        (a, ann), (b, bob) = newcomer(server.url), newcomer(server.url)
        council = found(a, ann)
        logs = {e["log"]: e for e in a.call("council.list")["logs"]}
        assert logs[b64(council.log)]["seq"] == 2 and logs[b64(ann.name)]["type"] == "member"
        nowhere = b64(os.urandom(32))
        for log in (b64(council.log), nowhere):
            assert b.fails("log.read", log=log, after=0, limit=1) == "not_found"
            assert b.fails("log.subscribe", log=log, after=0) == "not_found"


def survives_a_restart():
    """after SIGTERM and a new start everything is there, under the same key"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        append(client, council, council.post(ann))
        assert server.stop() == 0
        with Server(server.data) as again:
            assert again.ready["server"] == server.ready["server"]
            client = session(again.url, ann)
            page = client.call("log.read", log=b64(council.log), after=0, limit=10)
            assert page["head"] == b64(council.head) and len(page["entries"]) == 3


def certificate():
    at = folder()
    cert, key = os.path.join(at, "cert.pem"), os.path.join(at, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", cert, "-days", "1", "-subj", "/CN=localhost"], check=True, capture_output=True)
    return "--tls-cert", cert, "--tls-key", key


def speaks_tls():
    """over TLS the same, fan-out included; plain HTTP and TLS 1.1 get nothing"""
    with Server(None, *certificate()) as server:
        assert server.url.startswith("https://")
        (a, ann), (b, bob) = newcomer(server.url), newcomer(server.url)
        assert a.challenge[0] == server.url
        council = found(a, ann)
        join(b, a, ann, council, bob)
        b.call("log.subscribe", log=b64(council.log), after=0)
        sizes = [65536, 256, 131072, 256]
        for size in sizes:
            append(a, council, council.post(ann, size=size))
        notices = [b.notice() for _ in range(council.seq)]
        assert [n["seq"] for n in notices] == list(range(1, council.seq + 1))
        assert [len(unb64(n["data"])) - 40 for n in notices[-4:]] == sizes
        assert http(server.url.replace("https", "http"), "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")[0] != 200
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with warnings.catch_warnings(action="ignore") if sys.version_info >= (3, 11) else warnings.catch_warnings():
            context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
        try:
            context.wrap_socket(connect(server.url.replace("https", "http")))
            assert False, "TLS 1.1 was taken"
        except (ssl.SSLError, ConnectionError):
            pass


def listens_on_several():
    """a Unix socket and two ports at once; the socket's origin is unix:"""
    path = os.path.join(folder(), "s")
    with Server(None, "--unix", path, listen=("127.0.0.1:0", "[::1]:0")) as server:
        assert server.urls[2] == "unix:" + path and len(set(server.urls)) == 3
        a, ann = newcomer(server.urls[2])
        assert a.challenge[0] == "unix:"
        council = found(a, ann)
        a.call("log.subscribe", log=b64(council.log), after=0)
        b = session(server.urls[1], ann)
        append(b, council, council.post(ann))
        assert [a.notice()["seq"] for _ in range(3)] == [1, 2, 3]
    assert not os.path.exists(path)


def registers_by_code():
    """with --registration code a code admits as many as it says, while the server runs"""
    with Server(registration="code") as server:
        made = councild("code", "create", "--uses", "2", "--note", "spring", "--data", server.data)
        assert made.returncode == 0, made.stderr
        code = made.stdout.strip()
        for _ in range(2):
            newcomer(server.url, code)
        for wrong in (code, "nonsense", None):
            client = Client(server.url)
            client.hello()
            params = {"entry": Member().genesis.wire()}
            refused = client.fails("member.register", **params, **({"code": wrong} if wrong else {}))
            assert refused == "code_refused", refused
        listed = json.loads(councild("code", "list", "--json", "--data", server.data).stdout)["codes"]
        assert [(c["used"], c["uses"], c["good"], c["note"]) for c in listed] == [(2, 2, False, "spring")]
        other = councild("code", "create", "--data", server.data).stdout.strip()
        assert councild("code", "revoke", other, "--data", server.data).returncode == 0
        assert councild("code", "revoke", other, "--data", server.data).returncode == 1
        server.stop()
        third = councild("code", "create", "--data", server.data)
        assert third.returncode == 0, third.stderr
        assert len(json.loads(councild("code", "list", "--json", "--data", server.data).stdout)["codes"]) == 2
    with Server(server.data, registration="code") as server:
        newcomer(server.url, third.stdout.strip())


def counts():
    """stats counts members, councils and what is connected"""
    with Server() as server:
        client, ann = newcomer(server.url)
        found(client, ann)
        said = json.loads(councild("stats", "--json", "--data", server.data).stdout)
        assert said["store"]["members"] == 1 and said["store"]["councils"] == 1 and said["store"]["entries"] == 3
        assert said["core"]["sessions"] == 1 and said["net"]["connections"] == 1
        assert server.stop() == 0
        assert json.loads(councild("stats", "--json", "--data", server.data).stdout)["store"]["entries"] == 3


run(tells_who_it_is, appends_and_fans_out, reads_pages, retries_are_recognised, lists_and_hides, survives_a_restart, speaks_tls,
    listens_on_several, registers_by_code, counts)
