/*
 * pool.c - the pool's words, tokens and boxes. See pool.h.
 */
#include "protocol/pool.h"

#include <sodium.h>
#include <string.h>

_Static_assert((int)COUNCIL_POOL_BOX_BYTES == (int)COUNCIL_LINK_MAX + (int)crypto_box_SEALBYTES,
               "a box is a sealed link");

/* ---- words ---- */

struct row {
    const char *name, *title;
};

#define POOL_FUNCTION(symbol, name, title) {name, title},
static const struct row functions[] = {
#include "protocol/pool.def"
};
#define POOL_LEVEL(symbol, name, title) {name, title},
static const struct row levels[] = {
#include "protocol/pool.def"
};
#define POOL_INDUSTRY(symbol, name, title) {name, title},
static const struct row industries[] = {
#include "protocol/pool.def"
};
#define POOL_LANGUAGE(symbol, code, title) {code, title},
static const struct row languages[] = {
#include "protocol/pool.def"
};
#define POOL_MISS(symbol, name, sentence) {name, sentence},
static const struct row misses[] = {
#include "protocol/pool.def"
};
#define POOL_WHY(symbol, name, sentence) {name, sentence},
static const struct row whys[] = {
#include "protocol/pool.def"
};

#define TABLE(rows)                          \
    {                                        \
        rows, sizeof(rows) / sizeof(rows)[0] \
    }
static const struct {
    const struct row *rows;
    uint32_t count;
} tables[COUNCIL_POOL_TABLES] = {
    [COUNCIL_POOL_FUNCTION] = TABLE(functions),  [COUNCIL_POOL_LEVEL] = TABLE(levels),
    [COUNCIL_POOL_INDUSTRY] = TABLE(industries), [COUNCIL_POOL_LANGUAGE] = TABLE(languages),
    [COUNCIL_POOL_MISS] = TABLE(misses),         [COUNCIL_POOL_WHY] = TABLE(whys),
};

_Static_assert(sizeof languages / sizeof languages[0] <= 64, "a set of languages is 64 bits");

uint32_t council_pool_rows(enum council_pool_table table)
{
    return tables[table].count;
}

const char *council_pool_name(enum council_pool_table table, uint32_t row)
{
    return row < tables[table].count ? tables[table].rows[row].name : NULL;
}

const char *council_pool_title(enum council_pool_table table, uint32_t row)
{
    return row < tables[table].count ? tables[table].rows[row].title : NULL;
}

static int find(enum council_pool_table table, const char *name, size_t len)
{
    for (uint32_t i = 0; i < tables[table].count; i++) {
        const char *row = tables[table].rows[i].name;
        if (strlen(row) == len && memcmp(row, name, len) == 0)
            return (int)i;
    }
    return -1;
}

int council_pool_find(enum council_pool_table table, const char *name)
{
    return find(table, name, strlen(name));
}

bool council_pool_languages(const char *codes, uint64_t *set)
{
    uint64_t bits = 0;
    uint32_t count = 0;

    for (const char *at = codes; at != NULL; count++) {
        const char *space = strchr(at, ' ');
        int row =
            find(COUNCIL_POOL_LANGUAGE, at, space != NULL ? (size_t)(space - at) : strlen(at));
        if (row < 0 || count == COUNCIL_POOL_LANGUAGES_MAX || (bits >> row & 1) != 0)
            return false;
        bits |= UINT64_C(1) << row;
        at = space != NULL ? space + 1 : NULL;
    }
    if (set != NULL)
        *set = bits;
    return true;
}

/* ---- employers ---- */

/* How companies are incorporated: dropped where a name ends with one of them. */
static const char *const forms[] = {"inc", "llc",  "ltd", "limited", "corp", "corporation", "co",
                                    "plc", "gmbh", "ag",  "se",      "sa",   "sas",         "srl",
                                    "bv",  "nv",   "ab",  "oy",      "as",   "kg",          "pty"};

