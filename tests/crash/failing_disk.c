/*
 * failing_disk.c - a councild whose disk fails where it is told to: linked into a server of the tests beside the real sources.
 *
 * COUNCIL_CRASH_FAIL="write 20" fails the twentieth write to the database or its journal, and "sync 5" the fifth
 * synchronisation; all that follow it fail too.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct {
    char what[8];
    int at, writes, syncs;
} told;

static sqlite3_vfs *below;

struct failing {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct, in the same allocation */
};

static sqlite3_file *real(sqlite3_file *file)
{
    return ((struct failing *)file)->real;
}

static int do_close(sqlite3_file *file)
{
    return real(file)->pMethods->xClose(real(file));
}

static int do_read(sqlite3_file *file, void *to, int n, sqlite3_int64 at)
{
    return real(file)->pMethods->xRead(real(file), to, n, at);
}

static int do_write(sqlite3_file *file, const void *from, int n, sqlite3_int64 at)
{
    if (strcmp(told.what, "write") == 0 && ++told.writes >= told.at) {
        (void)real(file)->pMethods->xWrite(real(file), from, n / 2, at);
        return SQLITE_IOERR_WRITE;
    }
    return real(file)->pMethods->xWrite(real(file), from, n, at);
}

static int do_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real(file)->pMethods->xTruncate(real(file), size);
}

static int do_sync(sqlite3_file *file, int flags)
{
    if (strcmp(told.what, "sync") == 0 && ++told.syncs >= told.at) {
        return SQLITE_IOERR_FSYNC;
    }
    return real(file)->pMethods->xSync(real(file), flags);
}

static int do_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real(file)->pMethods->xFileSize(real(file), size);
}

static int do_lock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xLock(real(file), level);
}

static int do_unlock(sqlite3_file *file, int level)
{
    return real(file)->pMethods->xUnlock(real(file), level);
}

static int do_check_lock(sqlite3_file *file, int *out)
{
    return real(file)->pMethods->xCheckReservedLock(real(file), out);
}

static int do_control(sqlite3_file *file, int op, void *arg)
{
    return real(file)->pMethods->xFileControl(real(file), op, arg);
}

static int do_sector(sqlite3_file *file)
{
    return real(file)->pMethods->xSectorSize(real(file));
}

static int do_device(sqlite3_file *file)
{
    return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static const sqlite3_io_methods methods = {
    .iVersion = 1,
    .xClose = do_close,
    .xRead = do_read,
    .xWrite = do_write,
    .xTruncate = do_truncate,
    .xSync = do_sync,
    .xFileSize = do_size,
    .xLock = do_lock,
    .xUnlock = do_unlock,
    .xCheckReservedLock = do_check_lock,
    .xFileControl = do_control,
    .xSectorSize = do_sector,
    .xDeviceCharacteristics = do_device,
};

static int do_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out)
{
    struct failing *self = (struct failing *)file;
    (void)vfs;
    self->real = (sqlite3_file *)(self + 1);
    int rc = below->xOpen(below, name, self->real, flags, out);
    file->pMethods = self->real->pMethods != NULL ? &methods : NULL;
    return rc;
}

__attribute__((constructor)) static void install(void)
{
    static sqlite3_vfs vfs;
    const char *wish = getenv("COUNCIL_CRASH_FAIL");
    const char *at = wish != NULL ? strchr(wish, ' ') : NULL;
    if (at == NULL || (size_t)(at - wish) >= sizeof told.what) {
        return;
    }
    memcpy(told.what, wish, (size_t)(at - wish));
    told.at = (int)strtol(at, NULL, 10);
    below = sqlite3_vfs_find(NULL);
    vfs = *below;
    vfs.zName = "failing";
    vfs.pNext = NULL;
    vfs.szOsFile = (int)sizeof(struct failing) + below->szOsFile;
    vfs.xOpen = do_open;
    (void)sqlite3_vfs_register(&vfs, 1);
}
