#!/usr/bin/python3
"""The schemas of kinds against the vectors: they take every valid entry, and refuse what is wrong in form.

What a schema cannot say is listed here: days that the calendar lacks, order, sizes of a formula. Prints TAP.
"""
import json
import sys
from pathlib import Path

import jsonschema

PROTOCOL = Path(__file__).resolve().parents[2] / "protocol"
BEYOND = {"rsvp: the 30th of February", "rsvp: the 29th of February in a common year", "rsvp: the 29th of February 2100",
          "rsvp: the 31st of April", "schedule.set: a start that is none", "key.history: boxes of 81 bytes",
          "erase: posts out of order"}


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def texts():
    """(vector's name, whether the entry is valid, its text) of every entry that is valid or wrong in form alone."""
    for path in sorted((PROTOCOL / "vectors").glob("*.json")):
        group = load(path)
        for vector in group["vectors"] if group["type"] == "log" else ():
            valid = not isinstance(vector["result"], str)
            entries = vector["entries"] if valid else vector["entries"][:-1]
            yield from ((vector["name"], True, json.loads(e["text"])) for e in entries)
            if vector["result"] == "bad_field" and path.stem == "form":
                yield vector["name"], False, json.loads(vector["entries"][-1]["text"])


def main():
    schemas = {path.stem: load(path) for path in (PROTOCOL / "schema" / "kinds").glob("*.json")}
    for path in (PROTOCOL / "schema").rglob("*.json"):
        jsonschema.Draft202012Validator.check_schema(load(path))
    checks = {kind: jsonschema.Draft202012Validator(schema) for kind, schema in schemas.items()}
    refused, accepted, seen, wrong = [], set(), set(), 0
    for name, valid, text in texts():
        kind = text.get("kind")
        if not isinstance(kind, str) or kind not in checks:  # the kind itself is what is wrong
            continue
        good = checks[kind].is_valid(text)
        seen.add(kind)
        wrong += not valid
        if valid and not good:
            refused.append(name)
        elif good and not valid:
            accepted.add(name)
    tests = [("every kind has a schema and a valid entry", seen == set(schemas), seen ^ set(schemas)),
             ("every valid entry fits its schema", not refused, refused),
             ("of %d entries wrong in form, only those pass that no schema can refuse" % wrong, accepted == BEYOND,
              accepted ^ BEYOND),
             ("there are entries wrong in form", wrong > 250, wrong)]
    print("1..%d" % len(tests))
    for number, (what, good, detail) in enumerate(tests, 1):
        print("%s %d - %s" % ("ok" if good else "not ok", number, what))
        if not good:
            print("# %s" % detail)
    return not all(good for _, good, _ in tests)


if __name__ == "__main__":
    sys.exit(main())
