#!/usr/bin/python3
"""seeds.py FOLDER: seeds of the fuzz targets, from the vectors and schemas of protocol/.

A folder for each target, few files in each. What programs write themselves (databases) is made by council-fuzz-seeds.
"""
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = pathlib.Path(sys.argv[1])


def vectors(name):
    return json.loads((ROOT / "protocol/vectors" / f"{name}.json").read_text())["vectors"]


def put(target, name, data):
    folder = OUT / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


def piece(data):
    data = data if isinstance(data, bytes) else data.encode()
    return len(data).to_bytes(2, "big") + data


def plain(value):
    """Bytes of a vector's value: "hex:..." or text."""
    if isinstance(value, str) and value.startswith("hex:"):
        return bytes.fromhex(value[4:])
    return value.encode() if isinstance(value, str) else b""


def words(value, found):
    """Every string inside a vector."""
    if isinstance(value, str):
        found.add(value)
    elif isinstance(value, dict):
        for inner in value.values():
            words(inner, found)
    elif isinstance(value, list):
        for inner in value:
            words(inner, found)


LOGS = {v["name"]: v["entries"] for v in vectors("logs")}


def entries():
    kinds = {}
    for log in LOGS.values():
        for entry in log:
            kinds.setdefault(json.loads(entry["text"])["kind"], entry)
    return kinds


def seeds_of_texts():
    for number, vector in enumerate(vectors("canonical")):
        put("text", f"canonical-{number}", plain(vector.get("text", "")))
    for kind, entry in entries().items():
        put("text", kind, entry["text"])
        put("entry", kind, piece(b"\0" * 296 if kind == "post" else b"") + entry["text"].encode())


def seeds_of_folds():
    for name in ("phone", "full", "small", "journal", "other"):
        put("fold", name, b"".join(piece(e["text"]) for e in LOGS[name]))
    week = LOGS["week"]
    for cut in (6, 14, 24, 34):
        put("fold", f"week-{cut}", b"".join(piece(e["text"]) for e in week[:cut]))
    # All members at once, and then every kind, without the long joins between them.
    put("fold", "week", b"".join(piece(e["text"]) for e in week))


def instance(schema, root=None):
    """Some value that a JSON schema takes."""
    root = root or schema
    if "$ref" in schema:
        target = schema["$ref"]
        if not target.startswith("#/"):
            return {}
        for part in target[2:].split("/"):
            root_part = root if part == target[2:].split("/")[0] else found
            found = root_part[part]
        return instance(found, root)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return instance(schema[choice][0], root)
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        return {k: instance(v, root) for k, v in schema.get("properties", {}).items()}
    if kind == "array":
        return [instance(schema["items"], root)] if "items" in schema else []
    if kind == "integer":
        return schema.get("minimum", 1)
    if kind == "string":
        return "A" * schema.get("minLength", 1)
    return kind == "boolean"


def seeds_of_wire():
    methods = [line.split('"')[1] for line in (ROOT / "protocol/methods.def").read_text().splitlines()
               if line.startswith("COUNCIL_METHOD(")]
    notices = [line.split('"')[1] for line in (ROOT / "protocol/methods.def").read_text().splitlines()
               if line.startswith("COUNCIL_NOTIFICATION(")]
    join = LOGS["other"][3]
    post = LOGS["other"][4]
    for number, method in enumerate(methods):
        for side in ("params", "result"):
            path = ROOT / "protocol/schema/methods" / f"{method}.{side}.json"
            if path.exists():
                value = instance(json.loads(path.read_text()))
                put("wire", f"{method}.{side}", bytes([number]) + json.dumps(value).encode())
                if side == "params":
                    call = {"jsonrpc": "2.0", "id": number, "method": method, "params": value}
                    put("rpc", method, json.dumps(call))
    for number, notice in enumerate(notices):
        for path in (ROOT / "protocol/schema/notifications").glob(f"{notice}*.json"):
            value = instance(json.loads(path.read_text()))
            put("wire", notice, bytes([number]) + json.dumps(value).encode())
            put("rpc", notice, json.dumps({"jsonrpc": "2.0", "method": notice, "params": value}))
    for name, entry in (("join", join), ("post", post)):
        log = json.loads(entry["text"])["log"]
        text, compact = dict(entry), {"separators": (",", ":")}
        call = {"jsonrpc": "2.0", "id": 7, "method": "log.append", "params": {"log": log, "entry": text}}
        put("rpc", f"append-{name}", json.dumps(call, **compact))
        told = {"log": log, "seq": 5, "received": 1700000000000, **text}
        put("rpc", f"entry-{name}", json.dumps({"jsonrpc": "2.0", "method": "log.entry", "params": told}, **compact))
    error = {"code": 2108, "message": "x", "data": {"name": "stale", "next": "y", "retry_after_ms": 5}}
    put("rpc", "error", json.dumps({"jsonrpc": "2.0", "id": "a", "error": error}))
    put("rpc", "null", '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x"}}')


