/*
 * rows.h - logs and entries as they lie in a home.
 *
 * Owns how a log's place in the tables is computed and read back. Must not know what an entry means, nor any key. Everything read is copied, so that
 * no lock is held while somebody thinks about it.
 */
#ifndef COUNCIL_CLIENT_LIB_ROWS_H
#define COUNCIL_CLIENT_LIB_ROWS_H

#include "client/lib/home.h"
#include "client/sync/replica.h"

enum {
    ROWS_SLICE = 256,                   /* entries read at once */
    ROWS_SLICE_BYTES = 4 * 1024 * 1024, /* of their text and data, as soon as it is reached */
    ROWS_MEMBER = 1,                    /* log.type */
    ROWS_COUNCIL = 2,
    ROWS_JOURNAL = 3
};

struct row_log {
    uint8_t log[COUNCIL_KEY_BYTES];
    uint64_t id;
    uint32_t type;
    uint64_t seq; /* of the last stored entry */
    uint8_t head[COUNCIL_HASH_BYTES];
    enum council_error stopped;
    uint64_t stopped_seq;
};

struct row_entry {
    uint64_t seq, received;
    uint8_t head[COUNCIL_HASH_BYTES], sig[COUNCIL_SIG_BYTES];
    bool erased, folds; /* folds: for writing alone */
    char *text;         /* owned by the slice; NUL-terminated */
    uint32_t len;
    uint8_t *data; /* owned by the slice; NULL: none or forgotten */
    uint32_t data_len;
};

struct row_slice {
    struct row_entry entries[ROWS_SLICE];
    uint32_t count;
};

/* The row of a log; `*found` false where there is none. */
COUNCIL_MUST_USE enum council_error
rows_log(struct home *home, const uint8_t log[COUNCIL_KEY_BYTES], struct row_log *out, bool *found);
/* All of them, in order of their making; owned by the caller (free). */
COUNCIL_MUST_USE enum council_error rows_logs(struct home *home, struct row_log **out,
                                              uint32_t *count);

/* Within a transaction: a new empty log; an entry after the last one; the end of the log after some. */
COUNCIL_MUST_USE enum council_error rows_log_make(struct home *home,
                                                  const uint8_t log[COUNCIL_KEY_BYTES],
                                                  uint32_t type, struct row_log *out);
COUNCIL_MUST_USE enum council_error rows_put(struct home *home, struct row_log *log,
                                             const struct row_entry *entry);
COUNCIL_MUST_USE enum council_error rows_log_move(struct home *home, const struct row_log *log);
/* Within a transaction: an erase named this entry. `keep` leaves its data. */
COUNCIL_MUST_USE enum council_error rows_erase(struct home *home, const struct row_log *log,
                                               uint64_t seq, bool keep);

/* The head stored at `seq`: HOME_DAMAGED where there is none. */
COUNCIL_MUST_USE enum council_error rows_head(struct home *home, const struct row_log *log,
                                              uint64_t seq, uint8_t head[COUNCIL_HASH_BYTES]);
/* The text at `seq`, owned, and whether it was erased. NO_ENTRY. */
COUNCIL_MUST_USE enum council_error rows_text(struct home *home, const struct row_log *log,
                                              uint64_t seq, char **text, uint32_t *len,
                                              bool *erased);

/* The next entries after `after`, up to the log's end as `log` says; `which` is HOME_ENTRY_AFTER, _TEXTS or _FOLDS. rows_slice_fini also after an error. */
COUNCIL_MUST_USE enum council_error rows_slice(struct home *home, enum home_statement which,
                                               const struct row_log *log, uint64_t after,
                                               uint64_t upto, struct row_slice *out);
void rows_slice_fini(struct row_slice *slice);

/* Loads what sync keeps of a log in memory. HOME_DAMAGED, NO_MEMORY; on error nothing is to be freed. */
COUNCIL_MUST_USE enum council_error rows_replica(struct home *home, const struct row_log *log,
                                                 struct sync_replica *out);

#endif
