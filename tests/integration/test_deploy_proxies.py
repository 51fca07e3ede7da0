#!/usr/bin/python3
"""The reverse-proxy examples of deploy/, started as they stand (names, ports, certificates put in) before a real server with real members."""
import atexit
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import wsclient
from deploying import TOP, authority, example, free_port
from harness import BIN, OFFLINE, World, case, check, environment, equal, has, lacks, main

PING_DEFAULT = 60


def end_with_parent():
    """By SIGTERM: a proxy that is killed would leave its workers behind."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM)


class Proxy:
    """A proxy in the foreground with a folder of its own."""

    def __init__(self, folder, server_port, ca, more=()):
        self.folder, self.ca, self.port = folder, ca, free_port()
        self.server_port, self.more = server_port, list(more)
        self.url = "https://localhost:%d" % self.port
        self.process = None

    def start(self):
        self.write()
        self.log = os.path.join(self.folder, self.name + ".log")
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=self.env(), preexec_fn=end_with_parent)
        end = time.monotonic() + 30
        while True:
            check(time.monotonic() < end and self.process.poll() is None, "%s did not start: %s" % (self.name, self.said()))
            try:
                if wsclient.http(self.url, "GET /readyz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % self.port)[0] == 200:
                    return self
            except OSError:
                pass
            time.sleep(0.05)  # between two tries, not instead of one

    def env(self):
        return environment(HOME=self.folder, XDG_DATA_HOME=self.folder, XDG_CONFIG_HOME=self.folder)

    def said(self):
        with open(self.log, errors="replace") as log:
            return log.read()[-3000:]

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Caddy(Proxy):
    name = "caddy"

    def write(self):
        ca, cert, key = self.ca
        self.config = example("caddy/Caddyfile", [
            ("council.example.org {", "https://localhost:%d {\n\ttls %s %s\n\tbind 127.0.0.1" % (self.port, cert, key)),
            ("127.0.0.1:8440 {", "127.0.0.1:%d {" % self.server_port),
            ("{\n\tservers {", "{\n\tadmin unix/%s/admin.sock\n\tauto_https disable_redirects\n\tskip_install_trust\n\tservers {" % self.folder),
        ] + self.more, os.path.join(self.folder, "Caddyfile"))

    def command(self):
        return ["caddy", "run", "--config", self.config, "--adapter", "caddyfile"]

    def reload(self):
        # A reload of what did not change is none.
        with open(self.config, "a") as file:
            file.write("\n# changed\n")
        text = open(self.config).read().replace('respond "not found" 404', 'respond "nothing here" 404')
        open(self.config, "w").write(text)
        done = subprocess.run(["caddy", "reload", "--config", self.config, "--adapter", "caddyfile", "--address", "unix/%s/admin.sock" % self.folder],
                              capture_output=True, text=True, timeout=30, env=self.env())
        check(done.returncode == 0, "caddy reload: " + done.stderr)


class Nginx(Proxy):
    name = "nginx"

    def write(self):
        ca, cert, key = self.ca
        site = example("nginx/council.conf", [
            ("    listen [::]:443 ssl backlog=4096;\n", ""),
            ("listen 443 ssl backlog=4096", "listen 127.0.0.1:%d ssl backlog=4096" % self.port),
            ("server_name council.example.org", "server_name localhost"),
            ("/etc/letsencrypt/live/council.example.org/fullchain.pem", cert),
            ("/etc/letsencrypt/live/council.example.org/privkey.pem", key),
            ("127.0.0.1:8440", "127.0.0.1:%d" % self.server_port),
        ] + self.more, os.path.join(self.folder, "council.conf"))
        self.config = os.path.join(self.folder, "nginx.conf")
        temp = "".join("%s_temp_path %s/%s;" % (kind, self.folder, kind) for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        with open(self.config, "w") as file:
            file.write("daemon off; pid %s/nginx.pid; error_log stderr warn; worker_processes 2;%s\nevents { worker_connections 256; }\n"
                       "http { access_log %s/access.log; %s include %s; }\n"
                       % (self.folder, " user root;" if os.getuid() == 0 else "", self.folder, temp, site))

    def command(self):
        return ["nginx", "-e", "stderr", "-p", self.folder, "-c", self.config]

    def reload(self):
        os.kill(self.process.pid, signal.SIGHUP)


W = {}


def world_behind(kind, *options, more=(), ping=PING_DEFAULT):
    """A server, the proxy before it (or why there is none), and members who know only the proxy's address."""
    world = World(start=False)
    ca = authority(world.folder)
    server_port = free_port()
    proxy = kind(world.folder, server_port, ca, more)
    # What the examples' comments and the environment file say.
    world.server.port = server_port
    world.server.options = ["--origin", proxy.url, "--forwarded-from", "127.0.0.1", "--registration", "open", "--ping", str(ping), *options]
    world.server.start()
    atexit.register(proxy.stop)
    proxy.start()
    world.server.url = proxy.url
    world.trust = {"COUNCIL_CA": ca[0]}
    return world, proxy


