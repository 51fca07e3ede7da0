"""tap.py - test cases of a program, in order, and what they found out in TAP.

Must not know processes. Invariant: whatever a case does, the plan is fulfilled and `wipe` is called at the end.
"""
import signal
import sys
import time
import traceback

PROGRAM_SECONDS = 400
cases = []


class Failure(Exception):
    """What should be true is not."""


def check(truth, what):
    if not truth:
        raise Failure(what)


def equal(got, wanted, what):
    if got != wanted:
        raise Failure("%s: %r, not %r" % (what, got, wanted))


def has(text, part, what="the output"):
    if part not in text:
        raise Failure("%s lacks %r:\n%s" % (what, part, text[-3000:]))


def lacks(text, part, what="the output"):
    if part in text:
        raise Failure("%s has %r:\n%s" % (what, part, text[-3000:]))


def case(title):
    """Marks a function as a test; they run in order and share what they like by module variables. It may return why it was skipped."""
    def mark(function):
        cases.append((title, function))
        return function
    return mark


def attempt(number, title, function):
    started = time.monotonic()
    try:
        skipped = function()
    except Exception as error:  # pylint: disable=broad-except
        why = str(error) if isinstance(error, Failure) else traceback.format_exc()
        print("not ok %d - %s\n%s" % (number, title, "\n".join("# " + line for line in why.splitlines())), flush=True)
        return False
    skip = " # SKIP " + skipped if isinstance(skipped, str) else ""
    print("ok %d - %s%s\n# %.1f s" % (number, title, skip, time.monotonic() - started), flush=True)
    return True


def out_of_time(*_):
    raise Failure("the test program took longer than %d seconds" % PROGRAM_SECONDS)


def run(last, wipe):
    """Runs the cases (those whose title has a word of the command line, if any), then `last`, a pair of title and function."""
    signal.signal(signal.SIGALRM, out_of_time)
    signal.signal(signal.SIGTERM, out_of_time)
    signal.alarm(PROGRAM_SECONDS)
    words = sys.argv[1:]
    chosen = [(title, function) for title, function in cases if not words or any(word in title for word in words)] + [last]
    print("1..%d" % len(chosen), flush=True)
    good = True
    try:
        for number, (title, function) in enumerate(chosen, 1):
            good = attempt(number, title, function) and good
    finally:
        signal.alarm(0)
        wipe()
    sys.exit(0 if good else 1)
