/*
 * keyring.c - the home key under the passphrase: making, opening and resealing it.
 *
 * The row "home" of table keyring: version (1 byte), salt (16), operations and memory (u64be each), nonce (24), sealed key (32 + 16), and a checksum over all of it, so that
 * damage is told from a wrong passphrase. Must not know what else is sealed. Invariant: nothing of the key or the passphrase
 * stays in memory that is not locked.
 */
#include "client/lib/keyring.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    SALT_AT = 1,
    LIMITS_AT = SALT_AT + crypto_pwhash_SALTBYTES,
    NONCE_AT = LIMITS_AT + 16,
    KEY_AT = NONCE_AT + crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
    SUM_AT = KEY_AT + KEYRING_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES,
    SUM_BYTES = 16,
    ROW_BYTES = SUM_AT + SUM_BYTES
};

/* A home that was tampered with must not make us allocate without bound. */
static const struct keyring_limits most = {.operations = 64, .memory = UINT64_C(1) << 30};

static const char row_name[] = "home";

struct keyring *keyring_create(void)
{
    struct keyring *keyring = sodium_malloc(sizeof *keyring);

    if (keyring != NULL)
        memset(keyring, 0, sizeof *keyring);
    return keyring;
}

void keyring_destroy(struct keyring *keyring)
{
    sodium_free(keyring); /* wipes */
}

void keyring_lock(struct keyring *keyring)
{
    sodium_memzero(keyring, sizeof *keyring);
}

static void checksum(const uint8_t row[ROW_BYTES], uint8_t out[SUM_BYTES])
{
    (void)crypto_generichash(out, SUM_BYTES, row, SUM_AT, NULL, 0);
}

/* The key that seals the home key. Kept in locked memory by the caller. */
static enum council_error stretch(uint8_t *out, const uint8_t *row, const char *passphrase,
                                  uint32_t len)
{
    uint64_t operations = council_u64be_read(row + LIMITS_AT);
    uint64_t memory = council_u64be_read(row + LIMITS_AT + 8);

    if (operations > most.operations || memory > most.memory)
        return COUNCIL_E_HOME_DAMAGED;
    if (crypto_pwhash(out, KEYRING_KEY_BYTES, passphrase, len, row + SALT_AT, operations,
                      (size_t)memory, crypto_pwhash_ALG_ARGON2ID13) != 0)
        return COUNCIL_E_NO_MEMORY;
    return COUNCIL_OK;
}

static enum council_error write_row(const struct keyring *keyring, struct home *home,
                                    const char *passphrase, uint32_t len)
{
    uint8_t row[ROW_BYTES] = {1};
    enum council_error error;

    if (len == 0 || len > KEYRING_PASSPHRASE_MAX)
        return COUNCIL_E_BAD_INPUT;
    uint8_t *stretched = sodium_malloc(KEYRING_KEY_BYTES);

    if (stretched == NULL)
        return COUNCIL_E_NO_MEMORY;
    randombytes_buf(row + SALT_AT, crypto_pwhash_SALTBYTES);
    council_u64be(row + LIMITS_AT, keyring_limits.operations);
    council_u64be(row + LIMITS_AT + 8, keyring_limits.memory);
    randombytes_buf(row + NONCE_AT, KEY_AT - NONCE_AT);
    error = stretch(stretched, row, passphrase, len);
    if (error == COUNCIL_OK) {
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(row + KEY_AT, NULL, keyring->home_key,
                                                         KEYRING_KEY_BYTES, row, NONCE_AT, NULL,
                                                         row + NONCE_AT, stretched);
        checksum(row, row + SUM_AT);
        error = home_put(home, HOME_KEYRING_PUT, row_name, row, sizeof row);
    }
    sodium_free(stretched);
    return error;
}

enum council_error keyring_make(struct keyring *keyring, struct home *home, const char *passphrase,
                                uint32_t len)
{
    keyring_lock(keyring);
    randombytes_buf(keyring->home_key, sizeof keyring->home_key);
    enum council_error error = write_row(keyring, home, passphrase, len);

    if (error == COUNCIL_OK)
        keyring->open = true;
    else
        keyring_lock(keyring);
    return error;
}

enum council_error keyring_reseal(struct keyring *keyring, struct home *home,
                                  const char *passphrase, uint32_t len)
{
    return keyring->open ? write_row(keyring, home, passphrase, len) : COUNCIL_E_WRONG_PASSPHRASE;
}

/* The secrets that stand in the keyring by name. */
static enum council_error read_secrets(struct keyring *keyring, struct home *home, const char *name,
                                       struct council_secrets *out, bool *found)
{
    const struct keyring_place place = {
        .what = "secrets", .name = name, .name_len = (uint32_t)strlen(name)};
    uint8_t *sealed = NULL;
    uint8_t *plain = NULL;
    uint32_t len = 0;
    uint32_t plain_len = 0;
    enum council_error error = home_get(home, HOME_KEYRING_GET, name, &sealed, &len);

