/*
 * datadir.h - the folder with everything the server keeps: whose it is, and the database in it.
 *
 * Owns the names of the files and the lock. Must not know what the database says. Invariant: while a folder is held, no other process of
 * this program uses it.
 */
#ifndef COUNCIL_SERVER_HOST_DATADIR_H
#define COUNCIL_SERVER_HOST_DATADIR_H

#include <stdbool.h>
#include <stdint.h>

#include "server/store/store.h"

/* Exit statuses of councild beyond 0 and 1 (sysexits.h where it has a word for it). */
enum host_exit {
    HOST_EXIT_OK = 0,
    HOST_EXIT_FAILED = 1,    /* verify found damage; a request was refused */
    HOST_EXIT_USAGE = 64,    /* EX_USAGE: options */
    HOST_EXIT_DATA = 65,     /* EX_DATAERR: damaged, or made by a newer version */
    HOST_EXIT_NO_DATA = 66,  /* EX_NOINPUT: no such folder or database */
    HOST_EXIT_START = 69,    /* EX_UNAVAILABLE: cannot listen, no memory, no threads */
    HOST_EXIT_INTERNAL = 70, /* EX_SOFTWARE */
    HOST_EXIT_IO = 74,       /* EX_IOERR: what is on disk is unknown; start again */
    HOST_EXIT_BUSY = 75      /* EX_TEMPFAIL: another process has the folder */
};

enum {
    HOST_PATH_MAX = 4096
};

struct host_datadir {
    char path[HOST_PATH_MAX];
    int lock_fd; /* -1: not held */
};

/* Takes the folder, made (0700) if `create`; root takes none of another user's. After a message on standard error: HOST_EXIT_BUSY, NO_DATA, START. On
 * failure there is nothing to close. */
enum host_exit host_datadir_open(struct host_datadir *dir, const char *path, bool create);
void host_datadir_close(struct host_datadir *dir);

#define HOST_DATABASE "council.db"
/* Whether there is a database in the folder, used or not; also where nobody may look. */
bool host_data_there(const char *path);
/* Makes names in the folder durable. */
bool host_sync_folder(const char *path);

/* Path of a file in the folder; false if it is too long. */
__attribute__((warn_unused_result)) bool host_datadir_file(const char *path, const char *name,
                                                           char out[HOST_PATH_MAX]);

/* Opens the database in the folder; after a message on standard error an exit status that is not OK, and *out is NULL. */
enum host_exit host_store_open(const struct host_datadir *dir, unsigned flags, struct store **out);
/* The same for a database under any name. */
enum host_exit host_store_open_file(const char *path, unsigned flags, struct store **out);
/* What this status of opening says to an operator. */
const char *host_store_explain(enum store_status status);
/* What a program that met this status ends with. */
enum host_exit host_exit_of(enum store_status status);

#endif
