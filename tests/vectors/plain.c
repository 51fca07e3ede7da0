/*
 * plain.c - vectors of canonical text, base64url, P() and H.
 *
 * Owns README.md sections 1.1 to 1.3 and 2. A text that is long or not UTF-8 is given in parts or in hex.
 */
#include "tests/vectors/rows.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text_row {
    const char *name, *text;
    enum council_error error;
};

#define NOT COUNCIL_E_NOT_CANONICAL

static const struct text_row texts[] = {
    {"an empty object", "{}", COUNCIL_OK},
    {"strings that begin with a colon", "{\"a\":[\"x\",\":y\",\"\":z\"]}", NOT},
    {"a string that begins with a colon", "{\"a\":[\"x\",\":y\",\"{]\"]}", COUNCIL_OK},
    {"every type", "{\"a\":[],\"b\":{},\"c\":\"\",\"d\":0,\"e\":[{\"x\":1},[2,\"3\"]]}",
     COUNCIL_OK},
    {"every kind of key", "{\"0\":1,\"_\":1,\"a\":1,\"a.b\":1,\"a0\":1,\"z_9.\":1}", COUNCIL_OK},
    {"keys in order",
     "{\".\":1,\"0\":1,\"9\":1,\"_\":1,\"a\":1,\"a.b\":1,\"a0\":1,\"aa\":1,\"z\":1}", COUNCIL_OK},
    {"every printable byte",
     "{\"a\":\" "
     "!#$%&'()*+,-./"
     "0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~\"}",
     COUNCIL_OK},
    {"the largest integer", "{\"a\":9007199254740991}", COUNCIL_OK},
    {"2^53", "{\"a\":9007199254740992}", NOT},
    {"ten times the largest integer", "{\"a\":90071992547409910}", NOT},
    {"an integer of forty digits", "{\"a\":1000000000000000000000000000000000000000}", NOT},
    {"2^64", "{\"a\":18446744073709551616}", NOT},
    {"2^64 + 1", "{\"a\":18446744073709551617}", NOT},
    {"a leading zero", "{\"a\":01}", NOT},
    {"two zeros", "{\"a\":00}", NOT},
    {"minus zero", "{\"a\":-0}", NOT},
    {"a negative integer", "{\"a\":-1}", NOT},
    {"a plus sign", "{\"a\":+1}", NOT},
    {"1.0", "{\"a\":1.0}", NOT},
    {"1e0", "{\"a\":1e0}", NOT},
    {"1E2", "{\"a\":1E2}", NOT},
    {"a hexadecimal number", "{\"a\":0x1}", NOT},
    {"NaN", "{\"a\":NaN}", NOT},
    {"Infinity", "{\"a\":Infinity}", NOT},
    {"null", "{\"a\":null}", NOT},
    {"true", "{\"a\":true}", NOT},
    {"false", "{\"a\":false}", NOT},
    {"a word", "{\"a\":yes}", NOT},
    {"an escaped quotation mark", "{\"a\":\"\\\"\"}", NOT},
    {"an escaped letter", "{\"a\":\"\\u0061\"}", NOT},
    {"an escaped line end", "{\"a\":\"\\n\"}", NOT},
    {"an escaped slash", "{\"a\":\"\\/\"}", NOT},
    {"an escape in a key", "{\"\\u0061\":1}", NOT},
    {"a tab in a string", "{\"a\":\"\t\"}", NOT},
    {"a line end in a string", "{\"a\":\"\n\"}", NOT},
    {"a delete in a string", "{\"a\":\"\x7f\"}", NOT},
    {"a letter beyond ASCII", "{\"a\":\"\xc3\xa9\"}", NOT},
    {"a byte that is no UTF-8", "{\"a\":\"\xff\"}", NOT},
    {"a byte order mark", "\xef\xbb\xbf{}", NOT},
    {"white space in front", " {}", NOT},
    {"white space behind", "{} ", NOT},
    {"a line end behind", "{}\n", NOT},
    {"white space inside", "{ }", NOT},
    {"white space after a colon", "{\"a\": 1}", NOT},
    {"white space before a colon", "{\"a\" :1}", NOT},
    {"white space after a comma", "{\"a\":1, \"b\":1}", NOT},
    {"white space in an array", "{\"a\":[1, 2]}", NOT},
    {"keys out of order", "{\"b\":1,\"a\":1}", NOT},
    {"keys out of order deep inside", "{\"a\":[{\"c\":1,\"b\":1}]}", NOT},
    {"a longer key first", "{\"ab\":1,\"a\":1}", NOT},
    {"keys ordered by number", "{\"9\":1,\"10\":1}", NOT},
    {"a key twice", "{\"a\":1,\"a\":1}", NOT},
    {"a key twice deep inside", "{\"a\":{\"b\":1,\"b\":2}}", NOT},
    {"the same key at two depths", "{\"a\":{\"a\":1}}", COUNCIL_OK},
    {"an empty key", "{\"\":1}", NOT},
    {"a capital letter in a key", "{\"A\":1}", NOT},
    {"a hyphen in a key", "{\"a-b\":1}", NOT},
    {"a blank in a key", "{\"a b\":1}", NOT},
    {"an unquoted key", "{a:1}", NOT},
    {"single quotes", "{'a':1}", NOT},
    {"a number as a key", "{1:1}", NOT},
    {"a comma too many in an object", "{\"a\":1,}", NOT},
    {"a comma too many in an array", "{\"a\":[1,]}", NOT},
    {"a comma alone", "{,}", NOT},
    {"two commas", "{\"a\":[1,,2]}", NOT},
    {"a missing comma", "{\"a\":1\"b\":1}", NOT},
    {"a missing colon", "{\"a\"1}", NOT},
    {"a missing value", "{\"a\":}", NOT},
    {"a missing end", "{\"a\":1", NOT},
    {"a missing quotation mark", "{\"a\":\"}", NOT},
    {"the wrong bracket", "{\"a\":[1}", NOT},
    {"a bracket too many", "{}}", NOT},
    {"a second object", "{}{}", NOT},
    {"a comment", "{}//", NOT},
    {"an array", "[]", NOT},
    {"a string", "\"a\"", NOT},
    {"an integer", "1", NOT},
    {"nothing", "", NOT},
    {"depth 8", "{\"a\":[[[[[[[]]]]]]]}", COUNCIL_OK},
    {"depth 9", "{\"a\":[[[[[[[[]]]]]]]]}", NOT},
    {"depth 8 of objects", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}",
     COUNCIL_OK},
    {"depth 9 of objects", "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}",
     NOT},
    {"an integer at depth 9", "{\"a\":[[[[[[[1]]]]]]]}", COUNCIL_OK},
};

