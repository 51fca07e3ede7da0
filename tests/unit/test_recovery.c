/*
 * test_recovery.c - recovery phrases: BIP 39's own vectors, what is forgiven, what is refused and how it is named.
 */
#include "protocol/recovery.h"
#include "protocol/recovery_words.h"
#include <ctype.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define LEGAL "legal winner thank year wave sausage worth useful legal winner thank yellow"
#define ABOUT                                                                                  \
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon " \
    "about"

static void the_list_is_bip_39s(void **state)
{
    (void)state;
    static const char expected[] =
        "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda";
    crypto_hash_sha256_state hash;
    uint8_t digest[32];
    char hex[65];
    crypto_hash_sha256_init(&hash);
    for (uint32_t i = 0; i < COUNCIL_RECOVERY_WORDS; i++) {
        const char *word = council_recovery_words[i];
        crypto_hash_sha256_update(&hash, (const uint8_t *)word, strlen(word));
        crypto_hash_sha256_update(&hash, (const uint8_t *)"\n", 1);
        if (i > 0)
            assert_true(strncmp(council_recovery_words[i - 1], word, 4) <
                        0); /* four letters name a word */
    }
    crypto_hash_sha256_final(&hash, digest);
    sodium_bin2hex(hex, sizeof(hex), digest, sizeof(digest));
    assert_string_equal(hex, expected);
}

static const struct {
    const char *entropy, *phrase;
} vectors[] = {
    {"00000000000000000000000000000000", ABOUT},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f", LEGAL},
    {"80808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid letter advice cage above"},
    {"ffffffffffffffffffffffffffffffff", "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"},
    {"9e885d952ad362caeb4efe34a8e91bd2",
     "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic"},
    {"c0ba5a8e914111210f2bd131f3d5e08d",
     "scheme spot photo card baby mountain device kick cradle pact join borrow"},
    {"23db8160a31d3e0dca3688ed941adbf3",
     "cat swing flag economy stadium alone churn speed unique patch report train"},
    {"f30f8c1da665478f49b001d94c5fc452",
     "vessel ladder alter error federal sibling chat ability sun glass valve picture"},
};

static enum council_error decode(uint8_t entropy[16], const char *phrase, uint32_t *word)
{
    return council_phrase_decode(entropy, phrase, (uint32_t)strlen(phrase), word);
}

static void vectors_of_bip_39(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        uint8_t entropy[16], back[16];
        char phrase[COUNCIL_PHRASE_MAX];
        uint32_t word = 9;
        size_t n = 0;
        assert_int_equal(sodium_hex2bin(entropy, 16, vectors[i].entropy, 32, NULL, &n, NULL), 0);
        council_phrase_encode(phrase, entropy);
        assert_string_equal(phrase, vectors[i].phrase);
        assert_int_equal(decode(back, phrase, &word), COUNCIL_OK);
        assert_memory_equal(back, entropy, 16);
        assert_int_equal(word, 0);
    }
}

static void forgives_the_form(void **state)
{
    (void)state;
    static const char *const forms[] = {
        "  Legal  WINNER\tthank\nyear wave sausage worth useful legal winner thank yellow\r\n",
        "lega winn than year wave saus wort usef lega winn than yell",
    };
    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        uint8_t entropy[16], expected[16];
        uint32_t word = 9;
        memset(expected, 0x7f, 16);
        assert_int_equal(decode(entropy, forms[i], &word), COUNCIL_OK);
        assert_memory_equal(entropy, expected, 16);
    }
}

