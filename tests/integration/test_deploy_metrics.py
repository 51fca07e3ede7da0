#!/usr/bin/python3
"""Monitoring: the alert rules and their cases, the dashboard, the names in both, and a real Prometheus that reads a real server."""
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from deploying import TOP, example, free_port
from harness import World, case, check, die_with_parent, environment, equal, has, main

METRICS = os.path.join(TOP, "deploy/metrics")
PROXYD = "/lib/systemd/systemd-socket-proxyd"
W = {}


def read(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def published():
    """Every name that a server publishes: the table's, and the two that its comment names."""
    table = read("server/host/metrics.def")
    names = set(re.findall(r'^HOST_\w+\(\w+, "(\w+)"', table, re.M)) | {"councild_calls_failed_total", "councild_info"}
    check(len(names) > 30, "metrics.def was not understood: %r" % names)
    for name in re.findall(r'^HOST_HISTOGRAM\(\w+, "(\w+)"', table, re.M):
        names |= {name + "_bucket", name + "_sum", name + "_count"}
    return names


def named(text):
    return set(re.findall(r"\b(?:councild|process)_[a-z_]+\b", text))


def dashboard():
    return json.loads(read("deploy/metrics/dashboard.json"))


def expressions():
    """Every expression of the dashboard, with what Grafana puts in."""
    out = []
    for panel in dashboard()["panels"]:
        out += [target["expr"] for target in panel.get("targets", [])]
    out += [one["expr"] for one in dashboard()["annotations"]["list"]]
    return [expr.replace("$__rate_interval", "1m").replace("$instance", ".*") for expr in out]


def promtool(*args, code=0):
    done = subprocess.run(["promtool"] + list(args), capture_output=True, text=True, timeout=60, cwd=METRICS)
    check((done.returncode == 0) == (code == 0), "promtool %s: %s%s" % (" ".join(args), done.stdout, done.stderr))
    return done.stdout + done.stderr


@case("promtool finds the rules and the configuration good, and their cases play as written; a wrong threshold does not")
def rules():
    if not shutil.which("promtool"):
        return "promtool is not installed"
    promtool("check", "rules", "rules.yml")
    promtool("check", "config", "prometheus.yml")
    promtool("test", "rules", "rules.test.yml")
    with tempfile.TemporaryDirectory() as folder:
        example("metrics/rules.yml", [("/ councild_disk_size_bytes < 0.05", "/ councild_disk_size_bytes < 0.005")], os.path.join(folder, "rules.yml"))
        shutil.copy(os.path.join(METRICS, "rules.test.yml"), folder)
        promtool("test", "rules", os.path.join(folder, "rules.test.yml"), code=1)
    return None


@case("every name in rules, cases and dashboard is one that the server publishes, and every one of those is used")
def names():
    used = named(read("deploy/metrics/rules.yml")) | named("\n".join(expressions()))
    unknown = (used | named(re.sub(r"alertname: \w+", "", read("deploy/metrics/rules.test.yml")))) - published()
    check(not unknown, "not published by the server: %s" % sorted(unknown))
    check(named("rate(councild_nonsense_total[1m])") - published(), "a made-up name was not noticed")
    unused = {name for name in published() if not re.search("_(bucket|sum|count)$", name)
              and not any(one == name or one.startswith(name + "_") for one in used)} - {"councild_info"}
    check(not unused, "shown nowhere: %s" % sorted(unused))


@case("the dashboard is whole: ids once, panels side by side, expressions that Prometheus can read, and severities that somebody is told")
def board():
    panels = dashboard()["panels"]
    ids = [panel["id"] for panel in panels]
    equal(len(set(ids)), len(ids), "ids that are there once")
    taken = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        check(at["x"] + at["w"] <= 24 and not cells & taken, "panel %r overlaps" % panel["title"])
        taken |= cells
    for alert, severity in re.findall(r"- alert: (\w+)\n(?:.*\n)*?\s+labels: \{severity: (\w+)\}", read("deploy/metrics/rules.yml")):
        check(severity in ("page", "ticket"), alert)
    manual = read("docs/operations.md")
    for alert in re.findall(r"- alert: (\w+)", read("deploy/metrics/rules.yml")):
        has(manual, alert, "docs/operations.md (what to do when)")
    if not shutil.which("promtool"):
        return "promtool is not installed; the expressions were not read"
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "all.yml")
        with open(path, "w") as file:
            json.dump({"groups": [{"name": "all", "rules": [{"record": "x:%d" % n, "expr": e} for n, e in enumerate(expressions())]}]}, file)
        promtool("check", "rules", path)
    return None


def scrape(path):
    with socket.socket(socket.AF_UNIX) as sock:
        sock.settimeout(20)
        sock.connect(path)
        sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
        text = b""
        while True:
            more = sock.recv(65536)
            if not more:
                return text.decode()
            text += more


