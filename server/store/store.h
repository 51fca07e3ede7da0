/*
 * The store: every log, whole and in order, on one disk; and the few indexes that must change with
 * them.
 *
 * The interface speaks of logs, entries, members and codes, so that another store can stand behind
 * it. It judges nothing but continuity: a row must be the next one of its log (compare-and-swap on
 * the tail). What an entry means is the core's. Not thread-safe: one thread at a time uses a store,
 * and all calls block. Invariant: when store_append has returned STORE_OK, the batch is on disk;
 * when it returned anything but STORE_IO, nothing of it is.
 */
#ifndef COUNCIL_SERVER_STORE_H
#define COUNCIL_SERVER_STORE_H

#include "server/store/store_types.h"

#define STORE_MUST_USE __attribute__((warn_unused_result))

struct store;

#include "server/store/mail.h"

enum store_open_flag {
    STORE_OPEN_READ_ONLY = 1 << 0, /* for verify, export, stats; still wants it to itself */
    STORE_OPEN_CREATE = 1 << 1,    /* make it where there is none */
    STORE_OPEN_COPY =
        1 << 2, /* read only a file that nobody writes (backup.h): no lock, no companions */
};

/*
 * Opens the store kept in the file `path` (and its companions path-*), takes it for this process
 * alone and brings its schema up to date. Reading what a killed process left behind takes a bounded
 * time, however large the store is. *out is owned by the caller: store_close. On failure *out is
 * NULL. STORE_NOT_FOUND (no file, or one in which nothing was ever made, and no STORE_OPEN_CREATE), BUSY,
 * NEWER, OLDER, CORRUPT, FULL, IO, NOMEM.
 */
STORE_MUST_USE enum store_status store_open(const char *path, unsigned flags, struct store **out);

/* Writes out what is waiting, closes and frees. NULL is fine. STORE_IO or STORE_FULL: closed all
 * the same, and what was acknowledged is safe; only the tidying up is left to the next open. */
enum store_status store_close(struct store *store);

/* What a status is called ("full", "conflict"): for logs. */
const char *store_status_name(enum store_status status);

/* One line on the last failure, for the log: what was done and the engine's own words; no payload.
 * Borrowed, valid until the next call. Empty when nothing failed yet. */
const char *store_detail(const struct store *store);

/*
 * Appends the rows and applies the changes, as one transaction that is on disk on return. Changes
 * of a row are applied just before that row, in the order given, so a new log's STORE_CHANGE_LOG
 * comes with its row 1. On failure *failed (may be NULL) is the index of the row that could not be
 * taken (the caller may drop what belongs to it and try the rest again); n_rows where the failure
 * is not about one row. Of one row:
 *   CONFLICT   seq is not the log's last + 1
 *   NOT_FOUND  its log is unknown
 *   EXISTS     its new log is there already, or its recovery key leads to another member
 *   REFUSED    its registration code
 *   INVALID    a shape, an erase of an entry that is not there yet, data on an entry not sealed
 * Of all: INVALID (a ceiling of the batch), FULL, NOMEM; IO: the process must exit.
 */
STORE_MUST_USE enum store_status store_append(struct store *store, const struct store_batch *batch,
                                              uint32_t *failed);

/* What is known of a log. NOT_FOUND. */
STORE_MUST_USE enum store_status
store_log_info(struct store *store, const uint8_t log[STORE_ID_BYTES], struct store_log_info *out);

/*
 * Logs in the order in which they came. *cursor is 0 at first and moves on; *n is how many were
 * given, fewer than max only at the end.
 */
STORE_MUST_USE enum store_status store_logs(struct store *store, uint64_t *cursor,
                                            struct store_log_info *out, uint32_t max, uint32_t *n);

/*
 * Reads on in a log, in order of seq. The caller goes on from the last entry's seq while `more` is
 * set. To load a log: first its folds (STORE_READ_FOLDS), then its last entries (after_seq = tail -
 * 257). *out is overwritten and owned by the caller: store_slice_fini; empty on failure. NOT_FOUND
 * (the log), NOMEM, CORRUPT, IO.
 */
STORE_MUST_USE enum store_status store_read(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                            const struct store_reading *reading,
                                            struct store_slice *out);

/*
 * Reads the entries named in seqs[n] (ascending, at most STORE_READ_ENTRIES_MAX), without data:
 * their text and flags, what the core needs to judge a reference. Those that are not there are left
 * out. Ownership and errors as store_read; INVALID.
 */
STORE_MUST_USE enum store_status store_read_at(struct store *store,
                                               const uint8_t log[STORE_ID_BYTES],
                                               const uint64_t *seqs, uint32_t n,
                                               struct store_slice *out);

/* Frees what a slice holds and empties it. Any thread; an empty one is fine. */
void store_slice_fini(struct store_slice *slice);

/* A member's standing in a log, current or former. NOT_FOUND: they never were in it, or there is no
 * such log. */
