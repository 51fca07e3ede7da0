#!/usr/bin/env python3
"""An independent reading of protocol/README.md: checks every vector in a folder. Usage: check.py FOLDER

Written from the specification alone, whose table of kinds (3.7) it reads; needs Python 3 and Debian's python3-nacl.
Numbers in comments are its sections; protocol/vectors/README.md describes the vectors."""
import base64, copy, datetime, functools, hashlib, itertools, json, pathlib, re, sys
from types import SimpleNamespace as Record
from nacl import bindings as na
from nacl.exceptions import CryptoError
INT, ZERO, DAYS = 9007199254740991, bytes(32), ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KINDS, LOGS, WORDS, EPH = {}, {}, [], "council/v1/epoch-eph"

class Bad(Exception): """A verdict: the error's name."""
def need(condition, error="bad_field"):
    if not condition:
        raise Bad(error)
    return True  # so that needs can be joined by `and`: the first that fails is the verdict
def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (CryptoError, RuntimeError, ValueError):
        return None

# --- 1. bytes ---
def unb64(text, sizes=None):
    raw = attempt(base64.urlsafe_b64decode, text + "=" * (-len(text) % 4)) if re.fullmatch(r"[A-Za-z0-9_-]*", text) else None
    exact = raw is not None and base64.urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    return raw if exact and (sizes is None or len(raw) in sizes) else None
def P(label, *values):
    raw = [v.to_bytes(8, "big") if isinstance(v, int) else v.encode() if isinstance(v, str) else v or b"" for v in values]
    return bytes([len(label)]) + label.encode() + bytes([len(raw)]) + b"".join(len(v).to_bytes(4, "big") + v for v in raw)
def H(message, key=b"", size=32):
    return hashlib.blake2b(message, digest_size=size, key=key).digest()
def signed(sig, message, key):
    return attempt(na.crypto_sign_open, sig + message, key) is not None
def weak(box_key):
    return attempt(na.crypto_scalarmult, b"\1" * 32, box_key) in (None, ZERO)

# --- 2. canonical text: what a parser reads and a strict writer writes again, byte for byte ---
def canonical(raw):
    need(len(raw) <= 196608, "too_large") and need(re.fullmatch(rb"\{[\x20-\x5b\x5d-\x7e]*", raw), "not_canonical")
    marks = re.sub(rb'"[^"]*"', b'"', raw)  # every string became one quotation mark
    values = re.findall(rb'[\[{"]|[0-9]+', marks)
    need(re.fullmatch(rb'[\[\]{}":,0-9]*', marks) and len(values) - marks.count(b":") <= 2048, "not_canonical")
    need(max(itertools.accumulate((c in b"[{") - (c in b"]}") for c in marks)) <= 8, "not_canonical")
    need(all(len(n) <= 16 and int(n) <= INT for n in values if n.isdigit()), "not_canonical")
    pairs = lambda items: need(all(re.fullmatch(r"[a-z0-9_.]{1,64}", k) for k, _ in items), "not_canonical") and dict(items)
    out = attempt(lambda: json.loads(raw, object_pairs_hook=pairs))
    return need(json.dumps(out, sort_keys=True, separators=(",", ":")).encode() == raw, "not_canonical") and out

