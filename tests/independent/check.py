#!/usr/bin/env python3
"""An independent reading of protocol/README.md: checks every vector in a folder. Usage: check.py FOLDER

Written from the specification alone, whose table of kinds (3.7) it reads; needs Python 3 and Debian's python3-nacl.
Numbers in comments are sections of the specification; protocol/vectors/README.md describes the vectors.
"""
import copy, datetime, functools, hashlib, json, re, sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from itertools import accumulate
from pathlib import Path
from types import SimpleNamespace as Record
from nacl import bindings as na
from nacl.exceptions import CryptoError

INT, ZERO, DAYS = 9007199254740991, bytes(32), ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
KINDS, LOGS, WORDS = {}, {}, []

class Bad(Exception):
    """A verdict that is not "valid": the error's name."""
def need(condition, error="bad_field"):
    """True, so that needs can be joined by `and`; the first that fails is the verdict."""
    if not condition:
        raise Bad(error)
    return True
def attempt(function, *arguments):
    try:
        return function(*arguments)
    except (CryptoError, RuntimeError, ValueError):
        return None

# --- 1. bytes ---
def unb64(text, sizes=None):
    """The bytes, or None where the text is not base64url of one of the sizes."""
    raw = attempt(urlsafe_b64decode, text + "=" * (-len(text) % 4)) if re.fullmatch(r"[A-Za-z0-9_-]*", text) else None
    exact = raw is not None and urlsafe_b64encode(raw).rstrip(b"=").decode() == text
    return raw if exact and (sizes is None or len(raw) in sizes) else None
def P(label, *values):
    raw = [v.to_bytes(8, "big") if isinstance(v, int) else v.encode() if isinstance(v, str) else v or b"" for v in values]
    prefix = bytes([len(label)]) + label.encode() + bytes([len(raw)])
    return prefix + b"".join(len(v).to_bytes(4, "big") + v for v in raw)
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
    need(max(accumulate((c in b"[{") - (c in b"]}") for c in marks)) <= 8, "not_canonical")
    need(all(len(n) <= 16 and int(n) <= INT for n in values if n.isdigit()), "not_canonical")
    need(all(re.fullmatch(rb"[a-z0-9_.]{1,64}", k) for k in re.findall(rb'"([^"]*)":', raw)), "not_canonical")
    out = attempt(json.loads, raw)
    need(json.dumps(out, sort_keys=True, separators=(",", ":")).encode() == raw, "not_canonical")
    return out

# --- 3. entries ---
TEXTS = {"type": "council|journal", "pace": "fast|slow", "history": "all|joined", "role": "member|moderator",
         "change": "cancel|move", "answer": "late|no|yes", "zone": "[A-Za-z0-9_+/-]*", "rule": ".*", "word": ".*",
         "local": "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}"}
BYTES = {"key": [32], "sig": [64], "id": [16], "box": [80], "pastbox": range(80, 2097, 32), "bytes": None}
LISTS = {"keys": "key", "ints": "int:1", "minutes": "int:1:240", "boxes": "box=box to=key", "past": "box=pastbox to=key",
         "chain": "sig=sig text=bytes"}
SHAPES = {"recovery": "box=key sig=sig sign=key", "block": "boxes=boxes:{0}:{1} commit=key epoch=int",
          "seen": "head=key seq=int:1", "sealed": "epoch=int:1 hash=key"}
def tables(spec):
    """The rows of 3.7: | `kind` | log | flags | who | bytes | `field` type low–high, `field`? type ... |"""
    for kind, log, flags, who, size, body in re.findall(
            r"^\| `([a-z.]+)` \| (member|council|any) \| ([a-z, ]*) \| (\w+) \| (\d+) \| (.*) \|$", spec, re.M):
        body = " ".join("%s%s=%s:%s:%s" % f for f in re.findall(r"`(\w+)`(\??) (\w+)(?: (\d+)–(\d+))?", body))
        KINDS[kind] = Record(place=log, flags=flags.split(", "), who=who, size=int(size), body=body)
def weekday(local):
    """0 for Monday; None where there is no such local time."""
    when = attempt(datetime.datetime.strptime, local, "%Y-%m-%dT%H:%M")
    return when.weekday() if when and when.year >= 1970 else None
