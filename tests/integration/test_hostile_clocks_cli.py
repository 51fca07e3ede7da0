#!/usr/bin/python3
"""The real programs with clocks that are off: what members meet whose machine is an hour or ten years off, and invites that have expired."""
import os
from clocks import *
from harness import *

server_clock = Clock()
os.environ.update(server_clock.env)  # what the world starts; members get clocks of their own
world = World("--ping", "3600")


def told(member, clock, *args, **more):
    return member.run(*args, "--json", env=clock.env, **more)


@case("founded with clocks that agree; a council member an hour ahead and one an hour behind write and read")
def an_hour():
    global ann, bob
    ann, bob = world.council("ann", "bob")
    for off in (HOUR, -HOUR):
        text = world.plant("written %d hours off" % (off // HOUR))
        told(ann, Clock(off), "note", "post", "-m", text)
        has(told(bob, Clock(-off), "note", "list", "-n", 0).out, text)


@case("ten years off: clock_skew, the note is kept, and goes out when the clock is right")
def ten_years():
    for off in (10 * YEAR, -10 * YEAR):
        text = world.plant("written %d years off" % (off // YEAR))
        done = told(ann, Clock(off), "note", "post", "-m", text, code=None)
        check(done.code in (OK, FAILED, OFFLINE, REFUSED), "the exit code %d:\n%s" % (done.code, done.text))
        has(done.text, "clock_skew")
        check(text not in bob.texts(), "a note from another decade is there")
        ann.run("note", "post", "-m", world.plant("%s, and again" % text), "--quiet")
        has("\n".join(bob.texts()), text + ", and again")


@case("a server ten years off: members are told, and nothing is lost when it is put right")
def server_off():
    for off in (10 * YEAR, -10 * YEAR):
        text = world.plant("to a server %d years off" % (off // YEAR))
        server_clock.set(off)
        done = told(ann, Clock(), "note", "post", "-m", text, code=None)
        has(done.text, "clock_skew")
        server_clock.set(0)
        ann.run("note", "post", "-m", text + " once more", "--quiet")
        has("\n".join(bob.texts()), text + " once more")


def refused(done):
    """A server says no more of an invite that is not open than that there is none."""
    check(done.code != OK, "an expired invite let somebody in")
    check(done.error() in ("invite_expired", "invite_closed"), done.text)


@case("an invite of a day: taken in the last minute, refused as expired after, also to whose clock is behind and after the server's was put back")
def expired():
    day = DAY
    links = [ann.run("invite", "open", "--days", 1).out.strip() for _ in range(2)]
    for link in links:
        world.plant(link.split("#")[1])
    late = [Member(world, name) for name in ("carol", "dave", "erin")]
    world.members += late
    server_clock.pass_ms(day - 60000)
    near = Clock(server_clock.wall)
    late[0].run("join", "--name", "Carol", links[0], "--quiet", env=near.env)
    world.plant(late[0].phrase)
    server_clock.pass_ms(3 * 60000)
    for member, clock in ((late[1], Clock(server_clock.wall)), (late[2], Clock(server_clock.wall - 2 * HOUR))):
        done = member.run("join", "--name", "X", links[1], "--json", env=clock.env, code=None)
        refused(done)
    server_clock.set(server_clock.wall - HOUR)  # put back: it stays expired
    done = late[1].run("join", "--name", "X", links[1], "--json", env=Clock(server_clock.wall).env, code=None)
    refused(done)
    server_clock.set(server_clock.wall + HOUR)
    roster = told(ann, Clock(server_clock.wall), "roster").out
    has(roster, "Carol")
    lacks(roster, "\"X\"")


main()
