#!/usr/bin/python3
"""A server whose clock is an hour or ten years off, or jumps while it runs: nothing expires early or twice, nothing is accepted late.

Deadlines and rates follow the monotonic clock, invites and `clock_skew` the wall clock, which may be put back by a day without opening what
had expired. Control: a server whose monotonic clock jumps with the wall clock lets logins expire early, and is found out.
"""
import wsclient
from clocks import *
from wsclient import *

JUMPS = (HOUR, -HOUR, 10 * YEAR, -10 * YEAR)
PATIENT = ("--ping", "3600")  # a jump is no silence


def serve(clock, *options):
    server = Server(None, *PATIENT, *options, env=clock.env)
    atexit.register(server.kill)
    return server


def with_clock(ms):
    """Members sign with a clock that is so far off."""
    wsclient.now_ms = lambda: int(time.time() * 1000) + ms


def fresh_invite(client, council, moderator, clock):
    invite = Device()
    body = {"expires": int(time.time() * 1000) + clock.wall + HOUR, "invite": b64(invite.key), "uses": 4}
    append(client, council, moderator.entry(council, "invite.open", body))
    return invite


def read_by_invite(client, council, member, invite):
    """The name of the error that reading a council by an invite meets; None: it may be read."""
    sig = invite.sign(P("council/v1/invite-read", council.log, member.name, client.challenge[1], client.challenge[3]))
    return client.fails("log.read", log=b64(council.log), after=0, limit=1, texts=1, invite={"key": b64(invite.key), "sig": b64(sig)})


def try_join(client, council, member, invite):
    entry = council.join(member, invite)
    error = client.fails("log.append", entry=entry.wire())
    if error is None:
        council.took(entry)
        council.members.append(member)
        council.epoch += 1
    return error


def far_from_each_other():
    """an hour off is served; ten years off is clock_skew to those who have the time, and serves those who have the same"""
    for off in JUMPS:
        clock = Clock(off)
        with serve(clock) as server:
            client, ann = Client(server.url), Member()
            client.hello()
            said = client.fails("member.register", entry=ann.genesis.wire())
            assert said == (None if abs(off) == HOUR else "clock_skew"), (off, said)
            with_clock(off)
            client, ann = newcomer(server.url)
            council = found(client, ann)
            append(client, council, council.post(ann))
            with_clock(0)
            said = client.fails("log.append", entry=council.post(ann).wire())
            assert said == (None if abs(off) == HOUR else "clock_skew"), (off, said)
            hello = Client(server.url).hello()
            assert abs(hello["now"] - off - int(time.time() * 1000)) < TIMEOUT * 1000
            assert hello["expires"] - hello["now"] == 30000


def logins_keep_their_time():
    """a challenge lives for thirty seconds, a connection without login for sixty, whatever the wall clock does"""
    clock = Clock()
    with serve(clock) as server:
        alive, ann = newcomer(server.url)
        for jump in JUMPS:
            for passed, error in ((0, None), (29000, None), (31000, "login_expired")):
                client = Client(server.url)
                client.hello()
                clock.set(jump, clock.mono + passed)
                time.sleep(0.01)
                got = client.fails("auth.login", **client.login_params(ann))
                assert got == error, (jump, passed, got)
                clock.set(0)
                assert "logs" in alive.call("council.list")  # and who is logged in stays so
            client = Client(server.url)
            client.hello()
            clock.set(jump)
            assert client.quiet(0.5), jump
            clock.set(mono=clock.mono + 61000)
            assert client.until_closed() == (1008, "login_expired"), jump
            clock.set(0)


def invites_end_in_time():
    """an invite admits until its hour is over, then nobody: not after the clock was put back, and again after it was far ahead by mistake"""
    clock = Clock()
    with serve(clock) as server:
        a, ann = newcomer(server.url)
        council = found(a, ann)
        people = [newcomer(server.url) for _ in range(4)]
        invite = fresh_invite(a, council, ann, clock)
        b, bob = people[0]
        clock.pass_ms(59 * 60000)
        assert read_by_invite(b, council, bob, invite) is None
        assert try_join(b, council, bob, invite) is None  # fifty-nine minutes: not early
        c, eve = people[1]
        c.close()
        clock.pass_ms(2 * 60000)
        for back in (0, -HOUR, -2 * HOUR, -23 * HOUR):  # not late, though the clock says that it is not yet
            clock.set(61 * 60000 + back)
            c = session(server.url, eve)
            assert read_by_invite(c, council, eve, invite) == "not_found", back
            assert try_join(c, council, eve, invite) == "invite_expired", back
        clock.set(61 * 60000)
        time.sleep(0.3)
        a = session(server.url, ann)
        invite = fresh_invite(a, council, ann, clock)
        for ahead in (10 * YEAR, 2 * DAY):  # ahead by mistake, and put right
            clock.set(ahead + 61 * 60000)
            assert read_by_invite(c, council, eve, invite) == "not_found"
            clock.set(61 * 60000)
            assert read_by_invite(c, council, eve, invite) is None, ahead
        assert try_join(c, council, eve, invite) is None


def rates_keep_their_time():
    """an empty bucket fills with the time that passes, not with the wall clock"""
    clock = Clock()
    with serve(clock, "--limit", "device-burst=40", "--limit", "device-rate=1") as server:
        client, _ = newcomer(server.url)
        for jump in JUMPS:
            while client.fails("council.list") is None:
                pass
            clock.set(jump)
            assert client.fails("council.list") == "rate_limited", jump
            clock.set(0, clock.mono + 20000)
            time.sleep(0.05)
            assert [client.fails("council.list") for _ in range(4)] == [None] * 4, jump


def skew_is_told():
    """an entry's time may be a day from the server's, no more, and what was refused is taken once the clocks agree"""
    clock = Clock()
    with serve(clock) as server:
        client, ann = newcomer(server.url)
        council = found(client, ann)
        for off, error in ((23 * HOUR, None), (-23 * HOUR, None), (25 * HOUR, "clock_skew"), (-25 * HOUR, "clock_skew")):
            clock.set(off)
            entry = council.post(ann)
            assert client.fails("log.append", entry=entry.wire()) == error, off
            clock.set(0)
            if error:
                append(client, council, entry)
            else:
                council.took(entry)
        client.call("log.subscribe", log=b64(council.log), after=0)
        assert [client.notice()["seq"] for _ in range(council.seq)] == list(range(1, council.seq + 1))


def control():
    """a server whose deadlines would follow the wall clock is found out"""
    clock = Clock()
    with serve(clock) as server:
        _, ann = newcomer(server.url)
        client = Client(server.url)
        client.hello()
        clock.set(45000, 45000)
        time.sleep(0.01)
        early = client.fails("auth.login", **client.login_params(ann))
        assert early == "login_expired", early
        assert server.stop() == 0 and "Sanitizer" not in server.log(), server.log()[-2000:]


run(far_from_each_other, logins_keep_their_time, invites_end_in_time, rates_keep_their_time, skew_is_told, control)
