/*
 * memo.c - signatures that were checked before, by anybody in this process, are not computed again.
 *
 * The linker puts this in front of libsodium's check in the simulator alone (--wrap). The answer is a function of the bytes, so the
 * outcome of a run is the same; without it every entry would be verified once by each of a dozen readers. Invariant: only
 * answers of libsodium itself are kept, under a hash of everything that went in.
 */
#include <sodium.h>
#include <string.h>

#include "tests/sim/memo.h"

enum {
    SLOTS = 1 << 16
};

static struct {
    uint8_t key[32];
    bool used, good;
} memo[SLOTS];

int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk)
{
    crypto_generichash_state state;
    uint8_t key[32];
    uint32_t slot;
    (void)crypto_generichash_init(&state, NULL, 0, sizeof key);
    (void)crypto_generichash_update(&state, sig, 64);
    (void)crypto_generichash_update(&state, pk, 32);
    (void)crypto_generichash_update(&state, m, mlen);
    (void)crypto_generichash_final(&state, key, sizeof key);
    memcpy(&slot, key, sizeof slot);
    slot %= SLOTS;
    if (!memo[slot].used || memcmp(memo[slot].key, key, sizeof key) != 0) {
        memo[slot].used = true;
        memcpy(memo[slot].key, key, sizeof key);
        memo[slot].good = __real_crypto_sign_verify_detached(sig, m, mlen, pk) == 0;
    }
    return memo[slot].good ? 0 : -1;
}
