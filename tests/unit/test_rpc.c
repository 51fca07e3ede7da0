/*
 * test_rpc.c - messages: what is one and what is not, fields against their table, and that what is written is read back.
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

static enum council_error parse(struct council_rpc *rpc, const char *text)
{
    return council_rpc_parse(rpc, text, (uint32_t)strlen(text));
}

static enum council_error refused(const char *text)
{
    struct council_rpc rpc;
    enum council_error error = parse(&rpc, text);
    if (error == COUNCIL_OK)
        council_rpc_fini(&rpc);
    assert_null(rpc.root);
    assert_int_equal(rpc.kind, COUNCIL_RPC_NOTHING);
    return error;
}

/* ---- reading ---- */

static void calls(void **state)
{
    struct council_rpc rpc;
    uint64_t after = 0;
    (void)state;
    assert_int_equal(
        parse(&rpc,
              "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"log.read\",\"params\":{\"after\":3}}"),
        COUNCIL_OK);
    assert_int_equal(rpc.kind, COUNCIL_RPC_CALL);
    assert_int_equal(rpc.method, COUNCIL_METHOD_LOG_READ);
    assert_int_equal(rpc.id.kind, COUNCIL_RPC_ID_INT);
    assert_int_equal(rpc.id.number, 7);
    assert_true(council_rpc_int(rpc.params, "after", 0, 9, &after));
    assert_int_equal(after, 3);
    council_rpc_fini(&rpc);
    council_rpc_fini(&rpc); /* again does nothing */

    assert_int_equal(
        parse(&rpc, " {\"method\":\"nonsense\",\"id\":\"a\\\"\\u00e9\",\"jsonrpc\":\"2.0\"}\n"),
        COUNCIL_OK);
    assert_int_equal(rpc.kind, COUNCIL_RPC_CALL);
    assert_int_equal(rpc.method, COUNCIL_METHOD_COUNT);
    assert_int_equal(rpc.id.kind, COUNCIL_RPC_ID_STRING);
    assert_string_equal(rpc.id.string, "a\"\xc3\xa9");
    assert_true(json_is_object(rpc.params)); /* left out: empty */
    assert_int_equal(json_object_size(rpc.params), 0);
    council_rpc_fini(&rpc);

    assert_int_equal(parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":9007199254740991,\"method\":\"rpc."
                                 "discover\",\"params\":{}}"),
                     COUNCIL_OK);
    assert_int_equal(rpc.id.number, COUNCIL_INT_MAX);
    council_rpc_fini(&rpc);
}

static void results_failures_and_notifications(void **state)
{
    struct council_rpc rpc;
    (void)state;
    assert_int_equal(parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{}}"), COUNCIL_OK);
    assert_int_equal(rpc.kind, COUNCIL_RPC_RESULT);
    assert_non_null(rpc.result);
    council_rpc_fini(&rpc);

    assert_int_equal(
        parse(&rpc,
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"m\"}}"),
        COUNCIL_OK);
    assert_int_equal(rpc.kind, COUNCIL_RPC_FAILURE);
    assert_int_equal(rpc.id.kind, COUNCIL_RPC_ID_NULL);
    assert_int_equal(rpc.failure.error, COUNCIL_E_PARSE_ERROR);
    assert_null(rpc.failure.name);
    council_rpc_fini(&rpc);

    assert_int_equal(parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":99999,"
                                 "\"message\":\"m\",\"data\":{\"name\":\"stale\",\"new\":[1]}}}"),
                     COUNCIL_OK);
    assert_int_equal(rpc.failure.error, COUNCIL_E_STALE);
    council_rpc_fini(&rpc);
    assert_int_equal(
        parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":123456789012345,\"message\":"
                    "\"m\",\"data\":{\"name\":\"from the future\"}}}"),
        COUNCIL_OK);
    assert_int_equal(rpc.failure.error, COUNCIL_E_INTERNAL);
    council_rpc_fini(&rpc);

    assert_int_equal(
        parse(&rpc,
              "{\"jsonrpc\":\"2.0\",\"method\":\"server.goodbye\",\"params\":{\"reason\":\"x\"}}"),
        COUNCIL_OK);
    assert_int_equal(rpc.kind, COUNCIL_RPC_NOTIFICATION);
    assert_int_equal(rpc.notification, COUNCIL_NOTIFICATION_SERVER_GOODBYE);
    council_rpc_fini(&rpc);
    assert_int_equal(parse(&rpc, "{\"jsonrpc\":\"2.0\",\"method\":\"log.read\"}"),
                     COUNCIL_OK); /* a method is no notification */
    assert_int_equal(rpc.notification, COUNCIL_NOTIFICATION_COUNT);
    council_rpc_fini(&rpc);
}

static void not_json(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        " ",
        "{",
        "}",
        "]",
        "nonsense",
        "1",
        "\"x\"",
        "null",
        "{}{}",
        "{\"a\":1,\"a\":2}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"\xed\xa0\x80\"}",
        "{\"a\":\"\xc0\x80\"}",
        "{\"a\":\"\\u0000\"}",
        "{\"a\":\"\\ud800\"}",
        "{\"a\":01}",
        "{\"a\":1e999}",
        "{\"a\":99999999999999999999}",
        "{'a':1}",
        "{\"a\":1,}",
        "{\"a\":\"\n\"}",
        "\xef\xbb\xbf{}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (refused(rows[i]) != COUNCIL_E_PARSE_ERROR)
            print_error("%s\n", rows[i]);
        assert_int_equal(refused(rows[i]), COUNCIL_E_PARSE_ERROR);
    }
    struct council_rpc rpc;
    assert_int_equal(council_rpc_parse(&rpc, "{}\0", 3), COUNCIL_E_PARSE_ERROR);
}

