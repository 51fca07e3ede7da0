/*
 * test_seal.c - sealed bodies: sizes, a value made by another implementation, and what must not open.
 */
#include "protocol/seal.h"
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static uint8_t log_name[32], author[32], device[32], id[16], seed[32], nonce[24];

static int fill(void **state)
{
    (void)state;
    memset(log_name, 1, sizeof(log_name));
    memset(device, 2, sizeof(device));
    memset(id, 3, sizeof(id));
    memset(author, 4, sizeof(author));
    for (uint8_t i = 0; i < 32; i++)
        seed[i] = i;
    for (uint8_t i = 0; i < 24; i++)
        nonce[i] = (uint8_t)(100 + i);
    return council_protocol_init() == COUNCIL_OK ? 0 : -1;
}

static struct council_seal_place place(void)
{
    return (struct council_seal_place){
        .log = log_name, .author = author, .device = device, .id = id, .kind = "post", .epoch = 7};
}

static void sizes_after_padding(void **state)
{
    (void)state;
    static const uint32_t rows[][2] = {{0, 256},         {1, 256},         {255, 256},
                                       {256, 512},       {511, 512},       {512, 1024},
                                       {131071, 131072}, {131072, 262144}, {262143, 262144},
                                       {262144, 0},      {UINT32_MAX, 0}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        assert_int_equal(council_padded(rows[i][0]), rows[i][1]);
}

static void data_of_a_known_post(void **state)
{
    (void)state;
    /* H of the data, made with PyNaCl and hashlib from section 7. */
    static const uint8_t expected[32] = {0xa0, 0x3e, 0xcf, 0x04, 0x85, 0x6d, 0x71, 0x68,
                                         0xcb, 0x5e, 0x8c, 0x17, 0xeb, 0xed, 0xf0, 0xcf,
                                         0xae, 0x29, 0xd3, 0xd2, 0x3d, 0xd8, 0x28, 0x81,
                                         0xe4, 0x60, 0x40, 0xd0, 0x0c, 0xf3, 0x5f, 0xa0};
    static const char plain[] = "{\"type\":\"note\",\"text\":\"hello\"}";
    struct council_seal_place at = place();
    uint8_t *data = NULL, hash[32];
    uint32_t len = 0;
    assert_int_equal(council_seal(&at, seed, nonce, plain, sizeof(plain) - 1, &data, &len),
                     COUNCIL_OK);
    assert_int_equal(len, 296);
    council_hash(hash, data, len);
    assert_memory_equal(hash, expected, 32);
    free(data);
}

static void opens_what_was_sealed(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {0, 1, 255, 256, 4000, 262143};
    struct council_seal_place at = place();
    char *plain = malloc(262144);
    assert_non_null(plain);
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        uint8_t *data = NULL, *out = NULL;
        uint32_t data_len = 0, len = 1;
        memset(plain, i % 2 == 0 ? 0 : 0x80, lengths[i]); /* ends like padding does */
        assert_int_equal(council_seal(&at, seed, nonce, plain, lengths[i], &data, &data_len),
                         COUNCIL_OK);
        assert_int_equal(data_len, council_padded(lengths[i]) + COUNCIL_DATA_OVERHEAD);
        assert_int_equal(council_unseal(&at, seed, data, data_len, &out, &len), COUNCIL_OK);
        assert_int_equal(len, lengths[i]);
        assert_memory_equal(out, plain, len);
        assert_int_equal(out[len], 0);
        free(data);
        free(out);
    }
    uint8_t *data = NULL;
    uint32_t data_len = 0;
    assert_int_equal(council_seal(&at, seed, nonce, plain, 262144, &data, &data_len),
                     COUNCIL_E_TOO_LARGE);
    assert_null(data);
    free(plain);
}

