/*
 * passphrase.c - a preload that makes a passphrase as cheap to check as to hash: most of what a short command costs is Argon2id.
 *
 * Owns nothing but the stand-in for libsodium's crypto_pwhash. Must never be part of a product, nor stand before a test of how homes are
 * sealed (tests/unit/test_home_keyring.c, deploy/quickstart.sh: those have the real one). Invariant: other passphrase or salt, other key.
 */
#include <sodium.h>

int crypto_pwhash(unsigned char *const out, unsigned long long out_len,
                  const char *const passphrase, unsigned long long passphrase_len,
                  const unsigned char *const salt, unsigned long long operations, size_t memory,
                  int algorithm)
{
    (void)operations;
    (void)memory;
    (void)algorithm;
    return crypto_generichash(out, (size_t)out_len, (const unsigned char *)passphrase,
                              passphrase_len, salt, crypto_pwhash_SALTBYTES);
}
