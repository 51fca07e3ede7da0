/*
 * The engine's own backup, by the connection that also writes: pages that change after they were copied
 * are copied again with the commit that changes them, so nothing is ever begun anew.
 *
 * Invariant: the copy is written without journal, and by the store's thread into memory alone; it counts
 * for nothing until somebody has written it out, made it durable and given it its name.
 */
#include "server/store/backup.h"

#include "server/store/backup_file.h"
#include "server/store/engine.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    COPY_CACHE_KIB = 1024 /* pages of the copy in memory; the system takes the rest */
};

struct store_backup {
    struct store *store;
    sqlite3 *copy;
    sqlite3_backup *run;
    struct backup_file file;
    bool has_file, done;
};

static enum store_status create_file(const char *path, int *fd)
{
    *fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd >= 0)
        return STORE_OK;
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

/* Takes the descriptor. */
static enum store_status open_copy(struct store_backup *backup, const char *path, int fd)
{
    char settings[160];
    int rc =
        sqlite3_open_v2(path, &backup->copy,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    if (rc != SQLITE_OK) {
        (void)close(fd);
        return backup->copy == NULL ? STORE_NOMEM : STORE_IO;
    }
    backup->has_file = true;
    enum store_status status = backup_file_init(&backup->file, backup->copy, fd);
    if (status != STORE_OK)
        return status;
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
    int fd = -1;
    enum store_status status = create_file(path, &fd);
    if (status != STORE_OK)
        return status;
    struct store_backup *backup = calloc(1, sizeof *backup);
    status = STORE_NOMEM;
    if (backup != NULL) {
        backup->store = store;
        status = open_copy(backup, path, fd);
    } else {
        (void)close(fd);
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

enum store_status store_backup_write(struct store_backup *backup)
{
    return backup_file_write(&backup->file);
}

void store_backup_write_back(struct store_backup *backup)
{
    (void)sync_file_range(backup->file.fd, 0, 0,
                          SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE);
}

enum store_status store_backup_sync(struct store_backup *backup, uint64_t *bytes)
{
    struct stat at;

    if (fsync(backup->file.fd) != 0 || fstat(backup->file.fd, &at) != 0)
        return errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_IO;
    *bytes = (uint64_t)at.st_size;
    return STORE_OK;
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
    bool whole = backup->done && backup_file_idle(&backup->file);
    enum store_status status = whole ? STORE_OK : STORE_INVALID;
    int rc = backup->run != NULL ? sqlite3_backup_finish(backup->run) : SQLITE_OK;
    if (status == STORE_OK)
        status = status_of(rc);
    if (sqlite3_close(backup->copy) != SQLITE_OK && status == STORE_OK)
        status = STORE_IO;
    if (backup->has_file)
        backup_file_fini(&backup->file);
    free(backup);
    return status;
}