def seeds_of_words():
    found = set()
    for name in ("links", "phrases"):
        words(vectors(name), found)
    for number, word in enumerate(sorted(w for w in found if len(w) < 600)):
        put("words", f"word-{number}", plain(word))
    put("words", "fast", "2026-02-03T18:00\nEurope/Berlin\nFREQ=WEEKLY;BYDAY=TU,TH")
    put("words", "slow", "2026-02-01T09:00\nUTC\nFREQ=WEEKLY;INTERVAL=2;BYDAY=SU")


def seeds_of_content():
    key, ident = "A" * 43, "A" * 22
    posts = [
        {"type": "profile", "name": "Ada", "zone": "Europe/Berlin"},
        {"type": "title", "name": "Tuesday"},
        {"type": "note", "text": "hello", "reply": 1},
        {"type": "document", "object": ident, "form": "two-pager", "revision": 1, "fields": {}},
        {"type": "comment", "author": key, "object": ident, "revision": 1, "text": "good"},
        {"type": "checkin", "meeting": "2026-02-03T18:00",
         "commitments": [{"id": ident, "text": "call", "measure": "5", "due": "2026-02-10"},
                         {"id": "B" + "A" * 20 + "A", "text": "write"}], "hope": 3},
        {"type": "checkin", "results": [{"id": ident, "state": "done", "word": "went well"}], "energy": 2},
        {"type": "verified", "seq": 2, "number": "2165 3628 5021 3953 7045 7616 0510 1058 7218 4772"},
        {"type": "flag", "seq": 2},
        {"type": "later"},
    ]
    lines = [json.dumps(post) for post in posts]
    put("content", "all", "\n".join(lines))
    at = "2026-02-03T18:00"
    meeting = [
        {"type": "agenda", "phases": [{"title": "Talk", "minutes": 60, "kind": "hotseat"}]},
        {"type": "roles", "meeting": at, "timekeeper": key, "scribe": key},
        {"type": "extend", "meeting": at, "phase": 1, "minutes": 5},
        {"type": "seat", "want": "in", "why": "salary", "day": "2026-02-05", "reason": "offer"},
        {"type": "seated", "meeting": at, "member": key},
        {"type": "minutes", "meeting": at, "text": "a line"},
        {"type": "agenda", "meeting": at, "phases": [{"title": "a", "minutes": 1}, {"title": "b", "minutes": 2}, {"title": "c", "minutes": 3}]},
        {"type": "word", "meeting": at, "text": "calm"},
    ]
    plain = ["+" + entry["text"] for entry in LOGS["week"] if json.loads(entry["text"])["kind"].split(".")[0] in ("meeting", "attend")]
    middle = [number for number, text in enumerate(plain) if "meeting.open" in text][0] + 1
    put("content", "meeting", "\n".join(plain[:middle] + [json.dumps(post) for post in meeting] + plain[middle:]))
    for post, text in zip(posts, lines):
        put("content", f"{post['type']}", text)
    put("content", "form", "=two-pager\n# Two-pager\n\n## Goals\n<!-- help -->\n- one\n- two\n")
    put("content", "weekly", "=weekly-update\n## Done\ntext\n")
    put("content", "checkin", lines[5] + "\n=checkin\n## Open\n- 1 done: well\n## Next\n- five calls [5]\n- a letter\n")