def cadence(rrule):
    """(fast, days), or None where the rule is none of the two forms."""
    m = re.fullmatch(r"FREQ=WEEKLY;(INTERVAL=2;)?BYDAY=([A-Z]{2})(,[A-Z]{2})?", rrule)
    days = [DAYS.index(d.strip(",")) for d in m.groups()[1:] if d and d.strip(",") in DAYS] if m else []
    return (len(days) == 2, days) if m and rising(days) and len(days) == 1 + (not m[1]) == 1 + bool(m[3]) else None
def rising(values):
    return all(a < b for a, b in zip(values, values[1:]))
def typed(spec, value):
    """3.6: the value, its bytes decoded."""
    name, low, high = (spec + "::").split(":")[:3]
    low, high = int(low or 0), int(high or INT)
    if "=" in spec or name in SHAPES:
        return fields(SHAPES.get(name, spec).format(low, high), value)
    if name in LISTS:
        need(isinstance(value, list) and low <= len(value) <= high)
        out = [typed(LISTS[name], v) for v in value]
        need(name not in ("keys", "ints") or rising(out))
        return out
    need(isinstance(value, {"int": int, "object": dict}.get(name, str)))
    need(name not in ("int", "zone") or low <= (len(value) if name == "zone" else value) <= high)
    need(name not in TEXTS or re.fullmatch(TEXTS[name], value)) and need(name != "local" or weekday(value) is not None)
    need(name != "rule" or cadence(value)) and need(name not in BYTES or unb64(value, BYTES[name]) is not None)
    return unb64(value) if name in BYTES else value
def fields(spec, value):
    schema = dict(field.split("=", 1) for field in spec.split())
    need(isinstance(value, dict) and all(k in schema or k + "?" in schema for k in value))
    need(all(k in value for k in schema if not k.endswith("?")))
    return {k: typed(schema.get(k) or schema[k + "?"], v) for k, v in value.items()}

class Entry:
    """3.4, steps 1 to 3. The fields of the envelope become attributes."""
    def __init__(self, raw, sig, version=1):
        text = canonical(raw)
        need(isinstance(text.get("kind"), str))
        need(text["kind"] in KINDS, "needs_newer" if version > 1 else "unknown_kind")
        self.raw, self.sig, self.row = raw, sig, KINDS[text["kind"]]
        spec = "at=int body=object device=key id=id kind=word v=int:1:1"
        spec += "" if text["kind"] == "member.create" else " author=key"
        spec += "" if self.has("genesis") else " log=key seen=seen"
        self.author = self.log = self.seen = self.sealed = None
        self.__dict__.update(fields(spec + (" sealed=sealed" if self.has("sealed") else ""), text))
        need(len(raw) <= self.row.size, "too_large")
        self.body = fields(self.row.body, self.body)
    def has(self, flag):
        return flag in self.row.flags
    def check(self, data=None):
        if data is not None:
            need(self.has("sealed"), "data_unexpected")
            need(len(data) - 40 in [2 ** i for i in range(8, 19)], "data_size")
            need(H(data) == self.sealed["hash"], "data_hash")
        need(signed(self.sig, P("council/v1/entry", self.raw), self.device), "bad_signature")
    def head(self, before):
        return H(P("council/v1/head", before, self.raw, self.sig))

