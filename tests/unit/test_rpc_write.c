/*
 * test_rpc_write.c - messages being written: what is written is read back, and ceilings hold.
 *
 * jansson is the other implementation here: whatever the writer makes, a full JSON parser must read as the same values.
 */
#include "protocol/rpc.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct council_rpc written(const struct council_frame *frame)
{
    struct council_rpc rpc;
    assert_int_equal(council_rpc_parse(&rpc, council_frame_text(frame), frame->len), COUNCIL_OK);
    return rpc;
}

static void a_call_is_read_back(void **state)
{
    (void)state;
    struct council_frame frame;
    uint8_t key[32], sig[64], back[64];
    memset(key, 0xa5, sizeof(key));
    memset(sig, 0x5a, sizeof(sig));
    council_frame_init(&frame, 16);
    council_rpc_write_call(&frame, COUNCIL_INT_MAX, COUNCIL_METHOD_LOG_READ);
    council_rpc_field_bytes(&frame, "log", key, 32);
    council_rpc_field_int(&frame, "after", 0);
    council_rpc_field_int(&frame, "limit", 512);
    council_rpc_field_open(&frame, "invite", '{');
    council_rpc_field_bytes(&frame, "key", key, 32);
    council_rpc_field_bytes(&frame, "sig", sig, 64);
    council_rpc_field_close(&frame, '}');
    council_rpc_field_int(&frame, "texts", 1);
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    struct council_rpc rpc = written(&frame);
    assert_int_equal(rpc.method, COUNCIL_METHOD_LOG_READ);
    assert_int_equal(rpc.id.number, COUNCIL_INT_MAX);
    assert_int_equal(council_rpc_check_params(rpc.method, rpc.params, NULL), COUNCIL_OK);
    assert_true(council_rpc_bytes(rpc.params, "log", back, 32));
    assert_memory_equal(back, key, 32);
    assert_true(council_rpc_bytes(json_object_get(rpc.params, "invite"), "sig", back, 64));
    assert_memory_equal(back, sig, 64);
    council_rpc_fini(&rpc);

    uint32_t len = 0, expected = frame.len;
    char *buffer = council_frame_take(&frame, &len);
    assert_int_equal(len, expected);
    assert_memory_equal(buffer + 16, "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,", 38);
    free(buffer);
    assert_int_equal(frame.len, 0);
    council_frame_fini(&frame);
}

static void strings_are_escaped(void **state)
{
    (void)state;
    static const struct {
        const char *given, *read;
    } rows[] = {
        {"", ""},
        {"a\"b\\c/d", "a\"b\\c/d"},
        {"\x01\x1f\t\n\r\x7f", "\x01\x1f\t\n\r\x7f"},
        {"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"},
        {"\xff|\xc0\x80|\xed\xa0\x80|\xf5",
         "\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd"},
        {"cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd"},
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xe0\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    struct council_frame frame;
    council_frame_init(&frame, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        council_rpc_write_call(&frame, 1, COUNCIL_METHOD_MEMBER_REGISTER);
        council_rpc_field_string(&frame, "code", rows[i].given);
        council_rpc_field_text(&frame, "text", rows[i].given, (uint32_t)strlen(rows[i].given));
        assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
        struct council_rpc rpc = written(&frame);
        assert_string_equal(council_rpc_string(rpc.params, "code", 99), rows[i].read);
        assert_string_equal(council_rpc_string(rpc.params, "text", 99), rows[i].read);
        council_rpc_fini(&rpc);
    }
    council_frame_fini(&frame);
}

static void ids_are_given_back(void **state)
{
    (void)state;
    static const char *const ids[] = {
        "0", "9007199254740991", "\"\"", "\"a\\\"\\\\b\"", "\"\xc3\xa9\"", "\"\\u0007\""};
    struct council_frame frame;
    char text[128];
    council_frame_init(&frame, 0);
    for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
        struct council_rpc call, answer;
        int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"x\"}",
                           ids[i]);
        assert_int_equal(council_rpc_parse(&call, text, (uint32_t)len), COUNCIL_OK);
        council_rpc_write_result(&frame, &call.id);
        assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
        answer = written(&frame);
        assert_int_equal(answer.kind, COUNCIL_RPC_RESULT);
        assert_memory_equal(&answer.id, &call.id, sizeof(call.id));
        council_rpc_fini(&answer);
        council_rpc_fini(&call);
    }
    council_frame_fini(&frame);
}

