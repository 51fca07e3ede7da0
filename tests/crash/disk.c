/*
 * disk.c - files, what is durable of them, and what a loss of power leaves. See disk.h.
 */
#include "tests/crash/disk.h"

#include <stdlib.h>
#include <string.h>

#include "tests/crash/tap.h"

enum {
    DISKS_MAX = 4
};

enum op_type {
    OP_WRITE,
    OP_TRUNCATE,
    OP_LINK,
    OP_UNLINK
};

struct disk_op {
    enum op_type type;
    struct disk_file *file;
    uint64_t at; /* OP_TRUNCATE: the size */
    uint32_t len;
    uint8_t *bytes; /* owned */
};

const char *const disk_call_names[DISK_CALLS] = {"open",     "delete", "access", "read", "write",
                                                 "truncate", "sync",   "size",   "lock"};
const char *const disk_loss_names[DISK_LOSSES] = {
    "all", "nothing", "writes", "sectors", "sectors and spoils some", "the tail"};

static struct disk *disks[DISKS_MAX];
int disk_busy;

static void *must(void *memory)
{
    if (memory == NULL) {
        tap_die("out of memory");
    }
    return memory;
}

/* ---- bytes ---- */

static void resize(uint8_t **bytes, uint64_t *size, uint64_t *space, uint64_t wanted)
{
    if (wanted > *space) {
        *space = wanted + wanted / 2 + 4096;
        *bytes = must(realloc(*bytes, *space));
    }
    if (wanted > *size) {
        memset(*bytes + *size, 0, wanted - *size);
    }
    *size = wanted;
}

static void put(uint8_t **bytes, uint64_t *size, uint64_t *space, const void *from, uint64_t at,
                uint64_t len)
{
    if (at + len > *size) {
        resize(bytes, size, space, at + len);
    }
    memcpy(*bytes + at, from, len);
}

static void put_durable(struct disk_file *file, const void *from, uint64_t at, uint64_t len)
{
    put(&file->durable, &file->durable_size, &file->durable_space, from, at, len);
}

/* ---- operations that are not durable yet ---- */

static struct disk_op *add_op(struct disk *disk, enum op_type type, struct disk_file *file)
{
    if (disk->n_ops == disk->ops_size) {
        disk->ops_size = disk->ops_size > 0 ? 2 * disk->ops_size : 64;
        disk->ops = must(realloc(disk->ops, disk->ops_size * sizeof *disk->ops));
    }
    struct disk_op *op = &disk->ops[disk->n_ops++];
    *op = (struct disk_op){.type = type, .file = file};
    return op;
}

static void apply(const struct disk_op *op)
{
    struct disk_file *file = op->file;
    switch (op->type) {
    case OP_WRITE:
        put_durable(file, op->bytes, op->at, op->len);
        break;
    case OP_TRUNCATE:
        resize(&file->durable, &file->durable_size, &file->durable_space, op->at);
        break;
    case OP_LINK:
        file->durable_name = true;
        break;
    case OP_UNLINK:
        file->durable_name = false;
        break;
    }
}

static bool is_of_names(const struct disk_op *op)
{
    return op->type == OP_LINK || op->type == OP_UNLINK;
}

/* Carries out what belongs to `file` (NULL: to names), and forgets it. */
static void settle(struct disk *disk, const struct disk_file *file)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < disk->n_ops; i++) {
        struct disk_op *op = &disk->ops[i];
        bool mine = file == NULL ? is_of_names(op) : op->file == file && !is_of_names(op);
        if (mine) {
            apply(op);
            free(op->bytes);
        } else {
            disk->ops[kept++] = *op;
        }
    }
    disk->n_ops = kept;
}

/* ---- files ---- */

struct disk_file *disk_find(struct disk *disk, const char *path)
{
    for (uint32_t i = 0; i < disk->n_files; i++) {
        if (disk->files[i]->linked && strcmp(disk->files[i]->path, path) == 0) {
            return disk->files[i];
        }
    }
    return NULL;
}

static struct disk_file *add_file(struct disk *disk, const char *path)
{
    if (disk->n_files == DISK_FILES_MAX || strlen(path) >= DISK_PATH_MAX) {
        tap_die("a disk has room for %d files", DISK_FILES_MAX);
    }
    struct disk_file *file = must(calloc(1, sizeof *file));
    memcpy(file->path, path, strlen(path) + 1);
    disk->files[disk->n_files++] = file;
    return file;
}