STORE_MUST_USE enum store_status store_membership(struct store *store,
                                                  const uint8_t log[STORE_ID_BYTES],
                                                  const uint8_t member[STORE_ID_BYTES],
                                                  struct store_membership *out);

/* The logs a member is or was in (not their own member log). Cursor as in store_logs. */
STORE_MUST_USE enum store_status
store_logs_of_member(struct store *store, const uint8_t member[STORE_ID_BYTES], uint64_t *cursor,
                     struct store_membership *out, uint32_t max, uint32_t *n);

/* The member that a recovery signing key leads to. NOT_FOUND. */
STORE_MUST_USE enum store_status store_member_by_recovery(struct store *store,
                                                          const uint8_t key[STORE_ID_BYTES],
                                                          uint8_t member[STORE_ID_BYTES]);

/* Registration codes, by hash. create: `used` is ignored; EXISTS, INVALID (no uses). revoke:
 * NOT_FOUND. list: cursor as in store_logs; whether one is still good is the caller's to see. */
STORE_MUST_USE enum store_status store_code_create(struct store *store,
                                                   const struct store_code *code);
STORE_MUST_USE enum store_status store_code_revoke(struct store *store,
                                                   const uint8_t hash[STORE_ID_BYTES]);
STORE_MUST_USE enum store_status store_codes(struct store *store, uint64_t *cursor,
                                             struct store_code *out, uint32_t max, uint32_t *n);

/* The server's own small settings: a value of up to STORE_VALUE_MAX bytes under a name. get: *len
 * is the capacity of value in and its length out; NOT_FOUND, INVALID (does not fit). set replaces.
 * No secrets here. */
STORE_MUST_USE enum store_status store_setting_get(struct store *store, const char *name,
                                                   void *value, uint32_t *len);
STORE_MUST_USE enum store_status store_setting_set(struct store *store, const char *name,
                                                   const void *value, uint32_t len);
/* The setting whose name comes next after `name`, in order of their bytes; its name in place of `name`, the rest as
 * get. NOT_FOUND: it was the last. */
STORE_MUST_USE enum store_status
store_setting_next(struct store *store, char name[STORE_KEY_MAX + 1], void *value, uint32_t *len);
/* OK also where there is none. */
STORE_MUST_USE enum store_status store_setting_drop(struct store *store, const char *name);

/*
 * Logs whose members bring back what the store lacks. A log waits from store_recovering_all on, or
 * from a STORE_CHANGE_RECOVERING, until each of its members now (of a member log: its creator) has
 * spoken, or the waiting was ended: then it is open, until a STORE_CHANGE_RECOVERED.
 */

/* Every log waits for its members from now on, and the pool is empty: after a restore, before anybody is served. One
 * transaction. */
STORE_MUST_USE enum store_status store_recovering_all(struct store *store);

/* Notes down what was said, all in one transaction, and fills in what came of each: a log that does
 * not wait, or that there is not, takes no notice. FULL, NOMEM, IO as store_append. */
STORE_MUST_USE enum store_status store_mark(struct store *store, struct store_mark *marks,
                                            uint32_t n);

/* Ends the waiting of one log, or with NULL of all. *n (may be NULL) is how many waited. */
STORE_MUST_USE enum store_status
store_recovering_end(struct store *store, const uint8_t log[STORE_ID_BYTES], uint64_t *n);

/* The logs that wait, in the order in which they came (cursor as in store_logs); how many there
 * are, and how many of them were put back with a backup and not brought by a member since; and how
 * many members of one have not spoken (0: it does not wait). */
STORE_MUST_USE enum store_status store_recovering_logs(struct store *store, uint64_t *cursor,
                                                       struct store_log_info *out, uint32_t max,
                                                       uint32_t *n);
STORE_MUST_USE enum store_status store_recovering_count(struct store *store, uint64_t *n,
                                                        uint64_t *restored);
STORE_MUST_USE enum store_status store_waiting(struct store *store,
                                               const uint8_t log[STORE_ID_BYTES], uint64_t *n);

/* How many logs a member has brought. */
STORE_MUST_USE enum store_status
store_offered_count(struct store *store, const uint8_t member[STORE_ID_BYTES], uint64_t *n);

STORE_MUST_USE enum store_status store_stats(struct store *store, struct store_stats *out);
/* A part of the way of store_stats, a few milliseconds at most: for a thread that must not be held up by a large store. *more: there is
 * more of it. */
#define STORE_STATS_LOGS 4096u
STORE_MUST_USE enum store_status store_stats_some(struct store *store, bool *more);

/*
 * A little housekeeping, to be called between batches: no step is begun once budget_ms have passed.
 * *more (may be NULL): something is still due. store_append does by itself what cannot wait, so
 * leaving this out costs time, not safety. FULL: put off, harmless. IO: the process must exit.
 */
STORE_MUST_USE enum store_status store_maintain(struct store *store, uint32_t budget_ms,
                                                bool *more);

/* All of the housekeeping at once. After it, erased data is in none of the store's files. Same
 * errors. */
STORE_MUST_USE enum store_status store_settle(struct store *store);

#endif