# --- 4. the member log ---
class Member:
    """The state of a member log; in a council log, a pin."""
    def __init__(self):
        self.member, self.seq, self.head, self.devices, self.recovery, self.keys = None, 0, ZERO, {}, None, set()
    def position(self, e):  # 4.6
        need(not e.has("genesis"), "genesis_again") and need(e.log == self.member, "wrong_log")
        need(e.seen["seq"] <= self.seq, "bad_seen") and need(e.seen["seq"] == self.seq, "stale")
        need(e.seen["head"] == self.head, "wrong_head")
    def enter(self, e, device, box_key, recovery, accept):
        new = [device, box_key] + ([recovery["sign"], recovery["box"]] if recovery else [])
        need(len(set(new)) == len(new) and not set(new) & self.keys, "key_reused")
        need(not any(map(weak, new[1::2])), "weak_key")
        need(not accept or signed(accept, P("council/v1/device-accept", self.member, *new[:2]), device), "bad_proof")
        if recovery:
            proof = P("council/v1/recovery-create", *new, e.id)
            need(signed(recovery["sig"], proof, recovery["sign"]), "bad_proof")
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
            need(e.device == self.recovery[0], "wrong_author")
            need(all(k in self.devices for k in b["revoke"]), "unknown_device")
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
        self.people, self.invites, self.posts, self.blocks, self.histories = {}, {}, {}, {}, {}
        self.epoch, self.version, self.due, self.schedule, self.meeting, self.journal = 0, 1, False, False, None, False
    def members(self):
        return {k: p for k, p in self.people.items() if p.member}
    def moderators(self):
        return [k for k, p in self.members().items() if p.moderator]
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
        need(member != e.author or e.device in pin.devices, "unknown_device")
        return pin
    def lapse(self, member):
        for p in self.people.values():
            p.vote = None if p.vote == member else p.vote
    def rules(self, e, seq):  # 5.1
        need(e.row.place == "any" or e.row.place == "council" and not self.journal, "wrong_log_type")
        b, me, named, everybody = e.body, self.members().get(e.author), self.members().get(e.body.get("member")), self.members()
        joiner = e.row.who == "joiner"
        need(joiner or me, "not_member") and need(not joiner or not me, "already_member")
        need(e.has("genesis") or self.epoch or e.kind == "key.rotate", "rotation_due")
        need(not self.due or e.has("block") or e.kind == "member.leave", "rotation_due")
        need(e.row.who != "moderator" or me.moderator, "not_moderator")
        moves_own = joiner or e.kind == "member.devices" and named is me
        need(moves_own or e.device in me.pin.devices, "unknown_device")
        need("member" not in b or named, "no_such_member")
        only, invite = self.moderators() if len(everybody) > 1 else [], self.invites.get(b.get("invite"))
        if e.kind == "council.create":  # 5.3
            self.journal = b["type"] == "journal"
            need((b["size"], b["pace"], b["history"]) == (1, "slow", "all") if self.journal else b["size"] >= 6)
            self.size, self.fast, self.shares = b["size"], b["pace"] == "fast", b["history"] == "all"
            pin = self.chain(e, e.author)
            self.people[e.author] = Record(pin=pin, member=True, moderator=True, vote=None, stays=[[1, INT]])
        elif e.kind == "member.join":  # 5.4
            need(invite, "invite_unknown") and need(e.author not in invite.admitted, "invite_repeated")
            need(not invite.closed and len(invite.admitted) < invite.uses, "invite_closed")
            need(len(everybody) < self.size, "council_full")
            pin = self.chain(e, e.author)
            need(signed(b["sig"], P("council/v1/join", e.log, e.author, pin.head), b["invite"]), "bad_proof")
            p = self.people.setdefault(e.author, Record(moderator=False, vote=None, stays=[]))
            p.pin, p.member, p.stays = pin, True, p.stays + [[self.epoch + 1, INT]]
            invite.admitted.append(e.author)
        elif e.kind == "member.devices":  # 5.5
            named.pin = self.chain(e, b["member"])
        elif e.kind in ("member.remove", "member.leave"):  # 5.6
            need(named is not me, "remove_self") and need(named or only != [e.author], "last_moderator")
            gone, self.due = named or me, len(everybody) > 1
            gone.member, gone.moderator, gone.vote, gone.stays[-1][1] = False, False, None, self.epoch
            self.lapse(gone.pin.member)
        elif e.kind == "member.role":
            need(b["role"] == "moderator" or only != [b["member"]], "last_moderator")
            named.moderator = b["role"] == "moderator"
        elif e.kind == "invite.open":  # 5.7
            need(not invite, "key_reused")
            self.invites[b["invite"]] = Record(uses=b["uses"], admitted=[], closed=False)
        elif e.kind == "invite.close":
            need(invite, "invite_unknown")
            need(not invite.closed and len(invite.admitted) < invite.uses, "invite_closed")
            invite.closed = True
        elif e.kind == "schedule.set":  # 5.8
            fast, days = cadence(b["rrule"])
            need(fast == self.fast and weekday(b["start"]) in days, "bad_cadence")
            self.schedule = True
        elif e.kind in ("meeting.change", "rsvp", "attend"):
            need(self.schedule, "no_schedule") and need(e.kind != "meeting.change" or ("to" in b) == (b["change"] == "move"))
        elif e.kind == "vote":  # 5.9
            me.vote = b["member"]
            if 2 * sum(p.vote == me.vote for p in everybody.values()) > len(everybody):
                named.moderator = True
                self.lapse(b["member"])
        elif e.kind == "meeting.open":  # 5.10
            need(not self.meeting, "meeting_open") and need(b["facilitator"] in everybody, "no_such_member")
            self.meeting = [b["meeting"], b["facilitator"], 1, len(b["minutes"])]
        elif e.kind in ("meeting.advance", "meeting.close"):
            need(self.meeting and self.meeting[0] == b["meeting"], "no_meeting")
            need(me.moderator or self.meeting[1] == e.author, "not_facilitator")
            need(e.kind == "meeting.close" or b["phase"] == self.meeting[2] + 1 <= self.meeting[3], "wrong_phase")
            self.meeting = [*self.meeting[:2], b["phase"], self.meeting[3]] if "phase" in b else None
        elif e.kind == "post":  # 5.11
            need(e.sealed["epoch"] == self.epoch, "stale_epoch")
            self.posts[seq] = Record(entry=e, erased=False)
        elif e.kind == "council.upgrade":  # 5.12
            need(b["version"] > self.version)
            self.version = b["version"]
        elif e.kind == "key.history":  # 6.4
            need(b["from"] <= b["to"] <= self.epoch and b["to"] - b["from"] < 64, "history_range")
            stayed = [any(first <= x <= last for first, last in named.stays) for x in range(b["from"], b["to"] + 1)]
            need(all(stayed) or me.moderator or self.shares, "history_denied")
            need([x["to"] for x in b["boxes"]] == [sign for sign, _ in named.pin.readers()], "wrong_recipients")
            need(all(len(x["box"]) == 48 + 32 * len(stayed) for x in b["boxes"]))
            self.histories[seq] = b
        for at in b["posts"] if e.kind == "erase" else ():
            need(at in self.posts, "not_a_post")
            need(self.posts[at].entry.author == e.author or me.moderator, "not_yours")
            need(not self.posts[at].erased, "already_erased")
            self.posts[at].erased = True
        if e.has("block"):  # 6.2
            block, to = b["block"], [x["to"] for x in b["block"]["boxes"]]
            need(block["epoch"] == self.epoch + 1, "wrong_epoch") and need(e.device in to, "author_dropped")
            need(rising(to) and to == [sign for sign, _ in self.recipients()], "wrong_recipients")
            self.epoch, self.due, self.blocks[seq] = block["epoch"], False, (block, self.recipients())
        for invite in self.invites.values() if e.has("closes") else ():
            invite.closed = True

