/*
 * disk_vfs.c - the disk of disk.h as SQLite sees it.
 *
 * Only one process is there, so locks are always granted. Shared memory is not offered, as the store and homes do without it.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/tap.h"

struct vfs_file {
    sqlite3_file base;
    struct disk *disk;
    struct disk_file *file;
    bool sync_names; /* with the next synchronisation */
    bool forget;     /* when it is closed */
};

static sqlite3_vfs *below;

static struct vfs_file *of(sqlite3_file *file)
{
    return (struct vfs_file *)file;
}

/* Counts a call; true if this one must fail. */
static bool fails(struct disk *disk, enum disk_call call)
{
    if (disk->fault == DISK_FULL && call != DISK_WRITE) {
        return false;
    }
    disk->calls++;
    bool now = disk->fail_at != 0 &&
               (disk->for_good ? disk->calls >= disk->fail_at : disk->calls == disk->fail_at);
    if (now && disk->failed++ == 0) {
        disk->failed_call = call;
    }
    return now && disk->fault != DISK_SOUND;
}

/* ---- files ---- */

static int vfs_close(sqlite3_file *file)
{
    struct vfs_file *self = of(file);
    if (self->forget && self->file->linked) {
        disk_unlink(self->disk, self->file);
    }
    return SQLITE_OK;
}

static int vfs_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    const struct disk_file *there = of(file)->file;
    if (fails(of(file)->disk, DISK_READ)) {
        return SQLITE_IOERR_READ;
    }
    uint64_t have = there->size > (uint64_t)at ? there->size - (uint64_t)at : 0;
    uint64_t len = have < (uint64_t)n ? have : (uint64_t)n;
    if (len > 0) {
        memcpy(to, there->bytes + at, len);
    }
    memset((char *)to + len, 0, (size_t)n - len);
    return len == (uint64_t)n ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int vfs_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    struct vfs_file *self = of(file);
    bool grows = (uint64_t)at + (uint64_t)n > self->file->size;
    bool exempt = self->disk->fault == DISK_FULL && self->disk->full_for_growth && !grows;
    if (!exempt && fails(self->disk, DISK_WRITE)) {
        disk_write(self->disk, self->file, from, (uint64_t)at, (uint32_t)n / 2);
        return self->disk->fault == DISK_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    disk_write(self->disk, self->file, from, (uint64_t)at, (uint32_t)n);
    return SQLITE_OK;
}

static int vfs_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    if (fails(of(file)->disk, DISK_TRUNCATE)) {
        return SQLITE_IOERR_TRUNCATE;
    }
    disk_truncate(of(file)->disk, of(file)->file, (uint64_t)size);
    return SQLITE_OK;
}

static bool ends_with(const char *path, const char *end)
{
    size_t len = strlen(path);
    size_t tail = strlen(end);
    return len >= tail && strcmp(path + len - tail, end) == 0;
}

static int vfs_sync(sqlite3_file *file, int flags)
{
    struct vfs_file *self = of(file);
    struct disk *disk = self->disk;
    (void)flags;
    disk->syncs++;
    if (disk->before_sync != NULL) {
        disk->before_sync(disk->ctx);
    }
    if (fails(disk, DISK_SYNC)) {
        return SQLITE_IOERR_FSYNC;
    }
    if (disk->swallow != NULL && ends_with(self->file->path, disk->swallow)) {
        return SQLITE_OK;
    }
    disk_sync(disk, self->file);
    if (self->sync_names) {
        disk_sync_names(disk);
        self->sync_names = false;
    }
    return SQLITE_OK;
}

static int vfs_size(sqlite3_file *file, sqlite3_int64 *size)
{
    if (fails(of(file)->disk, DISK_SIZE)) {
        return SQLITE_IOERR_FSTAT;
    }
    *size = (sqlite3_int64)of(file)->file->size;
    return SQLITE_OK;
}

static int vfs_lock(sqlite3_file *file, int level)
{
    (void)level;
    return fails(of(file)->disk, DISK_LOCK) ? SQLITE_IOERR_LOCK : SQLITE_OK;
}

static int vfs_unlock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int vfs_check_lock(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int vfs_control(sqlite3_file *file, int op, void *arg)
{
    (void)file;
    (void)op;
    (void)arg;
    return SQLITE_NOTFOUND;
}

static int vfs_sector(sqlite3_file *file)
{
    (void)file;
    return 4096;
}

/* As SQLite's own layer says of every disk: a write does no harm beside itself. */
static int vfs_device(sqlite3_file *file)
{
    (void)file;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = vfs_close,
    .xRead = vfs_read,
    .xWrite = vfs_write,
    .xTruncate = vfs_truncate,
    .xSync = vfs_sync,
    .xFileSize = vfs_size,
    .xLock = vfs_lock,
    .xUnlock = vfs_unlock,
    .xCheckReservedLock = vfs_check_lock,
    .xFileControl = vfs_control,
    .xSectorSize = vfs_sector,
    .xDeviceCharacteristics = vfs_device,
};

/* ---- names ---- */

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct vfs_file *self = of(file);
    static const int journals =
        SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL;
    (void)vfs;
    file->pMethods = NULL;
    struct disk *disk = name != NULL ? disk_of(name) : NULL;
    if (disk == NULL) {
        tap_die("a file on no disk: %s", name != NULL ? name : "(temporary)");
    }
    if (fails(disk, DISK_OPEN)) {
        return SQLITE_CANTOPEN;
    }
    *self = (struct vfs_file){.disk = disk, .file = disk_find(disk, name)};
    if (self->file == NULL) {
        /* The database itself was made beforehand, on the real disk: here it begins with this. */
        if ((flags & (SQLITE_OPEN_CREATE | SQLITE_OPEN_MAIN_DB)) == 0) {
            return SQLITE_CANTOPEN;
        }
        self->file = disk_make(disk, name);
        self->sync_names = (flags & journals) != 0;
    }
    self->forget = (flags & SQLITE_OPEN_DELETEONCLOSE) != 0;
    file->pMethods = &methods;
    if (out != NULL) {
        *out = flags;
    }
    return SQLITE_OK;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    struct disk *disk = disk_of(name);
    (void)vfs;
    if (disk == NULL) {
        tap_die("a file on no disk: %s", name);
    }
    struct disk_file *file = disk_find(disk, name);
    if (fails(disk, DISK_DELETE)) {
        return SQLITE_IOERR_DELETE;
    }
    if (file == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    disk_unlink(disk, file);
    if (sync_folder) {
        disk_sync_names(disk);
    }
    return SQLITE_OK;
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    struct disk *disk = disk_of(name);
    (void)vfs;
    if (disk == NULL) {
        tap_die("a file on no disk: %s", name);
    }
    if (fails(disk, DISK_ACCESS)) {
        return SQLITE_IOERR_ACCESS;
    }
    const struct disk_file *file = disk_find(disk, name);
    /* An empty journal is as good as none, says SQLite's own layer. */
    *out = file != NULL && (flags != SQLITE_ACCESS_EXISTS || file->size > 0);
    return SQLITE_OK;
}

static int vfs_full_path(sqlite3_vfs *vfs, const char *name, int n, char *out)
{
    (void)vfs;
    return snprintf(out, (size_t)n, "%s", name) < n ? SQLITE_OK : SQLITE_CANTOPEN;
}

void disk_install(void)
{
    static sqlite3_vfs vfs;
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.zName = "crash";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct vfs_file);
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_full_path;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK) {
        tap_die("SQLite does not take another disk");
    }
}
