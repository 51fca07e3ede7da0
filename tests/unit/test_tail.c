/*
 * test_tail.c - the rules of position: window, heads, ids, control entries, retries.
 *
 * Heads are followed beside the tail by council_entry_head, which test_entry.c compares with a value made by hand.
 */
#include "protocol/tail.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    ENTRIES_MAX = 700
};

/* A tail, and every head that it should have had: heads[seq]. */
struct world {
    struct council_tail tail;
    uint8_t heads[ENTRIES_MAX + 1][COUNCIL_HASH_BYTES];
    uint32_t ids;
};

struct made {
    char *text;
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_entry entry;
};

/* What a test asks of an entry; id 0 means a new one. */
struct wish {
    enum council_kind kind;
    uint8_t device;
    uint64_t seen;
    uint32_t id;
    bool wrong_log, wrong_head;
};

static void made_fini(struct made *made)
{
    council_entry_fini(&made->entry);
    free(made->text);
}

/* An entry; what a body would say does not matter here, so it is the shortest that the kind takes. */
static void make(struct world *w, struct made *made, struct wish wish)
{
    static const char key_body[] = "{\"invite\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}";
    static const char found_body[] =
        "{\"chain\":[{\"sig\":"
        "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        "AAAAAAAAAAAAAAAA\",\"text\":\"\"}],\"history\":\"all\",\"pace\":\"slow\",\"size\":6,"
        "\"type\":"
        "\"council\"}";
    uint8_t seed[32] = {wish.device}, key[32], secret[64], id[16] = {0}, log[32], head[32];
    uint32_t number = wish.id != 0 ? wish.id : 100000 + w->ids++;
    bool genesis = council_kind_has(wish.kind, COUNCIL_FLAG_GENESIS);
    crypto_sign_seed_keypair(key, secret, seed);
    council_u64be(id, number);
    memcpy(log, w->heads[1], sizeof(log));
    log[0] ^= wish.wrong_log ? 1 : 0;
    memcpy(head, w->heads[wish.seen <= ENTRIES_MAX ? wish.seen : 0], sizeof(head));
    head[31] ^= wish.wrong_head ? 1 : 0;
    const char *body = NULL;
    if (genesis) {
        body = found_body;
    } else if (wish.kind == COUNCIL_KIND_INVITE_CLOSE) {
        body = key_body;
    }
    const struct council_draft draft = {
        .kind = wish.kind,
        .at = number,
        .author = log,
        .device = key,
        .id = id,
        .log = genesis ? NULL : log,
        .seen_seq = wish.seen,
        .seen_head = genesis ? NULL : head,
        .epoch = 1,
        .data_hash = wish.kind == COUNCIL_KIND_POST ? log : NULL,
        .body = body,
        .body_len = body != NULL ? (uint32_t)strlen(body) : 0,
    };
    enum council_error error =
        council_entry_sign(&draft, secret, &made->text, &made->len, made->sig);
    assert_string_equal(council_error_name(error), "ok");
    assert_int_equal(council_entry_parse(&made->entry, made->text, made->len), COUNCIL_OK);
}

static const char *check(struct world *w, struct wish wish)
{
    struct made made;
    make(w, &made, wish);
    enum council_error error = council_tail_check(&w->tail, &made.entry);
    made_fini(&made);
    return council_error_name(error);
}

/* Appends an entry that must be accepted. */
static void push(struct world *w, struct wish wish)
{
    struct made made;
    make(w, &made, wish);
    assert_string_equal(council_error_name(council_tail_check(&w->tail, &made.entry)), "ok");
    assert_int_equal(council_tail_push(&w->tail, &made.entry, made.sig), COUNCIL_OK);
    uint64_t seq = w->tail.seq;
    assert_true(seq <= ENTRIES_MAX);
    council_entry_head(w->heads[seq], w->heads[seq - 1], made.text, made.len, made.sig);
    assert_memory_equal(w->tail.head, w->heads[seq], 32);
    made_fini(&made);
}

#define POST(d, s)    ((struct wish){.kind = COUNCIL_KIND_POST, .device = (d), .seen = (s)})
#define CONTROL(d, s) ((struct wish){.kind = COUNCIL_KIND_INVITE_CLOSE, .device = (d), .seen = (s)})
#define FOUND(d)      ((struct wish){.kind = COUNCIL_KIND_COUNCIL_CREATE, .device = (d)})

