/*
 * The store's inside: the one connection, its statements, and what a transaction does to memory.
 *
 * Shared by the files of this folder alone. Invariant: outside of store_begin ... store_end no
 * transaction is open, and the tails in memory say what is committed.
 */
#ifndef COUNCIL_SERVER_STORE_ENGINE_H
#define COUNCIL_SERVER_STORE_ENGINE_H

#include "server/store/store.h"
#include "server/store/tails.h"

#include <sqlite3.h>

enum {
    STORE_TAILS_MAX = 65536,       /* logs whose tail is in memory */
    STORE_FLUSH_ROWS = 16384,      /* so many rows after the last time, tails are written out, */
    STORE_FLUSH_ROWS_MUST = 32768, /* and an append waits for it here: a start reads no more */
    STORE_PAGE_BYTES = 8192,       /* of a new file */
    /*
     * Housekeeping copies the journal into the file once this much was appended. What a checkpoint takes is not the journal's length but the pages that
     * changed: many small commits write the same page again and again. Where the journal itself gets long, it is copied too.
     */
    STORE_CHECKPOINT_BYTES = 1048576,
    STORE_CHECKPOINT_FRAMES = 2048,                           /* 16 MiB of journal */
    STORE_CHECKPOINT_MUST = 3072,                             /* and here an append waits for it, */
    STORE_CHECKPOINT_BYTES_MUST = 2 * STORE_CHECKPOINT_BYTES, /* or here */
    STORE_CACHE_KIB = 4096,       /* pages in memory; the system keeps more of them */
    STORE_JOURNAL_MAX = 16777216, /* the journal file is cut back to this when it is reused */
    STORE_BLOCK = 64,             /* entries of an extent */
    STORE_DETAIL_MAX = 200,
    STORE_CAME_BARE = 2, /* entry.sealed where the data never came; else 0 or 1 */
};

_Static_assert(STORE_FLUSH_ROWS_MUST + (int)STORE_BATCH_ROWS_MAX < STORE_TAILS_MAX,
               "dirty tails cannot be forgotten: they must always fit");

#define STATEMENT(name, text) STMT_##name,
enum store_stmt {
#include "server/store/statements.def"
    STMT_COUNT
};
#undef STATEMENT

/* How a tail was before the open batch touched it. */
struct store_undo {
    struct tail *tail;
    struct tail before; /* seq 0: the log is new */
};

/* timing.c: the journal's functions, with a clock around one of them. */
struct store_timing {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *original; /* NULL: nothing is timed */
    void (*tell)(void *ctx, uint64_t us);
    void *ctx;
};

struct store {
    sqlite3 *db;
    struct store_timing timing;
    sqlite3_stmt *stmts[STMT_COUNT];
    struct tails *tails;
    int64_t last_row;
    int64_t watermark;   /* rows up to this one are in the stored tails */
    int64_t counted_log; /* logs up to this one are in counted */
    struct store_stats counted;
    uint64_t batch;         /* number of the open or last batch */
    int journal_frames;     /* since the journal was last begun anew */
    uint64_t journal_bytes; /* of entries, since then */
    bool read_only;
    bool broken;        /* an outcome is unknown: nothing is done any more */
    bool erase_pending; /* erased data may still stand in the journal */
    uint32_t n_undo;
    struct store_undo undo[STORE_BATCH_ROWS_MAX];
    char detail[STORE_DETAIL_MAX];
};

/* Prepares all statements; finalizes them. */
enum store_status store_prepare(struct store *store);
void store_finalize(struct store *store);

/* A status for an engine's result code, with a line for store_detail: what is a constant text. */
enum store_status store_fail(struct store *store, const char *what, int rc);

/* The statement, reset and ready to be bound. Borrowed. */
sqlite3_stmt *store_stmt(struct store *store, enum store_stmt id);

/* Steps: *row says whether there is a row; without one the statement is reset. store_run wants
 * none. store_reset ends a reading. */
enum store_status store_step(struct store *store, enum store_stmt id, bool *row);
enum store_status store_run(struct store *store, enum store_stmt id);
void store_reset(struct store *store, enum store_stmt id);

/* One transaction. store_end commits where status is OK and rolls back where it is not; answers
 * what came of it. */
enum store_status store_begin(struct store *store);
enum store_status store_end(struct store *store, enum store_status status);

/* Binding and reading columns; binding borrows until the statement is stepped. */
void store_bind_id(sqlite3_stmt *stmt, int at, const uint8_t id[STORE_ID_BYTES]);
void store_bind_uint(sqlite3_stmt *stmt, int at, uint64_t value);
uint64_t store_column_uint(sqlite3_stmt *stmt, int at);
bool store_column_id(sqlite3_stmt *stmt, int at, uint8_t id[STORE_ID_BYTES]); /* false: not an id */

/* logs.c: the tail of a log, from memory or disk (NOT_FOUND), and remembering how it was before the
 * open batch changes it. */
enum store_status store_tail_find(struct store *store, const uint8_t log[STORE_ID_BYTES],
                                  struct tail **out);
void store_tail_touch(struct store *store, struct tail *tail);
void store_tails_keep(struct store *store);   /* the batch is committed */
void store_tails_revert(struct store *store); /* the batch is not */
enum store_status store_tails_recover(struct store *store);
enum store_status store_tails_flush(struct store *store);

/* The logs that a statement lists by number and name: what stands behind store_logs. */
enum store_status store_logs_listed(struct store *store, enum store_stmt id, uint64_t *cursor,
                                    struct store_log_info *out, uint32_t max, uint32_t *n);

/* rows.c: where a log's entries stand. Fills rows[] with those of one block (entries 64*block+1
 * ...), as many as there are. */
enum store_status store_block_rows(struct store *store, const struct tail *tail, uint64_t block,
                                   int64_t rows[STORE_BLOCK], uint32_t *n);
/* The row of one entry; seq is between 1 and the tail's. */
enum store_status store_row_of(struct store *store, const struct tail *tail, uint64_t seq,
                               int64_t *row);
/* Notes down the block that the tail has just completed. */
enum store_status store_block_keep(struct store *store, const struct tail *tail);

/* changes.c: applies one change of a batch, just before its row. */
enum store_status store_change_apply(struct store *store, const struct store_row *row,
                                     const struct store_change *change);

/* recovering.c: a log's state, and whether a member brought it since the last restore, which only a log that is not recovered can be; a new state. */
enum store_status store_recovery_find(struct store *store, const struct tail *tail,
                                      enum store_recovery *out, bool *brought);
enum store_status store_recovery_set(struct store *store, const struct tail *tail,
                                     enum store_recovery state);

/* maintain.c: copies the journal into the file. */
enum store_status store_checkpoint(struct store *store, bool truncate);
/* Whether an append has to wait for one. */
bool store_checkpoint_must(const struct store *store);

#endif
