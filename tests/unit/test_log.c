/*
 * test_log.c - whole logs: the order of the checks across the parts, both types, and that failure changes nothing.
 *
 * The rules of each part have tests of their own; here an entry breaks rules of several parts at once.
 */
#include "tests/unit/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fixture_policy policy = {.fast = true, .size = 6};

/* What of a log shows whether it changed. */
struct print {
    enum council_log_type type;
    uint64_t seq, member_seq, council_seq, control, epoch;
    uint32_t people, keys;
    uint8_t head[COUNCIL_HASH_BYTES], member_head[COUNCIL_HASH_BYTES];
};

static struct print print_of(const struct council_log *log)
{
    struct print print;
    memset(&print, 0, sizeof(print));
    print.type = log->type;
    print.seq = log->tail.seq;
    print.control = log->tail.control;
    print.member_seq = log->member.seq;
    print.council_seq = log->council.seq;
    print.epoch = log->council.epoch;
    print.people = log->council.person_count;
    print.keys = log->member.key_count;
    memcpy(print.head, log->tail.head, sizeof(print.head));
    memcpy(print.member_head, log->member.head, sizeof(print.member_head));
    return print;
}

/* Checks, and appends; the two must agree, and what is refused must change nothing. */
static const char *offer(struct council_log *log, const struct fixture_entry *made,
                         const uint8_t *data, uint32_t data_len, bool verified)
{
    struct council_entry entry;
    assert_int_equal(council_entry_parse(&entry, made->text, made->len), COUNCIL_OK);
    struct print before = print_of(log);
    enum council_error error = council_log_check(log, &entry, made->sig, data, data_len, NULL);
    struct print checked = print_of(log);
    assert_memory_equal(&before, &checked, sizeof(before));
    enum council_error appended =
        council_log_append(log, &entry, made->sig, data, data_len, NULL, verified);
    struct print after = print_of(log);
    if (!verified) {
        assert_string_equal(council_error_name(appended), council_error_name(error));
    }
    if (appended != COUNCIL_OK) {
        assert_memory_equal(&before, &after, sizeof(before));
    } else {
        assert_int_equal(after.seq, before.seq + 1);
        assert_int_equal(after.type == COUNCIL_LOG_IS_MEMBER ? after.member_seq : after.council_seq,
                         after.seq);
    }
    council_entry_fini(&entry);
    return council_error_name(appended);
}

struct world {
    struct fixture fixture;
    struct fixture_council council;
    struct fixture_member *founder;
};

static void world_init(struct world *w, const char *name)
{
    fixture_init(&w->fixture, name);
    fixture_council_init(&w->council);
    w->founder = fixture_member(&w->fixture, 0);
    assert_int_equal(fixture_found(&w->fixture, &w->council, w->founder, policy), COUNCIL_OK);
}

static void world_fini(struct world *w)
{
    fixture_council_fini(&w->council);
    fixture_fini(&w->fixture);
}

/* What an entry that differs from a right one is made of. */
struct odd {
    const struct fixture_log *log;
    const struct fixture_member *by;
    enum council_kind kind;
    const char *body;
    uint64_t seen; /* 0: the last entry */
    bool wrong_head, wrong_author;
};

static struct fixture_entry make(struct world *w, struct odd odd)
{
    static uint8_t data[COUNCIL_DATA_OVERHEAD + COUNCIL_PLAIN_MIN];
    uint8_t id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES], head[COUNCIL_HASH_BYTES];
    uint8_t hash[COUNCIL_HASH_BYTES], author[COUNCIL_KEY_BYTES];
    struct fixture_entry made;
    struct council_draft draft = fixture_draft(&w->fixture, odd.log, odd.by, odd.kind, id, device);
    council_hash(hash, data, sizeof(data));
    if (odd.seen != 0) {
        draft.seen_seq = odd.seen;
        draft.seen_head = odd.log->entries[odd.seen - 1].head;
    }
    memcpy(head, draft.seen_head, sizeof(head));
    head[0] ^= odd.wrong_head ? 1 : 0;
    draft.seen_head = head;
    memcpy(author, draft.author, sizeof(author));
    author[0] ^= odd.wrong_author ? 1 : 0;
    draft.author = author;
    if (odd.kind == COUNCIL_KIND_POST) {
        draft.epoch = 1;
        draft.data_hash = hash;
    }
    assert_int_equal(fixture_sign(&made, &draft, fixture_body("%s", odd.body),
                                  odd.by->devices[odd.by->use].sign),
                     COUNCIL_OK);
    return made;
}

