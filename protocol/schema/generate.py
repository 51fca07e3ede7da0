#!/usr/bin/env python3
"""Makes the schemas, openrpc.json and the README's tables from the .def tables.

Usage: generate.py [--check]. With --check nothing is written: what is not up to date is named, one TAP line for each file.
Owns the translation from the tables to JSON Schema (draft 2020-12), OpenRPC 1.3 and Markdown; knows no rule that is not in a table. The
worked examples come from the vectors.
"""
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROTOCOL, SCHEMA = ROOT / "protocol", ROOT / "protocol" / "schema"
INT_MAX = 9007199254740991
DRAFT = "https://json-schema.org/draft/2020-12/schema"


def rows(path, macro):
    """The argument lists of every MACRO(...) of a .def file: strings unquoted, numbers as integers, the rest as words."""
    text = re.sub(r"/\*.*?\*/", "", (ROOT / path).read_text(encoding="utf-8"), flags=re.S)
    out = []
    for line in re.findall(r"^\s*%s\((.*)\)\s*$" % macro, text, re.M):
        arguments = re.findall(r'\s*((?:"(?:\\.|[^"\\])*"|\w+\([^)]*\)|[^,"])+?)\s*(?:,|$)', line)
        out.append([json.loads(a) if a.startswith('"') else INT_MAX if a == "COUNCIL_INT_MAX" else
                    int(a) if re.fullmatch(r"-?\d+", a) else a for a in arguments])
    return out


# --- pieces of schemas ---

def b64(low, high=None):
    """base64url of low..high bytes; of exactly `low`, the unused bits of the last character are zero."""
    def chars(n):
        return (n * 4 + 2) // 3
    last = {0: "", 1: "[AQgw]", 2: "[AEIMQUYcgkosw048]"}[low % 3] if high is None else ""
    body = "{%d}" % (chars(low) - bool(last)) if high is None else "*"
    return {"type": "string", "pattern": "^[A-Za-z0-9_-]%s%s$" % (body, last),
            "minLength": chars(low), "maxLength": chars(low if high is None else high)}


def integer(low=0, high=INT_MAX):
    return {"type": "integer", "minimum": low, "maximum": high}


def record(properties, optional=(), more=False):
    out = {"type": "object", "properties": properties, "required": [k for k in properties if k not in optional]}
    return out if more else {**out, "additionalProperties": False}


def array(items, low, high):
    return {"type": "array", "items": items, "minItems": low, "maxItems": high}


def words(values):
    return {"type": "string", "enum": values}


KEY, SIG, ID = b64(32), b64(64), b64(16)
DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]
LOCAL = {"type": "string", "pattern": "^(19[7-9][0-9]|[2-9][0-9]{3})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])T([01][0-9]|2[0-3]):[0-5][0-9]$",
         "description": "A day that is not in the calendar is refused as well."}
RULE = words(["FREQ=WEEKLY;BYDAY=%s,%s" % (a, b) for i, a in enumerate(DAYS) for b in DAYS[i + 1:]] +
             ["FREQ=WEEKLY;INTERVAL=2;BYDAY=" + day for day in DAYS])


# --- kinds ---

def kind_rows():
    bodies = rows("protocol/bodies.def", "COUNCIL_FIELD")
    for symbol, name, log, flags, who, size in rows("protocol/kinds.def", "COUNCIL_KIND"):
        flags = [f.strip().lower() for f in str(flags).split("|") if f.strip() != "0"]
        yield {"name": name, "log": log.lower(), "flags": flags, "who": who.lower(), "size": size,
               "body": [b[1:] for b in bodies if b[0] == symbol]}


def field_schema(kind, low, high):
    lists = {r[0]: r[1:] for r in rows("protocol/bodies.def", "COUNCIL_WORDS")}
    if kind in lists:
        return words(lists[kind])
    return {
        "KEY": KEY, "SIG": SIG, "INT": integer(low, high), "LOCAL": LOCAL, "RULE": RULE,
        "ZONE": {"type": "string", "pattern": "^[A-Za-z0-9_+/-]+$", "minLength": low, "maxLength": high},
        "KEYS": {**array(KEY, low, high), "uniqueItems": True, "description": "Ascending by their bytes."},
        "INTS": {**array(integer(1), low, high), "uniqueItems": True, "description": "Ascending."}, "MINUTES": array(integer(1, 240), low, high),
        "RECOVERY": record({"box": KEY, "sig": SIG, "sign": KEY}),
        "BLOCK": record({"boxes": array(record({"box": b64(80), "to": KEY}), low, high), "commit": KEY, "epoch": integer()}),
        "PAST": array(record({"box": b64(80, 48 + 32 * 64), "to": KEY}), low, high),
        "CHAIN": array(record({"sig": SIG, "text": b64(0, 2048)}), low, high),
    }[kind]


