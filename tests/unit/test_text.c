/*
 * test_text.c - canonical text: what is accepted, what is refused, what the index says, and the writer.
 */
#include "protocol/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The verdict on exactly these bytes, in a block of exactly that size so that a sanitizer sees a read beyond it. */
static enum council_error verdict(const char *text, size_t len)
{
    struct council_text index;
    char *copy = malloc(len > 0 ? len : 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    enum council_error error = council_text_init(&index, copy, (uint32_t)len);
    if (error != COUNCIL_OK) {
        assert_null(index.values);
        assert_int_equal(index.count, 0);
    }
    council_text_fini(&index);
    free(copy);
    return error;
}

static void accepted(void **state)
{
    static const char *const texts[] = {
        "{}",
        "{\"a\":0}",
        "{\"a\":\"\"}",
        "{\"a\":[]}",
        "{\"a\":{}}",
        "{\"a\":[[],{},\"x\",7]}",
        "{\"a\":1,\"b\":2}",
        "{\"a\":1,\"aa\":2,\"b\":3}",
        "{\"a.b\":1,\"a0\":2,\"a_\":3,\"aa\":4}",
        "{\".\":1,\"0\":2,\"_\":3}",
        "{\"a\":\" !#$%&'()*+,-./:;<=>?@[]^_`{|}~\"}",
        "{\"a\":9007199254740991}",
        "{\"a\":10}",
        "{\"a\":{\"a\":1},\"b\":{\"a\":1}}",
        /* eight deep */
        "{\"a\":[[[[[[[1]]]]]]]}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum council_error error = verdict(texts[i], strlen(texts[i]));
        if (error != COUNCIL_OK) {
            fail_msg("%s: %s", texts[i], council_error_name(error));
        }
    }
}

static void refused(void **state)
{
    static const char *const texts[] = {
        /* not an object, or not only one */
        "",
        "1",
        "\"a\"",
        "[]",
        "{}{}",
        "{} ",
        " {}",
        "{}\n",
        "{},",
        "{}x",
        "x",
        "{",
        "}",
        "[{}]",
        /* white space outside strings */
        "{ }",
        "{\"a\": 1}",
        "{\"a\" :1}",
        "{\"a\":1 }",
        "{\"a\":1, \"b\":2}",
        "{\"a\":[1, 2]}",
        "{\"a\":\t1}",
        "{\n}",
        /* other values */
        "{\"a\":true}",
        "{\"a\":false}",
        "{\"a\":null}",
        "{\"a\":1.0}",
        "{\"a\":1e3}",
        "{\"a\":-1}",
        "{\"a\":-0}",
        "{\"a\":+1}",
        "{\"a\":00}",
        "{\"a\":01}",
        "{\"a\":.5}",
        "{\"a\":0x10}",
        "{\"a\":1_0}",
        "{\"a\":NaN}",
        "{\"a\":'x'}",
        "{\"a\":x}",
        "{\"a\":}",
        /* integers above 2^53 - 1 */
        "{\"a\":9007199254740992}",
        "{\"a\":9999999999999999}",
        "{\"a\":10000000000000000}",
        "{\"a\":18446744073709551616}",
        "{\"a\":99999999999999999999999999999999999999}",
        /* strings */
        "{\"a\":\"\\n\"}",
        "{\"a\":\"\\\\\"}",
        "{\"a\":\"\\u0041\"}",
        "{\"a\":\"\\\"\"}",
        "{\"a\":\"\x7f\"}",
        "{\"a\":\"\x1f\"}",
        "{\"a\":\"\t\"}",
        "{\"a\":\"\n\"}",
        "{\"a\":\"\xc3\xa4\"}",
        "{\"a\":\"\x80\"}",
        "{\"a\":\"\xff\"}",
        "{\"a\":\"x}",
        "{\"a\":\"",
        /* keys */
        "{\"\":1}",
        "{\"A\":1}",
        "{\"a-b\":1}",
        "{\"a b\":1}",
        "{\"a\\u0062\":1}",
        "{\"\xc3\xa4\":1}",
        "{a:1}",
        "{1:1}",
        "{'a':1}",
        "{\"a\"}",
        "{\"a\":1,}",
        "{,}",
        "{,\"a\":1}",
        "{\"a\":1,,\"b\":2}",
        "{\"a\"=1}",
        "{\"a\":1;\"b\":2}",
        "{\"a\":1\"b\":2}",
        "{\"a",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,\"",
        /* order and repetition */
        "{\"a\":1,\"a\":2}",
        "{\"b\":1,\"a\":2}",
        "{\"aa\":1,\"a\":2}",
        "{\"a0\":1,\"a.\":2}",
        "{\"a\":{\"b\":1,\"a\":2}}",
        "{\"a\":[{\"a\":1,\"a\":2}]}",
        /* arrays */
        "{\"a\":[1,]}",
        "{\"a\":[,1]}",
        "{\"a\":[1 1]}",
        "{\"a\":[1}",
        "{\"a\":[1",
        "{\"a\":[",
        "{\"a\":[\"b\":1]}",
        "{\"a\":[}",
        "{\"a\":{]}",
        "{]",
        "{\"a\":1]",
        /* nine deep */
        "{\"a\":[[[[[[[[1]]]]]]]]}",
        "{\"a\":[[[[[[[{}]]]]]]]}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}",
        "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":1}}}}}}}}}",
        /* comments and a byte order mark */
        "{/**/}",
        "{}//",
        "\xef\xbb\xbf{}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        enum council_error error = verdict(texts[i], strlen(texts[i]));
        if (error != COUNCIL_E_NOT_CANONICAL) {
            fail_msg("%s: %s", texts[i], council_error_name(error));
        }
    }
    assert_int_equal(verdict("{\"a\":\"\0\"}", 9), COUNCIL_E_NOT_CANONICAL);
    assert_int_equal(verdict("{}\0", 3), COUNCIL_E_NOT_CANONICAL);
}

