#!/usr/bin/python3
"""A month of a council, by real programs on one clock: ten people look for a council, eight are matched and found it, they meet eight times over two changes of clocks, a
killed server, a lost facilitator and a closed lid; one lands, one leaves, one comes, another moderates; calendar, mails, commitments and exports are counted at the end."""
import glob
import os
import re

from month import *  # its clock is everybody's: before anything is started
import calendars
import leaks
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
called = {}
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


def later_mailed(**more):
    """The same once the server has looked again, half a minute later."""
    clock.pass_ms(MINUTE)
    mailed(**more)


def coming(**reminders):
    """It is two hours before the next meeting and mails go out, then it is time. The meeting's name."""
    row = next(row for row in ada.run("schedule", "show", "--json", "-n", 3).lines() if not row["cancelled"] and row["meeting"] not in held)
    at(row["starts"] - 2 * HOUR)
    mailed(**reminders)
    at(row["starts"])
    held.append(row["meeting"])
    return row["meeting"]


def opens(by, here):
    """A member or a room opens it; of those who are here, one leads whose turn it is. The state and who leads."""
    if isinstance(by, Room):
        by.does("open", "is open", "Roles: ")
        state = meeting(by.member)
    else:
        state = by.run("meeting", "open", "--json").one()
    name = state["roles"]["facilitator"]["name"]
    last = {m.name.capitalize(): max([i for i, who in enumerate(led) if who == m.name.capitalize()], default=-1) for m in here}
    check(name in last and last[name] == min(last.values()), "%s leads out of turn: %r" % (name, last))
    equal(len({who["name"] for who in state["roles"].values()}), 3, "different people for three roles")
    led.append(name)
    called[held[-1]] = [name]
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
    later_mailed(ada=1)
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
    equal((state["zero"], [p["kind"] for p in state["phases"]]), (True, ["welcome", "stories", "commitments", "checkout"]), "meeting zero")
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



# ---- changes ----

@case("on Friday the weekly update is due; a draft holds the week's own entries, and what its author makes of it is with the others")
def updates():
    at(moment("2027-03-05 12:00", NEW_YORK))
    for member, part in ((esma, "asked three neighbours"), (femi, "femi draws a map")):
        has(member.run("sync").err, "day of the weekly update")
        draft = member.run("update", "--template").out
        has(draft, part)
        text = draft + "\n" + world.plant("What %s learned: ask early" % member.name) + "\n"
        equal(member.run("update", "-", "--share", "--json", text=text).one()["shared"], True, "an update")
        lacks(member.run("status").out, "update is due")
    has(ben.run("status").out, "update is due")
    shared = [d for d in chloe.run("document", "list", "--json").lines() if d["form"] == "weekly-update"]
    equal(len(shared), 2, "updates that Chloe reads")


@case("meeting three is moved, and Dev's calendar follows; whoever leads it loses the connection in the middle, another takes over, and it ends late but ends")
def taken_over():
    subscribed(new=False)
    ada.run("schedule", "move", "2027-03-08T11:00", "2027-03-09T10:30", "--quiet")
    feed["tag"] = subscribed(new=True)
    ben.run("rsvp", "no", "--quiet")
    equal(coming(ada=1, chloe=1, dev=1, grace=1, hugo=1), "2027-03-08T11:00", "its name")  # Ben does not come
    people = [dev, esma, grace, hugo]
    rooms = {m: Room(m) for m in people}
    rooms[esma].hears("No meeting is running.")
    for room in rooms.values():
        room.does("who", *(m.name.capitalize() for m in people))
    state, lead = opens(rooms[hugo], people)
    rooms[lead].does("next", "Phase 2 of 5")
    rooms[lead].dies()
    del rooms[lead]
    left = list(rooms.values())
    for room in left:
        room.hears(lead.name.capitalize() + " left.")
    clock.pass_ms(16 * MINUTE)
    for room in left:
        room.hears("The time of this phase is over.")
    left[0].does("take", "Roles: facilitator " + left[0].member.name.capitalize())
    led.append(left[0].member.name.capitalize())
    left[0].does("extend 3", "More time")
    each([ada, chloe], "meeting", "attend", "--quiet")
    rooms[lead] = Room(lead)
    rooms[lead].hears("Phase 2 of 5", "facilitator " + left[0].member.name.capitalize())
    same_clock([ada, chloe, lead], rooms.values())
    for phase in (3, 4, 5):
        clock.pass_ms(6 * MINUTE)
        left[0].does("next", "Phase %d of 5" % phase)
    record = ends(left[0].member, [*people, ada, chloe], "unhurried")
    equal([h["name"] for h in record["held"] if h["role"] == "facilitator"], [lead.name.capitalize(), left[0].member.name.capitalize()], "who led")
    for room in rooms.values():
        room.leaves()