def kind_schema(kind):
    body = {n: field_schema(t, low, high) for n, t, low, high, _ in kind["body"]}
    genesis = "genesis" in kind["flags"]
    envelope = {"at": integer(), "author": KEY, "body": record(body, [b[0] for b in kind["body"] if b[4]]), "device": KEY, "id": ID,
                "kind": {"const": kind["name"]}, "log": KEY, "sealed": record({"epoch": integer(1), "hash": KEY}),
                "seen": record({"head": KEY, "seq": integer(1)}), "v": {"const": 1}}
    left_out = ["log", "seen"] * genesis + ["author"] * (kind["name"] == "member.create") + ["sealed"] * ("sealed" not in kind["flags"])
    return {"$schema": DRAFT, "$id": "urn:council:v1:kind:" + kind["name"], "title": kind["name"],
            "description": "The text of an entry of kind %s, parsed. Its bytes are canonical (section 2 of the protocol), at most %d." %
                           (kind["name"], kind["size"]),
            **record({k: v for k, v in envelope.items() if k not in left_out})}


# --- the wire ---

def wire_rows(macro, owner):
    return [r[1:] for r in rows("protocol/wire.def", macro) if r[0] == owner]


def wire_field(kind, detail, low, high):
    inner = re.match(r'\w+\("?([^")]*)"?\)', str(detail))
    inner = inner[1] if inner else ""
    return {
        "BYTES": lambda: b64(low), "DATA": lambda: b64(low, high), "INT": lambda: integer(low, high),
        "STRING": lambda: {"type": "string", "minLength": low, "maxLength": high},
        "TEXT": lambda: {"type": "string", "minLength": low, "maxLength": high},
        "WORD": lambda: words(inner.split()), "OBJECT": lambda: wire_record("COUNCIL_SHAPE", inner),
        "LIST": lambda: array(wire_record("COUNCIL_SHAPE", inner), low, high), "ANY": lambda: {},
    }[kind]()


def wire_record(macro, owner, more=False):
    fields = wire_rows(macro, owner)
    return record({f[0]: wire_field(*f[1:5]) for f in fields}, [f[0] for f in fields if f[5]], more)


def method_schemas():
    """File name below schema/: schema. What a server sends may have further fields, what it takes may not."""
    out = {}
    for symbol, name, _, _ in rows("protocol/methods.def", "COUNCIL_METHOD"):
        for part, macro, more in (("params", "COUNCIL_PARAM", False), ("result", "COUNCIL_RESULT", True)):
            out["methods/%s.%s.json" % (name, part)] = {
                "$schema": DRAFT, "$id": "urn:council:v1:method:%s:%s" % (name, part), "title": "%s, %s" % (name, part),
                **wire_record(macro, symbol, more)}
    for symbol, name in rows("protocol/methods.def", "COUNCIL_NOTIFICATION"):
        out["notifications/%s.json" % name] = {"$schema": DRAFT, "$id": "urn:council:v1:notification:" + name, "title": name,
                                               **wire_record("COUNCIL_NOTICE", symbol, True)}
    return out


