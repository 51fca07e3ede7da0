/*
 * test_bytes.c - base64url, integers, P and H, Ed25519 and the self-test; tables of errors and kinds; local times and rules.
 *
 * P and hashes are compared with values written out by hand or made by other implementations.
 */
#include "protocol/bytes.h"
#include "protocol/kinds.h"
#include "protocol/localtime.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void base64url_of_rfc_4648(void **state)
{
    /* RFC 4648 section 10, without padding */
    static const struct {
        const char *bytes, *text;
    } rows[] = {{"", ""},           {"f", "Zg"},          {"fo", "Zm8"},         {"foo", "Zm9v"},
                {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[16];
        uint8_t bytes[8];
        uint32_t len = (uint32_t)strlen(rows[i].bytes), chars = (uint32_t)strlen(rows[i].text);
        council_b64_encode(text, (const uint8_t *)rows[i].bytes, len);
        assert_string_equal(text, rows[i].text);
        assert_int_equal(COUNCIL_B64_CHARS(len), chars);
        assert_int_equal(council_b64_bytes(chars), len);
        assert_true(council_b64_decode(bytes, len, rows[i].text, chars));
        assert_memory_equal(bytes, rows[i].bytes, len);
    }
}

static void base64url_alphabet(void **state)
{
    static const uint8_t bytes[3] = {0xfb, 0xff, 0xbf};
    uint8_t out[3];
    char text[5];
    (void)state;
    council_b64_encode(text, bytes, 3);
    assert_string_equal(text, "-_-_");
    assert_true(council_b64_decode(out, 3, "-_-_", 4));
    assert_false(council_b64_decode(out, 3, "+/+/", 4));
}

static void base64url_refusals(void **state)
{
    /* text, bytes asked for */
    static const struct {
        const char *text;
        uint32_t len;
    } rows[] = {
        {"Zh", 1},                                          /* trailing bits */
        {"Zm9", 2},                                         /* trailing bits */
        {"Zg==", 1},                                        /* padding */
        {"Zg==", 2},  {"Zg=", 1},    {"Z", 0},    {"Z", 1}, /* no bytes are one character */
        {"Zm9v", 2},  {"Zm9v", 4},                          /* another length */
        {"Zm 9v", 3}, {"Zm\n9v", 3}, {"Zm9 ", 3}, {"Zm9.", 3}, {" Zg", 1}, {"Zm9v", 0},
    };
    uint8_t out[8];
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_false(
            council_b64_decode(out, rows[i].len, rows[i].text, (uint32_t)strlen(rows[i].text)));
    }
    assert_false(council_b64_decode(out, 3, "Zm\0v", 4));
    assert_int_equal(council_b64_bytes(5), UINT32_MAX);
    assert_int_equal(council_b64_bytes(COUNCIL_KEY_CHARS), 32);
    assert_int_equal(council_b64_bytes(COUNCIL_SIG_CHARS), 64);
    assert_int_equal(council_b64_bytes(COUNCIL_ID_CHARS), 16);
}

/* Every character at every place of groups of two, three and four: the quick codec takes what libsodium's takes, and makes the same of it. */
static void base64url_both_codecs_agree(void **state)
{
    (void)state;
    for (uint32_t chars = 2; chars <= 8; chars++) {
        for (uint32_t at = 0; at < chars; at++) {
            for (int c = 0; c < 256; c++) {
                char text[8] = {'A', 'A', 'A', 'A', 'A', 'A', 'A', 'A'};
                uint8_t one[8] = {0}, other[8] = {0};
                uint32_t len = council_b64_bytes(chars);
                if (len == UINT32_MAX) {
                    continue;
                }
                text[at] = (char)c;
                bool good = council_b64_decode_secret(other, len, text, chars);
                assert_int_equal(council_b64_decode(one, len, text, chars), good);
                if (good) {
                    char back[9], again[9];
                    assert_memory_equal(one, other, len);
                    council_b64_encode(back, one, len);
                    council_b64_encode_secret(again, one, len);
                    assert_string_equal(back, again);
                    assert_memory_equal(back, text, chars);
                }
            }
        }
    }
}