static void every_error_is_read_back(void **state)
{
    (void)state;
    struct council_frame frame;
    const struct council_rpc_id id = {.kind = COUNCIL_RPC_ID_INT, .number = 3};
    council_frame_init(&frame, 0);
    for (uint32_t e = 1; e < COUNCIL_ERROR_COUNT; e++) {
        bool more = e % 2 == 0;
        const struct council_error_info *info = council_error_info((enum council_error)e);
        assert_int_equal(council_rpc_write_error(&frame, more ? &id : NULL, (enum council_error)e,
                                                 more ? "field \"x\"" : NULL, more ? 1500 : 0),
                         COUNCIL_OK);
        struct council_rpc rpc = written(&frame);
        assert_int_equal(rpc.kind, COUNCIL_RPC_FAILURE);
        assert_int_equal(rpc.failure.error, e);
        assert_int_equal(rpc.failure.code, info->code);
        assert_string_equal(rpc.failure.message, info->what);
        assert_string_equal(rpc.failure.name, info->name);
        assert_string_equal(rpc.failure.next, info->next);
        assert_int_equal(rpc.id.kind, more ? COUNCIL_RPC_ID_INT : COUNCIL_RPC_ID_NULL);
        assert_int_equal(rpc.failure.retry_after_ms, more ? 1500 : 0);
        if (more)
            assert_string_equal(rpc.failure.detail, "field \"x\"");
        else
            assert_null(rpc.failure.detail);
        council_rpc_fini(&rpc);
    }
    char detail[2 * COUNCIL_RPC_DETAIL_MAX];
    memset(detail, 'd', sizeof(detail));
    detail[sizeof(detail) - 1] = '\0';
    assert_int_equal(council_rpc_write_error(&frame, NULL, COUNCIL_E_INTERNAL, detail, 0),
                     COUNCIL_OK);
    struct council_rpc rpc = written(&frame);
    assert_int_equal(strlen(rpc.failure.detail), COUNCIL_RPC_DETAIL_MAX);
    council_rpc_fini(&rpc);
    council_frame_fini(&frame);
}

static void a_raw_result(void **state)
{
    (void)state;
    struct council_frame frame;
    const struct council_rpc_id id = {.kind = COUNCIL_RPC_ID_INT, .number = 3};
    static const char document[] = "{\"openrpc\":\"1.2.6\",\"info\":{},\"methods\":[]}";
    council_frame_init(&frame, 0);
    assert_int_equal(council_rpc_write_result_raw(&frame, &id, document, sizeof(document) - 1),
                     COUNCIL_OK);
    struct council_rpc rpc = written(&frame);
    assert_int_equal(council_rpc_check_result(COUNCIL_METHOD_RPC_DISCOVER, rpc.result, NULL),
                     COUNCIL_OK);
    council_rpc_fini(&rpc);
    council_frame_fini(&frame);
}

/* ---- entries ---- */

static void entries_are_read_back(void **state)
{
    (void)state;
    static const char text[] = "{\"at\":1,\"kind\":\"post\"}";
    uint8_t log[32], sig[64], data[296];
    memset(log, 1, sizeof(log));
    memset(sig, 2, sizeof(sig));
    memset(data, 3, sizeof(data));
    struct council_frame frame;
    struct council_wire_entry entry;
    council_frame_init(&frame, 0);
    for (int variant = 0; variant < 2; variant++) {
        struct council_record record = {
            .seq = 9, .received = 1767258000000, .text = text, .len = sizeof(text) - 1, .sig = sig};
        if (variant == 0)
            record.data = data, record.data_len = sizeof(data);
        else
            record.erased = true;
        assert_int_equal(council_rpc_write_log_entry(&frame, log, &record), COUNCIL_OK);
        struct council_rpc rpc = written(&frame);
        assert_int_equal(rpc.notification, COUNCIL_NOTIFICATION_LOG_ENTRY);
        assert_int_equal(council_rpc_check_notification(rpc.notification, rpc.params, NULL),
                         COUNCIL_OK);
        assert_int_equal(council_rpc_entry(rpc.params, &entry), COUNCIL_OK);
        assert_true(entry.has_log);
        assert_memory_equal(entry.log, log, 32);
        assert_int_equal(entry.seq, 9);
        assert_int_equal(entry.received, 1767258000000);
        assert_int_equal(entry.len, sizeof(text) - 1);
        assert_string_equal(entry.text, text);
        assert_memory_equal(entry.sig, sig, 64);
        assert_int_equal(entry.has_data, variant == 0);
        assert_int_equal(entry.erased, variant == 1);
        if (variant == 0) {
            assert_int_equal(entry.data_len, sizeof(data));
            assert_memory_equal(entry.data, data, sizeof(data));
        }
        council_wire_entry_fini(&entry);
        council_rpc_fini(&rpc);
    }

    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(&frame, "entry", text, sizeof(text) - 1, sig, data, sizeof(data));
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    struct council_rpc rpc = written(&frame);
    assert_int_equal(council_rpc_check_params(rpc.method, rpc.params, NULL), COUNCIL_OK);
    assert_int_equal(council_rpc_entry(json_object_get(rpc.params, "entry"), &entry), COUNCIL_OK);
    assert_false(entry.has_log);
    assert_int_equal(entry.seq, 0);
    assert_int_equal(entry.data_len, sizeof(data));
    council_wire_entry_fini(&entry);
    council_rpc_fini(&rpc);
    council_frame_fini(&frame);
}