@case("meeting four: a machine sleeps for a quarter of an hour and wakes to the same clock; Femi was away twice, which Ada sees; Hugo leaves the council")
def slept():
    coming(ada=1, ben=1, chloe=1, dev=1, grace=1, hugo=1)
    people = [ada, ben, chloe, esma]
    rooms = [Room(m) for m in people]
    for room in rooms:
        room.does("who", *(m.name.capitalize() for m in people))
    state, lead = opens(rooms[1], people)
    asleep = next(room for room in rooms if room.member is not lead)
    asleep.sleeps()
    each([dev, grace, hugo], "meeting", "attend", "--quiet")
    for minutes in (11, 4):  # after ten minutes of silence the server asks, and soon after that it has hung up
        clock.pass_ms(minutes * MINUTE)
        equal(meeting(dev)["phase"], 1, "the phase")
    goes_on(lead)
    asleep.wakes()
    asleep.hears("Phase 2 of 5")
    same_clock([dev, grace, hugo], rooms)
    for minutes in (15, 30, 5):
        goes_on(lead, minutes)
    ends(lead, [*people, dev, grace, hugo], "rested")
    for room in rooms:
        room.leaves()
    absent = [line["name"] for line in ada.run("moderate", "--json").one()["lines"] if line["what"] == "absent_twice"]
    equal(absent, ["Femi"], "who was absent twice")
    hugo.run("leave", "--yes", "--quiet")
    equal(len(ada.run("roster", "--json").lines()), 7, "members")


@case("Ada asks the pool for somebody: Iris, who waited, is asked, comes by herself, reads what was before and sees the number that all see; Jon withdraws")
def refilled():
    at(now_ms() + HOUR)
    equal(ada.run("refill", "--pool", "--yes", "--uses", 1, "--json").one()["asked"], 1, "places")
    offer = sought(lambda: pool(iris)["proposals"])[0]
    equal((offer["refill"], offer["slots"]), (1, feed["slots"]), "what Iris is asked")
    fits_all_year(offer["slots"][0], NEW_YORK, [PEOPLE["iris"][:2]])
    later_mailed(iris=1)
    iris.run("pool", "accept", "--quiet")

    def there():
        ada.run("sync", "--quiet")
        iris.run("sync", "--quiet")
        return len(iris.status()["logs"]) == 2
    until("Iris in the council", there)
    ada.run("sync", "--quiet")
    equal(names(iris.run("roster", "--json").lines()), sorted(m.name.capitalize() for m in [*council, iris] if m is not hugo), "who is there")
    has(iris.run("meeting", "show", "2027-03-01T11:00").out, "Grace built a bridge once")
    iris.run("orientation", "done", "all", "--quiet")
    council.remove(hugo)
    council.append(iris)
    equal(len({r.one()["number"] for r in each(council, "safety", "--json")}), 1, "safety numbers")
    each(council, "safety", "--compared", "--quiet")
    jon.run("pool", "withdraw", "--quiet")
    equal((pool(jon).get("person"), pool(iris).get("person")), (None, None), "what the pool knows of them")


# ---- the second two weeks ----

