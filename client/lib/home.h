/*
 * home.h - one folder with one SQLite file: opening it, its statements, its transactions, its errors.
 *
 * Owns how a home lies on disk and how several processes share it: rollback journal (TRUNCATE, never WAL), synchronous FULL, BEGIN
 * IMMEDIATE, a busy timeout. Must not know what any row means or how anything in it is sealed. Invariant: whatever fails leaves the file as
 * it was before the transaction.
 */
#ifndef COUNCIL_CLIENT_LIB_HOME_H
#define COUNCIL_CLIENT_LIB_HOME_H

#include <sqlite3.h>

#include "protocol/bytes.h"

enum {
    HOME_VERSION = 1,
    HOME_APPLICATION =
        0x436e636c, /* "Cncl", so that file(1) and we tell a home from any other database */
    HOME_BUSY_TIMEOUT_MS = 5000,
    HOME_PATH_MAX = 4096,
    HOME_DETAIL_MAX = 512,
    HOME_SEQ_BITS = 40 /* of entry.place */
};

enum home_statement {
#define HOME_STATEMENT(name, text) HOME_##name,
#include "client/lib/statements.def"
#undef HOME_STATEMENT
    HOME_STATEMENT_COUNT
};

struct home {
    sqlite3 *db;
    sqlite3_stmt *statements[HOME_STATEMENT_COUNT];
    char path[HOME_PATH_MAX]; /* of the folder, absolute, without a final slash */
    char detail[HOME_DETAIL_MAX];
    int version_seen; /* PRAGMA data_version at the last home_changed */
};

/*
 * Opens the home in the folder `path`. With `create` the folder (0700) and the file (0600) are made where they are missing. NO_HOME (nothing there), HOME_NEWER,
 * HOME_DAMAGED (no home, or unreadable), HOME_BUSY, HOME_FULL, HOME_IO. Ends with home_close also after an error.
 */
COUNCIL_MUST_USE enum council_error home_open(struct home *home, const char *path, bool create);
void home_close(struct home *home);

/* Writes the path of `name` in the home's folder. False if it does not fit. */
COUNCIL_MUST_USE bool home_path(const struct home *home, const char *name, char *out, size_t size);

/* Within this module and sql.c: prepares the table of statements; words for a result code. */
COUNCIL_MUST_USE enum council_error home_prepare_all(struct home *home);
enum council_error home_error(struct home *home, const char *what, int rc);

/* True if another process changed the file since the last call. */
bool home_changed(struct home *home);

/* A statement ready for binding; its earlier run is over. Blobs bound with the helpers must live until it ran. */
sqlite3_stmt *home_prepare(struct home *home, enum home_statement id);
/* One step: `*row` says whether there is a row. On error, and after the last row, the statement is reset. */
COUNCIL_MUST_USE enum council_error home_step(struct home *home, enum home_statement id, bool *row);
/* Runs a statement to its end. */
COUNCIL_MUST_USE enum council_error home_run(struct home *home, enum home_statement id);
/* The same for a statement that returns a row for what it changed: `*row` says whether there was one. */
COUNCIL_MUST_USE enum council_error home_run_row(struct home *home, enum home_statement id,
                                                 bool *row);
void home_reset(struct home *home, enum home_statement id);

/* A write transaction. home_end commits where `error` is OK, else rolls back; returns `error`, or what the commit said. */
COUNCIL_MUST_USE enum council_error home_begin(struct home *home);
COUNCIL_MUST_USE enum council_error home_end(struct home *home, enum council_error error);

/* Binding and reading. A NULL pointer binds NULL; home_column_fixed is false where the length differs. */
void home_bind(sqlite3_stmt *stmt, int at, const void *bytes, uint32_t len);
void home_bind_text(sqlite3_stmt *stmt, int at, const char *text);
void home_bind_int(sqlite3_stmt *stmt, int at, uint64_t value);
uint64_t home_column_int(sqlite3_stmt *stmt, int at);
/* Borrowed until the next step; NULL where the column is NULL. */
const void *home_column(sqlite3_stmt *stmt, int at, uint32_t *len);
COUNCIL_MUST_USE bool home_column_fixed(sqlite3_stmt *stmt, int at, void *out, uint32_t len);

/* An error as its wire code, which is negative for some; 0 for OK. */
void home_bind_error(sqlite3_stmt *stmt, int at, enum council_error error);
enum council_error home_column_error(sqlite3_stmt *stmt, int at);

/* Named values of table meta and keyring: `*value` is owned by the caller and NULL where there is none (which is OK). */
COUNCIL_MUST_USE enum council_error home_get(struct home *home, enum home_statement get,
                                             const char *name, uint8_t **value, uint32_t *len);
COUNCIL_MUST_USE enum council_error home_put(struct home *home, enum home_statement put,
                                             const char *name, const void *value, uint32_t len);
COUNCIL_MUST_USE enum council_error home_drop(struct home *home, enum home_statement drop,
                                              const char *name);

#endif
