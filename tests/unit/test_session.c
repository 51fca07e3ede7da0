/*
 * test_session.c - what opens a session: signatures against values made by another implementation, each bound field, addresses and invite links.
 */
#include "protocol/keys.h"
#include "protocol/session.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct council_challenge challenge;
static uint8_t server_secret[64], device_secret[64], invite_secret[64], device[32], invite[32],
    member[32], council[32];

/* Fixed keys; the expected values in this file were made from them with PyNaCl. */
static int fill(void **state)
{
    (void)state;
    uint8_t seed[32];
    if (council_protocol_init() != COUNCIL_OK)
        return -1;
    memset(&challenge, 0, sizeof(challenge));
    memcpy(challenge.origin, "https://council.example", 24);
    memset(challenge.client_nonce, 5, 32);
    memset(challenge.server_nonce, 6, 32);
    challenge.expires = UINT64_C(1767258000000);
    memset(member, 10, 32);
    memset(council, 11, 32);
    memset(seed, 9, 32), crypto_sign_seed_keypair(challenge.server, server_secret, seed);
    memset(seed, 8, 32), crypto_sign_seed_keypair(device, device_secret, seed);
    memset(seed, 7, 32), crypto_sign_seed_keypair(invite, invite_secret, seed);
    return 0;
}

static void expect_sig(const uint8_t sig[64], const char *expected)
{
    char hex[129];
    assert_string_equal(sodium_bin2hex(hex, sizeof(hex), sig, 64), expected);
}

static void signatures_of_known_sessions(void **state)
{
    (void)state;
    uint8_t sig[64];
    assert_true(council_hello_sign(sig, server_secret, &challenge));
    expect_sig(sig, "564caead7b582168b5a3f4d0dfb7fce24c23ecfed028aa16341aa98972f26ab3cfaec2d74bd155"
                    "526a0933efba6b7ec66fd9e4e3b9fcdc24387ae051b11c8000");
    assert_true(council_hello_verify(sig, &challenge));
    assert_true(council_login_sign(sig, device_secret, &challenge, member, "device"));
    expect_sig(sig, "546aaa4fe586d3e6f6eb9bcefa21ea9e410f510cf203b58cccdf517cfb7199ff46fd2f93926d9c"
                    "9299559847e4ec0ada410f8c472d9131a792a6224a3e5d340b");
    assert_true(council_login_verify(sig, device, &challenge, member, "device"));
    assert_true(council_login_sign(sig, device_secret, &challenge, NULL, "recovery"));
    expect_sig(sig, "4244dfe853c2d53c55852962e89d775d76b635146c597555a391ab6939c6f89be117702694b144"
                    "8571364b49655d9a1a3f2371ae30946151d1bcb62c78b7b102");
    assert_true(council_login_verify(sig, device, &challenge, NULL, "recovery"));
    assert_true(council_invite_read_sign(sig, invite_secret, &challenge, council, member));
    expect_sig(sig, "2fb03ac9a93965a8e0f55ea32367e3820a90dff8036523fd762c4e3778675ee798653cc2e3a856"
                    "366fb7cadc2c6a135ed7db3871f35df64ede4b46e716baec0a");
    assert_true(council_invite_read_verify(sig, invite, &challenge, council, member));
}

static void each_field_is_bound(void **state)
{
    (void)state;
    uint8_t hello[64], login[64], reading[64], other[32] = {1};
    assert_true(council_hello_sign(hello, server_secret, &challenge));
    assert_true(council_login_sign(login, device_secret, &challenge, member, "device"));
    assert_true(council_invite_read_sign(reading, invite_secret, &challenge, council, member));
    for (int field = 0; field < 5; field++) {
        struct council_challenge c = challenge;
        if (field == 0)
            c.origin[8]++;
        else if (field == 1)
            c.client_nonce[31] ^= 1;
        else if (field == 2)
            c.server_nonce[0] ^= 1;
        else if (field == 3)
            c.expires++;
        else
            memcpy(c.server, device, 32);
        assert_false(council_hello_verify(hello, &c));
        assert_false(council_login_verify(login, device, &c, member, "device"));
        /* Reading by invite is bound to this server's nonce, which no other session has. */
        assert_int_equal(council_invite_read_verify(reading, invite, &c, council, member),
                         field != 2 && field != 4);
    }
    assert_false(council_login_verify(login, device, &challenge, member, "recovery"));
    assert_false(council_login_verify(login, device, &challenge, NULL, "device"));
    assert_false(council_login_verify(login, device, &challenge, other, "device"));
    assert_false(council_login_verify(login, invite, &challenge, member, "device"));
    assert_false(council_login_verify(hello, challenge.server, &challenge, member, "device"));
    assert_false(council_invite_read_verify(reading, invite, &challenge, other, member));
    assert_false(council_invite_read_verify(reading, invite, &challenge, council, other));
    assert_false(council_invite_read_verify(reading, device, &challenge, council, member));
}

