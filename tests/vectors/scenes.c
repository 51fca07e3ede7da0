/*
 * scenes.c - the logs that all vectors of logs start from.
 *
 * Owns who does what in which order. Invariant: every entry is valid, else the generator stops.
 */
#include "tests/vectors/scenes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEETING "2026-02-03T18:00"

static const struct fixture_policy fast_council = {.fast = true, .history_all = false, .size = 8};
static const struct fixture_policy slow_council = {.fast = false, .history_all = true, .size = 6};
static const struct fixture_policy journal = {.journal = true, .history_all = true, .size = 1};

void scene_ok(enum council_error error, const char *what)
{
    if (error) {
        vec_die("%s: %s", what, council_error_name(error));
    }
}

void scene_tag(struct book *book, struct scene *scene, const char *tag)
{
    if (tag) {
        book_tag(book, scene->name, &scene->council.log, tag);
    }
}

void scene_says(struct book *book, struct scene *scene, uint32_t member, enum council_kind kind,
                const char *tag, struct fixture_body body)
{
    scene_ok(fixture_try(&scene->fixture, &scene->council.log,
                         fixture_member(&scene->fixture, member), kind, body),
             council_kind_info(kind)->name);
    scene_tag(book, scene, tag);
}

void scene_post(struct book *book, struct scene *scene, uint32_t member, const char *text,
                const char *tag)
{
    struct fixture_body plain = fixture_body("{\"text\":\"%s\",\"type\":\"note\"}", text);
    scene_ok(fixture_post(&scene->fixture, &scene->council, fixture_member(&scene->fixture, member),
                          plain.text, 0),
             "post");
    scene_tag(book, scene, tag);
    free(plain.text);
}

void scene_begin(struct scene *scene, const char *name)
{
    scene->name = name;
    fixture_init(&scene->fixture, name);
    fixture_council_init(&scene->council);
}

static void end(struct book *book, struct scene *scene)
{
    book_log(book, scene->name, &scene->council.log);
    book_fixture(book, scene->name, &scene->fixture);
    for (uint32_t i = 0; i < scene->council.invite_count; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "inv%u", (unsigned)i);
        book_secret(book, scene->council.invites[i].secret);
        book_name_bytes(book, scene->name, name, scene->council.invites[i].secret + 32,
                        COUNCIL_KEY_BYTES);
    }
}

static struct fixture_member *person(struct scene *scene, uint32_t i)
{
    return fixture_member(&scene->fixture, i);
}

static const char *name_of(struct scene *scene, uint32_t i)
{
    static char text[4][COUNCIL_KEY_CHARS + 1]; /* a few at a time */
    static uint32_t next;
    char *out = text[next++ % 4];
    council_b64_encode(out, fixture_name(person(scene, i)), COUNCIL_KEY_BYTES);
    return out;
}

static void admit(struct book *book, struct scene *scene, uint32_t by, uint32_t i, const char *tag)
{
    fixture_admit(&scene->fixture, &scene->council, person(scene, by), person(scene, i));
    scene_tag(book, scene, tag);
}

static void found(struct book *book, struct scene *scene, struct fixture_policy policy)
{
    scene_ok(fixture_create(&scene->fixture, &scene->council, person(scene, 0), policy), "create");
    scene_tag(book, scene, "create");
    scene_ok(fixture_rotate(&scene->fixture, &scene->council, person(scene, 0)), "rotate");
    scene_tag(book, scene, "rotate");
}

