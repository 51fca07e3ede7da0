/*
 * The ends of logs, kept in memory: what a log's next entry must continue.
 *
 * A bounded map from a log's id to its tail. Knows nothing of files. A tail is clean (what is
 * stored says the same, so it may be forgotten) or dirty (moved on since it was last written out,
 * so it must be kept); the least recently used clean one makes room. Invariant: every tail is on
 * exactly one list (free, clean, dirty), and pointers to tails stay good until the tail is
 * forgotten, which find and mark never do.
 */
#ifndef COUNCIL_SERVER_STORE_TAILS_H
#define COUNCIL_SERVER_STORE_TAILS_H

#include <stdbool.h>
#include <stdint.h>

#define TAILS_NONE UINT32_MAX

enum tail_list {
    TAIL_FREE,
    TAIL_CLEAN,
    TAIL_DIRTY,
    TAIL_LISTS
};

struct tail {
    uint8_t log[32];
    uint8_t creator[32];
    uint8_t head[32];
    int64_t id; /* the log's short number */
    int64_t row;
    uint64_t seq;
    uint64_t bytes;
    uint64_t created_ms;
    uint64_t batch;      /* the batch that touched it last: the user's to set */
    uint32_t prev, next; /* neighbours on its list */
    uint32_t chain;      /* next with the same hash */
    uint8_t kind;
    uint8_t list; /* enum tail_list */
};

struct tails;

/* Room for `capacity` tails, about 220 bytes each, of which memory is taken as they come. NULL: out
 * of memory. */
struct tails *tails_create(uint32_t capacity);
void tails_destroy(struct tails *tails);

/* The tail of a log, or NULL where it is not in memory. Counts as a use. Borrowed. */
struct tail *tails_find(struct tails *tails, const uint8_t log[32]);

/* A tail for a log that is not in memory, clean and otherwise zero, in place of the least recently
 * used clean one where there is no room. NULL where all are dirty. Borrowed. */
struct tail *tails_add(struct tails *tails, const uint8_t log[32]);

/* Takes a tail out of the map. */
void tails_forget(struct tails *tails, struct tail *tail);

/* Moves a tail to the clean or the dirty list (where it already is: nothing happens). */
void tails_mark(struct tails *tails, struct tail *tail, enum tail_list list);

uint32_t tails_dirty_count(const struct tails *tails);

/* The dirty tails from the one that became dirty last: NULL first, then the previous answer. NULL
 * at the end. */
struct tail *tails_dirty_next(struct tails *tails, const struct tail *tail);

#endif
