/*
 * test_council_chain.c - chains and pins (protocol/README.md sections 4.6, 5.1.5, 5.2, 5.5).
 */
#include "tests/unit/council_world.h"

/* A member.devices by member `by` that carries these elements for member 1. */
static enum council_error carry(struct world *w, uint32_t by,
                                const struct council_link_entry *chain, uint32_t count)
{
    struct fixture_body body = {NULL, 0};
    ACCEPT(council_body_devices(fold_of(w), fixture_state(w->member[1]), chain, count,
                                fixture_next_seed(&w->fixture, &w->council), &body.text,
                                &body.len));
    return says(w, by, COUNCIL_KIND_MEMBER_DEVICES, body);
}

static struct council_link_entry element(const struct fixture_member *member, uint64_t seq)
{
    const struct fixture_entry *entry = &member->log.entries[seq - 1];
    return (struct council_link_entry){entry->text, entry->len, entry->sig};
}

/*
 * Two members, and member 1's log is three entries ahead of its pin: two devices added, the first
 * one revoked.
 */
static void world_ahead(struct world *w, const char *name)
{
    world_init(w, name, 3);
    struct fixture_member *m = w->member[1];
    ACCEPT(fixture_device_add(&w->fixture, m));
    ACCEPT(fixture_device_add(&w->fixture, m));
    m->use = 1;
    ACCEPT(fixture_device_revoke(&w->fixture, m, 0));
}

static void pins_decide_which_devices_count(void **state)
{
    (void)state;
    struct world w;
    world_ahead(&w, "pins");
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    struct fixture_member *m = w.member[1];
    m->use = 0;
    ACCEPT(fixture_post(f, c, m, "{}", 0)); /* revoked, but not at the pin */
    m->use = 1;
    EXPECT(UNKNOWN_DEVICE, fixture_post(f, c, m, "{}", 0));
    m->use = 0;
    EXPECT(UNKNOWN_DEVICE, fixture_devices(f, c, m, m)); /* drops itself */
    m->use = 1;
    uint64_t epoch = fold_of(&w)->epoch;
    ACCEPT(fixture_devices(f, c, m, m)); /* a new device moves its own pin */
    assert_int_equal(fold_of(&w)->epoch, epoch + 1);
    assert_int_equal(person_of(&w, 1)->pin.seq, 4);
    assert_memory_equal(person_of(&w, 1)->pin.head, fixture_state(m)->head, COUNCIL_HASH_BYTES);
    assert_int_equal(person_of(&w, 1)->pin.device_count, 2);
    assert_int_equal(person_of(&w, 1)->stay_count, 1);
    ACCEPT(fixture_post(f, c, m, "{}", 0));
    m->use = 2;
    ACCEPT(fixture_post(f, c, m, "{}", 0));
    m->use = 0;
    EXPECT(UNKNOWN_DEVICE, fixture_post(f, c, m, "{}", 0));
    world_fini(&w);
}

static void anybody_moves_anybody_s_pin(void **state)
{
    (void)state;
    struct world w;
    world_ahead(&w, "anybody");
    struct fixture *f = &w.fixture;
    struct fixture_council *c = &w.council;
    EXPECT(NOT_MEMBER, fixture_devices(f, c, w.member[5], w.member[1]));
    EXPECT(NO_SUCH_MEMBER, fixture_devices(f, c, w.member[2], w.member[5]));
    ACCEPT(fixture_device_add(f, w.member[2]));
    w.member[2]->use = 1; /* the device is asked before the named member */
    EXPECT(UNKNOWN_DEVICE, fixture_devices(f, c, w.member[2], w.member[5]));
    EXPECT(UNKNOWN_DEVICE, fixture_devices(f, c, w.member[2], w.member[1]));
    w.member[2]->use = 0;
    ACCEPT(fixture_devices(f, c, w.member[2], w.member[1]));
    assert_int_equal(person_of(&w, 1)->pin.seq, 4);
    EXPECT(CHAIN_EMPTY, fixture_devices(f, c, w.member[2], w.member[1]));
    ACCEPT(fixture_recover(f, w.member[1], true));
    ACCEPT(
        fixture_devices(f, c, w.member[1], w.member[1])); /* from the phrase, nobody else online */
    assert_int_equal(person_of(&w, 1)->pin.device_count, 1);
    ACCEPT(fixture_remove(f, c, w.member[0], w.member[1]));
    ACCEPT(fixture_device_add(f, w.member[1]));
    EXPECT(NO_SUCH_MEMBER, fixture_devices(f, c, w.member[2], w.member[1])); /* a former member */
    world_fini(&w);
}

