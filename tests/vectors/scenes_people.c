/*
 * scenes_people.c - the member logs that vectors start from.
 *
 * Owns one life of a member with every kind of entry, one with all devices that there can be, and one that forks.
 */
#include "tests/vectors/scenes.h"

static void member_log(struct book *book, const char *name, const struct fixture_member *member)
{
    book_log(book, name, &member->log);
    book_member(book, name, 0, member);
}

void scenes_people(struct scenes *s, struct book *book)
{
    fixture_init(&s->people, "people");
    struct fixture_member *m = s->phone = fixture_member(&s->people, 0);
    book_tag(book, "phone", &m->log, "create");
    scene_ok(fixture_device_add(&s->people, m), "device.add");
    book_tag(book, "phone", &m->log, "add");
    scene_ok(fixture_device_add(&s->people, m), "device.add");
    scene_ok(fixture_device_revoke(&s->people, m, 2), "device.revoke");
    book_tag(book, "phone", &m->log, "revoke");
    scene_ok(fixture_recover(&s->people, m, false), "member.recover");
    book_tag(book, "phone", &m->log, "recover");
    scene_ok(fixture_device_add(&s->people, m), "device.add");
    book_tag(book, "phone", &m->log, "add2");
    book_secret(book, m->recovery.sign); /* it is replaced now */
    scene_ok(fixture_recover(&s->people, m, true), "member.recover");
    book_tag(book, "phone", &m->log, "recover-fresh");
    member_log(book, "phone", m);
    m = s->full = fixture_member(&s->people, 1);
    for (uint32_t i = 0; i < 7; i++) {
        scene_ok(fixture_device_add(&s->people, m), "device.add");
    }
    book_tag(book, "full", &m->log, "eighth");
    scene_ok(fixture_device_revoke(&s->people, m, 7), "device.revoke");
    scene_ok(fixture_device_add(&s->people, m), "device.add");
    book_tag(book, "full", &m->log, "again");
    scene_ok(fixture_recover(&s->people, m, false), "member.recover");
    book_tag(book, "full", &m->log, "recover");
    member_log(book, "full", m);
}

/* The people of "small" whose member logs go another way after their first entries. */
void scenes_fork(struct scenes *s, struct book *book)
{
    fixture_init(&s->fork, "small");
    (void)fixture_member(&s->fork, 0);
    struct fixture_member *m = fixture_member(&s->fork, 2);
    s->fork.now_ms += 500; /* the same keys, other entries */
    scene_ok(fixture_device_add(&s->fork, m), "device.add");
    scene_ok(fixture_device_revoke(&s->fork, m, 1), "device.revoke");
    scene_ok(fixture_device_add(&s->fork, m), "device.add");
    scene_ok(fixture_device_add(&s->fork, m), "device.add");
    book_fixture(book, "fork", &s->fork);
}