/* Eight people: every kind of entry at least once. */
static void week_meets(struct book *book, struct scene *s)
{
    scene_says(
        book, s, 0, COUNCIL_KIND_SCHEDULE_SET, "schedule",
        fixture_body("{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=TU,TH\",\"start\":\"" MEETING
                     "\",\"zone\":\"Europe/Berlin\"}"));
    scene_says(book, s, 1, COUNCIL_KIND_RSVP, "rsvp",
               fixture_body("{\"answer\":\"yes\",\"meeting\":\"" MEETING "\"}"));
    scene_says(
        book, s, 0, COUNCIL_KIND_MEETING_CHANGE, "change",
        fixture_body(
            "{\"change\":\"move\",\"meeting\":\"2026-02-05T18:00\",\"to\":\"2026-02-06T17:30\"}"));
    scene_says(book, s, 0, COUNCIL_KIND_MEETING_CHANGE, "cancel",
               fixture_body("{\"change\":\"cancel\",\"meeting\":\"2026-02-10T18:00\"}"));
    scene_says(book, s, 3, COUNCIL_KIND_MEETING_OPEN, "open",
               fixture_body("{\"facilitator\":\"%s\",\"meeting\":\"" MEETING
                            "\",\"minutes\":[10,40,10]}",
                            name_of(s, 2)));
    scene_says(book, s, 1, COUNCIL_KIND_ATTEND, "attend",
               fixture_body("{\"meeting\":\"" MEETING "\"}"));
    scene_says(book, s, 2, COUNCIL_KIND_MEETING_ADVANCE, "advance",
               fixture_body("{\"meeting\":\"" MEETING "\",\"phase\":2}"));
    scene_says(book, s, 0, COUNCIL_KIND_MEETING_ADVANCE, "advance3",
               fixture_body("{\"meeting\":\"" MEETING "\",\"phase\":3}"));
    scene_says(book, s, 2, COUNCIL_KIND_MEETING_CLOSE, "close",
               fixture_body("{\"meeting\":\"" MEETING "\"}"));
}

static void week_writes(struct book *book, struct scene *s)
{
    scene_post(book, s, 1, "two interviews this week", "post1");
    scene_post(book, s, 2, "a letter went out", "post2");
    scene_ok(
        fixture_erase(&s->fixture, &s->council, person(s, 1), book_place(book, s->name, "post1")),
        "erase");
    scene_tag(book, s, "erase");
    scene_post(book, s, 3, "a note that stays", "post3");
    scene_says(book, s, 3, COUNCIL_KIND_VOTE, "vote",
               fixture_body("{\"member\":\"%s\"}", name_of(s, 1)));
    scene_ok(fixture_role(&s->fixture, &s->council, person(s, 0), person(s, 1), "moderator"),
             "role");
    scene_tag(book, s, "role");
    scene_ok(fixture_role(&s->fixture, &s->council, person(s, 0), person(s, 1), "member"), "role");
    scene_tag(book, s, "demote");
    scene_post(book, s, 1, "no longer a moderator", "post4");
    scene_ok(fixture_invite(&s->fixture, &s->council, person(s, 0), 1),
             "invite.open"); /* for a ninth */
    scene_tag(book, s, "invite-ninth");
    scene_says(book, s, 0, COUNCIL_KIND_INVITE_CLOSE, "invite-ninth-close",
               fixture_body(
                   "{\"invite\":\"%s\"}",
                   fixture_key(s->council.invites[s->council.invite_count - 1].secret + 32).text));
}

