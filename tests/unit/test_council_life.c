/*
 * test_council_life.c - schedule, meetings, posts, erasure, upgrade (protocol/README.md sections
 * 5.8, 5.10 to 5.12).
 */
#include "tests/unit/council_world.h"

#define FAST    "FREQ=WEEKLY;BYDAY=TU,FR"
#define SLOW    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"
#define TUESDAY "2024-01-02T18:30"
#define FRIDAY  "2024-01-05T18:30"
#define MONDAY  "2024-01-01T18:30"

static struct fixture_body schedule(const char *rule, const char *start)
{
    return fixture_body(
        "{\"minutes\":90,\"rrule\":\"%s\",\"start\":\"%s\",\"zone\":\"Europe/Berlin\"}", rule,
        start);
}

static void schedules_fit_the_pace(void **state)
{
    (void)state;
    static const struct {
        bool fast;
        const char *rule, *start, *verdict;
    } rows[] = {
        {true, FAST, TUESDAY, "ok"},
        {true, FAST, FRIDAY, "ok"},
        {true, FAST, MONDAY, "bad_cadence"},
        {true, SLOW, TUESDAY, "bad_cadence"},
        {false, SLOW, TUESDAY, "ok"},
        {false, SLOW, FRIDAY, "bad_cadence"},
        {false, FAST, TUESDAY, "bad_cadence"},
        {true, "FREQ=WEEKLY;BYDAY=FR,TU", TUESDAY, "bad_field"},
        {true, "FREQ=WEEKLY;BYDAY=TU", TUESDAY, "bad_field"},
        {true, "FREQ=DAILY", TUESDAY, "bad_field"},
        {true, FAST, "2024-02-30T18:30", "bad_field"},
        {true, FAST, "2023-02-28T18:30", "ok"}, /* a Tuesday */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        world_empty(&w, "pace");
        ACCEPT(fixture_found(&w.fixture, &w.council, w.member[0],
                             (struct fixture_policy){.fast = rows[i].fast, .size = 6}));
        enum council_error error =
            says(&w, 0, COUNCIL_KIND_SCHEDULE_SET, schedule(rows[i].rule, rows[i].start));
        assert_string_equal(council_error_name(error), rows[i].verdict);
        const struct council_schedule *set = &fold_of(&w)->schedule;
        assert_int_equal(set->seq, error ? 0 : fold_of(&w)->seq);
        assert_string_equal(set->rrule, error ? "" : rows[i].rule);
        assert_string_equal(set->start, error ? "" : rows[i].start);
        assert_string_equal(set->zone, error ? "" : "Europe/Berlin");
        assert_int_equal(set->minutes, error ? 0 : 90);
        world_fini(&w);
    }
}

static void a_schedule_comes_first(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "first", 2);
    const char *cancel = "{\"change\":\"cancel\",\"meeting\":\"" TUESDAY "\"}";
    EXPECT(NO_SCHEDULE, says(&w, 0, COUNCIL_KIND_MEETING_CHANGE, fixture_body("%s", cancel)));
    EXPECT(NO_SCHEDULE, says(&w, 1, COUNCIL_KIND_RSVP,
                             fixture_body("{\"answer\":\"yes\",\"meeting\":\"" TUESDAY "\"}")));
    EXPECT(NO_SCHEDULE,
           says(&w, 1, COUNCIL_KIND_ATTEND, fixture_body("{\"meeting\":\"" TUESDAY "\"}")));
    EXPECT(NOT_MODERATOR, says(&w, 1, COUNCIL_KIND_SCHEDULE_SET, schedule(FAST, TUESDAY)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_SCHEDULE_SET, schedule(FAST, TUESDAY)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_RSVP,
                fixture_body("{\"answer\":\"late\",\"meeting\":\"" TUESDAY "\"}")));
    ACCEPT(says(&w, 1, COUNCIL_KIND_ATTEND, fixture_body("{\"meeting\":\"" TUESDAY "\"}")));

    EXPECT(NOT_MODERATOR, says(&w, 1, COUNCIL_KIND_MEETING_CHANGE, fixture_body("%s", cancel)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_MEETING_CHANGE, fixture_body("%s", cancel)));
    ACCEPT(says(
        &w, 0, COUNCIL_KIND_MEETING_CHANGE,
        fixture_body("{\"change\":\"move\",\"meeting\":\"%s\",\"to\":\"%s\"}", TUESDAY, MONDAY)));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_MEETING_CHANGE,
                           fixture_body("{\"change\":\"move\",\"meeting\":\"" TUESDAY "\"}")));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_MEETING_CHANGE,
                           fixture_body("{\"change\":\"cancel\",\"meeting\":\"%s\",\"to\":\"%s\"}",
                                        TUESDAY, MONDAY)));
    world_fini(&w);
}

