/*
 * pool.h - what people say of themselves in the pool, as C sees it: the words of pool.def, tokens of employers, the boxed invite.
 *
 * Owns section 14 of README.md as far as both sides must agree on it. Must not know who is matched with whom, nor where anything is kept. Pure:
 * randomness comes in as an argument or not at all.
 */
#ifndef COUNCIL_PROTOCOL_POOL_H
#define COUNCIL_PROTOCOL_POOL_H

#include "protocol/bytes.h"
#include "protocol/error.h"
#include "protocol/session.h"

enum {
    COUNCIL_POOL_HOURS_BYTES =
        42, /* a bit for each half hour of the local week: bit i%8 of byte i/8, from Monday 00:00 */
    COUNCIL_POOL_HALF_HOURS = 336,
    COUNCIL_POOL_NAME_MAX = 64,
    COUNCIL_POOL_EMPLOYER_MAX = 128, /* bytes of an employer's name */
    COUNCIL_POOL_TOKEN_BYTES = 32,
    COUNCIL_POOL_TOKENS_MAX = 8,                   /* of each kind */
    COUNCIL_POOL_LANGUAGES_MAX = 8,                /* of one person */
    COUNCIL_POOL_COUNTED_MAX = 1000,               /* people that pool.show counts */
    COUNCIL_POOL_BOX_BYTES = COUNCIL_LINK_MAX + 48 /* every box has this length */
};

enum council_pool_table {
    COUNCIL_POOL_FUNCTION,
    COUNCIL_POOL_LEVEL,
    COUNCIL_POOL_INDUSTRY,
    COUNCIL_POOL_LANGUAGE,
    COUNCIL_POOL_MISS, /* their titles are sentences */
    COUNCIL_POOL_WHY,
    COUNCIL_POOL_TABLES
};

/* How many rows a table of pool.def has; a row's name and title (NULL out of range), static; and back: -1 for a name that is none. */
uint32_t council_pool_rows(enum council_pool_table table);
const char *council_pool_name(enum council_pool_table table, uint32_t row);
const char *council_pool_title(enum council_pool_table table, uint32_t row);
int council_pool_find(enum council_pool_table table, const char *name);

/* True for one to COUNCIL_POOL_LANGUAGES_MAX known codes separated by single spaces, none twice; their bits in `set` (may be NULL). */
bool council_pool_languages(const char *codes, uint64_t *set);

/*
 * The name of an employer as it is compared: ASCII letters small, punctuation and blanks dropped, and what says how it is incorporated at its end
 * ("Inc.", "GmbH"). False where nothing is left, or it is longer than COUNCIL_POOL_EMPLOYER_MAX. `out` holds COUNCIL_POOL_EMPLOYER_MAX + 1 bytes.
 */
COUNCIL_MUST_USE bool council_pool_employer(char *out, const char *name);

/*
 * The token of an employer at a server: k = Argon2id(name as compared, salt from the server's key), token = H_k(P("council/v1/employer", name)). Equal names give
 * equal tokens; a guess costs one Argon2id (64 MiB, about 0.1 s). BAD_INPUT (no name), NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error council_pool_token(uint8_t out[COUNCIL_POOL_TOKEN_BYTES],
                                                       const char *name,
                                                       const uint8_t server_key[COUNCIL_KEY_BYTES]);

/*
 * Seals an invite's link (NUL-terminated, shorter than COUNCIL_LINK_MAX), padded with zeros, to a device's box key, with `seed` (32 random bytes) as the ephemeral
 * secret; what comes of it is a crypto_box_seal. False: too long, or a weak key.
 */
COUNCIL_MUST_USE bool council_pool_box(uint8_t out[COUNCIL_POOL_BOX_BYTES], const char *link,
                                       const uint8_t box_key[COUNCIL_KEY_BYTES],
                                       const uint8_t seed[COUNCIL_SEED_BYTES]);
/* Opens it with the device's box secret into `link` (wipe it). BAD_BOX: also for what is no text that ends. */
COUNCIL_MUST_USE enum council_error council_pool_open(char link[COUNCIL_LINK_MAX],
                                                      const uint8_t *box, uint32_t len,
                                                      const uint8_t secret[COUNCIL_SEED_BYTES]);

#endif