/* A log of `count` entries: the genesis and posts by device 1, each after seeing all before it. */
static struct world *world_of(uint64_t count)
{
    struct world *w = calloc(1, sizeof(*w));
    assert_non_null(w);
    council_tail_init(&w->tail);
    if (count > 0) {
        push(w, FOUND(1));
    }
    while (w->tail.seq < count) {
        push(w, POST(1, w->tail.seq));
    }
    return w;
}

static void world_free(struct world *w)
{
    council_tail_fini(&w->tail);
    free(w);
}

static void geneses(void **state)
{
    struct world *w = world_of(0);
    (void)state;
    memset(w->heads[1], 1, 32);
    assert_string_equal(check(w, POST(1, 1)), "genesis_expected");
    assert_string_equal(check(w, CONTROL(1, 1)), "genesis_expected");
    assert_string_equal(check(w, FOUND(1)), "ok");
    push(w, FOUND(1));
    assert_int_equal(w->tail.seq, 1);
    assert_int_equal(w->tail.control, 1);
    assert_memory_equal(w->tail.log, w->heads[1], 32);
    assert_string_equal(check(w, FOUND(1)), "genesis_again");
    assert_string_equal(check(w, POST(1, 1)), "ok");
    assert_string_equal(
        check(w,
              (struct wish){.kind = COUNCIL_KIND_POST, .device = 1, .seen = 1, .wrong_log = true}),
        "wrong_log");
    world_free(w);
}

static void window(void **state)
{
    struct world *w = world_of(600);
    uint8_t head[32];
    (void)state;
    assert_string_equal(check(w, POST(2, 600)), "ok");
    assert_string_equal(check(w, POST(2, 601)), "bad_seen");
    assert_string_equal(check(w, POST(2, 9007199254740991)), "bad_seen");
    assert_string_equal(check(w, POST(2, 344)), "ok"); /* 600 - 256 */
    assert_string_equal(check(w, POST(2, 343)), "bad_seen");
    assert_string_equal(check(w, POST(2, 1)), "bad_seen");
    for (uint64_t seq = 344; seq <= 600; seq++) {
        assert_true(council_tail_head(&w->tail, seq, head));
        assert_memory_equal(head, w->heads[seq], 32);
    }
    assert_false(council_tail_head(&w->tail, 343, head));
    assert_false(council_tail_head(&w->tail, 601, head));
    assert_false(council_tail_head(&w->tail, 0, head));
    world_free(w);
}

static void window_of_a_short_log(void **state)
{
    (void)state;
    for (uint64_t count = 255; count <= 259; count++) {
        struct world *w = world_of(count);
        assert_string_equal(check(w, POST(2, 1)), count <= 257 ? "ok" : "bad_seen");
        world_free(w);
    }
}

static void memory_has_a_ceiling(void **state)
{
    struct world *w = world_of(257);
    (void)state;
    uint32_t memory = council_tail_memory(&w->tail);
    assert_in_range(memory, 257 * 80, 257 * 128);
    for (int i = 0; i < 20; i++) {
        push(w, POST(1, w->tail.seq));
    }
    assert_int_equal(council_tail_memory(&w->tail), memory);
    world_free(w);
}

static void seen_never_goes_back(void **state)
{
    struct world *w = world_of(10);
    (void)state;
    push(w, POST(2, 5)); /* seq 11 */
    assert_string_equal(check(w, POST(2, 4)), "bad_seen");
    assert_string_equal(check(w, POST(2, 5)), "ok");
    assert_string_equal(check(w, POST(2, 11)), "ok");
    assert_string_equal(check(w, POST(3, 1)), "ok");
    /* it counts among the last 256: it is the oldest of them at seq 266, and then no more */
    while (w->tail.seq < 260) {
        push(w, POST(3, w->tail.seq));
    }
    assert_string_equal(check(w, POST(2, 4)), "bad_seen");
    world_free(w);

    w = world_of(300);
    push(w, POST(2, 299)); /* seq 301 */
    while (w->tail.seq < 301 + 255) {
        push(w, POST(3, w->tail.seq));
    }
    /* n is 557, the last 256 begin at 301; a seen of 300 is 256 behind and after 299, so it is 299 that is too far back */
    assert_string_equal(check(w, POST(2, 300)), "ok");
    assert_string_equal(check(w, POST(2, 299)), "bad_seen");
    world_free(w);
}

static void seen_of_the_oldest_of_the_window(void **state)
{
    /* Device 2 sees its own predecessor when it writes seq 302; that is the oldest of the last 256 at n = 558. */
    struct world *w = world_of(301);
    (void)state;
    push(w, POST(2, 301)); /* seq 302 */
    while (w->tail.seq < 557) {
        push(w, POST(3, w->tail.seq));
    }
    /* seen 301 is 256 behind 557 and not below what 302 had seen */
    assert_string_equal(check(w, POST(2, 301)), "ok");
    world_free(w);
}