def there(kind):
    return shutil.which(kind.name) and shutil.which("openssl")


def stats(world):
    done = subprocess.run([os.path.join(BIN, "councild"), "stats", "--json", "--data", world.server.data], capture_output=True, text=True, timeout=60, env=environment())
    check(done.returncode == 0, done.stderr)
    return json.loads(done.stdout)


def follow(member, *args):
    """`council watch`; from the beginning, since what comes while it starts is not new to it."""
    process = member.start("watch", "--json", "--since", 0, *args)
    os.set_blocking(process.stdout.fileno(), False)
    process.buffer = b""
    return process


def until(process, text, seconds=40):
    end = time.monotonic() + seconds
    while text.encode() not in process.buffer:
        check(time.monotonic() < end and process.poll() is None, "watch shows %r, not %r" % (process.buffer[-2000:], text))
        process.buffer += process.stdout.read() or b""
        time.sleep(0.02)


def end_watch(member, process):
    process.send_signal(signal.SIGINT)
    process.wait(30)
    os.set_blocking(process.stdout.fileno(), True)
    member.finish(process, code=None)


def people(world):
    """Two members in a council, by the proxy alone."""
    ca = world.trust["COUNCIL_CA"]
    ada, ben = world.member("ada", register=False), world.member("ben", register=False)
    world.plant(ada.run("register", "--server", world.server.url, "--ca", ca).phrase)
    ada.run("create", "--pace", "fast", "--quiet", "--ca", ca, world.plant("Behind a proxy"))
    link = ada.run("invite", "open", "--ca", ca).out.strip()
    check(link.startswith(world.server.url + "/join#"), link)
    world.plant(link.split("#")[1])
    world.plant(ben.run("join", "--name", "Ben", "--ca", ca, link).phrase)
    return ada, ben


def weeks_work(kind):
    if not there(kind):
        return kind.name + " or openssl is not installed"
    # Only how long it waits for a body that does not come is shorter than it stands.
    world, proxy = world_behind(kind, more=[("read_body 10s", "read_body 1s")] if kind is Caddy else [("client_body_timeout   10s", "client_body_timeout 1s")])
    ca = world.trust["COUNCIL_CA"]
    ada, ben = people(world)
    watch = follow(ben, "--ca", ca)
    first = world.plant("Through TLS and a proxy")
    ada.note(first, "--ca", ca)
    until(watch, first)
    # A reload does not take the note that comes after it from anybody.
    proxy.reload()
    second = world.plant("After the proxy was reloaded")
    ada.note(second, "--ca", ca)
    until(watch, second)
    # Nor does a proxy that is gone and comes back.
    proxy.stop()
    ada.run("sync", "--timeout", 2, "--ca", ca, code=OFFLINE)
    ada.note(third := world.plant("Written while the proxy was gone"), "--offline")
    proxy.start()
    ada.run("sync", "--ca", ca)
    until(watch, third)
    end_watch(ben, watch)
    # The wrong authority: nobody is talked into another certificate.
    chloe = world.member("chloe", register=False)
    chloe.run("register", "--server", world.server.url, "--timeout", 3, code=(OFFLINE, 1))
    # No log of who was there, and none of what they asked for.
    for name in os.listdir(proxy.folder):
        if name.endswith(".log") and name != "server.log":
            text = open(os.path.join(proxy.folder, name), errors="replace").read()
            for form in ("/ws", "/join", "/readyz HTTP"):
                lacks(text, form, name)
            for form, word in world.forms().items():
                check(form not in text.encode(), "%r is in %s" % (word, name))
    W[kind.name] = (world, proxy)
    return None