struct disk_file *disk_make(struct disk *disk, const char *path)
{
    disk_busy++;
    struct disk_file *file = add_file(disk, path);
    file->linked = true;
    (void)add_op(disk, OP_LINK, file);
    disk_busy--;
    return file;
}

void disk_unlink(struct disk *disk, struct disk_file *file)
{
    disk_busy++;
    file->linked = false;
    (void)add_op(disk, OP_UNLINK, file);
    disk_busy--;
}

void disk_write(struct disk *disk, struct disk_file *file, const void *from, uint64_t at,
                uint32_t len)
{
    disk_busy++;
    struct disk_op *op = add_op(disk, OP_WRITE, file);
    op->at = at;
    op->len = len;
    op->bytes = must(malloc(len > 0 ? len : 1));
    memcpy(op->bytes, from, len);
    put(&file->bytes, &file->size, &file->space, from, at, len);
    disk_busy--;
}

void disk_truncate(struct disk *disk, struct disk_file *file, uint64_t size)
{
    disk_busy++;
    add_op(disk, OP_TRUNCATE, file)->at = size;
    resize(&file->bytes, &file->size, &file->space, size);
    disk_busy--;
}

void disk_sync(struct disk *disk, struct disk_file *file)
{
    disk_busy++;
    settle(disk, file);
    disk_busy--;
}

void disk_sync_names(struct disk *disk)
{
    disk_busy++;
    settle(disk, NULL);
    disk_busy--;
}

/* ---- disks ---- */

void disk_init(struct disk *disk, const char *root)
{
    memset(disk, 0, sizeof *disk);
    if (strlen(root) >= sizeof disk->root) {
        tap_die("%s is too long", root);
    }
    memcpy(disk->root, root, strlen(root) + 1);
    for (uint32_t i = 0; i < DISKS_MAX; i++) {
        if (disks[i] == NULL) {
            disks[i] = disk;
            return;
        }
    }
    tap_die("no more than %d disks", DISKS_MAX);
}

static void empty(struct disk *disk)
{
    for (uint32_t i = 0; i < disk->n_files; i++) {
        free(disk->files[i]->bytes);
        free(disk->files[i]->durable);
        free(disk->files[i]);
    }
    for (uint32_t i = 0; i < disk->n_ops; i++) {
        free(disk->ops[i].bytes);
    }
    disk->n_files = disk->n_ops = 0;
}

void disk_clear(struct disk *disk)
{
    struct disk old = *disk;
    empty(disk);
    memset(disk, 0, sizeof *disk);
    memcpy(disk->root, old.root, sizeof disk->root);
    disk->ops = old.ops;
    disk->ops_size = old.ops_size;
}

void disk_fini(struct disk *disk)
{
    empty(disk);
    free(disk->ops);
    for (uint32_t i = 0; i < DISKS_MAX; i++) {
        disks[i] = disks[i] == disk ? NULL : disks[i];
    }
}

struct disk *disk_of(const char *path)
{
    for (uint32_t i = 0; i < DISKS_MAX; i++) {
        if (disks[i] != NULL && strncmp(path, disks[i]->root, strlen(disks[i]->root)) == 0 &&
            path[strlen(disks[i]->root)] == '/') {
            return disks[i];
        }
    }
    return NULL;
}

uint32_t disk_grep(const struct disk *disk, const void *bytes, uint32_t len)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < disk->n_files; i++) {
        const struct disk_file *file = disk->files[i];
        const uint8_t *end = file->bytes + file->size;
        const uint8_t *at = file->bytes;
        while (file->linked && file->size > 0 &&
               (at = memmem(at, (size_t)(end - at), bytes, len)) != NULL) {
            found++;
            at++;
        }
    }
    return found;
}

/* ---- loss ---- */

