/*
 * test_council.c - founding, who may write what and when, leaving, removing, roles and votes
 * (protocol/README.md sections 5.1, 5.3, 5.5, 5.6, 5.9).
 */
#include "tests/unit/council_world.h"

static const struct fixture_policy fast8 = {.fast = true, .size = 8};

static void founding_makes_one_moderator(void **state)
{
    (void)state;
    struct world w;
    world_empty(&w, "found");
    ACCEPT(fixture_create(&w.fixture, &w.council, w.member[0],
                          (struct fixture_policy){.history_all = true, .size = 6}));
    const struct council *c = fold_of(&w);
    assert_memory_equal(c->log, w.council.log.entries[0].head, COUNCIL_KEY_BYTES);
    assert_memory_equal(c->control_head, w.council.log.entries[0].head, COUNCIL_HASH_BYTES);
    assert_true(!c->journal && !c->fast && c->history_all && !c->rotation_due);
    assert_int_equal(c->size, 6);
    assert_int_equal(c->epoch, 0);
    assert_int_equal(c->seq, 1);
    assert_int_equal(c->version, 1);
    assert_true(person_of(&w, 0)->member && person_of(&w, 0)->moderator);
    assert_int_equal(person_of(&w, 0)->joined_seq, 1);
    assert_int_equal(council_member_count(c), 1);
    assert_null(person_of(&w, 1));

    EXPECT(ROTATION_DUE, fixture_post(&w.fixture, &w.council, w.member[0], "{}", 1));
    EXPECT(ROTATION_DUE, fixture_invite(&w.fixture, &w.council, w.member[0], 1));
    EXPECT(ROTATION_DUE, fixture_leave(&w.fixture, &w.council, w.member[0]));
    EXPECT(ROTATION_DUE, fixture_join(&w.fixture, &w.council, w.member[1], 0));
    EXPECT(NOT_MEMBER, fixture_rotate(&w.fixture, &w.council, w.member[1]));
    ACCEPT(fixture_rotate(&w.fixture, &w.council, w.member[0]));
    assert_int_equal(c->epoch, 1);
    assert_int_equal(c->epoch_seq, 2);
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[0], "{}", 0));
    assert_int_equal(c->seq, 3);
    assert_int_equal(c->control, 2);
    world_fini(&w);
}

static void a_founder_who_came_back_brings_the_first_keys(void **state)
{
    (void)state;
    struct world w;
    world_empty(&w, "returned");
    ACCEPT(fixture_create(&w.fixture, &w.council, w.member[0],
                          (struct fixture_policy){.history_all = true, .size = 6}));
    ACCEPT(fixture_recover(&w.fixture, w.member[0], false));
    EXPECT(UNKNOWN_DEVICE, fixture_rotate(&w.fixture, &w.council, w.member[0]));
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[0], w.member[0]));
    assert_int_equal(fold_of(&w)->epoch, 1);
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[0], "{}", 0));
    world_fini(&w);
}

