/*
 * keyring_limits.c - what opening a home costs: libsodium's interactive Argon2id limits.
 *
 * Alone in its file so that a test program can be linked with a cheaper definition; no flag or variable of the product changes it.
 */
#include "client/lib/keyring.h"

#include <sodium.h>

const struct keyring_limits keyring_limits = {
    .operations = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE,
    .memory = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE,
};