static void addresses_have_one_form(void **state)
{
    (void)state;
    static const struct {
        const char *url, *form; /* NULL: refused */
    } rows[] = {
        {"https://council.example", "https://council.example"},
        {"HTTPS://Council.Example:443/", "https://council.example"},
        {"wss://council.example:8443", "https://council.example:8443"},
        {"http://127.0.0.1:7400/", "http://127.0.0.1:7400"},
        {"ws://localhost:80", "http://localhost"},
        {"http://localhost:443", "http://localhost:443"},
        {"http://[::1]:7400", "http://[::1]:7400"},
        {"unix:/run/Council/s.sock", "unix:/run/Council/s.sock"},
        {"UNIX:relative", "unix:relative"},
        {"", NULL},
        {"https://", NULL},
        {"https:///", NULL},
        {"https://:443", NULL},
        {"https://a//", NULL},
        {"https://a/path", NULL},
        {"https://a?x", NULL},
        {"https://user@a", NULL},
        {"https://a b", NULL},
        {"https://a:", NULL},
        {"https://a:0", NULL},
        {"https://a:065", NULL},
        {"https://a:65536", NULL},
        {"https://a:1x", NULL},
        {"https://[::1", NULL},
        {"https://[]", NULL},
        {"https://\xc3\xa4", NULL},
        {"ftp://a", NULL},
        {"council.example", NULL},
        {"unix:", NULL},
        {"unix:/a b", NULL},
        {"unix:/a#b", NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char out[COUNCIL_ORIGIN_MAX + 1] = "untouched";
        bool good = council_url_normalise(out, rows[i].url, (uint32_t)strlen(rows[i].url));
        if (good != (rows[i].form != NULL))
            print_error("%s\n", rows[i].url);
        assert_int_equal(good, rows[i].form != NULL);
        assert_string_equal(out, good ? rows[i].form : "untouched");
    }
}

static void the_longest_address_fits(void **state)
{
    (void)state;
    char url[COUNCIL_ORIGIN_MAX + 2], out[COUNCIL_ORIGIN_MAX + 1];
    static const char https[8] = "https://", socket[8] = "unix:///";
    memset(url, 'a', sizeof(url));
    memcpy(url, https, sizeof(https));
    assert_true(council_url_normalise(out, url, COUNCIL_ORIGIN_MAX));
    assert_int_equal(strlen(out), COUNCIL_ORIGIN_MAX);
    assert_false(council_url_normalise(out, url, COUNCIL_ORIGIN_MAX + 1));
    memcpy(url, socket, sizeof(socket));
    assert_true(council_url_normalise(out, url, COUNCIL_ORIGIN_MAX));
    assert_false(council_url_normalise(out, url, COUNCIL_ORIGIN_MAX + 1));
}

static const char known_link[] =
    "https://council.example/join#"
    "AQcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsLCwsAAAAAAA"
    "AAKgwMDAwMDAwMDAwMDAwM"
    "DAwMDAwMDAwMDAwMDAwMDAwM_RckOFqgx1tk-3jNYC-h2ZH96_drE8WO1wLqyDXp9hg";

static struct council_link a_link(const char *url)
{
    struct council_link link = {.seq = 42};
    memcpy(link.url, url, strlen(url) + 1);
    memset(link.invite_seed, 7, 32);
    memcpy(link.council, council, 32);
    memset(link.head, 12, 32);
    memcpy(link.server, challenge.server, 32);
    return link;
}

static void a_known_link(void **state)
{
    (void)state;
    static const char *const urls[] = {"https://council.example", "http://127.0.0.1:7400",
                                       "unix:/run/council/s"};
    char text[COUNCIL_LINK_MAX];
    for (size_t i = 0; i < 3; i++) {
        struct council_link link = a_link(urls[i]), back;
        assert_int_equal(council_link_encode(text, &link), COUNCIL_OK);
        if (i == 0)
            assert_string_equal(text, known_link);
        assert_int_equal(council_link_decode(&back, text, (uint32_t)strlen(text)), COUNCIL_OK);
        assert_memory_equal(&back, &link, sizeof(link));
    }
    char padded[COUNCIL_LINK_MAX + 8] = " \n";
    struct council_link back;
    memcpy(padded + 2, known_link, sizeof(known_link) - 1);
    memcpy(padded + 1 + sizeof(known_link), "\r\n", 3);
    assert_int_equal(council_link_decode(&back, padded, (uint32_t)strlen(padded)), COUNCIL_OK);
    assert_int_equal(back.seq, 42);
}

static void damaged_links(void **state)
{
    (void)state;
    struct council_link out, before;
    memset(&out, 3, sizeof(out));
    before = out;
    char text[sizeof(known_link) + 1];
    uint32_t len = sizeof(known_link) - 1;
    for (uint32_t cut = 0; cut < len; cut++)
        assert_int_equal(council_link_decode(&out, known_link, cut), COUNCIL_E_BAD_LINK);
    for (uint32_t i = 0; i < len; i++) { /* no byte can be one that belongs in no link */
        memcpy(text, known_link, sizeof(known_link));
        text[i] = '%';
        assert_int_equal(council_link_decode(&out, text, len), COUNCIL_E_BAD_LINK);
    }
    memcpy(text, known_link, sizeof(known_link));
    text[len] = 'A';
    assert_int_equal(council_link_decode(&out, text, len + 1), COUNCIL_E_BAD_LINK);
    text[len] = '.';
    assert_int_equal(council_link_decode(&out, text, len + 1), COUNCIL_E_BAD_LINK);
    memcpy(text, known_link, sizeof(known_link));
    text[30] = 'g'; /* version 2 */
    assert_int_equal(council_link_decode(&out, text, len), COUNCIL_E_BAD_LINK);
    memcpy(text, known_link, sizeof(known_link));
    text[len - 1] = 'h'; /* trailing bits */
    assert_int_equal(council_link_decode(&out, text, len), COUNCIL_E_BAD_LINK);
    assert_memory_equal(&out, &before, sizeof(out));

    static const uint64_t seqs[] = {0, COUNCIL_INT_MAX + 1, UINT64_MAX};
    char encoded[COUNCIL_LINK_MAX];
    for (size_t i = 0; i < 3; i++) {
        struct council_link link = a_link("https://a");
        link.seq = seqs[i];
        assert_int_equal(council_link_encode(encoded, &link), COUNCIL_OK);
        assert_int_equal(council_link_decode(&out, encoded, (uint32_t)strlen(encoded)),
                         COUNCIL_E_BAD_LINK);
    }
    struct council_link nowhere = a_link("ftp://a");
    assert_int_equal(council_link_encode(encoded, &nowhere), COUNCIL_E_BAD_LINK);
    memset(nowhere.url, 'a', sizeof(nowhere.url)); /* no NUL */
    assert_int_equal(council_link_encode(encoded, &nowhere), COUNCIL_E_BAD_LINK);
}

/* The vectors hold the rules; here is what they cannot: both sides of one call, and the ceiling. */
static void a_key_names_the_next(void **state)
{
    (void)state;
    enum {
        KEYS = COUNCIL_SUCCESSIONS_MAX + 2
    };
    struct council_secrets secrets[KEYS];
    struct council_succession links[KEYS - 1], before;
    for (int i = 0; i < KEYS; i++) {
        uint8_t seed[32] = {(uint8_t)i, 9};
        council_secrets_from_seeds(&secrets[i], seed, seed);
    }
    for (int i = 0; i + 1 < KEYS; i++) {
        const uint8_t *next = secrets[i + 1].sign + 32;
        assert_true(council_succession_sign(&links[i], secrets[i].sign, next));
        assert_memory_equal(links[i].from, secrets[i].sign + 32, 32);
        assert_memory_equal(links[i].to, next, 32);
        assert_true(council_succession_verify(&links[i]));
    }
    for (size_t at = 0; at < sizeof links[0]; at++) { /* every byte counts */
        before = links[0];
        ((uint8_t *)&before)[at] ^= 1;
        assert_false(council_succession_verify(&before));
    }
    assert_false(council_succession_sign(&before, secrets[0].sign, secrets[0].sign + 32));
    const uint8_t *first = secrets[0].sign + 32;
    assert_true(council_succession_leads(links, COUNCIL_SUCCESSIONS_MAX, first,
                                         secrets[COUNCIL_SUCCESSIONS_MAX].sign + 32));
    assert_false(council_succession_leads(links, KEYS - 1, first, secrets[KEYS - 1].sign + 32));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_of_known_sessions),
        cmocka_unit_test(each_field_is_bound),
        cmocka_unit_test(addresses_have_one_form),
        cmocka_unit_test(the_longest_address_fits),
        cmocka_unit_test(a_known_link),
        cmocka_unit_test(damaged_links),
        cmocka_unit_test(a_key_names_the_next),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
