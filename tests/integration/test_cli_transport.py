#!/usr/bin/python3
"""How a member reaches a server: over TLS with a named authority, over a Unix socket, by environment variables, and from a terminal without descriptors."""
import fcntl
import os
import pty
import shutil
import select
import signal
import subprocess
import termios
import time

from harness import BIN, FAILED, LOCKED, OFFLINE, OK, USAGE, World, case, check, environment, equal, has, lacks, main

world = World()
W = {}


def certificate(name, *alternatives):
    """A self-signed certificate for a day; its file and its key's."""
    path = os.path.join(world.folder, name)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=" + name,
                    "-addext", "subjectAltName=" + ",".join(alternatives), "-keyout", path + ".key", "-out", path + ".pem"],
                   check=True, capture_output=True, timeout=30)
    return path + ".pem", path + ".key"


@case("over TLS: with the right authority; another authority, another name and none are refused, and nothing is registered")
def tls():
    if not shutil.which("openssl"):
        return "openssl is not installed"
    cert, key = certificate("here", "IP:127.0.0.1")
    other, _ = certificate("elsewhere", "IP:127.0.0.1")
    named, named_key = certificate("named", "DNS:council.example.org")
    server = W["tls"] = World("--tls-cert", cert, "--tls-key", key)
    check(server.server.url.startswith("https://"), server.server.url)
    ada = server.member("ada", register=False)
    for wrong in (("--ca", other), ()):
        said = ada.run("register", "--server", server.server.url, "--timeout", 3, *wrong, code=(OFFLINE, FAILED))
        check(len(said.err.splitlines()) >= 2, "what to do next: " + said.err)
    ada.run("register", "--server", server.server.url, "--ca", "/nonexistent", code=FAILED)
    ada.run("register", "--server", server.server.url.replace("https", "http"), "--timeout", 3, code=(OFFLINE, FAILED))
    server.plant(ada.run("register", "--server", server.server.url, "--ca", cert).phrase)
    ada.run("create", "--pace", "fast", "--quiet", "--ca", cert, server.plant("Behind a certificate"))
    link = ada.run("invite", "open", "--ca", cert).out.strip()
    check(link.startswith("https://127.0.0.1:"), link)
    ben = server.member("ben", register=False)
    ben.run("join", "--name", "Ben", "--ca", cert, link)
    ben.note(server.plant("Over an encrypted line"), "--ca", cert)
    check("Over an encrypted line" in ada.texts("--ca", cert), "what came over TLS")
    ada.run("sync", "--timeout", 2, code=OFFLINE)
    server.server.options = ["--tls-cert", named, "--tls-key", named_key]
    server.server.restart()
    ada.run("sync", "--ca", named, "--timeout", 2, code=OFFLINE)
    return None


@case("over a Unix socket, without a port")
def unix():
    path = os.path.join(world.folder, "council.sock")
    world.server.options = ["--unix", path]
    world.server.restart()
    dev = world.member("dev", register=False)
    world.plant(dev.run("register", "--server", "unix:" + path).phrase)
    dev.run("create", "--pace", "slow", "--quiet", world.plant("On one machine alone"))
    dev.note(world.plant("Through a file"))
    equal(dev.texts(), ["Through a file"], "what came back")
    dev.run("register", "--server", "unix:/nonexistent", "--timeout", 2, "--home", dev.home + "-2", code=OFFLINE)
    world.server.options = []
    world.server.restart()


@case("environment variables name the home, the server and the council; options come before them; the default home is in the user's data folder")
def variables():
    ben = world.member("ben", register=False)
    user = os.path.join(world.folder, "user")
    settings = {"COUNCIL_HOME": None, "HOME": user, "XDG_DATA_HOME": "", "COUNCIL_SERVER": world.server.url}
    where = lambda **more: dict(settings, COUNCIL_HOME="", **more)
    world.plant(ben.run("register", env=where()).phrase)
    check(os.path.exists(os.path.join(user, ".local/share/council/home.db")), "the default home")
    equal(os.stat(os.path.join(user, ".local/share/council")).st_mode & 0o777, 0o700, "its mode")
    equal(os.stat(os.path.join(user, ".local/share/council/home.db")).st_mode & 0o777, 0o600, "its file's mode")
    world.plant(ben.run("register", env=where(XDG_DATA_HOME=os.path.join(user, "data"))).phrase)
    check(os.path.exists(os.path.join(user, "data/council/home.db")), "the home in XDG_DATA_HOME")
    for name in ("Left", "Right"):
        ben.run("create", "--pace", "slow", "--quiet", name, env=where())
    ben.run("note", "post", "-m", "to nobody in particular", env=where(), code=FAILED)
    ben.run("note", "post", "-m", "to the left", env=where(COUNCIL_COUNCIL="Left"))
    ben.run("note", "post", "-m", "to the right", "--council", "Right", env=where(COUNCIL_COUNCIL="Left"))
    has(ben.run("note", "list", env=where(COUNCIL_COUNCIL="Left")).out, "to the left")
    lacks(ben.run("note", "list", env=where(COUNCIL_COUNCIL="Left")).out, "to the right")
    has(ben.run("note", "list", "-C", "Right", "-H", os.path.join(user, ".local/share/council"), env={"COUNCIL_HOME": "/nonexistent"}).out, "to the right")


