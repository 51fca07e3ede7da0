/*
 * feed.h - calendar feeds in the core: those who ask for one over HTTP, and the calendars that were written lately.
 *
 * Owns the shapes that feed.c, feed_fetch.c and feed_cache.c share. Rules: protocol/README.md section 15. Invariant: a calendar in the cache is what the
 * council's entries up to its `seq` give; whoever is told of it was found to have its address and its member to be in the council just before.
 */
#ifndef COUNCIL_SERVER_CORE_FEED_H
#define COUNCIL_SERVER_CORE_FEED_H

#include "protocol/schedule/ics.h"
#include "server/core/state.h"

enum {
    CORE_FETCHES_MAX = 64,     /* requests without an answer */
    CORE_FEED_WRONG_COST = 20, /* tokens of a request that finds nothing; one that does costs 1 */
    CORE_CALENDARS_MAX = 512,  /* in the cache */
    CORE_CALENDAR_KEEP_MS =
        3600000, /* written anew after that: the rules of a zone may have changed */
    CORE_FEEDS_LISTED_MAX = 64
};
#define CORE_CALENDARS_BYTES (16u * 1024 * 1024)

/* A calendar in the cache. */
struct core_cached {
    struct core_cached *prev, *next; /* most lately used last */
    struct store_feed feed;
    uint64_t seq;        /* of the log: entries up to it are in */
    uint64_t written_ms; /* monotonic */
    uint64_t bytes;
    struct schedule_calendar calendar;
    struct core_calendar *text; /* a reference */
};

struct core_cached *core_cache_find(struct core *core, const uint8_t hash[COUNCIL_HASH_BYTES]);
/* Keeps a calendar in place of an earlier one; takes `calendar`, which is empty afterwards. Without memory it is not kept. */
void core_cache_put(struct core *core, const struct store_feed *feed, uint64_t seq,
                    struct schedule_calendar *calendar, struct core_calendar *text);
void core_cache_drop(struct core *core, const uint8_t hash[COUNCIL_HASH_BYTES]);
void core_cache_fini(struct core *core);

#endif
