/*
 * curve.c - keys and signatures at the edges of the curves.
 *
 * Owns README.md sections 1.5 and 1.6: signatures that other libraries accept and this protocol refuses, and box keys of small order. Everything
 * is computed from the points of small order, so nothing here was copied from a test suite.
 */
#include "tests/vectors/replay.h"
#include "tests/vectors/rows.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    WEAK_KEYS = 8,
    SMALL_POINTS = 9
};

/* X25519 keys whose product is zero: 0, 1, both of order 8, p - 1, p, p + 1; and 1 with its highest bit, which is ignored. */
static const char *const weak_keys[WEAK_KEYS] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0100000000000000000000000000000000000000000000000000000000000080"};

/* Ed25519 points of small order, among them encodings that are not canonical. */
static const struct {
    const char *name, *point;
} small_points[SMALL_POINTS] = {
    {"the neutral point", "0100000000000000000000000000000000000000000000000000000000000000"},
    {"the point of order 2", "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"a point of order 4", "0000000000000000000000000000000000000000000000000000000000000000"},
    {"the other point of order 4",
     "0000000000000000000000000000000000000000000000000000000000000080"},
    {"a point of order 8", "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"},
    {"another point of order 8",
     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"},
    {"the neutral point, not canonical (y = p + 1)",
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"},
    {"the neutral point, not canonical (x = -0)",
     "0100000000000000000000000000000000000000000000000000000000000080"},
    {"a point of order 4, not canonical (y = p)",
     "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"}};

static void unhex(uint8_t out[32], const char *hex)
{
    (void)sodium_hex2bin(out, 32, hex, strlen(hex), NULL, NULL, NULL);
}

void curve_name_weak(struct book *book)
{
    char name[8] = "weak.0";
    for (uint32_t i = 0; i < WEAK_KEYS; i++) {
        uint8_t key[32];
        unhex(key, weak_keys[i]);
        name[5] = (char)('0' + i);
        book_name_bytes(book, NULL, name, key, sizeof key);
    }
}

/* a of the Ed25519 secret, reduced. */
static void secret_scalar(uint8_t a[32], const uint8_t seed[32])
{
    uint8_t hash[64], wide[64] = {0};
    (void)crypto_hash_sha512(hash, seed, 32);
    memcpy(wide, hash, 32);
    wide[0] &= 248;
    wide[31] = (uint8_t)((wide[31] & 127) | 64);
    crypto_core_ed25519_scalar_reduce(a, wide);
}

/* h = H(R, A, M) as a scalar; `mod8` (optional) is what h is modulo 8 before its reduction by the group's order, which a point of small order sees. */
static void challenge(uint8_t h[32], const uint8_t r[32], const uint8_t a[32],
                      const uint8_t *message, uint32_t len)
{
    uint8_t hash[64];
    crypto_hash_sha512_state state;
    (void)crypto_hash_sha512_init(&state);
    (void)crypto_hash_sha512_update(&state, r, 32);
    (void)crypto_hash_sha512_update(&state, a, 32);
    (void)crypto_hash_sha512_update(&state, message, len);
    (void)crypto_hash_sha512_final(&state, hash);
    crypto_core_ed25519_scalar_reduce(h, hash);
}

/* S = k + h a */
static void response(uint8_t s[32], const uint8_t k[32], const uint8_t h[32], const uint8_t a[32])
{
    uint8_t product[32];
    crypto_core_ed25519_scalar_mul(product, h, a);
    crypto_core_ed25519_scalar_add(s, k, product);
}

static void nonce_scalar(uint8_t k[32], uint32_t counter)
{
    uint8_t wide[64] = {0};
    struct fixture_random random;
    fixture_random_init(&random, "curve");
    random.counter = (uint64_t)counter * 4;
    fixture_random_bytes(&random, wide, 64);
    crypto_core_ed25519_scalar_reduce(k, wide);
}

/*
 * A signature by seed's key moved by the point `torsion` (NULL: not moved), with R moved by `torsion_r` (NULL: not moved), whose challenge
 * is or is not a multiple of 8: those alone verify for a key that was moved.
 */
static void torsioned(uint8_t key[32], uint8_t sig[64], const uint8_t seed[32],
                      const uint8_t *torsion, const uint8_t *torsion_r, bool multiple,
                      const uint8_t *message, uint32_t len)
{
    uint8_t a[32], k[32], h[32], r[32];
    secret_scalar(a, seed);
    (void)crypto_scalarmult_ed25519_base_noclamp(key, a);
    if (torsion) {
        (void)crypto_core_ed25519_add(key, key, torsion);
    }
    for (uint32_t counter = 0;; counter++) {
        nonce_scalar(k, counter);
        (void)crypto_scalarmult_ed25519_base_noclamp(r, k);
        if (torsion_r) {
            (void)crypto_core_ed25519_add(r, r, torsion_r);
        }
        challenge(h, r, key, message, len);
        if (((h[0] & 7) == 0) == multiple) {
            break;
        }
    }
    memcpy(sig, r, 32);
    response(sig + 32, k, h, a);
}

/* S + L, which a library that does not look at S accepts. */
static void add_order(uint8_t s[32])
{
    static const uint8_t order[32] = {0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58,
                                      0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
                                      0,    0,    0,    0,    0,    0,    0,    0,
                                      0,    0,    0,    0,    0,    0,    0,    0x10};
    uint32_t carry = 0;
    for (uint32_t i = 0; i < 32; i++) {
        carry += (uint32_t)s[i] + order[i];
        s[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static void signature(struct vec_file *file, const char *name, const uint8_t key[32],
                      const uint8_t sig[64], const uint8_t *message, uint32_t len, bool valid)
{
    json_t *vector = vec_add(file, name);
    (void)json_object_set_new(vector, "key", vec_hex(key, 32));
    (void)json_object_set_new(vector, "message", vec_hex(message, len));
    (void)json_object_set_new(vector, "sig", vec_hex(sig, 64));
    bool got = crypto_sign_verify_detached(sig, message, len, key) == 0;
    if (got != valid) {
        (void)fprintf(stderr, "signatures/%s: %s\n", name, got ? "valid" : "bad_signature");
        file->out->wrong++;
    }
    vec_result(file, vector, json_string(valid ? "valid" : "bad_signature"), valid);
}

static const uint8_t message[] = "what is signed";
enum {
    MESSAGE = sizeof message - 1
};

static void plain_signatures(struct vec_file *file)
{
    uint8_t seed[32] = {1}, key[32], secret[64], sig[64], a[32], h[32];
    (void)crypto_sign_seed_keypair(key, secret, seed);
    (void)crypto_sign_detached(sig, NULL, message, MESSAGE, secret);
    signature(file, "a right signature", key, sig, message, MESSAGE, true);
    signature(file, "of another message", key, sig, message, MESSAGE - 1, false);
    add_order(sig + 32);
    signature(file, "S + L", key, sig, message, MESSAGE, false);
    (void)crypto_sign_detached(sig, NULL, message, MESSAGE, secret);
    sig[63] |= 0x80;
    signature(file, "S with its highest bit", key, sig, message, MESSAGE, false);
    secret_scalar(a, seed);
    for (uint32_t i = 0; i < SMALL_POINTS;
         i++) { /* R of small order: S = h a fits the neutral point */
        char name[128];
        (void)snprintf(name, sizeof name, "R is %s", small_points[i].name);
        unhex(sig, small_points[i].point);
        challenge(h, sig, key, message, MESSAGE);
        crypto_core_ed25519_scalar_mul(sig + 32, h, a);
        signature(file, name, key, sig, message, MESSAGE, false);
    }
}

static void small_keys(struct vec_file *file)
{
    uint8_t key[32], sig[64], k[32];
    nonce_scalar(k, 7);
    for (uint32_t i = 0; i < SMALL_POINTS;
         i++) { /* A of small order: S B = R fits the neutral point whatever is signed */
        char name[128];
        (void)snprintf(name, sizeof name, "A is %s", small_points[i].name);
        unhex(key, small_points[i].point);
        (void)crypto_scalarmult_ed25519_base_noclamp(sig, k);
        memcpy(sig + 32, k, 32);
        signature(file, name, key, sig, message, MESSAGE, false);
    }
}

static void mixed(struct vec_file *file)
{
    uint8_t seed[32] = {2}, key[32], sig[64], eight[32];
    unhex(eight, small_points[4].point);
    torsioned(key, sig, seed, NULL, eight, false, message, MESSAGE);
    signature(file, "R moved by a point of order 8", key, sig, message, MESSAGE, false);
    torsioned(key, sig, seed, eight, NULL, false, message, MESSAGE);
    signature(file, "A moved by a point of order 8", key, sig, message, MESSAGE, false);
    torsioned(key, sig, seed, eight, NULL, true, message, MESSAGE);
    signature(file, "A moved by a point of order 8, challenge a multiple of 8", key, sig, message,
              MESSAGE, true);
}

static void box_keys(struct vec_out *out)
{
    struct vec_file file;
    vec_open(&file, out, "box_keys", "box_key");
    for (uint32_t i = 0; i < WEAK_KEYS + 2; i++) {
        uint8_t key[32] = {9}, secret[32] = {3};
        char name[32];
        (void)snprintf(name, sizeof name, "key %u", (unsigned)i);
        if (i < WEAK_KEYS) {
            unhex(key, weak_keys[i]);
        } else if (i == WEAK_KEYS) {
            (void)crypto_scalarmult_base(key, secret);
        }
        json_t *vector = vec_add(&file, name);
        (void)json_object_set_new(vector, "key", vec_hex(key, 32));
        bool weak = council_box_key_weak(key);
        vec_result(&file, vector, json_string(weak ? "weak_key" : "valid"), !weak);
        file.out->wrong += weak != (i < WEAK_KEYS);
    }
    vec_close(&file);
}

/* An entry's signature over P("council/v1/entry", text), owned. */
static uint8_t *entry_message(const char *text, uint32_t text_len, uint32_t *len)
{
    const struct council_field field = COUNCIL_FN(text, text_len);
    *len = council_p_len("council/v1/entry", &field, 1);
    uint8_t *out = malloc(*len);
    if (!out || council_p(out, *len, "council/v1/entry", &field, 1) != *len) {
        vec_die("no memory");
    }
    return out;
}

/* The same on entries: a member.create whose device is `key`, text for text the one of "phone". */
static void entry_case(const struct book *book, struct vec_file *file, const char *name,
                       uint32_t which, bool multiple, enum council_error error)
{
    struct fixture_entry entry = {.len = 0};
    uint8_t seed[32] = {4}, key[32], eight[32];
    unhex(eight, small_points[4].point);
    torsioned(key, entry.sig, seed, which == 1 ? eight : NULL, NULL, false, message, MESSAGE);
    if (which == 2) {
        unhex(key, small_points[0].point);
    }
    json_t *text = json_loads(book_find(book, "phone")->entries[0].text, 0, NULL);
    json_t *recovery = json_object_get(json_object_get(text, "body"), "recovery");
    (void)json_object_set_new(text, "device", json_string(fixture_key(key).text));
    uint8_t fields[4][32], id[COUNCIL_ID_BYTES], sign[32], proof[64];
    book_bytes(book, "phone", "m0.b0", fields[1], 32);
    book_bytes(book, "phone", "m0.r0", fields[2], 32);
    book_bytes(book, "phone", "m0.rb0", fields[3], 32);
    book_bytes(book, "phone", "id.1", id, sizeof id);
    memcpy(sign, fields[2], 32);
    const struct council_field list[] = {COUNCIL_F(key), COUNCIL_F(fields[1]), COUNCIL_F(fields[2]),
                                         COUNCIL_F(fields[3]), COUNCIL_F(id)};
    if (!council_sign_p(proof, book_secret_of(book, sign), "council/v1/recovery-create", list, 5)) {
        vec_die("no proof");
    }
    (void)json_object_set_new(recovery, "sig", json_string(fixture_sig(proof).text));
    entry.text = json_dumps(text, JSON_COMPACT | JSON_SORT_KEYS);
    entry.len = (uint32_t)strlen(entry.text);
    json_decref(text);
    uint32_t len;
    uint8_t *p = entry_message(entry.text, entry.len, &len);
    if (which == 2) {
        uint8_t k[32];
        nonce_scalar(k, 9);
        (void)crypto_scalarmult_ed25519_base_noclamp(entry.sig, k);
        memcpy(entry.sig + 32, k, 32);
    } else {
        torsioned(key, entry.sig, seed, which == 1 ? eight : NULL, which == 3 ? eight : NULL,
                  multiple, p, len);
    }
    if (which == 4) {
        add_order(entry.sig + 32);
    }
    free(p);
    book_verdict(book, file, "phone", 0, name, &entry, error);
}

void rows_curve(struct vec_out *out, const struct book *book)
{
    struct vec_file file;
    vec_open(&file, out, "signatures", "signature");
    plain_signatures(&file);
    small_keys(&file);
    mixed(&file);
    vec_close(&file);
    box_keys(out);
    vec_open(&file, out, "signed_entries", "log");
    entry_case(book, &file, "a right signature", 0, true, COUNCIL_OK);
    entry_case(book, &file, "S + L", 4, true, COUNCIL_E_BAD_SIGNATURE);
    entry_case(book, &file, "R moved by a point of order 8", 3, false, COUNCIL_E_BAD_SIGNATURE);
    entry_case(book, &file, "a device key moved by a point of order 8", 1, false,
               COUNCIL_E_BAD_SIGNATURE);
    entry_case(book, &file, "a device key moved by a point of order 8, challenge a multiple of 8",
               1, true, COUNCIL_OK);
    entry_case(book, &file, "a device key of small order", 2, true, COUNCIL_E_BAD_SIGNATURE);
    vec_close(&file);
}