static void a_page_ends_where_the_frame_is_full(void **state)
{
    (void)state;
    const uint32_t text_len = 3000;
    uint8_t sig[64] = {1}, head[32] = {2};
    char *text = malloc(text_len);
    assert_non_null(text);
    memset(text, '"', text_len); /* every byte needs two */
    struct council_frame frame;
    struct council_record record = {.seq = 1, .text = text, .len = text_len, .sig = sig};
    uint32_t count = 0;
    council_frame_init(&frame, 0);
    council_rpc_write_result(&frame, NULL);
    council_rpc_field_open(&frame, "entries", '[');
    while (council_rpc_write_entry(&frame, &record)) {
        record.seq = ++count + 1;
        assert_true(count < 512);
    }
    assert_true(count > COUNCIL_FRAME_MAX / (2 * text_len + 200));
    uint32_t full = frame.len;
    assert_false(council_rpc_write_entry(&frame, &record)); /* still, and changes nothing */
    assert_int_equal(frame.len, full);
    council_rpc_field_close(&frame, ']');
    council_rpc_field_int(&frame, "seq", COUNCIL_INT_MAX);
    council_rpc_field_bytes(&frame, "head", head, 32);
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    assert_true(frame.len <= COUNCIL_FRAME_MAX);
    json_t *root = json_loadb(council_frame_text(&frame), frame.len, 0, NULL);
    const json_t *result = json_object_get(root, "result");
    assert_int_equal(json_array_size(json_object_get(result, "entries")), count);
    assert_int_equal(council_rpc_check_result(COUNCIL_METHOD_LOG_READ, result, NULL), COUNCIL_OK);
    json_decref(root);
    council_frame_fini(&frame);
    free(text);
}

static void the_largest_entry_fits(void **state)
{
    (void)state;
    /* A post with the most data; a plain kind with the most text, in which quotes are as many as 2,048 values and keys can have. */
    const uint32_t sizes[2][3] = {{2048, 262184, 2048}, {196608, 0, 8192}};
    uint8_t sig[64] = {1}, log[32] = {2}, *data = calloc(1, 262184);
    char *text = malloc(196608);
    assert_non_null(data);
    assert_non_null(text);
    struct council_frame frame;
    council_frame_init(&frame, 0);
    for (int i = 0; i < 2; i++) {
        memset(text, 'x', 196608);
        memset(text, '"', sizes[i][2]);
        struct council_record record = {.seq = COUNCIL_INT_MAX,
                                        .received = COUNCIL_INT_MAX,
                                        .text = text,
                                        .len = sizes[i][0],
                                        .sig = sig};
        if (sizes[i][1] > 0)
            record.data = data, record.data_len = sizes[i][1];
        assert_int_equal(council_rpc_write_log_entry(&frame, log, &record), COUNCIL_OK);
        council_rpc_write_result(&frame, NULL);
        council_rpc_field_open(&frame, "entries", '[');
        assert_true(council_rpc_write_entry(&frame, &record));
    }
    council_frame_fini(&frame);
    free(text);
    free(data);
}

static void too_large_sticks(void **state)
{
    (void)state;
    struct council_frame frame;
    uint8_t *data = calloc(1, COUNCIL_FRAME_MAX);
    assert_non_null(data);
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_bytes(&frame, "data", data, COUNCIL_FRAME_MAX);
    council_rpc_field_int(&frame, "after", 1);
    assert_int_equal(council_frame_end(&frame), COUNCIL_E_FRAME_TOO_LARGE);
    assert_true(frame.len <= COUNCIL_FRAME_MAX);
    council_rpc_write_call(&frame, 1,
                           COUNCIL_METHOD_COUNCIL_LIST); /* the next message begins anew */
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    council_frame_fini(&frame);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_read_back),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(ids_are_given_back),
        cmocka_unit_test(every_error_is_read_back),
        cmocka_unit_test(a_raw_result),
        cmocka_unit_test(entries_are_read_back),
        cmocka_unit_test(a_page_ends_where_the_frame_is_full),
        cmocka_unit_test(the_largest_entry_fits),
        cmocka_unit_test(too_large_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
