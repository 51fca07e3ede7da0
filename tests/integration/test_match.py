#!/usr/bin/python3
"""councild match: what it would propose to people out of a file keeps the hard rules in every week of the year, by Python's own time zones.

Also what it says to files that are none, and that a stopped server's empty pool is one. Prints TAP.
"""
import base64
import json
import os
import random
import subprocess
import tempfile
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from harness import BIN, environment
from tap import case, check, equal, has, run

ZONES = ["Europe/Berlin", "Europe/London", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Africa/Casablanca"]
DAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
NOW = datetime(2027, 1, 1, tzinfo=timezone.utc)
folder = tempfile.TemporaryDirectory(prefix="council-match-")


def councild(*args):
    done = subprocess.run([os.path.join(BIN, "councild"), *args], capture_output=True, text=True, timeout=60, env=environment())
    return done.returncode, done.stdout, done.stderr


def write(name, content):
    path = os.path.join(folder.name, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content))
    return path


def people(count, seed):
    draw = random.Random(seed)
    made = []
    for i in range(count):
        zone = draw.choice(ZONES[:2] if i % 3 else ZONES)
        hours = ["%s %02d:00-%02d:30" % (day, 16 + (i % 2), draw.randint(19, 22)) for day in draw.sample(DAYS, 5)]
        hours += ["%s 07:00-12:00" % day for day in draw.sample(DAYS, 3)] + ["%s 20:00-24:00" % day for day in draw.sample(DAYS, 2)]
        made.append({"pace": "fast" if i % 2 else "slow", "zone": zone, "languages": draw.choice(["en", "en de", "de"]), "hours": hours,
                     "moderates": draw.random() < 0.3, "since": int(NOW.timestamp() * 1000) - draw.randint(0, 10**9),
                     "employers": ["acme %d" % draw.randint(0, 9)], "avoid": ["acme %d" % draw.randint(0, 9)] if i % 5 == 0 else []})
    return made


def marked(person):
    """The half hours of the week that a person has marked."""
    halves = set()
    for text in person["hours"]:
        day, span = text.split()
        begins, ends = (int(t[:2]) * 2 + int(t[3:]) // 30 for t in span.split("-"))
        halves |= {DAYS.index(day) * 48 + h for h in range(begins, ends)}
    return halves


def instants(zone, slot):
    """Every meeting of a year at one slot; one that the clock skips is held when it goes on."""
    day = NOW.date() - timedelta(days=NOW.weekday() + 7)
    for week in range(56):
        local = datetime(day.year, day.month, day.day) + timedelta(days=7 * week + slot["day"], minutes=slot["minute"])
        aware = local.replace(tzinfo=ZoneInfo(zone))
        utc = aware.astimezone(timezone.utc)
        if utc.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local:
            continue  # skipped: not a time that these people have
        if NOW <= utc < NOW + timedelta(days=366):
            yield utc


def can_come(person, zone, slot):
    halves = marked(person)
    for begins in instants(zone, slot):
        for minutes in range(0, 60, 15):
            local = (begins + timedelta(minutes=minutes)).astimezone(ZoneInfo(person["zone"]))
            if local.weekday() * 48 + local.hour * 2 + local.minute // 30 not in halves:
                return False
    return True


def against(a, b):
    return set(a["avoid"]) & set(b["employers"]) or set(b["avoid"]) & set(a["employers"])


@case("every group keeps the hard rules in every week of the year")
def _():
    pool = people(120, 5)
    path = write("pool.json", {"now": int(NOW.timestamp() * 1000), "people": pool})
    code, out, err = councild("match", "--dry-run", "--from", path, "--json", "--seed", "7")
    equal(code, 0, err)
    told = json.loads(out)
    seen = [p for g in told["groups"] for p in g["people"]] + [left["person"] for left in told["left"]]
    equal(sorted(seen), list(range(len(pool))), "everybody once")
    check(told["placed"] >= 40, "only %d placed" % told["placed"])
    for group in told["groups"]:
        members = [pool[i] for i in group["people"]]
        check(6 <= len(members) <= 8 and len({m["pace"] for m in members}) == 1, "size and pace of %r" % group)
        check(members[0]["moderates"] and members[0]["zone"] == group["zone"], "the moderator of %r" % group)
        check(all(group["language"] in m["languages"].split() for m in members), "the language of %r" % group)
        check(not any(against(a, b) for a in members for b in members if a is not b), "employers of %r" % group)
        slots = group["slots"]
        equal(len(slots), 2 if members[0]["pace"] == "fast" else 1, "meetings a week")
        check(len({s["day"] for s in slots}) == len(slots) and len({s["minute"] for s in slots}) == 1, "slots of %r" % group)
        check(all(can_come(m, group["zone"], s) for m in members for s in slots), "hours of %r" % group)
    equal(councild("match", "--dry-run", "--from", path, "--json", "--seed", "7")[1], out, "the same seed")


@case("in words: who, when, why, and who is left over and why")
def _():
    hours = ["mon 18:00-21:00"]
    pool = [{"pace": "slow", "zone": "Europe/Berlin", "hours": hours, "moderates": i == 3} for i in range(7)]
    pool.append({"pace": "slow", "zone": "Europe/Berlin", "hours": ["tue 18:00-21:00"]})
    bits = bytearray(42)
    for half in range(36, 42):
        bits[half // 8] |= 1 << half % 8
    pool[0]["hours"] = base64.urlsafe_b64encode(bytes(bits)).decode().rstrip("=")
    refill = {"pace": "slow", "places": 1, "zone": "Europe/Berlin", "slots": ["tue 18:15"], "language": "en"}
    code, out, err = councild("match", "--dry-run", "--from", write("words.json", {"people": pool, "councils": [refill]}))
    equal(code, 0, err)
    has(out, "A new council of 7 in Europe/Berlin: Mon 19:00, language en")
    has(out, "1 for council 0 in Europe/Berlin: Tue 18:15")
    has(out, "starts of the week fit all")
    has(out, "8 of 8 people in 2 groups. Nothing was changed.")
    code, out, err = councild("match", "--dry-run", "--from", write("left.json", {"people": pool}))
    has(out, "Left: 7 Europe/Berlin")
    has(out, "more hours would help")


def refused():
    good = {"pace": "slow", "zone": "Europe/Berlin", "hours": ["mon 18:00-21:00"]}
    for field, value in [("pace", "quick"), ("zone", "Europe/Nowhere"), ("hours", ["mon 18:10-21:00"]), ("hours", ["mon 21:00-18:00"]),
                         ("hours", "AAAA"), ("languages", "english"), ("function", "king"), ("avoid", [1]), ("level", 3)]:
        code, _out, err = councild("match", "--dry-run", "--from", write("bad.json", {"people": [good, {**good, field: value}]}))
        equal(code, 65, "%s %r" % (field, value))
        has(err, "person 1: " + field)
    equal(councild("match", "--dry-run", "--from", write("bad.json", "{"))[0], 65, "not JSON")
    equal(councild("match", "--dry-run", "--from", write("bad.json", {}))[0], 65, "no people")
    equal(councild("match", "--dry-run", "--from", os.path.join(folder.name, "none"))[0], 66, "no file")
    equal(councild("match", "--from", write("good.json", {"people": [good]}))[0], 64, "without --dry-run")
    equal(councild("match", "--dry-run", "--data", os.path.join(folder.name, "none"))[0], 66, "no data")


if __name__ == "__main__":
    run(("a file that is none is refused with where it is wrong", refused), folder.cleanup)