static void base64url_every_byte_both_ways(void **state)
{
    uint8_t bytes[256], back[256];
    char text[COUNCIL_B64_CHARS(256) + 1];
    (void)state;
    for (int i = 0; i < 256; i++) {
        bytes[i] = (uint8_t)i;
    }
    for (uint32_t len = 0; len <= 256; len++) {
        council_b64_encode(text, bytes, len);
        assert_int_equal(strlen(text), COUNCIL_B64_CHARS(len));
        assert_true(council_b64_decode(back, len, text, (uint32_t)strlen(text)));
        assert_memory_equal(back, bytes, len);
    }
}

static void integers_are_big_endian(void **state)
{
    static const uint8_t wanted[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    uint8_t out[8];
    (void)state;
    council_u64be(out, UINT64_C(0x0102030405060708));
    assert_memory_equal(out, wanted, 8);
    assert_true(council_u64be_read(wanted) == UINT64_C(0x0102030405060708));
}

static void p_by_hand(void **state)
{
    static const uint8_t wanted[] = {4, 'a', 'b', '/', 'c', 3, 0, 0, 0, 2, 'h', 'i', 0, 0,
                                     0, 0,   0,   0,   0,   8, 0, 0, 0, 0, 0,   0,   1, 0};
    uint8_t number[8], out[64];
    (void)state;
    council_u64be(number, 256);
    const struct council_field fields[] = {COUNCIL_FN("hi", 2), COUNCIL_FN(NULL, 0),
                                           COUNCIL_F(number)};
    assert_int_equal(council_p_len("ab/c", fields, 3), sizeof(wanted));
    assert_int_equal(council_p(out, sizeof(out), "ab/c", fields, 3), sizeof(wanted));
    assert_memory_equal(out, wanted, sizeof(wanted));
    /* exactly fitting, and one byte short */
    assert_int_equal(council_p(out, sizeof(wanted), "ab/c", fields, 3), sizeof(wanted));
    assert_int_equal(council_p(out, sizeof(wanted) - 1, "ab/c", fields, 3), 0);
    /* no fields at all */
    assert_int_equal(council_p(out, sizeof(out), "x", NULL, 0), 3);
    assert_memory_equal(out, "\1x\0", 3);
}

static void p_refuses_what_its_lengths_cannot_say(void **state)
{
    static const char byte[1] = {0};
    char label[257];
    uint8_t out[300];
    (void)state;
    memset(label, 'a', 256);
    label[256] = '\0';
    assert_int_equal(council_p(out, sizeof(out), label, NULL, 0), 0);
    label[255] = '\0';
    assert_int_equal(council_p(out, sizeof(out), label, NULL, 0), 257);
    const struct council_field huge[] = {{byte, UINT32_MAX}, {byte, UINT32_MAX}};
    assert_int_equal(council_p(out, sizeof(out), "x", huge, 2), 0);
}

static void hashes_hash_p(void **state)
{
    uint8_t p[128], wanted[32], got[32], key[32];
    (void)state;
    memset(key, 7, sizeof(key));
    const struct council_field fields[] = {COUNCIL_FN("one", 3), COUNCIL_FN(NULL, 0),
                                           COUNCIL_F(key)};
    uint32_t len = council_p(p, sizeof(p), "council/v1/test", fields, 3);
    assert_true(len > 0);
    crypto_generichash(wanted, 32, p, len, NULL, 0);
    council_hash_p(got, "council/v1/test", fields, 3);
    assert_memory_equal(got, wanted, 32);
    council_hash(got, p, len);
    assert_memory_equal(got, wanted, 32);
    crypto_generichash(wanted, 32, p, len, key, 32);
    council_hash_p_keyed(got, key, 32, "council/v1/test", fields, 3);
    assert_memory_equal(got, wanted, 32);
}

static void hash_of_nothing(void **state)
{
    /* BLAKE2b-256 of the empty string, by Python's hashlib */
    char hex[65];
    uint8_t hash[32];
    (void)state;
    council_hash(hash, NULL, 0);
    sodium_bin2hex(hex, sizeof(hex), hash, 32);
    assert_string_equal(hex, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8");
}

static void signatures_over_p(void **state)
{
    uint8_t key[32], other[32], secret[64], sig[64], seed[32] = {1};
    (void)state;
    crypto_sign_seed_keypair(key, secret, seed);
    seed[0] = 2;
    crypto_sign_seed_keypair(other, (uint8_t[64]){0}, seed);
    const struct council_field fields[] = {COUNCIL_FN("data", 4)};
    const struct council_field moved[] = {COUNCIL_FN("dat", 3), COUNCIL_FN("a", 1)};
    assert_true(council_sign_p(sig, secret, "council/v1/a", fields, 1));
    assert_true(council_verify_p(sig, key, "council/v1/a", fields, 1));
    assert_false(council_verify_p(sig, key, "council/v1/b", fields, 1));
    assert_false(council_verify_p(sig, key, "council/v1/a", moved, 2));
    assert_false(council_verify_p(sig, other, "council/v1/a", fields, 1));
    sig[0] ^= 1;
    assert_false(council_verify_p(sig, key, "council/v1/a", fields, 1));
}

static void signed_p_has_a_ceiling(void **state)
{
    static const uint8_t zeros[600];
    uint8_t key[32], secret[64], sig[64], seed[32] = {1};
    (void)state;
    crypto_sign_seed_keypair(key, secret, seed);
    /* 2 + 1 + 4 + 505 = 512 */
    const struct council_field most = COUNCIL_FN(zeros, 505), more = COUNCIL_FN(zeros, 506);
    assert_true(council_sign_p(sig, secret, "x", &most, 1));
    assert_true(council_verify_p(sig, key, "x", &most, 1));
    assert_false(council_sign_p(sig, secret, "x", &more, 1));
    assert_false(council_verify_p(sig, key, "x", &more, 1));
}

static void weak_box_keys(void **state)
{
    /* points of small order on Curve25519 and its twist: 0, 1, the two of order 8, p - 1, p, p + 1 */
    static const char *const weak[] = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        /* the top bit is ignored by X25519 */
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000080",
    };
    uint8_t key[32], secret[32];
    (void)state;
    for (size_t i = 0; i < sizeof(weak) / sizeof(weak[0]); i++) {
        assert_int_equal(sodium_hex2bin(key, 32, weak[i], 64, NULL, NULL, NULL), 0);
        assert_true(council_box_key_weak(key));
    }
    for (uint8_t i = 1; i < 20; i++) {
        memset(secret, i, sizeof(secret));
        crypto_scalarmult_base(key, secret);
        assert_false(council_box_key_weak(key));
    }
    memset(key, 0, sizeof(key));
    key[0] = 9;
    assert_false(council_box_key_weak(key));
}

static void library_is_the_one_meant(void **state)
{
    (void)state;
    assert_int_equal(council_protocol_init(), COUNCIL_OK);
    assert_int_equal(council_protocol_init(), COUNCIL_OK);
}

static void errors_have_unique_names_and_codes(void **state)
{
    (void)state;
    assert_string_equal(council_error_name(COUNCIL_OK), "ok");
    for (int e = 1; e < COUNCIL_ERROR_COUNT; e++) {
        const struct council_error_info *info = council_error_info((enum council_error)e);
        assert_int_equal(council_error_from_code(info->code), e);
        assert_int_equal(council_error_from_name(info->name), e);
        assert_true(strlen(info->what) > 0 && strlen(info->next) > 0);
    }
    assert_int_equal(council_error_from_code(12345), COUNCIL_E_INTERNAL);
    assert_int_equal(council_error_from_name("nonsense"), COUNCIL_E_INTERNAL);
    assert_int_equal(council_error_info(COUNCIL_E_STALE)->code, 2108);
    assert_string_equal(council_error_name(COUNCIL_ERROR_COUNT), "internal");
}

static void kinds_are_found_by_name(void **state)
{
    (void)state;
    for (int k = 0; k < COUNCIL_KIND_COUNT; k++) {
        const struct council_kind_info *info = council_kind_info((enum council_kind)k);
        uint32_t len = (uint32_t)strlen(info->name);
        assert_int_equal(council_kind_find(info->name, len), k);
        assert_int_equal(council_kind_find(info->name, len - 1), COUNCIL_KIND_COUNT);
        if ((info->flags & COUNCIL_FLAG_CONTROL) != 0) {
            assert_true((info->flags & COUNCIL_FLAG_FOLDS) != 0);
        }
    }
    assert_int_equal(council_kind_find("", 0), COUNCIL_KIND_COUNT);
    assert_int_equal(council_kind_find("postx", 5), COUNCIL_KIND_COUNT);
    assert_true(council_kind_has(COUNCIL_KIND_POST, COUNCIL_FLAG_SEALED));
    assert_false(council_kind_has(COUNCIL_KIND_POST, COUNCIL_FLAG_CONTROL));
}

static void fields_stand_in_the_order_of_their_names(void **state)
{
    uint32_t total = 0;
    (void)state;
    for (int k = 0; k < COUNCIL_KIND_COUNT; k++) {
        uint32_t count;
        const struct council_body_field *fields = council_kind_fields((enum council_kind)k, &count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(fields[i].kind, k);
            if (i > 0) {
                assert_true(strcmp(fields[i - 1].name, fields[i].name) < 0);
            }
        }
        total += count;
    }
    /* every row of the table belongs to one kind's run */
    uint32_t rows = 0;
#define COUNCIL_FIELD(kind, name, type, min, max, optional) rows++;
#include "protocol/bodies.def"
#undef COUNCIL_FIELD
    assert_int_equal(total, rows);
    uint32_t count;
    (void)council_kind_fields(COUNCIL_KIND_MEMBER_LEAVE, &count);
    assert_int_equal(count, 0);
}

static void words_of_types(void **state)
{
    (void)state;
    const char *const *answers = council_words(COUNCIL_TYPE_ANSWER);
    assert_string_equal(answers[0], "late");
    assert_string_equal(answers[2], "yes");
    assert_null(answers[3]);
    assert_null(council_words(COUNCIL_TYPE_KEY));
    assert_null(council_words(COUNCIL_TYPE_CHAIN));
    for (int t = COUNCIL_TYPE_TYPE; t <= COUNCIL_TYPE_ANSWER; t++) {
        assert_non_null(council_words((enum council_field_type)t));
    }
}

static void local_times(void **state)
{
    static const struct {
        const char *text;
        uint32_t weekday; /* 7: not a local time */
    } rows[] = {
        {"1970-01-01T00:00", 3},  {"2000-02-29T23:59", 1},
        {"2024-02-29T12:00", 3},  {"2026-11-22T02:30", 6},
        {"9999-12-31T23:59", 4},  {"2100-03-01T09:00", 0},
        {"1969-12-31T23:59", 7},  {"2023-02-29T12:00", 7},
        {"2100-02-29T12:00", 7},  {"2024-13-01T12:00", 7},
        {"2024-00-01T12:00", 7},  {"2024-01-00T12:00", 7},
        {"2024-04-31T12:00", 7},  {"2024-01-32T12:00", 7},
        {"2024-01-01T24:00", 7},  {"2024-01-01T12:60", 7},
        {"2024-01-01 12:00", 7},  {"2024-01-01t12:00", 7},
        {"2024/01/01T12:00", 7},  {"2024-1-01T12:000", 7},
        {"2024-01-01T12-00", 7},  {"2024-01-01T12:0", 7},
        {"2024-01-01T12:00Z", 7}, {"+024-01-01T12:00", 7},
        {"2024-01-01T1a:00", 7},  {"", 7},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool valid = council_local_valid(rows[i].text, (uint32_t)strlen(rows[i].text));
        assert_int_equal(valid, rows[i].weekday != 7);
        if (valid) {
            assert_int_equal(council_local_weekday(rows[i].text), rows[i].weekday);
        }
    }
}

static void weekdays_follow_each_other(void **state)
{
    static const uint32_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    uint32_t weekday = 3; /* 1970-01-01 was a Thursday */
    (void)state;
    for (uint32_t year = 1970; year <= 2410; year++) {
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        for (uint32_t month = 1; month <= 12; month++) {
            uint32_t last = days[month - 1] + (month == 2 && leap ? 1 : 0);
            for (uint32_t day = 1; day <= last; day++) {
                char text[40];
                snprintf(text, sizeof(text), "%04u-%02u-%02uT10:00", year, month, day);
                if (!council_local_valid(text, 16) || council_local_weekday(text) != weekday) {
                    fail_msg("%s", text);
                }
                weekday = (weekday + 1) % 7;
            }
        }
    }
}

static void rules(void **state)
{
    static const struct {
        const char *text;
        uint32_t days; /* 0: no rule */
        bool fast;
    } rows[] = {
        {"FREQ=WEEKLY;BYDAY=MO,TH", 1 | 8, true},
        {"FREQ=WEEKLY;BYDAY=SA,SU", 32 | 64, true},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=WE", 4, false},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU", 64, false},
        {"FREQ=WEEKLY;BYDAY=TH,MO", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO,MO", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO,XX", 0, false},
        {"FREQ=WEEKLY;BYDAY=XX,MO", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO;TH", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO,TH,", 0, false},
        {"FREQ=WEEKLY;BYDAY=MO,TH,SA", 0, false},
        {"freq=WEEKLY;BYDAY=MO,TH", 0, false},
        {"FREQ=DAILY;;BYDAY=MO,TH", 0, false},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", 0, false},
        {"FREQ=WEEKLY;INTERVAL=3;BYDAY=MO", 0, false},
        {"FREQ=WEEKLY;INTERVAL=2;BYDAY=XX", 0, false},
        {"", 0, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        bool fast = false;
        uint32_t days = 0;
        bool valid = council_rule_parse(rows[i].text, (uint32_t)strlen(rows[i].text), &fast, &days);
        assert_int_equal(valid, rows[i].days != 0);
        assert_int_equal(days, rows[i].days);
        assert_int_equal(fast, rows[i].fast);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_is_the_one_meant),
        cmocka_unit_test(base64url_of_rfc_4648),
        cmocka_unit_test(base64url_alphabet),
        cmocka_unit_test(base64url_refusals),
        cmocka_unit_test(base64url_both_codecs_agree),
        cmocka_unit_test(base64url_every_byte_both_ways),
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(p_by_hand),
        cmocka_unit_test(p_refuses_what_its_lengths_cannot_say),
        cmocka_unit_test(hashes_hash_p),
        cmocka_unit_test(hash_of_nothing),
        cmocka_unit_test(signatures_over_p),
        cmocka_unit_test(signed_p_has_a_ceiling),
        cmocka_unit_test(weak_box_keys),
        cmocka_unit_test(errors_have_unique_names_and_codes),
        cmocka_unit_test(kinds_are_found_by_name),
        cmocka_unit_test(fields_stand_in_the_order_of_their_names),
        cmocka_unit_test(words_of_types),
        cmocka_unit_test(local_times),
        cmocka_unit_test(weekdays_follow_each_other),
        cmocka_unit_test(rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
