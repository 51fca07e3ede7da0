#!/usr/bin/python3
"""The systemd units of deploy/: systemd's own checks, and what they start, run as they say: readiness, watchdog, system calls, read-only system."""
import os
import re
import select
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
import time

import seccomp
from deploying import TOP, settings, unit_values
from harness import BIN, World, case, check, die_with_parent, environment, equal, has, main

UNITS = ["councild.service", "councild-backup.service", "councild-metrics.service", "councild-backup.timer", "councild-metrics.socket"]
EXPOSURE_MOST = 1.5
SYSTEMD = os.path.join(TOP, "deploy/systemd")
tool = shutil.which("systemd-analyze")


def exposure(path):
    said = subprocess.run([tool, "security", "--offline=true", "--no-pager", path], capture_output=True, text=True, timeout=60)
    found = re.search(r"Overall exposure level for \S+: ([0-9.]+)", said.stdout)
    check(found, "systemd-analyze security says no level: " + said.stdout[-500:] + said.stderr)
    return float(found.group(1))


@case("systemd-analyze security: the units expose 1.5 at most; a unit without its walls is not let through")
def walls():
    if not tool:
        return "systemd-analyze is not installed"
    for unit in [unit for unit in UNITS if unit.endswith(".service")]:
        level = exposure(os.path.join(SYSTEMD, unit))
        print("# %s: %.1f" % (unit, level))
        check(level <= EXPOSURE_MOST, "%s exposes %.1f" % (unit, level))
    with tempfile.TemporaryDirectory() as folder:
        text = open(os.path.join(SYSTEMD, UNITS[0])).read()
        # Directly at the net, with a port below 1024.
        os.mkdir(os.path.join(folder, UNITS[0] + ".d"))
        shutil.copy(os.path.join(SYSTEMD, "direct.conf"), os.path.join(folder, UNITS[0] + ".d"))
        shutil.copy(os.path.join(SYSTEMD, UNITS[0]), folder)
        level = exposure(os.path.join(folder, UNITS[0]))
        print("# with direct.conf: %.1f" % level)
        check(level <= EXPOSURE_MOST, "with direct.conf %.1f" % level)
        bare = os.path.join(folder, "bare.service")
        with open(bare, "w") as file:
            file.write("\n".join(line for line in text.splitlines() if not re.match("Protect|Private|SystemCall|Restrict|Capability", line)))
        check(exposure(bare) > EXPOSURE_MOST, "the measure finds a bare unit good")
    return None


@case("systemd-analyze verify: no complaint about the units, and one about a broken one")
def verify():
    if not tool:
        return "systemd-analyze is not installed"
    with tempfile.TemporaryDirectory() as root:
        units = os.path.join(root, "usr/lib/systemd/system")
        os.makedirs(units)
        for path, source in (("usr/bin/councild", os.path.join(BIN, "councild")), ("usr/lib/councild/backup", os.path.join(SYSTEMD, "backup")),
                             # Programs of the system: that they are there is enough.
                             ("lib/systemd/systemd-socket-proxyd", os.path.join(SYSTEMD, "backup")), ("bin/kill", os.path.join(SYSTEMD, "backup"))):
            os.makedirs(os.path.join(root, os.path.dirname(path)), exist_ok=True)
            shutil.copy(source, os.path.join(root, path))
        for unit in UNITS:
            shutil.copy(os.path.join(SYSTEMD, unit), units)
        os.mkdir(os.path.join(units, UNITS[0] + ".d"))
        shutil.copy(os.path.join(SYSTEMD, "direct.conf"), os.path.join(units, UNITS[0] + ".d"))
        for name in os.listdir("/usr/lib/systemd/system"):
            if name.endswith(".target"):
                shutil.copy(os.path.join("/usr/lib/systemd/system", name), units, follow_symlinks=True)
        ask = lambda: subprocess.run([tool, "verify", "--man=no", "--root=" + root] + UNITS, capture_output=True, text=True, timeout=60)
        said = ask()
        check(said.returncode == 0 and not said.stderr.strip(), "systemd-analyze verify: " + said.stdout + said.stderr)
        with open(os.path.join(units, UNITS[0]), "a") as file:
            file.write("\n[Service]\nProtectSytem=strict\n")
        has(ask().stderr, "ProtectSytem", "what verify says of a misspelt key")
    return None


