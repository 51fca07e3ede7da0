#!/usr/bin/env python3
"""Checks who may know whom: includes, calls and words that a folder must not have.

The rules are the tables below; one TAP line per rule. Files are those git tracks, so a check
of work in progress needs `git add` first. `layers.py --selftest` shows that rules can fail.
"""
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PURE = ["protocol/", "client/model/", "client/sync/"]
CODE = ["protocol/", "server/", "client/", "tests/"]

# header (regex on what stands between the brackets) -> the only folders that may include it
ONLY_IN = [
    (r"libwebsockets\.h", ["server/net/", "client/lib/", "tests/bench/"]),
    (r"sqlite3\.h", ["server/store/", "client/lib/", "tests/"]),
    (r"ev\.h|libev/.*", ["server/net/", "tests/bench/"]),
    (r"ncurses\.h", ["client/cli/room_"]),
    (r"ncurses.*|curses\.h|termios\.h|term\.h|readline/.*", ["client/cli/"]),
    (r"libical/.*|ical\.h", ["protocol/schedule/", "tests/unit/"]),
    (r"curl/.*", ["server/mail/"]),
    (r"cmocka\.h", ["tests/"]),
]

# folders -> what they must not include, and exceptions to that
MUST_NOT_INCLUDE = [
    (["protocol/"], r"(server|client|tests)/.*", None),
    (["client/model/"], r"client/(sync|lib|cli)/.*", None),
    (["client/sync/"], r"client/(lib|cli)/.*", None),
    (["client/lib/"], r"client/cli/.*", None),
    (["client/"], r"(server|tests)/.*", None),
    (["server/"], r"(client|tests)/.*", None),
    (["server/core/"], r"server/(net|store)/.*|server/main.*", r"server/store/(store|feed|pool)\.h"),
    (["server/store/"], r"server/(core|net)/.*|server/main.*", None),
    (["server/mail/"], r"server/(core|net|host)/.*|server/main.*", None),
    (["server/net/"], r"server/store/.*", r"server/store/store\.h"),
    (PURE, r"protocol/schedule/.*", None),
    (PURE, r"time\.h|sys/time\.h|signal\.h|setjmp\.h|locale\.h|unistd\.h|fcntl\.h|pthread\.h|"
           r"threads\.h|stdatomic\.h|poll\.h|netdb\.h|(netinet|arpa|sys)/.*", None),
]

