/*
 * sync_peek.h - what tests look at in a sync that no shell asks for.
 */
#ifndef COUNCIL_TESTS_SYNC_PEEK_H
#define COUNCIL_TESTS_SYNC_PEEK_H

#include "client/sync/internal.h"

static inline bool sync_holds_item(const struct sync *sync, uint64_t item)
{
    return sync_item_find(sync, item) != NULL;
}

/* True if `key` was ever given the seed of `epoch`. */
static inline bool sync_given(const struct sync_replica *replica,
                              const uint8_t key[COUNCIL_KEY_BYTES], uint64_t epoch)
{
    return sync_grant_has(sync_grant_find(replica, key), epoch);
}

#endif
