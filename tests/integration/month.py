"""month.py - what a month of a council needs beside its members: one clock for all, rooms that stay open, a mailbox, a calendar, and the steps of every meeting.

Owns how time passes (both clocks of every process, in jumps), how many commands run side by side, and what is waited for. Must not know the month's story. Invariant:
nothing is waited for longer than WAIT_SECONDS, and no sleep decides anything.
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

import calendars
from clocks import Clock

WAIT_SECONDS = 30
MINUTE, HOUR, DAY = 60000, 3600000, 86400000
UTC = datetime.timezone.utc

clock = Clock()
os.environ.update(clock.env)  # before anything is started: the server's and everybody's clock

from harness import OK, Member, World, check, clean, equal, has, lacks  # noqa: E402
from relay import Relay  # noqa: E402


# ---- time ----

def now_ms():
    """What everybody's clock says."""
    return int(time.time() * 1000) + clock.wall


def begins(ms):
    """It is then, for processes that are started from now on, whatever the year in which the test runs."""
    clock.set(wall=ms - int(time.time() * 1000))


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
    for room in rooms:  # as soon as what was written has come to them
        until(lambda: "%s's room has the time %r; the meeting's clock: %r" % (room.member.name, room.time(), seen[0]["clock"]),
              lambda: room.time()[0] == seen[0]["phase"] and abs(room.time()[1] - (seen[0]["clock"]["ends"] - now_ms())) < 3000)
    return seen[0]


def goes_on(lead, minutes=0):
    """After so many minutes, the next phase."""
    clock.pass_ms(minutes * MINUTE)
    return lead.run("meeting", "next", "--json").one()


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

    def time(self):
        """The phase, and what is left of it in ms, as the room says."""
        line = self.does("time", "; meeting ")
        found = re.match(r"Phase (\d+) of .*; (?:(\d+):)?(\d+):(\d\d) (left|over)", line)
        check(found, "no time in: " + line)
        hours, minutes, seconds = (int(n or 0) for n in found.groups()[1:4])
        return int(found[1]), (hours * 3600 + minutes * 60 + seconds) * (1000 if found[5] == "left" else -1000)

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


# ---- a council's month ----

def called(member):
    return member.name.capitalize()


