/*
 * test_rpc_fields.c - fields of messages: read exactly, and checked against their table.
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

#define B16 "AAAAAAAAAAAAAAAAAAAAAA"
#define B32 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define B64 B32 B32

static void fields_are_exact(void **state)
{
    (void)state;
    json_t *object = json_loads("{\"b\":\"AAEC\",\"tail\":\"AAED\",\"loose\":\"AB\",\"i\":5,\"r\":"
                                "5.0,\"n\":-1,\"big\":9007199254740992,\"s\":\"abc\",\"z\":null}",
                                0, NULL);
    uint8_t bytes[4];
    uint64_t i = 77;
    assert_non_null(object);
    assert_true(council_rpc_bytes(object, "b", bytes, 3));
    assert_memory_equal(bytes, "\0\1\2", 3);
    assert_false(council_rpc_bytes(object, "b", bytes, 2));
    assert_false(council_rpc_bytes(object, "b", bytes, 4));
    assert_false(council_rpc_bytes(object, "loose", bytes, 1)); /* trailing bits */
    assert_false(council_rpc_bytes(object, "i", bytes, 3));
    assert_false(council_rpc_bytes(object, "absent", bytes, 0));
    assert_true(council_rpc_int(object, "i", 5, 5, &i));
    assert_int_equal(i, 5);
    assert_false(council_rpc_int(object, "i", 6, 9, &i));
    assert_false(council_rpc_int(object, "i", 0, 4, &i));
    assert_false(council_rpc_int(object, "r", 0, 9, &i));
    assert_false(council_rpc_int(object, "n", 0, UINT64_MAX, &i));
    assert_false(council_rpc_int(object, "big", 0, UINT64_MAX, &i));
    assert_false(council_rpc_int(object, "s", 0, 9, &i));
    assert_false(council_rpc_int(object, "absent", 0, 9, &i));
    assert_string_equal(council_rpc_string(object, "s", 3), "abc");
    assert_null(council_rpc_string(object, "s", 2));
    assert_null(council_rpc_string(object, "i", 9));
    assert_null(council_rpc_string(NULL, "s", 9));
    assert_true(council_rpc_has(object, "z"));
    assert_false(council_rpc_has(object, "absent"));

    uint8_t *data = NULL;
    uint32_t len = 0;
    assert_int_equal(council_rpc_data(object, "tail", 3, 3, &data, &len), COUNCIL_OK);
    assert_int_equal(len, 3);
    assert_memory_equal(data, "\0\1\3", 3);
    free(data);
    assert_int_equal(council_rpc_data(object, "tail", 4, 9, &data, &len), COUNCIL_E_INVALID_PARAMS);
    assert_int_equal(council_rpc_data(object, "tail", 0, 2, &data, &len), COUNCIL_E_INVALID_PARAMS);
    assert_int_equal(council_rpc_data(object, "loose", 0, 9, &data, &len),
                     COUNCIL_E_INVALID_PARAMS);
    assert_null(data);

    static const char *const names[] = {"b", "tail", "loose", "i", "r", "n", "big", "s", NULL};
    const char *unknown = NULL;
    assert_false(council_rpc_known(object, names, &unknown));
    assert_string_equal(unknown, "z");
    json_object_del(object, "z");
    assert_true(council_rpc_known(object, names, NULL));
    json_decref(object);
}

