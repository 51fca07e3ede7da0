#!/usr/bin/python3
"""A month of a council, by real programs on one clock: ten people look for a council, eight are matched and found it, they meet eight times over two changes of clocks, a
killed server, a lost facilitator and a closed lid; one lands, one leaves, one comes, another moderates; calendar, mails, commitments and exports are counted at the end."""
import glob
import os
import re

from month import *  # its clock is everybody's: before anything is started
import calendars
from harness import OK, Member, World, case, check, equal, has, lacks, main
from relay import Relay

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
PEOPLE = {  # zone, hours, what they do, at which level
    "ada": (NEW_YORK, "mon-fri 09:00-14:00", "engineering", "senior"), "ben": (NEW_YORK, "mon-fri 09:00-14:00", "design", "senior"),
    "chloe": ("Europe/Paris", "mon-fri 14:00-20:00", "data", "senior"), "dev": ("Europe/London", "mon-fri 13:00-19:00", "product", "senior"),
    "esma": (BERLIN, "mon-fri 14:00-20:00", "marketing", "middle"), "femi": ("Africa/Lagos", "mon-fri 12:00-20:00", "finance", "senior"),
    "grace": (NEW_YORK, "mon-fri 09:00-14:00", "operations", "manager"), "hugo": ("America/Toronto", "mon-fri 09:00-14:00", "sales", "manager"),
    "iris": ("Europe/London", "mon-fri 13:00-19:00", "people", "senior"), "jon": ("Asia/Tokyo", "sat-sun 09:00-20:00", "legal", "senior")}
MAILS = {"ada": "proposal,meeting", "ben": "meeting", "chloe": "checkin", "dev": "meeting", "grace": "meeting", "hugo": "meeting", "iris": "proposal"}

at(moment("2027-02-24 15:00"))  # a Wednesday
relay = Relay()
relay.start()
world = World("--ping", "600", "--smtp", relay.url, "--mail-from", "reminders@mail.example")
everybody = [Member(world, name) for name in PEOPLE]
world.members += everybody
ada, ben, chloe, dev, esma, femi, grace, hugo, iris, jon = everybody
council = everybody[:8]
mails = {name: 0 for name in MAILS}  # how many each must have got so far
led, held = [], []  # who led each meeting from its opening, and the meetings in order
feed = {}


# ---- steps of every meeting ----

def address(name):
    return name + "@box.example"


def mailed(**more):
    """So many mails more have come, to these and to nobody else."""
    for name, count in more.items():
        mails[name] += count
    until(lambda: "mails %r; there are %r:\n%s" % (mails, {n: len(relay.to(address(n))) for n in mails}, world.server.tail()),
          lambda: {name: len(relay.to(address(name))) for name in mails} == mails)


def coming(**reminders):
    """It is two hours before the next meeting and mails go out, then it is time. The meeting's name."""
    row = next(row for row in ada.run("schedule", "show", "--json", "-n", 3).lines() if not row["cancelled"] and row["meeting"] not in held)
    at(row["starts"] - 2 * HOUR)
    mailed(**reminders)
    at(row["starts"])
    held.append(row["meeting"])
    return row["meeting"]


def opens(member, here, *args):
    """Opens it; of those who are here, one leads whose turn it is. The state and who leads."""
    state = member.run("meeting", "open", "--json", *args).one()
    name = state["roles"]["facilitator"]["name"]
    last = {m.name.capitalize(): max([i for i, who in enumerate(led) if who == m.name.capitalize()], default=-1) for m in here}
    check(name in last and last[name] == min(last.values()), "%s leads out of turn: %r" % (name, last))
    equal(len({who["name"] for who in state["roles"].values()}), 3, "different people for three roles")
    led.append(name)
    equal(state["meeting"], held[-1], "the meeting that it is time for")
    return state, by_name(name)


def by_name(name):
    return next(m for m in everybody if m.name == name.lower())


def goes_on(lead, minutes=0):
    clock.pass_ms(minutes * MINUTE)
    return lead.run("meeting", "next", "--json").one()


