/*
 * tail.h - the end of a log: its seq, its head, and the last 257 entries as far as the next one needs them.
 *
 * Owns the rules of position (README.md section 3.5): log, seen, heads, ids, compare-and-swap of control entries. Knows no
 * member, key or permission, so a server can keep it ahead of what is durable while the fold stays behind.
 * Invariant: at most COUNCIL_TAIL_WINDOW + 1 positions are kept.
 */
#ifndef COUNCIL_PROTOCOL_TAIL_H
#define COUNCIL_PROTOCOL_TAIL_H

#include "protocol/entry.h"

enum {
    COUNCIL_TAIL_WINDOW = 256
};

struct council_tail_mark; /* one kept position */

struct council_tail {
    uint8_t log[COUNCIL_KEY_BYTES]; /* zeros while empty */
    uint64_t seq;                   /* of the last entry; 0 while empty */
    uint8_t head[COUNCIL_HASH_BYTES];
    uint64_t control;                /* seq of the last control entry */
    struct council_tail_mark *marks; /* owned ring, grows to COUNCIL_TAIL_WINDOW + 1 */
    uint32_t first, count, size;
};

void council_tail_init(struct council_tail *tail);
void council_tail_fini(struct council_tail *tail);

/* A copy that owns its ring. NO_MEMORY leaves `out` empty. */
COUNCIL_MUST_USE enum council_error council_tail_copy(struct council_tail *out,
                                                      const struct council_tail *tail);

/*
 * Starts a tail in the middle of a log, before its last entries are given to council_tail_push: `seq` and `head` are those of the
 * entry before the first one pushed (0 and zeros for a whole log), `control` the last control entry at or before `seq`.
 * To check new entries the last 257 (or all) must then be pushed.
 */
void council_tail_start(struct council_tail *tail, const uint8_t log[COUNCIL_KEY_BYTES],
                        uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES], uint64_t control);

/*
 * Stage two, position, in the order of section 3.5: GENESIS_EXPECTED, GENESIS_AGAIN, WRONG_LOG, BAD_SEEN, WRONG_HEAD,
 * ID_REPEATED, STALE.
 */
COUNCIL_MUST_USE enum council_error council_tail_check(const struct council_tail *tail,
                                                       const struct council_entry *entry);

/*
 * A retry: an entry after `seen` from the same device with the same id and the same text and signature. Returns its seq, or 0.
 * The server asks this before council_tail_check, so `stale` proves that the entry is not in the log.
 */
uint64_t council_tail_retry(const struct council_tail *tail, const struct council_entry *entry,
                            const uint8_t sig[COUNCIL_SIG_BYTES]);

/* Appends: computes the new head and remembers the position. NO_MEMORY leaves the tail as it was. */
COUNCIL_MUST_USE enum council_error council_tail_push(struct council_tail *tail,
                                                      const struct council_entry *entry,
                                                      const uint8_t sig[COUNCIL_SIG_BYTES]);

/* The head at `seq`, if it is within the window: true and `out` written. */
COUNCIL_MUST_USE bool council_tail_head(const struct council_tail *tail, uint64_t seq,
                                        uint8_t out[COUNCIL_HASH_BYTES]);

/* Bytes of memory it holds. */
uint32_t council_tail_memory(const struct council_tail *tail);

#endif
