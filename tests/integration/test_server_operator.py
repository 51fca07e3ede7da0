#!/usr/bin/python3
"""What an operator changes and sees while the server runs: limits, registration, quotas, key, log, certificate, figures, systemd."""
import glob, json, re, shutil, signal, sqlite3, ssl, subprocess
from wsclient import *

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../..")


def limits(data, *more):
    said = councild("limits", "--json", "--data", data, *more)
    assert said.returncode == 0, said.stderr
    return {l["name"]: l for l in json.loads(said.stdout)}


def changes_limits():
    """limits count at once, last over a restart, and give way to a flag; --reset takes them back"""
    with Server() as server:
        assert limits(server.data)["sessions"]["from"] == "default"
        done = councild("limits", "set", "sessions=2", "outstanding=7", "--data", server.data)
        assert done.returncode == 0, done.stderr
        now = limits(server.data)
        assert (now["sessions"]["value"], now["sessions"]["from"], now["outstanding"]["value"]) == (2, "set", 7)
        clients = [Client(server.url) for _ in range(2)]
        assert all(client.hello() for client in clients)
        try:
            third = Client(server.url)
            third.hello()
            assert False, "a third connection was taken"
        except (Closed, Refused, OSError):
            pass
        for wrong in ("sessions=0", "nothing=1", "sessions", "sessions=x"):
            assert councild("limits", "set", wrong, "--data", server.data).returncode in (1, 64)
        assert councild("limits", "--reset", "nothing", "--data", server.data).returncode == 1
        assert "sessions: a number from 1 to 1000000" in councild("limits", "set", "sessions=0", "--data", server.data).stderr
        assert councild("limits", "set", "outstanding=7", "--json", "--data", server.data).stdout == '{"ok":true}\n'
        assert limits(server.data)["sessions"]["value"] == 2
        assert server.stop() == 0
    assert limits(server.data)["sessions"]["value"] == 2, "as it would start"
    with Server(server.data, "--limit", "outstanding=9") as server:
        now = limits(server.data)
        assert (now["sessions"]["value"], now["outstanding"]["value"], now["outstanding"]["from"]) == (2, 9, "start")
        assert councild("limits", "--reset", "sessions", "--reset", "outstanding", "--data", server.data).returncode == 0
        now = limits(server.data)
        assert (now["sessions"]["value"], now["sessions"]["from"], now["outstanding"]["value"]) == (20000, "default", 9)
        newcomer(server.url)
        server.stop()
    assert councild("limits", "set", "sessions=5", "--data", server.data).returncode == 0, "of a stopped server"
    assert limits(server.data)["sessions"]["value"] == 5
    assert json.loads(councild("limits", "--json", "--data", "/nowhere").stdout)[0]["from"] == "default"