def ends(lead, people, word):
    """The words, the end, and what stands in the log then: who was there."""
    each(people, "meeting", "word", world.plant(word))
    lead.run("meeting", "close", "--quiet")
    seen = [r.one() for r in each(people, "meeting", "show", "--json", "last")]
    for one in seen:
        one.pop("clock")
        equal(one, seen[0], "the meeting's record at somebody else's")
    equal((seen[0]["open"], names(seen[0]["attended"])), (False, sorted(m.name.capitalize() for m in people)), "who was there")
    equal(len(seen[0]["words"]), len(people), "words")
    return seen[0]


# ---- how they find each other ----

def registers(member):
    zone, hours, function, level = PEOPLE[member.name]
    more = ["--moderate"] if member is ada else []
    return member, ("pool", "register", "--yes", "--pace", "fast", "--name", member.name.capitalize(), "--zone", zone, "--hours", hours,
                    "--function", function, "--level", level, "--language", "en", *more)


def pool(member):
    return member.run("pool", "show", "--json").one()


def sought(look):
    """Minutes pass until a search for groups had this outcome."""
    def later():
        clock.pass_ms(MINUTE)
        return look()
    return until("what a search for groups finds", later)


@case("ten people register, some want mails; eight of them fit together all year and are asked, two are told what was missing")
def matched():
    each(everybody, "register", "--server", world.server.url, "--quiet")
    for member in everybody:
        world.plant(member.phrase)
    every([(by_name(name), ("mail", "set", address(name), "--yes", "--kinds", kinds, "--zone", PEOPLE[name][0])) for name, kinds in MAILS.items()])
    mailed(**{name: 1 for name in MAILS})
    every([(by_name(name), ("mail", "confirm", re.search(r"([2-9A-Z]{5}-[2-9A-Z]{5})", relay.to(address(name))[0].get_content())[1])) for name in MAILS])
    every([registers(jon)])
    sought(lambda: pool(jon).get("missing"))
    every([registers(m) for m in council])
    every([registers(iris)])
    offer = sought(lambda: pool(ada)["proposals"])[0]
    equal(sorted(person["name"] for person in offer["people"]), sorted(m.name.capitalize() for m in council), "who is asked")
    equal((offer["pace"], offer["zone"], offer["language"], len(offer["slots"])), ("fast", NEW_YORK, "en", 2), "the proposal")
    for slot in offer["slots"]:
        fits_all_year(slot, offer["zone"], [(PEOPLE[m.name][0], PEOPLE[m.name][1]) for m in council])
    lacks(iris.run("pool", "show").out, "Proposal")
    check(pool(iris)["missing"] and pool(jon)["missing"], "what was missing for who is left over")
    mailed(ada=1)
    feed["slots"] = offer["slots"]


@case("all accept; Ada's program founds the council and invites, theirs join by themselves, and the meetings are in the proposal's hours")
def founded():
    each(council, "pool", "accept")

    def all_there():
        each(council, "sync", "--quiet")
        return all(len(member.status()["logs"]) == 2 for member in council) and len(ada.run("roster", "--json").lines()) == 8
    until("the council of eight", all_there)
    equal(names(hugo.run("roster", "--json").lines()), sorted(m.name.capitalize() for m in council), "who is there")
    coming_up = esma.run("schedule", "show", "--json", "-n", 2).lines()
    equal([(row["council_zone"], row["meeting"][11:], weekday(row["meeting"])) for row in coming_up],
          [(NEW_YORK, "%02d:%02d" % divmod(slot["minute"], 60), slot["day"]) for slot in feed["slots"]], "when it meets")
    equal(pool(dev)["proposals"], [], "nothing is left of the proposal")


@case("everybody does the orientation, Ada the training, all see one safety number; then nothing is left for her to see to but a co-moderator")
def oriented():
    has(ada.run("moderate").out, "council orientation")
    each(council, "orientation", "done", "all", "--quiet")
    ada.run("training", "done", "all", "--quiet")
    numbers = {r.one()["number"] for r in each(council, "safety", "--json")}
    equal(len(numbers), 1, "safety numbers")
    each(council, "safety", "--compared", "--quiet")
    row = ada.run("moderate", "--json").one()
    equal(({line["what"] for line in row["lines"]}, row["state"], row["members"]), ({"no_co_moderator", "meeting_zero"}, "meeting zero due", 8), "what is left to do")
    ada.run("update", "day", "friday", "--quiet")
    feed["url"] = dev.run("calendar", "create", "--json").one()["address"]
    world.plant(feed["url"].split("/")[-1])
    feed["tag"] = subscribed(new=True)


