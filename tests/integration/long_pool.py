#!/usr/bin/python3
"""Founding and joining from the pool, with clients and the server killed at any moment: tests/integration/long_pool.py --minutes N repeats it, with fresh seeds,
until the time is over. TAP.

However often the server is killed while it seeks a group, and while people answer, found and join, and however often the moderator's and the others' programs are,
there is one proposal of all of them, one council is founded, everybody is in it once, and nothing is left in the pool.
"""
import os
import random
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from harness import OFFLINE, OK, World, check, equal, wipe_worlds  # noqa: E402

NAMES = ("ada", "ben", "cleo", "dan", "eve", "finn")
KILLS = 6


EVERY_MS = 1500


def all_of(members, *args, each=lambda name: (), code=OK, meanwhile=lambda: None):
    running = [(m, m.start(*args, *each(m.name))) for m in members]
    meanwhile()
    return [m.finish(p, code) for m, p in running]


def server_killed(world, chance, longest):
    """kill -9 at some moment, and the server is there again with what was on disk."""
    time.sleep(chance.uniform(0, longest))
    world.server.kill()
    world.server.start()


def killed(member, chance, *args):
    """Starts a command and kills it at some moment; true if it had ended before."""
    process = member.start(*args)
    try:
        process.wait(chance.uniform(0.02, 1.2))
        return True
    except Exception:  # still running
        process.kill()
        return False
    finally:
        process.communicate()
        member.world.processes.remove(process)


def councils(member):
    return [log for log in member.status("--offline")["logs"] if not log["journal"] and log["member"]]


def play(seed):
    chance = random.Random(seed)
    world = World("--limit", "pool-every-ms=%d" % EVERY_MS)
    people = [world.member(name, register=False) for name in NAMES]
    all_of(people, "register", "--server", world.server.url, "--quiet")
    all_of(people, "pool", "register", "--yes", "--pace", "slow", "--function", "data", "--level", "senior", "--hours", "daily 10:00-20:00", "--zone", "UTC",
           each=lambda name: ("--name", name, *(["--moderate"] if name == "ada" else [])))
    server_killed(world, chance, 0.1)  # a round begins so long after a start, and is over in a few milliseconds
    for _ in range(KILLS):
        time.sleep(EVERY_MS / 1000)
        server_killed(world, chance, 0.2)
    end, proposals = time.monotonic() + 60, [[]]
    while not all(proposals):
        check(time.monotonic() < end, "no proposal")
        proposals = [[p["proposal"] for p in done.one()["proposals"]] for done in all_of(people, "pool", "show", "--json")]
    equal(proposals, [proposals[0]] * len(people), "one proposal of all")
    all_of(people[1:], "pool", "accept", code=(OK, OFFLINE), meanwhile=lambda: server_killed(world, chance, 0.3))
    all_of(people[1:], "pool", "accept")
    kills = KILLS + 3
    for _ in range(KILLS):
        kills += not killed(people[0], chance, "pool", "accept")
        if chance.random() < 0.5:
            kills += not killed(people[0], chance, "sync")
    all_of(people, "sync", code=(OK, OFFLINE), meanwhile=lambda: server_killed(world, chance, 0.5))
    people[0].run("sync")
    if not any("leads" in p and p["leads"] for p in people[0].run("pool", "show", "--json").one()["proposals"]) and not councils(people[0]):
        people[0].run("pool", "accept")  # none of the killed ones got that far
    for _ in range(KILLS):
        kills += not killed(chance.choice(people), chance, "sync")
    left = people
    for _ in range(20):
        all_of(people, "sync")
        left = [m for m in left if not councils(m)]
        if not left:
            break
    check(not left, "not joined: %r" % [m.name for m in left])
    all_of(people, "sync")
    for done in all_of(people, "roster", "--json"):
        equal(sorted(row["name"] for row in done.lines()), sorted(NAMES), "the roster")
    equal([len(councils(m)) for m in people], [1] * len(people), "councils")
    for done in all_of(people, "pool", "show", "--json"):
        equal((done.one()["proposals"], "person" in done.one()), ([], False), "the pool")
    world.server.stop()
    text = world.server.verify()
    world.end()
    return kills, text


def main():
    if len(sys.argv) != 3 or sys.argv[1] != "--minutes" or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    end, number, failed = time.monotonic() + 60 * int(sys.argv[2]), 0, 0
    while number == 0 or time.monotonic() < end:
        number += 1
        seed = int.from_bytes(os.urandom(4), "big")
        try:
            kills, _ = play(seed)
            print("ok %d - seed %d, %d kills" % (number, seed, kills), flush=True)
        except Exception as error:  # pylint: disable=broad-except
            failed += 1
            print("not ok %d - seed %d: %s" % (number, seed, str(error).replace("\n", "\n# ")), flush=True)
        finally:
            wipe_worlds()
    print("1..%d" % number)
    return failed != 0


sys.exit(main())
