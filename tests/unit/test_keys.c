/*
 * test_keys.c - boxes, commitments, history boxes and the safety number (protocol/README.md section
 * 6).
 */
#include "protocol/keys.h"
#include "tests/unit/council_world.h"

#include <sodium.h>
#include <stdio.h>

/* Entry `seq` of the council, parsed. */
static void open_entry(const struct world *w, uint64_t seq, struct council_entry *entry)
{
    const struct fixture_entry *kept = &w->council.log.entries[seq - 1];
    ACCEPT(council_entry_parse(entry, kept->text, kept->len));
}

static const struct council_secrets *secrets_of(const struct world *w, uint32_t i)
{
    return &w->member[i]->devices[0];
}

static void a_box_opens_as_libsodium_s_sealed_box(void **state)
{
    (void)state;
    struct fixture f;
    struct council_device to;
    uint8_t log[COUNCIL_KEY_BYTES] = {3};
    uint8_t seed[COUNCIL_SEED_BYTES] = {4};
    uint8_t box[COUNCIL_BOX_BYTES];
    uint8_t again[COUNCIL_BOX_BYTES];
    uint8_t plain[COUNCIL_SEED_BYTES];
    fixture_init(&f, "box");
    const struct council_secrets *own = &fixture_member(&f, 0)->devices[0];
    council_secrets_public(own, &to);
    assert_true(council_epoch_box(box, seed, log, 5, &to));
    assert_int_equal(crypto_box_seal_open(plain, box, sizeof box, to.box, own->box), 0);
    assert_memory_equal(plain, seed, sizeof seed);
    assert_true(council_epoch_box(again, seed, log, 5, &to));
    assert_memory_equal(box, again, sizeof box);

    /* Everything that it is made of makes another box. */
    assert_true(council_epoch_box(again, seed, log, 6, &to));
    assert_memory_not_equal(box, again, COUNCIL_KEY_BYTES);
    log[0] = 9;
    assert_true(council_epoch_box(again, seed, log, 5, &to));
    assert_memory_not_equal(box, again, COUNCIL_KEY_BYTES);
    log[0] = 3;
    to.sign[0] ^= 1;
    assert_true(council_epoch_box(again, seed, log, 5, &to));
    assert_memory_not_equal(box, again, COUNCIL_KEY_BYTES);
    memset(to.box, 0, sizeof to.box);
    assert_false(council_epoch_box(again, seed, log, 5, &to)); /* a weak key */
    fixture_fini(&f);
}

/* The ephemeral key, step by step from the specification's words. */
static void a_box_is_made_as_specified(void **state)
{
    (void)state;
    struct fixture f;
    struct council_device to;
    uint8_t log[COUNCIL_KEY_BYTES] = {3};
    uint8_t seed[COUNCIL_SEED_BYTES] = {4};
    uint8_t box[COUNCIL_BOX_BYTES];
    uint8_t expected[COUNCIL_BOX_BYTES];
    uint8_t p[256];
    uint8_t esk[32];
    uint8_t nonce[24];
    uint8_t number[8] = {0, 0, 0, 0, 0, 0, 1, 2};
    fixture_init(&f, "specified");
    to = fixture_device(fixture_member(&f, 0), 0);
    const struct council_field fields[] = {COUNCIL_F(log), COUNCIL_F(number), COUNCIL_F(to.sign),
                                           COUNCIL_F(to.box)};
    uint32_t len = council_p(p, sizeof p, "council/v1/epoch-eph", fields, 4);
    assert_int_equal(len, 1 + 20 + 1 + 36 + 12 + 36 + 36);
    crypto_generichash(esk, 32, p, len, seed, sizeof seed);
    crypto_scalarmult_base(expected, esk);
    memcpy(p, expected, 32);
    memcpy(p + 32, to.box, 32);
    crypto_generichash(nonce, sizeof nonce, p, 64, NULL, 0);
    assert_int_equal(crypto_box_easy(expected + 32, seed, sizeof seed, nonce, to.box, esk), 0);
    assert_true(council_epoch_box(box, seed, log, 0x102, &to));
    assert_memory_equal(box, expected, sizeof box);

    uint8_t commit[COUNCIL_HASH_BYTES];
    uint8_t hash[COUNCIL_HASH_BYTES];
    len = council_p(p, sizeof p, "council/v1/epoch-commit", fields, 2);
    crypto_generichash(hash, sizeof hash, p, len, seed, sizeof seed);
    council_epoch_commit(commit, seed, log, 0x102);
    assert_memory_equal(commit, hash, sizeof hash);
    fixture_fini(&f);
}