class Month:
    """A server that mails, people with homes of their own, and the steps that every meeting has."""

    def __init__(self, people, mails):
        self.relay = Relay()
        self.relay.start()
        self.world = World("--ping", "600", "--smtp", self.relay.url, "--mail-from", "reminders@mail.example")
        self.people = {name: Member(self.world, name) for name in people}
        self.world.members += self.people.values()
        self.mails = {name: 0 for name in mails}  # how many each must have got so far
        self.held, self.led = [], {}  # the meetings in order; in which of them somebody led last
        self.feed = self.tag = None
        self.moderator = next(iter(self.people.values()))

    def by_name(self, name):
        return self.people[name.lower()]

    def names(self, members):
        return sorted(called(m) for m in members)

    # ---- mail ----

    def got(self, name):
        return self.relay.to(name + "@box.example")

    def mailed(self, **more):
        """So many mails more have come, to these and to nobody else."""
        for name, count in more.items():
            self.mails[name] += count
        patience = time.monotonic() + 5

        def came():
            nonlocal patience
            if {name: len(self.got(name)) for name in self.mails} == self.mails:
                return True
            # A jump of the clock in the middle of a mail is a relay that is silent for as long: it is asked again later.
            if time.monotonic() > patience:
                clock.pass_ms(5 * MINUTE)
                patience = time.monotonic() + 5
            return False
        until(lambda: "mails %r; there are %r:\n%s" % (self.mails, {name: len(self.got(name)) for name in self.mails}, self.world.server.tail()),
              came)

    def mail_round(self):
        """The server has looked at everybody since: what is to be mailed now was mailed."""
        clock.pass_ms(31000)
        since = now_ms() // 1000

        def looked():
            found = re.search(rb"^councild_mail_round_timestamp_seconds (\S+)$", self.world.server.metrics(), re.M)
            check(found, "no figure of the mails' rounds")
            return float(found[1]) >= since
        until(lambda: "a round of the mails:\n" + self.world.server.tail(), looked)

    # ---- the pool ----

    def sought(self, look):
        """Minutes pass until a search for groups had this outcome."""
        def later():
            clock.pass_ms(MINUTE)
            return look()
        return until("what a search for groups finds", later)

    # ---- the calendar ----

    def subscribed(self, member, new):
        """A calendar program asks again: what it shows is what the council's clients show."""
        status, text, tag = fetch(self.feed, self.tag)
        equal(status, 200 if new else 304, "the calendar, which %s" % ("changed" if new else "did not change"))
        if not new:
            return
        self.tag = tag
        ours = [row["starts"] // 1000 for row in member.run("schedule", "show", "--json", "-n", 12).lines() if not row["cancelled"]]
        theirs = calendars.by_icalendar(text, utc(now_ms() + 90 * DAY).replace(tzinfo=None), calendars.dateutil_zone)
        equal(sorted(t for t in theirs if t * 1000 > now_ms())[:len(ours)], sorted(ours), "the calendar's meetings")
        has(text, "SUMMARY:Meeting\r\n")
        for person in self.people.values():
            lacks(text, called(person), "the calendar")

    # ---- meetings ----

    def coming(self, killed=False, **mails):
        """It is two hours before the next meeting and mails go out, an hour before no more do, then it is time. The meeting's name, and when it begins."""
        row = next(row for row in self.moderator.run("schedule", "show", "--json", "-n", 3).lines() if not row["cancelled"] and row["meeting"] not in self.held)
        at(row["starts"] - 2 * HOUR)
        self.mailed(**mails)
        if killed:
            self.world.server.kill()
            self.world.server.start()
        at(row["starts"] - HOUR - 10 * MINUTE)
        self.mail_round()
        self.mailed()
        at(row["starts"])
        self.held.append(row["meeting"])
        return row["meeting"], row["starts"]

    def opens(self, by, here):
        """A member or a room opens it; of those who are here, one leads whose turn it is. The state, and who leads."""
        if isinstance(by, Room):
            by.does("open", "is open", "Roles: ")
            state = meeting(by.member)
        else:
            state = by.run("meeting", "open", "--json").one()
        name = state["roles"]["facilitator"]["name"]
        last = {who: self.led.get(who, 0) for who in self.names(here)}
        check(name in last and last[name] == min(last.values()), "%s leads out of turn: %r" % (name, last))
        equal(len({who["name"] for who in state["roles"].values()}), 3, "different people for three roles")
        equal(state["meeting"], self.held[-1], "the meeting that it is time for")
        self.led[name] = len(self.held)
        return state, self.by_name(name)

    def ends(self, lead, people, word):
        """The words, the end, and what stands in the log then: who was there, above all. Everybody's is compared when the month is over."""
        each(people, "meeting", "word", self.world.plant(word))
        lead.run("meeting", "close", "--quiet")
        records = [result.one() for result in each(people[::3], "meeting", "show", "--json", "last")]
        for record in records:
            record.pop("clock")
            equal(record, records[0], "the meeting's record at somebody else's")
        record = records[0]
        equal((record["open"], names(record["attended"]), len(record["words"])), (False, self.names(people), len(people)), "who was there")
        return record

    def meets(self, opener, people, word, seat):
        """A meeting by single commands from beginning to end; its record. That they are there, what they do says by itself."""
        each(people, "rsvp", "yes", "--quiet")
        _, lead = self.opens(opener, people)
        goes_on(lead, 5)
        goes_on(lead, 15)
        lead.run("meeting", "seated", seat, "--quiet")
        same_clock(people)
        goes_on(lead, 30)
        goes_on(lead, 5)
        return self.ends(lead, people, word)
