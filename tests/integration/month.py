"""month.py - what a month of a council needs beside its members: one clock for all, rooms that stay open, a mailbox, a calendar.

Owns how time passes (both clocks of every process, in jumps), how many commands run side by side, and what is waited for. Must not know what happens in the
month. Invariant: nothing is waited for longer than WAIT_SECONDS, and no sleep decides anything.
"""
import datetime
import os
import re
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
import zoneinfo

from clocks import Clock

WAIT_SECONDS = 30
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
UTC = datetime.timezone.utc

clock = Clock()
os.environ.update(clock.env)  # before anything is started: the server's and everybody's clock

from harness import BIN, OK, check, clean, equal  # noqa: E402


# ---- time ----

def now_ms():
    """What everybody's clock says."""
    return int(time.time() * 1000) + clock.wall


def at(ms):
    """It is then (unix ms) for every process; never earlier than it was."""
    check(ms >= now_ms(), "time goes on: %s" % utc(ms))
    clock.pass_ms(ms - now_ms())


def moment(text, zone="UTC"):
    """Unix ms of a local time, "2027-03-01 09:00" or "2027-03-01T09:00"."""
    naive = datetime.datetime.strptime(text.replace("T", " "), "%Y-%m-%d %H:%M")
    return int(naive.replace(tzinfo=zoneinfo.ZoneInfo(zone)).timestamp() * 1000)


def utc(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, UTC)


def local(ms, zone):
    """The local time as the protocol writes it."""
    return utc(ms).astimezone(zoneinfo.ZoneInfo(zone)).strftime("%Y-%m-%dT%H:%M")


def until(what, look, seconds=WAIT_SECONDS):
    """Looks again until it is true, and returns it."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        check(time.monotonic() < end, "%s did not come" % (what() if callable(what) else what))
        time.sleep(0.02)  # between two looks


# ---- members ----

def each(members, *args, code=OK, **more):
    """The same command by all of them, side by side; their results in the order of the members."""
    return every([(m, args) for m in members], code=code, **more)


def every(commands, code=OK, **more):
    """(member, arguments) each, side by side."""
    runs = [(member, member.start(*args, **more)) for member, args in commands]
    return [member.finish(process, code=code) for member, process in runs]


def meeting(member, *args):
    return member.run("meeting", "show", "--json", *args).one()


def names(rows):
    return sorted(row["name"] for row in rows)


def same_clock(members, rooms=()):
    """Everybody's meeting, by single commands and in rooms, is in one phase that ends at one time. Returns one of them."""
    seen = [result.one() for result in each(members, "meeting", "show", "--json")]
    for one in seen[1:]:
        equal((one["meeting"], one["phase"], one["clock"]["ends"], one["roles"]["facilitator"]), (seen[0]["meeting"], seen[0]["phase"], seen[0]["clock"]["ends"],
              seen[0]["roles"]["facilitator"]), "the meeting as somebody else sees it")
    for room in rooms:
        left = seen[0]["clock"]["ends"] - now_ms()
        told = room.time_left(seen[0]["phase"])
        check(abs(told - left) < 3000, "%s has %d ms left, not %d" % (room.member.name, told, left))
    return seen[0]


class Room:
    """`council meeting --plain` of a member, open as long as it is wanted."""

    def __init__(self, member):
        self.member, self.lines, self.mark, self.changed = member, [], 0, threading.Condition()
        self.process = member.start("meeting", "--plain", stdin=subprocess.PIPE)
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()
        self.hears("The room of ")

    def read(self):
        for line in self.process.stdout:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()

    def find(self, part):
        return next((i for i in range(self.mark, len(self.lines)) if part in self.lines[i]), None)

    def hears(self, *parts):
        """Waits until all of it was said since the last command; the last one's line."""
        with self.changed:
            heard = self.changed.wait_for(lambda: all(self.find(part) is not None for part in parts), WAIT_SECONDS)
            check(heard, "%s's room did not say %r:\n%s" % (self.member.name, parts, "\n".join(self.lines)))
            return self.lines[self.find(parts[-1])]

    def does(self, line, *answers):
        """A command; waits for what it answers."""
        with self.changed:
            self.mark = len(self.lines)
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()
        return self.hears(*answers) if answers else None

    def time_left(self, phase):
        """What is left of this phase, in ms, as the room says it."""
        line = self.does("time", "Phase %d of " % phase)
        found = re.search(r"; (?:(\d+):)?(\d+):(\d\d) (left|over)", line)
        check(found, "no time in: " + line)
        hours, minutes, seconds, which = found.groups()
        return (int(hours or 0) * 3600 + int(minutes) * 60 + int(seconds)) * (1000 if which == "left" else -1000)

    def sleeps(self):
        """The lid of the machine is closed: nothing runs, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def wakes(self):
        self.process.send_signal(signal.SIGCONT)

    def dies(self):
        """The process is gone from one moment to the next, and its connection with it."""
        self.process.kill()
        self.end()

    def leaves(self):
        self.process.stdin.write(b"quit\n")
        equal(self.end(), OK, "the end of %s's room" % self.member.name)

    def end(self):
        self.process.stdin.close()
        code = self.process.wait(WAIT_SECONDS)
        self.reader.join(WAIT_SECONDS)
        clean(self.process.stderr.read().decode(errors="replace"), self.member.name + "'s room")
        self.member.world.processes.remove(self.process)
        return code


# ---- the calendar ----

def fetch(url, tag=None):
    """What a calendar program gets: status, text, ETag."""
    request = urllib.request.Request(url, headers={"If-None-Match": tag} if tag else {})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_SECONDS) as answer:
            return answer.status, answer.read().decode(), answer.headers["ETag"]
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace"), error.headers.get("ETag")


# ---- mail ----

def figure(server, name):
    found = re.search(rb"^councild_%s (\S+)$" % name.encode(), server.metrics(), re.M)
    check(found, "no figure " + name)
    return float(found[1])


def mail_round(world):
    """The server has looked at everybody since: what is to be mailed now was mailed."""
    clock.pass_ms(31000)
    since = now_ms() // 1000
    until(lambda: "a round of the mails:\n" + world.server.tail(), lambda: figure(world.server, "mail_round_timestamp_seconds") >= since)


# ---- when people can ----

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def weekday(text):
    return datetime.datetime.fromisoformat(text).weekday()


def fits_all_year(slot, zone, people):
    """An hour from then on, in every week of the coming year, is within what each of these (zone, "mon-fri 09:00-14:00") said, by their own clocks."""
    day = utc(now_ms()).date()
    day += datetime.timedelta(days=(slot["day"] - day.weekday()) % 7)
    for week in range(53):
        start = moment("%s %02d:%02d" % (day + datetime.timedelta(weeks=week), *divmod(slot["minute"], 60)), zone)
        for theirs, hours in people:
            days, span = hours.split()
            first, last = (DAYS.index(d) for d in days.split("-"))
            begin, end = (local(ms, theirs) for ms in (start, start + HOUR))
            fits = first <= weekday(begin) <= last and span.split("-")[0] <= begin[11:] and end[11:] <= span.split("-")[1]
            check(fits, "%s is not within %s in %s" % (begin, hours, theirs))