class Log:
    """3.5, and the fold behind it."""
    def __init__(self):
        self.heads, self.marks, self.control, self.fold, self.data = [ZERO], [], 0, None, {}
    def position(self, e):
        n, seen = len(self.heads), e.seen["seq"] if e.seen else 0
        need(n > 1 or e.has("genesis"), "genesis_expected") and need(n == 1 or not e.has("genesis"), "genesis_again")
        mine = [m for m in self.marks[-256:] if m[1] == e.device]
        need(n == 1 or e.log == self.heads[1], "wrong_log")
        need(0 <= n - 1 - seen <= 256 and all(m[3] <= seen for m in mine), "bad_seen")
        need(n == 1 or e.seen["head"] == self.heads[seen], "wrong_head")
        need(not any(m[0] > seen and m[2] == e.id for m in mine), "id_repeated")
        need(not e.has("control") or seen >= self.control, "stale")
        return n, seen
    def append(self, raw, sig, data):
        e = Entry(raw, sig, getattr(self.fold, "version", 1))
        e.check(data)
        seq, seen = self.position(e)
        self.fold = self.fold or (Member() if e.row.place == "member" else Council())
        self.fold.rules(e, seq)
        self.heads.append(e.head(self.heads[-1]))
        self.marks.append((seq, e.device, e.id, seen))
        self.control, self.data[seq] = seq if e.has("control") else self.control, data
    def state(self):
        f, out = self.fold, {"head": self.heads[-1].hex(), "seq": len(self.heads) - 1}
        if isinstance(f, Member):
            return {**out, "devices": [k.hex() for k in sorted(f.devices)], "recovery": f.recovery[0].hex()}
        moderators, number = [k.hex() for k in sorted(f.moderators())], safety(self.heads[1], self.control, self.heads[self.control])
        return {**out, "epoch": f.epoch, "due": int(f.due), "members": [k.hex() for k in sorted(f.members())],
                "moderators": moderators, "readers": len(f.recipients()), "safety": number}

# --- 6, 7. keys and sealed bodies ---
def commit(seed, log, epoch):
    return H(P("council/v1/epoch-commit", log, epoch), seed)
def box(plain, to, label, *place):
    """Of a seed, or of several; the last one is the key of the ephemeral secret."""
    secret = H(P(label, *place, to), plain[-32:])
    epk = na.crypto_scalarmult_base(secret)
    return epk + na.crypto_box(plain, H(epk + to, size=24), to, secret)
