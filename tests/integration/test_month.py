#!/usr/bin/python3
"""A month of a council, by real programs on one clock: ten people look for a council, eight are matched and found it, they meet eight times over two changes of clocks, a
killed server, a lost facilitator and a closed lid; one lands, one leaves, one comes, another moderates; calendar, mails, commitments and exports are counted at the end."""
import glob
import os
import re

from month import *  # its clock is everybody's: before anything is started
import leaks
from harness import REFUSED, case, check, equal, has, lacks, main

NEW_YORK, BERLIN = "America/New_York", "Europe/Berlin"
PEOPLE = {  # zone, hours, what they do, at which level
    "ada": (NEW_YORK, "mon-fri 09:00-14:00", "engineering", "senior"), "ben": (NEW_YORK, "mon-fri 09:00-14:00", "design", "senior"),
    "chloe": ("Europe/Paris", "mon-fri 14:00-20:00", "data", "senior"), "dev": ("Europe/London", "mon-fri 13:00-19:00", "product", "senior"),
    "esma": (BERLIN, "mon-fri 14:00-20:00", "marketing", "middle"), "femi": ("Africa/Lagos", "mon-fri 12:00-20:00", "finance", "senior"),
    "grace": (NEW_YORK, "mon-fri 09:00-14:00", "operations", "manager"), "hugo": ("America/Toronto", "mon-fri 09:00-14:00", "sales", "manager"),
    "iris": ("Europe/London", "mon-fri 13:00-19:00", "people", "senior"), "jon": ("Asia/Tokyo", "sat-sun 09:00-20:00", "legal", "senior")}
MAILS = {"ada": "proposal,meeting", "ben": "meeting", "chloe": "checkin", "dev": "meeting", "grace": "meeting", "hugo": "meeting", "iris": "proposal"}

begins(moment("2027-02-24 15:00"))  # a Wednesday
month = Month(PEOPLE, MAILS)
world = month.world
everybody = list(month.people.values())
ada, ben, chloe, dev, esma, femi, grace, hugo, iris, jon = everybody
council = everybody[:8]
story = {}  # what a later case must know


def registers(member):
    zone, hours, function, level = PEOPLE[member.name]
    return member, ("pool", "register", "--yes", "--pace", "fast", "--name", called(member), "--zone", zone, "--hours", hours,
                    "--function", function, "--level", level, "--language", "en", *(["--moderate"] if member is ada else []))


def comes_in(moderator, members):
    """The programs of the moderator and of these do what is theirs to do; true once all are in a council."""
    each([moderator, *(m for m in members if m is not moderator and len(m.status("--offline")["logs"]) < 2)], "sync", "--quiet")
    return all(len(m.status("--offline")["logs"]) == 2 for m in members)


def queue(member):
    return [who["name"] for who in member.run("meeting", "queue", "--json").one()["queue"]]


def pool(member):
    return member.run("pool", "show", "--json").one()


# ---- how they find each other ----

@case("ten people register, some want mails; eight of them fit together all year and are asked, two are told what was missing")
def matched():
    each(everybody, "register", "--server", world.server.url, "--quiet")
    for member in everybody:
        world.plant(member.phrase)
    every([(month.by_name(name), ("mail", "set", name + "@box.example", "--yes", "--kinds", kinds, "--zone", PEOPLE[name][0])) for name, kinds in MAILS.items()])
    month.mailed(**{name: 1 for name in MAILS})
    every([(month.by_name(name), ("mail", "confirm", re.search(r"([2-9A-Z]{5}-[2-9A-Z]{5})", month.got(name)[0].get_content())[1])) for name in MAILS])
    every([registers(m) for m in [*council, jon]])
    every([registers(iris)])  # the last who came
    offer = month.sought(lambda: pool(ada)["proposals"])[0]
    equal(sorted(person["name"] for person in offer["people"]), month.names(council), "who is asked")
    equal((offer["pace"], offer["zone"], offer["language"], len(offer["slots"])), ("fast", NEW_YORK, "en", 2), "the proposal")
    for slot in offer["slots"]:
        fits_all_year(slot, offer["zone"], [PEOPLE[m.name][:2] for m in council])
    lacks(iris.run("pool", "show").out, "Proposal")
    check(pool(iris)["missing"] and pool(jon)["missing"], "what was missing for who is left over")
    clock.pass_ms(MINUTE)
    month.mailed(ada=1)
    story["slots"] = offer["slots"]