class Manager:
    """What systemd is to a unit: the socket for notifications, the environment, the start and the stop."""

    def __init__(self, world, watchdog_usec=0):
        self.world = world
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = os.path.join(world.folder, "notify.sock")
        self.socket.bind(self.path)
        os.chmod(self.path, 0o777)
        self.env = dict(settings("systemd/councild.default"), NOTIFY_SOCKET=self.path, COUNCILD_DATA=world.server.data,
                        COUNCILD_LISTEN="127.0.0.1:0", COUNCILD_REGISTRATION="open", COUNCILD_LOG_FORMAT="text")
        del self.env["COUNCILD_ORIGIN"]
        if watchdog_usec:
            self.env["WATCHDOG_USEC"] = str(watchdog_usec)
        self.said = []

    def start(self, wrap=(), prepare=None, sanitizer=None, user=None):
        line = unit_values("systemd/councild.service", "ExecStart")[0]
        check(line.startswith("/usr/bin/councild "), line)
        command = list(wrap) + [os.path.join(BIN, "councild")] + line.split()[1:]

        def before():
            if user:
                os.setgroups([])
                os.setresgid(user, user, user)
                os.setresuid(user, user, user)
            die_with_parent()
            if prepare:
                prepare()

        env = environment(**self.env)
        if sanitizer:
            env["ASAN_OPTIONS"] += sanitizer
        with open(self.world.server.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env, preexec_fn=before)
        self.world.server.process = self.process
        self.wait("READY=1")
        at, end = None, time.monotonic() + 20
        while not at:  # a thread of its own writes the log
            check(time.monotonic() < end, "the log names no address: " + self.world.server.tail())
            at = re.search(r"http://127\.0\.0\.1:(\d+)", self.world.server.tail())
        self.world.server.url, self.world.server.port = at.group(0), int(at.group(1))

    def wait(self, word, seconds=40, times=1):
        end = time.monotonic() + seconds
        got = 0
        while got < times:
            check(time.monotonic() < end and self.process.poll() is None,
                  "%d of %d %s; got %r\n%s" % (got, times, word, self.said, self.world.server.tail()))
            if select.select([self.socket], [], [], 0.2)[0]:
                message = self.socket.recv(4096).decode()
                self.said.append(message)
                got += word in message.split("\n")

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        equal(self.process.wait(60), 0, "how councild ended:\n" + self.world.server.tail())
        self.world.server.process = None
        self.socket.setblocking(False)
        try:
            while True:
                self.said.append(self.socket.recv(4096).decode())
        except BlockingIOError:
            self.socket.close()


def week(world, tag):
    """What a server does in a week: registrations, a council, a join, notes, somebody following live, a code, a backup."""
    ada, ben = world.council("ada" + tag, "ben" + tag, title="Walls " + tag)
    text = world.plant("Said behind walls " + tag)
    ben.note(text)
    has("\n".join(ada.texts()), text)
    for words in (["stats", "--json"], ["code", "create", "--uses", "2"], ["backup", os.path.join(world.server.data, "hot-%s.backup" % tag)]):
        done = subprocess.run([os.path.join(BIN, "councild")] + words + ["--data", world.server.data], capture_output=True, text=True, timeout=60, env=environment())
        check(done.returncode == 0, "councild %s: %s%s" % (" ".join(words), done.stdout, done.stderr))


@case("ExecStart with the environment file: READY=1 to NOTIFY_SOCKET, WATCHDOG=1 again and again in half the time, STOPPING=1, and a clean end")
def notify():
    world = World(start=False)
    manager = Manager(world, watchdog_usec=2000000)
    manager.start()
    began = time.monotonic()
    manager.wait("WATCHDOG=1", seconds=8, times=4)
    check(time.monotonic() - began < 6, "four signs of life took longer than the watchdog would have waited")
    manager.stop()
    check(any("STOPPING=1" in message for message in manager.said), "no STOPPING=1: %r" % manager.said)
    mode = stat.S_IMODE(os.stat(world.server.data).st_mode)
    equal(oct(mode), "0o700", "the data folder's mode")


NOBODY = 65534


def owned_world():
    """A world whose data folder is a powerless user's, where this process may give files away; and that user."""
    world = World(start=False)
    if os.getuid() != 0:
        return world, None
    os.mkdir(world.server.data, 0o700)
    os.chown(world.server.data, NOBODY, NOBODY)
    os.chmod(world.folder, 0o711)
    return world, NOBODY