    *found = sealed != NULL;
    if (error == COUNCIL_OK && sealed != NULL)
        error = keyring_open(keyring, &place, sealed, len, &plain, &plain_len);
    if (error == COUNCIL_OK && sealed != NULL) {
        if (plain_len == sizeof *out)
            memcpy(out, plain, sizeof *out);
        else
            error = COUNCIL_E_HOME_DAMAGED;
    }
    keyring_free(plain, plain_len);
    free(sealed);
    return error;
}

static enum council_error read_all_secrets(struct keyring *keyring, struct home *home)
{
    enum council_error error =
        read_secrets(keyring, home, "device", &keyring->device, &keyring->has_device);

    if (error == COUNCIL_OK)
        error = read_secrets(keyring, home, "recovery", &keyring->recovery, &keyring->has_recovery);
    return error;
}

enum council_error keyring_unlock(struct keyring *keyring, struct home *home,
                                  const char *passphrase, uint32_t len)
{
    uint8_t *row = NULL;
    uint8_t sum[SUM_BYTES];
    uint32_t row_len = 0;
    enum council_error error = home_get(home, HOME_KEYRING_GET, row_name, &row, &row_len);
    uint8_t *stretched = sodium_malloc(KEYRING_KEY_BYTES);

    keyring_lock(keyring);
    if (error == COUNCIL_OK && stretched == NULL)
        error = COUNCIL_E_NO_MEMORY;
    if (error == COUNCIL_OK && row == NULL)
        error = COUNCIL_E_NO_HOME;
    if (error == COUNCIL_OK && (row_len != ROW_BYTES || row[0] != 1))
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK) {
        checksum(row, sum);
        if (sodium_memcmp(sum, row + SUM_AT, SUM_BYTES) != 0)
            error = COUNCIL_E_HOME_DAMAGED;
    }
    if (error == COUNCIL_OK && len > KEYRING_PASSPHRASE_MAX)
        error = COUNCIL_E_WRONG_PASSPHRASE;
    if (error == COUNCIL_OK)
        error = stretch(stretched, row, passphrase, len);
    if (error == COUNCIL_OK && crypto_aead_xchacha20poly1305_ietf_decrypt(
                                   keyring->home_key, NULL, NULL, row + KEY_AT, SUM_AT - KEY_AT,
                                   row, NONCE_AT, row + NONCE_AT, stretched) != 0)
        error = COUNCIL_E_WRONG_PASSPHRASE;
    if (error == COUNCIL_OK) {
        keyring->open = true;
        error = read_all_secrets(keyring, home);
    }
    if (error != COUNCIL_OK)
        keyring_lock(keyring);
    sodium_free(stretched);
    free(row);
    return error;
}

enum council_error keyring_adopt(struct keyring *keyring, struct home *home,
                                 const uint8_t key[KEYRING_KEY_BYTES])
{
    keyring_lock(keyring);
    memcpy(keyring->home_key, key, KEYRING_KEY_BYTES);
    keyring->open = true;
    enum council_error error = read_all_secrets(keyring, home);

    if (error == COUNCIL_OK && keyring->has_device)
        return COUNCIL_OK;
    keyring_lock(keyring);
    return error == COUNCIL_E_HOME_DAMAGED || error == COUNCIL_OK ? COUNCIL_E_WRONG_PASSPHRASE
                                                                  : error;
}

enum council_error keyring_put_secrets(struct keyring *keyring, struct home *home, const char *name,
                                       const struct council_secrets *secrets)
{
    const struct keyring_place place = {
        .what = "secrets", .name = name, .name_len = (uint32_t)strlen(name)};
    bool device = strcmp(name, "device") == 0;
    uint8_t *sealed = NULL;
    uint32_t len = 0;
    enum council_error error =
        keyring_seal(keyring, &place, secrets, sizeof *secrets, &sealed, &len);

    if (error == COUNCIL_OK)
        error = home_put(home, HOME_KEYRING_PUT, name, sealed, len);
    if (error == COUNCIL_OK) {
        *(device ? &keyring->device : &keyring->recovery) = *secrets;
        *(device ? &keyring->has_device : &keyring->has_recovery) = true;
    }
    free(sealed);
    return error;
}

enum council_error keyring_drop_recovery(struct keyring *keyring, struct home *home)
{
    enum council_error error = home_drop(home, HOME_KEYRING_DROP, "recovery");

    if (error == COUNCIL_OK) {
        sodium_memzero(&keyring->recovery, sizeof keyring->recovery);
        keyring->has_recovery = false;
    }
    return error;
}