# folders -> a call or name that must not stand in code (comments and strings are blanked)
MUST_NOT_USE = [
    (PURE, r"\b(FILE|fopen|fdopen|fread|fwrite|fgets|fputs|puts|putchar|stdin|stdout|stderr)\b"),
    (PURE, r"\bv?(d|f|s|as)?printf\s*\(|\bperror\s*\("),
    (PURE, r"\b(randombytes\w*|\w+(?<!_seed)_keypair|\w+_keygen|getrandom|rand|srand|random)\s*\("),
    (PURE, r"\b(getenv|system|exit|abort|assert|time|clock_gettime|sleep|longjmp)\s*\("),
    (PURE, r"\bjson_(load|dump)(_file|f|fd)\s*\("),
    (["protocol/", "server/", "client/"], r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\("),
]

# Parts of folders above that are shells around the pure code, not part of it.
PURE_EXCEPT = ["protocol/schedule/"]

# words that belong in no tracked file, and files which may have them
NO_WORDS = [
    (r"<{7} |>{7} |\b(FIXME|XXX)\b", r"\.(md|json)$|^deploy/"),
]
WORDS_EXCEPT = ["tests/layers.py"]

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)[>"]', re.M)
NOISE = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)


def tracked():
    out = subprocess.run(["git", "-C", str(ROOT), "ls-files", "-z"], capture_output=True)
    if out.returncode == 0:
        return [n for n in out.stdout.decode().split("\0") if n and (ROOT / n).is_file()]
    skip = {"build", ".git"}  # an unpacked archive
    return [str(p.relative_to(ROOT)) for p in ROOT.rglob("*")
            if p.is_file() and p.relative_to(ROOT).parts[0] not in skip]


def read(name):
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def blank(text):
    """Comments and literals become spaces; line numbers stay."""
    return NOISE.sub(lambda m: re.sub(r"[^\n]", " ", m.group()), text)


def under(name, folders):
    if folders is PURE and any(name.startswith(e) for e in PURE_EXCEPT):
        return False
    return any(name.startswith(f) for f in folders)


def line_of(text, offset):
    return text.count("\n", 0, offset) + 1


def includes(text):
    return [(m.group(1), line_of(text, m.start())) for m in INCLUDE.finditer(text)]


def only_in(sources, header, folders):
    return [f"{n}:{line}: <{h}>" for n, t in sources.items() if not under(n, folders)
            for h, line in includes(t) if re.fullmatch(header, h)]


def must_not_include(sources, folders, header, but):
    return [f"{n}:{line}: <{h}>" for n, t in sources.items() if under(n, folders)
            for h, line in includes(t)
            if re.fullmatch(header, h) and not (but and re.fullmatch(but, h))]


def must_not_use(sources, folders, pattern):
    return [f"{n}:{line_of(t, m.start())}: {m.group().strip()}"
            for n, t in ((n, blank(t)) for n, t in sources.items() if under(n, folders))
            for m in re.finditer(pattern, t)]


def no_words(files, pattern, but):
    return [f"{n}:{line_of(t, m.start())}: {m.group()}" for n, t in files.items()
            if n not in WORDS_EXCEPT and not (but and re.search(but, n))
            for m in re.finditer(pattern, t)]


def results(files):
    """(rule's name, violations) for every rule."""
    sources = {n: t for n, t in files.items()
               if n.endswith((".c", ".h", ".def")) and under(n, CODE)}
    for header, folders in ONLY_IN:
        yield f"{header} only in {' '.join(folders)}", only_in(sources, header, folders)
    for folders, header, but in MUST_NOT_INCLUDE:
        name = f"{' '.join(folders)} without {header}" + (f" but {but}" if but else "")
        yield name, must_not_include(sources, folders, header, but)
    for folders, pattern in MUST_NOT_USE:
        yield f"{' '.join(folders)} without {pattern}", must_not_use(sources, folders, pattern)
    for pattern, but in NO_WORDS:
        yield f"no file says {pattern}", no_words(files, pattern, but)


# planted text -> how many rules it must break
PLANTED = [
    ("server/core/a.c", "#include <libwebsockets.h>\n", 1),
    ("server/core/a.c", '#include "server/store/rows.h"\n', 1),
    ("server/core/a.c", '#include "server/store/store.h"\n', 0),
    ("server/net/a.c", "#include <libwebsockets.h>\n#include <ev.h>\n", 0),
    ("server/main.c", '#include "client/lib/lib.h"\n', 1),
    ("client/model/a.c", '#include "client/sync/sync.h"\n', 1),
    ("client/lib/a.c", "#include <termios.h>\n", 1),
    ("protocol/a.h", "#include <time.h>\n", 1),
    ("protocol/a.c", '#include "server/core/core.h"\n', 1),
    ("protocol/a.c", "void f(void) { printf(\"x\"); }\n", 1),
    ("protocol/a.c", "void f(void) { snprintf(b, 1, \"FILE\"); /* printf() */ }\n", 0),
    ("protocol/a.c", "FILE *f;\n", 1),
    ("protocol/schedule/a.c", "#include <libical/ical.h>\n#include <time.h>\n", 0),
    ("server/host/a.c", "#include <curl/curl.h>\n", 1),
    ("server/mail/a.c", "#include <curl/curl.h>\n#include \"server/store/mail.h\"\n", 0),
    ("server/mail/a.c", "#include \"server/host/log.h\"\n", 1),
    ("server/net/a.c", "char *p = strcpy(a, b);\n", 1),
    ("server/net/a.c", "/* FIXME later */\n", 1),
]


def selftest():
    yield from ((f"{n} {text.strip()!r} breaks {want}",
                 [] if got == want else [f"broke {got}"])
                for n, text, want in PLANTED
                for got in [sum(1 for _, bad in results({n: text}) if bad)])


def main():
    rules = list(selftest())
    if "--selftest" not in sys.argv[1:]:
        rules += results({n: read(n) for n in tracked()})
    print(f"1..{len(rules)}")
    for number, (name, bad) in enumerate(rules, 1):
        print(f"{'not ok' if bad else 'ok'} {number} - {name.replace('#', 'no.')}")
        for where in bad[:20]:
            print(f"#   {where}")
    return 1 if any(bad for _, bad in rules) else 0


sys.exit(main())