static void the_recovery_key_is_no_device(void **state)
{
    (void)state;
    struct world w;
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    struct fixture_entry entry;
    world_init(&w, "recovery", 2);
    struct council_draft draft =
        fixture_draft(&w.fixture, &w.council.log, w.member[0], COUNCIL_KIND_VOTE, id, device);
    draft.device = fixture_state(w.member[0])->recovery.sign;
    ACCEPT(fixture_sign(
        &entry, &draft,
        fixture_body("{\"member\":\"%s\"}", fixture_key(fixture_name(w.member[0])).text),
        w.member[0]->recovery.sign));
    EXPECT(UNKNOWN_DEVICE, fixture_append(&w.council.log, &entry));
    world_fini(&w);
}

static void the_first_element_joins_the_pin(void **state)
{
    (void)state;
    struct world w;
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_ahead(&w, "first");
    struct fixture_member *m = w.member[1];
    uint32_t count = fixture_chain(m, 0, chain);
    assert_int_equal(count, 4);
    EXPECT(CHAIN_GAP, carry(&w, 2, chain, count));         /* from its creation */
    EXPECT(CHAIN_GAP, carry(&w, 2, chain + 2, count - 2)); /* one left out */
    ACCEPT(carry(&w, 2, chain + 1, 3));
    EXPECT(CHAIN_GAP, carry(&w, 2, chain + 1, 3)); /* backwards */
    EXPECT(CHAIN_GAP, carry(&w, 2, chain + 3, 1)); /* the same again */
    ACCEPT(fixture_device_add(&w.fixture, w.member[2]));
    struct council_link_entry other = element(w.member[2], 2);
    EXPECT(CHAIN_FOREIGN, carry(&w, 2, &other, 1));
    other = element(w.member[2], 1);
    EXPECT(CHAIN_GAP, carry(&w, 2, &other, 1)); /* any genesis */
    struct council_link_entry create = {w.council.log.entries[0].text, w.council.log.entries[0].len,
                                        w.council.log.entries[0].sig};
    EXPECT(CHAIN_GAP, carry(&w, 2, &create, 1));
    world_fini(&w);
}

/* The same member shows two histories: who pinned one never takes the other. */
static void a_fork_is_found(void **state)
{
    (void)state;
    struct world w;
    struct world v;
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    uint8_t skipped[16];
    world_init(&w, "fork", 3);
    world_init(&v, "fork", 3);
    fixture_random_bytes(&v.fixture.random, skipped, sizeof skipped); /* other ids from here on */
    assert_memory_equal(fixture_name(w.member[1]), fixture_name(v.member[1]), COUNCIL_KEY_BYTES);
    ACCEPT(fixture_device_add(&w.fixture, w.member[1]));
    ACCEPT(fixture_device_add(&v.fixture, v.member[1]));
    ACCEPT(fixture_device_add(&v.fixture, v.member[1]));
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[1], w.member[1]));
    uint32_t count = fixture_chain(v.member[1], 1, chain);
    assert_int_equal(count, 2);
    EXPECT(CHAIN_GAP, carry(&w, 2, chain, 2));
    EXPECT(CHAIN_FORK, carry(&w, 2, chain + 1, 1));
    world_fini(&v);
    world_fini(&w);
}

