/*
 * unverified.c - the negative control of a client that checks: the same program, but signatures and heads are taken as they come.
 *
 * Never part of a product: it takes the place of two checks of the protocol's library when the test program `council-unverified` is linked
 * (CMakeLists.txt). The rows of tests/integration/malicious.py that rest on these checks must fail with it.
 */
#include "protocol/log.h"

#include <string.h>

enum council_error __wrap_council_entry_verify(const struct council_entry *entry,
                                               const uint8_t sig[COUNCIL_SIG_BYTES]);
enum council_error __wrap_council_tail_check(const struct council_tail *tail,
                                             const struct council_entry *entry);
bool __wrap_council_tail_head(const struct council_tail *tail, uint64_t seq,
                              uint8_t out[COUNCIL_HASH_BYTES]);

/* Whoever signed it. */
enum council_error __wrap_council_entry_verify(const struct council_entry *entry,
                                               const uint8_t sig[COUNCIL_SIG_BYTES])
{
    (void)entry;
    (void)sig;
    return COUNCIL_OK;
}

/* Wherever its author thought it to be. */
enum council_error __wrap_council_tail_check(const struct council_tail *tail,
                                             const struct council_entry *entry)
{
    (void)tail;
    (void)entry;
    return COUNCIL_OK;
}

/* Whatever was held before. */
bool __wrap_council_tail_head(const struct council_tail *tail, uint64_t seq,
                              uint8_t out[COUNCIL_HASH_BYTES])
{
    (void)tail;
    (void)seq;
    memset(out, 0, COUNCIL_HASH_BYTES);
    return false;
}
