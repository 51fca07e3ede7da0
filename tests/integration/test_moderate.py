#!/usr/bin/python3
"""A council's life by its moderators: the overview, handing over, refilling, merging, landing, closing."""
import os
import threading
import time

from harness import FAILED, OK, REFUSED, USAGE, World, case, check, equal, has, lacks, main
from terminal import Pty

world = World()
W = {}


def roles(member, *args):
    return {row["name"]: row["role"] for row in member.run("roster", "--json", *args).lines()}


def overview(member):
    """What `council moderate` says, by council's name."""
    return {row["name"]: row for row in member.run("moderate", "--json").lines()}


def lines(row, what):
    return [line for line in row["lines"] if line["what"] == what]


# ---- the overview ----

@case("a moderator sees who does not come, who waits, who lacks what, and each command that is shown is one that works")
def overview_shows():
    ada, ben, chloe = world.council("ada", "ben", "chloe", title="Tuesday crew")
    W.update(ada=ada, ben=ben, chloe=chloe)
    ada.run("sync")
    ada.run("schedule", "set", "mon", "thu", "--time", "18:00", "--zone", "Europe/Berlin")
    ben.run("rsvp", "no")
    pager = os.path.join(world.folder, "pager")
    text = ben.run("document", "new", "--template").out
    with open(pager, "w") as out:
        out.write("".join(line + ("\n- %s" % world.plant("Rowing boats before dawn") if line.startswith("## ") and "goals" not in line else "") + "\n"
                          for line in text.splitlines()))
    made = ben.run("document", "new", "--json", pager).one()["document"]
    for _ in range(4):  # must-haves need five items
        with open(pager) as old:
            page = old.read().replace("## Must-haves\n", "## Must-haves\n- more\n", 1)
        with open(pager, "w") as out:
            out.write(page)
    ben.run("document", "edit", made, pager)
    ben.run("document", "share", made)
    row = overview(ada)["Tuesday crew"]
    equal((row["state"], row["members"], row["seeking"], row["alumni"]), ("forming", 3, 3, 0), "the council")
    equal((row["next"]["no"], row["next"]["silent"]), (1, 2), "answers to the next meeting")
    equal([line["name"] for line in lines(row, "said_no")], ["Ben"], "who said no")
    equal([line["name"] for line in lines(row, "waits_for_feedback")], ["Ben"], "who waits for feedback")
    for what in ("never_compared", "no_co_moderator", "places"):
        equal(len(lines(row, what)), 1, what)
    equal({line["name"] for line in lines(row, "orientation")}, {"Ada", "Ben", "Chloe"}, "who has not done the orientation")
    command = lines(row, "waits_for_feedback")[0]["do"].split()[1:]
    ada.run(*command, "-m", world.plant("Good. More rowing"))
    ada.run("safety", "--compared")
    row = overview(ada)["Tuesday crew"]
    equal(lines(row, "waits_for_feedback") + lines(row, "never_compared"), [], "what was done")
    said = ada.run("moderate").out
    has(said, "Tuesday crew")
    has(said, "council safety --council")
    has(ben.run("moderate").out, "You moderate no council")
    equal(ben.run("moderate", "--json").out, "", "what a member moderates, as JSON")


@case("every command of an overview is one of `council help`")
def overview_commands():
    known = {row["command"] for row in W["ada"].run("help", "--json").lines()}
    for line in overview(W["ada"])["Tuesday crew"]["lines"]:
        words = line["do"].split()
        check(words[0] == "council" and "--council" in words, line["do"])
        check(" ".join(words[1:3]) in known or words[1] in known, line["do"])


# ---- handing over ----