@case("a running server publishes every name of its table, in a form that promtool finds good, and nobody's name or address")
def published_really():
    world = W["world"] = World()
    ada, ben = W["people"] = world.council("ada", "ben", title="Counted, not named")
    ada.note(world.plant("A note that is counted"))
    text = scrape(os.path.join(world.server.data, "metrics.sock"))
    has(text, "200 OK")
    body = text.split("\r\n\r\n", 1)[1]
    there = set(re.findall(r"^([a-z_]+)", body, re.M))
    there |= set(re.findall(r"^# TYPE (\S+)", body, re.M))
    check(published() <= there, "missing: %s" % sorted(published() - there))
    for form, word in world.forms().items():
        check(form not in text.encode(), "%r is in the metrics" % word)
    labels = set(re.findall(r'([a-z_]+)="', body))
    check(labels <= {"le", "error", "version"}, "labels: %s" % labels)
    check(re.search(r"^councild_appends_total [1-9]", body, re.M), "entries were stored")
    if shutil.which("promtool"):
        done = subprocess.run(["promtool", "check", "metrics"], input=body, capture_output=True, text=True, timeout=30)
        check(done.returncode in (0, 3) and "error" not in done.stderr, "promtool check metrics: " + done.stderr)


def ask(port, path, **query):
    url = "http://127.0.0.1:%d%s?%s" % (port, path, urllib.parse.urlencode(query))
    with urllib.request.urlopen(url, timeout=20) as answer:
        return json.loads(answer.read())


@case("Prometheus with the example's configuration reads the server through the socket's proxy; the dashboard's questions have answers; no alert")
def prometheus():
    if not shutil.which("prometheus") or not os.path.exists(PROXYD):
        return "prometheus or systemd-socket-proxyd is not installed"
    world, (ada, _) = W["world"], W["people"]
    # systemd's part: the listening socket at descriptor 3.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    line = re.search(r"^ExecStart=(.*)$", read("deploy/systemd/councild-metrics.service"), re.M).group(1)
    check("/var/lib/councild/metrics.sock" in line and line.startswith(PROXYD), line)
    command = line.replace("/var/lib/councild", world.server.data)

    folder = os.path.join(world.folder, "prometheus")
    os.mkdir(folder)
    with open(os.path.join(folder, "log"), "wb") as log:
        proxy = subprocess.Popen(["bash", "-c", "export LISTEN_PID=$$ LISTEN_FDS=1; exec %s 3<&%d" % (command, listener.fileno())], pass_fds=[listener.fileno()],
                                 preexec_fn=die_with_parent, env=environment(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    config = example("metrics/prometheus.yml", [("127.0.0.1:9440", "127.0.0.1:%d" % port), ("scrape_interval: 15s", "scrape_interval: 1s")],
                     os.path.join(folder, "prometheus.yml"))
    shutil.copy(os.path.join(METRICS, "rules.yml"), folder)
    web = free_port()
    with open(os.path.join(folder, "log"), "ab") as log:
        server = subprocess.Popen(["prometheus", "--config.file=" + config, "--storage.tsdb.path=" + os.path.join(folder, "data"),
                                   "--web.listen-address=127.0.0.1:%d" % web], stdout=log, stderr=log, stdin=subprocess.DEVNULL, preexec_fn=die_with_parent,
                                  env=environment())
    world.processes += [proxy, server]
    try:
        end, value = time.monotonic() + 40, None
        while value is None or float(value) < 1:
            check(time.monotonic() < end and server.poll() is None and proxy.poll() is None, "nothing was read: %r %r %s" % (server.poll(), proxy.poll(), read(os.path.join(folder, "log"))[-2000:]))
            try:
                found = ask(web, "/api/v1/query", query="councild_appends_total")["data"]["result"]
                value = found[0]["value"][1] if found else None
            except OSError:
                pass
            select.select([], [], [], 0.2)
        before_note = float(value)
        ada.note(world.plant("One more that is counted"))
        while float(ask(web, "/api/v1/query", query="councild_appends_total")["data"]["result"][0]["value"][1]) <= before_note:
            check(time.monotonic() < end, "a new entry is not counted")
            select.select([], [], [], 0.2)
        empty = []
        for expr in expressions():
            said = ask(web, "/api/v1/query", query=expr)
            equal(said["status"], "success", expr)
            if not said["data"]["result"]:
                empty.append(expr)
        # What has no answer yet needs an error, a restart or a backup to have happened.
        check(all(re.search("calls_failed|changes|backup_running", expr) for expr in empty), "no answer: %s" % empty)
        firing = [one["labels"]["alertname"] for one in ask(web, "/api/v1/alerts")["data"]["alerts"] if one["state"] == "firing"]
        equal(firing, [], "alerts of a healthy server")
    finally:
        for process in (server, proxy):
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            world.processes.remove(process)
        listener.close()
    return None


main()