def seeds_of_sync():
    entry = LOGS["other"][4]
    log = json.loads(entry["text"])["log"]
    goodbye = '{"jsonrpc":"2.0","method":"server.goodbye","params":{"reason":"restart","retry_after_ms":5}}'
    told = json.dumps({"jsonrpc": "2.0", "method": "log.entry",
                       "params": {"log": log, "seq": 9, "received": 5, **entry}})
    refuse = '{"jsonrpc":"2.0","id":%d,"error":{"code":%d,"message":"x","data":{"name":"x","next":"y"}}}'
    put("sync", "quiet", b"\x03\x01\x00")
    put("sync", "goodbye", b"\x00" + piece(goodbye) + b"\x03\x0f\xff")
    put("sync", "entry", b"\x00" + piece(told) + b"\x03\x00\x10")
    for number in range(1, 5):
        put("sync", f"refused-{number}", b"\x02\x00" + piece(refuse % (number, 1012)) + b"\x03\x0f\xff")
        put("sync", f"changed-{number}", bytes([5, number, 0, 60 + 20 * number, 0]) + piece("x") + b"\x03\x01\x00")
    put("sync", "cut", b"\x04\x03\x0f\xff\x06\x03\x00\x04\x03\x0f\xff")
    put("sync", "damaged", b"\x07\x05\x04\x03\x0f\xff")


def seeds_of_frames():
    put("frames", "whole", b"\x00\x01" + piece('{"jsonrpc":"2.0"}'))
    put("frames", "pieces", b"\x00\x00" + piece("{") + b"\x00" + piece('"a"') + b"\x01" + piece("}"))
    put("frames", "large", b"\x00\x00" + piece("x" * 4000) + b"\x01" + piece("y" * 200))
    put("frames", "binary", b"\x00\x0f" + piece("x"))
    headers = ["/ws", "https://council.example", "council.v1", "13", "council.example", "10.0.0.1, ::1", "websocket"]
    put("frames", "upgrade", b"\x01" + b"".join(piece(h) for h in headers))
    put("frames", "health", b"\x01" + piece("/healthz"))
    for name, path, more in (("calendar", "/calendar/" + "A" * 43 + ".ics", []), ("calendar-same", "/calendar/x.ics", ['"tag"']), ("calendar-gone", "/calendar/xy.ics", ["*"])):
        put("frames", name, b"\x01" + b"".join(piece(h) for h in [path] + [""] * 9 + more))


def seeds_of_mail():
    for number, address in enumerate(("name@example.org", "first.last+tag@mail.example.org", "a@b.cc\r\nRCPT TO:<x@y.zz>", "a@[127.0.0.1]", "x" * 64 + "@" + "y" * 63 + ".zz")):
        put("mail", "address-%d" % number, address)
    for number, byte in enumerate(("AAAA", "AQAA", "AgAA")):
        put("frames", "unsubscribe-%d" % number, b"\x01" + b"".join(piece(h) for h in ["/unsubscribe/" + byte + "A" * 39] + [""] * 8 + ["x"]))
    put("frames", "unsubscribe-page", b"\x01" + piece("/unsubscribe/" + "A" * 43))


def seeds_of_pool():
    b64 = lambda n: "A" * ((n * 4 + 2) // 3)
    person = {"pace": "fast", "function": "data", "level": "senior", "industry": "other", "zone": "Europe/Berlin", "hours": b64(42), "languages": "en de",
              "moderate": 1, "name": "Ada", "avoid": b64(64), "employers": b64(32)}
    put("pool", "register", b"\x00" + json.dumps({"person": person}).encode())
    slots = [{"day": 0, "minute": 1110}, {"day": 3, "minute": 1110}]
    put("pool", "refill", b"\x01" + json.dumps({"council": b64(32), "places": 2, "pace": "fast", "zone": "UTC", "language": "en", "slots": slots}).encode())
    boxes = [{"device": b64(32), "box": b64(560)}]
    put("pool", "invite", b"\x02" + json.dumps({"proposal": b64(16), "member": b64(32), "council": b64(32), "boxes": boxes}).encode())
    put("pool", "employer", b"\x00Nightingale & Sons Co. Ltd.")
    put("pool", "languages", b"\x00en de fr")


for make in (seeds_of_mail, seeds_of_pool, seeds_of_texts, seeds_of_folds, seeds_of_wire, seeds_of_words, seeds_of_content, seeds_of_sync,
             seeds_of_frames):
    make()
put("planted", "one", piece("abcd"))