static void params_against_the_table(void **state)
{
    (void)state;
    static const struct {
        enum council_method method;
        const char *params, *bad; /* bad NULL: good */
    } rows[] = {
        {COUNCIL_METHOD_RPC_DISCOVER, "{}", NULL},
        {COUNCIL_METHOD_RPC_DISCOVER, "{\"x\":1}", "x"},
        {COUNCIL_METHOD_COUNCIL_LIST, "{}", NULL},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"nonce\":\"" B32 "\",\"protocol\":1,\"client\":\"c/1\"}",
         NULL},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"nonce\":\"" B32 "\",\"protocol\":2,\"client\":\"c/1\"}",
         "protocol"},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"nonce\":\"" B32 "\",\"protocol\":1,\"client\":\"\"}",
         "client"},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"nonce\":\"" B16 "\",\"protocol\":1,\"client\":\"c/1\"}",
         "nonce"},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"nonce\":\"" B32 "=\",\"protocol\":1,\"client\":\"c/1\"}",
         "nonce"},
        {COUNCIL_METHOD_SERVER_HELLO, "{\"protocol\":1,\"client\":\"c/1\"}", "nonce"},
        {COUNCIL_METHOD_AUTH_LOGIN,
         "{\"device\":\"" B32 "\",\"purpose\":\"device\",\"sig\":\"" B64 "\",\"member\":\"" B32
         "\"}",
         NULL},
        {COUNCIL_METHOD_AUTH_LOGIN,
         "{\"device\":\"" B32 "\",\"purpose\":\"recovery\",\"sig\":\"" B64 "\"}", NULL},
        {COUNCIL_METHOD_AUTH_LOGIN,
         "{\"device\":\"" B32 "\",\"purpose\":\"dev\",\"sig\":\"" B64 "\"}", "purpose"},
        {COUNCIL_METHOD_AUTH_LOGIN,
         "{\"device\":\"" B32 "\",\"purpose\":\"device recovery\",\"sig\":\"" B64 "\"}", "purpose"},
        {COUNCIL_METHOD_AUTH_LOGIN, "{\"device\":\"" B32 "\",\"purpose\":\"\",\"sig\":\"" B64 "\"}",
         "purpose"},
        {COUNCIL_METHOD_AUTH_LOGIN,
         "{\"device\":\"" B32 "\",\"purpose\":\"device\",\"sig\":\"" B64 "\",\"member\":null}",
         "member"},
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":{\"text\":\"{}\",\"sig\":\"" B64 "\"}}", NULL},
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":{\"text\":\"\",\"sig\":\"" B64 "\",\"data\":\"\"}}",
         NULL}, /* judged under its own errors */
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":{\"text\":\"{}\",\"sig\":\"" B32 "\"}}", "sig"},
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":{\"text\":{},\"sig\":\"" B64 "\"}}", "text"},
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":{\"text\":\"{}\",\"sig\":\"" B64 "\",\"seq\":1}}",
         "seq"},
        {COUNCIL_METHOD_LOG_APPEND, "{\"entry\":\"{}\"}", "entry"},
        {COUNCIL_METHOD_LOG_APPEND,
         "{\"entry\":{\"text\":\"{}\",\"sig\":\"" B64 "\"},\"log\":\"" B32 "\"}", "log"},
        {COUNCIL_METHOD_MEMBER_REGISTER,
         "{\"entry\":{\"text\":\"{}\",\"sig\":\"" B64 "\"},\"code\":\"abc\"}", NULL},
        {COUNCIL_METHOD_LOG_READ, "{\"log\":\"" B32 "\",\"after\":0,\"limit\":512}", NULL},
        {COUNCIL_METHOD_LOG_READ,
         "{\"log\":\"" B32 "\",\"after\":0,\"limit\":512,\"texts\":1,\"invite\":{\"key\":\"" B32
         "\",\"sig\":\"" B64 "\"}}",
         NULL},
        {COUNCIL_METHOD_LOG_READ, "{\"log\":\"" B32 "\",\"after\":0,\"limit\":513}", "limit"},
        {COUNCIL_METHOD_LOG_READ, "{\"log\":\"" B32 "\",\"after\":0,\"limit\":0}", "limit"},
        {COUNCIL_METHOD_LOG_READ, "{\"log\":\"" B32 "\",\"after\":-1,\"limit\":1}", "after"},
        {COUNCIL_METHOD_LOG_READ, "{\"log\":\"" B32 "\",\"after\":0,\"limit\":1,\"texts\":true}",
         "texts"},
        {COUNCIL_METHOD_LOG_READ,
         "{\"log\":\"" B32 "\",\"after\":0,\"limit\":1,\"invite\":{\"key\":\"" B32 "\"}}", "sig"},
        {COUNCIL_METHOD_PRESENCE_SIGNAL,
         "{\"log\":\"" B32 "\",\"id\":\"" B16 "\",\"epoch\":1,\"data\":\"AA\",\"sig\":\"" B64 "\"}",
         NULL},
        {COUNCIL_METHOD_PRESENCE_SIGNAL,
         "{\"log\":\"" B32 "\",\"id\":\"" B16 "\",\"epoch\":0,\"data\":\"AA\",\"sig\":\"" B64 "\"}",
         "epoch"},
        {COUNCIL_METHOD_COUNT, "{\"a\":1}", "a"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *params = json_loads(rows[i].params, 0, NULL);
        const char *bad = "unset";
        assert_non_null(params);
        enum council_error error = council_rpc_check_params(rows[i].method, params, &bad);
        if ((error == COUNCIL_OK) != (rows[i].bad == NULL))
            print_error("%s\n", rows[i].params);
        assert_int_equal(error, rows[i].bad == NULL ? COUNCIL_OK : COUNCIL_E_INVALID_PARAMS);
        if (rows[i].bad == NULL)
            assert_null(bad);
        else
            assert_string_equal(bad, rows[i].bad);
        json_decref(params);
    }
    assert_int_equal(council_rpc_check_params(COUNCIL_METHOD_COUNCIL_LIST, NULL, NULL),
                     COUNCIL_E_INVALID_PARAMS);
}

