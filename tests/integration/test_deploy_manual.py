#!/usr/bin/python3
"""The operator's manual: its commands run in its order on a real server; every command and flag that it and the other texts name exists;
links lead to files; what it says of a lost key and of a restore is what happens."""
import json
import os
import re
import shlex
import subprocess
import urllib.request

from deploying import TOP
from harness import BIN, FAILED, SERVER, World, case, check, environment, equal, has, main

MANUAL = "docs/operations.md"
# What belongs to the machine and not to Council; each is shown by another test (packages, units) or needs a network.
NOT_RUN = ("deploy/install-deps.sh", "cmake", "(cd build/release", "sudo apt", "curl http://127.0.0.1:9440", "sudo systemctl enable")
W = {}


def read(path):
    with open(os.path.join(TOP, path)) as file:
        return file.read()


def fenced(path):
    return [line for block in re.findall(r"```sh\n(.*?)```", read(path), re.S) for line in block.splitlines() if line.strip()]


def councild(world, *words):
    return subprocess.run([os.path.join(BIN, "councild"), *words], capture_output=True, text=True, timeout=90, stdin=subprocess.DEVNULL,
                          env=environment(COUNCILD_DATA=world.server.data))


@case("the manual's commands, in its order, on a server with members: each works")
def commands():
    world = W["world"] = World()
    ada, ben = W["people"] = world.council("ada", "ben", title="Operated by the book")
    ada.note(world.plant("Before everything in the manual"))
    os.mkdir(os.path.join(world.server.data, "backups"), 0o700)
    known = {"LOG": ada.status()["logs"][0]["log"]}
    ran = 0
    for line in fenced(MANUAL):
        if line.startswith(NOT_RUN):
            continue
        line = line.replace("/var/lib/councild", world.server.data)
        for word, value in known.items():
            line = re.sub(r"\b%s\b" % word, value, line)
        words = shlex.split(line)
        if words[:2] == ["sudo", "systemctl"]:
            equal(words[3:], ["councild"], line)
            {"stop": world.server.stop, "start": world.server.start, "restart": world.server.restart}[words[2]]()
            if words[2] != "stop":
                ada.run("sync"), ben.run("sync")
        elif words[:4] == ["sudo", "-u", "councild", "councild"]:
            done = councild(world, *words[4:])
            check(done.returncode == 0, "%s: ended with %d: %s%s" % (line, done.returncode, done.stdout, done.stderr))
            if words[4:6] == ["code", "create"]:
                known["CODE"] = done.stdout.split()[0]
            W[" ".join(words[4:6])] = done.stdout
        elif words[0] == "curl":
            path = re.fullmatch(r"http://127.0.0.1:8440(/.*)", words[1]).group(1)
            with urllib.request.urlopen(world.server.url + path, timeout=30) as answer:
                equal(answer.status, 200, line)
        else:
            check(False, "a line that this test does not understand: " + line)
        ran += 1
    check(ran > 25, "only %d lines were run" % ran)
    print("# %d lines" % ran)
    # Members are where they were: through backups, a restore and a new key.
    has("\n".join(ben.texts()), "Before everything in the manual")
    ben.note(world.plant("After everything in the manual"))
    check("After everything in the manual" in ada.texts(), "what came last")


def names_of(text):
    """Commands that the text names in code: councild COMMAND ... and council COMMAND ..., with their flags."""
    code = re.findall(r"```sh\n(.*?)```", text, re.S) + re.findall(r"`([^`\n]+)`", text) + re.findall(r"^    (councild? .+)$", text, re.M)
    for piece in code:
        for line in piece.replace("\\\n", " ").splitlines():
            line = "" if "systemctl" in line or "journalctl" in line else line.split("  #")[0].replace("sudo -u councild ", "")
            for found in re.finditer(r"(?:^|\s)(councild|council) ([a-z].*)$", line.strip()):
                yield found.group(1), found.group(2).split()