/* Letters and digits as they are compared; one blank between words. */
static bool fold(char *out, const char *name)
{
    size_t n = 0;
    bool gap = false;

    if (strlen(name) > COUNCIL_POOL_EMPLOYER_MAX)
        return false;
    for (const unsigned char *at = (const unsigned char *)name; *at != '\0'; at++) {
        bool upper = *at >= 'A' && *at <= 'Z';
        bool plain = upper || (*at >= 'a' && *at <= 'z') || (*at >= '0' && *at <= '9') || *at > 127;
        if (*at == '.' || *at == '\'') /* "I.B.M." is one word */
            continue;
        if (!plain) {
            gap = n > 0;
            continue;
        }
        if (gap)
            out[n++] = ' ';
        gap = false;
        out[n++] = (char)(upper ? *at - 'A' + 'a' : *at);
    }
    out[n] = '\0';
    return n > 0;
}

bool council_pool_employer(char *out, const char *name)
{
    if (!fold(out, name))
        return false;
    for (bool again = true; again;) {
        char *last = strrchr(out, ' ');
        again = false;
        for (size_t i = 0; last != NULL && i < sizeof forms / sizeof forms[0]; i++) {
            if (strcmp(last + 1, forms[i]) == 0) {
                *last = '\0';
                again = true;
                break;
            }
        }
    }
    return true;
}

enum council_error council_pool_token(uint8_t out[COUNCIL_POOL_TOKEN_BYTES], const char *name,
                                      const uint8_t server_key[COUNCIL_KEY_BYTES])
{
    char compared[COUNCIL_POOL_EMPLOYER_MAX + 1];
    uint8_t salt[COUNCIL_HASH_BYTES], key[32];
    const struct council_field server = COUNCIL_FN(server_key, COUNCIL_KEY_BYTES);

    if (!council_pool_employer(compared, name))
        return COUNCIL_E_BAD_INPUT;
    const struct council_field field = COUNCIL_FN(compared, strlen(compared));
    council_hash_p(salt, "council/v1/employer-salt", &server, 1);
    _Static_assert(crypto_pwhash_SALTBYTES <= COUNCIL_HASH_BYTES, "the salt is cut from a hash");
    int failed = crypto_pwhash(key, sizeof key, compared, strlen(compared), salt, 2, 67108864,
                               crypto_pwhash_ALG_ARGON2ID13);
    if (failed == 0)
        council_hash_p_keyed(out, key, sizeof key, "council/v1/employer", &field, 1);
    sodium_memzero(key, sizeof key);
    sodium_memzero(compared, sizeof compared);
    return failed == 0 ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
}

/* ---- boxes ---- */

bool council_pool_box(uint8_t out[COUNCIL_POOL_BOX_BYTES], const char *link,
                      const uint8_t box_key[COUNCIL_KEY_BYTES],
                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    char padded[COUNCIL_LINK_MAX] = "";
    uint8_t nonce[crypto_box_NONCEBYTES];
    crypto_generichash_state state;
    size_t len = strlen(link);

    if (len >= sizeof padded || council_box_key_weak(box_key))
        return false;
    memcpy(padded, link, len);
    bool ok = crypto_scalarmult_base(out, seed) == 0;
    /* The nonce of crypto_box_seal, which draws its key itself. */
    (void)crypto_generichash_init(&state, NULL, 0, sizeof nonce);
    (void)crypto_generichash_update(&state, out, COUNCIL_KEY_BYTES);
    (void)crypto_generichash_update(&state, box_key, COUNCIL_KEY_BYTES);
    (void)crypto_generichash_final(&state, nonce, sizeof nonce);
    ok = ok && crypto_box_easy(out + COUNCIL_KEY_BYTES, (const uint8_t *)padded, sizeof padded,
                               nonce, box_key, seed) == 0;
    sodium_memzero(padded, sizeof padded);
    return ok;
}

enum council_error council_pool_open(char link[COUNCIL_LINK_MAX], const uint8_t *box, uint32_t len,
                                     const uint8_t secret[COUNCIL_SEED_BYTES])
{
    uint8_t own[COUNCIL_KEY_BYTES];

    if (len != COUNCIL_POOL_BOX_BYTES || crypto_scalarmult_base(own, secret) != 0 ||
        crypto_box_seal_open((uint8_t *)link, box, len, own, secret) != 0)
        return COUNCIL_E_BAD_BOX;
    if (memchr(link, '\0', COUNCIL_LINK_MAX) == NULL) {
        sodium_memzero(link, COUNCIL_LINK_MAX);
        return COUNCIL_E_BAD_BOX;
    }
    return COUNCIL_OK;
}
