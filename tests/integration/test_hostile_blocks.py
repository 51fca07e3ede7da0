#!/usr/bin/python3
"""Keys for the wrong people: whatever a member writes, the server takes no block whose boxes are not for exactly those who may read.

Control: the right block, made by the same hands, is taken.
"""
from wsclient import *

server = Server(None, "--limit", "moderator-burst=10000", "--limit", "control-burst=10000")
atexit.register(server.kill)


def setting():
    """a council of three, and somebody who was removed from it"""
    global a, ann, council, bob, carol, ghost
    a, ann = newcomer(server.url)
    council = found(a, ann)
    b, bob = newcomer(server.url)
    c, carol = newcomer(server.url)
    join(b, a, ann, council, bob)
    join(c, a, ann, council, carol)
    ghost = Device()


def keys_of(members):
    return sorted(d.key for m in members for d in (m.device, m.recovery))


def block(keys, epoch=None):
    return {"epoch": epoch or council.epoch + 1, "commit": b64(os.urandom(32)), "boxes": [{"to": b64(k), "box": b64(os.urandom(80))} for k in keys]}


def rotation(keys, epoch=None):
    return ann.entry(council, "key.rotate", {"block": block(keys, epoch)})


def refuses_wrong_recipients():
    """a rotation for too few, too many, a stranger, somebody twice or out of order is wrong_recipients, of another epoch bad_epoch"""
    right = keys_of([ann, bob, carol])
    wrong = {"nobody's": [], "without a device": [k for k in right if k != bob.device.key], "without a recovery key": [k for k in right if k != bob.recovery.key],
             "with a ghost device": sorted(right + [ghost.key]), "with a ghost instead": sorted([k for k in right if k != bob.device.key] + [ghost.key]),
             "twice": sorted(right + [bob.device.key]), "out of order": right[::-1], "without a member": keys_of([ann, bob])}
    for what, keys in wrong.items():
        said = a.fails("log.append", entry=rotation(keys).wire())
        assert said == ("bad_field" if not keys else "wrong_recipients"), (what, said)
    for epoch in (council.epoch, council.epoch + 2):
        said = a.fails("log.append", entry=rotation(right, epoch).wire())
        assert said not in (None, "wrong_recipients"), (epoch, said)
    append(a, council, rotation(right))
    council.epoch += 1


def refuses_them_in_a_removal():
    """a removal whose block is still for the one who goes, or leaves out one who stays, is refused; the right one is taken"""
    def removal(keys):
        return ann.entry(council, "member.remove", {"member": b64(carol.name), "block": block(keys)})
    for keys in (keys_of([ann, bob, carol]), keys_of([ann]), sorted(keys_of([ann, bob]) + [carol.recovery.key])):
        assert a.fails("log.append", entry=removal(keys).wire()) == "wrong_recipients"
    append(a, council, removal(keys_of([ann, bob])))
    council.epoch += 1
    council.members.remove(carol)


def refuses_them_in_a_join():
    """who joins cannot bring a second device that is not theirs, nor leave a member out"""
    d, dave = newcomer(server.url)
    invite = Device()
    append(a, council, council.invite(ann, invite))
    for keys in (keys_of([ann, bob]), sorted(keys_of([ann, bob, dave]) + [ghost.key]), keys_of([ann, dave])):
        entry = council.join(dave, invite)
        body = json.loads(entry.text)["body"]
        body["block"] = block(keys)
        said = d.fails("log.append", entry=dave.entry(council, "member.join", body).wire())
        assert said == ("wrong_recipients" if dave.device.key in keys else "author_dropped"), said
    append(d, council, council.join(dave, invite))
    council.epoch += 1
    assert server.stop() == 0 and "Sanitizer" not in server.log()


run(setting, refuses_wrong_recipients, refuses_them_in_a_removal, refuses_them_in_a_join)