static void policies_are_limited(void **state)
{
    (void)state;
    static const struct {
        struct fixture_policy policy;
        bool good;
    } rows[] = {
        {{.size = 5}, false},
        {{.size = 6}, true},
        {{.size = 7, .fast = true}, true},
        {{.size = 8, .history_all = true}, true},
        {{.size = 1}, false},
        {{.journal = true, .history_all = true, .size = 1}, true},
        {{.journal = true, .history_all = true, .size = 6}, false},
        {{.journal = true, .history_all = true, .size = 1, .fast = true}, false},
        {{.journal = true, .size = 1}, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct world w;
        world_empty(&w, "policy");
        enum council_error error =
            fixture_create(&w.fixture, &w.council, w.member[0], rows[i].policy);
        assert_string_equal(council_error_name(error), rows[i].good ? "ok" : "bad_field");
        world_fini(&w);
    }
}

static void a_genesis_carries_its_author_s_chain(void **state)
{
    (void)state;
    struct world w;
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    struct fixture_entry entry;
    struct fixture_body body = {NULL, 0};
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_empty(&w, "genesis");
    uint32_t count = fixture_chain(w.member[1], 0, chain);
    ACCEPT(council_body_create(false, true, false, 8, chain, count, &body.text, &body.len));
    EXPECT(CHAIN_FOREIGN, says(&w, 0, COUNCIL_KIND_COUNCIL_CREATE, body));

    /* A device that the carried chain does not know. */
    ACCEPT(fixture_device_add(&w.fixture, w.member[0]));
    count = fixture_chain(w.member[0], 0, chain);
    ACCEPT(council_body_create(false, true, false, 8, chain, count - 1, &body.text, &body.len));
    w.member[0]->use = 1;
    EXPECT(UNKNOWN_DEVICE, says(&w, 0, COUNCIL_KIND_COUNCIL_CREATE, body));
    /* The recovery key authors nothing here. */
    struct council_draft draft = fixture_draft(&w.fixture, &w.council.log, w.member[0],
                                               COUNCIL_KIND_COUNCIL_CREATE, id, device);
    draft.device = fixture_state(w.member[0])->recovery.sign;
    ACCEPT(council_body_create(false, true, false, 8, chain, count, &body.text, &body.len));
    ACCEPT(fixture_sign(&entry, &draft, body, w.member[0]->recovery.sign));
    EXPECT(UNKNOWN_DEVICE, fixture_append(&w.council.log, &entry));
    ACCEPT(fixture_create(&w.fixture, &w.council, w.member[0], fast8));
    assert_int_equal(person_of(&w, 0)->pin.seq, 2);
    world_fini(&w);
}

/* What the check says even where no tail was asked before. */
static void any_input_gets_an_answer(void **state)
{
    (void)state;
    struct world w;
    struct council empty;
    struct council_entry entry;
    world_init(&w, "answer", 1);
    council_init(&empty);
    const struct fixture_entry *rotate = &w.council.log.entries[1];
    ACCEPT(council_entry_parse(&entry, rotate->text, rotate->len));
    EXPECT(GENESIS_EXPECTED, council_check(&empty, &entry, NULL));
    council_entry_fini(&entry);
    const struct fixture_entry *create = &w.council.log.entries[0];
    ACCEPT(council_entry_parse(&entry, create->text, create->len));
    EXPECT(GENESIS_AGAIN, council_check(fold_of(&w), &entry, NULL));
    council_entry_fini(&entry);
    const struct fixture_entry *member = &w.member[0]->log.entries[0];
    ACCEPT(council_entry_parse(&entry, member->text, member->len));
    EXPECT(WRONG_LOG_TYPE, council_check(&empty, &entry, NULL));
    council_entry_fini(&entry);
    council_fini(&empty);
    world_fini(&w);
}

static void kinds_belong_to_types_of_logs(void **state)
{
    (void)state;
    struct world w;
    struct fixture_body body = {NULL, 0};
    world_init(&w, "types", 1);
    struct council_device device = fixture_device(w.member[0], 0);
    ACCEPT(council_body_device_revoke(device.sign, &body.text, &body.len));
    EXPECT(WRONG_LOG_TYPE, says(&w, 0, COUNCIL_KIND_DEVICE_REVOKE, body));
    world_fini(&w);

    world_empty(&w, "journal");
    ACCEPT(fixture_found(&w.fixture, &w.council, w.member[0],
                         (struct fixture_policy){.journal = true, .history_all = true, .size = 1}));
    assert_true(fold_of(&w)->journal);
    EXPECT(WRONG_LOG_TYPE, fixture_invite(&w.fixture, &w.council, w.member[0], 1));
    EXPECT(WRONG_LOG_TYPE, fixture_join(&w.fixture, &w.council, w.member[1], 0));
    EXPECT(WRONG_LOG_TYPE, fixture_leave(&w.fixture, &w.council, w.member[0]));
    EXPECT(WRONG_LOG_TYPE, fixture_vote(&w.fixture, &w.council, w.member[0], w.member[0]));
    EXPECT(WRONG_LOG_TYPE,
           fixture_vote(&w.fixture, &w.council, w.member[1], w.member[0])); /* before not_member */
    ACCEPT(fixture_post(&w.fixture, &w.council, w.member[0], "{}", 0));
    ACCEPT(fixture_erase(&w.fixture, &w.council, w.member[0], 3));
    ACCEPT(fixture_device_add(&w.fixture, w.member[0]));
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[0], w.member[0]));
    ACCEPT(fixture_history(&w.fixture, &w.council, w.member[0], w.member[0], 1, 2));
    world_fini(&w);
}