static void a_history_box_is_made_as_specified(void **state)
{
    (void)state;
    struct fixture f;
    struct council_device to;
    uint8_t log[COUNCIL_KEY_BYTES] = {3};
    uint8_t seeds[2][COUNCIL_SEED_BYTES] = {{4}, {5}};
    uint8_t box[COUNCIL_HISTORY_BOX_MAX];
    uint8_t epk[32];
    uint8_t p[256];
    uint8_t esk[32];
    uint8_t plain[sizeof seeds];
    uint8_t from[8] = {0, 0, 0, 0, 0, 0, 0, 7};
    uint8_t until[8] = {0, 0, 0, 0, 0, 0, 0, 8};
    uint32_t box_len;
    fixture_init(&f, "history box");
    const struct council_secrets *own = &fixture_member(&f, 0)->devices[0];
    council_secrets_public(own, &to);
    const struct council_field fields[] = {COUNCIL_F(log), COUNCIL_F(from), COUNCIL_F(until),
                                           COUNCIL_F(to.sign), COUNCIL_F(to.box)};
    uint32_t len = council_p(p, sizeof p, "council/v1/history-eph", fields, 5);
    crypto_generichash(esk, 32, p, len, seeds[1], sizeof seeds[1]); /* keyed by the newest */
    crypto_scalarmult_base(epk, esk);
    assert_true(council_history_box(box, &box_len, (const uint8_t(*)[COUNCIL_SEED_BYTES])seeds, log,
                                    7, 8, &to));
    assert_int_equal(box_len, 48 + sizeof seeds);
    assert_memory_equal(box, epk, sizeof epk);
    assert_int_equal(crypto_box_seal_open(plain, box, box_len, to.box, own->box), 0);
    assert_memory_equal(plain, seeds, sizeof seeds);
    fixture_fini(&f);
}

static void every_recipient_opens_every_block(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    uint8_t expected[COUNCIL_HASH_BYTES];
    uint64_t epoch;
    world_init(&w, "everyone", 3);
    ACCEPT(fixture_device_add(&w.fixture, w.member[1]));
    ACCEPT(fixture_devices(&w.fixture, &w.council, w.member[0], w.member[1]));
    open_entry(&w, fold_of(&w)->epoch_seq, &entry);
    council_recipients(fold_of(&w), NULL, NULL, recipients, &count);
    assert_int_equal(count, 7);
    for (uint32_t i = 0; i < 3; i++) {
        for (uint32_t d = 0; d < w.member[i]->device_count; d++) {
            ACCEPT(council_epoch_open(&entry, &w.member[i]->devices[d], true, recipients, count,
                                      seed));
            assert_memory_equal(seed, w.council.seeds[fold_of(&w)->epoch], sizeof seed);
        }
        ACCEPT(council_epoch_open(&entry, &w.member[i]->recovery, true, recipients, count, seed));
        assert_memory_equal(seed, w.council.seeds[fold_of(&w)->epoch], sizeof seed);
    }
    EXPECT(NO_KEY, council_epoch_open(&entry, secrets_of(&w, 5), true, recipients, count, seed));
    assert_int_equal(sodium_is_zero(seed, sizeof seed), 1);
    council_block_info(&entry, &epoch, commit);
    assert_int_equal(epoch, 4);
    council_epoch_commit(expected, w.council.seeds[4], fold_of(&w)->log, 4);
    assert_memory_equal(commit, expected, sizeof commit);

    /* Recipients that the block was not for. */
    EXPECT(BAD_BOX,
           council_epoch_open(&entry, secrets_of(&w, 0), true, recipients, count - 1, seed));
    recipients[0].box[0] ^= 1;
    EXPECT(BAD_BOX, council_epoch_open(&entry, secrets_of(&w, 0), true, recipients, count, seed));
    ACCEPT(council_epoch_open(&entry, secrets_of(&w, 0), false, NULL, 0, seed));
    council_entry_fini(&entry);
    world_fini(&w);
}

/* A key.rotate of the founder's in which `right` stands as `wrong`; it is valid all the same. */
static void rotate_with(struct world *w, const uint8_t *right, const uint8_t *wrong, uint32_t len)
{
    struct fixture_body body = {NULL, 0};
    char from[256];
    char to[256];
    const struct council *c = fold_of(w);
    ACCEPT(council_body_rotate(c, w->council.seeds[c->epoch + 1], &body.text, &body.len));
    council_b64_encode(from, right, len);
    council_b64_encode(to, wrong, len);
    char *at = strstr(body.text, from);
    assert_non_null(at);
    memcpy(at, to, strlen(to));
    ACCEPT(says(w, 0, COUNCIL_KIND_KEY_ROTATE, body));
}

