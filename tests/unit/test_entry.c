/*
 * test_entry.c - one entry by itself: envelope, data, signature, head, signing. (Bodies: test_entry_body.c.)
 *
 * Texts are put together here from pieces of characters, not by the writer under test.
 */
#include "tests/unit/entry_pieces.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define VOTE                                                                               \
    "{\"at\":1,\"author\":\"" KEY "\",\"body\":{\"member\":\"" KEY "\"},\"device\":\"" KEY \
    "\",\"id\":\"" ID "\",\"kind\":\"vote\",\"log\":\"" KEY "\"," SEEN ",\"v\":1}"
#define POST                                                                                       \
    "{\"at\":1,\"author\":\"" KEY "\",\"body\":{},\"device\":\"" KEY "\",\"id\":\"" ID             \
    "\",\"kind\":\"post\",\"log\":\"" KEY "\",\"sealed\":{\"epoch\":3,\"hash\":\"" KEY "\"}," SEEN \
    ",\"v\":1}"
#define CREATE                                                                             \
    "{\"at\":1,\"body\":{\"box\":\"" KEY "\",\"recovery\":" RECOVERY "},\"device\":\"" KEY \
    "\",\"id\":\"" ID "\",\"kind\":\"member.create\",\"v\":1}"
#define FOUND                                                                                      \
    "{\"at\":1,\"author\":\"" KEY "\",\"body\":" FOUND_BODY ",\"device\":\"" KEY "\",\"id\":\"" ID \
    "\",\"kind\":\"council.create\",\"v\":1}"

static enum council_error parse(const char *text)
{
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, text, (uint32_t)strlen(text));
    if (error == COUNCIL_OK) {
        council_entry_fini(&entry);
    } else {
        assert_null(entry.text.values);
    }
    return error;
}

/* `text` with the first `from` replaced by `to`; owned. */
static char *changed(const char *text, const char *from, const char *to)
{
    const char *at = strstr(text, from);
    assert_non_null(at);
    size_t before = (size_t)(at - text), len = strlen(text) + strlen(to) + 1;
    char *out = malloc(len);
    assert_non_null(out);
    (void)snprintf(out, len, "%.*s%s%s", (int)before, text, to, at + strlen(from));
    return out;
}

static void whole_entries(void **state)
{
    struct council_entry entry;
    (void)state;
    assert_int_equal(council_entry_parse(&entry, POST, (uint32_t)strlen(POST)), COUNCIL_OK);
    assert_int_equal(entry.kind, COUNCIL_KIND_POST);
    assert_int_equal(entry.at, 1);
    assert_true(entry.has_author && entry.has_log);
    assert_int_equal(entry.seen_seq, 7);
    assert_int_equal(entry.epoch, 3);
    assert_int_equal(entry.text.values[entry.body].type, COUNCIL_OBJECT);
    council_entry_fini(&entry);

    assert_int_equal(council_entry_parse(&entry, CREATE, (uint32_t)strlen(CREATE)), COUNCIL_OK);
    assert_false(entry.has_author || entry.has_log);
    assert_int_equal(entry.seen_seq, 0);
    council_entry_fini(&entry);

    assert_int_equal(council_entry_parse(&entry, FOUND, (uint32_t)strlen(FOUND)), COUNCIL_OK);
    assert_true(entry.has_author);
    assert_false(entry.has_log);
    council_entry_fini(&entry);
    council_entry_fini(&entry);
    council_entry_fini(NULL);
}