static void later_elements_follow_one_another(void **state)
{
    (void)state;
    struct world w;
    world_ahead(&w, "later");
    struct fixture_member *m = w.member[1];
    struct council_link_entry two = element(m, 2);
    struct council_link_entry three = element(m, 3);
    struct council_link_entry four = element(m, 4);
    struct council_link_entry skips[] = {two, four};
    EXPECT(BAD_SEEN, carry(&w, 2, skips, 2));
    struct council_link_entry twice[] = {two, two};
    EXPECT(STALE, carry(&w, 2, twice, 2));
    struct council_link_entry genesis[] = {two, element(m, 1)};
    EXPECT(GENESIS_AGAIN, carry(&w, 2, genesis, 2));
    ACCEPT(fixture_device_add(&w.fixture, w.member[2]));
    struct council_link_entry foreign[] = {two, element(w.member[2], 2)};
    EXPECT(WRONG_LOG, carry(&w, 2, foreign, 2));
    struct council_link_entry all[] = {two, three, four};
    ACCEPT(carry(&w, 2, all, 3));
    world_fini(&w);
}

/*
 * An element of any text, signed by device 0 of member 1, in place of the first entry after the
 * pin.
 */
static enum council_error carry_text(struct world *w, struct fixture_body text)
{
    struct fixture_entry entry;
    fixture_sign_text(&entry, text.text, text.len, w->member[1]->devices[0].sign);
    struct council_link_entry link = {entry.text, entry.len, entry.sig};
    enum council_error error = carry(w, 2, &link, 1);
    fixture_entry_fini(&entry);
    free(text.text);
    return error;
}

static void elements_are_checked_in_order(void **state)
{
    (void)state;
    struct world w;
    world_ahead(&w, "elements");
    struct fixture_member *m = w.member[1];
    EXPECT(NOT_CANONICAL, carry_text(&w, fixture_body("{ }")));
    EXPECT(BAD_FIELD, carry_text(&w, fixture_body("{}")));
    EXPECT(UNKNOWN_KIND, carry_text(&w, fixture_body("{\"kind\":\"device.lend\"}")));

    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_link_entry two = element(m, 2);
    memcpy(sig, two.sig, sizeof sig);
    sig[40] ^= 1;
    two.sig = sig;
    EXPECT(BAD_SIGNATURE, carry(&w, 2, &two, 1));
    struct council_link_entry three = element(m, 3);
    three.sig = sig;
    EXPECT(CHAIN_GAP, carry(&w, 2, &three, 1)); /* before its signature */
    struct council_link_entry pair[] = {element(m, 2), three};
    EXPECT(BAD_SIGNATURE, carry(&w, 2, pair, 2)); /* before its position */
    pair[1] = element(m, 4);
    pair[1].sig = sig;
    EXPECT(BAD_SIGNATURE, carry(&w, 2, pair, 2));
    world_fini(&w);
}

/* An entry of `kind` that follows member 1's first entry but is signed and authored as said. */
static enum council_error carry_made(struct world *w, enum council_kind kind, const uint8_t *author,
                                     const struct council_secrets *secrets,
                                     struct fixture_body body)
{
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t unused[COUNCIL_KEY_BYTES];
    struct fixture_entry entry;
    struct council_device device;
    const struct fixture_member *m = w->member[1];
    struct council_draft draft = fixture_draft(&w->fixture, &m->log, m, kind, id, unused);
    council_secrets_public(secrets, &device);
    draft.device = device.sign;
    draft.author = author;
    draft.seen_seq = 1;
    draft.seen_head = m->log.entries[0].head;
    ACCEPT(fixture_sign(&entry, &draft, body, secrets->sign));
    struct council_link_entry link = {entry.text, entry.len, entry.sig};
    enum council_error error = carry(w, 2, &link, 1);
    fixture_entry_fini(&entry);
    return error;
}

static struct fixture_body revoke_body(const struct fixture_member *member, uint32_t device)
{
    struct fixture_body body = {NULL, 0};
    struct council_device keys = fixture_device(member, device);
    ACCEPT(council_body_device_revoke(keys.sign, &body.text, &body.len));
    return body;
}