@case("every command and flag of councild and council that manual, README, SECURITY.md and examples name exists")
def named():
    helps, seen = {}, 0
    overview = councild(W["world"], "help").stdout
    commands_there = set(re.findall(r"^  ([a-z-]+) ", overview, re.M))
    table = subprocess.run([os.path.join(BIN, "council"), "help", "--json"], capture_output=True, text=True, timeout=60, env=environment()).stdout
    clients = {json.loads(line)["command"] for line in table.splitlines()}
    check(len(commands_there) > 8 and len(clients) > 30, "help was not understood: %r %r" % (commands_there, clients))
    for path in (MANUAL, "README.md", "SECURITY.md"):
        for program, words in names_of(read(path)):
            command = words[0].rstrip(".,;:")
            if program == "councild":
                check(command in commands_there, "%s: councild has no command %s" % (path, command))
                asked = (program, command, "--help")
            else:
                two = " ".join(words[:2]).rstrip(".,;:")
                name = two if two in clients else command
                check(name in clients or command == "help", "%s: council has no command %s" % (path, name))
                asked = (program, *name.split(), "--help")
            if asked not in helps:
                done = subprocess.run([os.path.join(BIN, asked[0]), *asked[1:]], capture_output=True, text=True, timeout=60, env=environment())
                helps[asked] = done.stdout
            for flag in (word.split("=")[0].rstrip(".,;:)") for word in words if word.startswith("--")):
                check(re.search(re.escape(flag) + r"(?![a-z-])", helps[asked]), "%s: %s has no %s" % (path, " ".join(asked[:-1]), flag))
            seen += 1
    check(seen > 50, "only %d commands were found" % seen)
    check(list(names_of("```sh\ncouncild frobnicate --now\n```")) == [("councild", ["frobnicate", "--now"])], "a made-up command is found")


@case("every variable of the environment file and the texts exists; links lead to files; alerts stand in the manual")
def variables():
    there = set(re.findall(r'"(COUNCILD_[A-Z_]+)"', read("server/host/options.def"))) | {"COUNCILD_BACKUPS", "COUNCILD_BACKUPS_KEPT", "COUNCILD_PURGE_DATA"}
    for path in (MANUAL, "SECURITY.md", "README.md", "deploy/systemd/councild.default", "deploy/caddy/Caddyfile", "deploy/nginx/council.conf", "deploy/container/Containerfile"):
        for name in re.findall(r"\bCOUNCILD_[A-Z_]+\b", read(path)):
            check(name in there or name.startswith("COUNCILD_LIMIT_"), "%s: there is no %s" % (path, name))
    for path in (MANUAL, "SECURITY.md", "README.md"):
        for link in re.findall(r"\]\(([^)#]+)\)", read(path)):
            if "://" not in link:
                check(os.path.exists(os.path.join(TOP, os.path.dirname(path), link)), "%s leads to %s" % (path, link))
    for code in re.findall(r"^(\d+) |[;:] (\d+) ", read(MANUAL).split("## Exit statuses")[1], re.M):
        has(councild(W["world"], "help", "--man").stdout, "".join(code))


@case("a lost server.key, as the manual says: it is logged, clients refuse the new one, and every member is told it")
def lost_key():
    world, (ada, ben) = W["world"], W["people"]
    world.server.stop()
    os.remove(os.path.join(world.server.data, "server.key"))
    successions = os.path.join(world.server.data, "successions")
    if os.path.exists(successions):
        os.remove(successions)
    world.server.start()
    has(world.server.tail(), "key_made_for_old_data")
    for member in (ada, ben):
        has(member.run("sync", code=(FAILED, SERVER)).err, "ask the operator whether the key was changed")
    key = councild(world, "key", "show").stdout.strip()
    for member in (ada, ben):
        member.run("server", "move", world.server.url, "--key", key)
    ben.note(world.plant("With the new key"))
    said = ada.texts()
    for text in ("Before everything in the manual", "With the new key"):
        check(text in said, "%r is not in %r" % (text, said))


main()
