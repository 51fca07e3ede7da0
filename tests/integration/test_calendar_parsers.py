#!/usr/bin/python3
"""Calendars of six zones, 2024 to 2040: two independent programs find the meetings where we do, by the zones and rules in the file alone."""
import datetime
import json
import os
import subprocess
import tempfile
import zoneinfo

import calendars
from tap import Failure, case, check, equal, run

WRITE = os.path.join(calendars.BIN, "../tests/calendar/calendar-write")
UNTIL = "2041-01-01T00:00"
ZONES = ["America/New_York", "Europe/London", "Australia/Lord_Howe", "Africa/Casablanca", "Pacific/Apia", "America/Santiago"]
# Twice a week after work, with moves over a change of the clock and into another zone's night; every two weeks on Sundays at an hour that clocks skip and repeat.
FAST = ["2024-01-02T18:00", "FREQ=WEEKLY;BYDAY=TU,FR", ["2024-01-05T18:00=2024-01-06T09:00", "2024-03-08T18:00=2024-03-12T07:30", "2024-01-09T18:00=",
                                                        "2038-10-01T18:00=2038-10-03T02:15", "2040-12-28T18:00=2040-12-30T23:45", "2039-04-05T18:00="]]
SLOW = ["2024-01-07T02:15", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", ["2024-01-21T02:15=2024-01-21T03:00"]]
NIGHTS = [["2024-01-14T00:30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", ["2024-02-11T00:30="]],
          ["2024-01-07T01:45", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", ["2024-01-21T01:45=2024-11-03T01:30"]],
          ["2024-01-06T23:30", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", []]]
cases = [(zone, *plan) for zone in ZONES for plan in (FAST, SLOW, *NIGHTS)]
made = []


def write(zone, start, rule, changes, **env):
    done = subprocess.run([WRITE, start, zone, rule, "60", UNTIL, *changes], capture_output=True, text=True, timeout=60, env={**os.environ, **env})
    check(done.returncode == 0, "calendar-write: " + done.stderr[-2000:])
    return json.loads(done.stdout)


def differ(name, got, wanted):
    """Where two lists part, said so that somebody can act on it."""
    for i, (one, other) in enumerate(zip(got, wanted)):
        if one != other:
            raise Failure("%s: meeting %d is at %s, not %s" % (name, i, *(datetime.datetime.fromtimestamp(t, datetime.timezone.utc) for t in (one, other))))
    equal(len(got), len(wanted), name + ": how many")


@case("thirty calendars are written, and every meeting is at the local time that the system's own zones give")
def written():
    for zone, start, rule, changes in cases:
        made.append(write(zone, start, rule, changes))
        changed = dict(change.split("=") for change in changes)
        clock = zoneinfo.ZoneInfo(zone)
        at, days, wanted = datetime.datetime.fromisoformat(start), [], []
        step = [14] if "INTERVAL" in rule else [3, 4]
        while at < datetime.datetime.fromisoformat(UNTIL):
            days.append(at)
            at += datetime.timedelta(days=step[(len(days) - 1) % len(step)])
        for name in days:
            to = changed.get(name.isoformat(timespec="minutes"))
            if to != "":
                wanted.append(first_instant(datetime.datetime.fromisoformat(to) if to else name, clock))
        check(len(wanted) > 400, "too few meetings were compared")
        differ("%s %s" % (zone, rule), made[-1]["meetings"], wanted)


def first_instant(naive, clock):
    """The first valid instant in a gap, the first of two in an overlap."""
    at = naive.replace(tzinfo=clock)
    utc = at.astimezone(datetime.timezone.utc)
    if utc.astimezone(clock).replace(tzinfo=None) == naive:
        return int(at.timestamp())
    before, after = utc.timestamp() - 86400, utc.timestamp() + 86400
    offset = datetime.datetime.fromtimestamp(after, clock).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        before, after = (before, middle) if datetime.datetime.fromtimestamp(middle, clock).utcoffset() == offset else (middle, after)
    return int(after)


def by_python(zone_of):
    for (zone, _, rule, _), one in zip(cases, made):
        differ("%s %s" % (zone, rule), calendars.by_icalendar(one["ics"], datetime.datetime.fromisoformat(UNTIL), zone_of), one["meetings"])


@case("dateutil finds the same instants by the zone in the file")
def by_dateutil():
    by_python(calendars.dateutil_zone)


@case("python3-icalendar finds the same instants by the zone in the file")
def by_icalendar():
    by_python(calendars.icalendar_zone)


@case("ical.js finds the same instants by the zone in the file")
def by_ical_js():
    package = calendars.ical_js()
    if package is None:
        return "ical.js is not here and cannot be fetched by npm"
    lists = calendars.by_ical_js(package, [one["ics"] for one in made], UNTIL + ":00")
    for (zone, _, rule, _), one, got in zip(cases, made, lists):
        differ("ical.js, %s %s" % (zone, rule), got, one["meetings"])
    return None


@case("a zone whose rules were changed keeps the local times under the new ones, in the file as in the expansion")
def changed_rules():
    with tempfile.TemporaryDirectory(prefix="council-zones-") as folder:
        os.mkdir(os.path.join(folder, "Europe"))
        with open("/usr/share/zoneinfo/Africa/Casablanca", "rb") as other, open(os.path.join(folder, "Europe/London"), "wb") as zone:
            zone.write(other.read())
        _, start, rule, changes = cases[5]
        new = write("Europe/London", start, rule, changes, TZDIR=folder)
        morocco = write("Africa/Casablanca", start, rule, changes)
        equal(new["meetings"], morocco["meetings"], "the meetings under changed rules")
        check(new["meetings"] != made[5]["meetings"], "the rules did not change anything")
        differ("the changed zone", calendars.by_icalendar(new["ics"], datetime.datetime.fromisoformat(UNTIL), calendars.dateutil_zone), new["meetings"])


@case("the readers notice a file whose zone is wrong by one change, and one without its cancellation")
def control():
    one = made[0]
    for cut in ("RDATE:20350311T020000\r\n", "STATUS:CANCELLED\r\n"):
        check(cut in one["ics"], "no %r in the file" % cut)
        got = calendars.by_icalendar(one["ics"].replace(cut, ""), datetime.datetime.fromisoformat(UNTIL), calendars.dateutil_zone)
        check(got != one["meetings"], "nobody noticed that %r is gone" % cut)


if __name__ == "__main__":
    run(("every file is small and of whole lines", lambda: check(all(len(one["ics"]) < 65536 and one["ics"].endswith("END:VCALENDAR\r\n") for one in made), "a file is large or torn")), lambda: None)