static void elements_obey_the_member_log(void **state)
{
    (void)state;
    struct world w;
    world_ahead(&w, "obey");
    const struct fixture_member *m = w.member[1];
    const uint8_t *name = fixture_name(m);
    EXPECT(WRONG_LOG_TYPE,
           carry_made(&w, COUNCIL_KIND_MEMBER_LEAVE, name, &m->devices[0], fixture_body("{}")));
    EXPECT(WRONG_AUTHOR, carry_made(&w, COUNCIL_KIND_DEVICE_REVOKE, fixture_name(w.member[2]),
                                    &m->devices[0], revoke_body(m, 0)));
    EXPECT(UNKNOWN_DEVICE,
           carry_made(&w, COUNCIL_KIND_DEVICE_REVOKE, name, &m->devices[1], revoke_body(m, 0)));
    EXPECT(REVOKE_SELF,
           carry_made(&w, COUNCIL_KIND_DEVICE_REVOKE, name, &m->devices[0], revoke_body(m, 0)));
    assert_int_equal(person_of(&w, 1)->pin.seq, 1);
    world_fini(&w);
}

/* Without a pin: a genesis of a council by somebody whose chain is damaged. */
static enum council_error create_with(struct world *w, const struct council_link_entry *chain,
                                      uint32_t count)
{
    struct fixture_body body = {NULL, 0};
    ACCEPT(council_body_create(false, true, false, 8, chain, count, &body.text, &body.len));
    return says(w, 1, COUNCIL_KIND_COUNCIL_CREATE, body);
}

static void without_a_pin_a_chain_begins_at_the_beginning(void **state)
{
    (void)state;
    struct world w;
    uint8_t sig[COUNCIL_SIG_BYTES];
    world_empty(&w, "begin");
    struct fixture_member *m = w.member[1];
    ACCEPT(fixture_device_add(&w.fixture, m));
    struct council_link_entry chain[] = {element(m, 1), element(m, 2)};
    EXPECT(CHAIN_GAP, create_with(&w, chain + 1, 1));
    EXPECT(BAD_FIELD, create_with(&w, chain, 0)); /* the body's own minimum */
    struct council_link_entry other = element(w.member[2], 1);
    EXPECT(CHAIN_FOREIGN, create_with(&w, &other, 1));
    /* A log's name binds its first signature, so another one is another log. */
    memcpy(sig, chain[0].sig, sizeof sig);
    sig[1] ^= 1;
    chain[0].sig = sig;
    EXPECT(CHAIN_FOREIGN, create_with(&w, chain, 2));
    chain[0] = element(m, 1);
    memcpy(sig, chain[1].sig, sizeof sig);
    sig[1] ^= 1;
    chain[1].sig = sig;
    EXPECT(BAD_SIGNATURE, create_with(&w, chain, 2));
    chain[1] = element(m, 2);
    ACCEPT(create_with(&w, chain, 2));
    world_fini(&w);
}

/* A chain may be as long as 64 entries: more moves in two steps. */
static void long_chains_move_in_steps(void **state)
{
    (void)state;
    struct world w;
    struct council_link_entry chain[FIXTURE_CHAIN_MAX];
    world_init(&w, "long", 3);
    struct fixture_member *m = w.member[1];
    for (uint32_t i = 0; i < 40; i++) {
        m->device_count = 1; /* keys of a fixture are few: forget the last one, which is revoked */
        ACCEPT(fixture_device_add(&w.fixture, m));
        ACCEPT(fixture_device_revoke(&w.fixture, m, 1));
    }
    assert_int_equal(fixture_chain(m, 1, chain), 64);
    ACCEPT(fixture_devices(&w.fixture, &w.council, m, m));
    assert_int_equal(person_of(&w, 1)->pin.seq, 65);
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[0], m));
    assert_int_equal(person_of(&w, 1)->pin.seq, 81);
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pins_decide_which_devices_count),
        cmocka_unit_test(anybody_moves_anybody_s_pin),
        cmocka_unit_test(the_recovery_key_is_no_device),
        cmocka_unit_test(the_first_element_joins_the_pin),
        cmocka_unit_test(a_fork_is_found),
        cmocka_unit_test(later_elements_follow_one_another),
        cmocka_unit_test(elements_are_checked_in_order),
        cmocka_unit_test(elements_obey_the_member_log),
        cmocka_unit_test(without_a_pin_a_chain_begins_at_the_beginning),
        cmocka_unit_test(long_chains_move_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