static void week_changes(struct book *book, struct scene *s)
{
    scene_ok(fixture_device_add(&s->fixture, person(s, 3)), "device.add");
    scene_ok(fixture_device_add(&s->fixture, person(s, 3)), "device.add");
    scene_ok(fixture_devices(&s->fixture, &s->council, person(s, 3), person(s, 3)),
             "member.devices");
    scene_tag(book, s, "devices");
    scene_ok(fixture_device_add(&s->fixture, person(s, 4)), "device.add");
    scene_ok(fixture_device_revoke(&s->fixture, person(s, 4), 1), "device.revoke");
    scene_ok(fixture_devices(&s->fixture, &s->council, person(s, 0), person(s, 4)),
             "member.devices");
    scene_tag(book, s, "devices-other");
    scene_ok(fixture_device_revoke(&s->fixture, person(s, 3), 2), "device.revoke");
    book_secret(book, person(s, 5)->recovery.sign); /* it is replaced now */
    book_name_bytes(book, s->name, "m5.r0", person(s, 5)->recovery.sign + 32, COUNCIL_KEY_BYTES);
    scene_ok(fixture_recover(&s->fixture, person(s, 5), true), "member.recover");
    scene_ok(fixture_devices(&s->fixture, &s->council, person(s, 5), person(s, 5)),
             "member.devices");
    scene_tag(book, s, "devices-recovered");
    scene_ok(fixture_remove(&s->fixture, &s->council, person(s, 0), person(s, 7)), "member.remove");
    scene_tag(book, s, "remove");
    scene_ok(fixture_history(&s->fixture, &s->council, person(s, 0), person(s, 6), 1,
                             fixture_fold(&s->council)->epoch),
             "key.history");
    scene_tag(book, s, "history");
    scene_ok(fixture_history(&s->fixture, &s->council, person(s, 1), person(s, 2), 3, 5),
             "key.history");
    scene_tag(book, s, "history-member");
    scene_ok(fixture_invite(&s->fixture, &s->council, person(s, 0), 2), "invite.open");
    scene_tag(book, s, "invite-open");
    scene_says(book, s, 0, COUNCIL_KIND_INVITE_CLOSE, "invite-close",
               fixture_body(
                   "{\"invite\":\"%s\"}",
                   fixture_key(s->council.invites[s->council.invite_count - 1].secret + 32).text));
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 6)), "member.leave");
    scene_tag(book, s, "leave");
    scene_ok(fixture_rotate(&s->fixture, &s->council, person(s, 2)), "key.rotate");
    scene_tag(book, s, "rotate2");
    scene_ok(
        fixture_erase(&s->fixture, &s->council, person(s, 0), book_place(book, s->name, "post2")),
        "erase");
    scene_tag(book, s, "erase-other");
    scene_says(book, s, 0, COUNCIL_KIND_COUNCIL_UPGRADE, "upgrade",
               fixture_body("{\"version\":3}"));
    scene_post(book, s, 2, "after the upgrade", "post5");
}

/* Whoever led is gone: another takes over, and a third hands it on. */
static void week_goes_on(struct book *book, struct scene *s)
{
    scene_says(book, s, 3, COUNCIL_KIND_MEETING_OPEN, "open2",
               fixture_body("{\"facilitator\":\"%s\",\"meeting\":\"" MEETING
                            "\",\"minutes\":[20,40]}",
                            name_of(s, 2)));
    scene_says(book, s, 4, COUNCIL_KIND_MEETING_HAND, "hand",
               fixture_body("{\"from\":\"%s\",\"meeting\":\"" MEETING "\",\"member\":\"%s\"}",
                            name_of(s, 2), name_of(s, 4)));
    scene_says(book, s, 1, COUNCIL_KIND_MEETING_HAND, "hand2",
               fixture_body("{\"from\":\"%s\",\"meeting\":\"" MEETING "\",\"member\":\"%s\"}",
                            name_of(s, 4), name_of(s, 5)));
    scene_says(book, s, 5, COUNCIL_KIND_MEETING_CLOSE, "close2",
               fixture_body("{\"meeting\":\"" MEETING "\"}"));
    scene_post(book, s, 4, "who led is thanked", "post6");
}

static void build_week(struct book *book, struct scene *s)
{
    static const char *const joins[] = {"",      "join1", "join2", "join3",
                                        "join4", "join5", "join6", "join7"};
    scene_begin(s, "week");
    found(book, s, fast_council);
    for (uint32_t i = 1; i < 8; i++) {
        if (i == 2) { /* two devices from the start */
            scene_ok(fixture_device_add(&s->fixture, person(s, 2)), "device.add");
        }
        scene_ok(fixture_invite(&s->fixture, &s->council, person(s, 0), 1), "invite.open");
        scene_tag(book, s, i == 1 ? "invite" : NULL);
        scene_ok(fixture_join(&s->fixture, &s->council, person(s, i), s->council.invite_count - 1),
                 "member.join");
        scene_tag(book, s, joins[i]);
    }
    (void)person(s, 8); /* somebody who never joins */
    week_meets(book, s);
    week_writes(book, s);
    week_changes(book, s);
    week_goes_on(book, s);
    end(book, s);
}

