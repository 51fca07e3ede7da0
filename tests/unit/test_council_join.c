/*
 * test_council_join.c - invites, joining and returning (protocol/README.md sections 5.4, 5.6, 5.7,
 * 6.6).
 */
#include "tests/unit/council_world.h"

#include <sodium.h>

static void an_invite_admits_and_is_used_up(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "invite", 1);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_invite(f, c, w.member[0], 2));
    ACCEPT(fixture_join(f, c, w.member[1], 0));
    const struct council_person *person = person_of(&w, 1);
    assert_true(person->member && !person->moderator);
    assert_int_equal(person->joined_seq, fold_of(&w)->seq);
    assert_int_equal(person->pin.seq, 1);
    assert_int_equal(person->stay_count, 1);
    assert_int_equal(person->stays[0].from, 2); /* the epoch of the join's own block */
    assert_int_equal(person->stays[0].to, 0);
    assert_int_equal(fold_of(&w)->epoch, 2);
    assert_int_equal(fold_of(&w)->invites[0].used, 1);
    struct council_device device = fixture_device(w.member[1], 0);
    assert_true(council_device_counts(fold_of(&w), fixture_name(w.member[1]), device.sign));
    ACCEPT(fixture_post(f, c, w.member[1], "{}", 0));
    EXPECT(ALREADY_MEMBER, fixture_join(f, c, w.member[1], 0));
    ACCEPT(fixture_join(f, c, w.member[2], 0));
    EXPECT(INVITE_CLOSED, fixture_join(f, c, w.member[3], 0)); /* used up */
    world_fini(&w);
}

static struct fixture_body invite_body(const uint8_t key[COUNCIL_KEY_BYTES], unsigned uses)
{
    return fixture_body("{\"expires\":0,\"invite\":\"%s\",\"uses\":%u}", fixture_key(key).text,
                        uses);
}

static struct fixture_body close_body(const struct world *w, uint32_t invite)
{
    return fixture_body("{\"invite\":\"%s\"}", fixture_key(fold_of(w)->invites[invite].key).text);
}

static void invites_open_and_close(void **state)
{
    (void)state;
    struct world w;
    uint8_t key[COUNCIL_KEY_BYTES] = {7};
    world_init(&w, "open", 2);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 0)));
    EXPECT(BAD_FIELD, says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 9)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    EXPECT(KEY_REUSED, says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    EXPECT(KEY_REUSED, /* also of one that is used up */
           says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(fold_of(&w)->invites[0].key, 1)));
    EXPECT(INVITE_CLOSED, says(&w, 0, COUNCIL_KIND_INVITE_CLOSE, close_body(&w, 0)));
    EXPECT(NOT_MODERATOR, says(&w, 1, COUNCIL_KIND_INVITE_CLOSE, close_body(&w, 1)));
    ACCEPT(says(&w, 0, COUNCIL_KIND_INVITE_CLOSE, close_body(&w, 1)));
    EXPECT(INVITE_CLOSED, says(&w, 0, COUNCIL_KIND_INVITE_CLOSE, close_body(&w, 1)));
    key[0] = 8;
    EXPECT(INVITE_UNKNOWN, says(&w, 0, COUNCIL_KIND_INVITE_CLOSE,
                                fixture_body("{\"invite\":\"%s\"}", fixture_key(key).text)));
    assert_null(council_invite(fold_of(&w), key));

    ACCEPT(fixture_invite(f, c, w.member[0], 1));
    ACCEPT(says(&w, 0, COUNCIL_KIND_INVITE_CLOSE, close_body(&w, 2)));
    c->invites[2] = c->invites[c->invite_count - 1];
    EXPECT(INVITE_CLOSED, fixture_join(f, c, w.member[2], 2));
    world_fini(&w);
}

