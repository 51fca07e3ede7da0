/*
 * memo.h - the names that the linker's --wrap gives to libsodium's signature check. See memo.c.
 */
#ifndef COUNCIL_TESTS_SIM_MEMO_H
#define COUNCIL_TESTS_SIM_MEMO_H

#include <stdbool.h>
#include <stdint.h>

int __wrap_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk);
int __real_crypto_sign_verify_detached(const unsigned char *sig, const unsigned char *m,
                                       unsigned long long mlen, const unsigned char *pk);

#endif