/* Three people of a slow council: votes, moderators, comings and goings. */
static void small_comes_and_goes(struct book *book, struct scene *s)
{
    uint32_t open = s->council.invite_count;
    scene_ok(fixture_invite(&s->fixture, &s->council, person(s, 1), 3), "invite.open");
    scene_tag(book, s, "invite3");
    scene_ok(fixture_join(&s->fixture, &s->council, person(s, 3), open), "member.join");
    scene_tag(book, s, "join3");
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 3)), "member.leave");
    scene_tag(book, s, "leave3");
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 2)), "member.leave");
    scene_tag(book, s, "leave2");
    scene_ok(fixture_rotate(&s->fixture, &s->council, person(s, 0)), "key.rotate");
    scene_tag(book, s, "rotate2");
    scene_post(book, s, 0, "two of us", "post2");
    scene_ok(fixture_device_add(&s->fixture, person(s, 2)), "device.add");
    scene_ok(fixture_device_revoke(&s->fixture, person(s, 2), 1), "device.revoke");
    scene_ok(fixture_device_add(&s->fixture, person(s, 2)), "device.add");
    admit(book, s, 1, 2, "return2"); /* with the three entries that the pin lacks */
    scene_post(book, s, 2, "back again", "post3");
    admit(book, s, 1, 3, "return3"); /* with an empty chain: nothing changed while away */
    scene_ok(fixture_history(&s->fixture, &s->council, person(s, 1), person(s, 3), 1, 3),
             "key.history");
    scene_tag(book, s, "history");
    scene_ok(fixture_role(&s->fixture, &s->council, person(s, 1), person(s, 2), "moderator"),
             "role");
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 1)), "member.leave");
    scene_tag(book, s, "leave1");
    scene_ok(fixture_remove(&s->fixture, &s->council, person(s, 2), person(s, 3)), "member.remove");
    scene_tag(book, s, "remove3");
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 0)), "member.leave");
    scene_ok(fixture_leave(&s->fixture, &s->council, person(s, 2)), "member.leave");
    scene_tag(book, s, "last-leave");
}

static void build_small(struct book *book, struct scene *s)
{
    scene_begin(s, "small");
    found(book, s, slow_council);
    admit(book, s, 0, 1, "join1");
    admit(book, s, 0, 2, "join2");
    scene_post(book, s, 1, "hello", "post1");
    scene_says(book, s, 1, COUNCIL_KIND_VOTE, "vote1",
               fixture_body("{\"member\":\"%s\"}", name_of(s, 1)));
    scene_says(book, s, 0, COUNCIL_KIND_VOTE, "vote2",
               fixture_body("{\"member\":\"%s\"}", name_of(s, 2)));
    scene_says(book, s, 2, COUNCIL_KIND_VOTE, "vote3",
               fixture_body("{\"member\":\"%s\"}", name_of(s, 1)));
    scene_ok(fixture_role(&s->fixture, &s->council, person(s, 1), person(s, 0), "member"), "role");
    scene_tag(book, s, "demote0");
    scene_says(book, s, 1, COUNCIL_KIND_ERASE, "erase",
               fixture_body("{\"posts\":[%u]}", 0U + book_place(book, "small", "post1")));
    (void)person(s, 4); /* somebody who never joins */
    small_comes_and_goes(book, s);
    end(book, s);
}