/* Valid, yet unreadable for one, and found out by all others. */
static void a_wrong_box_is_found_and_stays_valid(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
    uint8_t right[COUNCIL_BOX_BYTES];
    uint8_t wrong[COUNCIL_BOX_BYTES];
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t other[COUNCIL_KEY_BYTES] = {1};
    world_init(&w, "wrong", 3);
    const struct council *c = fold_of(&w);
    uint64_t epoch = c->epoch + 1;
    const uint8_t *next = fixture_next_seed(&w.fixture, &w.council);
    struct council_device victim = fixture_device(w.member[1], 0);
    assert_true(council_epoch_box(right, next, c->log, epoch, &victim));
    memcpy(wrong, right, sizeof wrong);
    wrong[70] ^= 1;
    rotate_with(&w, right, wrong, sizeof right);
    assert_int_equal(c->epoch, epoch);
    open_entry(&w, c->seq, &entry);
    council_recipients(c, NULL, NULL, recipients, &count);
    EXPECT(BAD_BOX, council_epoch_open(&entry, secrets_of(&w, 1), false, NULL, 0, seed));
    assert_int_equal(sodium_is_zero(seed, sizeof seed), 1);
    EXPECT(BAD_BOX, council_epoch_open(&entry, secrets_of(&w, 2), true, recipients, count, seed));
    assert_memory_equal(seed, w.council.seeds[epoch], sizeof seed); /* the others can still read */
    ACCEPT(council_epoch_open(&entry, secrets_of(&w, 2), false, NULL, 0, seed));
    council_entry_fini(&entry);

    /* A box that opens but was made for another log: only recomputing finds it. */
    epoch = c->epoch + 1;
    next = fixture_next_seed(&w.fixture, &w.council);
    assert_true(council_epoch_box(right, next, c->log, epoch, &victim));
    assert_true(council_epoch_box(wrong, next, other, epoch, &victim));
    rotate_with(&w, right, wrong, sizeof right);
    open_entry(&w, c->seq, &entry);
    ACCEPT(council_epoch_open(&entry, secrets_of(&w, 1), false, NULL, 0, seed));
    EXPECT(BAD_BOX, council_epoch_open(&entry, secrets_of(&w, 1), true, recipients, count, seed));
    EXPECT(BAD_BOX, council_epoch_open(&entry, secrets_of(&w, 2), true, recipients, count, seed));
    council_entry_fini(&entry);
    world_fini(&w);
}

static void a_wrong_commitment_is_found(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    uint8_t right[COUNCIL_HASH_BYTES];
    uint8_t wrong[COUNCIL_HASH_BYTES];
    uint8_t seed[COUNCIL_SEED_BYTES];
    world_init(&w, "commit", 2);
    const struct council *c = fold_of(&w);
    uint64_t epoch = c->epoch + 1;
    const uint8_t *next = fixture_next_seed(&w.fixture, &w.council);
    council_epoch_commit(right, next, c->log, epoch);
    council_epoch_commit(wrong, next, c->log, epoch + 1);
    rotate_with(&w, right, wrong, sizeof right);
    open_entry(&w, c->seq, &entry);
    EXPECT(BAD_COMMIT, council_epoch_open(&entry, secrets_of(&w, 1), false, NULL, 0, seed));
    assert_int_equal(sodium_is_zero(seed, sizeof seed), 1);
    council_entry_fini(&entry);
    world_fini(&w);
}

static void history_brings_every_seed(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    uint8_t named[COUNCIL_HASH_BYTES];
    uint32_t count;
    uint64_t epoch;
    world_init(&w, "history", 4);
    ACCEPT(fixture_history(&w.fixture, &w.council, w.member[0], w.member[3], 1, 3));
    open_entry(&w, fold_of(&w)->seq, &entry);
    const struct council_secrets *owns[] = {secrets_of(&w, 3), &w.member[3]->recovery};
    for (uint32_t i = 0; i < 2; i++) {
        memset(seeds, 0, sizeof seeds);
        ACCEPT(council_history_open(&entry, owns[i], seeds, &count));
        assert_int_equal(count, 3);
        assert_memory_equal(seeds, w.council.seeds[1], 3 * COUNCIL_SEED_BYTES);
    }
    EXPECT(NO_KEY, council_history_open(&entry, secrets_of(&w, 2), seeds, &count));
    assert_int_equal(count, 0);
    council_entry_fini(&entry);

    /* The founder's first rotation is entry 2: its commitment is that of the first seed. */
    open_entry(&w, 2, &entry);
    council_block_info(&entry, &epoch, named);
    council_epoch_commit(commit, w.council.seeds[1], fold_of(&w)->log, epoch);
    assert_int_equal(epoch, 1);
    assert_memory_equal(commit, named, sizeof commit);
    council_entry_fini(&entry);
    world_fini(&w);
}

