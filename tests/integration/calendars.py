"""calendars.py - what programs that are not ours make of an iCalendar file: when its meetings are, by their own reading of its zones and rules.

Owns the two readers: python3-icalendar with dateutil, and ical.js in node. Must not know how files are written. Every reader is given the text alone; the
system's own zones are kept from it where it would use them.
"""
import datetime
import io
import json
import os
import shutil
import subprocess

from dateutil import rrule, tz
from icalendar import Calendar

HERE = os.path.dirname(os.path.abspath(__file__))
BIN = os.environ.get("COUNCIL_BIN", os.path.join(HERE, "../../build/asan/bin"))
ICAL_JS = "ical.js@2.2.1"


def events(text):
    """The series and its overrides by RECURRENCE-ID (local times as text)."""
    calendar = Calendar.from_ical(text)
    series, single = None, {}
    for event in calendar.walk("VEVENT"):
        if "RECURRENCE-ID" in event:
            single[local(event, "RECURRENCE-ID")] = event
        else:
            assert series is None, "two series"
            series = event
    return calendar, series, single


def local(event, name):
    """A zoned time as it stands in the file: what the parser's own zones make of it is not wanted."""
    return event[name].dt.replace(tzinfo=None)


def by_icalendar(text, until, zone_of):
    """Instants (unix seconds) of the meetings held, before the local time `until`; zone_of gives a tzinfo for a VTIMEZONE."""
    calendar, series, single = events(text)
    if series is None:
        return []
    zones = {str(zone["TZID"]): zone_of(text, zone) for zone in calendar.walk("VTIMEZONE")}
    zone = zones[series["DTSTART"].params["TZID"]]
    rule = rrule.rrulestr(series["RRULE"].to_ical().decode(), dtstart=local(series, "DTSTART"))
    out = []
    for name in rule:
        if name >= until:
            return out
        event = single.get(name)
        if event is None:
            out.append(instant(name, zone))
        elif str(event.get("STATUS", "")) != "CANCELLED":
            out.append(start_of(event, zone))
    return out


def instant(naive, zone):
    return int(naive.replace(tzinfo=zone).timestamp())


def start_of(event, zone):
    """Where a meeting of its own says UTC, that is what it means."""
    if event["DTSTART"].to_ical().endswith(b"Z"):
        return int(local(event, "DTSTART").replace(tzinfo=datetime.timezone.utc).timestamp())
    return instant(local(event, "DTSTART"), zone)


def dateutil_zone(text, zone):
    return tz.tzical(io.StringIO(text)).get(str(zone["TZID"]))


class Table(datetime.tzinfo):
    """The changes that icalendar itself read out of a VTIMEZONE, without the rules of pytz on top: the first of two instants, as RFC 5545 says."""

    def __init__(self, made):
        self.times, self.offsets = made._utc_transition_times, [info[0] for info in made._transition_info]

    def first(self, naive):
        return min(at for at in ((naive - offset) for offset in set(self.offsets)) if at + self.offset(at) == naive)

    def offset(self, at):
        found = self.offsets[0]
        for time, offset in zip(self.times, self.offsets):
            if time > at:
                break
            found = offset
        return found

    def utcoffset(self, dt):
        naive = dt.replace(tzinfo=None)
        return naive - self.first(naive)

    def dst(self, dt):
        return None


def icalendar_zone(_, zone):
    return Table(zone.to_tz())


def ical_js():
    """The folder of the ical.js package, fetched once beside the binaries; None without node or where it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        return None
    folder = os.path.join(BIN, "../tests/calendar/npm")
    package = os.path.join(folder, "node_modules/ical.js")
    if not os.path.isdir(package):
        os.makedirs(folder, exist_ok=True)
        try:
            subprocess.run(["npm", "install", "--silent", "--no-save", "--no-audit", "--no-fund", "--fetch-retries=0", "--fetch-timeout=15000", "--prefix", folder, ICAL_JS], stdin=subprocess.DEVNULL,
                           capture_output=True, timeout=40)
        except subprocess.TimeoutExpired:
            return None
    return package if os.path.isdir(package) else None


def by_ical_js(package, texts, until):
    """The same lists for several texts, by ical.js."""
    done = subprocess.run(["node", os.path.join(HERE, "calendars.mjs"), os.path.join(package, "dist/ical.js")], input=json.dumps({"texts": texts, "until": until}),
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)
