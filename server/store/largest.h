/*
 * largest.h - which logs are the largest.
 *
 * Owns one walk over all logs, in parts. Must not know who asks. Invariant: each part is bounded, whatever the store holds, and what is found is bounded
 * by LARGEST_MAX. Logs that grow during the walk may be told as they were when they were passed.
 */
#ifndef COUNCIL_SERVER_STORE_LARGEST_H
#define COUNCIL_SERVER_STORE_LARGEST_H

#include "server/store/store.h"

enum {
    STORE_LARGEST_MAX = 100,
    STORE_LARGEST_LOGS = 2048 /* looked at in one part */
};

struct store_log_size {
    int64_t id; /* the store's own */
    uint8_t log[STORE_ID_BYTES];
    enum store_log_kind kind;
    uint64_t created_ms, seq;
    uint64_t bytes; /* text and data ever taken in, as store_log_info has them */
};

struct store_largest {
    uint32_t max; /* in: how many are wanted, 1 to STORE_LARGEST_MAX; the rest is zero at first */
    uint32_t n;
    struct store_log_size
        logs[STORE_LARGEST_MAX]; /* the largest first, of the same size the older */
    int64_t after;
    bool begun;
};

/* A part of the walk, a few milliseconds at most; *more: there is more of it. NOMEM, IO, CORRUPT as a reading. */
STORE_MUST_USE enum store_status store_largest_some(struct store *store,
                                                    struct store_largest *largest, bool *more);

#endif
