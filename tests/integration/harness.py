"""harness.py - councils of real processes: a server that can be stopped, killed and restarted, and members with homes of their own.

Owns temporary folders, processes and what is watched in every one of them: exit codes, time limits, sanitizer reports, and that
planted words never reach the server's disk, log, memory, figures or backups, and what opens a home is not in it. Must not know what a
single test is about. Invariant: when a test program ends, however it ends, no process and no file of it is left.
"""
import ctypes
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import leaks
from tap import Failure, case, check, equal, has, lacks, run  # noqa: F401, tests take them from here

BIN = os.environ.get("COUNCIL_BIN", os.path.join(os.path.dirname(__file__), "../../build/asan/bin"))
COMMAND_SECONDS = 90
# Passphrases are cheap in most tests of commands: see tests/hostile/passphrase.c. Absent, all of it works, and takes longer.
CHEAP = os.path.join(os.path.abspath(BIN), "hostile-passphrase.so")
# A report of a sanitizer must not look like an exit code of ours.
SANITIZER_EXIT = 99
REPORTS = ("ERROR: AddressSanitizer", "ERROR: LeakSanitizer", "runtime error:", "AddressSanitizer:DEADLYSIGNAL", "Assertion `")
OK, FAILED, USAGE, OFFLINE, REFUSED, LOCKED, SERVER = range(7)


def environment(**more):
    env = {k: v for k, v in os.environ.items() if not k.startswith("COUNCIL_")}
    sanitizer = ":exitcode=%d" % SANITIZER_EXIT
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "detect_leaks=1") + sanitizer
    env["UBSAN_OPTIONS"] = env.get("UBSAN_OPTIONS", "halt_on_error=1:print_stacktrace=1") + sanitizer
    env["LC_ALL"] = "C.UTF-8"
    env["TZ"] = "Europe/Berlin"
    env.pop("VISUAL", None)
    env.pop("EDITOR", None)
    env.update({k: v for k, v in more.items() if v is not None})
    if os.path.exists(CHEAP):
        env["LD_PRELOAD"] = ":".join(filter(None, (env.get("LD_PRELOAD"), CHEAP)))
        env["ASAN_OPTIONS"] += ":verify_asan_link_order=0"
    return env


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def clean(text, who):
    for report in REPORTS:
        if report in text:
            raise Failure("%s: %s" % (who, text[-6000:]))


class Result:
    def __init__(self, args, code, out, err, phrase=""):
        self.args, self.code, self.out, self.err, self.phrase = args, code, out, err, phrase
        self.text = out + err

    def lines(self):
        """The objects that --json printed."""
        return [json.loads(line) for line in self.out.splitlines() if line]

    def one(self):
        objects = self.lines()
        check(len(objects) == 1, "%s: one JSON object, not %r" % (" ".join(self.args), self.out))
        return objects[0]

    def error(self):
        """The name of the error that --json printed."""
        return json.loads(self.err.splitlines()[-1])["error"]


class Server:
    """One councild with a folder of its own; its port stays the same over restarts."""

    def __init__(self, folder, options=()):
        self.folder, self.options = folder, list(options)
        self.data, self.log = os.path.join(folder, "server"), os.path.join(folder, "server.log")
        self.port, self.process, self.url = 0, None, None

    def start(self):
        ready, write = os.pipe()
        command = [os.path.join(BIN, "councild"), "serve", "--data", self.data, "--listen", "127.0.0.1:%d" % self.port,
                   "--ready-fd", str(write)]
        if "--registration" not in self.options:
            command += ["--registration", "open"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command + self.options, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=[write],
                                            env=environment(), preexec_fn=die_with_parent)
        os.close(write)
        line, end = b"", time.monotonic() + 60
        while not line.endswith(b"\n") and select.select([ready], [], [], max(0, end - time.monotonic()))[0]:
            more = os.read(ready, 4096)
            if not more:
                break
            line += more
        os.close(ready)
        check(line, "the server did not start:\n" + self.tail())
        self.url = json.loads(line)["urls"][0]
        self.port = int(self.url.rsplit(":", 1)[1])

    def tail(self):
        with open(self.log, errors="replace") as log:
            return log.read()[-4000:]

    def kill(self):
        """kill -9, as a power cut would."""
        self.process.kill()
        self.process.wait(COMMAND_SECONDS)
        self.process = None

    def stop(self, code=0):
        """The operator's way."""
        if not self.process:
            return
        self.process.terminate()
        got = self.process.wait(COMMAND_SECONDS)
        self.process = None
        if got != code:
            raise Failure("councild ended with %r, not %r:\n%s" % (got, code, self.tail()))

    def restart(self):
        self.stop()
        self.start()

    def verify(self, code=0):
        done = subprocess.run([os.path.join(BIN, "councild"), "verify", "--data", self.data], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=COMMAND_SECONDS, env=environment())
        text = (done.stdout + done.stderr).decode(errors="replace")
        clean(text, "councild verify")
        check(done.returncode == code, "councild verify ended with %d, not %d:\n%s" % (done.returncode, code, text))
        return text

    def ask(self, command, *args):
        """What councild COMMAND prints about this server's data; it must work."""
        data = () if "--from" in args else ("--data", self.data)
        done = subprocess.run([os.path.join(BIN, "councild"), command, *args, *data], stdin=subprocess.DEVNULL, capture_output=True,
                              timeout=COMMAND_SECONDS, env=environment())
        clean(done.stderr.decode(errors="replace"), "councild " + command)
        check(done.returncode == 0, "councild %s ended with %d:\n%s" % (command, done.returncode, done.stderr.decode(errors="replace")))
        return done.stdout + done.stderr

    def metrics(self):
        """/metrics, from the socket for operators."""
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(COMMAND_SECONDS)
            sock.connect(os.path.join(self.data, "metrics.sock"))
            sock.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            said = b""
            while more := sock.recv(65536):
                said += more
        check(b"councild_" in said, "no figures: %r" % said[:300])
        return said

    def files(self):
        for folder, _, names in os.walk(self.data):
            for name in names:
                if os.path.isfile(os.path.join(folder, name)):
                    yield os.path.join(folder, name)
        yield self.log