static void heads_must_agree(void **state)
{
    struct world *w = world_of(600);
    (void)state;
    const uint64_t seqs[] = {344, 345, 500, 599, 600};
    for (size_t i = 0; i < sizeof(seqs) / sizeof(seqs[0]); i++) {
        struct wish wish = POST(2, seqs[i]);
        assert_string_equal(check(w, wish), "ok");
        wish.wrong_head = true;
        assert_string_equal(check(w, wish), "wrong_head");
    }
    world_free(w);
}

static void ids_repeat_only_before_what_was_seen(void **state)
{
    struct world *w = world_of(5);
    struct wish wish = POST(2, 5);
    (void)state;
    wish.id = 77;
    push(w, wish); /* seq 6 */
    push(w, POST(1, 6));
    assert_string_equal(check(w, wish), "id_repeated");
    wish.kind = COUNCIL_KIND_INVITE_CLOSE;
    assert_string_equal(check(w, wish), "id_repeated");
    wish.seen = 6; /* it has seen its own entry of that id */
    assert_string_equal(check(w, wish), "ok");
    wish.seen = 5;
    wish.device = 3; /* another device, which may draw the same */
    assert_string_equal(check(w, wish), "ok");
    world_free(w);
}

static void of_racing_control_entries_one_wins(void **state)
{
    struct world *w = world_of(5);
    (void)state;
    assert_int_equal(w->tail.control, 1);
    assert_string_equal(check(w, CONTROL(2, 1)), "ok");
    assert_string_equal(check(w, CONTROL(3, 5)), "ok");
    push(w, CONTROL(2, 3)); /* seq 6 */
    assert_int_equal(w->tail.control, 6);
    assert_string_equal(check(w, CONTROL(3, 5)), "stale");
    assert_string_equal(check(w, POST(3, 5)), "ok");
    assert_string_equal(check(w, CONTROL(3, 6)), "ok");
    push(w, POST(1, 6));
    assert_string_equal(check(w, CONTROL(3, 6)), "ok");
    world_free(w);
}

static void errors_come_in_their_order(void **state)
{
    struct world *w = world_of(5);
    struct wish wish = CONTROL(2, 3);
    (void)state;
    wish.id = 9;
    push(w, wish); /* seq 6: control, device 2 has seen 3, id 9 */
    /* everything wrong at once, put right one by one */
    wish.wrong_log = true;
    wish.wrong_head = true;
    wish.seen = 2;
    assert_string_equal(check(w, wish), "wrong_log");
    wish.wrong_log = false;
    assert_string_equal(check(w, wish), "bad_seen");
    wish.seen = 4;
    assert_string_equal(check(w, wish), "wrong_head");
    wish.wrong_head = false;
    assert_string_equal(check(w, wish), "id_repeated");
    wish.id = 10;
    assert_string_equal(check(w, wish), "stale");
    wish.seen = 6;
    assert_string_equal(check(w, wish), "ok");
    world_free(w);
}

static void retries(void **state)
{
    struct world *w = world_of(5);
    struct made first, other;
    uint8_t sig[64];
    (void)state;
    make(w, &first, POST(2, 4));
    assert_int_equal(council_tail_retry(&w->tail, &first.entry, first.sig), 0);
    assert_int_equal(council_tail_push(&w->tail, &first.entry, first.sig), COUNCIL_OK);
    memcpy(w->heads[6], w->tail.head, 32);
    assert_int_equal(council_tail_retry(&w->tail, &first.entry, first.sig), 6);
    for (int i = 0; i < 255; i++) {
        push(w, POST(1, w->tail.seq));
    }
    assert_int_equal(council_tail_retry(&w->tail, &first.entry, first.sig), 6);
    /* the same text under another signature is another entry */
    memcpy(sig, first.sig, 64);
    sig[0] ^= 1;
    assert_int_equal(council_tail_retry(&w->tail, &first.entry, sig), 0);
    /* as is another text of the same id, seen and device */
    make(w, &other,
         (struct wish){.kind = COUNCIL_KIND_INVITE_CLOSE,
                       .device = 2,
                       .seen = 4,
                       .id = 100000 + w->ids - 256});
    assert_int_equal(council_tail_retry(&w->tail, &other.entry, other.sig), 0);
    /* forgotten with the window */
    push(w, POST(1, w->tail.seq));
    push(w, POST(1, w->tail.seq));
    assert_int_equal(council_tail_retry(&w->tail, &first.entry, first.sig), 0);
    made_fini(&first);
    made_fini(&other);
    world_free(w);
}

