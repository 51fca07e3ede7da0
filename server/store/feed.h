/*
 * Calendar feeds: which member may be shown the meetings of which council to whoever has an
 * address, of which the store keeps a hash alone (protocol/README.md section 15).
 *
 * Must not know what a calendar looks like. Invariant: a feed is found only while its member is in its council. Every
 * function that changes something is one transaction; errors are those of store.h.
 */
#ifndef COUNCIL_SERVER_STORE_FEED_H
#define COUNCIL_SERVER_STORE_FEED_H

#include "server/store/store.h"

#define STORE_FEED_TITLE_MAX 64 /* bytes, without the NUL */

struct store_feed {
    uint8_t hash[STORE_ID_BYTES]; /* of the secret in its address */
    uint8_t log[STORE_ID_BYTES], member[STORE_ID_BYTES];
    uint64_t created_ms;
    char title[STORE_FEED_TITLE_MAX + 1];
};

/*
 * Keeps a feed. The same one again gets the new title. NOT_FOUND: the log is no council that the member is in now; EXISTS: the hash is another
 * feed's; REFUSED: the member has `max` already.
 */
STORE_MUST_USE enum store_status store_feed_put(struct store *store, const struct store_feed *feed,
                                                uint32_t max);

/* Drops a feed of the member's; the log and title of it in `feed` are not looked at. NOT_FOUND. */
STORE_MUST_USE enum store_status store_feed_drop(struct store *store,
                                                 const struct store_feed *feed);

/* The member's feeds, the oldest first, at most `max`. */
STORE_MUST_USE enum store_status store_feeds(struct store *store,
                                             const uint8_t member[STORE_ID_BYTES],
                                             struct store_feed *out, uint32_t max, uint32_t *n);

/* The feed of that hash and its council as it is now. NOT_FOUND: there is none, or its member has left; both are looked up in the same way. */
STORE_MUST_USE enum store_status store_feed_find(struct store *store,
                                                 const uint8_t hash[STORE_ID_BYTES],
                                                 struct store_feed *out,
                                                 struct store_log_info *info);

#endif
