#!/usr/bin/python3
"""Calendars that subscribe: made, moved, cancelled, unchanged, revoked, a former member's; guesses; what the server keeps; and a file of one's own."""
import datetime
import http.client
import os
import re
import urllib.parse

import calendars
from harness import FAILED, REFUSED, USAGE, World, case, check, equal, has, lacks, main

world = World("--limit", "calendar-burst=400", "--limit", "calendar-rate=1")
TITLE = world.plant("The Tuesday people of Ravensburg")
people, state = {}, {}
UNKNOWN = "/calendar/" + "A" * 43 + ".ics"


def fetch(url, method="GET", **headers):
    """Status, headers and body of one request of its own."""
    parts = urllib.parse.urlsplit(url if "//" in url else world.server.url + url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=60)
    try:
        connection.request(method, parts.path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def held(text, until="2041-01-01T00:00"):
    return calendars.by_icalendar(text, datetime.datetime.fromisoformat(until), calendars.dateutil_zone)


def shown(member, count=20):
    """The coming meetings that are held, as the member's client says."""
    return [m["starts"] // 1000 for m in member.run("schedule", "show", "--json", "-n", count).lines() if not m["cancelled"]]


def agree(text, member):
    ours = sorted(shown(member))
    theirs = [at for at in held(text) if ours[0] <= at]
    equal(sorted(theirs)[:len(ours)], ours, "the meetings that a calendar shows")


@case("an address shows the council's meetings, in a calendar that says nothing else")
def subscribe():
    people["ada"], people["ben"] = world.council("ada", "ben", title=TITLE)
    ada, ben = people["ada"], people["ben"]
    made = ben.run("calendar", "create", "--json").one()
    state["ben"] = made["address"]
    check(re.fullmatch(re.escape(world.server.url) + r"/calendar/[A-Za-z0-9_-]{43}\.ics", made["address"]), "an address: %r" % made)
    status, _, body = fetch(made["address"])
    equal(status, 200, "a calendar without a schedule")
    equal(held(body.decode()), [], "its meetings")
    ada.run("schedule", "set", "tue", "fri", "--time", "18:00", "--zone", "America/New_York", "--from", "2026-01-01")
    status, headers, body = fetch(made["address"])
    text = body.decode()
    equal((status, headers["content-type"], headers["cache-control"]), (200, "text/calendar; charset=utf-8", "private, no-cache"), "the answer")
    equal(int(headers["content-length"]), len(body), "its length")
    agree(text, ben)
    has(text, "SUMMARY:Meeting\r\n")
    for word in (TITLE, "Ada", "Ben", "Council of", "job"):
        lacks(text, word, "the calendar")
    state["uid"] = re.search(r"UID:(\S+)", text).group(1)
    lacks(state["uid"], made["council"][:8], "the name of the events")


@case("what did not change is not sent again: ETag, Last-Modified, HEAD")
def conditions():
    status, headers, body = fetch(state["ben"])
    etag, date = headers["etag"], headers["last-modified"]
    for asked in ({"If_None_Match": etag}, {"If_None_Match": '"other", W/' + etag}, {"If_None_Match": "*"}, {"If_Modified_Since": date}):
        status, headers, got = fetch(state["ben"], **asked)
        equal((status, got, headers["etag"]), (304, b"", etag), "the answer to %r" % asked)
    for asked in ({"If_None_Match": '"other"'}, {"If_None_Match": '"other"', "If_Modified_Since": date}, {"If_Modified_Since": "Thu, 01 Jan 1970 00:00:00 GMT"}):
        equal(fetch(state["ben"], **asked)[::2], (200, body), "the answer to %r" % asked)
    status, headers, got = fetch(state["ben"], "HEAD")
    equal((status, got, headers["etag"], int(headers["content-length"])), (200, b"", etag, len(body)), "HEAD")
    equal(fetch(state["ben"], "POST")[0], 405, "POST")
    people["ada"].note(world.plant("A note that changes no calendar"))
    equal(fetch(state["ben"], If_None_Match=etag)[0], 304, "after a note")


@case("a meeting that is moved or cancelled is so in the calendar, under the same name and a higher sequence")
def move_and_cancel():
    ada = people["ada"]
    before = fetch(state["ben"])[1]
    soon = [m["meeting"] for m in ada.run("schedule", "show", "--json", "-n", 4).lines()]
    ada.run("schedule", "cancel", soon[2])
    ada.run("schedule", "move", soon[3], soon[3][:11] + "07:30")
    status, headers, body = fetch(state["ben"], If_None_Match=before["etag"])
    text = body.decode()
    equal(status, 200, "the answer after a change")
    check(headers["last-modified"] >= before["last-modified"] or headers["last-modified"][:3] != before["last-modified"][:3], "Last-Modified went back")
    agree(text, people["ben"])
    equal(set(re.findall(r"UID:(\S+)", text)), {state["uid"]}, "the names of the events")
    equal(sorted(int(n) for n in re.findall(r"SEQUENCE:(\d+)", text)), [0, 1, 2], "the sequences")
    has(text, "STATUS:CANCELLED")
    ada.run("schedule", "set", "mon", "thu", "--time", "07:15", "--zone", "Australia/Lord_Howe", "--from", "2026-02-01")
    text = fetch(state["ben"])[2].decode()
    agree(text, people["ben"])
    lacks(text, "RECURRENCE-ID", "the calendar of a new schedule")
    equal((re.findall(r"SEQUENCE:(\d+)", text), re.findall(r"UID:(\S+)", text)), (["3"], [state["uid"]]), "the new series")


@case("addresses are listed where they were made; a title of one's own is shown; two members' calendars share no name")
def titles():
    ada = people["ada"]
    made = ada.run("calendar", "create", "--title", "Call; with, commas", "--json").one()
    text = fetch(made["address"])[2].decode()
    has(text, "SUMMARY:Call\\; with\\, commas")
    lacks(text, state["uid"], "the other member's calendar")
    listed = ada.run("calendar", "list", "--json").lines()
    equal([(f["address"], f["title"]) for f in listed], [(made["address"], "Call; with, commas")], "the list")
    has(ada.run("calendar", "list").out, made["address"])
    ada.run("calendar", "create", "--title", "x" * 65, code=USAGE)
    ada.run("calendar", "create", "--title", "two\nlines", code=(FAILED, REFUSED))
    state["ada"] = made


@case("after a restart the same address shows the same bytes")
def restart():
    before = fetch(state["ben"])
    world.server.restart()
    after = fetch(state["ben"])
    equal((after[0], after[2], after[1]["etag"]), (200, before[2], before[1]["etag"]), "the calendar after a restart")


@case("a backup holds the addresses' hashes, and a restored server answers them once its members are back")
def backup():
    ada, ben = people["ada"], people["ben"]
    copy = os.path.join(world.folder, "copy.backup")
    world.server.ask("backup", copy)
    world.server.stop()
    world.server.ask("restore", copy, "--force")
    world.server.start()
    status, headers, _ = fetch(state["ben"])
    equal(status, 503, "a calendar of a council that waits for its members")
    check(int(headers["retry-after"]) > 0, "no time to come back")
    for member in (ada, ben, ada):
        member.run("sync")
    equal(fetch(state["ben"])[0], 200, "the calendar when all are back")
    os.unlink(copy)


@case("revoked, of a former member, malformed, guessed: all answered in the same words")
def refused():
    ada, ben = people["ada"], people["ben"]
    expected = fetch(UNKNOWN)
    feed = state["ada"]["feed"]
    ada.run("calendar", "revoke", "nope", code=FAILED)
    ada.run("calendar", "revoke", feed[:8])
    equal(ada.run("calendar", "list", "--json").lines(), [], "the list after a revocation")
    ada.run("calendar", "revoke", feed[:8], code=FAILED)
    equal(fetch(state["ada"]["address"]), expected, "a revoked address")
    ada.run("remove", "Ben", "--quiet")
    equal(fetch(state["ben"]), expected, "a former member's address")
    equal(fetch(state["ben"], "HEAD")[:2], fetch(UNKNOWN, "HEAD")[:2], "HEAD of it")
    for path in ("/calendar/", "/calendar/short.ics", UNKNOWN[:-4], UNKNOWN + "x"):
        equal(fetch(path), expected, path)
    equal(expected[0], 404, "an unknown address")
    ben.run("calendar", "create", code=(FAILED, REFUSED))


@case("who guesses is made to wait, whether the next address is good or not")
def guesses():
    ada = people["ada"]
    good = ada.run("calendar", "create", "--json").one()["address"]
    world.server.restart()  # a full bucket
    equal([fetch(good)[0] for _ in range(50)], [200] * 50, "fifty requests of an address that there is")
    codes = []
    while len(codes) < 40 and 429 not in codes:
        codes.append(fetch("/calendar/%043d.ics" % len(codes))[0])
    check(5 < len(codes) < 40, "guesses were answered %r" % codes)
    bad, fine = fetch(UNKNOWN), fetch(good)
    equal((bad[0], bad[2]), (429, fine[2]), "guess and address alike")
    check(1 <= int(fine[1]["retry-after"]) <= 60, "when to come back: %r" % fine[1])
    state["good"] = good


@case("the secret of an address is in nothing that the server writes or says, nor in a home in the clear")
def secrets():
    secret = re.search(r"calendar/(.*)\.ics", state["good"]).group(1)
    old = re.search(r"calendar/(.*)\.ics", state["ben"]).group(1)
    raw = {secret, old}
    for path in world.server.files():
        world.lacks_words([open(path, "rb").read()], "the server's file " + path, raw)
    world.lacks_words([world.server.metrics()], "/metrics", raw)
    for member in people.values():
        for folder, _, names in os.walk(member.home):
            for name in (os.path.join(folder, n) for n in names):
                if os.path.isfile(name):
                    world.lacks_words([open(name, "rb").read()], name, raw)
    figures = world.server.metrics().decode()
    has(figures, "councild_calendars_total")


@case("a file of one's own has the council's name, the agenda and who comes; it is the member's alone and is updated by being written again")
def own_file():
    ada = people["ada"]
    path = os.path.join(world.folder, "own.ics")
    ada.run("rsvp", "yes")
    ada.run("calendar", "write", path)
    equal(os.stat(path).st_mode & 0o777, 0o600, "its mode")
    text = open(path, newline="").read()
    whole = text.replace("\r\n ", "")
    has(whole, TITLE)
    has(whole, "Coming: Ada")
    has(whole, "min  ")
    agree(text, ada)
    ada.run("rsvp", "no")
    ada.run("calendar", "write", path, "--json")
    again = open(path, newline="").read().replace("\r\n ", "")
    has(again, "Not coming: Ada")
    equal(set(re.findall(r"UID:(\S+)", again)), set(re.findall(r"UID:(\S+)", whole)), "the names of the events")
    has(ada.run("calendar", "write", "-", "--offline").out, "BEGIN:VCALENDAR")
    ada.run("calendar", "write", os.path.join(world.folder, "no/such/folder.ics"), code=FAILED)
    os.unlink(path)


if __name__ == "__main__":
    main()