def start(data, *options):
    """A server without --registration, which would count before what was set."""
    read, write = os.pipe()
    process = subprocess.Popen([program(), "serve", "--data", data, "--listen", "127.0.0.1:0", "--ready-fd", str(write), *options],
                               pass_fds=[write], stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as ready:
        line = ready.readline()
    return process, json.loads(line)["urls"][0]


def changes_registration():
    """who may register is changed while the server runs, and stays so"""
    data = os.path.join(folder(), "data")
    process, url = start(data)
    try:
        client = Client(url)
        assert client.hello()["registration"] == "code"
        assert councild("registration", "open", "--data", data).returncode == 0
        _, ann = newcomer(url)
        assert json.loads(councild("registration", "--json", "--data", data).stdout)["registration"] == "open"
        assert councild("registration", "sometimes", "--data", data).returncode == 64
    finally:
        process.terminate()
        process.wait(TIMEOUT)
    process, url = start(data)
    try:
        newcomer(url)
        assert councild("registration", "closed", "--data", data).returncode == 0
        client = Client(url)
        client.hello()
        assert client.fails("member.register", entry=Member().genesis.wire()) == "registration_closed"
        session(url, ann)
    finally:
        process.terminate()
        process.wait(TIMEOUT)
    assert "closed (set)" in councild("registration", "--data", data).stdout


def sets_quotas():
    """one log's quota is its own: now, and after a restart"""
    with Server(None, "--limit", "log-entries=16") as server:
        client, ann = newcomer(server.url)
        one, other = found(client, ann), found(client, ann)
        assert councild("quota", b64(one.log), "--entries", "4", "--data", server.data).returncode == 0
        for _ in range(2):
            append(client, one, one.post(ann))
        entry = one.post(ann)
        assert client.fails("log.append", entry=entry.wire()) == "quota"
        for _ in range(3):
            append(client, other, other.post(ann))
        assert json.loads(councild("quota", "--json", "--data", server.data).stdout)["quotas"] == [
            {"log": b64(one.log), "entries": 4, "bytes": 0}]
        used = json.loads(councild("quota", b64(one.log), "--json", "--data", server.data).stdout)
        assert (used["entries_used"], used["entries"], used["bytes"]) == (4, 4, 0) and used["bytes_used"] > 1000
        assert "4 entries of 4\n" in councild("quota", b64(one.log), "--data", server.data).stdout
        assert councild("quota", b64(os.urandom(32)), "--entries", "4", "--data", server.data).returncode == 1
        assert councild("quota", "x", "--entries", "4", "--data", server.data).returncode == 1
        assert councild("quota", "--entries", "4", "--data", server.data).returncode == 64
        server.stop()
    with Server(server.data) as server:
        client = session(server.url, ann)
        assert client.fails("log.append", entry=entry.wire()) == "quota"
        deadline = time.monotonic() + TIMEOUT
        while "councild_log_quotas 1\n" not in metrics(server.data):  # told a few times a second
            assert time.monotonic() < deadline
        assert json.loads(councild("quota", b64(one.log), "--bytes", "100000", "--json", "--data", server.data).stdout)["entries"] == 4, "the other stays"
        assert client.fails("log.append", entry=entry.wire()) == "quota"
        assert councild("quota", b64(one.log), "--entries", "0", "--data", server.data).returncode == 0
        assert json.loads(councild("quota", "--json", "--data", server.data).stdout)["quotas"] == [{"log": b64(one.log), "entries": 0, "bytes": 100000}]
        assert councild("quota", b64(one.log), "--bytes", "0", "--data", server.data).returncode == 0
        append(client, one, entry)
        assert json.loads(councild("quota", "--json", "--data", server.data).stdout)["quotas"] == []


def lists_many_quotas():
    """more quotas than fit an answer are listed all, of a stopped server and of a running one"""
    with Server() as server:
        assert server.stop() == 0
    names = sorted(b64(os.urandom(32)) for _ in range(600))
    database = sqlite3.connect(os.path.join(server.data, "council.db"))
    database.executemany("INSERT INTO setting (name, value) VALUES (?, ?)",
                         [("quota:" + name, json.dumps({"entries": i + 1, "bytes": 0}).encode()) for i, name in enumerate(names)])
    database.commit()
    database.close()

    def listed():
        return json.loads(councild("quota", "--json", "--data", server.data).stdout)["quotas"]
    assert listed() == [{"log": name, "entries": i + 1, "bytes": 0} for i, name in enumerate(names)]
    with Server(server.data) as server:
        assert [quota["log"] for quota in listed()] == names and len(councild("quota", "--data", server.data).stdout.splitlines()) == 601


def tells_the_largest():
    """councild stats --largest: the same logs in the same order of a running server and of a stopped one, as JSON and as a table; what its number may be"""
    with Server() as server:
        client, ann = newcomer(server.url)
        councils = [found(client, ann) for _ in range(3)]
        for council, posts in zip(councils, (2, 20, 6)):
            for _ in range(posts):
                append(client, council, council.post(ann))
        order = [b64(councils[i].log) for i in (1, 2, 0)] + [b64(ann.name)]

        def largest(*words):
            done = councild("stats", "--largest", *words, "--json", "--data", server.data)
            assert done.returncode == 0, done
            return json.loads(done.stdout)["largest"]
        running = largest()
        assert [one["log"] for one in running] == order, running
        assert [(one["kind"], one["entries"]) for one in running] == [("council", 22), ("council", 8), ("council", 4), ("member", 1)], running
        used = json.loads(councild("quota", order[0], "--json", "--data", server.data).stdout)
        assert running[0]["bytes"] == used["bytes_used"] and abs(running[0]["created"] / 1000 - time.time()) < 60
        assert [one["log"] for one in largest("2")] == order[:2]
        assert server.stop() == 0
    assert largest() == running
    table = councild("stats", "--largest", "1", "--data", server.data).stdout.splitlines()
    assert len(table) == 2 and table[1].split() == [order[0], "council", time.strftime("%Y-%m-%d", time.gmtime(running[0]["created"] / 1000)), "22",
                                                    str(running[0]["bytes"])], table
    for words in (["--largest", "0"], ["--largest", "101"], ["--largest", "x"], ["--largest", "1", "2"], ["7"]):
        done = councild("stats", *words, "--data", server.data)
        assert done.returncode == 64 and "--largest" in done.stderr and "councild: see councild stats --help" in done.stderr, done


def vouched(hello, known):
    """Whether the successions of a hello lead from a key to the server's."""
    keys, links = {known}, hello.get("successions", [])
    for _ in links:
        for link in links:
            signed = P("council/v1/succession", unb64(link["from"]), unb64(link["to"]))
            if link["from"] in keys and na.crypto_sign_open(unb64(link["sig"]) + signed, unb64(link["from"])) == signed:
                keys.add(link["to"])
    return hello["server"] in keys


def changes_its_key():
    """key rotate: from the next start on there is a new key, and the old one vouches for it, however often"""
    with Server() as server:
        first = server.ready["server"]
        assert councild("key", "show", "--data", server.data).stdout.strip() == first
        said = json.loads(councild("key", "rotate", "--json", "--data", server.data).stdout)
        assert said["later"] and said["running"] == first and said["key"] != first
        assert Client(server.url).hello()["server"] == first, "not before the next start"
        server.stop()
    assert os.stat(os.path.join(server.data, "server.key")).st_mode & 0o777 == 0o600
    with Server(server.data) as server:
        hello = Client(server.url).hello()
        assert hello["server"] == said["key"] and vouched(hello, first) and not vouched(hello, b64(os.urandom(32)))
        server.stop()
    for _ in range(3):
        assert councild("key", "rotate", "--data", server.data).returncode == 0
    # one that was cut short: before the old key vouched for it, it is forgotten
    shutil.copy(os.path.join(server.data, "server.key"), os.path.join(server.data, "server.key.next"))
    last = councild("key", "show", "--data", server.data).stdout.strip()
    with open(os.path.join(server.data, "server.key.next"), "w") as file:
        file.write(b64(os.urandom(32)) + "\n")
    assert councild("key", "show", "--data", server.data).stdout.strip() == last
    assert not os.path.exists(os.path.join(server.data, "server.key.next"))
    with Server(server.data) as server:
        hello = Client(server.url).hello()
        assert hello["server"] == last and vouched(hello, first) and vouched(hello, said["key"])


def finishes_a_change_of_key():
    """a change of the key that was cut short after the old key's word is finished at the next start"""
    with Server() as server:
        first = server.ready["server"]
        server.stop()
    data = server.data
    with open(os.path.join(data, "server.key")) as file:
        seed = file.read()
    assert councild("key", "rotate", "--data", data).returncode == 0
    with open(os.path.join(data, "server.key")) as file:
        new_seed = file.read()
    second = councild("key", "show", "--data", data).stdout.strip()
    for name, text in (("server.key", seed), ("server.key.next", new_seed)):
        path = os.path.join(data, name)
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, 0o600)
    with Server(data) as server:
        hello = Client(server.url).hello()
        assert hello["server"] == second and vouched(hello, first)
    assert not os.path.exists(os.path.join(data, "server.key.next"))


