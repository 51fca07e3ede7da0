#!/usr/bin/python3
"""A malicious server is caught: each lie of malicious.py is told to a client, which reports which it was, keeps what it has, and goes on when the server is honest again.

With COUNCIL_BIN naming a client in which the check of heads and signatures is left out, the rows that rest on it must fail: test_cli_unverified.py.
"""
import json
import os
import shutil
import sqlite3

import harness
from harness import SERVER, World, case, check, equal, main
from malicious import LIES, Knowledge, Proxy

proxy = Proxy()
world = World("--origin", proxy.url, start=False)
W = {}
KEPT = "Kept whatever the server says"


def start():
    world.server.start()
    proxy.upstream = world.server.url
    world.server.url = proxy.url


@case("two members share a council through a proxy that passes everything on")
def beginning():
    start()
    ada, ben = W["ada"], W["ben"] = world.council("ada", "ben")
    ada.note("A thought for the journal", "--journal")
    ben.note(world.plant(KEPT))
    for member in (ada, ben, ada, ben):
        member.run("sync")
    status = ada.status("--offline")
    log = [row["log"] for row in status["logs"] if not row["journal"]][0]
    journal = [row["log"] for row in status["logs"] if row["journal"]][0]
    W["knows"] = Knowledge(proxy, log, status["member"], journal, ben.status("--offline")["member"])
    W["texts"] = ada.texts("--offline")
    W["entries"] = {row["log"]: row["entries"] for row in status["logs"]}
    check(KEPT in W["texts"], "what Ada has")


def reports(member):
    """(report, error's name as `verify` would say it, seq) of everything that this home found out."""
    with sqlite3.connect(os.path.join(member.home, "home.db")) as home:
        rows = home.execute("SELECT evidence, seq FROM report").fetchall()
    home.close()
    return [json.loads(evidence)["kind"] for evidence, _ in rows if evidence]


def victim(number):
    """Ada's laptop as it is now, in a home of its own, so that no lie meets what another one left."""
    copy = harness.Member(world, "victim-%d" % number)
    copy.passphrase = W["ada"].passphrase
    shutil.copytree(W["ada"].home, copy.home, ignore=shutil.ignore_patterns("*.sock"))
    return copy


def tell(number, lie, report, error):
    member, before, entries = victim(number), W["texts"], W["entries"]
    told = lie(W["knows"])
    if report == "other_history":  # the victim writes what the others are not to see; they write on
        proxy.lie = told
        member.note(world.plant("Kept from everybody"))
        proxy.lie, before = None, before + ["Kept from everybody"]
    for n in range(2):
        W["ben"].note("Lie %d, note %d" % (number, n), "--quiet")
    proxy.lie = told
    proxy.errors.clear()
    try:
        said = member.run("sync", "--json", "--timeout", 15, code=SERVER)
    finally:
        proxy.lie = None
        check(not proxy.errors, "the lie could not be told:\n" + "".join(proxy.errors[:1]))
    equal(said.error(), error, "the error")
    if report:
        check(report in reports(member), "reported: %r, not %r" % (reports(member), report))
    texts = member.texts("--offline")
    check(all(text in texts for text in before), "what was there before: %r" % texts)
    now = {row["log"]: row["entries"] for row in member.status("--offline")["logs"]}
    check(all(now[log] >= entries[log] for log in entries), "entries of each log: %r" % now)
    # Put right again, the server is believed again: every entry is checked as ever.
    if report == "other_history":
        member.run("sync", code=SERVER)  # it cannot show again what it has kept from everybody
    else:
        member.run("sync")
        check("Lie %d, note 1" % number in member.texts("--offline"), "what came once the server was honest")
    if number % 8 == 0:
        member.run("verify")


def row(number, title, *rest):
    @case("%s: %s" % (title, rest[1] or rest[2]))
    def _():
        tell(number, *rest)


for place, (title, *rest) in enumerate(LIES):
    row(place, title, *rest)


@case("what a lie was about never reached the honest server: Ada and Ben agree, and the operator's check is content")
def honest():
    for member in (W["ada"], W["ben"]):
        member.run("sync")
        member.run("verify")
    equal(W["ada"].texts("--offline"), W["ben"].texts("--offline"), "what both read")
    world.server.url = None
    world.server.stop()
    world.server.verify()
    proxy.close()


main()
