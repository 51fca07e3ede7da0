/*
 * test_rpc_quick.c - the quick reader of log.append and log.entry reads what jansson's way reads, or nothing.
 */
#include "protocol/rpc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char text[] = "{\"at\":7,\"body\":{\"name\":\"x y\"},\"kind\":\"post\"}";
static uint8_t sig[COUNCIL_SIG_BYTES], log_key[COUNCIL_KEY_BYTES], data[40];

static int prepare(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < sizeof(data); i++) {
        data[i] = (uint8_t)(i * 7 + 1);
        sig[i % sizeof(sig)] = (uint8_t)(i * 5 + 3);
        log_key[i % sizeof(log_key)] = (uint8_t)(i * 3 + 2);
    }
    return 0;
}

/* A message as a peer writes it: owned, of exactly `len` bytes, so that reading behind it shows. */
static char *write_append(uint64_t id, const uint8_t *with, uint32_t data_len, uint32_t *len)
{
    struct council_frame frame;
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, id, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(&frame, "entry", text, sizeof(text) - 1, sig, with, data_len);
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    char *out = council_frame_take(&frame, len);
    return realloc(out, *len);
}

static char *write_entry(bool erased, uint32_t *len)
{
    const struct council_record record = {.seq = 12,
                                          .received = 1700000000000,
                                          .text = text,
                                          .len = sizeof(text) - 1,
                                          .sig = sig,
                                          .data = erased ? NULL : data,
                                          .data_len = erased ? 0 : sizeof(data),
                                          .erased = erased};
    struct council_frame frame;
    council_frame_init(&frame, 0);
    assert_int_equal(council_rpc_write_log_entry(&frame, log_key, &record), COUNCIL_OK);
    char *out = council_frame_take(&frame, len);
    return realloc(out, *len);
}

/* The slow way, whole: parse, check, read. */
static bool read_slowly(const char *bytes, uint32_t len, struct council_rpc *rpc,
                        struct council_wire_entry *entry)
{
    const char *bad = NULL;
    if (council_rpc_parse(rpc, bytes, len) != COUNCIL_OK)
        return false;
    bool call = rpc->kind == COUNCIL_RPC_CALL && rpc->method == COUNCIL_METHOD_LOG_APPEND;
    bool notice = rpc->kind == COUNCIL_RPC_NOTIFICATION &&
                  rpc->notification == COUNCIL_NOTIFICATION_LOG_ENTRY;
    bool good =
        (call && council_rpc_check_params(rpc->method, rpc->params, &bad) == COUNCIL_OK &&
         council_rpc_entry(json_object_get(rpc->params, "entry"), entry) == COUNCIL_OK) ||
        (notice &&
         council_rpc_check_notification(rpc->notification, rpc->params, &bad) == COUNCIL_OK &&
         council_rpc_entry(rpc->params, entry) == COUNCIL_OK);
    if (!good)
        council_rpc_fini(rpc);
    return good;
}

static void assert_same_entry(const struct council_wire_entry *a,
                              const struct council_wire_entry *b)
{
    assert_int_equal(a->len, b->len);
    assert_memory_equal(a->text, b->text, a->len + 1);
    assert_memory_equal(a->sig, b->sig, sizeof(a->sig));
    assert_int_equal(a->has_data, b->has_data);
    assert_int_equal(a->data_len, b->data_len);
    if (a->data_len > 0)
        assert_memory_equal(a->data, b->data, a->data_len);
    assert_int_equal(a->has_log, b->has_log);
    assert_memory_equal(a->log, b->log, sizeof(a->log));
    assert_int_equal(a->seq, b->seq);
    assert_int_equal(a->received, b->received);
    assert_int_equal(a->erased, b->erased);
}

/* Whether the quick reader takes the message; what it takes, the slow way takes and reads alike. */
static bool agrees(const char *bytes, uint32_t len)
{
    struct council_rpc quick, slow;
    struct council_wire_entry entry = {0};
    char *copy = malloc(len > 0 ? len : 1);
    memcpy(copy, bytes, len);
    bool taken = council_rpc_quick(&quick, copy, len);
    if (taken) {
        assert_true(read_slowly(bytes, len, &slow, &entry));
        assert_int_equal(quick.kind, slow.kind);
        assert_int_equal(quick.method, slow.method);
        assert_int_equal(quick.notification, slow.notification);
        assert_int_equal(quick.id.kind, slow.id.kind);
        assert_int_equal(quick.id.number, slow.id.number);
        assert_same_entry(&quick.entry, &entry);
        council_wire_entry_fini(&entry);
        council_rpc_fini(&slow);
        council_rpc_fini(&quick);
    } else {
        assert_null(quick.entry.data);
        assert_null(quick.entry.own_text);
    }
    free(copy);
    return taken;
}

