"""relay.py - a real SMTP server (aiosmtpd) that does what a test tells it: refuses, stalls, hangs up, or is not there.

Owns what was said to it and what it took. Must not know who sends or why. Invariant: `taken` are the mails that it answered 250 to, or took and then hung up.
"""
import asyncio
import email
import email.policy
import logging
import socket
import threading
import warnings

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult

logging.getLogger("mail.log").setLevel(logging.CRITICAL)
warnings.filterwarnings("ignore", module="aiosmtpd")


class _Session(SMTP):
    """One that can hang up, and whose library says nothing about it."""

    def hang_up(self):
        self.transport.abort()


class Relay:
    def __init__(self, login=None, tls=None):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = "smtp://127.0.0.1:%d" % self.port
        self.login, self.tls = login, tls
        self.changed = threading.Condition()
        self.taken, self.offered = [], 0
        self.script = []  # what the next mails meet, in order: "rcpt 450 later", "drop rcpt", "data 554 no", "drop data", "stall data", "slow 2", "stall ehlo"
        self.stalled = threading.Event()
        self.controller = None

    # ---- there or not ----

    def start(self):
        relay = self

        class Here(Controller):
            def factory(self):
                more = {}
                if relay.tls:
                    more = {"tls_context": relay.tls, "require_starttls": True}
                if relay.login:
                    more.update(authenticator=relay.authenticate, auth_required=True, auth_require_tls=bool(relay.tls))
                return _Session(self.handler, enable_SMTPUTF8=False, timeout=120, **more)

        self.controller = Here(self, hostname="127.0.0.1", port=self.port)
        self.controller.start()

    def stop(self):
        if self.controller:
            self.controller.stop()
            self.controller = None

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self.login)

    # ---- what aiosmtpd calls ----

    def next(self, stage):
        """The next thing of the script, if it is for this stage."""
        with self.changed:
            if self.script and stage in self.script[0].split():
                return self.script.pop(0)
        return ""

    async def stall(self):
        self.stalled.set()
        await asyncio.sleep(60)

    async def handle_EHLO(self, server, session, envelope, hostname, responses):
        session.host_name = hostname
        if self.next("ehlo"):
            await self.stall()
        return responses

    async def handle_MAIL(self, server, session, envelope, address, options):
        told = self.next("from")
        if told:
            return told.split(" ", 1)[1]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        told = self.next("rcpt")
        if told.startswith("drop"):
            server.hang_up()
        elif told:
            return told.split(" ", 1)[1]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        with self.changed:
            self.offered += 1
        told = self.next("data") or self.next("slow")
        if told.startswith("data "):
            return told.split(" ", 1)[1]
        self.take(envelope)
        if told.startswith("drop"):
            server.hang_up()
        elif told.startswith("stall"):
            await self.stall()
        elif told.startswith("slow"):
            await asyncio.sleep(float(told.split()[1]))
        return "250 OK"

    def take(self, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        with self.changed:
            self.taken.append((envelope.rcpt_tos[0], mail, envelope.content))
            self.changed.notify_all()

    # ---- what a test asks ----

    def to(self, address):
        with self.changed:
            return [mail for to, mail, _ in self.taken if to == address]

    def wait(self, address, count, seconds=20):
        """The mails to this address, once there are so many."""
        with self.changed:
            self.changed.wait_for(lambda: len([1 for to, *_ in self.taken if to == address]) >= count, seconds)
        return self.to(address)
