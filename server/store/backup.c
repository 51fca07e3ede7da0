/*
 * The engine's own backup, by the connection that also writes: pages that change after they were copied
 * are copied again with the commit that changes them, so nothing is ever begun anew.
 *
 * Invariant: the copy is written without journal and without waiting for the disk; it counts for
 * nothing until somebody has made it durable and given it its name.
 */
#include "server/store/backup.h"

#include "server/store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    COPY_CACHE_KIB = 1024 /* pages of the copy in memory; the system takes the rest */
};

struct store_backup {
    struct store *store;
    sqlite3 *copy;
    sqlite3_backup *run;
    bool done;
};

static enum store_status create_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        switch (errno) {
        case EEXIST:
            return STORE_EXISTS;
        case ENOENT:
        case ENOTDIR:
            return STORE_NOT_FOUND;
        case ENOSPC:
        case EDQUOT:
            return STORE_FULL;
        default:
            return STORE_IO;
        }
    }
    return close(fd) == 0 ? STORE_OK : STORE_IO;
}

static enum store_status open_copy(struct store_backup *backup, const char *path)
{
    char settings[160];
    int rc =
        sqlite3_open_v2(path, &backup->copy,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK)
        return backup->copy == NULL ? STORE_NOMEM : STORE_IO;
    (void)snprintf(settings, sizeof settings,
                   "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = OFF;"
                   " PRAGMA synchronous = OFF; PRAGMA cache_size = -%d",
                   (int)COPY_CACHE_KIB);
    if (sqlite3_exec(backup->copy, settings, NULL, NULL, NULL) != SQLITE_OK)
        return STORE_IO;
    backup->run = sqlite3_backup_init(backup->copy, "main", backup->store->db, "main");
    return backup->run != NULL ? STORE_OK : STORE_NOMEM;
}

enum store_status store_backup_begin(struct store *store, const char *path,
                                     struct store_backup **out)
{
    *out = NULL;
    if (store->broken)
        return STORE_IO;
    enum store_status status = create_file(path);
    if (status != STORE_OK)
        return status;
    struct store_backup *backup = calloc(1, sizeof *backup);
    status = STORE_NOMEM;
    if (backup != NULL) {
        backup->store = store;
        status = open_copy(backup, path);
    }
    if (status != STORE_OK) {
        (void)store_backup_end(backup);
        (void)unlink(path);
        return status;
    }
    *out = backup;
    return STORE_OK;
}

static enum store_status status_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_BUSY: /* an operator's reading is under way: the next step tries again */
    case SQLITE_LOCKED:
        return STORE_OK;
    case SQLITE_FULL:
        return STORE_FULL;
    case SQLITE_NOMEM:
        return STORE_NOMEM;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return STORE_CORRUPT;
    default:
        return STORE_IO;
    }
}

enum store_status store_backup_step(struct store_backup *backup, uint32_t pages, bool *done)
{
    int rc = sqlite3_backup_step(backup->run, (int)pages);

    backup->done = rc == SQLITE_DONE;
    *done = backup->done;
    return status_of(rc);
}

void store_backup_progress(const struct store_backup *backup, uint64_t *pages, uint64_t *of)
{
    int all = sqlite3_backup_pagecount(backup->run);
    int left = sqlite3_backup_remaining(backup->run);

    *pages = all > left ? (uint64_t)(all - left) : 0;
    *of = all > 0 ? (uint64_t)all : 0;
}

enum store_status store_backup_end(struct store_backup *backup)
{
    if (backup == NULL)
        return STORE_OK;
    enum store_status status = backup->done ? STORE_OK : STORE_INVALID;
    int rc = backup->run != NULL ? sqlite3_backup_finish(backup->run) : SQLITE_OK;
    if (status == STORE_OK)
        status = status_of(rc);
    if (sqlite3_close(backup->copy) != SQLITE_OK && status == STORE_OK)
        status = STORE_IO;
    free(backup);
    return status;
}