static void decoded_fields(void **state)
{
    static const char text[] =
        "{\"at\":9007199254740991,\"author\":\"" KEY2 "\",\"body\":{\"member\":\"" KEY3
        "\"},\"device\":\"" KEY3 "\",\"id\":\"B" A10 A10 "A\",\"kind\":\"vote\",\"log\":\"" KEY2
        "\",\"seen\":{\"head\":\"" KEY3 "\",\"seq\":256},\"v\":1}";
    struct council_entry entry;
    uint8_t key[32], key2[32] = {0x04}, key3[32] = {0xfc};
    char word[COUNCIL_KEY_CHARS + 1];
    (void)state;
    assert_int_equal(council_entry_parse(&entry, text, sizeof(text) - 1), COUNCIL_OK);
    assert_true(entry.at == COUNCIL_INT_MAX);
    assert_memory_equal(entry.author, key2, 32);
    assert_memory_equal(entry.log, key2, 32);
    assert_memory_equal(entry.device, key3, 32);
    assert_memory_equal(entry.seen_head, key3, 32);
    assert_int_equal(entry.id[0], 4);
    assert_int_equal(entry.seen_seq, 256);
    council_body_key(&entry, "member", key);
    assert_memory_equal(key, key3, 32);
    council_body_key(&entry, "nobody", key);
    assert_true(sodium_is_zero(key, 32));
    assert_int_equal(council_body_get(&entry, "nobody"), 0);
    assert_int_equal(council_body_int(&entry, "nobody"), 0);
    assert_true(council_body_is(&entry, "member", KEY3));
    assert_false(council_body_is(&entry, "member", KEY2));
    assert_false(council_body_is(&entry, "nobody", KEY2));
    assert_true(council_body_string(&entry, "member", word, sizeof(word)));
    assert_string_equal(word, KEY3);
    assert_false(council_body_string(&entry, "member", word, sizeof(word) - 1));
    assert_false(council_body_string(&entry, "nobody", word, sizeof(word)));
    council_entry_fini(&entry);
}

static void changed_envelopes(void **state)
{
    static const struct {
        const char *text, *from, *to;
        enum council_error error;
    } rows[] = {
        /* kind comes before the rest of the envelope */
        {VOTE, "\"kind\":\"vote\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"vote\"", "7", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"vote\"", "{}", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"vote\"", "\"\"", COUNCIL_E_UNKNOWN_KIND},
        {VOTE, "\"vote\"", "\"vot\"", COUNCIL_E_UNKNOWN_KIND},
        {VOTE, "\"vote\"", "\"votes\"", COUNCIL_E_UNKNOWN_KIND},
        {VOTE, "\"vote\"", "\"Vote\"", COUNCIL_E_UNKNOWN_KIND},
        {"{\"kind\":\"nonsense\"}", "x", "x", COUNCIL_E_UNKNOWN_KIND},
        {"{}", "{", "{", COUNCIL_E_BAD_FIELD},
        /* each field missing */
        {VOTE, "\"at\":1,", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"author\":\"" KEY "\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"body\":{\"member\":\"" KEY "\"},", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"device\":\"" KEY "\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"id\":\"" ID "\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"log\":\"" KEY "\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, SEEN ",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, ",\"v\":1", "", COUNCIL_E_BAD_FIELD},
        {POST, "\"sealed\":{\"epoch\":3,\"hash\":\"" KEY "\"},", "", COUNCIL_E_BAD_FIELD},
        /* fields that are not there, in every position */
        {VOTE, "{\"at\"", "{\"a\":1,\"at\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"body\"", "\"b\":1,\"body\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"v\":1", "\"v\":1,\"z\":1", COUNCIL_E_BAD_FIELD},
        {VOTE, SEEN, "\"sealed\":{\"epoch\":3,\"hash\":\"" KEY "\"}," SEEN, COUNCIL_E_BAD_FIELD},
        {CREATE, "\"body\"", "\"author\":\"" KEY "\",\"body\"", COUNCIL_E_BAD_FIELD},
        {CREATE, "\"v\":1", "\"log\":\"" KEY "\",\"v\":1", COUNCIL_E_BAD_FIELD},
        {CREATE, "\"v\":1", SEEN ",\"v\":1", COUNCIL_E_BAD_FIELD},
        {FOUND, "\"v\":1", "\"log\":\"" KEY "\",\"v\":1", COUNCIL_E_BAD_FIELD},
        {FOUND, "\"v\":1", SEEN ",\"v\":1", COUNCIL_E_BAD_FIELD},
        {FOUND, "\"author\":\"" KEY "\",", "", COUNCIL_E_BAD_FIELD},
        /* wrong types and ranges */
        {VOTE, "\"at\":1", "\"at\":\"1\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"at\":1", "\"at\":0", COUNCIL_OK},
        {VOTE, "\"author\":\"A", "\"author\":\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"author\":\"A", "\"author\":\"AA", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"author\":\"A", "\"author\":\"=", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"author\":\"" KEY "\"", "\"author\":7", COUNCIL_E_BAD_FIELD},
        {VOTE, "AAA\",\"id\"", "AAB\",\"id\"", COUNCIL_E_BAD_FIELD}, /* trailing bits */
        {VOTE, "{\"member\":\"" KEY "\"}", "[]", COUNCIL_E_BAD_FIELD},
        {VOTE, "{\"member\":\"" KEY "\"}", "\"\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"id\":\"A", "\"id\":\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"id\":\"" ID "\"", "\"id\":\"" KEY "\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"log\":\"" KEY "\"", "\"log\":\"\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"v\":1", "\"v\":0", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"v\":1", "\"v\":2", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"v\":1", "\"v\":\"1\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"seq\":7", "\"seq\":0", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"seq\":7", "\"seq\":9007199254740991", COUNCIL_OK},
        {VOTE, ",\"seq\":7", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"seq\":7", "\"seq\":7,\"x\":1", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"head\":\"" KEY "\"", "\"head\":\"" ID "\"", COUNCIL_E_BAD_FIELD},
        {VOTE, "\"head\":\"" KEY "\",", "", COUNCIL_E_BAD_FIELD},
        {VOTE, "{\"head\":\"" KEY "\",\"seq\":7}", "7", COUNCIL_E_BAD_FIELD},
        {POST, "\"epoch\":3", "\"epoch\":0", COUNCIL_E_BAD_FIELD},
        {POST, "\"epoch\":3", "\"epoch\":1", COUNCIL_OK},
        {POST, "\"epoch\":3,", "", COUNCIL_E_BAD_FIELD},
        {POST, "\"hash\":\"A", "\"hash\":\"", COUNCIL_E_BAD_FIELD},
        {POST, "\"hash\"", "\"hash0\"", COUNCIL_E_BAD_FIELD},
        /* canonical first of all */
        {VOTE, "\"vote\"", " \"nonsense\"", COUNCIL_E_NOT_CANONICAL},
        {VOTE, "{\"at\":1", "{\"at\":1.5", COUNCIL_E_NOT_CANONICAL},
    };
    (void)state;
    assert_int_equal(parse(VOTE), COUNCIL_OK);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *text = strcmp(rows[i].from, "x") == 0
                         ? strdup(rows[i].text)
                         : changed(rows[i].text, rows[i].from, rows[i].to);
        enum council_error error = parse(text);
        if (error != rows[i].error) {
            fail_msg("%s -> %s: %s", rows[i].from, rows[i].to, council_error_name(error));
        }
        free(text);
    }
}