/* What of a write reaches the disk, sector by sector. */
static void write_sectors(struct disk_file *file, const struct disk_op *op, bool spoil,
                          struct chance *chance)
{
    uint64_t at = op->at;
    uint64_t end = op->at + op->len;
    while (at < end) {
        uint8_t garbage[DISK_SECTOR];
        uint64_t next = (at / DISK_SECTOR + 1) * DISK_SECTOR;
        uint64_t len = (next < end ? next : end) - at;
        uint32_t fate = chance_below(chance, 8);
        if (spoil && fate == 0) {
            for (uint32_t i = 0; i < sizeof garbage; i++) {
                garbage[i] = (uint8_t)chance_next(chance);
            }
            put_durable(file, garbage, at, len);
        } else if (fate % 2 == 1) {
            put_durable(file, op->bytes + (at - op->at), at, len);
        }
        at += len;
    }
}

/* Names change in order, as on every file system with a journal: up to some change, all did. */
static uint32_t names_kept(const struct disk *disk, enum disk_loss loss, struct chance *chance)
{
    uint32_t names = 0;
    for (uint32_t i = 0; i < disk->n_ops; i++) {
        names += is_of_names(&disk->ops[i]);
    }
    return loss == DISK_LOSE_ALL       ? 0
           : loss == DISK_LOSE_NOTHING ? names
                                       : chance_below(chance, names + 1);
}

static void lose_one(struct disk_file *file, const struct disk_op *op, enum disk_loss loss,
                     struct chance *chance)
{
    struct disk_op there = *op;
    there.file = file;
    switch (loss) {
    case DISK_LOSE_NOTHING:
        apply(&there);
        break;
    case DISK_LOSE_SECTORS:
    case DISK_LOSE_AND_SPOIL:
        if (op->type == OP_WRITE) {
            write_sectors(file, op, loss == DISK_LOSE_AND_SPOIL, chance);
            break;
        } /* FALLTHROUGH */
    case DISK_LOSE_WRITES:
        if (chance_below(chance, 2) == 0) {
            apply(&there);
        }
        break;
    default:
        break;
    }
}

static void lose(struct disk *disk, const struct disk *from, enum disk_loss loss,
                 struct chance *chance)
{
    uint32_t names = names_kept(from, loss, chance);
    uint32_t until = chance_below(chance, from->n_ops + 1);
    for (uint32_t i = 0; i < from->n_ops; i++) {
        const struct disk_op *op = &from->ops[i];
        struct disk_file *file = NULL;
        for (uint32_t k = 0; k < from->n_files; k++) {
            file = from->files[k] == op->file ? disk->files[k] : file;
        }
        if (file == NULL) {
            tap_die("a change of no file");
        }
        if (is_of_names(op)) {
            if (names > 0) {
                file->durable_name = op->type == OP_LINK;
                names--;
            }
        } else if (loss == DISK_LOSE_TAIL) {
            lose_one(file, op,
                     i < until    ? DISK_LOSE_NOTHING
                     : i == until ? DISK_LOSE_SECTORS
                                  : DISK_LOSE_ALL,
                     chance);
        } else {
            lose_one(file, op, loss, chance);
        }
    }
}

/* A copy of all files, under the other root. */
static void copy(struct disk *disk, const struct disk *from)
{
    disk_clear(disk);
    for (uint32_t i = 0; i < from->n_files; i++) {
        const struct disk_file *file = from->files[i];
        char path[2 * DISK_PATH_MAX];
        size_t len = strlen(disk->root);
        memcpy(path, disk->root, len);
        memcpy(path + len, file->path + strlen(from->root),
               strlen(file->path + strlen(from->root)) + 1);
        struct disk_file *made = add_file(disk, path);
        made->linked = file->linked;
        made->durable_name = file->durable_name;
        if (file->durable_size > 0) {
            put_durable(made, file->durable, 0, file->durable_size);
        }
        if (file->size > 0) {
            put(&made->bytes, &made->size, &made->space, file->bytes, 0, file->size);
        }
    }
}

void disk_crash(struct disk *disk, const struct disk *from, enum disk_loss loss, uint64_t seed)
{
    struct chance chance = {seed};
    copy(disk, from);
    lose(disk, from, loss, &chance);
    for (uint32_t i = 0; i < disk->n_files; i++) {
        struct disk_file *file = disk->files[i];
        file->linked = file->durable_name;
        resize(&file->bytes, &file->size, &file->space, 0);
        if (file->durable_size > 0) {
            put(&file->bytes, &file->size, &file->space, file->durable, 0, file->durable_size);
        }
    }
}

void disk_kill(struct disk *disk, const struct disk *from)
{
    disk_crash(disk, from, DISK_LOSE_NOTHING, 0);
}