static const char *attempt(struct world *w, struct council_log *log, struct odd odd)
{
    struct fixture_entry made = make(w, odd);
    const char *name = offer(log, &made, NULL, 0, false);
    fixture_entry_fini(&made);
    return name;
}

static void logs_are_read_back(void **state)
{
    struct world w;
    struct council_log copy;
    struct fixture_member *second;
    (void)state;
    world_init(&w, "log/read");
    second = fixture_member(&w.fixture, 1);
    fixture_admit(&w.fixture, &w.council, w.founder, second);
    assert_int_equal(fixture_post(&w.fixture, &w.council, second, "{\"type\":\"note\"}", 0),
                     COUNCIL_OK);
    assert_int_equal(fixture_device_add(&w.fixture, second), COUNCIL_OK);

    const struct fixture_log *logs[] = {&w.council.log, &second->log};
    for (int l = 0; l < 2; l++) {
        council_log_init(&copy);
        for (uint32_t i = 0; i < logs[l]->count; i++) {
            const struct fixture_entry *entry = &logs[l]->entries[i];
            /* a reader may have the data or not */
            const uint8_t *data = i % 2 == 0 ? entry->data : NULL;
            assert_string_equal(offer(&copy, entry, data, data ? entry->data_len : 0, false), "ok");
            assert_memory_equal(copy.tail.head, entry->head, COUNCIL_HASH_BYTES);
        }
        struct print wanted = print_of(&logs[l]->log), got = print_of(&copy);
        assert_memory_equal(&wanted, &got, sizeof(got));
        assert_int_equal(copy.type, l == 0 ? COUNCIL_LOG_IS_COUNCIL : COUNCIL_LOG_IS_MEMBER);
        council_log_fini(&copy);
    }
    council_log_fini(NULL);
    world_fini(&w);
}

static void a_genesis_decides_the_type(void **state)
{
    struct world w;
    struct council_log log;
    (void)state;
    world_init(&w, "log/genesis");
    council_log_init(&log);
    assert_int_equal(log.type, COUNCIL_LOG_EMPTY);
    assert_string_equal(offer(&log, &w.council.log.entries[1], NULL, 0, false), "genesis_expected");
    assert_int_equal(log.type, COUNCIL_LOG_EMPTY);
    /* a founding refused by section 5 leaves the log empty for a member's */
    struct fixture_entry broken = {0};
    fixture_sign_text(&broken, w.council.log.entries[0].text, w.council.log.entries[0].len,
                      w.founder->recovery.sign);
    assert_string_equal(offer(&log, &broken, NULL, 0, false), "bad_signature");
    assert_int_equal(log.type, COUNCIL_LOG_EMPTY);
    fixture_entry_fini(&broken);
    assert_string_equal(offer(&log, &w.founder->log.entries[0], NULL, 0, false), "ok");
    assert_int_equal(log.type, COUNCIL_LOG_IS_MEMBER);
    assert_string_equal(offer(&log, &w.founder->log.entries[0], NULL, 0, false), "genesis_again");
    assert_string_equal(offer(&log, &w.council.log.entries[0], NULL, 0, false), "genesis_again");
    assert_string_equal(offer(&log, &w.council.log.entries[1], NULL, 0, false), "wrong_log");
    council_log_fini(&log);
    world_fini(&w);
}

static void data_signature_position_rules(void **state)
{
    static uint8_t right[COUNCIL_DATA_OVERHEAD + COUNCIL_PLAIN_MIN], wrong[sizeof(right)] = {1};
    struct world w;
    (void)state;
    world_init(&w, "log/order");
    struct council_log *log = &w.council.log.log;
    struct fixture_member *stranger = fixture_member(&w.fixture, 1);
    struct odd odd = {.log = &w.council.log,
                      .by = stranger, /* not a member */
                      .kind = COUNCIL_KIND_POST,
                      .body = "{}",
                      .wrong_head = true};
    struct fixture_entry made = make(&w, odd);
    made.sig[0] ^= 1;
    assert_string_equal(offer(log, &made, right, sizeof(right) - 1, false), "data_size");
    assert_string_equal(offer(log, &made, wrong, sizeof(wrong), false), "data_hash");
    assert_string_equal(offer(log, &made, right, sizeof(right), false), "bad_signature");
    assert_string_equal(offer(log, &made, NULL, 0, false), "bad_signature");
    made.sig[0] ^= 1;
    assert_string_equal(offer(log, &made, right, sizeof(right), false), "wrong_head");
    fixture_entry_fini(&made);
    odd.wrong_head = false;
    made = make(&w, odd);
    assert_string_equal(offer(log, &made, right, sizeof(right), false), "not_member");
    fixture_entry_fini(&made);
    odd.by = w.founder;
    made = make(&w, odd);
    assert_string_equal(offer(log, &made, right, sizeof(right), false), "ok");
    fixture_entry_fini(&made);
    world_fini(&w);
}