static void size_of_kind(void **state)
{
    char zone[2100], body[2200];
    (void)state;
    /* longer than its kind and with a body that is wrong: the length comes first, the envelope before it */
    memset(zone, 'x', sizeof(zone));
    zone[1900] = '\0';
    (void)snprintf(body, sizeof(body), "{\"member\":\"%s\"}", zone);
    char *text = pieces_entry("vote", body);
    assert_true(strlen(text) > 2048);
    assert_int_equal(parse(text), COUNCIL_E_TOO_LARGE);
    char *worse = changed(text, "\"v\":1", "\"v\":2");
    assert_int_equal(parse(worse), COUNCIL_E_BAD_FIELD);
    free(worse);
    /* exactly its kind's limit */
    zone[1900 - (strlen(text) - 2048)] = '\0';
    (void)snprintf(body, sizeof(body), "{\"member\":\"%s\"}", zone);
    free(text);
    text = pieces_entry("vote", body);
    assert_int_equal(strlen(text), 2048);
    assert_int_equal(parse(text), COUNCIL_E_BAD_FIELD);
    free(text);
}

static void data_of_sealed_kinds(void **state)
{
    static uint8_t data[COUNCIL_DATA_MAX + 1];
    static const struct {
        uint32_t len;
        bool fits;
    } sizes[] = {{0, false},           {40, false},         {40 + 255, false},
                 {40 + 256, true},     {40 + 257, false},   {256, false},
                 {40 + 384, false},    {40 + 512, true},    {40 + 1024, true},
                 {40 + 131072, true},  {40 + 262144, true}, {40 + 262143, false},
                 {40 + 262145, false}, {39, false}};
    (void)state;
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct council_entry entry;
        uint8_t hash[32];
        char chars[COUNCIL_KEY_CHARS + 1], sealed[80];
        council_hash(hash, data, sizes[i].len);
        council_b64_encode(chars, hash, 32);
        (void)snprintf(sealed, sizeof(sealed), "\"hash\":\"%s\"", chars);
        char *text = changed(POST, "\"hash\":\"" KEY "\"", sealed);
        assert_int_equal(council_entry_parse(&entry, text, (uint32_t)strlen(text)), COUNCIL_OK);
        assert_int_equal(council_entry_check_data(&entry, data, sizes[i].len),
                         sizes[i].fits ? COUNCIL_OK : COUNCIL_E_DATA_SIZE);
        if (sizes[i].fits) {
            data[sizes[i].len - 1] ^= 1;
            assert_int_equal(council_entry_check_data(&entry, data, sizes[i].len),
                             COUNCIL_E_DATA_HASH);
            data[sizes[i].len - 1] ^= 1;
        }
        assert_int_equal(council_entry_check_data(&entry, NULL, 0), COUNCIL_OK);
        council_entry_fini(&entry);
        free(text);
    }
    struct council_entry entry;
    assert_int_equal(council_entry_parse(&entry, VOTE, (uint32_t)strlen(VOTE)), COUNCIL_OK);
    assert_int_equal(council_entry_check_data(&entry, data, 296), COUNCIL_E_DATA_UNEXPECTED);
    assert_int_equal(council_entry_check_data(&entry, data, 0), COUNCIL_E_DATA_UNEXPECTED);
    assert_int_equal(council_entry_check_data(&entry, NULL, 0), COUNCIL_OK);
    council_entry_fini(&entry);
}

