#!/usr/bin/python3
"""Reminders by mail, against a real SMTP server: who gets which and when, by one clock for all; quiet hours, moved and cancelled meetings; relays that refuse,
stall, hang up and are down; a server that is killed in between; the link that stops them. Every mail is searched for what must not be in it."""
import datetime
import os
import re
import ssl
import subprocess
import time
import urllib.error
import urllib.request

from clocks import Clock

clock = Clock()
os.environ.update(clock.env)

from harness import BIN, FAILED, REFUSED, World, case, check, equal, has, lacks, main  # noqa: E402
from relay import Relay  # noqa: E402
import leaks  # noqa: E402

UTC = datetime.timezone.utc
FROM = "reminders@mail.example"
relay = Relay()
world = World()
OPTIONS = ("--smtp", relay.url, "--mail-from", FROM, "--smtp-timeout", "1")
ann = bob = kim = None


# ---- time ----

def at(text):
    """Puts everybody's clock to this time of UTC."""
    then = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC)
    clock.set(wall=int((then.timestamp() - time.time()) * 1000))


def figure(name):
    return int(float(re.search(rb"^councild_mail_%s (\S+)$" % name.encode(), world.server.metrics(), re.M)[1]))


def later(text):
    """The clock is put forward, and the server has looked at everybody since."""
    at(text)
    looked()


def looked():
    """A whole round has begun and ended from now on, and what it found was sent."""
    clock.set(wall=clock.wall + 31000)
    now = int(time.time() + clock.wall / 1000)
    until("the server looks at nobody", lambda: figure("round_timestamp_seconds") >= now)


