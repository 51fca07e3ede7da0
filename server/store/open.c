/*
 * Opening and closing: the one connection and how it is set up.
 *
 * Invariant: a file that is newer than this program, or not ours, is left untouched; a store that
 * opened belongs to this process alone until it is closed.
 */
#include "server/store/engine.h"
#include "server/store/migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static enum store_status pragma(struct store *store, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STORE_OK : store_fail(store, sql, rc);
}

/* The file, so that it is ours alone to read from its first byte on: the engine gives its
 * companions the same mode. */
static enum store_status ensure_file(const char *path, unsigned flags)
{
    if (access(path, F_OK) == 0)
        return STORE_OK;
    if (errno != ENOENT)
        return STORE_IO;
    if ((flags & STORE_OPEN_CREATE) == 0 || (flags & STORE_OPEN_READ_ONLY) != 0)
        return STORE_NOT_FOUND;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno == ENOENT ? STORE_NOT_FOUND : errno == ENOSPC ? STORE_FULL : STORE_IO;
    /* No lock of ours is on it yet that closing it could drop. */
    return close(fd) == 0 ? STORE_OK : STORE_IO;
}

static int on_commit(void *context, sqlite3 *db, const char *name, int frames)
{
    struct store *store = context;

    (void)db;
    (void)name;
    store->journal_frames = frames;
    return SQLITE_OK;
}

/* What must hold before the first byte is read: nobody else's, and nothing in the file is trusted
 * to run. */
static enum store_status secure(struct store *store)
{
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
    return pragma(store, "PRAGMA locking_mode = EXCLUSIVE");
}

static enum store_status connect(struct store *store, const char *path)
{
    /* Writable even for reading only: a journal left by a killed process must be read, under a
     * lock. */
    int rc =
        sqlite3_open_v2(path, &store->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK)
        return store->db == NULL ? STORE_NOMEM : store_fail(store, "open", rc);
    return secure(store);
}

/* The name as the engine's URI, by which alone it can be told that nobody writes the file. Owned; NULL: out of
 * memory. */
static char *uri_of(const char *path)
{
    static const char before[] = "file:", after[] = "?immutable=1", hex[] = "0123456789ABCDEF";
    char *uri = malloc(sizeof before + 3 * strlen(path) + sizeof after);
    if (uri == NULL)
        return NULL;
    memcpy(uri, before, sizeof before - 1);
    char *at = uri + sizeof before - 1;
    for (; *path != '\0'; path++) {
        if (*path == '%' || *path == '?' || *path == '#') {
            *at++ = '%';
            *at++ = hex[(unsigned char)*path >> 4];
            *at++ = hex[(unsigned char)*path & 15];
        } else {
            *at++ = *path;
        }
    }
    memcpy(at, after, sizeof after);
    return uri;
}

static enum store_status connect_copy(struct store *store, const char *path)
{
    char *uri = uri_of(path);
    if (uri == NULL)
        return STORE_NOMEM;
    int rc = sqlite3_open_v2(
        uri, &store->db,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    free(uri);
    if (rc != SQLITE_OK)
        return store->db == NULL ? STORE_NOMEM : store_fail(store, "open", rc);
    return secure(store);
}

/* How it is kept, once it is known to be ours. */
static enum store_status configure(struct store *store)
{
    char page[64], sizes[128];
    enum store_status status;

    (void)snprintf(page, sizeof page, "PRAGMA page_size = %d", (int)STORE_PAGE_BYTES);
    (void)snprintf(sizes, sizeof sizes, "PRAGMA cache_size = -%d; PRAGMA journal_size_limit = %d",
                   (int)STORE_CACHE_KIB, (int)STORE_JOURNAL_MAX);
    /* The page size counts for a new file alone, and only before its journal is made. */
    if ((status = pragma(store, page)) != STORE_OK ||
        (status = pragma(store, "PRAGMA journal_mode = WAL")) != STORE_OK ||
        (status = pragma(store, "PRAGMA synchronous = FULL")) != STORE_OK ||
        (status = pragma(store, "PRAGMA secure_delete = ON")) != STORE_OK ||
        (status = pragma(store, "PRAGMA temp_store = MEMORY")) != STORE_OK ||
        (status = pragma(store, sizes)) != STORE_OK)
        return status;
    /* In place of automatic checkpoints. */
    (void)sqlite3_wal_hook(store->db, on_commit, store);
    return STORE_OK;
}

static enum store_status set_up(struct store *store, const char *path, unsigned flags)
{
    bool copy = (flags & STORE_OPEN_COPY) != 0;
    int version = 0;
    enum store_status status;

    if ((status = copy ? connect_copy(store, path) : connect(store, path)) != STORE_OK ||
        (status = store_schema_version(store, &version)) != STORE_OK)
        return status;
    /* A copy that was cut short at its first byte must not pass for a store without logs. */
    if (version == 0 && (flags & STORE_OPEN_CREATE) == 0)
        return STORE_NOT_FOUND;
    if (store->read_only) {
        if (version < store_migrations_count)
            return STORE_OLDER;
        status = pragma(store, "PRAGMA query_only = ON");
    } else if ((status = configure(store)) == STORE_OK) {
        status = store_migrate(store, version);
    }
    if (status != STORE_OK || (status = store_prepare(store)) != STORE_OK)
        return status;
    /* A killed process may have left erased data in the journal. */
    if (!store->read_only && (status = store_checkpoint(store, true)) != STORE_OK &&
        status != STORE_FULL)
        return status;
    return store_tails_recover(store);
}

static void dispose(struct store *store)
{
    store_finalize(store);
    (void)sqlite3_close(store->db);
    tails_destroy(store->tails);
    free(store);
}

enum store_status store_open(const char *path, unsigned flags, struct store **out)
{
    *out = NULL;
    enum store_status status = ensure_file(path, flags);
    if (status != STORE_OK)
        return status;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return STORE_NOMEM;
    store->read_only = (flags & (STORE_OPEN_COPY | STORE_OPEN_READ_ONLY)) != 0;
    store->tails = tails_create(STORE_TAILS_MAX);
    status = store->tails == NULL ? STORE_NOMEM : set_up(store, path, flags);
    if (status != STORE_OK) {
        dispose(store);
        return status;
    }
    *out = store;
    return STORE_OK;
}

enum store_status store_close(struct store *store)
{
    if (store == NULL)
        return STORE_OK;
    enum store_status status = store->read_only ? STORE_OK : store_settle(store);
    dispose(store);
    return status;
}
