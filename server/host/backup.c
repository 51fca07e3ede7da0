/*
 * backup.c - a backup, step by step. See backup.h.
 */
#include "server/host/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "server/host/datadir.h"
#include "server/host/settings.h"
#include "server/store/backup.h"

enum {
    PROGRESS_US = 100000, /* between two words of progress */
    WRITE_OUT_STEPS = 16, /* steps (8 MiB) after which the system is asked to begin writing them */
    SPARE_BYTES = 16 << 20, /* that must stay free on the disk */
};

/* What a step on the store's thread is told and tells. */
struct copying {
    const struct host_backup_how *backup;
    struct host_backup_result *result;
    const char *part;
    struct store_backup *copy;
    enum store_status status;
    bool done;
    uint64_t pages, of;
};

static bool failed(struct host_backup_result *result, const char *what, const char *why)
{
    if (result->error[0] == '\0') {
        (void)snprintf(result->error, sizeof result->error, "%.160s: %.80s", what, why);
    }
    return false;
}

static void begin(struct store *store, void *arg)
{
    struct copying *copying = arg;
    copying->status = store_backup_begin(store, copying->part, &copying->copy);
}

static void step(struct store *store, void *arg)
{
    struct copying *copying = arg;
    uint64_t began_us = host_mono_us();
    (void)store;
    copying->status = store_backup_step(copying->copy, STORE_BACKUP_PAGES, &copying->done);
    store_backup_progress(copying->copy, &copying->pages, &copying->of);
    uint64_t us = host_mono_us() - began_us;
    copying->result->steps++;
    if (us > copying->result->worst_step_us) {
        copying->result->worst_step_us = us;
    }
    host_metric_time(copying->backup->metrics, HOST_HISTOGRAM_BACKUP_STEP, us);
}

static void end(struct store *store, void *arg)
{
    struct copying *copying = arg;
    (void)store;
    enum store_status status = store_backup_end(copying->copy);
    copying->copy = NULL;
    if (copying->status == STORE_OK) {
        copying->status = status;
    }
}

static void note(struct store *store, void *arg)
{
    struct copying *copying = arg;
    copying->status = host_settings_backup_set(store, copying->backup->wall_ms());
}

static uint64_t size_of(const char *folder, const char *name)
{
    char path[HOST_PATH_MAX];
    struct stat at;
    return host_datadir_file(folder, name, path) && stat(path, &at) == 0 ? (uint64_t)at.st_size : 0;
}

/* A copy that fills the disk would stop the server's own writing. */
static bool has_room(const struct host_backup_how *backup, const char *folder)
{
    struct statvfs disk;
    uint64_t need = size_of(backup->data, HOST_DATABASE) +
                    size_of(backup->data, HOST_DATABASE "-wal") + SPARE_BYTES;
    return statvfs(folder, &disk) != 0 || (uint64_t)disk.f_bavail * disk.f_frsize >= need;
}

/* On the thread of whoever asked: the copy's disk, however slow. */
static bool write_out(struct copying *copying)
{
    enum store_status status = store_backup_write(copying->copy);
    /* Little by little, so that the flush at the end does not hold up the journal's. */
    if (copying->result->steps % WRITE_OUT_STEPS == 0) {
        store_backup_write_back(copying->copy);
    }
    return status == STORE_OK || failed(copying->result, copying->part, store_status_name(status));
}

/* All steps; the store's thread is free between them. */
static bool copy_all(struct copying *copying)
{
    const struct host_backup_how *backup = copying->backup;
    uint64_t told_us = 0;
    while (!copying->done) {
        if (!backup->on_store(backup->ctx, step, copying)) {
            return failed(copying->result, backup->file, "the server is stopping");
        }
        if (copying->status != STORE_OK) {
            return failed(copying->result, backup->file, store_status_name(copying->status));
        }
        if (!write_out(copying)) {
            return false;
        }
        uint64_t now_us = host_mono_us();
        if (now_us >= told_us + PROGRESS_US) {
            told_us = now_us;
            if (!backup->progress(backup->ctx, copying->pages, copying->of)) {
                return failed(copying->result, backup->file, "given up");
            }
        }
    }
    enum store_status status = store_backup_sync(copying->copy, &copying->result->bytes);
    return status == STORE_OK || failed(copying->result, copying->part, store_status_name(status));
}

