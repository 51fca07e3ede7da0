/*
 * The pool's words, tokens of employers, and boxes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#include <cmocka.h>

#include "protocol/pool.h"

static void words_are_found_by_their_names(void **state)
{
    (void)state;
    for (int table = 0; table < COUNCIL_POOL_TABLES; table++) {
        enum council_pool_table t = (enum council_pool_table)table;
        assert_true(council_pool_rows(t) > 1);
        for (uint32_t row = 0; row < council_pool_rows(t); row++) {
            assert_int_equal(council_pool_find(t, council_pool_name(t, row)), (int)row);
            assert_true(strlen(council_pool_name(t, row)) <= 24);
            assert_true(strlen(council_pool_title(t, row)) > 0);
        }
        assert_null(council_pool_name(t, council_pool_rows(t)));
        assert_null(council_pool_title(t, council_pool_rows(t)));
        assert_int_equal(council_pool_find(t, ""), -1);
        assert_int_equal(council_pool_find(t, "no such word"), -1);
    }
}

static void languages_are_a_set(void **state)
{
    uint64_t set = 0;

    (void)state;
    assert_true(council_pool_languages("en de", &set));
    assert_int_equal(set, UINT64_C(1) << council_pool_find(COUNCIL_POOL_LANGUAGE, "en") |
                              UINT64_C(1) << council_pool_find(COUNCIL_POOL_LANGUAGE, "de"));
    assert_true(council_pool_languages("sw", NULL));
    assert_true(council_pool_languages("en es fr de pt it nl pl", NULL));
    assert_false(council_pool_languages("en es fr de pt it nl pl sv", NULL));
    assert_false(council_pool_languages("", NULL));
    assert_false(council_pool_languages("en ", NULL));
    assert_false(council_pool_languages(" en", NULL));
    assert_false(council_pool_languages("en  de", NULL));
    assert_false(council_pool_languages("en en", NULL));
    assert_false(council_pool_languages("EN", NULL));
}

static void employers_are_compared_by_what_they_are_called(void **state)
{
    static const char *const same[][2] = {
        {"Acme Inc.", "acme"},
        {"  ACME, Inc", "acme"},
        {"Acme Co. Ltd.", "acme"},
        {"I.B.M.", "ibm"},
        {"Nightingale & Sons", "nightingale sons"},
        {"Macy's", "macys"},
        {"Müller GmbH", "müller"},
        {"SAP SE", "sap"},
        {"Inc", "inc"}, /* a name must be left */
        {"3M", "3m"},
    };
    char out[COUNCIL_POOL_EMPLOYER_MAX + 1], longest[COUNCIL_POOL_EMPLOYER_MAX + 2];

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        assert_true(council_pool_employer(out, same[i][0]));
        assert_string_equal(out, same[i][1]);
    }
    assert_false(council_pool_employer(out, ""));
    assert_false(council_pool_employer(out, " ., "));
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_false(council_pool_employer(out, longest));
    longest[sizeof longest - 2] = '\0';
    assert_true(council_pool_employer(out, longest));
}

static void tokens_are_of_a_name_and_a_server(void **state)
{
    uint8_t one[32], same[32], other[32], elsewhere[32];
    uint8_t server[32] = {1}, second[32] = {2};
    char hex[65];

    (void)state;
    assert_int_equal(council_pool_token(one, "Acme Inc.", server), COUNCIL_OK);
    assert_int_equal(council_pool_token(same, "ACME", server), COUNCIL_OK);
    assert_int_equal(council_pool_token(other, "Acne", server), COUNCIL_OK);
    assert_int_equal(council_pool_token(elsewhere, "Acme", second), COUNCIL_OK);
    assert_memory_equal(one, same, 32);
    assert_memory_not_equal(one, other, 32);
    assert_memory_not_equal(one, elsewhere, 32);
    assert_int_equal(council_pool_token(one, "!", server), COUNCIL_E_BAD_INPUT);
    /* By another program, from the specification. */
    assert_string_equal(sodium_bin2hex(hex, sizeof hex, same, 32),
                        "005b1f15b7c6cf5051e8d7a1866715a4f0015b839691d5f2cacdb15bfc33562d");
}

static void a_box_opens_for_its_device_alone(void **state)
{
    uint8_t box[COUNCIL_POOL_BOX_BYTES], again[COUNCIL_POOL_BOX_BYTES];
    uint8_t secret[32] = {7}, key[32], wrong[32] = {8}, seed[32] = {9}, weak[32] = {0};
    char link[COUNCIL_LINK_MAX], longest[COUNCIL_LINK_MAX + 1];

    (void)state;
    assert_int_equal(crypto_scalarmult_base(key, secret), 0);
    assert_true(council_pool_box(box, "https://x/join#AAAA", key, seed));
    assert_int_equal(council_pool_open(link, box, sizeof box, secret), COUNCIL_OK);
    assert_string_equal(link, "https://x/join#AAAA");
    assert_int_equal(council_pool_open(link, box, sizeof box, wrong), COUNCIL_E_BAD_BOX);
    assert_int_equal(council_pool_open(link, box, sizeof box - 1, secret), COUNCIL_E_BAD_BOX);
    box[100] ^= 1;
    assert_int_equal(council_pool_open(link, box, sizeof box, secret), COUNCIL_E_BAD_BOX);
    /* Whatever the link, a box has one length; the same seed gives the same box. */
    assert_true(council_pool_box(again, "https://x/join#AAAA", key, seed));
    box[100] ^= 1;
    assert_memory_equal(box, again, sizeof box);
    memset(longest, 'a', COUNCIL_LINK_MAX);
    longest[COUNCIL_LINK_MAX] = '\0';
    assert_false(council_pool_box(box, longest, key, seed));
    longest[COUNCIL_LINK_MAX - 1] = '\0';
    assert_true(council_pool_box(box, longest, key, seed));
    assert_false(council_pool_box(box, "x", weak, seed));
}

static int start(void **state)
{
    (void)state;
    return council_protocol_init() == COUNCIL_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_found_by_their_names),
        cmocka_unit_test(languages_are_a_set),
        cmocka_unit_test(employers_are_compared_by_what_they_are_called),
        cmocka_unit_test(tokens_are_of_a_name_and_a_server),
        cmocka_unit_test(a_box_opens_for_its_device_alone),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
