#!/usr/bin/python3
"""A council outlives its server: a backup of yesterday, members who know better, another server, a new key."""
import subprocess
from wsclient import *

ROOMY = ("--limit", "device-burst=1000000", "--limit", "council-burst=1000000")


class Story:
    """A council of three with everything that was written; the server knows it up to some point."""

    def __init__(self, server):
        self.people, self.clients, self.entries = [], [], []
        for _ in range(3):
            client, member = newcomer(server.url)
            self.people.append(member)
            self.clients.append(client)
        ann = self.people[0]
        self.council = Council(ann)
        self.write(0, self.council.genesis)
        self.write(0, self.council.rotate(ann))
        self.council.epoch = 1
        for i in (1, 2):
            self.bring_in(i)

    def bring_in(self, i):
        invite, council = Device(), self.council
        self.write(0, council.invite(self.people[0], invite))
        self.write(i, council.join(self.people[i], invite))
        council.members.append(self.people[i])
        council.epoch += 1

    def write(self, i, entry):
        append(self.clients[i], self.council, entry)
        self.entries.append(entry)

    def posts(self, n):
        for i in range(n):
            self.write(i % 3, self.council.post(self.people[i % 3]))

    log = property(lambda self: b64(self.council.log))

    def params(self, after, upto, **more):
        return dict(log=self.log, after=after, head=b64(self.council.heads[after]),
                    entries=[e.wire() for e in self.entries[after:upto]], **more)

    def offer(self, client, after, upto, **more):
        return client.call("log.offer", **self.params(after, upto, **more))

    def speak(self, client, seq):
        return self.offer(client, seq, seq)

    def whole(self, client):
        """The server has every entry, byte for byte."""
        got, page = [], {"entries": [None]}
        while page["entries"]:
            page = client.call("log.read", log=self.log, after=len(got), limit=512)
            got += page["entries"]
        assert [(e["text"], e["sig"], e.get("data")) for e in got] == [
            (e.text, b64(e.sig), b64(e.data) if e.data else None) for e in self.entries]
        assert page["head"] == b64(self.council.heads[len(self.entries)])


def member_log(member):
    return dict(log=b64(member.name), after=0, head=b64(ZERO), entries=[member.genesis.wire()])


def speak_own(client, member):
    return client.call("log.offer", log=b64(member.name), after=1, head=b64(member.name), entries=[])


def loses(story, client):
    """Whether the check finds that the server does not have everything."""
    try:
        story.whole(client)
    except AssertionError:
        return True
    return False


def restored(server, backup):
    """The same server, stopped and put back to the backup."""
    assert server.stop() == 0
    done = councild("restore", backup, "--data", server.data, "--force")
    assert done.returncode == 0, done.stderr
    return Server(server.data, *ROOMY)


def yesterday(server):
    story = Story(server)
    story.posts(9)
    backup = os.path.join(folder(), "backup")
    done = councild("backup", backup, "--data", server.data)
    assert done.returncode == 0, done.stderr
    old = len(story.entries)
    story.posts(200)
    return story, backup, old


def comes_back():
    """members bring back what a backup lacks, byte for byte, and nobody is told that history went back"""
    with Server(None, *ROOMY) as server:
        story, backup, old = yesterday(server)
        with restored(server, backup) as again:
            now, council = len(story.entries), story.council
            a, b, c = (Client(again.url) for _ in range(3))
            assert a.hello()["recovering"] == 1
            for client, member in zip((a, b, c), story.people):
                client.login(member)
                assert client.fails("log.subscribe", log=story.log, after=old) == "recovering"
                assert client.fails("log.read", log=story.log, after=0, limit=1) == "recovering"
            post = council.post(story.people[0])
            assert a.fails("log.append", entry=post.wire()) == "recovering"
            assert story.speak(a, now)["seq"] == old
            # Bob holds yesterday's log alone: he has spoken, follows it, and sees it come back
            said = story.speak(b, old)
            assert (said["spoken"], said["waiting"]) == (1, 2)
            b.call("log.subscribe", log=story.log, after=old)
            at = old
            while at < now:
                at = story.offer(a, at, min(at + 128, now))["seq"]
            seen = [b.notice() for _ in range(now - old)]
            assert [(n["seq"], n["text"]) for n in seen] == [(i + 1, story.entries[i].text) for i in range(old, now)]
            assert story.speak(a, now)["waiting"] == 1
            assert a.fails("log.append", entry=post.wire()) == "recovering"
            assert story.speak(c, old + 7)["recovering"] == 0
            append(a, council, post)
            story.entries.append(post)
            for client in (a, b, c):
                story.whole(client)
            assert b.notice()["seq"] == now + 1
            assert c.fails("log.offer", **story.params(now, now + 1)) is None
            more = council.post(story.people[2])
            council.took(more)
            story.entries.append(more)
            assert c.fails("log.offer", **story.params(now + 1, now + 2)) == "offer_refused"
        verified = councild("verify", "--data", again.data)
        assert verified.returncode == 0, verified.stdout + verified.stderr


def survives_kills():
    """a server that is killed while logs come back has them whole after its next start"""
    with Server(None, *ROOMY) as server:
        story, backup, old = yesterday(server)
        assert server.stop() == 0
        assert councild("restore", backup, "--data", server.data, "--force").returncode == 0
        now, at = len(story.entries), old
        for cut in (3, 40, 90):
            with Server(server.data, *ROOMY) as again:
                a = session(again.url, story.people[0])
                assert story.speak(a, now)["seq"] >= at
                at = story.offer(a, at, at + cut)["seq"]
                a.send("log.offer", story.params(at, min(at + 100, now)))
                again.kill()
        with Server(server.data, *ROOMY) as again:
            a, b, c = (session(again.url, member) for member in story.people)
            at = story.speak(a, now)["seq"]
            while at < now:
                at = story.offer(a, at, min(at + 128, now))["seq"]
            for client in (a, b, c):
                said = story.speak(client, now)
            assert said["recovering"] == 0
            story.whole(b)