static void every_byte_in_every_place(void **state)
{
    /* One byte of a good text replaced by every other: accepted only where the grammar lets that class of bytes stand. */
    static const char good[] = "{\"k\":[\"s\",7]}";
    char text[sizeof(good)];
    (void)state;
    for (size_t at = 0; at < sizeof(good) - 1; at++) {
        for (int byte = 0; byte < 256; byte++) {
            memcpy(text, good, sizeof(good));
            text[at] = (char)byte;
            bool fine = text[at] == good[at];
            if (at == 2) {
                fine = (byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9') ||
                       byte == '_' || byte == '.';
            } else if (at == 7) {
                fine = byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '\\';
            } else if (at == 10) {
                fine = byte >= '0' && byte <= '9';
            }
            if ((verdict(text, sizeof(good) - 1) == COUNCIL_OK) != fine) {
                fail_msg("byte %02x at %zu", byte, at);
            }
        }
    }
}

static void every_beginning_is_refused(void **state)
{
    static const char good[] = "{\"a\":{\"b\":[1,\"x\",{}]},\"c\":20}";
    (void)state;
    assert_int_equal(verdict(good, sizeof(good) - 1), COUNCIL_OK);
    for (size_t len = 0; len < sizeof(good) - 1; len++) {
        assert_int_equal(verdict(good, len), COUNCIL_E_NOT_CANONICAL);
    }
}

static void long_keys(void **state)
{
    char text[80];
    (void)state;
    for (size_t len = 63; len <= 65; len++) {
        memset(text, 'k', sizeof(text));
        memcpy(text, "{\"", 2);
        memcpy(text + 2 + len, "\":1}", 4);
        assert_int_equal(verdict(text, len + 6), len <= 64 ? COUNCIL_OK : COUNCIL_E_NOT_CANONICAL);
    }
}

static void number_of_values(void **state)
{
    /* the object, the array and n integers */
    static char text[3 * COUNCIL_TEXT_VALUES];
    (void)state;
    for (uint32_t values = COUNCIL_TEXT_VALUES - 1; values <= COUNCIL_TEXT_VALUES + 1; values++) {
        size_t len = 0;
        memcpy(text, "{\"a\":[", 6);
        len += 6;
        for (uint32_t i = 0; i < values - 2; i++) {
            text[len++] = '1';
            text[len++] = ',';
        }
        memcpy(text + len - 1, "]}", 2);
        len += 1;
        assert_int_equal(verdict(text, len),
                         values <= COUNCIL_TEXT_VALUES ? COUNCIL_OK : COUNCIL_E_NOT_CANONICAL);
    }
}

static void length_of_text(void **state)
{
    size_t size = COUNCIL_TEXT_MAX + 1;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    memset(text, 'x', size);
    memcpy(text, "{\"a\":\"", 6);
    memcpy(text + COUNCIL_TEXT_MAX - 2, "\"}", 2);
    assert_int_equal(verdict(text, COUNCIL_TEXT_MAX), COUNCIL_OK);
    /* too long comes first, whatever the bytes are */
    assert_int_equal(verdict(text, COUNCIL_TEXT_MAX + 1), COUNCIL_E_TOO_LARGE);
    text[10] = '\n';
    assert_int_equal(verdict(text, COUNCIL_TEXT_MAX), COUNCIL_E_NOT_CANONICAL);
    assert_int_equal(verdict(text, COUNCIL_TEXT_MAX + 1), COUNCIL_E_TOO_LARGE);
    free(text);
}

static void deep_nesting_does_not_recurse_without_end(void **state)
{
    size_t size = 190000;
    char *text = malloc(size);
    (void)state;
    assert_non_null(text);
    memset(text, '[', size);
    memcpy(text, "{\"a\":", 5);
    assert_int_equal(verdict(text, size), COUNCIL_E_NOT_CANONICAL);
    free(text);
}

static void index_of_values(void **state)
{
    static const char text[] = "{\"a\":[10,\"bc\",{\"d\":0}],\"e\":{},\"f\":\"\",\"g\":[]}";
    struct council_text t;
    (void)state;
    assert_int_equal(council_text_init(&t, text, sizeof(text) - 1), COUNCIL_OK);
    assert_int_equal(t.count, 9);
    assert_int_equal(t.values[0].type, COUNCIL_OBJECT);
    assert_int_equal(t.values[0].count, 4);
    assert_int_equal(t.values[0].start, 0);
    assert_int_equal(t.values[0].len, sizeof(text) - 1);
    assert_int_equal(t.values[0].next, t.count);

    uint32_t a = council_text_get(&t, 0, "a");
    assert_int_equal(a, 1);
    assert_int_equal(t.values[a].type, COUNCIL_ARRAY);
    assert_int_equal(t.values[a].count, 3);
    assert_int_equal(t.values[a].len, strlen("[10,\"bc\",{\"d\":0}]"));
    assert_memory_equal(text + t.values[a].start, "[10,", 4);
    assert_memory_equal(text + t.values[a].key, "a", t.values[a].key_len);

    uint32_t i = council_text_first(&t, a);
    assert_int_equal(t.values[i].type, COUNCIL_INTEGER);
    assert_int_equal(t.values[i].integer, 10);
    assert_int_equal(t.values[i].key_len, 0);
    i = t.values[i].next;
    assert_true(council_text_is(&t, i, "bc"));
    assert_false(council_text_is(&t, i, "b"));
    assert_false(council_text_is(&t, i, "bcd"));
    assert_int_equal(t.values[i].len, 2);
    i = t.values[i].next;
    assert_int_equal(council_text_get(&t, i, "d"), i + 1);
    assert_int_equal(t.values[i].next, t.values[a].next);

    uint32_t e = council_text_get(&t, 0, "e"), f = council_text_get(&t, 0, "f");
    assert_int_equal(council_text_first(&t, e), 0);
    assert_int_equal(council_text_first(&t, council_text_get(&t, 0, "g")), 0);
    assert_int_equal(t.values[e].next, f);
    assert_true(council_text_is(&t, f, ""));
    assert_false(council_text_is(&t, e, ""));
    /* members of inner objects are not found from outside, nor anything in an array */
    assert_int_equal(council_text_get(&t, 0, "d"), 0);
    assert_int_equal(council_text_get(&t, 0, ""), 0);
    assert_int_equal(council_text_get(&t, a, "d"), 0);
    assert_int_equal(council_text_get(&t, e, "a"), 0);
    council_text_fini(&t);
    council_text_fini(&t);
    council_text_fini(NULL);
}

static void bytes_in_text(void **state)
{
    static const char text[] = "{\"a\":\"Zm9v\",\"b\":\"Zm9\",\"c\":5}";
    struct council_text t;
    uint8_t out[3];
    (void)state;
    assert_int_equal(council_text_init(&t, text, sizeof(text) - 1), COUNCIL_OK);
    assert_true(council_text_bytes(&t, 1, out, 3));
    assert_memory_equal(out, "foo", 3);
    assert_false(council_text_bytes(&t, 1, out, 2));
    assert_false(council_text_bytes(&t, 2, out, 2));
    assert_false(council_text_bytes(&t, 3, out, 1));
    assert_false(council_text_bytes(&t, 0, out, 3));
    council_text_fini(&t);
}

static void written_text_is_canonical(void **state)
{
    static const uint8_t bytes[3] = {'f', 'o', 'o'};
    struct council_writer w;
    (void)state;
    council_writer_init(&w, 1000);
    council_write_open(&w, NULL, '{');
    council_write_open(&w, "a", '[');
    council_write_int(&w, NULL, 0);
    council_write_int(&w, NULL, COUNCIL_INT_MAX);
    council_write_open(&w, NULL, '{');
    council_write_close(&w, '}');
    council_write_string(&w, NULL, "x");
    council_write_close(&w, ']');
    council_write_bytes(&w, "b", bytes, 3);
    council_write_bytes(&w, "c", bytes, 0);
    council_write_raw(&w, "d", "{\"e\":1}", 7);
    council_write_string(&w, "e", "");
    council_write_close(&w, '}');
    assert_false(w.failed);
    assert_string_equal(w.text, "{\"a\":[0,9007199254740991,{},\"x\"],\"b\":\"Zm9v\",\"c\":\"\","
                                "\"d\":{\"e\":1},\"e\":\"\"}");
    assert_int_equal(w.len, strlen(w.text));
    assert_int_equal(verdict(w.text, w.len), COUNCIL_OK);
    council_writer_fini(&w);
    council_writer_fini(NULL);
}

static void writer_grows_to_its_ceiling(void **state)
{
    static uint8_t bytes[3000];
    (void)state;
    for (uint32_t max = 4000; max <= 4012; max++) {
        struct council_writer w;
        council_writer_init(&w, max);
        council_write_open(&w, NULL, '{');
        council_write_bytes(&w, "a", bytes, sizeof(bytes)); /* 4 + 2 + 4000 characters */
        council_write_close(&w, '}');
        assert_int_equal(w.failed, max < 4008);
        if (!w.failed) {
            assert_int_equal(w.len, 4008);
        }
        assert_true(w.len <= max);
        assert_true(w.text == NULL || strlen(w.text) == w.len);
        council_writer_fini(&w);
    }
}

static void writer_stays_failed(void **state)
{
    struct council_writer w;
    (void)state;
    council_writer_init(&w, 4);
    council_write_string(&w, NULL, "long");
    assert_true(w.failed);
    uint32_t len = w.len;
    council_write_int(&w, NULL, 1);
    assert_true(w.failed);
    assert_int_equal(w.len, len);
    council_writer_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepted),
        cmocka_unit_test(refused),
        cmocka_unit_test(every_byte_in_every_place),
        cmocka_unit_test(every_beginning_is_refused),
        cmocka_unit_test(long_keys),
        cmocka_unit_test(number_of_values),
        cmocka_unit_test(length_of_text),
        cmocka_unit_test(deep_nesting_does_not_recurse_without_end),
        cmocka_unit_test(index_of_values),
        cmocka_unit_test(bytes_in_text),
        cmocka_unit_test(written_text_is_canonical),
        cmocka_unit_test(writer_grows_to_its_ceiling),
        cmocka_unit_test(writer_stays_failed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