static void results_against_the_table(void **state)
{
    (void)state;
    static const struct {
        enum council_method method;
        const char *result, *bad;
    } rows[] = {
        {COUNCIL_METHOD_LOG_SUBSCRIBE,
         "{\"seq\":1,\"head\":\"" B32 "\",\"from a newer server\":[]}", NULL},
        {COUNCIL_METHOD_LOG_SUBSCRIBE, "{\"seq\":0,\"head\":\"" B32 "\"}", "seq"},
        {COUNCIL_METHOD_LOG_SUBSCRIBE, "[]", ""},
        {COUNCIL_METHOD_PRESENCE_LEAVE, "{}", NULL},
        {COUNCIL_METHOD_LOG_READ, "{\"seq\":1,\"head\":\"" B32 "\",\"entries\":[]}", NULL},
        {COUNCIL_METHOD_LOG_READ,
         "{\"seq\":1,\"head\":\"" B32
         "\",\"entries\":[{\"seq\":1,\"received\":5,\"text\":\"{}\",\"sig\":\"" B64
         "\",\"erased\":1}]}",
         NULL},
        {COUNCIL_METHOD_LOG_READ,
         "{\"seq\":1,\"head\":\"" B32
         "\",\"entries\":[{\"seq\":1,\"received\":5,\"text\":\"{}\"}]}",
         "sig"},
        {COUNCIL_METHOD_LOG_READ, "{\"seq\":1,\"head\":\"" B32 "\",\"entries\":{}}", "entries"},
        {COUNCIL_METHOD_COUNCIL_LIST,
         "{\"logs\":[{\"log\":\"" B32 "\",\"type\":\"journal\",\"member\":1,\"seq\":2}]}", NULL},
        {COUNCIL_METHOD_COUNCIL_LIST,
         "{\"logs\":[{\"log\":\"" B32 "\",\"type\":\"club\",\"member\":1,\"seq\":2}]}", "type"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        json_t *result = json_loads(rows[i].result, 0, NULL);
        const char *bad = NULL;
        enum council_error error = council_rpc_check_result(rows[i].method, result, &bad);
        assert_int_equal(error, rows[i].bad == NULL ? COUNCIL_OK : COUNCIL_E_BAD_REPLY);
        if (rows[i].bad != NULL)
            assert_string_equal(bad == NULL ? "" : bad, rows[i].bad);
        json_decref(result);
    }
    json_t *goodbye = json_loads("{\"reason\":\"x\",\"retry_after_ms\":0}", 0, NULL);
    assert_int_equal(
        council_rpc_check_notification(COUNCIL_NOTIFICATION_SERVER_GOODBYE, goodbye, NULL),
        COUNCIL_OK);
    json_object_del(goodbye, "reason");
    assert_int_equal(
        council_rpc_check_notification(COUNCIL_NOTIFICATION_SERVER_GOODBYE, goodbye, NULL),
        COUNCIL_E_BAD_REPLY);
    json_decref(goodbye);
}

static void every_owner_has_its_rows_together(void **state)
{
    (void)state;
    static const uint32_t owners[] = {COUNCIL_METHOD_COUNT, COUNCIL_METHOD_COUNT,
                                      COUNCIL_NOTIFICATION_COUNT, COUNCIL_SHAPE_COUNT};
    uint32_t total = 0, count = 0, rows = 0;
    for (uint32_t place = 0; place < 4; place++)
        for (uint32_t owner = 0; owner < owners[place]; owner++) {
            const struct council_wire_field *fields =
                council_wire_fields((enum council_wire_place)place, owner, &count);
            total += count;
            assert_true(count <= 16); /* what the check has room for */
            for (uint32_t i = 0; i < count; i++) {
                assert_true(fields[i].min <= fields[i].max);
                assert_int_equal(fields[i].type == COUNCIL_WIRE_WORD, fields[i].words != NULL);
                assert_int_equal(fields[i].type == COUNCIL_WIRE_OBJECT ||
                                     fields[i].type == COUNCIL_WIRE_LIST,
                                 fields[i].shape != COUNCIL_SHAPE_NONE);
                assert_true(fields[i].type != COUNCIL_WIRE_BYTES ||
                            (fields[i].min == fields[i].max && fields[i].max <= 64));
            }
        }
#define COUNCIL_PARAM(...)  rows++;
#define COUNCIL_RESULT(...) rows++;
#define COUNCIL_NOTICE(...) rows++;
#define COUNCIL_SHAPE(...)  rows++;
#include "protocol/wire.def"
    assert_int_equal(total, rows); /* a row apart from its owner's others would be missed */
    for (uint32_t i = 0; i < COUNCIL_METHOD_COUNT; i++)
        assert_int_equal(council_method_find(council_method_info((enum council_method)i)->name), i);
    for (uint32_t i = 0; i < COUNCIL_NOTIFICATION_COUNT; i++)
        assert_int_equal(
            council_notification_find(council_notification_name((enum council_notification)i)), i);
    assert_null(council_method_info(COUNCIL_METHOD_COUNT));
    assert_int_equal(council_method_info(COUNCIL_METHOD_SERVER_HELLO)->state, COUNCIL_STATE_FRESH);
}

static void damaged_entries(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "[]",
        "{\"text\":\"{}\"}",
        "{\"sig\":\"" B64 "\"}",
        "{\"text\":1,\"sig\":\"" B64 "\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "A\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"data\":1}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"data\":\"A\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"data\":\"AB\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"data\":\"A+AA\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"log\":\"\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"seq\":-1}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"received\":\"1\"}",
        "{\"text\":\"{}\",\"sig\":\"" B64 "\",\"erased\":true}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct council_wire_entry entry;
        json_t *object = json_loads(rows[i], 0, NULL);
        assert_non_null(object);
        assert_int_equal(council_rpc_entry(object, &entry), COUNCIL_E_INVALID_PARAMS);
        assert_null(entry.data);
        json_decref(object);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_exact),
        cmocka_unit_test(params_against_the_table),
        cmocka_unit_test(results_against_the_table),
        cmocka_unit_test(every_owner_has_its_rows_together),
        cmocka_unit_test(damaged_entries),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