static void moderators_alone_do_some_things(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "moderators", 3);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    EXPECT(NOT_MODERATOR, fixture_invite(f, c, w.member[1], 1));
    EXPECT(NOT_MODERATOR, fixture_remove(f, c, w.member[1], w.member[2]));
    EXPECT(NOT_MODERATOR, fixture_role(f, c, w.member[1], w.member[1], "moderator"));
    EXPECT(NOT_MODERATOR,
           says(&w, 1, COUNCIL_KIND_COUNCIL_UPGRADE, fixture_body("{\"version\":2}")));
    EXPECT(NOT_MEMBER, fixture_invite(f, c, w.member[5], 1)); /* before not_moderator */
    /* not_moderator comes before unknown_device. */
    ACCEPT(fixture_device_add(f, w.member[1]));
    w.member[1]->use = 1;
    EXPECT(NOT_MODERATOR, fixture_invite(f, c, w.member[1], 1));
    EXPECT(UNKNOWN_DEVICE, fixture_rotate(f, c, w.member[1]));
    w.member[1]->use = 0;
    ACCEPT(fixture_role(f, c, w.member[0], w.member[1], "moderator"));
    assert_int_equal(council_moderator_count(fold_of(&w)), 2);
    ACCEPT(fixture_invite(f, c, w.member[1], 1));
    ACCEPT(fixture_role(f, c, w.member[1], w.member[0], "member"));
    EXPECT(NOT_MODERATOR, fixture_invite(f, c, w.member[0], 1)); /* demoted */
    world_fini(&w);
}

static void leaving_makes_rotation_due(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "leave", 4);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_invite(f, c, w.member[0], 8));
    uint32_t invite = c->invite_count - 1;
    uint64_t epoch = fold_of(&w)->epoch;
    EXPECT(NOT_MEMBER, fixture_leave(f, c, w.member[4]));
    ACCEPT(fixture_leave(f, c, w.member[3]));
    assert_true(fold_of(&w)->rotation_due);
    assert_int_equal(fold_of(&w)->epoch, epoch);
    assert_false(person_of(&w, 3)->member);
    assert_int_equal(person_of(&w, 3)->left_seq, fold_of(&w)->seq);
    assert_int_equal(person_of(&w, 3)->stays[0].to, epoch);
    assert_true(fold_of(&w)->invites[invite].closed);

    EXPECT(NOT_MEMBER, fixture_post(f, c, w.member[3], "{}", 0));
    EXPECT(ROTATION_DUE, fixture_post(f, c, w.member[0], "{}", 0));
    EXPECT(ROTATION_DUE, fixture_vote(f, c, w.member[0], w.member[1]));
    EXPECT(ROTATION_DUE, fixture_invite(f, c, w.member[1], 1)); /* before not_moderator */
    EXPECT(INVITE_CLOSED, fixture_join(f, c, w.member[4], invite));
    ACCEPT(fixture_leave(f, c, w.member[2])); /* further leaves */
    EXPECT(LAST_MODERATOR, fixture_leave(f, c, w.member[0]));
    ACCEPT(fixture_rotate(f, c, w.member[1]));
    assert_false(fold_of(&w)->rotation_due);
    assert_int_equal(fold_of(&w)->epoch, epoch + 1);
    ACCEPT(fixture_post(f, c, w.member[0], "{}", 0));

    ACCEPT(fixture_leave(f, c, w.member[1]));
    ACCEPT(fixture_leave(f, c, w.member[0])); /* alone, the last moderator may go */
    assert_false(fold_of(&w)->rotation_due);
    assert_int_equal(council_member_count(fold_of(&w)), 0);
    EXPECT(NOT_MEMBER, fixture_vote(f, c, w.member[0], w.member[0]));
    world_fini(&w);
}

