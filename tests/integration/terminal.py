"""terminal.py - a council command on a terminal: one of tmux's, whose screen can be read, or a pty, whose every byte can be.

Owns the terminals and ends them with the test. Must not know what is shown. Invariant: nothing is waited for longer than WAIT_SECONDS, and no sleep decides anything.
"""
import atexit
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import harness
from tap import Failure

WAIT_SECONDS = 20
LIFE_SECONDS = 150
COUNT = [0]


def passphrase_file(member):
    """A file from which the passphrase is read, for commands that something else starts. It goes with the world's folder."""
    path = os.path.join(member.world.folder, "passphrase-" + member.name)
    if not os.path.exists(path):
        with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
            file.write(member.passphrase + "\n")
    return path


def until(what, look, seconds=WAIT_SECONDS):
    """Looks again until it is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise Failure("%s did not come" % what)
        time.sleep(0.05)  # between two looks


class Screen:
    """A command in a tmux of its own; the screen is what a person sees."""

    def __init__(self, member, *args, columns=80, lines=24, term="screen-256color", **env):
        COUNT[0] += 1
        self.member, self.folder = member, member.world.folder
        self.socket = os.path.join(self.folder, "tmux-%d" % COUNT[0])
        self.errors, self.code = self.socket + ".err", self.socket + ".code"
        more = harness.environment(COUNCIL_HOME=member.home, COUNCIL_PASSPHRASE_FD="9")
        more["TERM"] = "screen-256color"
        words = ["env", "TERM=" + term, *("%s=%s" % pair for pair in env.items()), os.path.join(harness.BIN, "council"), *args]
        script = "timeout --foreground -k 5 %d %s 9<'%s' 2>'%s'; echo $? >'%s'" % (
            LIFE_SECONDS, " ".join("'%s'" % word for word in words), passphrase_file(member), self.errors, self.code)
        self.pid = 0
        atexit.register(self.kill)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-s", "room", "-x", str(columns), "-y", str(lines), script, env=more)
        self.pid = int(self.tmux("display-message", "-p", "#{pid}"))

    def tmux(self, *args, env=None):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *args], stdin=subprocess.DEVNULL, capture_output=True, timeout=WAIT_SECONDS, env=env)
        return done.stdout.decode(errors="replace")

    def kill(self):
        """By its number: its socket may be gone with the folder. What runs in it is hung up on."""
        if self.pid:
            try:
                os.kill(self.pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.pid = 0

    def shown(self):
        return self.tmux("capture-pane", "-p", "-t", "room")

    def rows(self):
        return self.shown().split("\n")

    def sees(self, *parts, seconds=WAIT_SECONDS):
        """Waits until all of it is on the screen at once."""
        try:
            return until(repr(parts), lambda: (lambda text: text if all(part in text for part in parts) else None)(self.shown()), seconds)
        except Failure as failure:
            raise Failure("%s:\n%s\n%s" % (failure, self.shown(), self.said())) from failure

    def sees_no(self, part):
        until("the end of %r" % part, lambda: part not in self.shown())

    def keys(self, *keys):
        """Keys by their tmux names: "m", "Enter", "Escape", "PPage"."""
        self.tmux("send-keys", "-t", "room", *keys)

    def text(self, text):
        self.tmux("send-keys", "-t", "room", "-l", text)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-t", "room", "-x", str(columns), "-y", str(lines))

    def said(self):
        """What was printed to standard error."""
        if not os.path.exists(self.errors):
            return ""
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ended(self):
        """Waits for the end of the command; its exit code."""
        code = until("the end of " + self.member.name + "'s command", lambda: os.path.exists(self.code) and open(self.code, encoding="utf-8").read().strip())
        harness.clean(self.said(), self.member.name + "'s terminal")
        self.kill()
        return int(code)


class Pty:
    """A command on a pty; every byte that it writes is kept."""

    def __init__(self, member, *args, columns=80, lines=24, term="xterm-256color", **env):
        self.member, self.bytes, self.errors = member, b"", member.world.folder + "/pty.err"
        passphrase = os.open(passphrase_file(member), os.O_RDONLY)
        more = harness.environment(COUNCIL_HOME=member.home, COUNCIL_PASSPHRASE_FD=str(passphrase), **env)
        more["TERM"] = term
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        with open(self.errors, "wb") as errors:
            self.process = subprocess.Popen([os.path.join(harness.BIN, "council"), *args], stdin=slave, stdout=slave, stderr=errors, env=more,
                                            pass_fds=[passphrase], start_new_session=True, preexec_fn=harness.die_with_parent)
        member.world.processes.append(self.process)
        os.close(passphrase)
        os.close(slave)

    def read(self):
        """Takes what is there; false where there will be no more."""
        if not select.select([self.master], [], [], 0.1)[0]:
            return True
        try:
            self.bytes += os.read(self.master, 65536)
            return True
        except OSError:
            return False

    def sees(self, part):
        """Waits for a text that the program writes in one piece."""
        part = part.encode() if isinstance(part, str) else part
        until("%r in %r" % (part, self.bytes[-2000:]), lambda: self.read() and part in self.bytes or part in self.bytes)

    def keys(self, text):
        os.write(self.master, text.encode())

    def ended(self):
        """Reads to its end; its exit code."""
        until("the end of %r" % self.bytes[-2000:], lambda: not self.read() or self.process.poll() is not None)
        while self.process.poll() is None or select.select([self.master], [], [], 0)[0]:
            if not self.read():
                break
        code = self.process.wait(WAIT_SECONDS)
        self.member.world.processes.remove(self.process)
        os.close(self.master)
        with open(self.errors, encoding="utf-8", errors="replace") as file:
            harness.clean(file.read(), self.member.name + "'s terminal")
        return code

    def printed(self):
        """What it wrote without the terminal's own sequences."""
        return re.sub(rb"\x1b(\[[0-9;?]*[ -/]*[@-~]|[()][0-9A-B]|[=>78Mc])", b"", self.bytes)