def doors(kind):
    if not there(kind):
        return kind.name + " or openssl is not installed"
    world, proxy = W[kind.name]
    ask = lambda line, more="": wsclient.http(proxy.url, "%s HTTP/1.1\r\nHost: localhost:%d\r\n%s\r\n" % (line, proxy.port, more))
    for path, status in (("/healthz", 200), ("/readyz", 200), ("/metrics", 404), ("/", 404), ("/join", 404), ("/ws/", 404), ("/admin", 404), ("/debug/pprof/", 404)):
        equal(ask("GET " + path)[0], status, path)
    lacks(ask("GET /metrics")[1], "councild_", "/metrics")
    # Bodies: too long is refused; none of it gets to the server.
    check(ask("POST /ws", "Content-Length: 10000000\r\n")[0] in (400, 404, 405, 413, 502), "a long body's status")
    equal(ask("GET /readyz")[0], 200, "afterwards")
    # Origin is passed on and decided by the server.
    for origin in (None, proxy.url):
        wsclient.WebSocket(proxy.url, origin=origin).close()
    for origin in ("https://evil.example", "null", proxy.url + "0"):
        try:
            wsclient.WebSocket(proxy.url, origin=origin).close()
            check(False, "Origin %s was let in" % origin)
        except wsclient.Refused as refused:
            equal(refused.status, 403, "Origin " + origin)
    # The longest entry there may be goes through: a frame of half a million bytes.
    ca = world.trust["COUNCIL_CA"]
    ada = world.members[0]
    # A calendar is read through the proxy, which writes its address nowhere.
    path = ada.run("calendar", "create", "--ca", ca).out.strip()
    path = path[path.index("/calendar/"):]
    status, calendar = ask("GET " + path)
    equal(status, 200, "a calendar")
    has(calendar, "text/calendar")
    etag = re.search(r"(?i)etag: (\S+)", calendar).group(1)
    equal(ask("GET " + path, "If-None-Match: %s\r\n" % etag)[0], 304, "the same calendar")
    equal(ask("GET /calendar/" + "A" * 43 + ".ics")[0], 404, "an address that there is not")
    for name in os.listdir(proxy.folder):
        if name.endswith(".log"):
            lacks(open(os.path.join(proxy.folder, name), errors="replace").read(), path[10:53], name)
    words = world.plant("a long note of fifty thousand characters ")
    ada.note((words * 3000)[:60000], "--ca", ca)
    has(ada.texts("--ca", ca)[-1], words)
    return None