@case("handing over is one step; it can be repeated, and stays where --stay says so")
def handover():
    ada, ben, chloe = W["ada"], W["ben"], W["chloe"]
    equal(ben.run("handover", "Chloe", "--json", code=REFUSED).error(), "not_moderator", "a member")
    said = ben.run("handover", "Ada", code=REFUSED)  # to somebody who moderates
    has(said.err, "nothing to hand over")
    has(ada.run("handover", "Zoe", code=FAILED).err, "council roster")
    has(ada.run("handover", "Ada", code=FAILED).err, "That is you")
    equal(ada.run("handover", "chloe", "--stay", "--json").one()["you_moderate"], True, "with --stay, in small letters")
    has(ada.run("handover", "Chlo", code=FAILED).err, "council roster")  # a beginning is not a name
    equal(roles(ben), {"Ada": "moderator", "Ben": "member", "Chloe": "moderator"}, "with --stay")
    equal(ada.run("handover", "Chloe", "--json").one()["you_moderate"], False, "without")
    ada.run("handover", "Chloe")  # once more changes nothing
    equal(roles(ben), {"Ada": "member", "Ben": "member", "Chloe": "moderator"}, "who moderates")
    chloe.run("handover", "Ada")
    equal(roles(ben), {"Ada": "moderator", "Ben": "member", "Chloe": "member"}, "back again")


@case("a moderator who is removed while handing over leaves somebody who moderates, and hears why")
def removed_while_handing_over():
    gina, hal, ines, jon = world.council("gina", "hal", "ines", "jon", title="Two who lead")
    gina.run("role", "Hal", "moderator")
    said = {}

    def hand():
        said["hand"] = gina.run("handover", "Ines", "--json", code=None)

    worker = threading.Thread(target=hand)
    worker.start()
    hal.run("remove", "Gina")
    worker.join()
    who = roles(jon)
    equal((who["Hal"], "Gina" in who), ("moderator", False), "who is there")
    if said["hand"].code != OK:
        check(said["hand"].error() in ("not_member", "not_moderator", "unknown_device", "not_found"), "why: %r" % said["hand"].err)
    check("not_member" in gina.run("handover", "Ines", "--json", code=None).err, "after the removal")
    if who["Ines"] == "moderator":
        hal.run("role", "Ines", "member")
    W.update(hal=hal, ines=ines, jon=jon)


@case("a successor who left is told as such, nothing is half-done; who landed and leaves as the last moderator names another first")
def successor_left():
    hal, ines, jon = W["hal"], W["ines"], W["jon"]
    jon.run("leave", "--yes")
    has(hal.run("leave", "--yes", "--successor", "Jon", code=FAILED).err, "not in the council any more")
    has(hal.run("handover", "Jon", code=FAILED).err, "not in the council any more")
    equal(hal.run("landed", "--leave", "--json", code=REFUSED).error(), "last_moderator", "without a successor")
    equal([(r["name"], r["role"], r["alumna"]) for r in ines.run("roster", "--json").lines()],
          [("Hal", "moderator", False), ("Ines", "member", False)], "after the refusals")
    equal(hal.run("landed", "--leave", "--successor", "Ines", "--json").one()["stay"], False, "with a successor")
    equal(roles(ines), {"Ines": "moderator"}, "who is left")
    ines.run("leave", "--yes")  # alone, nobody is left behind


# ---- refilling ----

@case("refill shows the free places and one link for them, the same one the second time; full is full")
def refill():
    ada = W["ada"]
    one = ada.run("refill", "--json").one()
    equal((one["members"], one["places"], one["uses"], one["new"]), (3, 5, 5, True), "places")
    world.plant(one["link"].split("#")[1])
    again = ada.run("refill", "--json").one()
    equal((again["link"].split("#")[1][:40], again["new"]), (one["link"].split("#")[1][:40], False), "the second time")
    ada.run("refill", "--uses", "6", code=USAGE)
    equal(W["ben"].run("refill", "--json", code=REFUSED).error(), "not_moderator", "a member")
    has(ada.run("refill", "--pool", code=FAILED).err, "the operator can see")
    asked = ada.run("refill", "--pool", "--yes", "--uses", "2", "--avoid", world.plant("Argosy of Bremen"), "--json").one()
    check(asked["asked"] == 2 and asked["expires"] > 0, "asked of the pool: %r" % asked)
    equal([row["places"] for row in ada.run("pool", "show", "--json").one()["refills"]], [2], "what the pool knows")
    ada.run("refill", "--pool", "--uses", "0")
    equal(ada.run("pool", "show", "--json").one().get("refills"), [], "what the pool knows, after")


# ---- landing ----