SUMMARIES = {
    "rpc.discover": "The OpenRPC document.", "server.hello": "Begins: who the server is, and the challenge for a login.",
    "auth.login": "Logs a device or a recovery key in, for as long as the connection lasts.",
    "member.register": "Creates a member log on this server.", "log.append": "Appends an entry; the answer means that it is on disk.",
    "log.read": "Entries of a log.", "log.subscribe": "Every entry after a place, then every new one, as log.entry.",
    "log.offer": "Brings back to a log what this member holds of it and the server lacks, or says that there is nothing.",
    "council.list": "The logs that this member may read.", "presence.join": "Says to be there, and hears who else is.",
    "presence.leave": "Says to be gone.", "presence.signal": "Passes a sealed signal to whoever is there; it is never stored.",
    "feed.create": "Opens a calendar feed of a council: the server keeps the hash of the secret in its address.",
    "feed.list": "The caller's calendar feeds.", "feed.revoke": "Ends a calendar feed.",
    "mail.set": "Says where reminders may be mailed to, and which; a code is mailed to a new address first.", "mail.confirm": "Proves the address by its code.",
    "mail.show": "What is set, and whether this server sends mail.", "mail.stop": "Ends reminders and deletes the address.",
    "mail.nudge": "Asks that the others of a council be told that something waits for them.",
    "pool.register": "Registers for a council, or changes what was registered.", "pool.show": "What is registered, one's place, proposals, refills.",
    "pool.withdraw": "Deletes the registration.", "pool.answer": "Accepts or declines a proposal.",
    "pool.invite": "Leaves an invite sealed to the devices of somebody who accepted.", "pool.refill": "Asks for people for a council that is short.",
}


def openrpc():
    errors = {e[2]: {"code": e[1], "message": e[5], "data": {"name": e[2], "next": e[6]}}
              for e in rows("protocol/errors.def", "COUNCIL_ERROR") if e[3] != "LOCAL" and e[3] != "READ"}
    # Any call may fail with these; the rest is what the protocol's section names.
    common = [n for n, e in errors.items() if e["code"] < 2000]
    methods = []
    for symbol, name, state, cost in rows("protocol/methods.def", "COUNCIL_METHOD"):
        takes_entry = name in ("log.append", "log.offer", "member.register")
        fields = wire_rows("COUNCIL_PARAM", symbol)
        methods.append({
            "name": name, "summary": SUMMARIES[name], "paramStructure": "by-name",
            "params": [{"name": f[0], "required": not f[5], "schema": wire_field(*f[1:5])} for f in fields],
            "result": {"name": "result", "schema": wire_record("COUNCIL_RESULT", symbol, True)},
            "errors": [{"$ref": "#/components/errors/" + n} for n in (errors if takes_entry else common)],
            "x-state": state.lower(), "x-cost": cost})
    notifications = [{"name": name, "params": wire_record("COUNCIL_NOTICE", symbol, True)}
                     for symbol, name in rows("protocol/methods.def", "COUNCIL_NOTIFICATION")]
    return {"openrpc": "1.3.2", "info": {"title": "Council", "version": "1", "description": "protocol/README.md is the normative text."},
            "methods": methods, "components": {"errors": errors}, "x-notifications": notifications}


# --- sealed content ---