/* The order: unknown, repeated, closed, full. */
static void invites_are_judged_in_order(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, "order", 1);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    uint8_t seed[32] = {1};
    uint8_t key[COUNCIL_KEY_BYTES];
    (void)crypto_sign_seed_keypair(key, c->invites[FIXTURE_INVITES - 1].secret, seed);
    EXPECT(INVITE_UNKNOWN, fixture_join(f, c, w.member[1], FIXTURE_INVITES - 1));

    ACCEPT(fixture_invite(f, c, w.member[0], 1));
    ACCEPT(fixture_join(f, c, w.member[1], 0));
    ACCEPT(fixture_remove(f, c, w.member[0], w.member[1])); /* closes it too */
    EXPECT(INVITE_REPEATED, fixture_join(f, c, w.member[1], 0));
    EXPECT(INVITE_CLOSED, fixture_join(f, c, w.member[2], 0));
    world_fini(&w);
}

static void a_council_is_full_at_its_size(void **state)
{
    (void)state;
    struct world w;
    world_empty(&w, "full");
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_found(f, c, w.member[0], (struct fixture_policy){.size = 6}));
    ACCEPT(fixture_invite(f, c, w.member[0], 8));
    for (uint32_t i = 1; i < 6; i++) {
        ACCEPT(fixture_join(f, c, w.member[i], 0));
    }
    EXPECT(COUNCIL_FULL, fixture_join(f, c, w.member[6], 0));
    ACCEPT(fixture_leave(f, c, w.member[5]));
    ACCEPT(fixture_rotate(f, c, w.member[0]));
    fixture_admit(f, c, w.member[0], w.member[6]);
    world_fini(&w);
}

static void eight_join_and_the_ninth_does_not(void **state)
{
    (void)state;
    struct world w;
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
    world_init(&w, "eight", 8);
    assert_int_equal(council_member_count(fold_of(&w)), 8);
    council_recipients(fold_of(&w), NULL, NULL, recipients, &count);
    assert_int_equal(count, 16);
    for (uint32_t i = 1; i < count; i++) {
        assert_true(memcmp(recipients[i - 1].sign, recipients[i].sign, COUNCIL_KEY_BYTES) < 0);
    }
    ACCEPT(fixture_invite(&w.fixture, &w.council, w.member[0], 1));
    EXPECT(COUNCIL_FULL,
           fixture_join(&w.fixture, &w.council, w.member[8], w.council.invite_count - 1));
    for (uint32_t i = 0; i < 8; i++) {
        ACCEPT(fixture_post(&w.fixture, &w.council, w.member[i], "{\"type\":\"note\"}", 0));
    }
    world_fini(&w);
}

