#!/usr/bin/python3
"""What happens to words when the council moved on without their author: told, kept, shown, forgotten on purpose."""
import time

from harness import REFUSED, World, case, check, equal, has, lacks, main

world = World()
LATE = world.plant("Written on a mountain without network")


@case("what was written offline by somebody who is then removed is refused at once, told once and kept to be read; other councils go on")
def removed_meanwhile():
    ada, ben = world.council("ada", "ben", title="Those who climb")
    ben.note(world.plant("Still one of us"))
    ada.run("sync")
    ben.run("create", "--pace", "slow", world.plant("Those who stay below"), "--quiet")
    ben.run("note", "post", "--offline", "--council", "Those who climb", "-m", LATE)
    ada.run("remove", "Ben")
    began = time.monotonic()
    said = ben.run("sync")
    check(time.monotonic() - began < 10, "the command waited for what can never be sent")
    has(said.err, "1 of what you wrote was refused")
    status = ben.status()
    equal((status["waiting"], [(r["error"], r["content"]["text"]) for r in status["refused"]]), (0, [("not_member", LATE)]), "what was refused")
    lacks(ben.run("sync").err, "refused", "what is said the second time")
    has(ben.run("status").out, LATE)
    ben.note("from below", "--council", "Those who stay below")
    ben.run("note", "post", "--council", "Those who climb", "-m", "again", code=REFUSED)
    has(ben.run("status", "--forget").out, LATE)
    equal(ben.status()["refused"], [], "what was refused, once forgotten")
    equal(ada.texts().count(LATE), 0, "the late note at Ada's")


if __name__ == "__main__":
    main()