@case("who landed and stays is an alumna: shown so, not counted as searching, not reminded; and may search again")
def landed_stays():
    ada, chloe = W["ada"], W["chloe"]
    has(chloe.run("landed", code=USAGE).err, "--stay")
    equal(chloe.run("landed", "--stay", "--day", "2026-12-01", "--json").one(), {"landed": True, "stay": True, "day": "2026-12-01"}, "what is said")
    chloe.run("landed", "--stay", "--day", "2026-12-01")
    row = overview(ada)["Tuesday crew"]
    equal((row["members"], row["seeking"], row["alumni"]), (3, 2, 1), "who searches")
    equal([line for line in row["lines"] if line.get("name") == "Chloe"], [], "reminders about her")
    equal([r["alumna"] for r in ada.run("roster", "--json").lines() if r["name"] == "Chloe"], [True], "in the roster")
    has(ada.run("roster").out, "alumna")
    has(chloe.run("status").out, "alumna")
    chloe.run("landed", "--seeking")
    equal(overview(ada)["Tuesday crew"]["seeking"], 3, "who searches again")
    chloe.run("landed", "--stay", "--day", "2026-13-01", code=FAILED)


# ---- merging ----

@case("two councils of one moderator merge: below consent nothing happens, then who consented is in both by themselves, and who refused stays")
def merge():
    lea, max_, otto = world.council("lea", "max", "otto", title="Short one")
    before = world.plant("Said in the short one, never to be moved")
    max_.note(before)
    lea.run("create", "--pace", "fast", world.plant("Other short one"), "--quiet")
    here, there = ("--council", "Short one"), ("--council", "Other short one")
    lea.run("profile", *there, "--name", "Lea", "--quiet")
    link = lea.run("invite", "open", *there).out.strip()
    world.plant(link.split("#")[1])
    pia = world.member("pia", register=False)
    pia.run("join", "--name", "Pia", "--quiet", link)
    world.plant(pia.phrase)
    equal(max_.run("merge", "propose", "Other short one", *here, "--json", code=REFUSED).error(), "not_moderator", "a member")
    lea.run("merge", "propose", "Other short one", *here, "-m", world.plant("Four are more than two"))
    lea.run("merge", "propose", "Other short one", *here, code=FAILED)
    otto.run("merge", "refuse")
    shown = otto.run("merge", "show", "--json").one()
    equal((shown["consents"], shown["need"], shown["carried"]), (1, 2, False), "how it stands")
    max_.run("merge", "consent")
    lea.run("sync")  # this council would; the other one has not agreed
    equal(lea.run("invite", "list", *there, "--json").lines(), [], "invites before the other council agreed")
    pia.run("merge", "consent")
    agent = max_.start("agent")
    lea.run("sync")
    for _ in range(100):
        if "Max" in roles(lea, *there):
            break
        time.sleep(0.2)  # between two looks
    agent.terminate()
    max_.finish(agent)
    otto.run("sync")
    equal(set(roles(lea, *there)), {"Lea", "Pia", "Max"}, "who is in the other council")
    equal(lea.run("invite", "list", *there, "--json").lines(), [], "invites that nobody asked for")
    equal(set(roles(otto)), {"Lea", "Max", "Otto"}, "who is in the first one")
    check(before in max_.texts(*here) and before not in max_.texts(*there), "the note is where it was written")
    lea.run("sync")
    equal(lea.run("merge", "show", "--json", *here).one(), {"merge": None}, "once everybody who consented is there")
    W.update(lea=lea, max=max_, otto=otto, pia=pia)


@case("a merge that is refused moves nobody and can be withdrawn; by the other moderator's link, enough consent brings those who did, the proposer among them")
def merge_by_link():
    lea, otto = W["lea"], W["otto"]
    here = ("--council", "Short one")
    rita = W["rita"] = world.member("rita")
    rita.run("create", "--pace", "slow", world.plant("Third one"), "--quiet")
    link = rita.run("refill", "--json").one()["link"]
    world.plant(link.split("#")[1])
    lea.run("merge", "propose", link, *here, "--name", "Third one")
    otto.run("merge", "refuse")
    lea.run("sync")
    equal(len(roles(rita)), 1, "who is in the third council")
    has(otto.run("merge", "show").out, "refused")
    equal(otto.run("merge", "withdraw", "--json", code=REFUSED).error(), "not_moderator", "a member")
    lea.run("merge", "withdraw", *here)
    equal(otto.run("merge", "show", "--json").one(), {"merge": None}, "after it was withdrawn")
    otto.run("merge", "consent", code=FAILED)
    lea.run("merge", "propose", link, *here, "--name", "Third one")
    otto.run("merge", "consent")
    lea.run("sync")
    otto.run("sync")
    who = roles(rita)
    check({"Lea", "Otto"} <= set(who) and len(who) == 3, "who is there, called as before: %r" % who)