def until(what, true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        check(time.monotonic() < end, "%s:\n%s" % (what, world.server.tail()))
        time.sleep(0.02)


# ---- members and their mails ----

def address(member):
    return member.name + "@box.example"


def counts():
    return [len(relay.to(address(m))) for m in (ann, bob, kim)]


def text_of(mail):
    return mail.get_content().replace("\r\n", "\n")


def code_of(mail):
    return re.search(r"^ {4}([2-9A-Z]{5}-[2-9A-Z]{5})$", text_of(mail), re.M)[1]


def opt_in(member, *options):
    before = len(relay.to(address(member)))
    member.run("mail", "set", address(member), "--yes", "--zone", "UTC", "--quiet-hours", "none", *options)
    member.run("mail", "confirm", code_of(relay.wait(address(member), before + 1)[-1]))


def nudge(member):
    """Shares something and asks for a look."""
    number = member.run("document", "new", "--json", "--form", "weekly-update", "--title", "Week", "-", text=FORM).one()["document"]
    member.run("document", "share", number[:12], "--ask")


FORM = ""


@case("a server without a relay says so and runs all the same")
def without():
    global ann, bob, kim, FORM
    at("2027-03-08 09:00")
    relay.start()
    ann, bob, kim = world.council("ann", "bob", "kim", title=world.plant("Council of planted lanterns"))
    FORM = "".join(line + ("\n" + world.plant("Lanterns of %d" % i) + "\n" if line.startswith("## ") else "\n")
                   for i, line in enumerate(ann.run("document", "new", "--form", "weekly-update", "--template").out.splitlines()))
    told = ann.run("mail", "set", address(ann), "--yes", "--json", code=REFUSED)
    equal(told.error(), "mail_off", "the error")
    equal(ann.run("mail", "show", "--json").one(), {"offered": False, "set": False}, "what is shown")
    has(ann.run("mail", "show").out, "sends no mail")
    ann.run("mail", "stop")
    world.server.options += OPTIONS
    world.server.restart()


@case("nothing is given to the server without consent; an address is proved by a code that is mailed to it")
def consent():
    told = ann.run("mail", "set", address(ann), code=FAILED)
    has(told.text, "Whoever runs the server can read them")
    equal(ann.run("mail", "show", "--json").one()["set"], False, "set without consent")
    for wrong in ("ann", "ann@box", "ann@box.example\r\nBcc: eve@box.example", "a b@box.example", "ann@[127.0.0.1]", "é@box.example"):
        equal(ann.run("mail", "set", wrong, "--yes", "--json", code=REFUSED).error(), "mail_address", wrong)
    ann.run("mail", "set", address(ann), "--yes", "--quiet-hours", "none", "--zone", "UTC")
    mail = relay.wait(address(ann), 1)[0]
    equal((mail["From"], mail["Subject"], mail["Auto-Submitted"]), (FROM, "Your code", "auto-generated"), "the code's mail")
    shown = ann.run("mail", "show", "--json").one()
    equal((shown["address"], shown["confirmed"]), (address(ann), False), "before the code")
    equal(ann.run("mail", "confirm", "22222-22222", "--json", code=REFUSED).error(), "mail_code", "a wrong code")
    ann.run("mail", "confirm", code_of(mail).lower())
    equal(ann.run("mail", "confirm", code_of(mail), "--json", code=REFUSED).error(), "mail_code", "the code again")
    equal(ann.run("mail", "show", "--json").one()["confirmed"], True, "after the code")
    opt_in(bob, "--kinds", "meeting,checkin")
    equal(bob.run("mail", "show", "--json").one()["kinds"], ["meeting", "checkin"], "his kinds")
    kim.run("mail", "set", address(kim), "--yes")
    relay.wait(address(kim), 1)


@case("before a meeting one reminder goes to each who confirmed; none again, and none after a restart")
def meeting():
    ann.run("schedule", "set", "tue", "fri", "--time", "18:00", "--zone", "UTC", "--from", "2027-03-09")
    equal(counts(), [1, 1, 1], "the codes")
    later("2027-03-09 10:00")  # the day before was Monday: a check-in for Tuesday is due
    equal(counts(), [2, 2, 1], "reminders of the check-in")
    later("2027-03-09 14:50")
    equal(counts(), [2, 2, 1], "before its time")
    later("2027-03-09 15:02")
    equal(counts(), [3, 3, 1], "three hours before")
    world.server.restart()
    later("2027-03-09 16:30")
    later("2027-03-09 18:30")
    equal(counts(), [3, 3, 1], "later, and after a restart")
    equal(relay.to(address(ann))[-1]["Subject"], "Reminder", "the subject")


@case("who told of a check-in is not reminded of it, and who does not come is not reminded at all")
def checked_in():
    later("2027-03-10 09:00")
    ann.run("checkin", "--commit", world.plant("Write to five lanterns"), "--commit", world.plant("Call two lanterns"), "--for", "next")
    bob.run("checkin", "--commit", world.plant("Light a lantern"), "--commit", world.plant("Light two lanterns"))
    later("2027-03-12 09:00")
    equal(counts(), [3, 4, 1], "bob's check-in was told to nobody")
    bob.run("rsvp", "no")
    later("2027-03-12 15:30")
    equal(counts(), [4, 4, 1], "bob said no")


@case("a cancelled meeting has no reminder; a moved one has it before its new time")
def changes():
    bob.run("mail", "set", "--kinds", "meeting")
    ann.run("mail", "set", "--kinds", "meeting")
    ann.run("schedule", "cancel", "2027-03-16T18:00")
    ann.run("schedule", "move", "2027-03-19T18:00", "2027-03-20T10:00")
    before = counts()
    for time_ in ("2027-03-16 15:30", "2027-03-16 17:30", "2027-03-19 15:30", "2027-03-20 06:30"):
        later(time_)
        equal(counts(), before, "at " + time_)
    later("2027-03-20 07:30")
    equal(counts(), [before[0] + 1, before[1] + 1, 1], "before the moved meeting")


@case("quiet hours are those of the member's own clock, also when it is put forward")
def quiet():
    # Tuesday 2027-03-30 18:00 UTC is three at night in Tokyo: the reminder comes in the evening before quiet hours. Berlin's clock was put
    # forward on the 28th: seven in the evening became eight, and its quiet hours begin at 15:30 UTC.
    bob.run("mail", "set", "--zone", "Asia/Tokyo", "--quiet-hours", "22:00-08:00")
    ann.run("mail", "set", "--zone", "Europe/Berlin", "--quiet-hours", "17:30-21:00")
    before = counts()
    later("2027-03-30 12:20")
    equal(counts(), before, "half past nine in Tokyo is not yet")
    later("2027-03-30 12:32")
    equal(counts(), [before[0], before[1] + 1, 1], "half an hour before Tokyo's quiet hours")
    later("2027-03-30 15:20")
    equal(counts(), [before[0] + 1, before[1] + 1, 1], "twenty past five in Berlin")
    ann.run("mail", "set", "--zone", "UTC", "--quiet-hours", "none", "--kinds", "feedback")
    bob.run("mail", "set", "--zone", "UTC", "--quiet-hours", "none", "--kinds", "feedback")


@case("a member asks for a look: each of the others who want it is told once, however often they ask in a day")
def asked():
    later("2027-03-31 10:00")
    before = counts()
    nudge(ann)
    relay.wait(address(bob), before[1] + 1)
    nudge(ann)
    looked()
    equal(counts(), [before[0], before[1] + 1, 1], "told once")
    equal(relay.to(address(bob))[-1]["Subject"], "Something waits for you", "the subject")


@case("a mail that was not taken is tried again later, one that may have been taken never: 4xx, lost connections, silence")
def failures():
    for day, (script, again) in enumerate({"rcpt 451 later": True, "data 452 full": True, "drop rcpt": True, "drop data": False, "slow 2": False}.items()):
        later("2027-04-%02d 10:00" % (2 + 2 * day))
        before, offered = len(relay.to(address(bob))), relay.offered
        relay.script[:] = [script]
        nudge(ann)
        until(script + " was not met", lambda: not relay.script)
        if not again:
            relay.wait(address(bob), before + 1)
        for hour in ("10:20", "11:30") if day == 0 or not again else ("10:20",):
            later("2027-04-%02d %s" % (2 + 2 * day, hour))
        equal(len(relay.to(address(bob))), before + 1, script)
        check(relay.offered <= offered + 2, script)


@case("a relay that is down for hours is asked again and again, and gets the mail when it is back; after a day it is dropped")
def down():
    before = len(relay.to(address(bob)))
    later("2027-04-20 10:00")
    relay.stop()
    nudge(ann)
    until("the relay's absence is not told", lambda: "mail_relay" in world.server.tail())
    for hour in range(11, 14):
        at("2027-04-20 %d:00" % hour)
        tries = figure("later_total")
        until("it is not tried at %d" % hour, lambda: figure("later_total") > tries)
    relay.start()
    at("2027-04-20 16:00")
    relay.wait(address(bob), before + 1)
    later("2027-04-20 20:00")
    equal(len(relay.to(address(bob))), before + 1, "once")
    relay.stop()
    later("2027-04-24 10:00")
    tries = figure("later_total")
    nudge(ann)
    until("it is not tried", lambda: figure("later_total") > tries)
    for hour in (12, 18, 23):
        at("2027-04-24 %d:00" % hour)
        tries = figure("later_total")
        until("it is not tried at %d" % hour, lambda: figure("later_total") > tries)
    at("2027-04-25 11:00")
    until("it is not dropped", lambda: figure("dropped_total") > 0)
    has(world.server.tail(), "mail_dropped")
    relay.start()
    later("2027-04-25 12:00")
    later("2027-04-26 09:00")
    equal(len(relay.to(address(bob))), before + 1, "after more than a day")


@case("a server that is killed between claim and answer never sends a mail twice")
def killed():
    for day, (script, sent) in enumerate({"stall ehlo": 0, "stall data": 1}.items()):
        later("2027-05-%02d 10:00" % (1 + 3 * day))
        before = len(relay.to(address(bob)))
        world.server.restart()  # a new connection, so that there is a greeting
        relay.stalled.clear()
        relay.script[:] = [script]
        nudge(ann)
        check(relay.stalled.wait(20), script + " was not met")
        world.server.kill()
        world.server.start()
        relay.script[:] = []
        later("2027-05-%02d 11:00" % (1 + 3 * day))
        later("2027-05-%02d 20:00" % (1 + 3 * day))
        equal(len(relay.to(address(bob))), before + sent, script)


@case("with a certificate to trust and a login the relay is spoken to by TLS; what fails there is the relay's fault, not an address's")
def encrypted():
    def made(name):
        path = os.path.join(world.folder, name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650", "-subj", "/CN=relay", "-addext",
                        "subjectAltName=IP:127.0.0.1", "-keyout", path + ".key", "-out", path + ".pem"], check=True, capture_output=True,
                       env={k: v for k, v in os.environ.items() if k != "LD_PRELOAD"})
        return path

    def serve(password, authority):
        with open(login, "w") as file:
            file.write("us\n%s\n" % password)
        os.chmod(login, 0o600)
        world.server.options = ["--smtp", closed.url, "--mail-from", FROM, "--smtp-timeout", "2", "--smtp-login", login, "--smtp-ca", authority + ".pem"]
        world.server.restart()
    good, other, login, usual = made("relay"), made("other"), os.path.join(world.folder, "login"), world.server.options
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(good + ".pem", good + ".key")
    closed = Relay(login=("us", "sesame street"), tls=tls)
    closed.start()
    before = len(relay.to(address(bob)))
    later("2027-05-06 10:00")
    serve("sesame street", good)
    nudge(ann)
    equal(len(closed.wait(address(bob), 1)), 1, "by TLS")
    at("2027-05-08 10:00")
    serve("guessed", good)
    nudge(ann)
    until("the login is not refused", lambda: figure("later_total") > 0)
    serve("sesame street", other)
    at("2027-05-08 10:10")
    until("the certificate is not refused", lambda: figure("later_total") > 0)
    equal(bob.run("mail", "show", "--json").one()["failing"], 0, "bob's address")
    lacks(world.server.tail(), "guessed", "the server's log")
    os.chmod(login, 0o644)
    done = subprocess.run([os.path.join(BIN, "councild"), "serve", "--data", world.server.data + "2", *world.server.options], capture_output=True, timeout=60)
    equal((done.returncode, b"chmod 600" in done.stderr), (69, True), "a login that others can read")
    closed.stop()
    world.server.options = usual
    world.server.restart()
    at("2027-05-08 11:00")
    equal(len(relay.wait(address(bob), before + 1)), before + 1, "by the usual relay at last")