static struct fixture_body meeting(const struct world *w, uint32_t facilitator)
{
    return fixture_body("{\"facilitator\":\"%s\",\"meeting\":\"%s\",\"minutes\":[10,60,20]}",
                        fixture_key(fixture_name(w->member[facilitator])).text, TUESDAY);
}

static struct fixture_body advance(const char *start, unsigned phase)
{
    return fixture_body("{\"meeting\":\"%s\",\"phase\":%u}", start, phase);
}

static struct fixture_body close(const char *start)
{
    return fixture_body("{\"meeting\":\"%s\"}", start);
}

static void a_facilitator_leads_a_meeting(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "meeting", 4);
    const struct council *c = fold_of(&w);
    EXPECT(NO_MEETING, says(&w, 1, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 2)));
    EXPECT(NO_MEETING, says(&w, 1, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    EXPECT(NO_SUCH_MEMBER, says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 7)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 2)));
    assert_true(c->meeting.open);
    assert_string_equal(c->meeting.meeting, TUESDAY);
    assert_int_equal(c->meeting.phase, 1);
    assert_int_equal(c->meeting.phases, 3);
    EXPECT(MEETING_OPEN, says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 7)));

    EXPECT(NO_MEETING, says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(FRIDAY, 2)));
    EXPECT(NOT_FACILITATOR, says(&w, 1, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 3)));
    EXPECT(WRONG_PHASE, says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 3)));
    ACCEPT(says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 2)));
    EXPECT(WRONG_PHASE, says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 2)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 3))); /* a moderator */
    EXPECT(WRONG_PHASE, says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 4)));
    EXPECT(NOT_FACILITATOR, says(&w, 3, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    EXPECT(NO_MEETING, says(&w, 2, COUNCIL_KIND_MEETING_CLOSE, close(FRIDAY)));
    ACCEPT(says(&w, 2, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    assert_false(c->meeting.open);

    /* Without its facilitator a meeting stays open for moderators. */
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 2)));
    ACCEPT(fixture_remove(&w.fixture, &w.council, w.member[0], w.member[2]));
    EXPECT(NOT_MEMBER, says(&w, 2, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    EXPECT(NOT_FACILITATOR, says(&w, 1, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    world_fini(&w);
}

static struct fixture_body hand(const struct world *w, const char *start, uint32_t from,
                                uint32_t to)
{
    return fixture_body("{\"from\":\"%s\",\"meeting\":\"%s\",\"member\":\"%s\"}",
                        fixture_key(fixture_name(w->member[from])).text, start,
                        fixture_key(fixture_name(w->member[to])).text);
}

/* Whoever is there leads on: the facilitator hands over, another takes over, and of two at once one wins. */
static void a_meeting_outlives_its_facilitator(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "hand", 4);
    const struct council *c = fold_of(&w);
    EXPECT(NO_MEETING, says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 2, 1)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 2)));
    ACCEPT(says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 2)));
    EXPECT(NO_MEETING, says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, FRIDAY, 2, 1)));
    EXPECT(HANDED_OVER, says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 3, 1)));
    EXPECT(NO_SUCH_MEMBER, says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 3, 7)));
    EXPECT(NO_SUCH_MEMBER, says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 2, 7)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 2, 1)));
    EXPECT(HANDED_OVER, says(&w, 3, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 2, 3)));
    assert_memory_equal(c->meeting.facilitator, fixture_name(w.member[1]), COUNCIL_KEY_BYTES);
    assert_int_equal(c->meeting.phase, 2);
    EXPECT(NOT_FACILITATOR, says(&w, 2, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 3)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_ADVANCE, advance(TUESDAY, 3)));

    /* also from one who is no member any more */
    ACCEPT(fixture_remove(&w.fixture, &w.council, w.member[0], w.member[1]));
    EXPECT(NO_SUCH_MEMBER, says(&w, 3, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 1, 1)));
    ACCEPT(says(&w, 3, COUNCIL_KIND_MEETING_HAND, hand(&w, TUESDAY, 1, 3)));
    ACCEPT(says(&w, 3, COUNCIL_KIND_MEETING_CLOSE, close(TUESDAY)));
    world_fini(&w);
}

