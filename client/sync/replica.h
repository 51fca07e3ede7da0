/*
 * replica.h - one log as a client holds it in memory, and how it comes back from rows of a home.
 *
 * Owns the folded state (protocol/log.h) and the note of which epochs each key was ever given, which the fold does not keep.
 * Must not know where rows lie. Invariant: what was loaded was verified before it was stored, so loading checks form and heads
 * alone; what is appended is checked in full.
 */
#ifndef COUNCIL_CLIENT_SYNC_REPLICA_H
#define COUNCIL_CLIENT_SYNC_REPLICA_H

#include "protocol/log.h"

enum {
    SYNC_GRANT_KEYS_MAX = 1024, /* keys of one log whose epochs are remembered */
    SYNC_GRANT_RANGES_MAX = 64  /* ranges of epochs of one key; more are not remembered */
};

/* Epochs from..to, both included. */
struct sync_range {
    uint64_t from, to;
};

/* The epochs whose seeds were boxed to one signing key, by key blocks and by key.history: ascending, apart. */
struct sync_grant {
    uint8_t key[COUNCIL_KEY_BYTES];
    struct sync_range *ranges; /* owned */
    uint32_t count;
};

struct sync_replica {
    uint8_t log[COUNCIL_KEY_BYTES];
    struct council_log state;
    struct sync_grant *grants; /* owned */
    uint32_t grant_count;
    uint64_t tail_after; /* while loading: entries after it go into the tail */
    uint8_t tail_head[COUNCIL_HASH_BYTES];
    uint64_t control;
    bool tail_started;
};

/* An empty replica of the log named `log` (known before its first entry exists). */
void sync_replica_init(struct sync_replica *replica, const uint8_t log[COUNCIL_KEY_BYTES]);
void sync_replica_fini(struct sync_replica *replica);

/*
 * Loading from rows. The shell gives, ascending by seq: every entry whose kind folds (COUNCIL_FLAG_FOLDS), and every entry after `after`, of whatever
 * kind, where `after` = max(0, end - 257) and `head` is the head at `after` (zeros for 0). A member log: every entry (`after` 0, or the same rule).
 *   begin, load ..., finish
 * Errors: those of council_entry_parse (the home is damaged), HOME_DAMAGED where rows are missing or do not chain, NO_MEMORY. After an error: fini.
 */
void sync_replica_begin(struct sync_replica *replica, uint64_t after,
                        const uint8_t head[COUNCIL_HASH_BYTES]);
COUNCIL_MUST_USE enum council_error sync_replica_load(struct sync_replica *replica, uint64_t seq,
                                                      const uint8_t head[COUNCIL_HASH_BYTES],
                                                      const char *text, uint32_t len,
                                                      const uint8_t sig[COUNCIL_SIG_BYTES]);
/* `seq` and `head` are the last stored entry's (0 and zeros: an empty log). */
COUNCIL_MUST_USE enum council_error sync_replica_finish(struct sync_replica *replica, uint64_t seq,
                                                        const uint8_t head[COUNCIL_HASH_BYTES]);

/*
 * Checks `entry` as the next one (council_log_append) and takes it. On error the replica is as before. `verified`: the signature was
 * checked already.
 */
COUNCIL_MUST_USE enum council_error
sync_replica_append(struct sync_replica *replica, const struct council_entry *entry,
                    const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data, uint32_t data_len,
                    const struct council_fact *facts, bool verified);

/* Moves the content; `from` is empty afterwards (fini is then harmless). */
void sync_replica_move(struct sync_replica *to, struct sync_replica *from);

#endif