def meets(lead_by, people, word, seat=None):
    """A meeting by single commands from beginning to end; its record."""
    state, lead = opens(lead_by, people)
    each(people, "meeting", "attend", "--quiet")
    goes_on(lead, 5)
    goes_on(lead, 15)
    if seat:
        lead.run("meeting", "seated", seat, "--quiet")
    same_clock(people)
    goes_on(lead, 30)
    goes_on(lead, 5)
    return ends(lead, people, word)


@case("meeting five: New York's clocks were put forward, Berlin's not yet; whoever has an interview this week goes ahead of the queue")
def ahead():
    each(council, "rsvp", "yes", "--quiet")
    before = [q["name"] for q in esma.run("meeting", "queue", "--json").one()["queue"]]
    dev.run("meeting", "seat", "in", "--interview", "--day", "2027-03-17", "--why", world.plant("The second round at a shipyard"), "--quiet")
    chloe.run("checkin", "--for", "next", "--result", "2=dropped:" + world.plant("Lyon is too far"), "--commit", world.plant("Call Marseille"),
              "--commit", world.plant("Read a novel"), "--quiet")
    check(before[0] != "Dev", "Dev is first anyway")
    dev.run("checkin", "--result", "1=partly:" + world.plant("one has answered"), "--commit", world.plant("Learn about keels"), "--commit", world.plant("Row"), "--quiet")
    name = coming(ada=1, ben=1, dev=1, grace=1)
    row = next(r for r in esma.run("schedule", "show", "--json").lines() if r["meeting"] == name)
    equal((name, local(row["starts"], BERLIN)), ("2027-03-15T11:00", "2027-03-15T16:00"), "an hour earlier in Berlin")
    queue = esma.run("meeting", "queue", "--json").one()["queue"]
    equal((queue[0]["name"], queue[0]["urgent"], queue[0]["why"]), ("Dev", True, "The second round at a shipyard"), "who goes ahead")
    meets(ada, council, "brave", seat="Dev")
    equal(esma.run("meeting", "queue", "--json").one()["queue"][-1]["name"], "Dev", "who had it last")


@case("Grace lands and stays as an alumna: shown so, congratulated by nobody's reminders, in no queue and no turn, and at meeting six all the same")
def landed():
    grace.run("landed", "--stay", "--day", "2027-03-22", "--quiet")
    grace.run("mail", "stop", "--quiet")
    equal([r["name"] for r in ben.run("roster", "--json").lines() if r["alumna"]], ["Grace"], "alumnae")
    coming(ada=1, ben=1, chloe=1, dev=1)
    lacks([q["name"] for q in ben.run("meeting", "queue", "--json").one()["queue"]], "Grace", "the queue")
    people = [m for m in council if m is not grace]
    each(people, "rsvp", "yes", "--quiet")
    state, lead = opens(ben, people)
    room = Room(grace)
    each(people, "meeting", "attend", "--quiet")
    room.does("minute " + world.plant("My first ninety days begin on Monday"), "The minute is sent.")
    for minutes in (5, 15, 30, 5):
        goes_on(lead, minutes)
    ends(lead, council, "glad")
    room.leaves()
    row = ada.run("moderate", "--json").one()
    equal((row["members"], row["seeking"], row["alumni"]), (8, 7, 1), "who searches")


@case("Ada hands over to Ben in one step; he cancels a meeting, she cannot any more; calendar and mails know, and meeting seven is the next one")
def handed_over():
    at(now_ms() + DAY)
    ada.run("handover", "Ben", "--quiet")
    equal([r["name"] for r in iris.run("roster", "--json").lines() if r["role"] == "moderator"], ["Ben"], "who moderates")
    equal(ada.run("schedule", "cancel", "2027-03-22T11:00", "--json", code=4).error(), "not_moderator", "Ada cancels")
    feed["tag"] = subscribed(new=False) and feed["tag"]
    ben.run("schedule", "cancel", "2027-03-22T11:00", "--quiet")
    feed["tag"] = subscribed(new=True)
    at(moment("2027-03-22 10:00", NEW_YORK))
    mail_round(world)
    equal(coming(ada=1, ben=1, chloe=1, dev=1), "2027-03-25T11:00", "the next meeting")
    each([ben, chloe, dev, esma, femi, iris], "rsvp", "yes", "--quiet")
    meets(ben, [ben, chloe, dev, esma, femi, iris], "onward")