/* Texts in parts: each repeated so often. */
static const struct long_row {
    const char *name, *first, *middle, *last;
    uint32_t times;
    enum council_error error;
} long_texts[] = {
    {"196,608 bytes", "{\"a\":\"", "x", "\"}", 196600, COUNCIL_OK},
    {"196,609 bytes", "{\"a\":\"", "x", "\"}", 196601, COUNCIL_E_TOO_LARGE},
    {"196,609 bytes that are nothing", "", "x", "", 196609, COUNCIL_E_TOO_LARGE},
    {"2,048 values", "{\"a\":[0", ",0", "]}", 2045, COUNCIL_OK},
    {"2,049 values", "{\"a\":[0", ",0", "]}", 2046, NOT},
    {"a key of 64 characters", "{\"", "a", "\":1}", 64, COUNCIL_OK},
    {"a key of 65 characters", "{\"", "a", "\":1}", 65, NOT},
    {"10,000 brackets", "{\"a\":", "[", "", 10000, NOT},
    {"10,000 objects", "", "{\"a\":", "", 10000, NOT},
};

static void text_result(struct vec_file *file, json_t *vector, const char *text, uint32_t len,
                        enum council_error error)
{
    struct council_text parsed;
    enum council_error got = council_text_init(&parsed, text, len);
    if (got == COUNCIL_OK) {
        council_text_fini(&parsed);
    }
    if (got != error) {
        (void)fprintf(stderr, "canonical/%s: %s\n", vec_string(vector, "name"),
                      council_error_name(got));
        file->out->wrong++;
    }
    vec_result(file, vector, json_string(got ? council_error_name(got) : "valid"), !got);
}

static void canonical(struct vec_out *out)
{
    struct vec_file file;
    vec_open(&file, out, "canonical", "text");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *vector = vec_add(&file, texts[i].name);
        uint32_t len = (uint32_t)strlen(texts[i].text);
        json_t *text = json_stringn(texts[i].text, len);
        (void)json_object_set_new(
            vector, "parts", json_pack("[[o,i]]", text ? text : vec_hex(texts[i].text, len), 1));
        text_result(&file, vector, texts[i].text, len, texts[i].error);
    }
    for (size_t i = 0; i < sizeof long_texts / sizeof long_texts[0]; i++) {
        const struct long_row *row = &long_texts[i];
        json_t *vector = vec_add(&file, row->name);
        size_t first = strlen(row->first), middle = strlen(row->middle), last = strlen(row->last),
               len = first + middle * row->times + last;
        char *text = malloc(len + 1);
        if (!text) {
            vec_die("no memory");
        }
        memcpy(text, row->first, first);
        for (uint32_t j = 0; j < row->times; j++) {
            memcpy(text + first + middle * j, row->middle, middle);
        }
        memcpy(text + first + middle * row->times, row->last, last + 1);
        (void)json_object_set_new(vector, "parts",
                                  json_pack("[[s,i],[s,i],[s,i]]", row->first, 1, row->middle,
                                            (int)row->times, row->last, 1));
        text_result(&file, vector, text, (uint32_t)len, row->error);
        free(text);
    }
    vec_close(&file);
}

