/*
 * keyring_seal.c - blobs sealed under the home key, and the epoch seeds among them.
 *
 * A blob is nonce (24 bytes) and XChaCha20-Poly1305; its associated data is P("council/v1/home", what, name, number). Must not know what a blob means.
 */
#include "client/lib/keyring.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
    PLACE_MAX = 256
};

static const char label[] = "council/v1/home";

static uint32_t associated(const struct keyring_place *place, uint8_t out[PLACE_MAX])
{
    uint8_t number[8];
    const struct council_field fields[] = {
        COUNCIL_FN(place->what, strlen(place->what)),
        COUNCIL_FN(place->name, place->name_len),
        COUNCIL_F(number),
    };

    council_u64be(number, place->number);
    return council_p(out, PLACE_MAX, label, fields, 3);
}

enum council_error keyring_seal(const struct keyring *keyring, const struct keyring_place *place,
                                const void *plain, uint32_t len, uint8_t **out, uint32_t *out_len)
{
    uint8_t ad[PLACE_MAX];
    uint32_t ad_len = associated(place, ad);

    *out = NULL;
    *out_len = 0;
    if (!keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (ad_len == 0)
        return COUNCIL_E_BAD_INPUT;
    uint8_t *sealed = malloc((size_t)len + KEYRING_OVERHEAD);

    if (sealed == NULL)
        return COUNCIL_E_NO_MEMORY;
    randombytes_buf(sealed, NONCE);
    (void)crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, NULL, plain, len, ad, ad_len,
                                                     NULL, sealed, keyring->home_key);
    *out = sealed;
    *out_len = len + KEYRING_OVERHEAD;
    return COUNCIL_OK;
}

enum council_error keyring_open(const struct keyring *keyring, const struct keyring_place *place,
                                const uint8_t *sealed, uint32_t len, uint8_t **out,
                                uint32_t *out_len)
{
    uint8_t ad[PLACE_MAX];
    uint32_t ad_len = associated(place, ad);

    *out = NULL;
    *out_len = 0;
    if (!keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (len < KEYRING_OVERHEAD || ad_len == 0)
        return COUNCIL_E_HOME_DAMAGED;
    uint8_t *plain = malloc((size_t)len - KEYRING_OVERHEAD + 1);

    if (plain == NULL)
        return COUNCIL_E_NO_MEMORY;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + NONCE, len - NONCE,
                                                   ad, ad_len, sealed, keyring->home_key) != 0) {
        free(plain);
        return COUNCIL_E_HOME_DAMAGED;
    }
    *out_len = len - KEYRING_OVERHEAD;
    plain[*out_len] = 0;
    *out = plain;
    return COUNCIL_OK;
}

void keyring_free(uint8_t *plain, uint32_t len)
{
    if (plain == NULL)
        return;
    sodium_memzero(plain, len);
    free(plain);
}

void keyring_hide(const struct keyring *keyring, const char *what, const void *name, uint32_t len,
                  uint8_t out[COUNCIL_HASH_BYTES])
{
    const struct council_field fields[] = {COUNCIL_FN(what, strlen(what)), COUNCIL_FN(name, len)};

    council_hash_p_keyed(out, keyring->home_key, KEYRING_KEY_BYTES, label, fields, 2);
}

static struct keyring_place seed_place(const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch)
{
    return (struct keyring_place){
        .what = "epoch", .name = log, .name_len = COUNCIL_KEY_BYTES, .number = epoch};
}

static void remember(struct keyring *keyring, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                     const uint8_t seed[COUNCIL_SEED_BYTES])
{
    struct keyring_seed *slot = &keyring->seeds[keyring->next_seed];

    keyring->next_seed = (keyring->next_seed + 1) % KEYRING_SEEDS;
    memcpy(slot->log, log, COUNCIL_KEY_BYTES);
    slot->epoch = epoch;
    memcpy(slot->seed, seed, COUNCIL_SEED_BYTES);
}

enum council_error keyring_put_seed(struct keyring *keyring, struct home *home,
                                    const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                                    const uint8_t seed[COUNCIL_SEED_BYTES])
{
    const struct keyring_place place = seed_place(log, epoch);
    uint8_t *sealed = NULL;
    uint32_t len = 0;
    enum council_error error =
        keyring_seal(keyring, &place, seed, COUNCIL_SEED_BYTES, &sealed, &len);

    if (error == COUNCIL_OK) {
        sqlite3_stmt *stmt = home_prepare(home, HOME_EPOCH_PUT);

        home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
        home_bind_int(stmt, 2, epoch);
        home_bind(stmt, 3, sealed, len);
        error = home_run(home, HOME_EPOCH_PUT);
    }
    free(sealed);
    return error;
}

enum council_error keyring_seed(struct keyring *keyring, struct home *home,
                                const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch,
                                uint8_t seed[COUNCIL_SEED_BYTES])
{
    const struct keyring_place place = seed_place(log, epoch);
    uint8_t *plain = NULL;
    uint32_t len = 0;
    bool row = false;
    enum council_error error;

    if (!keyring->open || epoch == 0)
        return COUNCIL_E_NO_KEY;
    for (uint32_t i = 0; i < KEYRING_SEEDS; i++) {
        const struct keyring_seed *kept = &keyring->seeds[i];

        if (kept->epoch == epoch && memcmp(kept->log, log, COUNCIL_KEY_BYTES) == 0) {
            memcpy(seed, kept->seed, COUNCIL_SEED_BYTES);
            return COUNCIL_OK;
        }
    }
    sqlite3_stmt *stmt = home_prepare(home, HOME_EPOCH_GET);

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind_int(stmt, 2, epoch);
    error = home_step(home, HOME_EPOCH_GET, &row);
    if (error == COUNCIL_OK) {
        uint32_t sealed_len = 0;
        const void *sealed = row ? home_column(stmt, 0, &sealed_len) : NULL;

        error = sealed == NULL ? COUNCIL_E_NO_KEY
                               : keyring_open(keyring, &place, sealed, sealed_len, &plain, &len);
    }
    home_reset(home, HOME_EPOCH_GET);
    if (error == COUNCIL_OK && len != COUNCIL_SEED_BYTES)
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK) {
        memcpy(seed, plain, COUNCIL_SEED_BYTES);
        remember(keyring, log, epoch, seed);
    }
    keyring_free(plain, len);
    return error;
}