static char *message(int which, uint32_t *len)
{
    switch (which) {
    case 0:
        return write_append(1234, data, sizeof(data), len);
    case 1:
        return write_append(0, NULL, 0, len);
    case 2:
        return write_append(COUNCIL_INT_MAX, data, 1, len);
    case 3:
        return write_entry(false, len);
    default:
        return write_entry(true, len);
    }
}

enum {
    MESSAGES = 5
};

static void what_peers_write_is_read_quickly(void **state)
{
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint32_t len = 0;
        char *bytes = message(i, &len);
        assert_true(agrees(bytes, len));
        free(bytes);
    }
}

/* Every byte replaced by every other one, left out, and doubled; every beginning. */
static void what_differs_is_read_alike_or_left(void **state)
{
    uint32_t taken = 0;
    (void)state;
    for (int i = 0; i < MESSAGES; i++) {
        uint32_t len = 0;
        char *bytes = message(i, &len);
        char *more = malloc(len + 1);
        for (uint32_t at = 0; at < len; at++) {
            char was = bytes[at];
            assert_false(agrees(bytes, at));
            for (int c = 0; c < 256; c++) {
                bytes[at] = (char)c;
                taken += agrees(bytes, len);
            }
            bytes[at] = was;
            memcpy(more, bytes, at);
            memcpy(more + at, bytes + at + 1, len - at - 1);
            taken += agrees(more, len - 1);
            memcpy(more, bytes, at + 1);
            memcpy(more + at + 1, bytes + at, len - at);
            taken += agrees(more, len + 1);
        }
        free(more);
        free(bytes);
    }
    assert_true(taken > 1000); /* other digits, letters and base64 */
}

/* ---- at random ---- */

enum {
    ROUNDS = 60000,
    LONGEST = 4096
};

/* What a writer may put otherwise, and what somebody who means harm would try. */
static const char *const pieces[] = {"\\\"",
                                     "\\\\",
                                     "\\u0022",
                                     "\\u0041",
                                     "\\/",
                                     "\\n",
                                     "\"",
                                     "\\",
                                     " ",
                                     "\t",
                                     "\x7f",
                                     "\x1f",
                                     "\xc3\xa9",
                                     "\xff",
                                     "\xed\xa0\x80",
                                     "\xef\xbb\xbf",
                                     "}",
                                     "{",
                                     "]",
                                     "[",
                                     ",",
                                     ":",
                                     "}}}",
                                     "{}",
                                     "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
                                     "null",
                                     "true",
                                     "0",
                                     "00",
                                     "-1",
                                     "-0",
                                     "1.0",
                                     "1e3",
                                     "9007199254740991",
                                     "9007199254740992",
                                     "18446744073709551616",
                                     "99999999999999999",
                                     ",\"erased\":1",
                                     ",\"erased\":0",
                                     ",\"erased\":true",
                                     ",\"data\":\"\"",
                                     ",\"data\":\"A\"",
                                     ",\"data\":\"AA\"",
                                     ",\"data\":\"AB\"",
                                     ",\"data\":null",
                                     ",\"sig\":\"\"",
                                     ",\"text\":\"\"",
                                     "\"text\":\"\",",
                                     ",\"more\":1",
                                     "\"seq\":0,",
                                     "\"received\":1,",
                                     "\"id\":2,",
                                     "\"id\":null",
                                     "\"jsonrpc\":\"2.0\",",
                                     "log.append",
                                     "log.entry",
                                     "log.offer",
                                     "\"params\":{",
                                     "\"entry\":{",
                                     "=",
                                     "==",
                                     "-",
                                     "_",
                                     "+",
                                     "/",
                                     "A",
                                     "\r\n"};

static uint64_t seed = 0x9e3779b97f4a7c15;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 32) % n;
}

/* Puts `n` bytes in place of `gone` at `at`. */
static void put(char *bytes, uint32_t *len, uint32_t at, uint32_t gone, const char *from,
                uint32_t n)
{
    if (*len - gone + n > LONGEST)
        return;
    memmove(bytes + at + n, bytes + at + gone, *len - at - gone);
    memcpy(bytes + at, from, n);
    *len = *len - gone + n;
}

/* A place that matters more often than others: next to a mark of JSON, or either end. */
static uint32_t place(const char *bytes, uint32_t len)
{
    uint32_t at = below(len + 1), tries = below(40);
    if (below(12) == 0)
        return below(2) * len;
    for (; tries > 0 && at < len && strchr("\":,{}\\", bytes[at]) == NULL; tries--)
        at++;
    return at < len && below(2) ? at + 1 : at;
}

