/*
 * The file's table of functions is replaced by a copy that writes to memory. See backup_file.h.
 */
#include "server/store/backup_file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct waiting {
    struct waiting *next;
    sqlite3_int64 at;
    int len;
    unsigned char bytes[];
};

static struct backup_file *of(sqlite3_file *file)
{
    /* The table stands in the structure whose file this is. */
    const char *methods = (const char *)file->pMethods;
    return (struct backup_file *)(uintptr_t)(methods - offsetof(struct backup_file, methods));
}

/* ---- as the engine sees it ---- */

static int write_later(sqlite3_file *base, const void *bytes, int len, sqlite3_int64 at)
{
    struct backup_file *file = of(base);
    int rc = SQLITE_OK;
    struct waiting *waiting = malloc(sizeof *waiting + (size_t)len);
    if (waiting == NULL)
        return SQLITE_IOERR_NOMEM;
    waiting->next = NULL;
    waiting->at = at;
    waiting->len = len;
    memcpy(waiting->bytes, bytes, (size_t)len);
    (void)pthread_mutex_lock(&file->lock);
    if (file->bytes + (uint64_t)len > STORE_BACKUP_WAITING_MAX) {
        free(waiting);
        rc = SQLITE_IOERR_NOMEM;
    } else {
        if (file->queue.last != NULL)
            file->queue.last->next = waiting;
        else
            file->queue.first = waiting;
        file->queue.last = waiting;
        file->bytes += (uint64_t)len;
        if (at + len > file->size)
            file->size = at + len;
    }
    (void)pthread_mutex_unlock(&file->lock);
    return rc;
}

/* What of the list falls into the bytes from `at` on. */
static void lay_over(const struct waiting_list *list, unsigned char *bytes, int len,
                     sqlite3_int64 at)
{
    for (const struct waiting *one = list->first; one != NULL; one = one->next) {
        sqlite3_int64 from = one->at > at ? one->at : at;
        sqlite3_int64 to = one->at + one->len < at + len ? one->at + one->len : at + len;
        if (from < to)
            memcpy(bytes + (from - at), one->bytes + (from - one->at), (size_t)(to - from));
    }
}

static int read_all(sqlite3_file *base, void *bytes, int len, sqlite3_int64 at)
{
    struct backup_file *file = of(base);
    (void)pthread_mutex_lock(&file->lock);
    int rc = file->original->xRead(base, bytes, len, at);
    if (rc == SQLITE_OK || rc == SQLITE_IOERR_SHORT_READ) {
        lay_over(&file->flying, bytes, len, at);
        lay_over(&file->queue, bytes, len, at);
        rc = at + len <= file->size ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
    }
    (void)pthread_mutex_unlock(&file->lock);
    return rc;
}

static int size_of_all(sqlite3_file *base, sqlite3_int64 *size)
{
    struct backup_file *file = of(base);
    (void)pthread_mutex_lock(&file->lock);
    *size = file->size;
    (void)pthread_mutex_unlock(&file->lock);
    return SQLITE_OK;
}

/* Only at the end of a copy, and only where the source has shrunk meanwhile. */
static int truncate_all(sqlite3_file *base, sqlite3_int64 size)
{
    struct backup_file *file = of(base);
    if (size == file->size)
        return SQLITE_OK;
    if (backup_file_write(file) != STORE_OK)
        return SQLITE_IOERR_TRUNCATE;
    file->size = size;
    return file->original->xTruncate(base, size);
}

static int sync_nothing(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

/* ---- as its owner sees it ---- */

static enum store_status write_one(int fd, const struct waiting *one)
{
    for (int done = 0; done < one->len;) {
        ssize_t n = pwrite(fd, one->bytes + done, (size_t)(one->len - done), one->at + done);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG) ? STORE_FULL
                                                                                   : STORE_IO;
        done += (int)n;
    }
    return STORE_OK;
}

static void drop(struct waiting_list *list)
{
    while (list->first != NULL) {
        struct waiting *one = list->first;
        list->first = one->next;
        free(one);
    }
    list->last = NULL;
}

enum store_status backup_file_write(struct backup_file *file)
{
    enum store_status status = STORE_OK;
    uint64_t bytes = 0;
    (void)pthread_mutex_lock(&file->lock);
    file->flying = file->queue;
    file->queue = (struct waiting_list){NULL, NULL};
    (void)pthread_mutex_unlock(&file->lock);
    for (const struct waiting *one = file->flying.first; one != NULL; one = one->next) {
        bytes += (uint64_t)one->len;
        if (status == STORE_OK)
            status = write_one(file->fd, one);
    }
    (void)pthread_mutex_lock(&file->lock);
    struct waiting_list written = file->flying;
    file->flying = (struct waiting_list){NULL, NULL};
    file->bytes -= bytes;
    (void)pthread_mutex_unlock(&file->lock);
    drop(&written);
    return status;
}

bool backup_file_idle(struct backup_file *file)
{
    (void)pthread_mutex_lock(&file->lock);
    bool idle = file->bytes == 0;
    (void)pthread_mutex_unlock(&file->lock);
    return idle;
}

enum store_status backup_file_init(struct backup_file *file, sqlite3 *db, int fd)
{
    sqlite3_file *base = NULL;
    *file = (struct backup_file){.fd = fd};
    (void)pthread_mutex_init(&file->lock, NULL);
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &base) != SQLITE_OK ||
        base == NULL || base->pMethods == NULL)
        return STORE_IO;
    file->original = base->pMethods;
    file->methods = *base->pMethods;
    file->methods.iVersion = 1; /* nothing is mapped into memory past us */
    file->methods.xWrite = write_later;
    file->methods.xRead = read_all;
    file->methods.xFileSize = size_of_all;
    file->methods.xTruncate = truncate_all;
    file->methods.xSync = sync_nothing;
    base->pMethods = &file->methods;
    return STORE_OK;
}

void backup_file_fini(struct backup_file *file)
{
    drop(&file->flying);
    drop(&file->queue);
    (void)pthread_mutex_destroy(&file->lock);
    (void)close(file->fd);
}
