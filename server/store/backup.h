/*
 * A copy of the whole store in one file, taken while it is being written to.
 *
 * Owns the reading side of a backup and the file it makes. Must not know who asks, or when the
 * copy is safe on disk: nothing on the store's thread waits for the copy's disk; that is for the caller, on
 * another thread. Invariant: a copy that was finished with STORE_OK is the store as it was at one
 * moment after store_backup_begin; whatever goes wrong with a copy, the store is untouched.
 */
#ifndef COUNCIL_SERVER_STORE_BACKUP_H
#define COUNCIL_SERVER_STORE_BACKUP_H

#include "server/store/store.h"

/* Pages of one step: half a MiB, a millisecond where they are in memory. */
#define STORE_BACKUP_PAGES 64u

struct store_backup;

/*
 * Begins a copy into the new file `path` (mode 0600). Appends may go on between the calls below, by the
 * same store; they are in the copy. *out is owned: store_backup_end, before store_close. On failure
 * *out is NULL and there is no file. EXISTS, NOT_FOUND (the folder), FULL, IO, NOMEM.
 */
STORE_MUST_USE enum store_status store_backup_begin(struct store *store, const char *path,
                                                    struct store_backup **out);

/* Copies up to `pages` pages into memory, to be written by store_backup_write before the next step. *done: it was the
 * last step. After a failure only the end is left. A damaged store is for the next reading to find. */
STORE_MUST_USE enum store_status store_backup_step(struct store_backup *backup, uint32_t pages,
                                                   bool *done);

/* Writes out what steps (and commits between them) left in memory. Any one thread, also while the store is used by another. FULL, IO:
 * of the copy's disk. */
STORE_MUST_USE enum store_status store_backup_write(struct store_backup *backup);

/* Asks the system to begin taking to the disk what was written; waits for what it was asked last time. As store_backup_write. */
void store_backup_write_back(struct store_backup *backup);

/* After the last step and store_backup_write: makes the copy durable. *bytes is its size. As store_backup_write. */
STORE_MUST_USE enum store_status store_backup_sync(struct store_backup *backup, uint64_t *bytes);

/* Pages copied, and of how many. */
void store_backup_progress(const struct store_backup *backup, uint64_t *pages, uint64_t *of);

/* Closes the copy and frees. STORE_OK: it is whole, and as durable as the last store_backup_sync made it. Otherwise (also where
 * it was not done, or not written) the file is for the caller to remove. NULL is fine. */
enum store_status store_backup_end(struct store_backup *backup);

#endif
