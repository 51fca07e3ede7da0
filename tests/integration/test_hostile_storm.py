#!/usr/bin/python3
"""A server is killed and started again, and everybody comes back at once while those who were first are served.

  test_hostile_storm.py [--members N] [--within SECONDS]      (default: 1000; tests/hostile/long_storm.sh has ten thousand)

hostile-storm has the members come back, four to an address, with the server's default limits; hostile-members are those who were first.
What a login costs is paid by the verifiers, on all of them: the time that their threads were given is compared with the loop's. Controls: a
server with one verifier does not spread, one that stands still for the time does not let everybody in.
"""
import argparse
from test_hostile_peers import Load, FOUNDING, SLACK_MS, quick
from wsclient import *

options = argparse.ArgumentParser()
options.add_argument("--members", type=int, default=1000)
options.add_argument("--within", type=float, default=10.0 if SLACK_MS > 1000 else 5.0)
options = options.parse_args()
MANY = ["--limit", "sessions-per-address=1000000", "--limit", "address-burst=1000000000", "--limit", "address-rate=1000000000"]
state = {}


class Storm:
    def __init__(self, url, members):
        self.process = subprocess.Popen([os.path.join(os.environ["COUNCIL_BIN"], "hostile-storm"), "--url", url, "--members", str(members)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        atexit.register(self.process.kill)

    def ask(self, what):
        self.begin(what)
        return self.answer()

    def begin(self, what):
        self.process.stdin.write(what + "\n")
        self.process.stdin.flush()

    def answer(self):
        line = self.process.stdout.readline()
        assert line, self.process.stderr.read()[-500:]
        print("# " + line.strip())
        return json.loads(line)


def thread_times(server):
    """Each thread of the server: its name and the seconds of processor that it has had."""
    times, place = [], "/proc/%d/task" % server.process.pid
    for task in sorted(os.listdir(place), key=int):
        with open(os.path.join(place, task, "comm")) as name, open(os.path.join(place, task, "schedstat")) as file:
            times.append((name.read().strip(), int(file.read().split()[0]) / 1e9))
    return times


def processor():
    """Seconds of processor that the machine has spent on anything, and that a process and all of ours have had."""
    tick = os.sysconf("SC_CLK_TCK")
    with open("/proc/stat") as file:
        fields = [int(x) for x in file.readline().split()[1:9]]
    ours = sum(os.times()[:4])
    for process in (state["server"].process, state["storm"].process, state["load"].process):
        with open("/proc/%d/stat" % process.pid) as file:
            own = file.read().rsplit(")", 1)[1].split()
        ours += (int(own[11]) + int(own[12])) / tick
    return (sum(fields) - fields[3] - fields[4]) / tick, ours


def known_before():
    """members register and councils are founded; then the server is killed"""
    at = str(now_ms())
    with Server(None, *FOUNDING, *MANY, env=quick()) as server:
        state["data"], state["port"], state["at"] = server.data, port(server.url), at
        state["storm"] = Storm(server.url, options.members)
        state["storm"].ask("register")
        first = Load(server.url, "--at", at, "--councils", "4", "--rate", "100")
        first.line()
        first.process.stdin.close()
        assert first.process.wait(TIMEOUT) == 0
        server.kill()


def port(url):
    return url.rsplit(":", 1)[1]


def again(*more):
    server = Server(state["data"], "--verifiers", "2", *more, listen=("127.0.0.1:" + state["port"],), env=quick())
    atexit.register(server.kill)
    return server


def spread(server):
    """How evenly the work of the storm lay on the verifiers: the least of them against the most, and against the loop."""
    times = [seconds for name, seconds in thread_times(server) if name == "verifier"]
    print("# threads: %s" % ", ".join("%s %.2f s" % pair for pair in thread_times(server)))
    return min(times) / max(times) if len(times) > 1 else 0.0, sum(times)


def all_are_back():
    """everybody is logged in again in time, checked by all verifiers, and those who were first are served meanwhile"""
    server = state["server"] = again()
    load = state["load"] = Load(server.url, "--at", state["at"], "--councils", "4", "--rate", "100", "--again")
    load.line()
    load.phase("quiet")
    time.sleep(1.0)
    quiet = load.phase("storm")
    before = sum(s for n, s in thread_times(server) if n == "verifier")
    since, (busy, ours) = time.monotonic(), processor()
    said = state["storm"].ask("login")
    busy, ours = (now - then for now, then in zip(processor(), (busy, ours)))
    # What others had of the machine meanwhile, the storm had not.
    others = max(0.0, busy - ours) / ((time.monotonic() - since) * os.cpu_count())
    within = options.within / max(0.1, 1 - others)
    print("# others had %.0f %% of the machine: %.1f s for %.1f s" % (100 * others, within, options.within))
    during = load.end()
    print("# quiet %r\n# storm %r" % (quiet, during))
    even, checked = spread(server)
    assert said["logins"] == options.members and said["seconds"] <= within, said
    assert even > 0.4, "the verifiers' shares: %.2f" % even
    # A signature costs a verifier 30 µs at the very least: it was not the loop that checked them.
    assert checked - before >= options.members * 30e-6, checked - before
    slowest = (3 * quiet["p99_ms"] + 2 * SLACK_MS) * within / options.within * max(1, options.members / 2500)
    assert during["delivered"] == 8 * during["sent"] and during["p99_ms"] <= slowest, (during, slowest)


def controls():
    """one verifier alone is no spread; who cannot get in is not counted as being back"""
    state["storm"].process.kill()
    server = state["server"]
    server.kill()
    storm = Storm(server.url, 64)
    server = Server(None, "--verifiers", "1", *FOUNDING, *MANY, listen=("127.0.0.1:" + state["port"],), env=quick())
    atexit.register(server.kill)
    storm.ask("register")
    server.process.send_signal(signal.SIGSTOP)
    storm.begin("login")
    readable, _, _ = select.select([storm.process.stdout], [], [], 1.0)
    assert not readable, "a server that stands still let everybody in"
    server.process.send_signal(signal.SIGCONT)
    assert storm.answer()["seconds"] >= 1.0
    assert spread(server)[0] == 0.0
    assert server.stop() == 0, server.log()[-2000:]
    assert "Sanitizer" not in server.log() + state["server"].log()


if __name__ == "__main__":
    run(known_before, all_are_back, controls)
