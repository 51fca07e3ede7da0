/*
 * feed.h - this member's calendar feeds: addresses that a calendar program subscribes to.
 *
 * Owns the calls of protocol/README.md section 15 and the secrets of the addresses, which lie sealed in the home that made them; the server has their hashes. Every call
 * is online and steps the client until its answer came.
 */
#ifndef COUNCIL_CLIENT_LIB_FEED_H
#define COUNCIL_CLIENT_LIB_FEED_H

#include "client/lib/client.h"
#include "protocol/feed.h"

enum {
    CLIENT_FEED_TITLE_MAX = 64, /* bytes */
    CLIENT_FEED_ADDRESS_MAX = COUNCIL_ORIGIN_MAX + COUNCIL_FEED_PATH_CHARS
};

struct client_feed {
    uint8_t feed[COUNCIL_HASH_BYTES]; /* what the server keeps of the secret: its name */
    uint8_t log[COUNCIL_KEY_BYTES];
    char title[CLIENT_FEED_TITLE_MAX + 1]; /* what each meeting is called in it */
    uint64_t created;                      /* unix ms, the server's clock */
    char address
        [CLIENT_FEED_ADDRESS_MAX +
         1]; /* "": another home made it. At a server behind a Unix socket: the path alone. A secret */
};

/* Opens a feed of a council; `title` NULL: the server's neutral word. NOT_FOUND, QUOTA; BAD_INPUT for a title that does not fit; those of client_sync. */
COUNCIL_MUST_USE enum council_error client_feed_create(struct client *client,
                                                       const uint8_t log[COUNCIL_KEY_BYTES],
                                                       const char *title, struct client_feed *out,
                                                       int timeout_ms);
/* All feeds of this member, owned by the caller: wiped and freed by client_feeds_free. */
COUNCIL_MUST_USE enum council_error client_feeds(struct client *client, struct client_feed **out,
                                                 uint32_t *count, int timeout_ms);
void client_feeds_free(struct client_feed *feeds, uint32_t count); /* NULL is fine */
/* Ends a feed: its address shows nothing any more. NOT_FOUND. */
COUNCIL_MUST_USE enum council_error
client_feed_revoke(struct client *client, const uint8_t feed[COUNCIL_HASH_BYTES], int timeout_ms);

#endif