static const struct {
    const char *text;
    uint32_t bytes;
} base64[] = {{"", 0},
              {"AA", 1},
              {"_w", 1},
              {"AAA", 2},
              {"AAAA", 3},
              {"-_-_", 3},
              {"AAECAwQFBgcICQoLDA0ODw", 16},
              {"AB", 1},
              {"_x", 1},
              {"AAB", 2},
              {"AA==", 1},
              {"AAA=", 2},
              {"A", 0},
              {"AAAAA", 3},
              {"++//", 3},
              {"A A", 2},
              {"AA\n", 1},
              {"AA", 2},
              {"AAAA", 2},
              {"AAAA", 4},
              {"", 1},
              {"A.", 1},
              {"%41", 2}};

static void base64url(struct vec_out *out)
{
    struct vec_file file;
    vec_open(&file, out, "base64url", "base64url");
    for (size_t i = 0; i < sizeof base64 / sizeof base64[0]; i++) {
        char name[64];
        uint8_t bytes[32];
        (void)snprintf(name, sizeof name, "%u: %u bytes", (unsigned)i + 1,
                       (unsigned)base64[i].bytes);
        json_t *vector = vec_add(&file, name);
        bool good = council_b64_decode(bytes, base64[i].bytes, base64[i].text,
                                       (uint32_t)strlen(base64[i].text));
        (void)json_object_set_new(vector, "text", json_string(base64[i].text));
        (void)json_object_set_new(vector, "bytes", json_integer(base64[i].bytes));
        vec_result(&file, vector, good ? vec_hex(bytes, base64[i].bytes) : json_string("refused"),
                   good);
        out->wrong += good != (i < 7);
    }
    vec_close(&file);
}

/* One P() with its hash, keyed if there is a key. */
static void p_vector(struct vec_file *file, const char *name, const char *label,
                     const struct council_field *fields, uint32_t count, json_t *values,
                     uint32_t key_len)
{
    uint8_t p[512], hash[COUNCIL_HASH_BYTES], key[64];
    json_t *vector = vec_add(file, name);
    for (uint32_t i = 0; i < sizeof key; i++) {
        key[i] = (uint8_t)(0xf0 - i);
    }
    uint32_t len = council_p(p, sizeof p, label, fields, count);
    if (len == 0 || len != council_p_len(label, fields, count)) {
        vec_die("P does not fit");
    }
    if (key_len > 0) {
        council_hash_p_keyed(hash, key, key_len, label, fields, count);
    } else {
        council_hash_p(hash, label, fields, count);
    }
    (void)json_object_set_new(vector, "label", json_string(label));
    (void)json_object_set_new(vector, "values", values);
    (void)json_object_set_new(vector, "key", vec_hex(key, key_len));
    vec_result(file, vector,
               json_pack("{s:o,s:o}", "p", vec_hex(p, len), "h", vec_hex(hash, sizeof hash)), true);
}

static void p_and_h(struct vec_out *out)
{
    struct vec_file file;
    uint8_t number[8];
    static const uint8_t bytes[] = {0, 1, 2, 255};
    council_u64be(number, COUNCIL_INT_MAX);
    const struct council_field fields[] = {COUNCIL_FN(bytes, 4), COUNCIL_FN(number, 8),
                                           COUNCIL_FN("https://council.example", 23),
                                           COUNCIL_FN(bytes, 0)};
    vec_open(&file, out, "p", "p");
    p_vector(&file, "a label alone", "council/v1/recovery-sign", NULL, 0, json_array(), 0);
    p_vector(&file, "a label alone, keyed with 16 bytes", "council/v1/recovery-sign", NULL, 0,
             json_array(), 16);
    p_vector(&file, "bytes, an integer, a text, an absent field", "council/v1/login", fields, 4,
             json_pack("[o,I,s,s]", vec_hex(bytes, 4), (json_int_t)COUNCIL_INT_MAX,
                       "https://council.example", ""),
             0);
    p_vector(&file, "the same, keyed with 32 bytes", "council/v1/login", fields, 4,
             json_pack("[o,I,s,s]", vec_hex(bytes, 4), (json_int_t)COUNCIL_INT_MAX,
                       "https://council.example", ""),
             32);
    p_vector(&file, "one field", "x", fields, 1, json_pack("[o]", vec_hex(bytes, 4)), 32);
    p_vector(&file, "the same bytes in two fields", "x",
             (const struct council_field[]){COUNCIL_FN(bytes, 2), COUNCIL_FN(bytes + 2, 2)}, 2,
             json_pack("[o,o]", vec_hex(bytes, 2), vec_hex(bytes + 2, 2)), 32);
    vec_close(&file);
}

void rows_plain(struct vec_out *out)
{
    canonical(out);
    base64url(out);
    p_and_h(out);
}