def content_schemas():
    path = "client/model/content.def"
    if not (ROOT / path).exists():
        return {}
    fields = rows(path, "CONTENT_FIELD")
    types = {t[0]: t for t in rows(path, "CONTENT_TYPE")}
    kinds = {
        "TEXT": lambda low, high: {"type": "string", "minLength": min(low, 1), "maxLength": high}, "NUMBER": integer,
        "KEY": lambda *_: KEY, "OBJECT": lambda *_: ID, "LOCAL": lambda *_: LOCAL,
        "DATE": lambda *_: {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "FORM": lambda *_: words([f[1] for f in rows("client/model/forms.def", "FORM")]),
        "FIELDS": lambda *_: {"type": "object"},
        "RESULTS": lambda low, high: array(schema("RESULT"), low, high),
        "COMMITMENTS": lambda low, high: array(schema("COMMITMENT"), low, high),
        "PHASES": lambda low, high: array(schema("PHASE"), low, high),
    }
    for kind, *known in rows(path, "CONTENT_WORDS"):
        kinds[kind] = lambda *_, known=known: words(known)

    def schema(symbol):
        own = [f for f in fields if f[0] == symbol]
        properties = {} if types[symbol][2] == "RECORD" else {"type": {"const": types[symbol][1]}}
        for _, name, kind, low, high, _, what in own:
            properties[name] = {**kinds.get(kind, lambda *_: {})(low, high), "description": what}
        return record(properties, [f[1] for f in own if f[5]], more=True)

    out = {"content/%s.json" % t[1]: {
        "$schema": DRAFT, "$id": "urn:council:v1:content:" + t[1], "title": t[1], "description": t[3], **schema(symbol)}
        for symbol, t in types.items() if t[2] == "POST"}
    for form, name, title, what in rows("client/model/forms.def", "FORM"):
        shape = {"TEXT": lambda low, high: {"type": "string", "maxLength": high},
                 "LIST": lambda low, high: array({"type": "string", "minLength": 1, "maxLength": 1000}, 0, high)}
        own = [f for f in rows("client/model/forms.def", "FORM_FIELD") if f[0] == form]
        properties = {f[1]: {"title": f[2], "description": f[6], **shape[f[3]](f[4], f[5])} for f in own}
        out["content/form.%s.json" % name] = {"$schema": DRAFT, "$id": "urn:council:v1:form:" + name, "title": title, "description": what,
                                              **record(properties, list(properties), more=True)}
    return out


# --- tables of the README ---

def table(head, lines):
    return "\n".join(["| %s |" % " | ".join(head), "|%s" % ("---|" * len(head))] + ["| %s |" % " | ".join(r) for r in lines])


def body_cell(body):
    def one(name, kind, low, high, optional):
        return "`%s`%s %s%s" % (name, "?" * optional, kind.lower(), " %d–%d" % (low, high) if high else "")
    return ", ".join(one(*b) for b in body) or "nothing"


def kinds_table():
    return table(["kind", "log", "flags", "who", "bytes", "body"],
                 [["`%s`" % k["name"], k["log"], ", ".join(k["flags"]) or "none", k["who"], str(k["size"]), body_cell(k["body"])]
                  for k in kind_rows()])


def words_table():
    return table(["type", "words"], [[r[0].lower(), ", ".join("`%s`" % word for word in r[1:])]
                                     for r in rows("protocol/bodies.def", "COUNCIL_WORDS")])


def errors_table():
    classes = {"VALID": "valid", "GATE": "gate", "RPC": "call", "READ": "read", "LOCAL": "client"}
    return table(["name", "code", "class", "closes", "what happened", "what to do next"],
                 [["`%s`" % e[2], str(e[1]), classes[e[3]], "yes" if e[4] else "", e[5], e[6].replace("|", "\\|")]
                  for e in rows("protocol/errors.def", "COUNCIL_ERROR")])


def field_cell(fields):
    def one(name, kind, detail, low, high, optional):
        inner = re.match(r'\w+\("?([^")]*)"?\)', str(detail))
        inner = inner[1] if inner else ""
        what = {"BYTES": "%d bytes" % low, "DATA": "%d–%d bytes" % (low, high), "INT": "integer %d–%s" % (low, "2^53−1" if high == INT_MAX else high),
                "STRING": "%d–%d bytes of UTF-8" % (low, high), "TEXT": "an entry's text", "WORD": "/".join(inner.split()),
                "OBJECT": inner.lower(), "LIST": "[%s]" % inner.lower(), "ANY": "any"}[kind]
        return "`%s`%s %s" % (name, "?" * optional, what)
    return ", ".join(one(*f) for f in fields) or "nothing"


def methods_table():
    return table(["method", "when", "cost", "params", "result"],
                 [["`%s`" % name, state.lower(), str(cost), field_cell(wire_rows("COUNCIL_PARAM", symbol)),
                   field_cell(wire_rows("COUNCIL_RESULT", symbol))] for symbol, name, state, cost in rows("protocol/methods.def", "COUNCIL_METHOD")])


def notifications_table():
    return table(["notification", "params"], [["`%s`" % name, field_cell(wire_rows("COUNCIL_NOTICE", symbol))]
                                              for symbol, name in rows("protocol/methods.def", "COUNCIL_NOTIFICATION")])


def shapes_table():
    names = dict.fromkeys(r[0] for r in rows("protocol/wire.def", "COUNCIL_SHAPE"))
    return table(["object", "fields"], [[n.lower(), field_cell(wire_rows("COUNCIL_SHAPE", n))] for n in names])


def content_table():
    types = [t for t in rows("client/model/content.def", "CONTENT_TYPE") if t[2] == "POST"]
    return table(["`type`", "what it is"], [["`%s`" % t[1], t[3]] for t in types])


# --- worked examples, from the vectors ---

def vectors(group):
    return {v["name"]: v for v in json.loads((PROTOCOL / "vectors" / (group + ".json")).read_text(encoding="utf-8"))["vectors"]}


def plain(value):
    return value[4:] if isinstance(value, str) and value.startswith("hex:") else str(value)


def example(title, *lines):
    """A title and a block of "name = value" pairs."""
    width = max(len(name) for name, _ in lines)
    return "**%s**\n\n```\n%s\n```\n" % (title, "\n".join("%-*s = %s" % (width, n, plain(v)) for n, v in lines))


def encoded(label, *values):
    """P(), for the one example that no vector spells out."""
    raw = [v if isinstance(v, bytes) else v.encode() for v in values]
    return bytes([len(label)]) + label.encode() + bytes([len(raw)]) + b"".join(len(v).to_bytes(4, "big") + v for v in raw)


def examples():
    p = vectors("p")["bytes, an integer, a text, an absent field"]
    entry = vectors("signed_entries")["a right signature"]
    text, sig = entry["entries"][0]["text"], entry["entries"][0]["sig"]
    box, seal = vectors("boxes")["box 1"], vectors("sealed")["60 bytes"]
    phrase, safety = vectors("phrases")["sixteen times 7f"], vectors("safety")["number 1"]
    login, link = vectors("sessions")["login: of a device"], vectors("links")["https://council.example"]
    signed = base64.urlsafe_b64decode(sig + "==")
    head = hashlib.blake2b(encoded("council/v1/head", bytes(32), text, signed), digest_size=32).hexdigest()
    if "hex:" + head != entry["result"]["head"]:
        raise SystemExit("the example of a head is not what the vectors say")
    fields = ["origin", "server", "client_nonce", "server_nonce", "expires", "member", "device", "purpose"]
    return "\n".join([
        example("P (1.2), four fields: bytes, 2^53 − 1, a text, an absent one", ("label", p["label"]),
                *(("f%d" % n, v) for n, v in enumerate(p["values"], 1)), ("P", p["result"]["p"]), ("H(P)", p["result"]["h"])),
        example("A signed entry and its head (3.2): a `member.create`, so the head is the log's name and the member's", ("text", text),
                ("sig", sig), ("signed", encoded("council/v1/entry", text).hex()[:60] + "… (P of the text)"), ("head_0", "00" * 32), ("head_1", head)),
        example("A box (6.3) and the commitment (6.1)", *((n, box[n]) for n in ("seed", "log", "epoch", "to", "box_key")), *box["result"].items()),
        example("A sealed body (7)", *((n, seal[n]) for n in ("seed", "log", "id", "author", "device", "kind", "epoch")),
                ("plaintext", seal["result"]), ("nonce", seal["data"][4:52]), ("data", seal["data"])),
        example("A recovery phrase (8)", ("phrase", phrase["phrase"]), *phrase["result"].items()),
        example("A safety number (6.5)", *((n, safety[n]) for n in ("council", "seq", "head")), ("number", safety["result"])),
        example("A login (9.2)", *((n, login[n]) for n in fields), ("sig", login["sig"])),
        example("An invite link (10)", ("link", link["link"]), *link["result"].items()).rstrip("\n"),
    ])


TABLES = {"kinds": kinds_table, "words": words_table, "errors": errors_table, "methods": methods_table,
          "notifications": notifications_table, "objects": shapes_table, "content": content_table, "examples": examples}


def readme():
    text = (PROTOCOL / "README.md").read_text(encoding="utf-8")
    for name, make in TABLES.items():
        text = re.sub(r"(<!-- generated: %s -->\n).*?(<!-- end -->)" % name, lambda m, t=make(): m[1] + t + "\n" + m[2], text, flags=re.S)
    return text


def files():
    out = {SCHEMA / "kinds" / (k["name"] + ".json"): kind_schema(k) for k in kind_rows()}
    out.update({SCHEMA / name: schema for name, schema in {**method_schemas(), **content_schemas()}.items()})
    out[PROTOCOL / "openrpc.json"] = openrpc()
    texts = {path: json.dumps(value, indent=1, ensure_ascii=False) + "\n" for path, value in out.items()}
    return {**texts, PROTOCOL / "README.md": readme()}


def main(check):
    made = files()
    stale = [p for p in SCHEMA.rglob("*.json") if p not in made]
    if check:
        wrong = [p for p, text in made.items() if not p.exists() or p.read_text(encoding="utf-8") != text] + stale
        for number, path in enumerate([*made, *stale], 1):
            print("%s %d - %s is up to date" % ("not ok" if path in wrong else "ok", number, path.relative_to(ROOT)))
        print("1..%d" % (len(made) + len(stale)))
        return bool(wrong)
    for path in stale:
        path.unlink()
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