def metrics(data):
    done = subprocess.run(["curl", "-s", "--max-time", "5", "--unix-socket", os.path.join(data, "metrics.sock"), "http://localhost/metrics"],
                          capture_output=True, text=True, timeout=TIMEOUT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def names_in(text):
    return set(re.findall(r"^# TYPE (\S+) ", text, re.M))


def tells_figures():
    """GET /metrics on metrics.sock: what Prometheus finds well formed, with what happened counted, and nobody named"""
    with Server() as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        client.call("log.subscribe", log=b64(council.log), after=0)
        for _ in range(5):
            append(client, council, council.post(ann))
        assert client.fails("log.read", log=b64(os.urandom(32)), after=0, limit=1) == "not_found"
        assert councild("backup", os.path.join(folder(), "copy"), "--data", server.data).returncode == 0
        deadline, text = time.monotonic() + TIMEOUT, ""
        while "councild_appends_total 8\n" not in text:
            assert time.monotonic() < deadline, text
            text = metrics(server.data)
        promtool = shutil.which("promtool")
        if promtool:
            checked = subprocess.run([promtool, "check", "metrics"], input=text, capture_output=True, text=True, timeout=TIMEOUT)
            assert checked.returncode == 0 and not checked.stdout + checked.stderr, checked.stdout + checked.stderr
        value = {line.split(" ")[0]: float(line.split(" ")[1]) for line in text.splitlines() if line and line[0] != "#"}
        assert value["councild_sessions"] == value["councild_sessions_logged_in"] == 1
        assert value['councild_calls_failed_total{error="not_found"}'] == 1
        assert value["councild_commit_entries_total"] == 8 == value["councild_appends_total"]
        assert 1 <= value["councild_fsync_duration_seconds_count"] and value["councild_commit_duration_seconds_count"] <= 8
        assert value["councild_loop_turn_duration_seconds_count"] > 5 and value["councild_backup_step_duration_seconds_count"] >= 1
        assert abs(value["councild_backup_timestamp_seconds"] - time.time()) < 60 > abs(value["process_start_time_seconds"] - time.time())
        assert value["councild_store_bytes"] > 0 < value["councild_disk_free_bytes"] and value["process_open_fds"] > 5
        assert value["councild_storage_jobs"] == value["councild_verifier_jobs"] == value["councild_append_queue_entries"] == 0
        labels = set(re.findall(r"\{(.*?)\}", text))
        assert all(re.fullmatch(r'le="[^"]*"|error="[a-z_]+"|version="[^"]*"', l) for l in labels), labels
        for name in (b64(ann.name), b64(council.log), b64(ann.device.key), "127.0.0.1"):
            assert name not in text
        manual = councild("help", "--man").stdout.replace("\\-", "-")
        assert all(name in manual for name in names_in(text)), names_in(text)
        known = {n + end for n in names_in(text) for end in ("", "_bucket", "_sum", "_count")}
        for path in glob.glob(os.path.join(ROOT, "deploy/metrics/*.*")):  # what is read of them in dashboards and alerts is there
            with open(path) as file:
                said = set(re.findall(r"\b(?:councild|process)_[a-z_]+_[a-z]+\b", file.read()))
            assert said <= known, (path, said - known)
        assert os.stat(os.path.join(server.data, "metrics.sock")).st_mode & 0o777 == 0o660
        other = subprocess.run(["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--unix-socket", os.path.join(server.data, "metrics.sock"),
                                "http://localhost/stats"], capture_output=True, text=True, timeout=TIMEOUT)
        assert other.stdout == "404"


def changes_the_log():
    """the log file is opened anew at SIGHUP, and its level changes while the server runs"""
    log = os.path.join(folder(), "log")
    with Server(None, "--log-file", log, "--log-level", "info") as server:
        deadline = time.monotonic() + TIMEOUT
        while "ready" not in open(log).read() and time.monotonic() < deadline:  # a thread of its own writes it
            time.sleep(0.02)
        assert "ready" in open(log).read() and server.log() == ""
        os.rename(log, log + ".1")
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + TIMEOUT
        while not os.path.exists(log) or "reloaded" not in open(log).read():
            assert time.monotonic() < deadline
            time.sleep(0.01)
        assert councild("log-level", "error", "--data", server.data).returncode == 0
        assert councild("backup", "/nowhere/copy", "--data", server.data).returncode == 1, "which is logged as a warning"
        assert councild("log-level", "loud", "--data", server.data).returncode == 64
        assert "backup_failed" not in open(log).read()
        server.stop()
    assert councild("log-level", "info", "--data", server.data).returncode == 1


def certificate(name, at):
    cert, key = os.path.join(at, "cert.pem"), os.path.join(at, "key.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", key, "-out", cert,
                    "-days", "1", "-subj", "/CN=" + name], check=True, capture_output=True)
    return cert, key