def limits(kind):
    if not there(kind):
        return kind.name + " or openssl is not installed"
    world, proxy = world_behind(kind, "--limit", "sessions-per-address=2")
    original, source = socket.create_connection, ["127.0.0.1"]
    socket.create_connection = lambda address, timeout=None: original(("127.0.0.1", address[1]), timeout, (source[0], 0))
    try:
        def enter(address, headers=""):
            """A greeted connection from that address, or the name of why not."""
            source[0] = address
            client = wsclient.Client(proxy.url, headers=headers)
            try:
                client.hello()
                return client
            except (wsclient.Closed, wsclient.Failure) as why:
                return str(why)
        held = [enter("127.0.0.2"), enter("127.0.0.2")]
        check(all(isinstance(one, wsclient.Client) for one in held), "two of one address: %r" % held)
        check(isinstance(enter("127.0.0.2"), str), "a third of one address came in")
        # What a client says of itself does not count: neither to get in nor to keep others out.
        for lie in ("X-Forwarded-For: 198.51.100.7\r\n", "X-Forwarded-For: 198.51.100.7, 198.51.100.8\r\n", "Forwarded: for=198.51.100.7\r\nX-Real-IP: 198.51.100.7\r\n"):
            check(isinstance(enter("127.0.0.2", lie), str), "let in by " + lie)
        other = enter("127.0.0.3", "X-Forwarded-For: 127.0.0.2\r\n")
        check(isinstance(other, wsclient.Client), "another address is kept out: %r" % other)
        held.pop().close()
        end = time.monotonic() + 20
        while not isinstance(enter("127.0.0.2"), wsclient.Client):
            check(time.monotonic() < end, "a place that became free stays taken")
        # The control: a server that does not believe the proxy counts all as one address.
        world.server.options = [o for o in world.server.options if o not in ("--forwarded-from", "127.0.0.1")]
        for one in held:
            one.close()
        url = world.server.url
        world.server.restart()
        world.server.url = url
        held = [enter("127.0.0.2"), enter("127.0.0.3")]
        check(isinstance(enter("127.0.0.4"), str), "without --forwarded-from everybody is the proxy")
    finally:
        socket.create_connection = original
    return None


def silence(kind, more, pings):
    """Which connections outlive five seconds of silence, by the --ping of their servers; all wait side by side."""
    clients = {}
    for ping in pings:
        _, proxy = world_behind(kind, more=more, ping=ping)
        clients[ping], _ = wsclient.newcomer(proxy.url)
    end, alive = time.monotonic() + 5, {}
    while (left := end - time.monotonic()) > 0:
        for ping, client in clients.items():
            try:
                client.message(min(0.2, max(0.01, left)))  # answers pings
            except TimeoutError:
                pass
            except wsclient.Closed:
                alive[ping] = False
        clients = {ping: client for ping, client in clients.items() if ping not in alive}
    for ping, client in clients.items():
        alive[ping] = client.call("council.list") is not None
    return alive


@case("nginx: members register, found, join, write and follow; a reload, a proxy gone and back, no log of anybody")
def nginx_week():
    return weeks_work(Nginx)


@case("nginx: only what is Council's is reachable, bodies are refused, Origin is the server's to judge, long entries pass")
def nginx_doors():
    return doors(Nginx)


@case("nginx: limits count for the client's own address, whatever it says of itself")
def nginx_limits():
    return limits(Nginx)


@case("nginx: its timeout is above what --ping needs; scaled down, silence is outlived with pings and not without")
def nginx_silence():
    text = open(os.path.join(TOP, "deploy/nginx/council.conf")).read()
    for name in ("proxy_read_timeout", "proxy_send_timeout"):
        seconds = int(re.search(name + r"\s+(\d+)s", text).group(1))
        check(seconds > PING_DEFAULT * 4 / 3, "%s %d s is below --ping %d s and its third" % (name, seconds, PING_DEFAULT))
    if not there(Nginx):
        return "nginx or openssl is not installed"
    equal(silence(Nginx, [("proxy_read_timeout 120s", "proxy_read_timeout 3s"), ("proxy_send_timeout 120s", "proxy_send_timeout 3s")], (1, 3600)),
          {1: True, 3600: False}, "who is still connected")
    return None


@case("caddy: members register, found, join, write and follow; a reload, a proxy gone and back, no log of anybody")
def caddy_week():
    return weeks_work(Caddy)


@case("caddy: only what is Council's is reachable, bodies are refused, Origin is the server's to judge, long entries pass")
def caddy_doors():
    return doors(Caddy)


@case("caddy: limits count for the client's own address, whatever it says of itself")
def caddy_limits():
    return limits(Caddy)


@case("caddy: its timeouts for HTTP do not end a silent WebSocket")
def caddy_silence():
    if not there(Caddy):
        return "caddy or openssl is not installed"
    equal(silence(Caddy, [("idle 30s", "idle 2s"), ("read_header 10s", "read_header 2s"), ("read_body 10s", "read_body 2s")], (3600,)),
          {3600: True}, "who is still connected")
    return None


main()