# --- 3. entries ---
TEXTS = {"type": "council|journal", "pace": "fast|slow", "history": "all|joined", "role": "member|moderator",
         "change": "cancel|move", "answer": "late|no|yes", "zone": "[A-Za-z0-9_+/-]*", "rule": ".*", "word": ".*",
         "local": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"}
BYTES = {"key": [32], "sig": [64], "id": [16], "box": [80], "pastbox": range(80, 2097, 32), "bytes": None}
LISTS = {"keys": "key", "ints": "int:1", "minutes": "int:1:240", "boxes": "box=box to=key", "past": "box=pastbox to=key",
         "chain": "sig=sig text=bytes"}
SHAPES = {"recovery": "box=key sig=sig sign=key", "block": "boxes=boxes:{0}:{1} commit=key epoch=int",
          "seen": "head=key seq=int:1", "sealed": "epoch=int:1 hash=key"}
def tables(spec):  # the rows of 3.7: | `kind` | log | flags | who | bytes | `field` type low–high, `field`? type ... |
    row = r"^\| `([a-z.]+)` \| (member|council|any) \| ([a-z, ]*) \| (\w+) \| (\d+) \| (.*) \|$"
    for kind, log, flags, who, size, body in re.findall(row, spec, re.M):
        body = " ".join("%s%s=%s:%s:%s" % f for f in re.findall(r"`(\w+)`(\??) (\w+)(?: (\d+)–(\d+))?", body))
        KINDS[kind] = Record(place=log, flags=flags.split(", "), who=who, size=int(size), body=body)
def weekday(local):
    when = attempt(datetime.datetime.strptime, local, "%Y-%m-%dT%H:%M")
    return when.weekday() if when and when.year >= 1970 else None
def cadence(rrule):
    """(fast, days), or None where the rule is none of the two forms."""
    m = re.fullmatch(r"FREQ=WEEKLY;(INTERVAL=2;)?BYDAY=([A-Z]{2})(,[A-Z]{2})?", rrule)
    days = [DAYS.index(d.strip(",")) for d in m.groups()[1:] if d and d.strip(",") in DAYS] if m else []
    return (len(days) == 2, days) if m and rising(days) and len(days) == 1 + (not m[1]) == 1 + bool(m[3]) else None
def rising(values):
    return all(a < b for a, b in zip(values, values[1:]))
def typed(spec, value):  # 3.6: the value, its bytes decoded
    name, low, high = (spec + "::").split(":")[:3]
    low, high = int(low or 0), int(high or INT)
    if "=" in spec or name in SHAPES:
        return fields(SHAPES.get(name, spec).format(low, high), value)
    need(isinstance(value, list if name in LISTS else {"int": int, "object": dict}.get(name, str)))
    need(name not in ("int", "zone", *LISTS) or low <= (value if name == "int" else len(value)) <= high)
    need(name not in TEXTS or re.fullmatch(TEXTS[name], value)) and need(name != "local" or weekday(value) is not None)
    need(name != "rule" or cadence(value)) and need(name not in BYTES or unb64(value, BYTES[name]) is not None)
    out = [typed(LISTS[name], v) for v in value] if name in LISTS else unb64(value) if name in BYTES else value
    return need(name not in ("keys", "ints") or rising(out)) and out
def fields(spec, value):
    schema = dict(field.split("=", 1) for field in spec.split())
    need(isinstance(value, dict) and all(k in schema or k + "?" in schema for k in value))
    need(all(k in value for k in schema if not k.endswith("?")))
    return {k: typed(schema.get(k) or schema[k + "?"], v) for k, v in value.items()}

class Entry:  # 3.4, steps 1 to 3; the fields of the envelope become attributes
    def __init__(self, raw, sig, version=1):
        kind = (text := canonical(raw)).get("kind")
        need(isinstance(kind, str)) and need(kind in KINDS, "needs_newer" if version > 1 else "unknown_kind")
        self.raw, self.sig, self.row = raw, sig, KINDS[kind]
        spec = "at=int body=object device=key id=id kind=word v=int:1:1" + " author=key" * (kind != "member.create")
        spec += " log=key seen=seen" * (not self.has("genesis")) + " sealed=sealed" * self.has("sealed")
        self.author = self.log = self.seen = self.sealed = None
        self.__dict__.update(fields(spec, text))
        need(len(raw) <= self.row.size, "too_large")
        self.body = fields(self.row.body, self.body)
    def has(self, flag):
        return flag in self.row.flags
    def check(self, data=None):
        if need(data is None or self.has("sealed"), "data_unexpected") and data is not None:
            need(len(data) - 40 in [2 ** i for i in range(8, 19)], "data_size")
            need(H(data) == self.sealed["hash"], "data_hash")
        need(signed(self.sig, P("council/v1/entry", self.raw), self.device), "bad_signature")
    def head(self, before):
        return H(P("council/v1/head", before, self.raw, self.sig))

# --- 4. the member log ---
class Member:  # in a council log, a pin
    def __init__(self):
        self.member, self.seq, self.head, self.devices, self.recovery, self.keys = None, 0, ZERO, {}, None, set()
    def position(self, e):  # 4.6
        need(not e.has("genesis"), "genesis_again") and need(e.log == self.member, "wrong_log")
        need(e.seen["seq"] <= self.seq, "bad_seen") and need(e.seen["seq"] == self.seq, "stale")
        need(e.seen["head"] == self.head, "wrong_head")
    def enter(self, e, device, box_key, recovery, accept):
        new = [device, box_key] + ([recovery["sign"], recovery["box"]] if recovery else [])
        fresh, sound = len({*new, *self.keys}) == len(new) + len(self.keys), not any(map(weak, new[1::2]))
        need(fresh, "key_reused") and need(sound, "weak_key")
        need(not accept or signed(accept, P("council/v1/device-accept", self.member, *new[:2]), device), "bad_proof")
        if recovery:
            need(signed(recovery["sig"], P("council/v1/recovery-create", *new, e.id), recovery["sign"]), "bad_proof")
            self.recovery = (recovery["sign"], recovery["box"])
        self.devices[device] = box_key
        self.keys |= set(new)
    def rules(self, e, seq=None):
        need(e.row.place == "member", "wrong_log_type") and need(e.author == e.log, "wrong_author")
        b = e.body
        if e.kind == "member.create":
            self.member = e.head(ZERO)
            self.enter(e, e.device, b["box"], b["recovery"], None)
        elif e.kind == "member.recover":
            need(e.device == self.recovery[0], "wrong_author") and need(set(b["revoke"]) <= set(self.devices), "unknown_device")
            self.devices = {k: v for k, v in self.devices.items() if k not in b["revoke"]}
        else:
            need(e.device in self.devices, "unknown_device")
        if e.kind in ("device.add", "member.recover"):
            need(len(self.devices) < 8, "too_many_devices")
            self.enter(e, b["device"], b["box"], b.get("recovery"), b["accept"])
        if e.kind == "device.revoke":
            need(b["device"] != e.device, "revoke_self") and need(self.devices.pop(b["device"], None), "unknown_device")
        self.seq, self.head = self.seq + 1, e.head(self.head)
    def readers(self):
        return sorted([*self.devices.items(), self.recovery])

# --- 5. the council log ---
class Council:
    def __init__(self):
        self.people, self.invites, self.posts, self.blocks, self.histories, self.votes = {}, {}, {}, {}, {}, {}
        self.epoch, self.version, self.due, self.schedule, self.meeting, self.journal = 0, 1, False, False, None, False
    def members(self, moderators=False):
        return {k: p for k, p in self.people.items() if p.member and (p.moderator or not moderators)}
    def recipients(self):
        return sorted(reader for p in self.members().values() for reader in p.pin.readers())
    def chain(self, e, member):  # 5.2; then 5.1.5 for whoever moves their own pin
        pin = copy.deepcopy(self.people[member].pin) if member in self.people else Member()
        need(e.body["chain"] or e.kind == "member.join" and pin.seq, "chain_empty")
        for i, link in enumerate(e.body["chain"]):
            m = Entry(link["text"], link["sig"])
            if i == 0 and pin.seq == 0:
                need(m.kind == "member.create", "chain_gap") and need(m.head(ZERO) == member, "chain_foreign")
            elif i == 0:
                need(not m.has("genesis"), "chain_gap") and need(m.log == member, "chain_foreign")
                need(m.seen["seq"] == pin.seq, "chain_gap") and need(m.seen["head"] == pin.head, "chain_fork")
            m.check()
            if i > 0:
                pin.position(m)
            pin.rules(m)
        return need(member != e.author or e.device in pin.devices, "unknown_device") and pin
    def rules(self, e, seq):  # 5.1
        need(e.row.place == "any" or e.row.place == "council" and not self.journal, "wrong_log_type")
        b, everybody, joiner = e.body, self.members(), e.row.who == "joiner"
        me, named = everybody.get(e.author), everybody.get(b.get("member"))
        need(joiner or me, "not_member") and need(not joiner or not me, "already_member")
        need(e.has("genesis") or self.epoch or e.kind in ("key.rotate", "member.devices"), "rotation_due")
        need(not self.due or e.has("block") or e.kind == "member.leave", "rotation_due")
        need(e.row.who != "moderator" or me.moderator, "not_moderator")
        need(joiner or e.kind == "member.devices" and named is me or e.device in me.pin.devices, "unknown_device")
        need("member" not in b or named, "no_such_member")
        only, invite = list(self.members(True)) if len(everybody) > 1 else [], self.invites.get(b.get("invite"))
        if e.kind == "council.create":  # 5.3
            self.journal = b["type"] == "journal"
            need((b["size"], b["pace"], b["history"]) == (1, "slow", "all") if self.journal else b["size"] >= 6)
            self.size, self.fast, self.shares = b["size"], b["pace"] == "fast", b["history"] == "all"
            self.people[e.author] = Record(pin=self.chain(e, e.author), member=True, moderator=True, stays=[[1, INT]])
        elif e.kind == "member.join":  # 5.4
            need(invite, "invite_unknown") and need(e.author not in invite.admitted, "invite_repeated")
            need(invite.left > 0, "invite_closed") and need(len(everybody) < self.size, "council_full")
            pin = self.chain(e, e.author)
            need(signed(b["sig"], P("council/v1/join", e.log, e.author, pin.head), b["invite"]), "bad_proof")
            p = self.people.setdefault(e.author, Record(moderator=False, stays=[]))
            p.pin, p.member, p.stays = pin, True, p.stays + [[self.epoch + 1, INT]]
            invite.admitted, invite.left = invite.admitted + [e.author], invite.left - 1
        elif e.kind == "member.devices":  # 5.5
            named.pin = self.chain(e, b["member"])
        elif e.kind in ("member.remove", "member.leave"):  # 5.6
            need(named is not me, "remove_self") and need(named or only != [e.author], "last_moderator")
            gone, self.due = named or me, len(everybody) > 1
            gone.member, gone.moderator, gone.stays[-1][1] = False, False, self.epoch
            self.votes = {a: m for a, m in self.votes.items() if gone.pin.member not in (a, m)}
        elif e.kind == "member.role":
            named.moderator = b["role"] == "moderator"
            need(named.moderator or only != [b["member"]], "last_moderator")
        elif e.kind == "invite.open":  # 5.7
            need(not invite, "key_reused")
            self.invites[b["invite"]] = Record(left=b["uses"], admitted=[])
        elif e.kind == "invite.close":
            need(invite, "invite_unknown") and need(invite.left > 0, "invite_closed")
            invite.left = 0
        elif e.kind == "schedule.set":  # 5.8
            fast, days = cadence(b["rrule"])
            self.schedule = need(fast == self.fast and weekday(b["start"]) in days, "bad_cadence")
        elif e.kind in ("meeting.change", "rsvp", "attend"):
            need(self.schedule, "no_schedule") and need(e.kind != "meeting.change" or ("to" in b) == (b["change"] == "move"))
        elif e.kind == "vote":  # 5.9
            self.votes[e.author] = b["member"]
            if 2 * list(self.votes.values()).count(b["member"]) > len(everybody):
                named.moderator, self.votes = True, {a: m for a, m in self.votes.items() if m != b["member"]}
        elif e.kind == "meeting.open":  # 5.10
            need(not self.meeting, "meeting_open") and need(b["facilitator"] in everybody, "no_such_member")
            self.meeting = [b["meeting"], b["facilitator"], 1, len(b["minutes"])]
        elif e.kind in ("meeting.advance", "meeting.hand", "meeting.close"):
            need(self.meeting and self.meeting[0] == b["meeting"], "no_meeting") and need(b.get("from") in (None, self.meeting[1]), "handed_over")
            need("from" in b or me.moderator or self.meeting[1] == e.author, "not_facilitator")
            need("phase" not in b or b["phase"] == self.meeting[2] + 1 <= self.meeting[3], "wrong_phase")
            self.meeting = [b["meeting"], named and b["member"] or self.meeting[1], b.get("phase", self.meeting[2]), self.meeting[3]] if len(b) > 1 else None
        elif e.kind == "post":  # 5.11
            need(e.sealed["epoch"] == self.epoch, "stale_epoch")
            self.posts[seq] = Record(entry=e, erased=False)
        elif e.kind == "council.upgrade":  # 5.12
            self.version = need(b["version"] > self.version) and b["version"]
        elif e.kind == "key.history":  # 6.4
            need(b["from"] <= b["to"] <= self.epoch and b["to"] - b["from"] < 64, "history_range")
            stayed = [any(first <= x <= last for first, last in named.stays) for x in range(b["from"], b["to"] + 1)]
            need(all(stayed) or me.moderator or self.shares, "history_denied")
            need([x["to"] for x in b["boxes"]] == [sign for sign, _ in named.pin.readers()], "wrong_recipients")
            need(all(len(x["box"]) == 48 + 32 * len(stayed) for x in b["boxes"]))
            self.histories[seq] = b
        for post in [self.posts.get(at) for at in b["posts"]] if e.kind == "erase" else ():
            need(post, "not_a_post") and need(post.entry.author == e.author or me.moderator, "not_yours")
            post.erased = need(not post.erased, "already_erased")
        if e.has("block"):  # 6.2
            block, to = b["block"], [x["to"] for x in b["block"]["boxes"]]
            need(block["epoch"] == self.epoch + 1, "wrong_epoch") and need(e.device in to, "author_dropped")
            need(rising(to) and to == [sign for sign, _ in self.recipients()], "wrong_recipients")
            self.epoch, self.due, self.blocks[seq] = block["epoch"], False, (block, self.recipients())
        for invite in self.invites.values() if e.has("closes") else ():
            invite.left = 0

class Log:  # 3.5, and the fold behind it
    def __init__(self):
        self.heads, self.marks, self.control, self.fold, self.data = [ZERO], [], 0, None, {}
    def append(self, raw, sig, data):
        e, n = Entry(raw, sig, getattr(self.fold, "version", 1)), len(self.heads)
        e.check(data)
        need(n > 1 or e.has("genesis"), "genesis_expected") and need(n == 1 or not e.has("genesis"), "genesis_again")
        seen, mine = e.seen["seq"] if e.seen else 0, [m for m in self.marks[-256:] if m[1] == e.device]
        need(n == 1 or e.log == self.heads[1], "wrong_log")
        need(0 <= n - 1 - seen <= 256 and all(m[3] <= seen for m in mine), "bad_seen")
        need(n == 1 or e.seen["head"] == self.heads[seen], "wrong_head")
        need(not any(m[0] > seen and m[2] == e.id for m in mine), "id_repeated")
        need(not e.has("control") or seen >= self.control, "stale")
        self.fold = self.fold or (Member() if e.row.place == "member" else Council())
        self.fold.rules(e, n)
        self.heads, self.marks = self.heads + [e.head(self.heads[-1])], self.marks + [(n, e.device, e.id, seen)]
        self.control, self.data[n] = n if e.has("control") else self.control, data
    def state(self):
        f, out = self.fold, {"head": self.heads[-1], "seq": len(self.heads) - 1}
        if isinstance(f, Member):
            return {**out, "devices": sorted(f.devices), "recovery": f.recovery[0]}
        number = safety(self.heads[1], self.control, self.heads[self.control])
        return {**out, "epoch": f.epoch, "due": int(f.due), "members": sorted(f.members()), "safety": number,
                "moderators": sorted(f.members(True)), "readers": len(f.recipients())}

# --- 6, 7. keys and sealed bodies ---
def commit(seed, log, epoch):
    return H(P("council/v1/epoch-commit", log, epoch), seed)
def box(plain, to, label, *place):  # of a seed, or of several; the last is the key of the ephemeral secret
    secret = H(P(label, *place, to), plain[-32:])
    epk = na.crypto_scalarmult_base(secret)
    return epk + na.crypto_box(plain, H(epk + to, size=24), to, secret)
def safety(council, seq, head):
    d = H(P("council/v1/safety", council, seq, head))
    return " ".join("%04d" % (int.from_bytes(d[i:i + 3], "big") % 10000) for i in range(0, 30, 3))
def unseal(seed, place, data):  # place: log, id, author, device, kind, epoch
    key = H(P("council/v1/body", place[0], place[3], place[1]), seed)
    bound = P("council/v1/post", *place)
    padded = attempt(na.crypto_aead_xchacha20poly1305_ietf_decrypt, data[24:], bound, data[:24], key)
    plain = need(padded is not None, "bad_cipher") and padded.rstrip(b"\0")
    exact = plain[-1:] == b"\x80" and len(padded) == max(256, 1 << (len(plain) - 1).bit_length())
    return need(exact, "bad_padding") and plain[:-1]
def content(plain):
    unique = lambda pairs: dict(pairs) if len(dict(pairs)) == len(pairs) else int("twice")
    out = attempt(lambda: json.loads(plain.decode(), object_pairs_hook=unique, parse_constant=int))
    text = attempt(lambda: json.dumps(out, ensure_ascii=False).encode())  # a lone surrogate has no UTF-8
    need(isinstance(out, dict) and isinstance(out.get("type"), str) and text and b"\\u0000" not in text, "bad_content")
    return plain.decode()
def read(log, sign, secret):
    """What one reader makes of each block, history and post: {seq: "ok", the error or the plaintext}."""
    f, name, seeds = log.fold, log.heads[1], {}
    commits = {b["epoch"]: b["commit"] for b, _ in f.blocks.values()}
    def keys(seq):
        b, readers = f.blocks.get(seq) or (f.histories[seq], ())
        mine, first = [x["box"] for x in b["boxes"] if x["to"] == sign], b["from"] if "from" in b else b["epoch"]
        plain = need(mine, "no_key") and attempt(na.crypto_box_seal_open, mine[0], na.crypto_scalarmult_base(secret), secret)
        need(plain is not None, "bad_box")
        given = {first + i: plain[32 * i:32 * i + 32] for i in range(len(plain) // 32)}
        right = {x: seed for x, seed in given.items() if commit(seed, name, x) == commits[x]}
        seeds.update(right)
        boxes = [box(plain, to, EPH, name, first, key) for key, to in readers]
        need(right == given, "bad_commit") and need(not readers or [x["box"] for x in b["boxes"]] == boxes, "bad_box")
        return "ok"
    def post(seq):
        e, epoch = f.posts[seq].entry, f.posts[seq].entry.sealed["epoch"]
        need(not f.posts[seq].erased and log.data[seq] is not None, "erased") and need(epoch in seeds, "no_key")
        return content(unseal(seeds[epoch], (e.log, e.id, e.author, e.device, e.kind, epoch), log.data[seq]))
    steps = [(s, keys) for s in sorted([*f.blocks, *f.histories])] + [(s, post) for s in f.posts]
    return {str(seq): verdict(step, seq) for seq, step in steps}

# --- 8, 10. phrases and links ---
def recovery(phrase):
    words, bits = re.findall(r"[^ \t\r\n]+", phrase.lower()), ""
    for n, word in enumerate(words[:12], 1):
        found = [i for i, w in enumerate(WORDS) if word == w or len(word) == 4 and w[:4] == word]
        bits += need(found, "wrong_word %d" % n) and format(found[0], "011b")
    raw = int(bits[:128] or "0", 2).to_bytes(16, "big")
    need(len(words) == 12 and bits[128:] == format(hashlib.sha256(raw).digest()[0], "08b")[:4], "wrong_phrase")
    sign, secret = (H(P("council/v1/recovery-" + use), raw) for use in ("sign", "box"))
    return {"entropy": raw, "sign": na.crypto_sign_seed_keypair(sign)[0], "box": na.crypto_scalarmult_base(secret)}
def link(text):
    host, path = r"(?i:(https|wss|http|ws)://((?:[\w.-]+|\[[0-9a-f:.]+\]))(?::([1-9][0-9]{0,4}))?)/?", r"(unix:[!\"$-~]+)"
    m = re.fullmatch("(?:%s|%s)/join#([A-Za-z0-9_-]*)" % (host, path), text.strip(" \t\r\n"), re.ASCII)
    raw = m and int(m[3] or 1) < 65536 and unb64(m[5], [137])
    need(raw and raw[0] == 1 and 1 <= int.from_bytes(raw[65:73], "big") <= INT, "bad_link")
    scheme, own = ("https", "443") if (m[1] or "").lower() in ("https", "wss") else ("http", "80")
    url = m[4] or "%s://%s%s" % (scheme, m[2].lower(), ":" + m[3] if m[3] not in (None, own) else "")
    return need(len(url) <= 255, "bad_link") and {"url": url, "seed": raw[1:33], "council": raw[33:65], "head": raw[73:105],
                                                  "seq": int.from_bytes(raw[65:73], "big"), "server": raw[105:]}

# --- the vectors ---
def unhex(v):  # bytes are strings that begin with "hex:"
    if isinstance(v, (dict, list)):
        return {k: unhex(x) for k, x in v.items()} if isinstance(v, dict) else [unhex(x) for x in v]
    return bytes.fromhex(v[4:]) if isinstance(v, str) and v.startswith("hex:") else v
def verdict(function, *arguments):
    try:
        return function(*arguments)
    except Bad as bad:
        return bad.args[0]
def extend(log, entries):
    for e in entries:
        log.append(e["text"].encode(), unb64(e["sig"]), unb64(e["data"]) if "data" in e else None)
    return log
@functools.lru_cache(None)
def prefix(name, count):
    return extend(Log(), LOGS[name].entries[:count])
def log_of(v):
    return extend(copy.deepcopy(prefix(*v.base)) if hasattr(v, "base") else Log(), v.entries)
def signs(v):
    order = {"hello": "origin client_nonce server_nonce expires", "invite-read": "council member server server_nonce",
             "login": "origin server client_nonce server_nonce expires member device purpose", "signal": "log id epoch hash"}
    return signed(v.sig, P("council/v1/" + v.signs, *(getattr(v, field) for field in order[v.signs].split())), v.key)
def leads(v):  # 9.7
    keys = [v.known]
    for s in v.successions * len(v.successions):
        keys += [s["to"]] * (s["from"] in keys and signed(s["sig"], P("council/v1/succession", s["from"], s["to"]), s["from"]))
    return v.now in keys
CHECKS = {
    "text": lambda v: canonical(b"".join((s if isinstance(s, bytes) else s.encode()) * n for s, n in v.parts)) is None or "valid",
    "base64url": lambda v: need(unb64(v.text, [v.bytes]) is not None, "refused") and unb64(v.text),
    "p": lambda v: {"p": P(v.label, *v.values), "h": H(P(v.label, *v.values), v.key)},
    "signature": lambda v: need(signed(v.sig, v.message, v.key), "bad_signature") and "valid",
    "box_key": lambda v: need(not weak(v.key), "weak_key") and "valid",
    "words": lambda v: hashlib.sha256("".join(w + "\n" for w in v.words).encode()).digest(),
    "phrase": lambda v: recovery(v.phrase), "link": lambda v: link(v.link),
    "safety": lambda v: safety(v.council, v.seq, v.head), "successions": lambda v: need(leads(v), "wrong_server") and "valid",
    "signs": lambda v: need(signs(v), "bad_signature") and "valid",
    "seal": lambda v: unseal(v.seed, (v.log, v.id, v.author, v.device, v.kind, v.epoch), v.data).decode(),
    "box": lambda v: {"commit": commit(v.seed, v.log, v.epoch), "box": box(v.seed, v.box_key, EPH, v.log, v.epoch, v.to)},
    "history": lambda v: box(v.seeds, v.box_key, "council/v1/history-eph", v.log, v.first, v.last, v.to),
    "log": lambda v: log_of(v).state(),
    "read": lambda v: read(log_of(v), na.crypto_sign_seed_keypair(v.sign)[0], v.secret),
}
def main(folder):
    tables((pathlib.Path(__file__).resolve().parents[2] / "protocol" / "README.md").read_text(encoding="utf-8"))
    groups = [(path.stem, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(folder.glob("*.json"))]
    vectors = [(group, Record(type=g["type"], **unhex(v))) for group, g in groups for v in g["vectors"]]
    LOGS.update((v.name, v) for _, v in vectors if hasattr(v, "entries"))
    WORDS.extend(w for _, v in vectors for w in getattr(v, "words", ()))
    failed = [(group, v, got) for group, v in vectors for got in [verdict(CHECKS[v.type], v)] if got != v.result]
    for group, v, got in failed:
        print("FAILED %s/%s: %s instead of %s" % (group, v.name, got, v.result))
    print("%d passed, %d failed" % (len(vectors) - len(failed), len(failed)))
    return bool(failed) or not vectors
sys.exit(main(pathlib.Path(sys.argv[1])))