def presented(url):
    """The certificate that a new connection is shown."""
    host, port = url.rsplit("/", 1)[1].split(":")
    return ssl.get_server_certificate((host, int(port)))


def takes_a_new_certificate():
    """SIGHUP: new connections get the new certificate, those that are there stay; one that does not fit its key is left alone"""
    at = folder()
    cert, key = certificate("first", at)
    with Server(None, "--tls-cert", cert, "--tls-key", key) as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        first = presented(server.url)
        certificate("second", at)
        server.process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + TIMEOUT
        while presented(server.url) == first:
            assert time.monotonic() < deadline
        second = presented(server.url)
        with open(cert) as file:
            assert second.strip() == file.read().strip()
        append(client, council, council.post(ann))
        os.unlink(key)
        elsewhere = folder()
        shutil.copy(certificate("third", elsewhere)[1], key)
        server.process.send_signal(signal.SIGHUP)
        while "reload_failed" not in server.log():
            assert time.monotonic() < deadline
        assert presented(server.url) == second
        session(server.url, ann)
        append(client, council, council.post(ann))


def speaks_to_systemd():
    """READY, WATCHDOG while all gets on, RELOADING with READY, STOPPING"""
    path = os.path.join(folder(), "notify")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(path)
    listener.settimeout(TIMEOUT)
    with Server(env={"NOTIFY_SOCKET": path, "WATCHDOG_USEC": "2000000"}) as server:
        said = [listener.recv(4096).decode()]
        assert said[0] == "READY=1"
        while said.count("WATCHDOG=1") < 3:
            said.append(listener.recv(4096).decode())
        assert set(said[1:]) == {"WATCHDOG=1"}
        server.process.send_signal(signal.SIGHUP)
        while not any(s.startswith("RELOADING=1\nMONOTONIC_USEC=") for s in said):
            said.append(listener.recv(4096).decode())
        while said[-1] != "READY=1":
            said.append(listener.recv(4096).decode())
        server.process.terminate()
        while said[-1] != "STOPPING=1":
            said.append(listener.recv(4096).decode())
        assert server.stop() == 0