static void retry_of_a_genesis(void **state)
{
    struct world *w = world_of(0);
    struct made made;
    (void)state;
    make(w, &made, FOUND(1));
    assert_int_equal(council_tail_retry(&w->tail, &made.entry, made.sig), 0);
    assert_int_equal(council_tail_push(&w->tail, &made.entry, made.sig), COUNCIL_OK);
    assert_int_equal(council_tail_retry(&w->tail, &made.entry, made.sig), 1);
    made_fini(&made);
    world_free(w);
}

static void copies_are_independent(void **state)
{
    struct world *w = world_of(20);
    struct council_tail copy, empty, copy_of_empty;
    (void)state;
    assert_int_equal(council_tail_copy(&copy, &w->tail), COUNCIL_OK);
    push(w, CONTROL(2, 20));
    assert_int_equal(copy.seq, 20);
    assert_int_equal(copy.control, 1);
    assert_memory_equal(copy.head, w->heads[20], 32);
    struct council_tail moved = w->tail;
    w->tail = copy;
    push(w, POST(3, 20));
    council_tail_fini(&moved);
    council_tail_init(&empty);
    assert_int_equal(council_tail_copy(&copy_of_empty, &empty), COUNCIL_OK);
    assert_int_equal(copy_of_empty.seq, 0);
    council_tail_fini(&copy_of_empty);
    council_tail_fini(&empty);
    council_tail_fini(NULL);
    world_free(w);
}

/* A tail started in the middle and one of the whole log say the same. */
static void started_in_the_middle(void **state)
{
    enum {
        COUNT = 400,
        BASE = COUNT - 257
    };
    struct world *w = world_of(0), *half = world_of(0);
    uint8_t head[32];
    (void)state;
    for (uint64_t seq = 1; seq <= COUNT; seq++) {
        struct made made;
        struct wish wish = seq == 1        ? FOUND(1)
                           : seq % 50 == 0 ? CONTROL((uint8_t)(seq % 4), seq - 1)
                                           : POST((uint8_t)(seq % 4), seq - 1);
        make(w, &made, wish);
        assert_int_equal(council_tail_push(&w->tail, &made.entry, made.sig), COUNCIL_OK);
        memcpy(w->heads[seq], w->tail.head, 32);
        if (seq == BASE) {
            council_tail_start(&half->tail, w->tail.log, seq, w->tail.head, w->tail.control);
        }
        if (seq > BASE) {
            assert_int_equal(council_tail_push(&half->tail, &made.entry, made.sig), COUNCIL_OK);
        }
        made_fini(&made);
    }
    assert_memory_equal(half->tail.head, w->tail.head, 32);
    assert_int_equal(half->tail.seq, w->tail.seq);
    assert_int_equal(half->tail.control, w->tail.control);
    assert_memory_equal(half->tail.log, w->tail.log, 32);
    memcpy(half->heads, w->heads, sizeof(w->heads));
    for (uint64_t seen = BASE - 2; seen <= COUNT + 1; seen++) {
        half->ids = w->ids;
        assert_true(council_tail_head(&half->tail, seen, head) ==
                    council_tail_head(&w->tail, seen, head));
        const char *whole = check(w, CONTROL(9, seen));
        assert_string_equal(check(half, CONTROL(9, seen)), whole);
    }
    /* nothing was pushed yet: no head is known, and nothing is read */
    struct council_tail bare;
    council_tail_init(&bare);
    council_tail_start(&bare, w->tail.log, COUNT, w->tail.head, 1);
    assert_false(council_tail_head(&bare, COUNT, head));
    council_tail_fini(&bare);
    world_free(half);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(geneses),
        cmocka_unit_test(window),
        cmocka_unit_test(window_of_a_short_log),
        cmocka_unit_test(memory_has_a_ceiling),
        cmocka_unit_test(seen_never_goes_back),
        cmocka_unit_test(seen_of_the_oldest_of_the_window),
        cmocka_unit_test(heads_must_agree),
        cmocka_unit_test(ids_repeat_only_before_what_was_seen),
        cmocka_unit_test(of_racing_control_entries_one_wins),
        cmocka_unit_test(errors_come_in_their_order),
        cmocka_unit_test(retries),
        cmocka_unit_test(retry_of_a_genesis),
        cmocka_unit_test(copies_are_independent),
        cmocka_unit_test(started_in_the_middle),
    };
    if (council_protocol_init() != COUNCIL_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
