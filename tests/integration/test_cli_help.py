#!/usr/bin/python3
"""What `council` says of itself: the table of commands, the help and manual page of every one, and completions. Needs no server."""
import json
import os
import shutil
import subprocess

from harness import BIN, OK, USAGE, case, check, environment, equal, has, lacks, main

W = {}


def council(*args, code=OK):
    done = subprocess.run([os.path.join(BIN, "council")] + list(args), stdin=subprocess.DEVNULL, capture_output=True, timeout=60, env=environment())
    equal(done.returncode, code, "council %s: %s" % (" ".join(args), done.stderr.decode()))
    return done.stdout.decode() + done.stderr.decode()


@case("the table of commands is printed; --version, --help and no command at all say what they should")
def table():
    W["table"] = [json.loads(line) for line in council("help", "--json").splitlines()]
    check(len(W["table"]) >= 44, "there are %d commands" % len(W["table"]))
    check(council("--version").startswith("council "), "--version")
    everything = council("--help")
    for row in W["table"]:
        has(everything, "  " + row["command"] + " ")
    equal(council(code=USAGE), everything, "no command at all")
    has(council("nonsense", code=USAGE), "council help")
    groups = [line for line in everything.splitlines() if line[:1].isalpha() and not line.startswith(("council:", "only"))]
    equal(sorted(groups), sorted(set(groups)), "each heading stands there once")


@case("--help after the first word of a group lists its commands; a second word that there is not is called that")
def groups():
    for word in ("meeting", "pool", "document"):
        text = council(word, "--help")
        for row in W["table"]:
            if row["command"].startswith(word + " "):
                has(text, "  " + row["command"] + " ")
        equal(council("help", word), text, "council help " + word)
    lacks(council("pool", "--help"), "  mail ")
    has(council("nonsense", "--help", code=USAGE), "there is no command `nonsense`")
    has(council("meeting", "opne", code=USAGE), "there is no `council meeting opne`")
    has(council("pool", "opne", code=USAGE), "one more word: register")


@case("--help of every command names each of its options, its operands and the exit codes")
def helps():
    for row in W["table"]:
        text = council(*row["command"].split(), "--help")
        has(text, row["command"] + " " + row["operands"] if row["operands"] else row["command"])
        for option in row["options"]:
            has(text, "--" + option["name"] + (" " + option["argument"] if option.get("argument") else ""), row["command"] + " --help")
            has(text, option["help"], row["command"] + " --help")
        has(text, "Exit codes")
        equal(council("help", *row["command"].split()), text, "council help " + row["command"])


@case("the manual page of every command renders without a warning")
def manual():
    groff = shutil.which("groff")
    if not groff:
        return "groff is not installed"
    pages = [council("help", "--man")] + [council("help", *row["command"].split(), "--man") for row in W["table"]]
    for page in pages:
        done = subprocess.run([groff, "-k", "-Tutf8", "-man", "-ww"], input=page.encode(), capture_output=True, timeout=60)
        equal((done.returncode, done.stderr.decode()), (0, ""), page.splitlines()[0])
        check(len(done.stdout) > 300, "an empty page: " + page)
    return None


@case("the completions are scripts that bash takes, and complete commands, their second words and options")
def completions():
    script = council("help", "--completion", "bash")
    tries = {"council reg": "register", "council reco": "recover", "council device li": "list link", "council note post --me": "--message", "council erase --y": "--yes"}
    for line, wanted in tries.items():
        words = line.split()
        done = subprocess.run(["bash", "-c", script + "\nCOMP_WORDS=(%s); COMP_CWORD=%d; _council; echo ${COMPREPLY[@]}" % (line, len(words) - 1)],
                              capture_output=True, timeout=20)
        equal(done.stdout.decode().split(), wanted.split(), line + done.stderr.decode())
    has(council("help", "--completion", "zsh"), "#compdef council")
    has(council("help", "--completion", "fish", code=USAGE), "bash and zsh")


main()