static void not_a_message(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "{}",
        "[]",
        "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\"}]",
        "{\"id\":1,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":2.0,\"id\":1,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":null,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":-1,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":9007199254740992,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":true,\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"rpc.discover\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":5}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\",\"params\":null}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\",\"params\":3}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\",\"extra\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.discover\",\"result\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
        "{\"jsonrpc\":\"2.0\",\"result\":1}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":\"x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":\"1\",\"message\":\"\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"\",\"more\":1}}",
        "{\"jsonrpc\":\"2.0\",\"error\":{\"code\":1,\"message\":\"\"}}",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (refused(rows[i]) != COUNCIL_E_INVALID_REQUEST)
            print_error("%s\n", rows[i]);
        assert_int_equal(refused(rows[i]), COUNCIL_E_INVALID_REQUEST);
    }
}

static void the_id_is_kept_to_answer_with(void **state)
{
    struct council_rpc rpc;
    (void)state;
    assert_int_equal(
        parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":12,\"method\":\"log.read\",\"params\":[1]}"),
        COUNCIL_E_INVALID_PARAMS);
    assert_int_equal(rpc.id.number, 12);
    assert_int_equal(
        parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"log.read\",\"bad\":1}"),
        COUNCIL_E_INVALID_REQUEST);
    assert_string_equal(rpc.id.string, "x");

    char text[256];
    for (int n = COUNCIL_RPC_ID_MAX; n <= COUNCIL_RPC_ID_MAX + 1; n++) {
        int len =
            snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":\"%.*s\",\"method\":\"x\"}",
                     n, "0123456789012345678901234567890123456789012345678901234567890123456789");
        bool fits = n <= COUNCIL_RPC_ID_MAX;
        assert_int_equal(council_rpc_parse(&rpc, text, (uint32_t)len),
                         fits ? COUNCIL_OK : COUNCIL_E_INVALID_REQUEST);
        assert_int_equal(rpc.id.kind, fits ? COUNCIL_RPC_ID_STRING : COUNCIL_RPC_ID_NULL);
        if (fits)
            council_rpc_fini(&rpc);
    }
}

/* {"jsonrpc":"2.0","id":1,"result":[[...]]} with `depth` nested arrays, and {"...","result":[0,0,...]} with `count` elements. */
static enum council_error nested(uint32_t depth)
{
    struct council_rpc rpc;
    char text[512];
    int len = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":");
    for (uint32_t i = 0; i < depth; i++)
        text[len++] = '[';
    for (uint32_t i = 0; i < depth; i++)
        text[len++] = ']';
    text[len++] = '}';
    enum council_error error = council_rpc_parse(&rpc, text, (uint32_t)len);
    if (error == COUNCIL_OK)
        council_rpc_fini(&rpc);
    return error;
}

static enum council_error wide(uint32_t count)
{
    struct council_rpc rpc;
    char *text = malloc(64 + 2 * (size_t)count);
    assert_non_null(text);
    int len = snprintf(text, 64, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":[0");
    for (uint32_t i = 1; i < count; i++) {
        text[len++] = ',';
        text[len++] = '0';
    }
    text[len++] = ']';
    text[len++] = '}';
    enum council_error error = council_rpc_parse(&rpc, text, (uint32_t)len);
    if (error == COUNCIL_OK)
        council_rpc_fini(&rpc);
    free(text);
    return error;
}

static void bounded_in_depth_and_number(void **state)
{
    struct council_rpc rpc;
    (void)state;
    assert_int_equal(nested(COUNCIL_RPC_DEPTH - 1), COUNCIL_OK);
    assert_int_equal(nested(COUNCIL_RPC_DEPTH), COUNCIL_E_PARSE_ERROR);
    assert_int_equal(wide(COUNCIL_RPC_VALUES - 5), COUNCIL_OK);
    assert_int_equal(wide(COUNCIL_RPC_VALUES), COUNCIL_E_PARSE_ERROR);
    /* Brackets and quotes inside strings count for nothing. */
    assert_int_equal(parse(&rpc, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"[[[[[[[[[[[[[[[[[[[[[["
                                 "[[[[[[[[[[[[[[[\\\"[\\\\\"}"),
                     COUNCIL_OK);
    council_rpc_fini(&rpc);
    assert_int_equal(refused("{\"a\":\"\\"), COUNCIL_E_PARSE_ERROR);
}

/* ---- fields ---- */

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
                                      COUNCIL_NOTIFICATION_COUNT, COUNCIL_SHAPE_PRESENT + 1};
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

/* ---- writing ---- */

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
        cmocka_unit_test(calls),
        cmocka_unit_test(results_failures_and_notifications),
        cmocka_unit_test(not_json),
        cmocka_unit_test(not_a_message),
        cmocka_unit_test(the_id_is_kept_to_answer_with),
        cmocka_unit_test(bounded_in_depth_and_number),
        cmocka_unit_test(fields_are_exact),
        cmocka_unit_test(params_against_the_table),
        cmocka_unit_test(results_against_the_table),
        cmocka_unit_test(every_owner_has_its_rows_together),
        cmocka_unit_test(a_call_is_read_back),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(ids_are_given_back),
        cmocka_unit_test(every_error_is_read_back),
        cmocka_unit_test(a_raw_result),
        cmocka_unit_test(entries_are_read_back),
        cmocka_unit_test(damaged_entries),
        cmocka_unit_test(a_page_ends_where_the_frame_is_full),
        cmocka_unit_test(the_largest_entry_fits),
        cmocka_unit_test(too_large_sticks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
