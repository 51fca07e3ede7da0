#!/usr/bin/python3
"""kill -9 at any moment: every note that was acknowledged is there once, in order, whoever was killed."""
import itertools
import json
import os
import random
import threading
import time

from harness import OFFLINE, OK, World, case, check, equal, main

KILLS, NOTES = 15, 12
KILLS_LEAST = 10
world = World()
W = {}
chance = random.Random(20261122)


def council_entries(member):
    """All entries of the council as this member's export has them: (seq, kind, text of the note or None)."""
    folder = os.path.join(world.folder, "export-%s-%d" % (member.name, time.monotonic_ns()))
    member.run("export", folder)
    name = [n for n in os.listdir(folder) if n.startswith("council-") and n.endswith(".jsonl")][0]
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [(row["seq"], row["kind"], row.get("content", {}).get("text")) for row in rows]


def complete(member, acknowledged, kept=()):
    """What one member reads: gapless numbers, each acknowledged note at its number, each kept one once, nothing twice."""
    entries = council_entries(member)
    equal([seq for seq, _, _ in entries], list(range(1, len(entries) + 1)), "numbers of the entries")
    texts = [text for _, _, text in entries if text]
    equal(len(texts), len(set(texts)), "notes that are there twice: %r" % [t for t in texts if texts.count(t) > 1])
    at = {text: seq for seq, _, text in entries if text}
    for text, seq in acknowledged.items():
        equal(at.get(text), seq, "the number of %r" % text)
    for text in kept:
        check(text in at, "%r was kept and never came" % text)
    return at


@case("a council of four is founded")
def beginning():
    W["people"] = world.council("ada", "ben", "chloe", "dev", title="Notes under fire")


@case("the server is killed %d times while four members post: acknowledged is there, once, in order" % KILLS)
def server_killed():
    people = W["people"]
    acknowledged, kept, failures = [{} for _ in people], [[] for _ in people], []

    def post(index):
        try:
            for number in itertools.count():
                if number >= NOTES and kills >= KILLS_LEAST:  # on a busy machine there are fewer kills in the same time
                    return
                text = world.plant("%s's note number %d" % (people[index].name, number))
                said = people[index].note(text, "--timeout", 20, code=(OK, OFFLINE))
                if said.code == OK:
                    acknowledged[index][text] = said.one()["seq"]
                else:
                    kept[index].append(text)
        except Exception as error:  # pylint: disable=broad-except
            failures.append(error)

    kills = 0
    threads = [threading.Thread(target=post, args=(index,)) for index in range(len(people))]
    for thread in threads:
        thread.start()
    while kills < KILLS and any(thread.is_alive() for thread in threads):
        time.sleep(chance.uniform(0.02, 0.6))
        world.server.kill()
        kills += 1
        world.server.start()
    for thread in threads:
        thread.join(120)
    for error in failures:
        raise error
    check(kills >= KILLS_LEAST, "only %d kills in all that time" % kills)
    every = {text: seq for one in acknowledged for text, seq in one.items()}
    check(len(every) >= 3 * NOTES, "only %d notes were acknowledged" % len(every))
    for member in people:
        member.run("sync")
        equal(member.status()["waiting"], 0, "what waits with " + member.name)
    for member in people:
        member.run("sync")
        at = complete(member, every, [text for one in kept for text in one])
    for one in acknowledged:
        equal(list(one.values()), sorted(one.values()), "the order of one author's notes")
    notes = sum(map(len, acknowledged)) + sum(map(len, kept))
    check(notes >= 4 * NOTES, "only %d notes" % notes)
    equal(len(at), notes, "notes altogether")


@case("the stopped server's data verifies after all that")
def verified():
    world.server.stop()
    world.server.verify()
    world.server.start()


@case("a client is killed at random while it posts: its note is there at most once, and once if it was kept")
def client_killed():
    ada, ben = W["people"][:2]
    started = time.monotonic()
    ada.note("how long it takes")
    usual, outcomes, acknowledged = time.monotonic() - started, [], {}
    for number in range(16):
        text = world.plant("perhaps cut off, number %d" % number)
        process = ada.start("note", "post", "--json", "-m", text)
        time.sleep(chance.uniform(0, 1.2) * usual)
        process.kill()
        said = ada.finish(process, (OK, -9))
        waiting = ada.status("--offline")["waiting"]
        check(waiting <= 1, "%d wait" % waiting)
        ada.run("sync")
        equal(ada.status("--offline")["waiting"], 0, "what waits after the sync")
        count = ada.texts("--offline").count(text)
        check(count in ((1,) if waiting or said.code == OK else (0, 1)), "%r is there %d times, %d waited, exit %d" % (text, count, waiting, said.code))
        if said.code == OK:
            acknowledged[text] = said.one()["seq"]
        outcomes.append((waiting, count))
    ben.run("sync")
    complete(ben, acknowledged)
    ada.run("verify")
    check({count for _, count in outcomes} == {0, 1}, "every kill came at the same moment: %r" % outcomes)


@case("client and server are killed at the same time: the home opens, and its outbox is sent once")
def both_killed():
    ada, ben = W["people"][:2]
    for number in range(4):
        text = world.plant("double misfortune %d" % number)
        process = ada.start("note", "post", "--json", "-m", text)
        time.sleep(chance.uniform(0.05, 0.2))
        process.kill()
        world.server.kill()
        ada.finish(process, (OK, -9))
        waiting = ada.status("--offline")["waiting"]
        world.server.start()
        ada.run("sync")
        count = ben.texts().count(text)
        check(count == 1 if waiting else count in (0, 1), "%r is there %d times, %d waited" % (text, count, waiting))
    complete(ben, {})
    world.server.stop()
    world.server.verify()


main()