def subscribed(new):
    """Dev's calendar program asks again: what it shows is what the council's clients show. The ETag."""
    status, text, tag = fetch(feed["url"], feed.get("tag"))
    equal(status, 200 if new else 304, "the calendar, which %s" % ("changed" if new else "did not change"))
    if new:
        ours = [row["starts"] // 1000 for row in dev.run("schedule", "show", "--json", "-n", 12).lines() if not row["cancelled"]]
        theirs = calendars.by_icalendar(text, utc(now_ms() + 90 * DAY).replace(tzinfo=None), calendars.dateutil_zone)
        equal(sorted(t for t in theirs if t * 1000 > now_ms())[:len(ours)], sorted(ours), "the calendar's meetings")
        has(text, "SUMMARY:Meeting\r\n")
        for word in ("Mon and Thu", *(member.name.capitalize() for member in everybody)):
            lacks(text, word, "the calendar")
    return tag


# ---- the first two weeks ----

@case("meeting one is for personal stories; all eight see one clock; minutes, sixteen commitments and the words are in the log, and nobody kept a list")
def zero():
    coming(ada=1, ben=1, chloe=1, dev=1, grace=1, hugo=1)
    each(council, "rsvp", "yes", "--quiet")
    state, lead = opens(hugo, council)
    equal((state["zero"], [p["kind"] for p in state["phases"]]), (True, ["checkin", "stories", "commitments", "checkout"]), "meeting zero")
    each(council, "meeting", "attend", "--quiet")
    goes_on(lead, 9)
    equal(same_clock(council)["phase"], 2, "the stories")
    by_name(state["roles"]["scribe"]["name"]).run("meeting", "minute", world.plant("Grace built a bridge once, Femi a bakery"), "--quiet")
    goes_on(lead, 41)
    every([(m, ("checkin", "--quiet", "--commit", world.plant("%s asks around" % m.name.capitalize()) + " [3 people]", "--commit", world.plant("%s sleeps well" % m.name.capitalize())))
           for m in council])
    goes_on(lead, 4)
    record = ends(lead, council, "curious-and-calm")
    equal((len(record["commitments"]), len(record["minutes"])), (16, 1), "commitments and minutes")


@case("meeting two: the server is killed while five sit in rooms; what they write is kept, and afterwards everybody's clock is the same")
def killed():
    at(now_ms() + DAY)
    esma.run("did", "asked three neighbours", "--commitment", 1, "--count", 3, "--quiet")  # closes it by itself
    dev.run("did", "asked one", "--commitment", 1, "--quiet")
    chloe.run("checkin", "--for", "next", "--result", "1=done", "--commit", world.plant("Two calls to Lyon"), "--commit", world.plant("A walk"), "--quiet")
    coming(ada=1, ben=1, dev=1, grace=1, hugo=1)  # Chloe's check-in was told
    rooms = [Room(m) for m in (chloe, dev, esma, femi, grace)]
    state, lead = opens(ben, [ben, chloe, dev, esma, femi, grace])
    for room in rooms:
        room.hears("Phase 1 of 5")
    goes_on(lead, 5)
    goes_on(lead, 15)
    for room in rooms:
        room.hears("Phase 3 of 5")
    rooms[1].does("seated", "has the hot seat")
    world.server.kill()
    for room in rooms:
        room.hears("You are offline")
    rooms[2].does("minute " + world.plant("Said while the server was gone"), "The minute is kept")
    clock.pass_ms(4 * MINUTE)
    world.server.start()
    for room in rooms:
        room.hears("You are online", "Said while the server was gone")
    each([ada, hugo], "meeting", "attend", "--quiet")
    equal(same_clock(council, rooms)["phase"], 3, "after the restart")
    goes_on(lead, 26)
    for room in rooms[3:]:
        room.does("commit " + world.plant("%s draws a map" % room.member.name) + "; " + world.plant("%s calls an old boss" % room.member.name), "Commitment")
    goes_on(lead, 5)
    for room in rooms:
        room.hears("Phase 5 of 5")
    record = ends(lead, council, "steady-on")
    equal(len(record["commitments"]), 4, "commitments made in rooms")
    for room in rooms:
        room.hears("The meeting is closed.")
        room.leaves()


main()
