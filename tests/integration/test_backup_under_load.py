#!/usr/bin/python3
"""A backup that is made while clients write holds every entry that was acknowledged before it began; a plain copy does not.

--clients N (200) and --minutes N (0: one round) make it longer.
"""
import shutil, sys
from backup_load import *


def option(name, default):
    return int(sys.argv[sys.argv.index(name) + 1]) if name in sys.argv else default


CLIENTS, MINUTES = option("--clients", 200), option("--minutes", 0)
rounds = 0


def one_round(server, load, number):
    """A backup while all write; restored elsewhere it is whole, and what it does not have came later."""
    file = os.path.join(folder(), "copy")
    load.until(3 + 2 * number)
    before, began = load.acknowledged(), time.monotonic()
    done = councild("backup", file, "--json", "--data", server.data)
    ended = time.monotonic()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    wrong = missing(file, before)
    assert not wrong, wrong
    elsewhere = os.path.join(folder(), "restored")
    restored = councild("restore", file, "--data", elsewhere, "--json")
    assert restored.returncode == 0, restored.stderr
    shutil.copy(os.path.join(server.data, "server.key"), elsewhere)
    assert councild("verify", "--data", elsewhere).returncode == 0
    logs, why = exported("--data", elsewhere)
    assert logs is not None, why
    assert all(logs[log].get(seq) == entry for log, entries in before.items() for seq, entry in entries.items())
    count = sum(len(entries) for entries in before.values())
    print("# %d clients, %d entries before, %.1f MB in %d ms; longest step %.1f ms, slowest acknowledgement meanwhile %.0f ms, before %.0f ms"
          % (CLIENTS, count, said["bytes"] / 1e6, said["ms"], said["worst_step_us"] / 1000, 1000 * load.slowest(began, ended),
             1000 * load.slowest(began - 5, began)), flush=True)
    shutil.rmtree(os.path.dirname(elsewhere))
    os.unlink(file)


def holds_what_was_acknowledged():
    """made while clients write: every entry acknowledged before it began is there after a restore elsewhere, and every log verifies"""
    with Server(None, *GENEROUS) as server, Load(server.url, CLIENTS) as load:
        end, number = time.monotonic() + 60 * MINUTES, 0
        while number == 0 or time.monotonic() < end:
            one_round(server, load, number)
            number += 1


def a_plain_copy_is_found_out():
    """negative control: council.db copied without its journal while clients write fails the same check"""
    with Server(None, *GENEROUS) as server, Load(server.url, max(8, CLIENTS // 4)) as load:
        for _ in range(20):
            file = os.path.join(folder(), "copy")
            load.until(3)
            before = load.acknowledged()
            shutil.copyfile(os.path.join(server.data, "council.db"), file)
            wrong = missing(file, before)
            if wrong:
                print("# " + wrong.strip().splitlines()[0], flush=True)
                return
        raise AssertionError("twenty plain copies passed: the check finds nothing out")


run(holds_what_was_acknowledged, a_plain_copy_is_found_out)