static void posts_are_of_the_current_epoch(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "posts", 2);
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[1], "{}", 2));
    EXPECT(STALE_EPOCH, fixture_post(&w.fixture, &w.council, w.member[1], "{}", 1));
    EXPECT(STALE_EPOCH, fixture_post(&w.fixture, &w.council, w.member[1], "{}", 3));
    ACCEPT(fixture_rotate(&w.fixture, &w.council, w.member[1]));
    EXPECT(STALE_EPOCH, fixture_post(&w.fixture, &w.council, w.member[1], "{}", 2));
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[1], "{}", 3));
    world_fini(&w);
}

static void posts_are_erased_by_whom_they_belong_to(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "erase", 3);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_post(f, c, w.member[1], "{}", 0));
    uint64_t first = fold_of(&w)->seq;
    ACCEPT(fixture_post(f, c, w.member[1], "{}", 0));
    ACCEPT(fixture_post(f, c, w.member[2], "{}", 0));
    EXPECT(NOT_A_POST, fixture_erase(f, c, w.member[1], 2));         /* control */
    EXPECT(NOT_A_POST, fixture_erase(f, c, w.member[1], first + 3)); /* this very entry */
    EXPECT(NOT_A_POST, fixture_erase(f, c, w.member[1], first + 99));
    EXPECT(NOT_YOURS, fixture_erase(f, c, w.member[2], first));
    ACCEPT(fixture_erase(f, c, w.member[1], first));
    assert_null(c->log.entries[first - 1].data);
    EXPECT(ALREADY_ERASED, fixture_erase(f, c, w.member[1], first));
    EXPECT(NOT_YOURS, fixture_erase(f, c, w.member[2], first)); /* before already_erased */
    EXPECT(ALREADY_ERASED, fixture_erase(f, c, w.member[0], first));
    ACCEPT(fixture_erase(f, c, w.member[0], first + 1)); /* a moderator */
    /* The first wrong seq of a list decides. */
    unsigned other = (unsigned)first + 2;
    EXPECT(NOT_YOURS,
           says(&w, 2, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u,%u]}", other - 1, other)));
    EXPECT(ALREADY_ERASED,
           says(&w, 0, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u,%u]}", other - 1, other)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_ERASE, fixture_body("{\"posts\":[%u]}", other)));
    world_fini(&w);
}