static void every_word_by_four_letters(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < COUNCIL_RECOVERY_WORDS; i++) {
        /* The word stands first in a phrase made of it, whatever the rest is. */
        uint8_t entropy[16] = {0}, back[16];
        char phrase[COUNCIL_PHRASE_MAX], shortened[COUNCIL_PHRASE_MAX];
        uint32_t word = 0, to = 0, letters = 0;
        entropy[0] = (uint8_t)(i >> 3);
        entropy[1] = (uint8_t)(i << 5);
        council_phrase_encode(phrase, entropy);
        for (const char *at = phrase; *at != '\0'; at++) {
            letters = *at == ' ' ? 0 : letters + 1;
            if (letters <= 4)
                shortened[to++] = (char)toupper((unsigned char)*at);
        }
        assert_int_equal(council_phrase_decode(back, shortened, to, &word), COUNCIL_OK);
        assert_memory_equal(back, entropy, 16);
    }
}

static void names_what_is_wrong(void **state)
{
    (void)state;
    static const struct {
        const char *phrase;
        enum council_error error;
        uint32_t word;
    } rows[] = {
        {"legal winner thank yeer wave sausage worth useful legal winner thank yellow",
         COUNCIL_E_WRONG_WORD, 4},
        {"xx winner thank yeer wave sausage worth useful legal winner thank yellow",
         COUNCIL_E_WRONG_WORD, 1},
        {"legal winner thank year wave sausage worth useful legal winner thank yel",
         COUNCIL_E_WRONG_WORD, 12},
        {"legal winner thank year wave sausag worth useful legal winner thank yellow",
         COUNCIL_E_WRONG_WORD, 6},
        {"legalwinnerthankyear", COUNCIL_E_WRONG_WORD, 1},
        {"legal winner th\xc3\xa4nk year wave sausage worth useful legal winner thank yellow",
         COUNCIL_E_WRONG_WORD, 3},
        {"legal, winner", COUNCIL_E_WRONG_WORD, 1},
        {"", COUNCIL_E_WRONG_PHRASE, 0},
        {"   ", COUNCIL_E_WRONG_PHRASE, 0},
        {"legal winner thank year wave sausage worth useful legal winner thank",
         COUNCIL_E_WRONG_PHRASE, 0},
        {LEGAL " legal", COUNCIL_E_WRONG_PHRASE, 0},
        {LEGAL " nonsense", COUNCIL_E_WRONG_PHRASE, 0},
        {"winner legal thank year wave sausage worth useful legal winner thank yellow",
         COUNCIL_E_WRONG_PHRASE, 0}, /* swapped */
        {"legal winner thank year wave sausage worth useful legal winner thank year",
         COUNCIL_E_WRONG_PHRASE, 0},
        {"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon "
         "abandon",
         COUNCIL_E_WRONG_PHRASE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t entropy[16] = {42}, before[16] = {42};
        uint32_t word = 99;
        assert_int_equal(decode(entropy, rows[i].phrase, &word), rows[i].error);
        assert_int_equal(word, rows[i].word);
        assert_memory_equal(entropy, before, 16);
    }
}

static void keys_of_a_known_phrase(void **state)
{
    (void)state;
    /* Made with PyNaCl and hashlib from section 8. */
    static const char sign[] = "fe5e96eb01017748db5d128cbd0a412a483c09e96db783e81ce54de090f0b068";
    static const char box[] = "c9d7a8289769c55b4bea13e8f88c5043b754473c3dc035d286f7d8357f2dce4f";
    uint8_t entropy[16];
    char hex[65];
    struct council_secrets secrets;
    struct council_device public;
    for (uint8_t i = 0; i < 16; i++)
        entropy[i] = i;
    council_recovery_secrets(&secrets, entropy);
    council_secrets_public(&secrets, &public);
    assert_string_equal(sodium_bin2hex(hex, sizeof(hex), public.sign, 32), sign);
    assert_string_equal(sodium_bin2hex(hex, sizeof(hex), public.box, 32), box);
}

static int start(void **state)
{
    (void)state;
    return council_protocol_init() == COUNCIL_OK ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_is_bip_39s), cmocka_unit_test(vectors_of_bip_39),
        cmocka_unit_test(forgives_the_form),   cmocka_unit_test(every_word_by_four_letters),
        cmocka_unit_test(names_what_is_wrong), cmocka_unit_test(keys_of_a_known_phrase),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
