#!/usr/bin/python3
"""The negative control of test_cli_malicious.py: with a client that does not check signatures and heads, the rows that rest on these checks must fail.

council-unverified (tests/control) stands beside `council`; in a folder of its own it takes that name.
"""
import os
import re
import subprocess
import sys
import tempfile

BIN = os.environ.get("COUNCIL_BIN", os.path.join(os.path.dirname(__file__), "../../build/asan/bin"))
ROWS = ("a byte of the text is flipped", "a byte of a signature is flipped", "two entries change their places", "another head",
        "a place that is held", "kept from the others", "entries of another log")
SOUND = ("a byte of the sealed data", "an entry is left out")  # what rests on other checks is found all the same


def find(name):
    """Beside the others, or, where `bin` has links to programs of a build, next to what they point at."""
    for folder in (BIN, os.path.dirname(os.path.realpath(os.path.join(BIN, "council")))):
        if os.path.exists(os.path.join(folder, name)):
            return os.path.realpath(os.path.join(folder, name))
    return None


def main():
    control = find("council-unverified")
    print("1..%d" % (len(ROWS) + len(SOUND)), flush=True)
    if not control:
        print("Bail out! there is no council-unverified beside council")
        sys.exit(1)
    with tempfile.TemporaryDirectory(prefix="council-control-") as folder:
        os.symlink(control, os.path.join(folder, "council"))
        os.symlink(os.path.realpath(os.path.join(BIN, "councild")), os.path.join(folder, "councild"))
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "test_cli_malicious.py")
        done = subprocess.run([program, "two members share", *ROWS, *SOUND], env={**os.environ, "COUNCIL_BIN": folder}, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=390)
    good = True
    for number, row in enumerate(ROWS + SOUND, 1):
        found = re.search(r"^(not ok|ok) \d+ - .*%s.*$" % re.escape(row), done.stdout, re.M)
        right = found is not None and (found[1] == "not ok") == (row in ROWS)
        good = good and right
        print("%s %d - %s: %s" % ("ok" if right else "not ok", number, row,
                                  "the loss is reported" if row in ROWS else "found by another check"), flush=True)
    if not good:
        print("\n".join("# " + line for line in (done.stdout + done.stderr).splitlines()[-60:]))
    sys.exit(0 if good else 1)


main()