@case("an address that is refused for good gets nothing more, and its member is shown that")
def refused():
    later("2027-05-10 10:00")
    relay.script[:] = ["rcpt 550 nobody here"]
    nudge(ann)
    until("the refusal is not noted", lambda: bob.run("mail", "show", "--json").one()["failing"])
    has(bob.run("mail", "show").out, "refused since")
    later("2027-05-12 10:00")
    before = len(relay.to(address(bob)))
    nudge(ann)
    looked()
    equal(len(relay.to(address(bob))), before, "to a failing address")
    opt_in(bob, "--kinds", "feedback")
    equal(bob.run("mail", "show", "--json").one()["failing"], 0, "after a new code")
    looked()
    equal(len(relay.to(address(bob))), before + 2, "the code and what still waits")


def fetch(url, method="GET", body=None):
    request = urllib.request.Request(url, data=body, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(), answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(), error.headers


@case("the link in a mail shows a button and stops nothing by itself; one click stops, and says no more of an unknown link")
def unsubscribe():
    mail = relay.to(address(bob))[-1]
    equal(mail["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click", "RFC 8058")
    link = mail["List-Unsubscribe"].strip("<>")
    has(link, world.server.url + "/unsubscribe/")
    status, page, headers = fetch(link)
    equal(status, 200, "the page")
    has(page, '<form method="post">')
    lacks(page, "ouncil")
    has(headers["Content-Security-Policy"], "default-src 'none'")
    equal(bob.run("mail", "show", "--json").one()["set"], True, "after looking at the page")
    unknown = fetch(link[:-1] + ("A" if link[-1] != "A" else "E"), "POST", b"List-Unsubscribe=One-Click")
    equal(fetch(link + "x")[0], 404, "no link of ours")
    done = fetch(link, "POST", b"List-Unsubscribe=One-Click")
    equal((done[0], done[1]), (200, unknown[1]), "the answer")
    equal(unknown[0], 200, "the answer to an unknown link")
    equal(bob.run("mail", "show", "--json").one(), {"offered": True, "set": False}, "after the click")
    equal(fetch(link, "POST", b"List-Unsubscribe=One-Click")[0], 200, "the click again")
    lacks(world.server.tail(), link.rsplit("/", 1)[1], "the server's log")


@case("who stops is forgotten on the server's disk; a backup that is put back brings nobody's consent back, unless it is complete")
def stop():
    ann.run("mail", "set", "--quiet-hours", "21:00-09:00")
    kim.run("mail", "stop")
    world.server.restart()
    for member in (bob, kim):
        world.lacks_words((chunk for path in world.server.files() for chunk in leaks.file_chunks(path)), "the server's files", {address(member)})
    backup = os.path.join(world.folder, "kept.backup")
    world.server.ask("backup", backup)
    for options, kept in ((("--complete",), True), ((), False)):
        world.server.stop()
        world.server.ask("restore", backup, "--force", *options)
        world.server.start()
        shown = ann.run("mail", "show", "--json").one()
        equal(shown["set"], kept, "after the restore")
        if kept:
            equal((shown["address"], shown["confirmed"], shown["quiet"]), (address(ann), True, "21:00-09:00"), "what was set")


@case("no mail tells anything: neutral words, one link, no names, titles or texts")
def neutral():
    check(len(relay.taken) > 15, "mails to look at")
    names = {member.name.capitalize() for member in world.members}
    for to, mail, raw in relay.taken:
        text = text_of(mail)
        links = re.findall(r"https?://\S+", text)
        equal(links, [world.server.url], "the links of a mail")
        lacks(mail["Subject"] + text, "ouncil", "a mail")
        check(not re.search(r"\bjobs?\b|search|lantern|moderat|check-?in|%s" % "|".join(names), mail["Subject"] + text, re.I), "a mail says %r" % text)
        check(all(len(line) <= 998 for line in raw.split(b"\r\n")), "lines of a mail")
        equal(set(mail.keys()), {"Date", "From", "To", "Subject", "Message-ID", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted",
                                 "MIME-Version", "Content-Type", "Content-Transfer-Encoding", *(["X-Peer", "X-MailFrom", "X-RcptTo"] if mail["X-Peer"] else [])}, "headers")
        equal(to, mail["To"].strip("<>"), "whom it is for")
    world.lacks_words((raw for _, _, raw in relay.taken), "a mail")
    ids = [mail["Message-ID"] for _, mail, _ in relay.taken]
    equal(len(set(ids)), len(ids), "no mail came twice")
    lacks(open(world.server.log, errors="replace").read(), "@box.example", "the server's log")
    relay.stop()


main()