def safety(council, seq, head):
    d = H(P("council/v1/safety", council, seq, head))
    return " ".join("%04d" % (int.from_bytes(d[i:i + 3], "big") % 10000) for i in range(0, 30, 3))
def unseal(seed, place, data):
    """place: log, id, author, device, kind, epoch."""
    key = H(P("council/v1/body", place[0], place[3], place[1]), seed)
    bound = P("council/v1/post", *place)
    padded = attempt(na.crypto_aead_xchacha20poly1305_ietf_decrypt, data[24:], bound, data[:24], key)
    need(padded is not None, "bad_cipher")
    plain = padded.rstrip(b"\0")
    need(plain[-1:] == b"\x80" and len(padded) == max(256, 1 << (len(plain) - 1).bit_length()), "bad_padding")
    return plain[:-1]
def content(plain):
    def unique(pairs):
        return dict(pairs) if len(dict(pairs)) == len(pairs) else int("twice")
    out = attempt(lambda: json.loads(plain.decode(), object_pairs_hook=unique, parse_constant=int))
    text = attempt(lambda: json.dumps(out, ensure_ascii=False).encode())  # a lone surrogate has no UTF-8
    need(isinstance(out, dict) and isinstance(out.get("type"), str) and text and b"\\u0000" not in text, "bad_content")
    return plain.decode()
