#!/usr/bin/python3
"""judge.py REPORT.json UNREACHED.md QUICK: the table of coverage, and whether it is enough.

Every line of protocol/ that no test reaches must be listed in UNREACHED.md: a heading names the file, a row `| function | code | reason |` each such line by its text. A row whose
line is reached, or is not in the file any more, is a failure too: the list says what is true now. With QUICK (without the end-to-end tests) lines are told and not judged.

A branch of protocol/ that is not taken on a line that is reached needs a reason as well: that of the listed line to which it would lead, or a row `| why | functions |` below the
heading "# Branches", which names the function. Functions of that list all of whose branches are taken are told, no more: compilers differ in what they make a branch.
"""
import collections
import json
import pathlib
import re
import sys

AIMS = {"protocol": 95.0, "": 85.0}


def read_listed(path):
    listed, file = collections.defaultdict(dict), None
    for line in path.read_text().splitlines():
        heading = re.match(r"## `(.+)`$", line)
        row = re.match(r"\| `(\w+)` \| `(.+)` \| (.+) \|$", line)
        if heading:
            file = heading.group(1)
        elif row and file:
            listed[file][row.group(1), row.group(2).replace("\\|", "|")] = row.group(3)
    return listed


def read_branches(path):
    """(file, function) of the list of branches: its reason."""
    listed = {}
    for line in path.read_text().partition("\n# Branches")[2].splitlines():
        row = re.match(r"\| (.+?) \| (`.+) \|$", line)
        for file, functions in re.findall(r"`([^`]+)`: ([^;`]+)", row.group(2)) if row else ():
            for function in functions.split(","):
                listed["protocol/" + file, function.strip()] = row.group(1)
    return listed


def folder(name):
    parts = name.split("/")
    return parts[0] if parts[0] == "protocol" else "/".join(parts[:2])


def function_at(source, number):
    """The name of the function that line `number` is in: clang-format leaves nothing else at the left margin with a parenthesis."""
    for line in reversed(source[:number]):
        head = re.match(r"[A-Za-z].*?(\w+)\(", line)
        if head:
            return head.group(1)
    return ""


def not_taken(lines, hits):
    """(line, branches of it that are not taken, the lines to which they may lead) of each line that is reached."""
    numbers = sorted(hits)
    for line in lines:
        missed = sum(1 for branch in line["branches"] if not branch["count"])
        if missed and line["count"] and not line.get("gcovr/noncode"):
            at = numbers.index(line["line_number"])
            yield line["line_number"], missed, [n for n in numbers[at + 1:at + 4] if not hits[n]]


def main():
    report = json.loads(pathlib.Path(sys.argv[1]).read_text())
    listed = read_listed(pathlib.Path(sys.argv[2]))
    quick = sys.argv[3] == "yes"
    counts = collections.defaultdict(lambda: [0, 0, 0, 0])
    branch_reasons = read_branches(pathlib.Path(sys.argv[2]))
    unlisted, used = [], set()
    missed, missed_lines, unexplained, explained = 0, 0, [], set()
    for file in report["files"]:
        name = file["file"]
        source = pathlib.Path(name).read_text().splitlines()
        seen = collections.defaultdict(int)
        branches = [0, 0]
        for line in file["lines"]:
            if not line.get("gcovr/noncode"):
                seen[line["line_number"]] += line["count"]
                branches[0] += sum(1 for branch in line["branches"] if branch["count"] > 0)
                branches[1] += len(line["branches"])
        count = counts[folder(name)]
        count[0] += sum(1 for hits in seen.values() if hits)
        count[1] += len(seen)
        count[2] += branches[0]
        count[3] += branches[1]
        if folder(name) != "protocol":
            continue
        for number, hits in sorted(seen.items()):
            key = function_at(source, number), source[number - 1].strip()
            if not hits and key in listed[name]:
                used.add((name, key))
            elif not hits:
                unlisted.append((name, number, key))
        for number, count, leads_to in not_taken(file["lines"], seen):
            missed, missed_lines, function = missed + count, missed_lines + 1, function_at(source, number)
            if (name, function) in branch_reasons:
                explained.add((name, function))
            elif not any((function_at(source, to), source[to - 1].strip()) in listed[name] for to in leads_to):
                unexplained.append((name, number, function, source[number - 1].strip()))
    passed = failed = 0
    print("%-20s %8s %8s %8s   %s" % ("", "lines", "reached", "aim", "branches"))
    total = [0, 0]
    for name in sorted(counts):
        reached, lines, taken, all_branches = counts[name]
        percent = 100.0 * reached / max(lines, 1)
        aim = AIMS["protocol"] if name == "protocol" else AIMS[""]
        print("%-20s %8d %7.1f%% %7.0f%%   %5.1f%%" % (name, lines, percent, aim, 100.0 * taken / max(all_branches, 1)))
        if name == "protocol":
            good = percent >= aim
            passed, failed = passed + good, failed + (not good)
        else:
            total[0] += reached
            total[1] += lines
    rest = 100.0 * total[0] / max(total[1], 1)
    print("%-20s %8d %7.1f%% %7.0f%%" % ("all but protocol", total[1], rest, AIMS[""]))
    if not quick:
        good = rest >= AIMS[""]
        passed, failed = passed + good, failed + (not good)
    for name, number, (function, text) in unlisted:
        print("not reached and not listed: %s:%d: %s: %s" % (name, number, function, text))
    stale = [(name, key) for name, rows in listed.items() for key in rows if (name, key) not in used]
    for name, (function, text) in stale:
        print("listed, but reached or gone: %s: %s: %s" % (name, function, text))
    print("branches of protocol/ that are not taken: %d, on %d lines that are reached" % (missed, missed_lines))
    for name, number, function, text in unexplained:
        print("branch not taken, and no reason listed: %s:%d: %s: %s" % (name, number, function, text))
    for name, function in sorted(set(branch_reasons) - explained):
        print("listed among branches, but all are taken or it is gone: %s: %s" % (name, function))
    if not quick:
        for wrong in (unlisted, stale, unexplained):
            passed, failed = passed + (not wrong), failed + bool(wrong)
    print("%d passed, %d failed" % (passed, failed))
    sys.exit(1 if failed else 0)


main()