/* Whoever asks may be root, and wonder. */
static const char *why_not(int error)
{
    switch (error) {
    case ENOENT:
    case ENOTDIR:
        return "there is no such folder";
    case EACCES:
        return "the server's user may not write there";
    case EROFS:
        return "read-only for the server; the unit's ReadWritePaths= opens it";
    default:
        return strerror(error);
    }
}

static bool run(struct copying *copying, const char *folder)
{
    const struct host_backup_how *backup = copying->backup;
    struct host_backup_result *result = copying->result;
    if (!backup->on_store(backup->ctx, begin, copying)) {
        return failed(result, backup->file, "the server is stopping");
    }
    if (copying->status != STORE_OK) {
        return failed(result, copying->part,
                      copying->status == STORE_NOT_FOUND ? why_not(ENOENT)
                                                         : store_status_name(copying->status));
    }
    bool good = copy_all(copying);
    /* In any case, or the store could not be closed. */
    if (!backup->on_store(backup->ctx, end, copying)) {
        good = failed(result, backup->file, "the server is stopping");
    } else if (good && copying->status != STORE_OK) {
        good = failed(result, backup->file, store_status_name(copying->status));
    }
    if (good &&
        (renameat2(AT_FDCWD, copying->part, AT_FDCWD, backup->file, RENAME_NOREPLACE) != 0 ||
         !host_sync_folder(folder))) {
        good = failed(result, backup->file, strerror(errno));
    }
    if (!good) {
        (void)unlink(copying->part);
        return failed(result, backup->file, "it was not made");
    }
    return true;
}

bool host_backup_run(const struct host_backup_how *backup, struct host_backup_result *result)
{
    char part[HOST_PATH_MAX], folder[HOST_PATH_MAX];
    struct copying copying = {.backup = backup, .result = result, .part = part};
    uint64_t began_us = host_mono_us();
    *result = (struct host_backup_result){.bytes = 0};
    int n = snprintf(part, sizeof part, "%s.part", backup->file);
    if (n < 0 || n >= (int)sizeof part) {
        return failed(result, backup->file, "the path is too long");
    }
    (void)snprintf(folder, sizeof folder, "%s", backup->file);
    char *slash = strrchr(folder, '/');
    if (slash == NULL) {
        (void)snprintf(folder, sizeof folder, ".");
    } else {
        slash[slash == folder] = '\0';
    }
    if (access(backup->file, F_OK) == 0) {
        return failed(result, backup->file, "is there already; take a new name");
    }
    if (access(folder, W_OK | X_OK) != 0) {
        return failed(result, folder, why_not(errno));
    }
    if (!has_room(backup, folder)) {
        return failed(result, folder, "there is not enough room for the copy");
    }
    (void)unlink(part); /* of a process that was killed; nobody else makes one now */
    host_metric_set(backup->metrics, HOST_METRIC_BACKUP_RUNNING, 1);
    bool good = run(&copying, folder);
    host_metric_set(backup->metrics, HOST_METRIC_BACKUP_RUNNING, 0);
    result->ms = (host_mono_us() - began_us) / 1000;
    if (!good) {
        host_metric_add(backup->metrics, HOST_METRIC_BACKUPS_FAILED, 1);
        return false;
    }
    host_metric_set(backup->metrics, HOST_METRIC_BACKUP_TIME, backup->wall_ms() / 1000);
    /* That it was made is worth knowing over a restart; if not, the copy is there all the same. */
    (void)backup->on_store(backup->ctx, note, &copying);
    return true;
}
