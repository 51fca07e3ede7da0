/*
 * disk.h - a disk in memory under SQLite: what was not synchronised may be lost, in part and out of order; calls fail when told.
 *
 * Owns files, what of them is durable, and what a loss of power leaves. Knows nothing of databases. A write is durable once its
 * file was synchronised. A name is durable once its folder was, which happens where SQLite's own layer does it: with the first
 * synchronisation of a journal that it made, and where a deletion asks for it. Invariant: disk_crash keeps all that is durable; of
 * the rest any part may be there.
 */
#ifndef COUNCIL_TESTS_CRASH_DISK_H
#define COUNCIL_TESTS_CRASH_DISK_H

#include <stdbool.h>
#include <stdint.h>

enum {
    DISK_PATH_MAX = 200,
    DISK_FILES_MAX = 64, /* that ever were */
    DISK_SECTOR = 512    /* the most that is written whole */
};

/* What SQLite asks of a disk: the calls that can fail. */
enum disk_call {
    DISK_OPEN,
    DISK_DELETE,
    DISK_ACCESS,
    DISK_READ,
    DISK_WRITE,
    DISK_TRUNCATE,
    DISK_SYNC,
    DISK_SIZE,
    DISK_LOCK,
    DISK_CALLS
};
extern const char *const disk_call_names[DISK_CALLS];

enum disk_fault {
    DISK_SOUND,
    DISK_IO,  /* the call fails, a write or synchronisation half done */
    DISK_FULL /* a write fails, half done, because there is no room */
};

/* What is left of what was not synchronised. */
enum disk_loss {
    DISK_LOSE_ALL,
    DISK_LOSE_NOTHING,
    DISK_LOSE_WRITES,  /* whole writes, any of them */
    DISK_LOSE_SECTORS, /* sectors, any of them: a page may be half there */
    DISK_LOSE_AND_SPOIL, /* as above, and some sectors that were being written hold neither the old nor the new */
    DISK_LOSE_TAIL, /* all from one write on, that one torn */
    DISK_LOSSES
};
extern const char *const disk_loss_names[DISK_LOSSES];

struct disk_op;
struct disk_file;

struct disk {
    char root[DISK_PATH_MAX]; /* files whose path begins so are here */
    struct disk_file *files[DISK_FILES_MAX];
    uint32_t n_files;
    struct disk_op *ops; /* owned: not durable yet, in order */
    uint32_t n_ops, ops_size;
    uint64_t calls, syncs;

    /* Call number fail_at (from 1) fails, and with for_good all after it. 0: none. FULL counts writes alone. */
    uint64_t fail_at;
    bool for_good;
    bool full_for_growth; /* FULL: what is there can be written over, as on most file systems */
    enum disk_fault fault;
    uint64_t failed; /* calls that did */
    enum disk_call failed_call;

    const char *swallow; /* synchronising a file whose name ends so does nothing: for controls */
    /* Called before each synchronisation, with `ctx`; may open files of another disk. */
    void (*before_sync)(void *ctx);
    void *ctx;
};

/* Makes an empty disk under a folder that exists. At most four at once. */
void disk_init(struct disk *disk, const char *root);
void disk_fini(struct disk *disk);
/* As if freshly made. */
void disk_clear(struct disk *disk);
/* Makes `disk` what `from` would be after a loss of power. Files' paths change with the root. */
void disk_crash(struct disk *disk, const struct disk *from, enum disk_loss loss, uint64_t seed);
/* Makes `disk` what a process that was killed leaves: the system has all that was written. */
void disk_kill(struct disk *disk, const struct disk *from);

/* How often bytes stand in the files of a disk. */
uint32_t disk_grep(const struct disk *disk, const void *bytes, uint32_t len);

/* Not 0 while the disk itself needs memory: a test that lets memory run out leaves it out of that. */
extern int disk_busy;

/* ---- disk_vfs.c ---- */

/* Makes this layer SQLite's default for the rest of the process. */
void disk_install(void);

/* ---- between the two ---- */

struct disk_file {
    char path[DISK_PATH_MAX];
    bool linked;              /* it has its name */
    bool durable_name;        /* the name would survive */
    uint8_t *bytes, *durable; /* owned */
    uint64_t size, durable_size, space, durable_space;
};

/* The file of that name, or NULL. */
struct disk_file *disk_find(struct disk *disk, const char *path);
struct disk_file *disk_make(struct disk *disk, const char *path);
void disk_unlink(struct disk *disk, struct disk_file *file);
void disk_write(struct disk *disk, struct disk_file *file, const void *from, uint64_t at,
                uint32_t len);
void disk_truncate(struct disk *disk, struct disk_file *file, uint64_t size);
void disk_sync(struct disk *disk, struct disk_file *file);
void disk_sync_names(struct disk *disk);
/* The disk that a path is on, or NULL. */
struct disk *disk_of(const char *path);

#endif