/* An erase without facts, or by a former author, is refused. */
static void an_erase_needs_facts(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    world_init(&w, "facts", 2);
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[1], "{}", 0));
    uint64_t seq = fold_of(&w)->seq;
    ACCEPT(fixture_erase(&w.fixture, &w.council, w.member[1], seq));
    const struct fixture_entry *erase = &w.council.log.entries[seq];
    ACCEPT(council_entry_parse(&entry, erase->text, erase->len));
    EXPECT(NOT_A_POST, council_check(fold_of(&w), &entry, NULL));
    council_entry_fini(&entry);

    /* A fact about what is not there yet is not believed. */
    struct fixture_entry ahead;
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    struct council_fact fact = {.post = true};
    memcpy(fact.author, fixture_name(w.member[1]), COUNCIL_KEY_BYTES);
    struct council_draft draft =
        fixture_draft(&w.fixture, &w.council.log, w.member[1], COUNCIL_KIND_ERASE, id, device);
    ACCEPT(fixture_sign(&ahead, &draft, fixture_body("{\"posts\":[%u]}", (unsigned)seq + 2),
                        w.member[1]->devices[0].sign));
    ACCEPT(council_entry_parse(&entry, ahead.text, ahead.len));
    EXPECT(NOT_A_POST, council_check(fold_of(&w), &entry, &fact));
    council_entry_fini(&entry);
    fixture_entry_fini(&ahead);

    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[1], "{}", 0));
    seq = fold_of(&w)->seq;
    ACCEPT(fixture_remove(&w.fixture, &w.council, w.member[0], w.member[1]));
    EXPECT(NOT_MEMBER, fixture_erase(&w.fixture, &w.council, w.member[1], seq));
    world_fini(&w);
}

static void upgrades_go_up(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "upgrade", 1);
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":1}")));
    ACCEPT(says(&w, 0, COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":3}")));
    assert_int_equal(fold_of(&w)->version, 3);
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":3}")));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":2}")));
    world_fini(&w);
}

/* The whole fold of a log with everything in it comes out the same from its own bytes. */
static void a_log_folds_the_same_again(void **state)
{
    (void)state;
    struct world w;
    struct fixture_log again;
    world_init(&w, "again", 4);
    ACCEPT(says(&w, 0, COUNCIL_KIND_SCHEDULE_SET, schedule(FAST, TUESDAY)));
    ACCEPT(says(&w, 1, COUNCIL_KIND_MEETING_OPEN, meeting(&w, 2)));
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[1], "{}", 0));
    ACCEPT(fixture_leave(&w.fixture, &w.council, w.member[3]));
    ACCEPT(fixture_rotate(&w.fixture, &w.council, w.member[2]));
    fixture_log_init(&again);
    for (uint32_t i = 0; i < w.council.log.count; i++) {
        const struct fixture_entry *entry = &w.council.log.entries[i];
        struct fixture_entry copy = {.text = strndup(entry->text, entry->len), .len = entry->len};
        memcpy(copy.sig, entry->sig, sizeof copy.sig); /* without data, as if left out */
        ACCEPT(fixture_append(&again, &copy));
    }
    const struct council *a = &again.log.council;
    const struct council *b = fold_of(&w);
    assert_memory_equal(again.log.tail.head, w.council.log.log.tail.head, COUNCIL_HASH_BYTES);
    assert_memory_equal(a->control_head, b->control_head, COUNCIL_HASH_BYTES);
    assert_int_equal(a->control, b->control);
    assert_int_equal(a->epoch, b->epoch);
    assert_int_equal(a->person_count, b->person_count);
    assert_memory_equal(&a->schedule, &b->schedule, sizeof a->schedule);
    assert_int_equal(a->meeting.phases, 3);
    fixture_log_fini(&again);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(schedules_fit_the_pace),
        cmocka_unit_test(a_schedule_comes_first),
        cmocka_unit_test(a_facilitator_leads_a_meeting),
        cmocka_unit_test(a_meeting_outlives_its_facilitator),
        cmocka_unit_test(posts_are_of_the_current_epoch),
        cmocka_unit_test(posts_are_erased_by_whom_they_belong_to),
        cmocka_unit_test(an_erase_needs_facts),
        cmocka_unit_test(upgrades_go_up),
        cmocka_unit_test(a_log_folds_the_same_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