@case("the unit's system call filter is enough for a week: one call outside it would end the process")
def filtered():
    if not tool or seccomp.why_not():
        return "systemd-analyze is not installed" if not tool else seccomp.why_not()
    unit = "systemd/councild.service"
    walls = seccomp.Filter(unit_values(unit, "SystemCallFilter"), unit_values(unit, "RestrictAddressFamilies")[0].split())
    for name in ("mount", "ptrace", "bpf", "reboot", "chown", "setuid", "swapon", "kexec_load"):
        check(name not in walls.calls, name + " is let through")
    world, user = owned_world()
    manager = Manager(world)
    manager.start(prepare=walls.load, user=user, sanitizer=":detect_leaks=0")  # the leak check traces its own process
    has(open("/proc/%d/status" % manager.process.pid).read(), "Seccomp:\t2", "the process's status")
    week(world, "filtered")
    manager.stop()
    # The control: the same filter without what a WebSocket needs.
    broken = seccomp.Filter(unit_values(unit, "SystemCallFilter") + ["~accept4 accept"], ["AF_UNIX", "AF_INET", "AF_INET6"])
    second, user = owned_world()
    manager = Manager(second)
    manager.start(prepare=broken.load, user=user, sanitizer=":detect_leaks=0")
    with socket.create_connection(("127.0.0.1", second.server.port)):
        equal(manager.process.wait(30), -signal.SIGSYS, "a server without accept4")
    second.server.process = None
    return None


@case("a read-only system, a user without rights: the data folder alone is enough")
def read_only():
    if os.getuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"):
        return "needs root, unshare and setpriv"
    if subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode != 0:
        return "mount namespaces are not allowed here"
    world, _ = owned_world()
    script = 'mount --bind "$0" "$0" && mount -o remount,bind,ro / && ! touch "$(dirname "$0")/x" 2>/dev/null && exec "$@"'
    manager = Manager(world)
    # The environment keeps NOTIFY_SOCKET: its folder is on the read-only system, which a datagram does not mind.
    manager.start(wrap=["unshare", "--mount", "--propagation", "private", "--ipc", "sh", "-c", script, world.server.data, "setpriv", "--reuid=65534",
                        "--regid=65534", "--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all"])
    status = open("/proc/%d/status" % manager.process.pid).read()
    has(status, "Uid:\t65534\t65534\t65534\t65534")
    has(status, "CapEff:\t0000000000000000")
    has(status, "CapBnd:\t0000000000000000")
    week(world, "readonly")
    manager.stop()
    for folder, _, names in os.walk(world.server.data):
        for name in names:
            at = os.stat(os.path.join(folder, name))
            check(at.st_mode & 0o077 == 0, "others may read " + name)
    return None


@case("the backup script keeps the newest, names whole files only, and leaves nothing half behind")
def backups():
    world = World()
    ada, = world.council("ada", title="Kept twice")
    ada.note(world.plant("To be backed up"))
    folder = os.path.join(world.folder, "kept")
    os.mkdir(folder)
    for name in ("council-20200101T000000Z.backup", "council-20200102T000000Z.backup", ".council-20200103T000000Z.backup.part", "notes.txt"):
        open(os.path.join(folder, name), "w").close()
    settled = dict(COUNCILD=os.path.join(BIN, "councild"), COUNCILD_DATA=world.server.data, COUNCILD_BACKUPS=folder, COUNCILD_BACKUPS_KEPT="2")
    run = lambda **more: subprocess.run([os.path.join(SYSTEMD, "backup")], capture_output=True, text=True, timeout=60, env=environment(**dict(settled, **more)))
    done = run()
    check(done.returncode == 0, done.stdout + done.stderr)
    left = sorted(os.listdir(folder))
    equal(left[:1] + left[2:], ["council-20200102T000000Z.backup", "notes.txt"], "what is left")
    check(os.path.getsize(os.path.join(folder, left[1])) > 4096, "the backup is a real one")
    equal(oct(os.stat(os.path.join(folder, left[1])).st_mode & 0o777), "0o600", "its mode")
    check(run(COUNCILD_BACKUPS_KEPT="0").returncode == 64, "nothing kept is refused")
    # A backup that fails takes none of the old ones with it.
    before = sorted(os.listdir(folder))
    for broken in ({"COUNCILD": "/bin/false"}, {"COUNCILD_DATA": os.path.join(world.folder, "none")}):
        check(run(COUNCILD_BACKUPS_KEPT="1", **broken).returncode != 0, "a failure is told")
        equal(sorted(os.listdir(folder)), before, "what a failed backup leaves")


main()