class Terminal:
    """A command with a terminal of its own and nothing else to read from."""

    def __init__(self, home, *args):
        pid, self.fd = pty.fork()
        if pid == 0:
            os.execve(os.path.join(BIN, "council"), ["council"] + list(args), environment(COUNCIL_HOME=home))
        self.pid, self.seen = pid, ""

    def read(self, until=None, seconds=20):
        end = time.monotonic() + seconds
        while until is None or until not in self.seen:
            check(time.monotonic() < end, "the terminal shows %r, not %r" % (self.seen, until))
            if not select.select([self.fd], [], [], 0.2)[0]:
                continue
            try:
                more = os.read(self.fd, 4096)
            except OSError:
                more = b""
            if not more:
                check(until is None, "the terminal ended with %r, without %r" % (self.seen, until))
                break
            self.seen += more.decode(errors="replace")

    def type(self, prompt, text):
        self.read(prompt)
        self.seen = self.seen.split(prompt, 1)[1]
        os.write(self.fd, text.encode() + b"\n")

    def end(self, code):
        self.read()
        got = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        equal(got, code, "exit code; the terminal shows %r" % self.seen)
        return self.seen


@case("at a terminal: secrets are asked for and never echoed, the phrase is shown once, and typing two different ones changes nothing")
def terminal():
    home = os.path.join(world.folder, "homes", "typed")
    register = Terminal(home, "register", "--server", world.server.url)
    register.type("New passphrase for this home: ", "one thing")
    register.type("again: ", "another thing")
    has(register.end(LOCKED), "not the same")
    register = Terminal(home, "register", "--server", world.server.url)
    register.type("New passphrase for this home: ", "open sesame seeds")
    register.type("again: ", "open sesame seeds")
    shown = register.end(OK)
    lacks(shown, "open sesame", "the terminal")
    phrase = " ".join([line for line in shown.replace("\r", "").split("\n") if len(line.split()) == 12 and line.startswith("    ")][0].split())
    world.plant(phrase)
    status = Terminal(home, "status")
    status.type("Passphrase: ", "open sesame seeds")
    lacks(status.end(OK), "open sesame", "the terminal")
    wrong = Terminal(home, "status")
    wrong.type("Passphrase: ", "close sesame")
    has(wrong.end(LOCKED), "does not open this home")
    change = Terminal(home, "passphrase")
    change.type("Passphrase: ", "open sesame seeds")
    change.type("New passphrase: ", "a better one")
    change.type("again: ", "a better one")
    change.end(OK)
    recover = Terminal(home + "-again", "recover", "--server", world.server.url)
    recover.type("twelve words): ", phrase)
    recover.type("New passphrase for this home: ", "on the new machine")
    recover.type("again: ", "on the new machine")
    seen = recover.end(OK)
    lacks(seen, phrase.split()[3] + " " + phrase.split()[4], "the terminal")
    leave = Terminal(home + "-again", "create", "--pace", "slow", "Typed")
    leave.type("Passphrase: ", "on the new machine")
    leave.end(OK)
    leave = Terminal(home + "-again", "leave")
    leave.type("Passphrase: ", "on the new machine")
    leave.type("[y/N] ", "n")
    has(leave.end(FAILED), "Nothing was done")


@case("an interrupt at a passphrase prompt ends the command by that signal and gives the terminal its echo back")
def interrupted():
    home = os.path.join(world.folder, "homes", "typed")
    master, slave = pty.openpty()
    echo = lambda: termios.tcgetattr(slave)[3] & termios.ECHO
    check(echo(), "the terminal echoes at first")

    def own_terminal():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # a shell that put the tests into the background had it ignored
        os.setsid()
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)

    process = subprocess.Popen([os.path.join(BIN, "council"), "status"], stdin=slave, stdout=slave, stderr=slave, preexec_fn=own_terminal,
                               env=environment(COUNCIL_HOME=home))
    seen = b""
    while b"Passphrase: " not in seen:
        check(select.select([master], [], [], 20)[0], "the prompt came")
        seen += os.read(master, 4096)
    check(not echo(), "it does not echo while a secret is asked for")
    os.write(master, b"half\x03")
    equal(process.wait(20), -signal.SIGINT, "how it ended")
    check(echo(), "the terminal echoes again")
    os.close(master)
    os.close(slave)


@case("without a terminal and without a descriptor a command says which option it needs")
def neither():
    done = subprocess.run([os.path.join(BIN, "council"), "status"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30, start_new_session=True,
                          env=environment(COUNCIL_HOME=os.path.join(world.folder, "homes", "typed")))
    equal(done.returncode, LOCKED, done.stderr.decode())
    has(done.stderr.decode(), "--passphrase-fd")


@case("history from joining on: a newcomer reads nothing of before, and everything since")
def joined_history():
    ada = world.member("ada-joined")
    ada.run("create", "--pace", "fast", "--history", "joined", "--quiet", world.plant("From now on only"))
    ada.note(world.plant("Before anybody came"))
    link = ada.run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    chloe = world.member("chloe-joined", register=False)
    chloe.run("join", "--name", "Chloe", link)
    ada.note(world.plant("Now that somebody came"))
    ada.run("sync")
    equal(chloe.texts(), ["Now that somebody came"], "what the newcomer reads")
    equal(ada.texts(), ["Before anybody came", "Now that somebody came"], "what the founder reads")


@case("exit code 2 for every option that is not there, and nothing is done")
def unknown_options():
    for command in (("register",), ("status",), ("note", "post", "-m", "x")):
        world.member("nobody", register=False).run(*command, "--no-such-option", code=USAGE)


main()