class Member:
    """One home and whoever sits before it."""

    def __init__(self, world, name, home=None):
        self.world, self.name = world, name
        self.home = home or os.path.join(world.folder, "homes", name)
        self.passphrase = "passphrase of " + name
        self.phrase = None

    def start(self, *args, passphrase=None, phrase=None, new_passphrase=None, env=None, stdin=subprocess.DEVNULL, agent=False, **popen):
        """Starts a command; secrets go through pipes. Returns the process; its phrase_fd is the reading end for a new phrase, or None."""
        args, fds = [str(a) for a in args], []

        def secret(text):
            read, write = os.pipe()
            os.write(write, text.encode() + b"\n")
            os.close(write)
            fds.append(read)
            return str(read)

        more = {"COUNCIL_HOME": self.home}
        if not agent:
            more["COUNCIL_PASSPHRASE_FD"] = secret(self.passphrase if passphrase is None else passphrase)
        if new_passphrase is not None:
            args += ["--new-passphrase-fd", secret(new_passphrase)]
        phrase_fd = None
        if args[0] in ("register", "join"):
            phrase_fd, write = os.pipe()
            fds.append(write)
            args += ["--phrase-fd", str(write)]
        elif args[0] == "recover":
            args += ["--phrase-fd", secret(self.phrase if phrase is None else phrase)]
        more.update(env or {})
        process = subprocess.Popen([os.path.join(BIN, "council")] + args, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, pass_fds=fds,
                                   env=environment(**more), preexec_fn=popen.pop("preexec_fn", die_with_parent), **popen)
        for fd in fds:
            os.close(fd)
        process.phrase_fd, process.given = phrase_fd, args
        self.world.processes.append(process)
        return process

    def finish(self, process, code=OK, text=None, seconds=COMMAND_SECONDS):
        """Waits for a command and checks what every command owes: its exit code, JSON where asked for, no sanitizer's report."""
        try:
            out, err = process.communicate(text, timeout=seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            raise Failure("%s: council %s did not end:\n%s" % (self.name, " ".join(process.given), (out + err).decode(errors="replace")))
        finally:
            phrase = b""
            if process.phrase_fd is not None:
                phrase = os.read(process.phrase_fd, 4096)
                os.close(process.phrase_fd)
                process.phrase_fd = None
        self.world.processes.remove(process)
        result = Result(process.given, process.returncode, out.decode(errors="surrogateescape"), err.decode(errors="surrogateescape"), phrase.decode().strip())
        if result.phrase:
            self.phrase = result.phrase
        what = "%s: council %s" % (self.name, " ".join(process.given))
        clean(result.err, what)
        codes = (code,) if isinstance(code, int) else code
        if codes is not None and result.code not in codes:
            raise Failure("%s ended with %d, not %r:\n%s\nserver: %s" % (what, result.code, code, result.text[-3000:], self.world.server.tail()[-1500:]))
        if "--json" in process.given:
            try:
                result.lines()
            except ValueError:
                raise Failure("%s printed what is not JSON:\n%s" % (what, result.out))
        used = process.given[:2] if " ".join(process.given[:2]) in self.world.commands else process.given[:1]
        self.world.used.add((" ".join(used), "--json" in process.given))
        return result

    def run(self, *args, code=OK, text=None, seconds=COMMAND_SECONDS, **more):
        """council ARGS with `text` (bytes or str) on its standard input."""
        if isinstance(text, str):
            text = text.encode()
        process = self.start(*args, stdin=subprocess.PIPE if text is not None else subprocess.DEVNULL, **more)
        return self.finish(process, code, text, seconds)

    def notes(self, *args):
        return self.run("note", "list", "--json", "-n", 0, *args).lines()

    def texts(self, *args):
        return [note["text"] for note in self.notes(*args)]

    def note(self, text, *args, code=OK):
        return self.run("note", "post", "--json", "-m", text, *args, code=code)

    def status(self, *args):
        return self.run("status", "--json", *args).one()


class World:
    """A temporary folder, a server in it, members, and the words that must stay among them."""

    def __init__(self, *options, start=True):
        self.folder = tempfile.mkdtemp(prefix="council-test-")
        self.processes, self.members, self.words, self.used, self.commands = [], [], set(), set(), set()
        self.server = Server(self.folder, options)
        self.ended = False
        worlds.append(self)
        if start:
            self.server.start()

    def member(self, name, register=True):
        member = Member(self, name)
        self.members.append(member)
        if register:
            member.run("register", "--server", self.server.url, "--quiet")
            self.plant(member.phrase)
        return member

    def plant(self, text):
        """A text, of ASCII or not, that must be nowhere at the server."""
        self.words.add(text)
        return text

    def council(self, *names, pace="fast", title="A council of tests", options=()):
        """Registers the named, founds a council by the first, lets the others join by one link."""
        people = [self.member(names[0])]
        people[0].run("create", "--pace", pace, self.plant(title), "--quiet", *options)
        if len(names) > 1:
            link = people[0].run("invite", "open", "--uses", len(names) - 1).out.strip()
            self.plant(link.split("#")[1])
        people[0].run("profile", "--name", names[0].capitalize(), "--quiet")
        for name in names[1:]:
            member = self.member(name, register=False)
            member.run("join", "--name", name.capitalize(), "--quiet", link)
            self.plant(member.phrase)
            people.append(member)
        return people

    # ---- what must not be at the server ----

    def forms(self):
        return leaks.forms_of(self.words)

    def lacks_words(self, chunks, where, words=None):
        found = leaks.found_in(chunks, self.words if words is None else words)
        check(not found, "%r is in %s" % (sorted(found), where))

    def search_files(self):
        for path in self.server.files():
            self.lacks_words(leaks.file_chunks(path), "the server's file " + path)

    def search_memory(self):
        """The memory of the running server, which is what a core file would hold."""
        self.lacks_words(leaks.memory_chunks(self.server.process.pid), "the server's memory")

    def search_said(self):
        """What a running server tells its operator: figures, limits, a backup, an export of that."""
        backup = os.path.join(self.folder, "searched.backup")
        try:
            for args in (("backup", backup), ("stats", "--json"), ("limits", "--json")):
                self.lacks_words([self.server.ask(*args)], "what councild %s printed" % args[0])
            self.lacks_words(leaks.file_chunks(backup), "a backup")
            self.lacks_words([self.server.ask("export", "-", "--from", backup)], "an export")
            self.lacks_words([self.server.metrics()], "/metrics")
        finally:
            if os.path.exists(backup):
                os.unlink(backup)

    def search_homes(self):
        """What opens everything is nowhere in a member's home, and what was written is there sealed only."""
        for member in self.members:
            secrets = {secret for secret in (member.phrase, member.passphrase) if secret}
            for folder, _, names in os.walk(member.home):
                for name in names:
                    path = os.path.join(folder, name)
                    if os.path.isfile(path):
                        self.lacks_words(leaks.file_chunks(path), "%s's home: %s" % (member.name, name), secrets)

    def end(self):
        """Stops everything, then searches and looks at what the server said."""
        if self.ended:
            return
        self.ended = True
        try:
            if os.path.isdir(self.server.data):
                self.search_files()
            if self.server.process and self.server.process.poll() is None:
                self.search_memory()
                self.search_said()
            self.search_homes()
            self.server.stop()
            if os.path.isdir(self.server.data):
                self.search_files()
            clean(self.server.tail(), "councild")
        finally:
            self.wipe()

    def wipe(self):
        for process in self.processes + ([self.server.process] if self.server.process else []):
            if process.poll() is None:
                process.kill()
                process.wait()
        self.processes, self.server.process = [], None
        shutil.rmtree(self.folder, ignore_errors=True)


worlds = []


def end_worlds():
    for world in worlds:
        world.end()


def wipe_worlds():
    for world in worlds:
        world.wipe()


def main():
    """Runs the cases of a program; the last one is that nothing leaked and nothing was reported, in any world."""
    run(("planted words are nowhere at the server, the server ended well, no sanitizer reported", end_worlds), wipe_worlds)
