#!/usr/bin/python3
"""What happens between the devices of one member: one hears of what another joined while it is online, two that join at once, a founder who comes back before the first keys."""
import shutil
import time

import harness
from harness import OFFLINE, OK, REFUSED, World, case, check, equal, has, main
from malicious import Lie, Proxy

proxy = Proxy()
world = World("--origin", proxy.url, start=False)
W = {}
TITLE = "Found by the one, read by the other"


class SwallowsKeys(Lie):
    """The first key.rotate never arrives: the connection ends instead."""

    def up(self, conn, said):
        if said["method"] == "log.append" and '"kind":"key.rotate"' in said["params"]["entry"]["text"]:
            conn.end()
            return []
        return None


class HidesOnce(Lie):
    """Whoever asks first for their logs is told of none."""

    done = False

    def down(self, conn, said, call):
        if call and call["method"] == "council.list" and not self.done:
            self.done = True
            return [dict(said, result={"logs": []})]
        return None


def until(seconds, what, ask):
    end = time.monotonic() + seconds
    while not ask():
        check(time.monotonic() < end, what)
        time.sleep(0.1)


def titles(member):
    return [log["name"] for log in member.status("--offline")["logs"] if not log["journal"]]


def sibling(member, name):
    """Another machine of the member, added and up to date."""
    other = world.member(name, register=False)
    token = other.run("device", "request", member.run("device", "link").out.strip()).out.strip()
    member.run("device", "add", token)
    other.run("sync")
    return other


@case("a founder whose machine is lost before the first keys were posted comes back by the phrase, and the council gets its keys")
def founder():
    world.server.start()
    proxy.upstream, world.server.url = world.server.url, proxy.url
    ada = world.member("ada")
    proxy.lie = SwallowsKeys(None)
    ada.run("create", "--pace", "fast", "--timeout", 4, world.plant("Never named"), code=OFFLINE)
    proxy.lie = None
    shutil.rmtree(ada.home)
    back = W["ada"] = world.member("ada-back", register=False)
    back.run("recover", "--server", proxy.url, phrase=ada.phrase)
    back.phrase = ada.phrase
    back.run("sync")
    back.note(world.plant("The first note after the first keys"))
    equal(back.texts(), ["The first note after the first keys"], "what is in the council")
    back.run("verify")


@case("a device that is online hears of what another device of its member joins")
def online():
    ben = W["ben"] = world.member("ben")
    tablet = W["tablet"] = sibling(ben, "ben-tablet")
    agent = tablet.start("agent")
    until(30, "the agent does not answer", lambda: tablet.run("status", agent=True, code=None).code == OK)
    link = W["ada"].run("invite", "open", "--uses", 2).out.strip()
    world.plant(link.split("#")[1])
    ben.run("join", "--name", "Ben", "--quiet", link)
    until(45, "the agent never heard of the council", lambda: titles(tablet))
    # A subscription ends with a stay: of a second one begun elsewhere it hears as well.
    ben.run("leave", "--yes")
    until(45, "the agent never heard that its member left", lambda: not any(log["member"] for log in tablet.status("--offline")["logs"] if not log["journal"]))
    link = W["ada"].run("invite", "open").out.strip()
    world.plant(link.split("#")[1])
    ben.run("join", "--name", "Ben", "--quiet", link)
    ben.note(world.plant("Back again"))
    until(45, "the agent never heard that its member came back", lambda: "Back again" in tablet.texts("--offline"))
    agent.terminate()
    tablet.finish(agent)


@case("of two devices that join at once the second is told that its member is in, and has the council all the same")
def at_once():
    ben, tablet = W["ben"], W["tablet"]
    W["ada"].run("create", "--pace", "slow", "--quiet", world.plant(TITLE))
    link = W["ada"].run("invite", "open", "--uses", 2, "--council", TITLE).out.strip()
    world.plant(link.split("#")[1])
    ben.run("join", "--name", "Ben", "--quiet", link)
    proxy.lie = HidesOnce(None)
    said = tablet.run("join", "--json", link, code=REFUSED)
    proxy.lie = None
    equal(said.error(), "already_member", "the error")
    equal(len(titles(tablet)), 2, "councils on the tablet")
    has(tablet.run("roster", "--council", [log["log"] for log in tablet.status("--offline")["logs"] if not log["journal"]][-1][:12]).out, "Ben")


@case("nothing is left of it")
def rest():
    world.server.url = None
    proxy.close()
    check(not proxy.errors, "".join(proxy.errors[:1]))


main()