static void head_by_hand(void **state)
{
    uint8_t p[1 + 15 + 1 + 4 + 32 + 4 + 3 + 4 + 64], wanted[32], got[32], sig[64], prev[32];
    size_t len = 0;
    (void)state;
    memset(prev, 9, sizeof(prev));
    memset(sig, 5, sizeof(sig));
    p[len++] = 15;
    memcpy(p + len, "council/v1/head", 15);
    len += 15;
    p[len++] = 3;
    memcpy(p + len, "\0\0\0\x20", 4);
    memcpy(p + len + 4, prev, 32);
    len += 36;
    memcpy(p + len, "\0\0\0\3abc", 7);
    len += 7;
    memcpy(p + len, "\0\0\0\x40", 4);
    memcpy(p + len + 4, sig, 64);
    len += 68;
    assert_int_equal(len, sizeof(p));
    crypto_generichash(wanted, 32, p, len, NULL, 0);
    council_entry_head(got, prev, "abc", 3, sig);
    assert_memory_equal(got, wanted, 32);
    /* in place */
    council_entry_head(prev, prev, "abc", 3, sig);
    assert_memory_equal(prev, wanted, 32);
}

struct author {
    uint8_t key[32], secret[64];
};

static void author_init(struct author *author, uint8_t number)
{
    uint8_t seed[32] = {number};
    crypto_sign_seed_keypair(author->key, author->secret, seed);
}

static void signed_entries(void **state)
{
    static const uint8_t zeros[32];
    struct author author;
    struct council_entry entry;
    uint8_t sig[64], p[4096];
    char *text;
    uint32_t len;
    (void)state;
    author_init(&author, 1);
    const struct council_draft draft = {
        .kind = COUNCIL_KIND_POST,
        .at = 5,
        .author = zeros,
        .device = author.key,
        .id = zeros,
        .log = zeros,
        .seen_seq = 7,
        .seen_head = zeros,
        .epoch = 3,
        .data_hash = zeros,
    };
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig), COUNCIL_OK);
    assert_int_equal(len, strlen(text));

    /* what is signed is P of the text, by hand */
    memcpy(p,
           "\x10"
           "council/v1/entry"
           "\1\0\0",
           20);
    p[20] = (uint8_t)(len >> 8);
    p[21] = (uint8_t)len;
    memcpy(p + 22, text, len);
    assert_int_equal(crypto_sign_verify_detached(sig, p, 22 + len, author.key), 0);

    assert_int_equal(council_entry_parse(&entry, text, len), COUNCIL_OK);
    assert_memory_equal(entry.device, author.key, 32);
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_OK);
    sig[63] ^= 0x10;
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_E_BAD_SIGNATURE);
    sig[63] ^= 0x10;
    entry.device[0] ^= 1;
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_E_BAD_SIGNATURE);
    council_entry_fini(&entry);
    /* the text is not P: a bare signature over it does not count */
    crypto_sign_detached(sig, NULL, (const uint8_t *)text, len, author.secret);
    assert_int_equal(council_entry_parse(&entry, text, len), COUNCIL_OK);
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_E_BAD_SIGNATURE);
    council_entry_fini(&entry);
    free(text);
}