static void data_of_a_plain_kind(void **state)
{
    static const uint8_t data[COUNCIL_DATA_OVERHEAD + COUNCIL_PLAIN_MIN];
    struct world w;
    (void)state;
    world_init(&w, "log/plain");
    struct odd odd = {
        .log = &w.council.log, .by = w.founder, .kind = COUNCIL_KIND_MEMBER_LEAVE, .body = "{}"};
    struct fixture_entry made = make(&w, odd);
    made.sig[0] ^= 1;
    assert_string_equal(offer(&w.council.log.log, &made, data, sizeof(data), false),
                        "data_unexpected");
    made.sig[0] ^= 1;
    assert_string_equal(offer(&w.council.log.log, &made, NULL, 0, false), "ok");
    fixture_entry_fini(&made);
    world_fini(&w);
}

static void a_verified_signature_is_not_asked_again(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, "log/verified");
    struct odd odd = {
        .log = &w.council.log, .by = w.founder, .kind = COUNCIL_KIND_POST, .body = "{}"};
    struct fixture_entry made = make(&w, odd);
    made.sig[5] ^= 1;
    assert_string_equal(offer(&w.council.log.log, &made, NULL, 0, false), "bad_signature");
    assert_string_equal(offer(&w.council.log.log, &made, NULL, 0, true), "ok");
    fixture_entry_fini(&made);
    world_fini(&w);
}

static void kinds_in_the_wrong_log(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, "log/kinds");
    struct fixture_member *member = fixture_member(&w.fixture, 1);
    assert_int_equal(fixture_device_add(&w.fixture, member), COUNCIL_OK);
    assert_int_equal(fixture_device_add(&w.fixture, member), COUNCIL_OK);
    struct odd odd = {.log = &member->log,
                      .by = member,
                      .kind = COUNCIL_KIND_POST,
                      .body = "{}",
                      .wrong_author = true};
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_log_type");
    /* no control kind, so that it has not seen the end is no fault */
    odd.by = w.founder;
    odd.seen = 2;
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_log_type");
    odd.wrong_head = true;
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_head");
    odd.wrong_head = false;
    odd.kind = COUNCIL_KIND_MEMBER_LEAVE;
    assert_string_equal(attempt(&w, &member->log.log, odd), "stale");
    odd.seen = 3;
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_log_type");

    odd.log = &w.council.log;
    odd.kind = COUNCIL_KIND_DEVICE_REVOKE;
    odd.body = "{\"device\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    odd.seen = 1;
    assert_string_equal(attempt(&w, &w.council.log.log, odd), "stale");
    odd.seen = 2;
    assert_string_equal(attempt(&w, &w.council.log.log, odd), "wrong_log_type");
    world_fini(&w);
}

/* In a whole member log, unlike in a chain, the heads before the last are known. */
static void position_in_a_member_log(void **state)
{
    struct world w;
    (void)state;
    world_init(&w, "log/member");
    struct fixture_member *member = fixture_member(&w.fixture, 1), *other = w.founder;
    assert_int_equal(fixture_device_add(&w.fixture, member), COUNCIL_OK);
    assert_int_equal(fixture_device_add(&w.fixture, member), COUNCIL_OK);
    struct odd odd = {.log = &member->log,
                      .by = member, /* its device wrote entry 3 after it had seen 2 */
                      .kind = COUNCIL_KIND_DEVICE_REVOKE,
                      .body = "{\"device\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}",
                      .seen = 1};
    assert_string_equal(attempt(&w, &member->log.log, odd), "bad_seen");
    odd.by = other;
    odd.wrong_head = true;
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_head");
    odd.wrong_head = false;
    assert_string_equal(attempt(&w, &member->log.log, odd), "stale");
    odd.seen = 3;
    assert_string_equal(attempt(&w, &member->log.log, odd), "wrong_author");
    odd.by = member;
    assert_string_equal(attempt(&w, &member->log.log, odd), "unknown_device");
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_are_read_back),
        cmocka_unit_test(a_genesis_decides_the_type),
        cmocka_unit_test(data_signature_position_rules),
        cmocka_unit_test(data_of_a_plain_kind),
        cmocka_unit_test(a_verified_signature_is_not_asked_again),
        cmocka_unit_test(kinds_in_the_wrong_log),
        cmocka_unit_test(position_in_a_member_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