def brings_people_back():
    """who registered after the backup logs in again once a mate has brought their member log"""
    with Server(None, *ROOMY) as server:
        story, backup, _ = yesterday(server)
        old = len(story.entries)
        client, dan = newcomer(server.url)
        story.people.append(dan)
        story.clients.append(client)
        story.bring_in(3)
        story.write(3, story.council.post(dan))
        with restored(server, backup) as again:
            lost = Client(again.url)
            assert lost.hello()["recovering"] == 1
            assert lost.fails("auth.login", **lost.login_params(dan)) == "login_refused"
            a = session(again.url, story.people[0])
            at = story.speak(a, old)["seq"]
            while at < old:
                at = story.offer(a, at, min(at + 128, old))["seq"]
            assert a.fails("log.offer", **story.params(old, old + 3)) == "pin_unknown"
            assert a.call("log.offer", **member_log(dan))["seq"] == 1
            assert story.offer(a, old, old + 3)["seq"] == old + 3
            d = session(again.url, dan)
            assert story.speak(d, old + 3)["waiting"] == 3
            assert speak_own(d, dan)["recovering"] == 0
            story.whole(d)


def the_operator_ends_it():
    """councild recovering counts what waits and ends it, on a running server and on a stopped one"""
    with Server(None, *ROOMY) as server:
        story, backup, old = yesterday(server)
        with restored(server, backup) as again:
            a = session(again.url, story.people[0])
            listed = json.loads(councild("recovering", "--data", again.data, "--json").stdout)
            assert listed["logs"] == 4, listed
            assert a.fails("log.read", log=story.log, after=0, limit=1) == "recovering"
            assert councild("recovering", "end", story.log, "--data", again.data).returncode == 0
            assert a.call("log.read", log=story.log, after=0, limit=1)["seq"] == old
            assert loses(story, a)  # the negative control: nobody brought anything, and it shows
            assert Client(again.url).hello()["recovering"] == 1
            assert councild("recovering", "end", "--data", again.data).returncode == 0
            assert Client(again.url).hello()["recovering"] == 0
            assert story.offer(a, old, len(story.entries[:old + 100]))["seq"] == old + 100  # still taken
            assert again.stop() == 0
        listed = json.loads(councild("recovering", "--data", again.data, "--json").stdout)
        assert listed["logs"] == 0, listed


def moves():
    """a council moves to another server, with everybody's registration"""
    with Server(None, *ROOMY) as server, Server(None, *ROOMY, registration="code") as other:
        story = Story(server)
        story.posts(150)
        now, ann = len(story.entries), story.people[0]
        code = json.loads(councild("code", "create", "--data", other.data, "--json").stdout)["code"]
        a = Client(other.url)
        a.register(ann, code)
        a.login(ann)
        for member in story.people[1:]:
            assert a.call("log.offer", **member_log(member))["seq"] == 1
        at = story.speak(a, now)["seq"]
        assert at == 0
        while at < now:
            at = story.offer(a, at, min(at + 128, now))["seq"]
        said = story.speak(a, now)
        assert (said["head"], said["waiting"]) == (b64(story.council.head), 2)
        # they wait, and whoever does not come makes nothing uncertain for others: the server itself lacks nothing
        assert json.loads(councild("recovering", "--data", other.data, "--json").stdout)["logs"] == 3
        assert Client(other.url).hello()["recovering"] == 0
        b, c = (session(other.url, member) for member in story.people[1:])
        story.speak(b, now)
        assert story.speak(c, now)["recovering"] == 0
        post = story.council.post(story.people[1])
        append(b, story.council, post)
        story.entries.append(post)
        story.whole(c)
        logs = {e["log"]: e for e in b.call("council.list")["logs"]}
        assert logs[story.log]["member"] == 1 and logs[story.log]["seq"] == now + 1


def closed_to_strangers():
    """a server with --offers closed takes no logs that it does not have; with members, as many as its limit says"""
    with Server(None, *ROOMY) as server:
        story = Story(server)
        for options, person, council in ((("--offers", "closed"), "not_found", "not_found"),
                                         (("--limit", "offered-logs=1"), None, "quota")):
            with Server(None, *ROOMY, *options) as other:
                a = Client(other.url)
                a.register(story.people[0])
                a.login(story.people[0])
                assert a.fails("log.offer", **member_log(story.people[1])) == person
                assert a.fails("log.offer", **story.params(0, 4)) == council


def names_its_next_key():
    """after councild key rotate the next start has a new key, and the old one vouches for it"""
    with Server() as server:
        old = server.ready["server"]
        assert "successions" not in Client(server.url).hello()
        assert councild("key", "rotate", "--data", server.data).returncode == 0
        assert server.stop() == 0
        with Server(server.data) as again:
            said = Client(again.url).hello()
            assert again.ready["server"] == said["server"] != old
            (step,) = said["successions"]
            assert (step["from"], step["to"]) == (old, said["server"])
            signed = P("council/v1/succession", unb64(step["from"]), unb64(step["to"]))
            na.crypto_sign_open(unb64(step["sig"]) + signed, unb64(old))


run(comes_back, survives_kills, brings_people_back, the_operator_ends_it, moves, closed_to_strangers, names_its_next_key)
