/*
 * A disk that fails when it is told to: a layer under SQLite, between it and the real files.
 *
 * It takes the place of the default layer, so the store under test knows nothing of it. Only what
 * is written through it counts; shared memory is not offered, so a store that needed it would not
 * even open.
 */
#ifndef COUNCIL_TESTS_STORE_FAULT_VFS_H
#define COUNCIL_TESTS_STORE_FAULT_VFS_H

#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

enum fault {
    FAULT_NONE,
    FAULT_FULL,
    FAULT_WRITE,
    FAULT_SYNC,
    FAULT_KILL
};

static struct {
    enum fault fault;
    int after;  /* so many writes (for FAULT_SYNC: syncs) go well before */
    int writes; /* so many there have been */
} disk;

struct fault_file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the same allocation */
};

static sqlite3_vfs *fault_real_vfs;

static sqlite3_file *fault_real(sqlite3_file *file)
{
    return ((struct fault_file *)file)->real;
}

static int fault_close(sqlite3_file *file)
{
    return fault_real(file)->pMethods->xClose(fault_real(file));
}

static int fault_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return fault_real(file)->pMethods->xRead(fault_real(file), to, n, at);
}

static int fault_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    sqlite3_file *real = fault_real(file);

    disk.writes++;
    if (disk.fault != FAULT_NONE && disk.fault != FAULT_SYNC && disk.after-- <= 0) {
        if (disk.fault == FAULT_KILL) { /* in the middle of it */
            (void)real->pMethods->xWrite(real, from, n / 2, at);
            _exit(0);
        }
        return disk.fault == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return real->pMethods->xWrite(real, from, n, at);
}

static int fault_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return fault_real(file)->pMethods->xTruncate(fault_real(file), size);
}

static int fault_sync(sqlite3_file *file, int flags)
{
    if (disk.fault == FAULT_SYNC && disk.after-- <= 0)
        return SQLITE_IOERR_FSYNC;
    return fault_real(file)->pMethods->xSync(fault_real(file), flags);
}

static int fault_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return fault_real(file)->pMethods->xFileSize(fault_real(file), size);
}

static int fault_lock(sqlite3_file *file, int level)
{
    return fault_real(file)->pMethods->xLock(fault_real(file), level);
}

static int fault_unlock(sqlite3_file *file, int level)
{
    return fault_real(file)->pMethods->xUnlock(fault_real(file), level);
}

static int fault_check_lock(sqlite3_file *file, int *out)
{
    return fault_real(file)->pMethods->xCheckReservedLock(fault_real(file), out);
}

static int fault_control(sqlite3_file *file, int op, void *arg)
{
    return fault_real(file)->pMethods->xFileControl(fault_real(file), op, arg);
}

static int fault_sector(sqlite3_file *file)
{
    return fault_real(file)->pMethods->xSectorSize(fault_real(file));
}

static int fault_device(sqlite3_file *file)
{
    return fault_real(file)->pMethods->xDeviceCharacteristics(fault_real(file));
}

static const sqlite3_io_methods fault_methods = {
    .iVersion = 1,
    .xClose = fault_close,
    .xRead = fault_read,
    .xWrite = fault_write,
    .xTruncate = fault_truncate,
    .xSync = fault_sync,
    .xFileSize = fault_size,
    .xLock = fault_lock,
    .xUnlock = fault_unlock,
    .xCheckReservedLock = fault_check_lock,
    .xFileControl = fault_control,
    .xSectorSize = fault_sector,
    .xDeviceCharacteristics = fault_device,
};

static int fault_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct fault_file *wrapped = (struct fault_file *)file;

    (void)vfs;
    wrapped->real = (sqlite3_file *)(wrapped + 1);
    int rc = fault_real_vfs->xOpen(fault_real_vfs, name, wrapped->real, flags, out);
    file->pMethods = wrapped->real->pMethods != NULL ? &fault_methods : NULL;
    return rc;
}

/* Puts the layer in, for the rest of the process. */
static int fault_install(void **state)
{
    static sqlite3_vfs vfs;

    (void)state;
    fault_real_vfs = sqlite3_vfs_find(NULL);
    vfs = *fault_real_vfs;
    vfs.zName = "fault";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct fault_file) + fault_real_vfs->szOsFile;
    vfs.xOpen = fault_open;
    return sqlite3_vfs_register(&vfs, 1);
}

#endif