@case("meeting eight: Berlin's clocks were put forward as well; what was promised in the first week is done, carried on or dropped on purpose")
def kept():
    name = coming(ada=1, ben=1, chloe=1, dev=1)
    row = next(r for r in esma.run("schedule", "show", "--json").lines() if r["meeting"] == name)
    equal((name, local(row["starts"], BERLIN)), ("2027-03-29T11:00", "2027-03-29T17:00"), "five in the afternoon in Berlin again")
    people = [m for m in council if m is not grace]
    each(people, "rsvp", "yes", "--quiet")
    meets(esma, people, "thankful", seat="Iris")
    dev.run("did", "asked two more", "--commitment", 1, "--count", 2, "--quiet")
    of = {m: {c["text"]: (c["state"], c["carried"] > 0) for c in iris.run("commitments", m.name.capitalize(), "--all", "--json").lines()} for m in (chloe, dev, esma)}
    equal([of[m]["%s asks around" % m.name.capitalize()] for m in (esma, chloe, dev)], [("done", False), ("done", False), ("done", True)], "done, one of them after it was carried")
    equal((of[dev]["Dev sleeps well"], of[chloe]["Two calls to Lyon"][0]), (("open", True), "dropped"), "still open, and dropped on purpose")
    equal(len(iris.run("meeting", "list", "--json").lines()), 8, "meetings")


# ---- the end of the month ----

@case("every mail came once, to who wanted it: neutral, with one link; none about a cancelled meeting, to who said no, had left or had stopped them")
def counted():
    at(now_ms() + DAY)
    mail_round(world)
    mailed()
    equal(mails, {"ada": 10, "ben": 8, "chloe": 7, "dev": 9, "grace": 6, "hugo": 5, "iris": 2}, "mails, with the code of each")
    ids = [mail["Message-ID"] for _, mail, _ in relay.taken]
    equal(len(set(ids)), len(ids), "different mails")
    for _, mail, raw in relay.taken:
        equal(re.findall(r"https?://\S+", mail.get_content()), [world.server.url], "links in a mail")
        check(not re.search("council|moderat|" + "|".join(PEOPLE), mail["Subject"] + mail.get_content(), re.I), "a mail says " + mail.get_content())
    world.lacks_words((raw for _, _, raw in relay.taken), "a mail")
    relay.stop()


@case("what all eight export of their council is the same to the last byte, Hugo's is its beginning; the server's data is whole, and every head is right")
def exported():
    each(council, "sync", "--quiet")
    folders = {m: os.path.join(world.folder, m.name + ".export") for m in [*council, hugo]}
    every([(m, ("export", folder, "--quiet")) for m, folder in folders.items()])
    texts = {m: {os.path.basename(path): open(path, encoding="utf-8").read() for path in glob.glob(folder + "/council-*")} for m, folder in folders.items()}
    for member in council:
        equal(sorted(texts[member]), sorted(texts[ada]), "files")
        for name, text in texts[member].items():
            check(text == texts[ada][name], "%s's %s differs from Ada's" % (member.name, name))
    lines = {m: next(text for name, text in files.items() if name.endswith(".jsonl")).splitlines() for m, files in texts.items()}
    check(100 < len(lines[hugo]) < len(lines[ada]), "Hugo's lines")
    equal(lines[hugo], lines[ada][:len(lines[hugo])], "what Hugo has")
    for word in ("Grace built a bridge once", "My first ninety days", "Lyon is too far", "thankful", "ask early"):
        has("\n".join(lines[iris]), word, "what Iris has")
    each(council, "verify", "--quiet")
    world.lacks_words((chunk for path in world.server.files() for chunk in leaks.file_chunks(path)), "the server's files", {feed["url"].split("/")[-1][:43]})
    world.server.stop()
    world.server.verify()
    world.server.start()


main()
