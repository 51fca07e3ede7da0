/*
 * sql.c - a home's statements, transactions and result codes: the small grammar in which the rest of the library speaks to SQLite.
 *
 * Must not know what a statement means. Invariant: a failed transaction is rolled back before anybody hears of it, and a full disk is told apart from
 * other failures to write.
 */
#include "client/lib/home.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} rows[] = {
#define HOME_STATEMENT(name, text) {#name, text},
#include "client/lib/statements.def"
#undef HOME_STATEMENT
};

/* True if the system refused to let the file, or its journal, grow. A quota or a file size limit is a full disk to whoever reads the message. */
static bool no_room(sqlite3 *db)
{
    sqlite3_file *journal = NULL;
    int codes[3] = {sqlite3_system_errno(db), 0, 0};

    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_LAST_ERRNO, &codes[1]);
    (void)sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &journal);
    if (journal != NULL && journal->pMethods != NULL)
        (void)journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO, &codes[2]);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (codes[i] == ENOSPC || codes[i] == EDQUOT || codes[i] == EFBIG)
            return true;
    }
    return false;
}

static enum council_error error_of(struct home *home, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return COUNCIL_E_HOME_BUSY;
    case SQLITE_FULL:
        return COUNCIL_E_HOME_FULL;
    case SQLITE_NOMEM:
        return COUNCIL_E_NO_MEMORY;
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
        return COUNCIL_E_HOME_DAMAGED;
    default:
        return no_room(home->db) ? COUNCIL_E_HOME_FULL : COUNCIL_E_HOME_IO;
    }
}

enum council_error home_error(struct home *home, const char *what, int rc)
{
    (void)snprintf(home->detail, sizeof home->detail, "%.80s: %.300s (%d)", what,
                   sqlite3_errmsg(home->db), rc);
    return error_of(home, rc);
}

enum council_error home_prepare_all(struct home *home)
{
    for (int i = 0; i < HOME_STATEMENT_COUNT; i++) {
        int rc = sqlite3_prepare_v3(home->db, rows[i].text, -1, SQLITE_PREPARE_PERSISTENT,
                                    &home->statements[i], NULL);

        if (rc != SQLITE_OK)
            return home_error(home, rows[i].name, rc);
    }
    return COUNCIL_OK;
}

sqlite3_stmt *home_prepare(struct home *home, enum home_statement id)
{
    sqlite3_reset(home->statements[id]);
    (void)sqlite3_clear_bindings(home->statements[id]);
    return home->statements[id];
}

enum council_error home_step(struct home *home, enum home_statement id, bool *row)
{
    int rc = sqlite3_step(home->statements[id]);
    enum council_error error = COUNCIL_OK;

    *row = rc == SQLITE_ROW;
    if (rc == SQLITE_ROW)
        return COUNCIL_OK;
    if (rc != SQLITE_DONE)
        error = home_error(home, rows[id].name, rc);
    sqlite3_reset(home->statements[id]);
    return error;
}

enum council_error home_run(struct home *home, enum home_statement id)
{
    bool row = false;
    enum council_error error = home_step(home, id, &row);

    if (row)
        sqlite3_reset(home->statements[id]);
    return error;
}

enum council_error home_run_row(struct home *home, enum home_statement id, bool *row)
{
    bool more = false;
    enum council_error error = home_step(home, id, row);

    /* The commit comes with the end of the statement: a reset would lose what it says. */
    if (error == COUNCIL_OK && *row)
        error = home_step(home, id, &more);
    if (more)
        sqlite3_reset(home->statements[id]);
    return error;
}

void home_reset(struct home *home, enum home_statement id)
{
    sqlite3_reset(home->statements[id]);
}

enum council_error home_begin(struct home *home)
{
    (void)home_prepare(home, HOME_BEGIN);
    return home_run(home, HOME_BEGIN);
}