BLOCKS = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>
/* A disk that stands still for as long as a file is there. */
int fdatasync(int fd)
{
    while (access(getenv("STANDSTILL"), F_OK) == 0) {
        usleep(1000);
    }
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
"""


def starves_when_stuck():
    """the watchdog is not fed while the disk stands still, says so once, and is fed again afterwards"""
    at = folder()
    with open(os.path.join(at, "blocks.c"), "w") as source:
        source.write(BLOCKS)
    library, still = os.path.join(at, "blocks.so"), os.path.join(at, "still")
    if subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source.name, "-ldl"], capture_output=True).returncode != 0:
        return "no compiler"
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(os.path.join(at, "notify"))
    env = {"NOTIFY_SOCKET": os.path.join(at, "notify"), "WATCHDOG_USEC": "1000000", "LD_PRELOAD": library, "STANDSTILL": still,
           "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}
    with Server(env=env) as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        open(still, "w").close()
        entry = council.post(ann)
        number = client.send("log.append", {"entry": entry.wire()})
        deadline = time.monotonic() + TIMEOUT
        while '"stuck"' not in server.log():
            assert time.monotonic() < deadline
            time.sleep(0.02)
        listener.setblocking(False)
        try:
            while True:
                listener.recv(4096)
        except BlockingIOError:
            pass
        listener.settimeout(1.5)
        try:
            assert False, listener.recv(4096)
        except socket.timeout:
            pass
        os.unlink(still)
        listener.settimeout(TIMEOUT)
        assert listener.recv(4096) == b"WATCHDOG=1"
        assert client.wait(number)["seq"] == 3
        assert server.log().count('"stuck"') == 1 and '"thread":"storage"' in server.log()


def says_how_it_is_used():
    """wrong use names the word that is wrong and where help is; a word that nobody reads is wrong"""
    nothing = councild("frobnicate")
    assert nothing.returncode == 64 and "frobnicate" in nothing.stderr and len(nothing.stderr.splitlines()) == 1, nothing
    for words in (["serve", "now"], ["stats", "all"], ["code"], ["code", "create", "--uses", "0"], ["limits", "set"], ["backup"], ["key", "--frob", "show"]):
        done = councild(*words, "--data", "/nowhere")
        assert done.returncode == 64 and "councild: see councild %s --help\n" % words[0] in done.stderr, done
    with Server() as server:
        done = councild("code", "revoke", "abc", "--data", server.data)
        assert done.returncode == 1 and "no such code" in done.stderr, done
    at = folder()
    done = councild("serve", "--data", at, "--listen", "127.0.0.1:0", "--tls-cert", at + "/none.pem", "--tls-key", at + "/none.pem")
    assert done.returncode == 69 and "none.pem: No such file" in done.stderr, done
    # what has the wrong form is said before anything is made; what is well said and cannot be had is another matter
    place = os.path.join(at, "data")
    for option, value, form in [("--listen", v, "HOST:PORT") for v in ("8440", "127.0.0.1", "127.0.0.1:", "127.0.0.1:http", "127.0.0.1:65536", "::1:8440")] + \
            [("--origin", v, "https://HOST[:PORT]") for v in ("council.example.org", "ftp://council.example.org", "unix:/run/x", "https://a b")] + \
            [("--tls-cert", at + "/none.pem", "--tls-key")]:
        done = councild("serve", "--data", place, option, value)
        assert done.returncode == 64 and option in done.stderr and form in done.stderr and "see councild serve --help" in done.stderr, done
        assert not os.path.exists(place), done
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = councild("serve", "--data", place, "--listen", "127.0.0.1:%d" % taken.getsockname()[1])
        assert done.returncode == 69 and "in use" in done.stderr, done


def completes_words():
    """completions for three shells: each shell takes them, and bash offers commands, words and choices"""
    at = folder()
    for shell, check in (("bash", ["bash", "-n"]), ("zsh", ["zsh", "-n"]), ("fish", ["fish", "--no-execute"])):
        said = councild("help", "--completion", shell)
        assert said.returncode == 0 and len(said.stdout) > 1000
        path = os.path.join(at, shell)
        with open(path, "w") as file:
            file.write(said.stdout)
        if shutil.which(check[0]):
            done = subprocess.run(check + [path], capture_output=True, text=True, timeout=TIMEOUT)
            assert done.returncode == 0 and not done.stderr, done.stderr
    script = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _councild; echo "${COMPREPLY[@]}" """
    for words, wanted in ((["councild", "ba"], "backup"), (["councild", "registration", "cl"], "closed"), (["councild", "key", "r"], "rotate"),
                          (["councild", "serve", "--registration", "o"], "open"), (["councild", "restore", "--comp"], "--complete")):
        done = subprocess.run(["bash", "-c", script, "-", os.path.join(at, "bash"), *words], capture_output=True, text=True, timeout=TIMEOUT)
        assert done.stdout.strip() == wanted, (words, done)
    assert councild("help", "--completion", "csh").returncode == 64


run(changes_limits, changes_registration, sets_quotas, lists_many_quotas, tells_the_largest, changes_its_key, finishes_a_change_of_key, tells_figures, changes_the_log,
    takes_a_new_certificate, speaks_to_systemd, starves_when_stuck, says_how_it_is_used, completes_words)