def read(log, sign, secret):
    """What one reader makes of each block, history and post: {seq: "ok", the error or the plaintext}."""
    f, name, seeds, out = log.fold, log.heads[1], {}, {}
    commits = {b["epoch"]: b["commit"] for b, _ in f.blocks.values()}
    def keys(seq):
        b, readers = f.blocks.get(seq) or (f.histories[seq], ())
        mine = [x["box"] for x in b["boxes"] if x["to"] == sign]
        need(mine, "no_key")
        plain = attempt(na.crypto_box_seal_open, mine[0], na.crypto_scalarmult_base(secret), secret)
        need(plain is not None, "bad_box")
        first = b["from"] if "from" in b else b["epoch"]
        given = {first + i: plain[32 * i:32 * i + 32] for i in range(len(plain) // 32)}
        right = {x: seed for x, seed in given.items() if commit(seed, name, x) == commits[x]}
        seeds.update(right)
        right_boxes = [box(plain, to, "council/v1/epoch-eph", name, first, key) for key, to in readers]
        need(right == given, "bad_commit") and need(not readers or [x["box"] for x in b["boxes"]] == right_boxes, "bad_box")
        return "ok"
    def post(seq):
        e, epoch = f.posts[seq].entry, f.posts[seq].entry.sealed["epoch"]
        need(not f.posts[seq].erased and log.data[seq] is not None, "erased") and need(epoch in seeds, "no_key")
        return content(unseal(seeds[epoch], (e.log, e.id, e.author, e.device, e.kind, epoch), log.data[seq]))
    for seq, step in [(s, keys) for s in sorted([*f.blocks, *f.histories])] + [(s, post) for s in f.posts]:
        out[str(seq)] = verdict(step, seq)
    return out

# --- 8, 10. phrases and links ---
def entropy(phrase):
    words, bits = re.findall(r"[^ \t\r\n]+", phrase.lower()), ""
    for n, word in enumerate(words[:12], 1):
        found = [i for i, w in enumerate(WORDS) if word == w or len(word) == 4 and w[:4] == word]
        need(found, "wrong_word %d" % n)
        bits += format(found[0], "011b")
    raw = int(bits[:128] or "0", 2).to_bytes(16, "big")
    need(len(words) == 12 and bits[128:] == format(hashlib.sha256(raw).digest()[0], "08b")[:4], "wrong_phrase")
    return raw
def link(text):
    m = re.fullmatch(r"[ \t\r\n]*(https?://[a-z0-9._-]+(?::[1-9][0-9]{0,4})?|unix:[!-\"$-~]+)/join#([\w-]+)[ \t\r\n]*", text)
    raw = m and unb64(m[2], [137])
    need(raw and raw[0] == 1 and 1 <= int.from_bytes(raw[65:73], "big") <= INT, "bad_link")
    return {"url": m[1], "seed": raw[1:33].hex(), "council": raw[33:65].hex(), "seq": int.from_bytes(raw[65:73], "big"),
            "head": raw[73:105].hex(), "server": raw[105:].hex()}

# --- the vectors ---
def verdict(function, *arguments):
    try:
        return function(*arguments)
    except Bad as bad:
        return bad.args[0]
def raw(v):
    return b"".join(s.encode() * n for s, n in v["parts"]) if "parts" in v else bytes.fromhex(v["hex"])
def plain(values):
    return [bytes.fromhex(v[1]) if v[0] == "hex" else v[1] for v in values]
def entries(name, count=None):
    base = LOGS[name].get("base")
    return ((entries(*base) if base else []) + LOGS[name]["entries"])[:count]
def extend(log, some):
    for e in some:
        log.append(e["text"].encode("latin-1"), unb64(e["sig"]), unb64(e["data"]) if "data" in e else None)
    return log
@functools.lru_cache(None)
def prefix(name, count):
    return extend(Log(), entries(name, count))
def log_of(v):
    before = copy.deepcopy(prefix(*v["base"])) if "base" in v else Log()
    need(verdict(extend, before, v["entries"][:-1]) is before, "an entry before the last")
    return extend(before, v["entries"][-1:])
SIGNED = {"hello": "origin client_nonce server_nonce expires", "invite-read": "council member server server_nonce",
          "login": "origin server client_nonce server_nonce expires member device purpose", "signal": "log id epoch hash"}
def made(v, *names):
    return [v[n] if isinstance(v[n], int) or n in ("origin", "purpose", "kind") else bytes.fromhex(v[n]) for n in names]
def recovery(phrase):
    sign, secret = (H(P("council/v1/recovery-" + use), entropy(phrase)) for use in ("sign", "box"))
    return {"entropy": entropy(phrase).hex(), "sign": na.crypto_sign_seed_keypair(sign)[0].hex(), "box": na.crypto_scalarmult_base(secret).hex()}
CHECKS = {
    "text": lambda v: canonical(raw(v)) is None or "valid",
    "base64url": lambda v: "refused" if (got := unb64(v["text"], [v["bytes"]])) is None else got.hex(),
    "p": lambda v: {"p": P(v["label"], *plain(v["values"])).hex(), "h": H(P(v["label"], *plain(v["values"])), bytes.fromhex(v["key"])).hex()},
    "signature": lambda v: need(signed(*made(v, "sig", "message", "key")), "bad_signature") and "valid",
    "box_key": lambda v: need(not weak(*made(v, "key")), "weak_key") and "valid",
    "words": lambda v: hashlib.sha256("".join(w + "\n" for w in v["words"]).encode()).hexdigest(),
    "phrase": lambda v: recovery(v["phrase"]),
    "safety": lambda v: safety(*made(v, "council", "seq", "head")),
    "signs": lambda v: need(signed(*made(v, "sig"), P("council/v1/" + v["signs"], *made(v, *SIGNED[v["signs"]].split())), *made(v, "key")), "bad_signature") and "valid",
    "link": lambda v: link(v["link"]),
    "seal": lambda v: unseal(*made(v, "seed"), made(v, "log", "id", "author", "device", "kind", "epoch"), *made(v, "data")).decode(),
    "content": lambda v: content(raw(v)) and "valid",
    "box": lambda v: {"box": box(*made(v, "seed", "box_key"), "council/v1/epoch-eph", *made(v, "log", "epoch", "to")).hex(), "commit": commit(*made(v, "seed", "log", "epoch")).hex()},
    "history": lambda v: box(*made(v, "seeds", "box_key"), "council/v1/history-eph", *made(v, "log", "first", "last", "to")).hex(),
    "log": lambda v: log_of(v).state(),
    "read": lambda v: read(log_of(v), na.crypto_sign_seed_keypair(*made(v, "sign"))[0], *made(v, "secret")),
}

def main(folder):
    tables((Path(__file__).resolve().parents[2] / "protocol" / "README.md").read_text())
    groups = {path.stem: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    vectors = [(group, dict(v, type=g["type"])) for group, g in groups.items() for v in g["vectors"]]
    LOGS.update((v["name"], v) for _, v in vectors if "entries" in v)
    WORDS.extend(w for _, v in vectors for w in v.get("words", ()))
    failed = 0
    for group, v in vectors:
        got = verdict(CHECKS[v["type"]], v)
        if got != v["result"]:
            failed += 1
            print("FAILED %s/%s: %s instead of %s" % (group, v["name"], json.dumps(got), json.dumps(v["result"])))
    print("%d passed, %d failed" % (len(vectors) - failed, failed))
    return failed > 0 or not vectors

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