enum council_error home_end(struct home *home, enum council_error error)
{
    if (error == COUNCIL_OK) {
        (void)home_prepare(home, HOME_COMMIT);
        error = home_run(home, HOME_COMMIT);
    }
    /* Some failures have rolled back by themselves. */
    if (error != COUNCIL_OK && sqlite3_get_autocommit(home->db) == 0) {
        char detail[HOME_DETAIL_MAX];

        memcpy(detail, home->detail, sizeof detail);
        (void)home_prepare(home, HOME_ROLLBACK);
        if (home_run(home, HOME_ROLLBACK) == COUNCIL_OK)
            memcpy(home->detail, detail, sizeof detail);
    }
    return error;
}

bool home_changed(struct home *home)
{
    bool row = false;
    int version = home->version_seen;
    sqlite3_stmt *stmt = home_prepare(home, HOME_CHANGES);

    /* An error here is met again, and told, by whatever reads next. */
    if (home_step(home, HOME_CHANGES, &row) == COUNCIL_OK && row)
        version = sqlite3_column_int(stmt, 0);
    home_reset(home, HOME_CHANGES);
    bool changed = version != home->version_seen;

    home->version_seen = version;
    return changed;
}

void home_bind(sqlite3_stmt *stmt, int at, const void *bytes, uint32_t len)
{
    if (bytes == NULL)
        (void)sqlite3_bind_null(stmt, at);
    else
        (void)sqlite3_bind_blob64(stmt, at, bytes, len, SQLITE_STATIC);
}

void home_bind_text(sqlite3_stmt *stmt, int at, const char *text)
{
    (void)sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

void home_bind_int(sqlite3_stmt *stmt, int at, uint64_t value)
{
    (void)sqlite3_bind_int64(stmt, at, (sqlite3_int64)value);
}

uint64_t home_column_int(sqlite3_stmt *stmt, int at)
{
    sqlite3_int64 value = sqlite3_column_int64(stmt, at);

    return value < 0 ? 0 : (uint64_t)value;
}

const void *home_column(sqlite3_stmt *stmt, int at, uint32_t *len)
{
    const void *bytes = sqlite3_column_blob(stmt, at);

    *len = (uint32_t)sqlite3_column_bytes(stmt, at);
    /* SQLite says NULL for an empty blob as well. */
    return bytes == NULL && sqlite3_column_type(stmt, at) != SQLITE_NULL ? "" : bytes;
}

bool home_column_fixed(sqlite3_stmt *stmt, int at, void *out, uint32_t len)
{
    uint32_t stored = 0;
    const void *bytes = home_column(stmt, at, &stored);

    if (bytes == NULL || stored != len)
        return false;
    memcpy(out, bytes, len);
    return true;
}

enum council_error home_get(struct home *home, enum home_statement get, const char *name,
                            uint8_t **value, uint32_t *len)
{
    bool row = false;
    sqlite3_stmt *stmt = home_prepare(home, get);
    enum council_error error;

    *value = NULL;
    *len = 0;
    home_bind_text(stmt, 1, name);
    error = home_step(home, get, &row);
    if (error == COUNCIL_OK && row) {
        const void *bytes = home_column(stmt, 0, len);

        *value = malloc((size_t)*len + 1);
        if (*value == NULL || bytes == NULL) {
            error = COUNCIL_E_NO_MEMORY;
        } else {
            memcpy(*value, bytes, *len);
            (*value)[*len] = 0;
        }
    }
    home_reset(home, get);
    return error;
}

enum council_error home_put(struct home *home, enum home_statement put, const char *name,
                            const void *value, uint32_t len)
{
    sqlite3_stmt *stmt = home_prepare(home, put);

    home_bind_text(stmt, 1, name);
    home_bind(stmt, 2, value, len);
    return home_run(home, put);
}

enum council_error home_drop(struct home *home, enum home_statement drop, const char *name)
{
    sqlite3_stmt *stmt = home_prepare(home, drop);

    home_bind_text(stmt, 1, name);
    return home_run(home, drop);
}

void home_bind_error(sqlite3_stmt *stmt, int at, enum council_error error)
{
    (void)sqlite3_bind_int(stmt, at, error == COUNCIL_OK ? 0 : council_error_info(error)->code);
}

enum council_error home_column_error(sqlite3_stmt *stmt, int at)
{
    int code = sqlite3_column_int(stmt, at);

    return code == 0 ? COUNCIL_OK : council_error_from_code(code);
}