@case("all accept; Ada's program founds the council and invites, theirs join by themselves, and the meetings are in the proposal's hours")
def founded():
    each(council, "pool", "accept")

    until("the council of eight", lambda: comes_in(ada, council))
    ada.run("sync", "--quiet")  # gives who came last the keys of what was said before
    equal(names(hugo.run("roster", "--json").lines()), month.names(council), "who is there")
    coming_up = esma.run("schedule", "show", "--json", "-n", 2).lines()
    equal([(row["council_zone"], row["meeting"][11:], weekday(row["meeting"])) for row in coming_up],
          [(NEW_YORK, "%02d:%02d" % divmod(slot["minute"], 60), slot["day"]) for slot in story["slots"]], "when it meets")
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
    month.feed = dev.run("calendar", "create", "--json").one()["address"]
    month.subscribed(dev, new=True)


# ---- the first two weeks ----

@case("meeting one is for personal stories; all eight see one clock; minutes, sixteen commitments and the words are in the log, and nobody kept a list")
def zero():
    month.coming(ada=1, ben=1, chloe=1, dev=1, grace=1, hugo=1)
    each(council, "rsvp", "yes", "--quiet")
    state, lead = month.opens(hugo, council)
    scribe = month.by_name(state["roles"]["scribe"]["name"])
    equal((state["zero"], [p["kind"] for p in state["phases"]]), (True, ["welcome", "stories", "commitments", "checkout"]), "meeting zero")
    each(council, "meeting", "attend", "--quiet")
    goes_on(lead, 9)
    state = same_clock(council)
    equal((state["phase"], state["phases"][0]["began"] // MINUTE, state["clock"]["ends"]),
          (2, moment("2027-03-01 11:00", NEW_YORK) // MINUTE, state["phases"][1]["began"] + 40 * MINUTE), "forty minutes for stories")
    scribe.run("meeting", "minute", world.plant("Grace built a bridge once, Femi a bakery"), "--quiet")
    goes_on(lead, 41)
    every([(m, ("checkin", "--quiet", "--commit", world.plant("%s asks around" % called(m)) + " [3 people]", "--commit", world.plant("%s sleeps well" % called(m))))
           for m in council])
    goes_on(lead, 4)
    record = month.ends(lead, council, "curious-and-calm")
    equal((len(record["commitments"]), len(record["minutes"])), (16, 1), "commitments and minutes")


@case("meeting two: the server is killed while five sit in rooms; what they write is kept, and afterwards everybody's clock is the same")
def killed():
    at(now_ms() + DAY)
    esma.run("did", "asked three neighbours", "--commitment", 1, "--count", 3, "--quiet")  # closes it by itself
    dev.run("did", "asked one", "--commitment", 1, "--quiet")
    chloe.run("checkin", "--for", "next", "--result", "1=done", "--commit", world.plant("Two calls to Lyon"), "--commit", world.plant("A walk by the sea"), "--quiet")
    month.coming(ada=1, ben=1, dev=1, grace=1, hugo=1)  # Chloe's check-in was told
    rooms = [Room(m) for m in (chloe, dev, esma, femi, grace)]
    _, lead = month.opens(ben, [ben, chloe, dev, esma, femi, grace])
    for room in rooms:
        room.hears("Phase 1 of 5")
    goes_on(lead, 5)
    ends = goes_on(lead, 15)["clock"]["ends"]
    check(abs(ends - now_ms() - 30 * MINUTE) < 10000, "half an hour for the hot seat")
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
    state = same_clock(council, rooms)
    equal((state["phase"], state["clock"]["ends"]), (3, ends), "after the restart")
    goes_on(lead, 26)
    for room in rooms[3:]:
        room.does("commit " + world.plant("%s draws a map" % room.member.name) + "; " + world.plant("%s calls an old boss" % room.member.name), "Commitment")
    goes_on(lead, 5)
    for room in rooms:
        room.hears("Phase 5 of 5")
    record = month.ends(lead, council, "steady-on-all")
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
    month.subscribed(dev, new=False)
    ada.run("schedule", "move", "2027-03-08T11:00", "2027-03-09T10:30", "--quiet")
    month.subscribed(dev, new=True)
    ben.run("rsvp", "no", "--quiet")
    name, start = month.coming(ada=1, chloe=1, dev=1, grace=1, hugo=1)  # Ben does not come
    equal((name, start), ("2027-03-08T11:00", moment("2027-03-09 10:30", NEW_YORK)), "its name, and when it is held")
    people = [dev, esma, grace, hugo]
    rooms = {m: Room(m) for m in people}
    rooms[esma].hears("No meeting is running.")
    for room in rooms.values():
        room.does("who", *(called(m) for m in people))
    _, lead = month.opens(rooms[hugo], people)
    rooms[lead].does("next", "Phase 2 of 5")
    rooms[lead].dies()
    del rooms[lead]
    left = list(rooms.values())
    for room in left:
        room.hears(called(lead) + " left.")
    clock.pass_ms(16 * MINUTE)
    for room in left:
        room.hears("The time of this phase is over.")
    left[0].does("take", "Roles: facilitator " + called(left[0].member))
    month.led[called(left[0].member)] = len(month.held)
    left[0].does("extend 3", "More time")
    each([ada, chloe], "meeting", "attend", "--quiet")
    rooms[lead] = Room(lead)
    rooms[lead].hears("Phase 2 of 5", "facilitator " + called(left[0].member))
    same_clock([ada, chloe, lead], rooms.values())
    for phase in (3, 4, 5):
        clock.pass_ms(6 * MINUTE)
        left[0].does("next", "Phase %d of 5" % phase)
    record = month.ends(left[0].member, [*people, ada, chloe], "quite-unhurried")
    equal([h["name"] for h in record["held"] if h["role"] == "facilitator"], [called(lead), called(left[0].member)], "who led")
    for room in rooms.values():
        room.leaves()


@case("meeting four: a machine sleeps for a quarter of an hour and wakes to the same clock; Femi was away twice, which Ada sees; Hugo leaves the council")
def slept():
    month.coming(killed=True, ada=1, ben=1, chloe=1, dev=1, grace=1, hugo=1)
    people = [ada, ben, chloe, esma]
    rooms = [Room(m) for m in people]
    for room in rooms:
        room.does("who", *(called(m) for m in people))
    _, lead = month.opens(rooms[1], people)
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
    month.ends(lead, [*people, dev, grace, hugo], "rested-at-last")
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
    offer = month.sought(lambda: pool(iris)["proposals"])[0]
    equal((offer["refill"], offer["slots"]), (1, story["slots"]), "what Iris is asked")
    fits_all_year(offer["slots"][0], NEW_YORK, [PEOPLE["iris"][:2]])
    clock.pass_ms(MINUTE)
    month.mailed(iris=1)
    iris.run("pool", "accept", "--quiet")
    until("Iris in the council", lambda: comes_in(ada, [iris]))
    ada.run("sync", "--quiet")
    equal(names(iris.run("roster", "--json").lines()), month.names([m for m in [*council, iris] if m is not hugo]), "who is there")
    has(iris.run("meeting", "show", "2027-03-01T11:00").out, "Grace built a bridge once")
    iris.run("orientation", "done", "all", "--quiet")
    council.remove(hugo)
    council.append(iris)
    equal(len({r.one()["number"] for r in each(council, "safety", "--json")}), 1, "safety numbers")
    each(council, "safety", "--compared", "--quiet")
    jon.run("pool", "withdraw", "--quiet")
    equal((pool(jon).get("person"), pool(iris).get("person")), (None, None), "what the pool knows of them")


# ---- the second two weeks ----

@case("meeting five: New York's clocks were put forward, Berlin's not yet; whoever has an interview this week goes ahead of the queue")
def ahead():
    before = queue(esma)
    last = month.by_name(before[-1])
    last.run("meeting", "seat", "in", "--interview", "--day", "2027-03-17", "--why", world.plant("The second round at a shipyard"), "--quiet")
    chloe.run("checkin", "--for", "next", "--result", "2=dropped:" + world.plant("Lyon is too far"), "--commit", world.plant("Call Marseille"),
              "--commit", world.plant("Read a novel"), "--quiet")
    dev.run("checkin", "--result", "1=partly:" + world.plant("one has answered"), "--commit", world.plant("Learn about keels"), "--commit", world.plant("Row up the river"), "--quiet")
    name, start = month.coming(ada=1, ben=1, dev=1, grace=1)
    equal((name, local(start, BERLIN)), ("2027-03-15T11:00", "2027-03-15T16:00"), "an hour earlier in Berlin")
    equal(queue(esma), [called(last), *before[:-1]], "who goes ahead")
    month.meets(ada, council, "braver-than-before", seat=called(last))
    equal(queue(esma), before, "who had it last")


@case("Grace lands and stays as an alumna: shown so, congratulated by nobody's reminders, in no queue and no turn, and at meeting six all the same")
def landed():
    grace.run("landed", "--stay", "--day", "2027-03-22", "--quiet")
    grace.run("mail", "stop", "--quiet")
    equal([r["name"] for r in ben.run("roster", "--json").lines() if r["alumna"]], ["Grace"], "alumnae")
    month.coming(ada=1, ben=1, chloe=1, dev=1)
    lacks(queue(ben), "Grace", "the queue")
    people = [m for m in council if m is not grace]
    each(people, "rsvp", "yes", "--quiet")
    _, lead = month.opens(ben, people)
    room = Room(grace)
    each(people, "meeting", "attend", "--quiet")
    room.does("minute " + world.plant("My first ninety days begin on Monday"), "The minute is sent.")
    for minutes in (5, 15, 30, 5):
        goes_on(lead, minutes)
    month.ends(lead, council, "glad-of-it-all")
    room.leaves()
    row = ada.run("moderate", "--json").one()
    equal((row["members"], row["seeking"], row["alumni"]), (8, 7, 1), "who searches")


@case("Ada hands over to Ben in one step; he cancels a meeting, she cannot any more; calendar and mails know, and meeting seven is the next one")
def handed_over():
    at(now_ms() + DAY)
    ada.run("handover", "Ben", "--quiet")
    equal([r["name"] for r in iris.run("roster", "--json").lines() if r["role"] == "moderator"], ["Ben"], "who moderates")
    equal(ada.run("schedule", "cancel", "2027-03-22T11:00", "--json", code=REFUSED).error(), "not_moderator", "Ada cancels")
    month.subscribed(dev, new=False)
    ben.run("schedule", "cancel", "2027-03-22T11:00", "--quiet")
    month.subscribed(dev, new=True)
    at(moment("2027-03-22 10:00", NEW_YORK))
    month.mail_round()
    equal(month.coming(ada=1, ben=1, chloe=1, dev=1)[0], "2027-03-25T11:00", "the next meeting")
    month.meets(ben, [ben, chloe, dev, esma, femi, iris], "onward-and-out", seat="Femi")


@case("meeting eight: Berlin's clocks were put forward as well; what was promised in the first week is done, carried on or dropped on purpose")
def kept():
    name, start = month.coming(ada=1, ben=1, chloe=1, dev=1)
    equal((name, local(start, BERLIN)), ("2027-03-29T11:00", "2027-03-29T17:00"), "five in the afternoon in Berlin again")
    month.meets(esma, [m for m in council if m is not grace], "thankful-for-all", seat="Iris")
    dev.run("did", "asked two more", "--commitment", 1, "--count", 2, "--quiet")
    of = {m: {c["text"]: (c["state"], c["carried"] > 0) for c in iris.run("commitments", called(m), "--all", "--json").lines()} for m in (chloe, dev, esma)}
    equal([of[m]["%s asks around" % called(m)] for m in (esma, chloe, dev)], [("done", False), ("done", False), ("done", True)], "done, one of them after it was carried")
    equal((of[dev]["Dev sleeps well"], of[chloe]["Two calls to Lyon"][0]), (("open", True), "dropped"), "still open, and dropped on purpose")
    equal(len(iris.run("meeting", "list", "--json").lines()), 8, "meetings")


# ---- the end of the month ----

@case("every mail came once, to who wanted it: neutral, with one link; none about a cancelled meeting, to who said no, had left or had stopped them")
def counted():
    at(now_ms() + DAY)
    month.mail_round()
    month.mailed()
    equal(month.mails, {"ada": 10, "ben": 8, "chloe": 7, "dev": 9, "grace": 6, "hugo": 5, "iris": 2}, "mails, with the code of each")
    ids = [mail["Message-ID"] for _, mail, _ in month.relay.taken]
    equal(len(set(ids)), len(ids), "different mails")
    for _, mail, raw in month.relay.taken:
        equal(re.findall(r"https?://\S+", mail.get_content()), [world.server.url], "links in a mail")
        check(not re.search("council|moderat|" + "|".join(PEOPLE), mail["Subject"] + mail.get_content(), re.I), "a mail says " + mail.get_content())
    world.lacks_words((raw for _, _, raw in month.relay.taken), "a mail")
    month.relay.stop()


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
    for word in ("Grace built a bridge once", "My first ninety days", "Lyon is too far", "thankful-for-all", "ask early"):
        has("\n".join(lines[iris]), word, "what Iris has")
    each(council, "verify", "--quiet")
    world.lacks_words((chunk for path in world.server.files() for chunk in leaks.file_chunks(path)), "the server's files", {month.feed.split("/")[-1][:43]})
    world.server.stop()
    world.server.verify()
    world.server.start()


main()
