#!/usr/bin/python3
"""Reminders through Exim, the mail server of Debian: a code, a reminder, an address that it refuses, one that it puts off. Skipped where exim4 is not installed.

COUNCIL_EXIM names another program (whole path).
"""
import mailbox
import os
import pwd
import re
import shutil
import socket
import subprocess
import time

from harness import World, case, check, die_with_parent, equal, main

EXIM = os.environ.get("COUNCIL_EXIM") or shutil.which("exim4", path="/usr/sbin:" + os.environ["PATH"])
CONF = """
primary_hostname = mail.example
exim_path = {exim}
keep_environment =
spool_directory = {folder}/spool
log_file_path = {folder}/%slog
pid_file_path = {folder}/pid
daemon_smtp_ports = {port}
local_interfaces = 127.0.0.1
exim_user = {user}
exim_group = {group}
never_users =
deliver_drop_privilege = yes
tls_advertise_hosts =
chunking_advertise_hosts =
acl_smtp_rcpt = recipients
acl_smtp_data = accept_all
begin acl
recipients:
  deny local_parts = nobody
  defer local_parts = later
  accept
accept_all:
  accept
begin routers
all:
  driver = accept
  transport = box
begin transports
box:
  driver = appendfile
  file = {folder}/box
  user = {user}
  group = {group}
"""
world = ann = exim = folder = None


def start_exim():
    global exim, folder
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    user = pwd.getpwuid(os.getuid()) if os.getuid() != 0 else pwd.getpwnam("nobody")  # it delivers nothing as root
    folder = os.path.join(world.folder, "exim")
    os.makedirs(folder + "/spool")
    os.chmod(world.folder, 0o711)
    for path in (folder, folder + "/spool"):
        os.chown(path, user.pw_uid, user.pw_gid)
    path = os.path.join(folder, "conf")
    with open(path, "w") as file:
        file.write(CONF.format(exim=EXIM, folder=folder, port=port, user=user.pw_uid, group=user.pw_gid))
    os.chmod(path, 0o644)
    exim = subprocess.Popen([EXIM, "-C", path, "-bdf", "-q10m"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=die_with_parent)
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with socket.socket() as trial:
            if trial.connect_ex(("127.0.0.1", port)) == 0:
                return port
        check(exim.poll() is None, "exim ended")
        time.sleep(0.05)
    check(False, "exim does not answer")


def said():
    """The server's log and Exim's."""
    logs = [os.path.join(folder, name) for name in os.listdir(folder) if name.endswith("log")]
    return world.server.tail() + "".join(open(log, errors="replace").read()[-2000:] for log in logs)


def box(name, count):
    """What was delivered to this name, once there are so many."""
    end = time.monotonic() + 20
    while True:
        path = os.path.join(folder, "box")
        found = [mail for mail in mailbox.mbox(path, create=False) if name in mail["To"]] if os.path.exists(path) else []
        if len(found) >= count:
            return found
        check(time.monotonic() < end, "%d mails, not %d:\n%s" % (len(found), count, said()))
        time.sleep(0.05)


def told(what):
    end = time.monotonic() + 20
    while what not in world.server.tail():
        check(time.monotonic() < end, "no %s:\n%s" % (what, world.server.tail()))
        time.sleep(0.05)


@case("codes and reminders arrive through Exim; what it refuses and what it puts off is told apart")
def through():
    global world, ann
    if not EXIM:
        return "exim4 is not installed"
    world = World(start=False)
    port = start_exim()
    try:
        world.server.options += ["--smtp", "smtp://127.0.0.1:%d" % port, "--mail-from", "reminders@mail.example"]
        world.server.start()
        ann, bob, cy = world.council("ann", "bob", "cy", title=world.plant("A council of planted acorns"))
        ann.run("mail", "set", "ann@box.example", "--yes", "--quiet-hours", "none")
        code = re.search(r"^ {4}([2-9A-Z]{5}-[2-9A-Z]{5})", box("ann", 1)[0].get_payload(), re.M)[1]
        ann.run("mail", "confirm", code)
        form = bob.run("document", "new", "--form", "weekly-update", "--template").out
        filled = "".join(line + ("\n" + world.plant("Acorn number %d" % i) + "\n" if line.startswith("## ") else "\n") for i, line in enumerate(form.splitlines()))
        number = bob.run("document", "new", "--json", "--form", "weekly-update", "--title", "Week", "-", text=filled).one()["document"]
        bob.run("document", "share", number[:12], "--ask")
        mail = box("ann", 2)[1]
        equal((mail["Subject"], mail["List-Unsubscribe-Post"]), ("Something waits for you", "List-Unsubscribe=One-Click"), "the reminder")
        world.lacks_words([m.as_bytes() for m in box("ann", 2)], "a mail")
        bob.run("mail", "set", "nobody@box.example", "--yes")
        told("mail_refused")
        check(bob.run("mail", "show", "--json").one()["failing"], "a refused address")
        cy.run("mail", "set", "later@box.example", "--yes")
        told("mail_later")
        equal(cy.run("mail", "show", "--json").one()["failing"], 0, "an address that was put off")
    finally:
        exim.terminate()
        exim.wait(20)
    return None


main()
