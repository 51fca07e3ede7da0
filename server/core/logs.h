/*
 * logs.h - the logs that the core knows: their durable end, and, while somebody needs it, their folded state.
 *
 * Owns which folds are in memory and for how long. Must not know what an entry does. Two parts: the log itself, small, kept while
 * anything points to it; and its fold, loaded when asked for, kept while the log is pinned and after that as long as the
 * cache has room. Invariants: seq and head are durable; fold->tail may run ahead of them by what is in flight, member and
 * council never do.
 */
#ifndef COUNCIL_SERVER_CORE_LOGS_H
#define COUNCIL_SERVER_CORE_LOGS_H

#include "server/core/state.h"

struct core_fold {
    enum store_log_kind kind; /* 0 while the log has no entry */
    struct council_tail tail;
    struct council_member member;
    struct council council;
};

enum core_load_state {
    CORE_LOG_COLD,    /* not in memory */
    CORE_LOG_LOADING, /* being read and folded */
    CORE_LOG_RESIDENT
};

struct core_queue {
    struct core_call *first, *last;
};

struct core_log {
    uint8_t key[COUNCIL_KEY_BYTES];
    struct core_log *hash_next;
    struct core_log *idle_prev, *idle_next;
    bool idle; /* in the list of those that may be evicted */
    uint32_t pins;

    bool known; /* what follows is; set by a load, an access or a commit */
    enum store_log_kind kind;
    uint64_t seq, bytes; /* durable */
    enum store_recovery recovery;
    bool brought; /* while it waits: by a member, not put back with a backup */
    uint8_t head[COUNCIL_HASH_BYTES];

    enum core_load_state state;
    struct core_fold *fold;
    uint64_t fold_bytes;       /* as counted in core.cache_bytes while idle */
    struct core_queue waiting; /* calls that resume when it is loaded */

    struct core_queue arrived; /* checked entries in their order */
    struct core_queue flight;  /* entries that are with the storage thread */
    uint64_t bytes_ahead;      /* of those in flight */
    bool barrier;              /* the first one arrived is being judged, or flies alone */
    bool failed; /* a batch failed: what it left of the fold is dropped when nothing flies */

    struct core_call *offering; /* the offer that is being judged: one at a time */
    struct core_queue offers;   /* those behind it */

    struct core_follow *follows;
};

/* ---- logs.c ---- */

struct core_log *core_log_find(const struct core *core, const uint8_t key[COUNCIL_KEY_BYTES]);
/* Finds or makes, and pins. NULL: out of memory. */
struct core_log *core_log_pin(struct core *core, const uint8_t key[COUNCIL_KEY_BYTES]);
/* One pin more, also for a log that had none. */
void core_log_hold(struct core *core, struct core_log *log);
/* The log may be gone afterwards. */
void core_log_unpin(struct core *core, struct core_log *log);
/* Frees the log if nothing points to it. */
void core_log_settle(struct core *core, struct core_log *log);
/* Takes the fold away: it must be loaded anew. */
void core_log_drop_fold(struct core *core, struct core_log *log);
/* Evicts until the cache is within its limit. */
void core_logs_trim(struct core *core);
void core_logs_fini(struct core *core);
/* The log's durable end, as the store has just told. */
void core_log_learn(struct core_log *log, const struct store_log_info *info);

struct core_fold *core_fold_create(void);
void core_fold_destroy(struct core_fold *fold);

void core_queue_push(struct core_queue *queue, struct core_call *call);
struct core_call *core_queue_pop(struct core_queue *queue);

/* ---- load.c ---- */

/*
 * Pins the log for the call (unless it has it pinned already) and calls `resume` when its fold is in memory: at once, or in
 * a later turn. A log that the store does not have gets an empty fold. If it cannot be read the call fails.
 */
void core_log_require(struct core *core, struct core_call *call,
                      const uint8_t key[COUNCIL_KEY_BYTES], core_call_fn *resume);
/* Starts loading it unless that is done or under way. */
void core_log_load(struct core *core, struct core_log *log);

#endif