static void expect_closed(const struct council_seal_place *at, const uint8_t *with,
                          const uint8_t *data, uint32_t len, enum council_error error)
{
    uint8_t *out = NULL;
    uint32_t out_len = 0;
    assert_int_equal(council_unseal(at, with, data, len, &out, &out_len), error);
    assert_null(out);
}

static void does_not_open_elsewhere(void **state)
{
    (void)state;
    struct council_seal_place at = place(), moved;
    uint8_t *data = NULL, other[32] = {99};
    uint32_t len = 0;
    assert_int_equal(council_seal(&at, seed, nonce, "x", 1, &data, &len), COUNCIL_OK);
    moved = at, moved.log = other, expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    moved = at, moved.author = other, expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    moved = at, moved.device = other, expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    moved = at, moved.id = other, expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    moved = at, moved.kind = "signal", expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    moved = at, moved.epoch = 8, expect_closed(&moved, seed, data, len, COUNCIL_E_BAD_CIPHER);
    expect_closed(&at, other, data, len, COUNCIL_E_BAD_CIPHER);
    for (uint32_t i = 0; i < len; i++) {
        data[i] ^= 1;
        expect_closed(&at, seed, data, len, COUNCIL_E_BAD_CIPHER);
        data[i] ^= 1;
    }
    for (uint32_t cut = 0; cut < len; cut++)
        expect_closed(&at, seed, data, cut, COUNCIL_E_BAD_CIPHER);
    free(data);
}

/* Seals `padded` bytes as they are, as somebody else's client might. */
static void seal_raw(const uint8_t *padded, uint32_t len, uint8_t *data)
{
    uint8_t key[32], epoch[8] = {0, 0, 0, 0, 0, 0, 0, 7}, bound[256];
    const struct council_field of_key[] = {COUNCIL_F(log_name), COUNCIL_F(device), COUNCIL_F(id)};
    const struct council_field of_place[] = {COUNCIL_F(log_name),   COUNCIL_F(id),
                                             COUNCIL_F(author),     COUNCIL_F(device),
                                             COUNCIL_FN("post", 4), COUNCIL_F(epoch)};
    council_hash_p_keyed(key, seed, 32, "council/v1/body", of_key, 3);
    uint32_t bound_len = council_p(bound, sizeof(bound), "council/v1/post", of_place, 6);
    memcpy(data, nonce, 24);
    crypto_aead_xchacha20poly1305_ietf_encrypt(data + 24, NULL, padded, len, bound, bound_len, NULL,
                                               nonce, key);
}

static void padding_has_one_form(void **state)
{
    (void)state;
    struct council_seal_place at = place();
    uint8_t padded[512] = {0}, data[512 + COUNCIL_DATA_OVERHEAD];
    seal_raw(padded, 256, data); /* no 0x80 at all */
    expect_closed(&at, seed, data, 296, COUNCIL_E_BAD_PADDING);
    padded[10] = 0x80;
    padded[255] = 1;
    seal_raw(padded, 256, data); /* not zeros after it */
    expect_closed(&at, seed, data, 296, COUNCIL_E_BAD_PADDING);
    padded[255] = 0;
    seal_raw(padded, 512, data); /* more than the smallest size */
    expect_closed(&at, seed, data, 552, COUNCIL_E_BAD_PADDING);
    seal_raw(padded, 100, data); /* not a power of two */
    expect_closed(&at, seed, data, 140, COUNCIL_E_BAD_PADDING);
    seal_raw(padded, 256, data);
    uint8_t *out = NULL;
    uint32_t len = 0;
    assert_int_equal(council_unseal(&at, seed, data, 296, &out, &len), COUNCIL_OK);
    assert_int_equal(len, 10);
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_after_padding),   cmocka_unit_test(data_of_a_known_post),
        cmocka_unit_test(opens_what_was_sealed), cmocka_unit_test(does_not_open_elsewhere),
        cmocka_unit_test(padding_has_one_form),
    };
    return cmocka_run_group_tests(tests, fill, NULL);
}