@case("one short of consent nobody is invited, whatever the other council says; an invite that a removal closed is made anew")
def merge_again():
    lea, pia, otto = W["lea"], W["pia"], W["otto"]
    here, there = ("--council", "Third one"), ("--council", "Other short one")
    W["rita"].run("handover", "Lea", "--stay")
    lea.run("merge", "withdraw", "--council", "Short one")
    lea.run("merge", "propose", "Other short one", *here, "--need", "3")
    otto.run("merge", "consent", *here)
    pia.run("merge", "consent", *there)
    lea.run("sync")  # two of three here; two of three, which is enough, there
    equal({row["name"]: row["standing"] for row in otto.run("merge", "show", *here, "--json").one()["people"]}["Otto"], "consented", "one short")
    W["rita"].run("merge", "consent")
    W["max"].run("merge", "consent", *there)
    lea.run("sync")  # Otto is invited
    otto.run("merge", "refuse", *here)  # who changed their mind meanwhile stays
    otto.run("sync")
    lea.run("remove", "Pia", *there)  # closes every invite
    equal(set(roles(lea, *there)), {"Lea", "Max"}, "who is in the other council")
    otto.run("merge", "consent", *here)
    lea.run("sync")  # Otto is invited again
    otto.run("sync")
    equal(set(roles(lea, *there)), {"Lea", "Max", "Otto"}, "who is in the other council")


# ---- closing ----

@case("a closed council says so to everybody, offers the export, admits nobody, warns who writes, and opens again")
def close_and_reopen():
    ada, ben = W["ada"], W["ben"]
    farewell = world.plant("It was good to row with you")
    link = ada.run("refill", "--json").one()["link"]
    equal(ben.run("close", "--yes", "--json", code=REFUSED).error(), "not_moderator", "a member")
    has(ada.run("close", code=FAILED).err, "--yes")
    equal(ada.run("close", "--yes", "-m", farewell, "--json").one(), {"closed": True, "invites_closed": 1}, "closing")
    said = ben.run("sync").err
    has(said, farewell)
    has(said, "council export")
    has(ben.run("status").out, "council export")
    check([log["closed"] for log in ben.status()["logs"] if log["name"] == "Tuesday crew"] == [True], "status")
    folder = os.path.join(world.folder, "kept")
    ben.run("export", folder)
    kept = "".join(open(os.path.join(folder, name), errors="replace").read() for name in os.listdir(folder))
    has(kept, farewell)
    has(kept, "Good. More rowing")
    late = world.member("late")
    late.run("join", link, code=REFUSED)
    has(ben.note(world.plant("One more word")).err + ben.run("note", "post", "-m", world.plant("And another")).err, "was closed")
    equal(overview(ada)["Tuesday crew"]["state"], "closed", "the overview")
    ada.run("close", "--yes")  # once more
    ada.run("reopen")
    said = ben.run("sync").err
    lacks(said, "was closed")
    lacks(ben.run("note", "post", "-m", world.plant("Back in the boat")).err, "was closed")
    equal(overview(ada)["Tuesday crew"]["state"], "forming", "the overview, after")


@case("at a terminal, who lands and does not stay is asked whether to leave; the last moderator who leaves is asked who comes after")
def asked_at_a_terminal():
    ada, ben = W["ada"], W["ben"]
    pty = Pty(W["chloe"], "landed")
    pty.keys("\n\n")  # neither yes to the calls nor to leaving
    equal(pty.ended(), FAILED, "exit code of who said neither")
    equal(set(roles(ben)), {"Ada", "Ben", "Chloe"}, "who is there")
    pty = Pty(ada, "leave")
    pty.keys("Nobody\n")
    equal(pty.ended(), FAILED, "exit code after a wrong name")
    pty = Pty(ada, "leave")
    pty.keys("Ben\ny\n")
    equal(pty.ended(), OK, "exit code")
    equal(roles(ben), {"Ben": "moderator", "Chloe": "member"}, "who is left")


if __name__ == "__main__":
    main()