/* Each of the other entries that carry a block ends what a leave began. */
static void any_block_ends_what_a_leave_began(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "due", 4);
    ACCEPT(fixture_leave(&w.fixture, &w.council, w.member[3]));
    ACCEPT(fixture_remove(&w.fixture, &w.council, w.member[0], w.member[2]));
    assert_false(fold_of(&w)->rotation_due);
    fixture_admit(&w.fixture, &w.council, w.member[0], w.member[4]);
    ACCEPT(fixture_leave(&w.fixture, &w.council, w.member[4]));
    ACCEPT(fixture_device_add(&w.fixture, w.member[1]));
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[0], w.member[1]));
    assert_false(fold_of(&w)->rotation_due);
    world_fini(&w);
}

static void removing_ends_a_stay_before_its_block(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "remove", 3);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_invite(f, c, w.member[0], 2));
    EXPECT(NO_SUCH_MEMBER, fixture_remove(f, c, w.member[0], w.member[4]));
    EXPECT(REMOVE_SELF, fixture_remove(f, c, w.member[0], w.member[0]));
    ACCEPT(fixture_role(f, c, w.member[0], w.member[2], "moderator"));
    uint64_t epoch = fold_of(&w)->epoch;
    ACCEPT(fixture_remove(f, c, w.member[0], w.member[2])); /* one moderator removes another */
    assert_false(person_of(&w, 2)->member);
    assert_false(person_of(&w, 2)->moderator);
    assert_int_equal(person_of(&w, 2)->stays[0].to, epoch);
    assert_int_equal(fold_of(&w)->epoch, epoch + 1);
    assert_true(fold_of(&w)->invites[c->invite_count - 1].closed);
    struct council_device device = fixture_device(w.member[2], 0);
    assert_false(council_device_counts(fold_of(&w), fixture_name(w.member[2]), device.sign));
    EXPECT(NO_SUCH_MEMBER, fixture_remove(f, c, w.member[0], w.member[2]));
    EXPECT(NOT_MEMBER, fixture_vote(f, c, w.member[2], w.member[0]));
    EXPECT(NOT_MEMBER, fixture_rotate(f, c, w.member[2]));
    world_fini(&w);
}

static void the_last_moderator_stays_while_others_do(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "last", 2);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    EXPECT(NO_SUCH_MEMBER, fixture_role(f, c, w.member[0], w.member[3], "member"));
    EXPECT(LAST_MODERATOR, fixture_role(f, c, w.member[0], w.member[0], "member"));
    EXPECT(LAST_MODERATOR, fixture_leave(f, c, w.member[0]));
    ACCEPT(fixture_role(f, c, w.member[0], w.member[0], "moderator")); /* no change, but valid */
    ACCEPT(fixture_role(f, c, w.member[0], w.member[1], "member"));
    ACCEPT(fixture_role(f, c, w.member[0], w.member[1], "moderator"));
    ACCEPT(fixture_leave(f, c, w.member[0])); /* a successor is there */
    ACCEPT(fixture_rotate(f, c, w.member[1]));
    ACCEPT(fixture_role(f, c, w.member[1], w.member[1], "member")); /* alone */
    assert_int_equal(council_moderator_count(fold_of(&w)), 0);
    ACCEPT(fixture_vote(f, c, w.member[1], w.member[1])); /* nobody is stuck */
    assert_int_equal(council_moderator_count(fold_of(&w)), 1);
    world_fini(&w);
}

static void more_than_half_elect(void **state)
{
    (void)state;
    static const uint8_t none[COUNCIL_KEY_BYTES];
    struct world w;
    world_init(&w, "votes", 4);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    EXPECT(NO_SUCH_MEMBER, fixture_vote(f, c, w.member[1], w.member[5]));
    ACCEPT(fixture_vote(f, c, w.member[1], w.member[3]));
    ACCEPT(fixture_vote(f, c, w.member[2], w.member[3]));
    ACCEPT(fixture_vote(f, c, w.member[2], w.member[3])); /* twice counts once */
    assert_false(person_of(&w, 3)->moderator);            /* half is not more than half */
    assert_memory_equal(person_of(&w, 2)->vote, fixture_name(w.member[3]), COUNCIL_KEY_BYTES);
    ACCEPT(fixture_vote(f, c, w.member[2], w.member[1])); /* replaces */
    ACCEPT(fixture_vote(f, c, w.member[3], w.member[3]));
    assert_false(person_of(&w, 3)->moderator);
    ACCEPT(fixture_vote(f, c, w.member[0], w.member[3]));
    assert_true(person_of(&w, 3)->moderator);
    assert_memory_equal(person_of(&w, 1)->vote, none, sizeof none); /* lapsed */
    assert_memory_equal(person_of(&w, 0)->vote, none, sizeof none);
    assert_memory_equal(person_of(&w, 2)->vote, fixture_name(w.member[1]), COUNCIL_KEY_BYTES);
    world_fini(&w);
}

