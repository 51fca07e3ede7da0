/*
 * What a backup writes waits in memory until somebody else takes it to the disk: a write may stand still
 * while the system clears its own backlog, and the thread that commits must not.
 *
 * Owns the queue and stands in for the file as the engine sees it. Must not know pages or backups.
 * Invariant: what was written is read back, on disk or not; whatever waits is written in its order.
 */
#ifndef COUNCIL_SERVER_STORE_BACKUP_FILE_H
#define COUNCIL_SERVER_STORE_BACKUP_FILE_H

#include "server/store/store.h"

#include <pthread.h>
#include <sqlite3.h>

/* Bytes that may wait; an engine that writes more is told that there is no memory. */
#define STORE_BACKUP_WAITING_MAX (64u << 20)

struct waiting;
struct waiting_list {
    struct waiting *first, *last;
};

struct backup_file {
    sqlite3_io_methods methods;
    const sqlite3_io_methods *original; /* NULL: nothing stands in yet */
    int fd;                             /* the same file, for writing; owned */
    pthread_mutex_t lock;
    struct waiting_list queue; /* under the lock */
    struct waiting_list
        flying;         /* being written: read by anybody under the lock, changed by the writer */
    uint64_t bytes;     /* of both */
    sqlite3_int64 size; /* of the file with all that waits */
};

/* `fd`: of the new, empty file that `db` has open as its main one; taken. */
STORE_MUST_USE enum store_status backup_file_init(struct backup_file *file, sqlite3 *db, int fd);
void backup_file_fini(struct backup_file *file); /* drops what waits */

/* Any thread, one at a time: writes what waits by now. FULL, IO. */
STORE_MUST_USE enum store_status backup_file_write(struct backup_file *file);
/* Any thread: nothing waits. */
bool backup_file_idle(struct backup_file *file);

#endif
