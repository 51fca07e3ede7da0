/*
 * keyring.h - the home key and what is sealed under it.
 *
 * Owns the only secrets that a client keeps: the home key (itself sealed under the passphrase with Argon2id), the device's keys, for a while those of the
 * recovery phrase, and a cache of epoch seeds. All of it lives in memory that is locked, left out of core dumps and wiped. Must not know
 * what is sealed, only its name, which goes into the associated data: a blob moved to another row does not open.
 */
#ifndef COUNCIL_CLIENT_LIB_KEYRING_H
#define COUNCIL_CLIENT_LIB_KEYRING_H

#include "client/lib/home.h"
#include "protocol/recovery.h"

enum {
    KEYRING_KEY_BYTES = 32,
    KEYRING_OVERHEAD = 24 + 16, /* nonce and tag of every sealed blob */
    KEYRING_PASSPHRASE_MAX = 1024,
    KEYRING_SEEDS = 128 /* epoch seeds kept open */
};

/* What Argon2id costs. A test program may bring its own definition; the product has libsodium's interactive limits. */
struct keyring_limits {
    uint64_t operations, memory;
};
extern const struct keyring_limits keyring_limits;

struct keyring_seed {
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t epoch; /* 0: unused */
    uint8_t seed[COUNCIL_SEED_BYTES];
};

struct keyring {
    bool open, has_device, has_recovery;
    uint8_t home_key[KEYRING_KEY_BYTES];
    struct council_secrets device, recovery;
    struct keyring_seed seeds[KEYRING_SEEDS];
    uint32_t next_seed; /* the one to be overwritten next */
};

/* Locked, zeroed memory; NULL without memory. Destroy wipes, accepts NULL. */
struct keyring *keyring_create(void);
void keyring_destroy(struct keyring *keyring);
/* Forgets everything; locked again. */
void keyring_lock(struct keyring *keyring);

/* Draws a home key and writes it, sealed, into the home (within the caller's transaction). BAD_INPUT for a passphrase that is empty or too long. */
COUNCIL_MUST_USE enum council_error keyring_make(struct keyring *keyring, struct home *home,
                                                 const char *passphrase, uint32_t len);
/* Seals the open home key under another passphrase. */
COUNCIL_MUST_USE enum council_error keyring_reseal(struct keyring *keyring, struct home *home,
                                                   const char *passphrase, uint32_t len);
/*
 * Opens the home key, then the device's keys. WRONG_PASSPHRASE; HOME_DAMAGED where the stored bytes are not what was written (told apart by a checksum); NO_HOME where
 * there is no keyring.
 */
COUNCIL_MUST_USE enum council_error keyring_unlock(struct keyring *keyring, struct home *home,
                                                   const char *passphrase, uint32_t len);
/* The same with the home key itself, as an agent hands it out. WRONG_PASSPHRASE if it does not open this home. */
COUNCIL_MUST_USE enum council_error keyring_adopt(struct keyring *keyring, struct home *home,
                                                  const uint8_t key[KEYRING_KEY_BYTES]);

/* Device and recovery secrets: written sealed, under the names "device" and "recovery", and kept open. */
COUNCIL_MUST_USE enum council_error keyring_put_secrets(struct keyring *keyring, struct home *home,
                                                        const char *name,
                                                        const struct council_secrets *secrets);
COUNCIL_MUST_USE enum council_error keyring_drop_recovery(struct keyring *keyring,
                                                          struct home *home);

/* The place of a sealed blob: what it is ("intent", "draft"), and up to two names. Borrowed. */
struct keyring_place {
    const char *what;
    const void *name;
    uint32_t name_len;
    uint64_t number;
};
/* `*out` is owned by the caller: KEYRING_OVERHEAD longer than the plaintext. NO_MEMORY; WRONG_PASSPHRASE while locked. */
COUNCIL_MUST_USE enum council_error keyring_seal(const struct keyring *keyring,
                                                 const struct keyring_place *place,
                                                 const void *plain, uint32_t len, uint8_t **out,
                                                 uint32_t *out_len);
/* `*out` is owned, has a NUL after its end, and is to be wiped by the caller where it is secret (keyring_free). HOME_DAMAGED. */
COUNCIL_MUST_USE enum council_error keyring_open(const struct keyring *keyring,
                                                 const struct keyring_place *place,
                                                 const uint8_t *sealed, uint32_t len, uint8_t **out,
                                                 uint32_t *out_len);
/* Wipes and frees what keyring_open returned. Accepts NULL. */
void keyring_free(uint8_t *plain, uint32_t len);
/* A keyed hash of a name that must not lie in the clear. */
void keyring_hide(const struct keyring *keyring, const char *what, const void *name, uint32_t len,
                  uint8_t out[COUNCIL_HASH_BYTES]);

/* Epoch seeds, in the home and in the cache. keyring_put_seed fills the epoch's row, which is there once its block was stored. keyring_seed: NO_KEY where this device was never given it. */
COUNCIL_MUST_USE enum council_error keyring_put_seed(struct keyring *keyring, struct home *home,
                                                     const uint8_t log[COUNCIL_KEY_BYTES],
                                                     uint64_t epoch,
                                                     const uint8_t seed[COUNCIL_SEED_BYTES]);
COUNCIL_MUST_USE enum council_error keyring_seed(struct keyring *keyring, struct home *home,
                                                 const uint8_t log[COUNCIL_KEY_BYTES],
                                                 uint64_t epoch, uint8_t seed[COUNCIL_SEED_BYTES]);

#endif