/* A council of one. */
static void build_journal(struct book *book, struct scene *s)
{
    scene_begin(s, "journal");
    found(book, s, journal);
    scene_post(book, s, 0, "to nobody", "post1");
    scene_ok(fixture_device_add(&s->fixture, person(s, 0)), "device.add");
    scene_ok(fixture_devices(&s->fixture, &s->council, person(s, 0), person(s, 0)),
             "member.devices");
    scene_tag(book, s, "devices");
    scene_ok(fixture_history(&s->fixture, &s->council, person(s, 0), person(s, 0), 1, 2),
             "key.history");
    scene_tag(book, s, "history");
    scene_ok(
        fixture_erase(&s->fixture, &s->council, person(s, 0), book_place(book, "journal", "post1")),
        "erase");
    scene_tag(book, s, "erase");
    scene_says(book, s, 0, COUNCIL_KIND_COUNCIL_UPGRADE, "upgrade",
               fixture_body("{\"version\":2}"));
    end(book, s);
}

/* A log so long that `seen` can lag too far; and a second council of the same people, for what must not move between logs. */
static void build_far(struct book *book, struct scene *s)
{
    scene_begin(s, "far");
    found(book, s, fast_council);
    admit(book, s, 0, 1, "join1");
    scene_says(book, s, 0, COUNCIL_KIND_SCHEDULE_SET, "schedule",
               fixture_body("{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,SU\",\"start\":"
                            "\"2026-02-01T09:00\",\"zone\":\"UTC\"}"));
    for (uint32_t i = 0; i < 262; i++) {
        scene_says(book, s, 0, COUNCIL_KIND_ATTEND,
                   i == 256   ? "lag256"
                   : i == 257 ? "lag257"
                              : NULL,
                   fixture_body("{\"meeting\":\"2026-02-01T09:00\"}"));
    }
    scene_tag(book, s, "last");
    end(book, s);
}

static void build_other(struct book *book, struct scene *s)
{
    scene_begin(s, "other");
    fixture_fini(&s->fixture);
    fixture_init(&s->fixture, "week"); /* the same people as in "week", at their beginnings */
    found(book, s, slow_council);
    scene_ok(fixture_invite(&s->fixture, &s->council, person(s, 0), 1), "invite.open");
    scene_ok(fixture_join(&s->fixture, &s->council, person(s, 1), 0), "member.join");
    scene_tag(book, s, "join1");
    scene_post(book, s, 1, "elsewhere", "post1");
    end(book, s);
}

/* A founder who lost the device before it had posted the first keys: the one that came back brings them. */
static void build_returned(struct book *book, struct scene *s)
{
    scene_begin(s, "returned");
    scene_ok(fixture_create(&s->fixture, &s->council, person(s, 0), slow_council), "create");
    scene_tag(book, s, "create");
    scene_ok(fixture_recover(&s->fixture, person(s, 0), false), "member.recover");
    scene_ok(fixture_devices(&s->fixture, &s->council, person(s, 0), person(s, 0)),
             "member.devices");
    scene_tag(book, s, "devices");
    scene_post(book, s, 0, "nothing is lost", "post");
    end(book, s);
}

void scenes_build(struct scenes *scenes, struct book *book)
{
    memset(scenes, 0, sizeof *scenes);
    scenes_people(scenes, book);
    build_week(book, &scenes->week);
    build_small(book, &scenes->small);
    build_journal(book, &scenes->journal);
    build_other(book, &scenes->other);
    build_far(book, &scenes->far);
    build_returned(book, &scenes->returned);
    scenes_fork(scenes, book);
}

void scenes_fini(struct scenes *scenes)
{
    struct scene *all[] = {&scenes->week,  &scenes->small, &scenes->journal,
                           &scenes->other, &scenes->far,   &scenes->returned};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        fixture_council_fini(&all[i]->council);
        fixture_fini(&all[i]->fixture);
    }
    fixture_fini(&scenes->people);
    fixture_fini(&scenes->fork);
}