static void signed_entry_of_great_length(void **state)
{
    static const uint8_t zeros[64];
    struct author author;
    struct council_entry entry;
    struct council_writer body;
    uint8_t sig[64], *chain = calloc(1, 140000);
    char *text;
    uint32_t len;
    (void)state;
    assert_non_null(chain);
    author_init(&author, 1);
    struct council_draft draft = {
        .kind = COUNCIL_KIND_COUNCIL_CREATE, .author = zeros, .device = author.key, .id = zeros};
    council_writer_init(&body, 400000);
    council_write_open(&body, NULL, '{');
    council_write_open(&body, "chain", '[');
    council_write_open(&body, NULL, '{');
    council_write_bytes(&body, "sig", zeros, 64);
    council_write_bytes(&body, "text", chain, 140000);
    council_write_close(&body, '}');
    council_write_close(&body, ']');
    council_write_string(&body, "history", "all");
    council_write_string(&body, "pace", "slow");
    council_write_int(&body, "size", 6);
    council_write_string(&body, "type", "council");
    council_write_close(&body, '}');
    assert_false(body.failed);
    draft.body = body.text;
    draft.body_len = body.len;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig), COUNCIL_OK);
    assert_true(len > 180000);
    assert_int_equal(council_entry_parse(&entry, text, len), COUNCIL_OK);
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_OK);
    council_entry_fini(&entry);
    text[len - 5000] = 'B';
    assert_int_equal(council_entry_parse(&entry, text, len), COUNCIL_OK);
    assert_int_equal(council_entry_verify(&entry, sig), COUNCIL_E_BAD_SIGNATURE);
    council_entry_fini(&entry);
    free(text);
    council_writer_fini(&body);
    free(chain);
}

static void refused_drafts(void **state)
{
    static const uint8_t zeros[32];
    struct author author, other;
    uint8_t sig[64];
    char *text = NULL;
    uint32_t len = 0;
    (void)state;
    author_init(&author, 1);
    author_init(&other, 2);
    const struct council_draft good = {.kind = COUNCIL_KIND_MEMBER_LEAVE,
                                       .author = zeros,
                                       .device = author.key,
                                       .id = zeros,
                                       .log = zeros,
                                       .seen_seq = 1,
                                       .seen_head = zeros};
    struct council_draft draft = good;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig), COUNCIL_OK);
    free(text);
    text = NULL;
    draft.body = "{\"x\":1}";
    draft.body_len = 7;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_BAD_FIELD);
    draft.body = "{ }";
    draft.body_len = 3;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_NOT_CANONICAL);
    draft = good;
    draft.seen_seq = 0;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_BAD_FIELD);
    draft = good;
    draft.log = NULL;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_BAD_FIELD);
    draft = good;
    draft.at = COUNCIL_INT_MAX + 1;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_NOT_CANONICAL);
    draft = good;
    draft.kind = COUNCIL_KIND_POST; /* nothing sealed */
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_BAD_FIELD);
    /* somebody else's key */
    assert_int_equal(council_entry_sign(&good, other.secret, &text, &len, sig),
                     COUNCIL_E_BAD_SIGNATURE);
    /* a body beyond every limit */
    draft = good;
    draft.body_len = 300000;
    char *huge = malloc(draft.body_len);
    assert_non_null(huge);
    memset(huge, '1', draft.body_len);
    draft.body = huge;
    assert_int_equal(council_entry_sign(&draft, author.secret, &text, &len, sig),
                     COUNCIL_E_TOO_LARGE);
    free(huge);
    assert_null(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_entries),        cmocka_unit_test(decoded_fields),
        cmocka_unit_test(changed_envelopes),    cmocka_unit_test(size_of_kind),
        cmocka_unit_test(data_of_sealed_kinds), cmocka_unit_test(head_by_hand),
        cmocka_unit_test(signed_entries),       cmocka_unit_test(signed_entry_of_great_length),
        cmocka_unit_test(refused_drafts),
    };
    if (council_protocol_init() != COUNCIL_OK) {
        return 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
