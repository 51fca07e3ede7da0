/*
 * test_rpc.c - reading messages: what is one, what is not and which error it gets, and the bounds.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls),
        cmocka_unit_test(results_failures_and_notifications),
        cmocka_unit_test(not_json),
        cmocka_unit_test(not_a_message),
        cmocka_unit_test(the_id_is_kept_to_answer_with),
        cmocka_unit_test(bounded_in_depth_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