/* A join's proof binds council, member and head of the member log. */
static void the_invite_s_proof_binds(void **state)
{
    (void)state;
    struct world w;
    struct world other;
    struct fixture_body body = {NULL, 0};
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_init(&w, "proof", 1);
    world_init(&other, "another", 1);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    ACCEPT(fixture_invite(f, c, w.member[0], 2));
    const uint8_t *secret = c->invites[0].secret;
    uint32_t count = fixture_chain(w.member[1], 0, chain);

    struct council wrong = *fold_of(&w); /* borrowed: only its name differs */
    memcpy(wrong.log, fold_of(&other)->log, COUNCIL_KEY_BYTES);
    ACCEPT(council_body_join(&wrong, fixture_state(w.member[1]), chain, count, secret,
                             fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(BAD_PROOF, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));

    struct council_member pin = *fixture_state(w.member[1]);
    pin.head[0] ^= 1;
    ACCEPT(council_body_join(fold_of(&w), &pin, chain, count, secret, fixture_next_seed(f, c),
                             &body.text, &body.len));
    EXPECT(BAD_PROOF, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));

    /* Signed for member 2, used by member 1. */
    pin = *fixture_state(w.member[1]);
    memcpy(pin.member, fixture_name(w.member[2]), COUNCIL_KEY_BYTES);
    ACCEPT(council_body_join(fold_of(&w), &pin, chain, count, secret, fixture_next_seed(f, c),
                             &body.text, &body.len));
    EXPECT(BAD_PROOF, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));

    /* Another's chain comes before the proof; a device that the chain lacks too. */
    count = fixture_chain(w.member[2], 0, chain);
    ACCEPT(council_body_join(fold_of(&w), fixture_state(w.member[2]), chain, count, secret,
                             fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(CHAIN_FOREIGN, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));
    ACCEPT(fixture_device_add(f, w.member[1]));
    count = fixture_chain(w.member[1], 0, chain);
    w.member[1]->use = 1;
    ACCEPT(council_body_join(fold_of(&w), fixture_state(w.member[1]), chain, count - 1, secret,
                             fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(UNKNOWN_DEVICE, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));
    ACCEPT(fixture_join(f, c, w.member[1], 0));
    assert_int_equal(person_of(&w, 1)->pin.device_count, 2);
    world_fini(&other);
    world_fini(&w);
}

/*
 * A former member's pin is kept: a return begins there, with or without news, and never before it.
 */
static void a_return_starts_at_the_pin(void **state)
{
    (void)state;
    struct world w;
    struct fixture_body body = {NULL, 0};
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_init(&w, "return", 3);
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    struct fixture_member *m = w.member[1];
    ACCEPT(fixture_role(f, c, w.member[0], m, "moderator"));
    ACCEPT(fixture_vote(f, c, m, w.member[2]));
    ACCEPT(fixture_device_add(f, m));
    ACCEPT(fixture_devices(f, c, m, m));
    assert_int_equal(person_of(&w, 1)->pin.seq, 2);
    uint64_t first = person_of(&w, 1)->joined_seq;
    ACCEPT(fixture_remove(f, c, w.member[0], m));
    assert_int_equal(person_of(&w, 1)->pin.seq, 2);
    uint64_t left = fold_of(&w)->epoch - 1;
    ACCEPT(fixture_invite(f, c, w.member[0], 8));
    uint32_t invite = c->invite_count - 1;

    /* From the beginning, as if never known. */
    uint32_t count = fixture_chain(m, 0, chain);
    ACCEPT(council_body_join(fold_of(&w), fixture_state(m), chain, count, c->invites[invite].secret,
                             fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(CHAIN_GAP, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));
    /* From an older pin. */
    count = fixture_chain(m, 1, chain);
    ACCEPT(council_body_join(fold_of(&w), fixture_state(m), chain, count, c->invites[invite].secret,
                             fixture_next_seed(f, c), &body.text, &body.len));
    EXPECT(CHAIN_GAP, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));

    ACCEPT(fixture_join(f, c, m, invite)); /* an empty chain: nothing changed meanwhile */
    const struct council_person *person = person_of(&w, 1);
    assert_true(person->member && !person->moderator && person->left_seq == 0);
    assert_true(person->joined_seq > first);
    assert_int_equal(fold_of(&w)->person_count, 3);
    assert_int_equal(person->stay_count, 2);
    assert_int_equal(person->stays[0].from, 2);
    assert_int_equal(person->stays[0].to, left);
    assert_int_equal(person->stays[1].from, fold_of(&w)->epoch);
    assert_int_equal(person->stays[1].to, 0);
    assert_int_equal(sodium_is_zero(person->vote, COUNCIL_KEY_BYTES), 1);
    ACCEPT(fixture_post(f, c, m, "{}", 0));

    /* Gone again, a new device meanwhile: the chain brings it. */
    ACCEPT(fixture_leave(f, c, m));
    ACCEPT(fixture_rotate(f, c, w.member[0]));
    ACCEPT(fixture_recover(f, m, true));
    ACCEPT(fixture_invite(f, c, w.member[0], 1));
    ACCEPT(fixture_join(f, c, m, c->invite_count - 1));
    assert_int_equal(person_of(&w, 1)->pin.seq, 3);
    assert_int_equal(person_of(&w, 1)->pin.device_count, 1);
    assert_int_equal(person_of(&w, 1)->stay_count, 3);
    ACCEPT(fixture_post(f, c, m, "{}", 0));
    world_fini(&w);
}

static void somebody_new_brings_a_chain(void **state)
{
    (void)state;
    struct world w;
    struct fixture_body body = {NULL, 0};
    world_init(&w, "new", 1);
    ACCEPT(fixture_invite(&w.fixture, &w.council, w.member[0], 1));
    ACCEPT(council_body_join(fold_of(&w), fixture_state(w.member[1]), NULL, 0,
                             w.council.invites[0].secret, fixture_next_seed(&w.fixture, &w.council),
                             &body.text, &body.len));
    EXPECT(CHAIN_EMPTY, says(&w, 1, COUNCIL_KIND_MEMBER_JOIN, body));
    world_fini(&w);
}

/* Readers accept what an expired invite brought: expiry is a gate of the server's. */
static void expiry_is_not_looked_at(void **state)
{
    (void)state;
    struct world w;
    uint8_t seed[32] = {9};
    uint8_t key[COUNCIL_KEY_BYTES];
    world_init(&w, "expired", 1);
    (void)crypto_sign_seed_keypair(key, w.council.invites[0].secret, seed);
    ACCEPT(says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    assert_int_equal(fold_of(&w)->invites[0].expires, 0);
    ACCEPT(fixture_join(&w.fixture, &w.council, w.member[1], 0));
    world_fini(&w);
}

static void ceilings_hold(void **state)
{
    (void)state;
    struct world w;
    uint8_t key[COUNCIL_KEY_BYTES] = {0};
    world_init(&w, "ceilings", 1);
    for (uint32_t i = 0; i < COUNCIL_INVITES_MAX; i++) {
        key[1] = (uint8_t)(i >> 8);
        key[0] = (uint8_t)i;
        ACCEPT(says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    }
    assert_int_equal(fold_of(&w)->invite_count, COUNCIL_INVITES_MAX);
    EXPECT(KEY_REUSED, says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    key[5] = 1;
    EXPECT(COUNCIL_FULL, says(&w, 0, COUNCIL_KIND_INVITE_OPEN, invite_body(key, 1)));
    world_fini(&w);

    /* As if a thousand people had been here: only those known may come. */
    world_init(&w, "people", 2);
    ACCEPT(fixture_remove(&w.fixture, &w.council, w.member[0], w.member[1]));
    struct council *c = &w.council.log.log.council;
    struct council_person *people = realloc(c->people, COUNCIL_PEOPLE_MAX * sizeof *people);
    assert_non_null(people);
    memset(people + c->person_count, 0, (COUNCIL_PEOPLE_MAX - c->person_count) * sizeof *people);
    for (uint32_t i = c->person_count; i < COUNCIL_PEOPLE_MAX; i++) {
        people[i].pin.member[0] = (uint8_t)i;
        people[i].pin.member[1] = (uint8_t)(i >> 8);
    }
    c->people = people;
    c->person_count = COUNCIL_PEOPLE_MAX;
    ACCEPT(fixture_invite(&w.fixture, &w.council, w.member[0], 8));
    uint32_t invite = w.council.invite_count - 1;
    EXPECT(COUNCIL_FULL, fixture_join(&w.fixture, &w.council, w.member[2], invite));
    ACCEPT(fixture_join(&w.fixture, &w.council, w.member[1], invite));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_invite_admits_and_is_used_up),
        cmocka_unit_test(invites_open_and_close),
        cmocka_unit_test(invites_are_judged_in_order),
        cmocka_unit_test(a_council_is_full_at_its_size),
        cmocka_unit_test(eight_join_and_the_ninth_does_not),
        cmocka_unit_test(the_invite_s_proof_binds),
        cmocka_unit_test(a_return_starts_at_the_pin),
        cmocka_unit_test(somebody_new_brings_a_chain),
        cmocka_unit_test(expiry_is_not_looked_at),
        cmocka_unit_test(ceilings_hold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