static void votes_go_with_people(void **state)
{
    (void)state;
    static const uint8_t none[COUNCIL_KEY_BYTES];
    struct world w;
    world_init(&w, "lapse", 5);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_vote(f, c, w.member[1], w.member[2]));
    ACCEPT(fixture_vote(f, c, w.member[2], w.member[1]));
    ACCEPT(fixture_vote(f, c, w.member[3], w.member[1]));
    ACCEPT(fixture_leave(f, c, w.member[2]));
    assert_memory_equal(person_of(&w, 1)->vote, none, sizeof none); /* for whom left */
    assert_memory_equal(person_of(&w, 2)->vote, none, sizeof none); /* of whom left */
    assert_memory_equal(person_of(&w, 3)->vote, fixture_name(w.member[1]), COUNCIL_KEY_BYTES);
    ACCEPT(fixture_rotate(f, c, w.member[0]));
    ACCEPT(fixture_vote(f, c, w.member[1], w.member[1]));
    assert_false(person_of(&w, 1)->moderator); /* two of four */
    ACCEPT(fixture_leave(f, c, w.member[4]));
    ACCEPT(fixture_rotate(f, c, w.member[0]));
    assert_false(person_of(&w, 1)->moderator); /* two of three, but nobody voted since */
    ACCEPT(fixture_vote(f, c, w.member[0], w.member[3]));
    assert_false(person_of(&w, 1)->moderator); /* a vote elects whom it names alone */
    ACCEPT(fixture_vote(f, c, w.member[3], w.member[1]));
    assert_true(person_of(&w, 1)->moderator);
    world_fini(&w);
}

/* A refused entry leaves the fold byte for byte as it was. */
static void a_check_changes_nothing(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "nothing", 3);
    const struct council *c = fold_of(&w);
    struct council before = *c;
    size_t size = c->person_count * sizeof *c->people;
    void *people = malloc(size);
    assert_non_null(people);
    memcpy(people, c->people, size);
    ACCEPT(fixture_device_add(&w.fixture, w.member[1]));
    EXPECT(REMOVE_SELF, fixture_remove(&w.fixture, &w.council, w.member[0], w.member[0]));
    EXPECT(INVITE_CLOSED, fixture_join(&w.fixture, &w.council, w.member[3], 0));
    EXPECT(CHAIN_EMPTY, fixture_devices(&w.fixture, &w.council, w.member[0], w.member[2]));
    assert_memory_equal(&before, c, sizeof before);
    assert_memory_equal(people, c->people, size);
    free(people);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(founding_makes_one_moderator),
        cmocka_unit_test(a_founder_who_came_back_brings_the_first_keys),
        cmocka_unit_test(policies_are_limited),
        cmocka_unit_test(a_genesis_carries_its_author_s_chain),
        cmocka_unit_test(any_input_gets_an_answer),
        cmocka_unit_test(kinds_belong_to_types_of_logs),
        cmocka_unit_test(moderators_alone_do_some_things),
        cmocka_unit_test(leaving_makes_rotation_due),
        cmocka_unit_test(any_block_ends_what_a_leave_began),
        cmocka_unit_test(removing_ends_a_stay_before_its_block),
        cmocka_unit_test(the_last_moderator_stays_while_others_do),
        cmocka_unit_test(more_than_half_elect),
        cmocka_unit_test(votes_go_with_people),
        cmocka_unit_test(a_check_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
