/*
 * feed.h - the addresses of calendar feeds.
 *
 * Owns README.md section 15: what is in an address, what of it a server keeps, and what a feed's events are called. Knows no calendar.
 */
#ifndef COUNCIL_PROTOCOL_FEED_H
#define COUNCIL_PROTOCOL_FEED_H

#include "protocol/bytes.h"

#define COUNCIL_FEED_PATH   "/calendar/"
#define COUNCIL_FEED_SUFFIX ".ics"

enum {
    COUNCIL_FEED_UID_BYTES = 16,
    COUNCIL_FEED_PATH_CHARS =
        sizeof(COUNCIL_FEED_PATH) - 1 + COUNCIL_KEY_CHARS + sizeof(COUNCIL_FEED_SUFFIX) - 1
};

/* What the server keeps of a feed's secret: H(P("council/v1/feed", secret)). */
void council_feed_hash(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t secret[COUNCIL_SEED_BYTES]);

/* What the events of a calendar are called, so that two members' calendars of one council have no name in common: the start of H(P("council/v1/calendar", whose, log)). `whose` is a
 * feed's hash, or for a file of a member's own their name. */
void council_feed_uid(uint8_t out[COUNCIL_FEED_UID_BYTES], const uint8_t whose[COUNCIL_KEY_BYTES],
                      const uint8_t log[COUNCIL_KEY_BYTES]);

/* The path of a feed's address, with a final NUL; and back. False: not such a path. Both in a time that does not depend on the secret. */
void council_feed_path(char out[COUNCIL_FEED_PATH_CHARS + 1],
                       const uint8_t secret[COUNCIL_SEED_BYTES]);
COUNCIL_MUST_USE bool council_feed_path_read(uint8_t secret[COUNCIL_SEED_BYTES], const char *path,
                                             uint32_t len);

#endif