static void change(char *bytes, uint32_t *len)
{
    const char *piece = pieces[below(sizeof(pieces) / sizeof(pieces[0]))];
    uint32_t at = place(bytes, *len), rest = *len - at;
    uint32_t some = rest == 0 ? 0 : below(rest < 24 ? rest + 1 : 24);
    char copy[24], byte = (char)below(256);
    switch (below(6)) {
    case 0: /* a byte */
        put(bytes, len, at, rest > 0, &byte, 1);
        break;
    case 1: /* some are lost */
        put(bytes, len, at, some, "", 0);
        break;
    case 2: /* some stand again elsewhere */
        memcpy(copy, bytes + at, some);
        put(bytes, len, place(bytes, *len), 0, copy, some);
        break;
    case 3: /* a NUL, which a string of C would end with */
        put(bytes, len, at, 0, "", 1);
        break;
    case 4: /* a piece in place of what was there */
        put(bytes, len, at, some, piece, (uint32_t)strlen(piece));
        break;
    default:
        put(bytes, len, at, 0, piece, (uint32_t)strlen(piece));
    }
}

static void what_is_changed_at_random_is_read_alike_or_left(void **state)
{
    uint32_t taken = 0;
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        char bytes[LONGEST];
        uint32_t len = 0;
        char *from = message(round % MESSAGES, &len);
        memcpy(bytes, from, len);
        free(from);
        for (uint32_t times = 1 + below(3); times > 0; times--)
            change(bytes, &len);
        taken += agrees(bytes, len);
    }
    assert_in_range(taken, ROUNDS / 200, ROUNDS / 2); /* both ways were gone */
}

static void what_is_written_otherwise_is_left(void **state)
{
    /* All of them valid for the slow way. */
    static const char *const rows[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"log.append\",\"params\":{\"entry\":{"
        "\"text\":\"x\",\"sig\":\"%\"}}}",
        "{\"id\":1,\"jsonrpc\":\"2.0\",\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":"
        "\"x\",\"sig\":\"%\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"sig\":\"%"
        "\",\"text\":\"x\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":"
        "\"\\u0041\",\"sig\":\"%\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":"
        "\"\\\\\",\"sig\":\"%\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":"
        "\"\xc3\xa9\",\"sig\":\"%\"}}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":"
        "\"x\",\"sig\":\"%\"}}} ",
        "{\"jsonrpc\":\"2.0\", "
        "\"id\":1,\"method\":\"log.append\",\"params\":{\"entry\":{\"text\":\"x\",\"sig\":\"%\"}}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct council_rpc rpc;
        struct council_wire_entry entry = {0};
        char bytes[400], chars[COUNCIL_SIG_CHARS + 1];
        const char *at = strchr(rows[i], '%');
        council_b64_encode(chars, sig, sizeof(sig));
        memcpy(bytes, rows[i], (size_t)(at - rows[i]));
        memcpy(bytes + (at - rows[i]), chars, COUNCIL_SIG_CHARS);
        memcpy(bytes + (at - rows[i]) + COUNCIL_SIG_CHARS, at + 1, strlen(at + 1) + 1);
        assert_true(read_slowly(bytes, (uint32_t)strlen(bytes), &rpc, &entry));
        council_wire_entry_fini(&entry);
        council_rpc_fini(&rpc);
        assert_false(agrees(bytes, (uint32_t)strlen(bytes)));
    }
}

static void an_entry_can_be_taken(void **state)
{
    struct council_rpc rpc;
    struct council_wire_entry entry;
    uint32_t len = 0;
    char *bytes = message(0, &len);
    (void)state;
    assert_true(council_rpc_quick(&rpc, bytes, len));
    free(bytes);
    council_rpc_take_entry(&rpc, &entry);
    council_rpc_fini(&rpc);
    assert_int_equal(entry.len, sizeof(text) - 1);
    assert_memory_equal(entry.text, text, sizeof(text));
    assert_memory_equal(entry.data, data, sizeof(data));
    council_wire_entry_fini(&entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_peers_write_is_read_quickly),
        cmocka_unit_test(what_differs_is_read_alike_or_left),
        cmocka_unit_test(what_is_changed_at_random_is_read_alike_or_left),
        cmocka_unit_test(what_is_written_otherwise_is_left),
        cmocka_unit_test(an_entry_can_be_taken),
    };
    return cmocka_run_group_tests(tests, prepare, NULL);
}