static void a_wrong_history_box_is_found(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint8_t box[COUNCIL_HISTORY_BOX_MAX];
    char right[200];
    struct fixture_body body = {NULL, 0};
    uint32_t count;
    uint32_t len;
    world_init(&w, "wrong history", 2);
    const struct council *c = fold_of(&w);
    struct council_device to = fixture_device(w.member[1], 0);
    const uint8_t(*known)[COUNCIL_SEED_BYTES] =
        (const uint8_t(*)[COUNCIL_SEED_BYTES]) & w.council.seeds[1];
    assert_true(council_history_box(box, &len, known, c->log, 1, 2, &to));
    assert_int_equal(len, 48 + 64);
    assert_false(council_history_box(box, &len, known, c->log, 2, 1, &to));
    assert_false(council_history_box(box, &len, known, c->log, 1, 65, &to));
    len = 48 + 64;
    ACCEPT(council_body_history(c, fixture_name(w.member[1]), 1, 2, known, &body.text, &body.len));
    council_b64_encode(right, box, len);
    char *at = strstr(body.text, right);
    assert_non_null(at);
    at[100] = at[100] == 'A' ? 'B' : 'A';
    ACCEPT(says(&w, 0, COUNCIL_KIND_KEY_HISTORY, body)); /* valid all the same */
    open_entry(&w, c->seq, &entry);
    EXPECT(BAD_BOX, council_history_open(&entry, secrets_of(&w, 1), seeds, &count));
    ACCEPT(council_history_open(&entry, &w.member[1]->recovery, seeds, &count));
    council_entry_fini(&entry);
    EXPECT(NO_SUCH_MEMBER,
           council_body_history(c, fixture_name(w.member[5]), 1, 2, known, &body.text, &body.len));
    EXPECT(HISTORY_RANGE,
           council_body_history(c, fixture_name(w.member[1]), 1, 65, known, &body.text, &body.len));
    world_fini(&w);
}

static void a_history_holds_sixty_four_epochs(void **state)
{
    (void)state;
    struct world w;
    struct council_entry entry;
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint32_t count;
    world_init(&w, "sixty-four", 1);
    while (fold_of(&w)->epoch < 70) {
        ACCEPT(fixture_rotate(&w.fixture, &w.council, w.member[0]));
    }
    ACCEPT(fixture_history(&w.fixture, &w.council, w.member[0], w.member[0], 6, 69));
    open_entry(&w, fold_of(&w)->seq, &entry);
    ACCEPT(council_history_open(&entry, secrets_of(&w, 0), seeds, &count));
    assert_int_equal(count, 64);
    assert_memory_equal(seeds, w.council.seeds[6], sizeof seeds);
    council_entry_fini(&entry);
    world_fini(&w);
}

static void the_safety_number_is_read_aloud(void **state)
{
    (void)state;
    char number[COUNCIL_SAFETY_CHARS + 1];
    char expected[64];
    char *at = expected;
    uint8_t council[COUNCIL_KEY_BYTES] = {1};
    uint8_t head[COUNCIL_HASH_BYTES] = {2};
    uint8_t seq[8] = {0, 0, 0, 0, 0, 0, 0, 7};
    uint8_t d[COUNCIL_HASH_BYTES];
    const struct council_field fields[] = {COUNCIL_F(council), COUNCIL_F(seq), COUNCIL_F(head)};
    council_hash_p(d, "council/v1/safety", fields, 3);
    for (uint32_t i = 0; i < 10; i++) {
        unsigned group = ((unsigned)d[3 * i] << 16 | (unsigned)d[3 * i + 1] << 8 | d[3 * i + 2]);
        at += snprintf(at, 6, i ? " %04u" : "%04u", group % 10000);
    }
    council_safety_number(number, council, 7, head);
    assert_string_equal(number, expected);
    assert_int_equal(strlen(number), COUNCIL_SAFETY_CHARS);
    council_safety_number(number, council, 8, head);
    assert_string_not_equal(number, expected);
    head[31] ^= 1;
    council_safety_number(number, council, 7, head);
    assert_string_not_equal(number, expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_box_opens_as_libsodium_s_sealed_box),
        cmocka_unit_test(a_box_is_made_as_specified),
        cmocka_unit_test(a_history_box_is_made_as_specified),
        cmocka_unit_test(every_recipient_opens_every_block),
        cmocka_unit_test(a_wrong_box_is_found_and_stays_valid),
        cmocka_unit_test(a_wrong_commitment_is_found),
        cmocka_unit_test(history_brings_every_seed),
        cmocka_unit_test(a_wrong_history_box_is_found),
        cmocka_unit_test(a_history_holds_sixty_four_epochs),
        cmocka_unit_test(the_safety_number_is_read_aloud),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
