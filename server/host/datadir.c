/*
 * datadir.c - the data folder, its lock, its database. See datadir.h; the server's key: key.c.
 */
#include "server/host/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char database_name[] = HOST_DATABASE;
static const char lock_name[] = "lock";

static enum host_exit complain(enum host_exit status, const char *path, const char *what)
{
    (void)fprintf(stderr, "councild: %s: %s\n", path, what);
    return status;
}

bool host_datadir_file(const char *path, const char *name, char out[HOST_PATH_MAX])
{
    int n = snprintf(out, HOST_PATH_MAX, "%s/%s", path, name);
    return n > 0 && n < HOST_PATH_MAX;
}

/* Files that root makes here could not be read by the server. */
static bool is_somebody_elses(const char *path)
{
    struct stat at;
    if (geteuid() != 0 || stat(path, &at) != 0 || at.st_uid == 0) {
        return false;
    }
    const struct passwd *owner = getpwuid(at.st_uid);
    const char *name = owner != NULL ? owner->pw_name : "its owner";
    (void)fprintf(
        stderr,
        "councild: %s: belongs to %s, who could not read what root leaves there: run this "
        "as %s (sudo -u)\n",
        path, name, name);
    return true;
}

enum host_exit host_datadir_open(struct host_datadir *dir, const char *path, bool create)
{
    char lock[HOST_PATH_MAX];
    dir->lock_fd = -1;
    if (!host_datadir_file(path, lock_name, lock)) {
        return complain(HOST_EXIT_USAGE, path, "the path is too long");
    }
    memcpy(dir->path, path, strlen(path) + 1);
    if (create && mkdir(path, 0700) != 0 && errno != EEXIST) {
        return complain(HOST_EXIT_START, path, strerror(errno));
    }
    if (is_somebody_elses(path)) {
        return HOST_EXIT_START;
    }
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        bool none = errno == ENOENT || errno == ENOTDIR;
        return complain(none ? HOST_EXIT_NO_DATA : HOST_EXIT_START, none ? path : lock,
                        strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool busy = errno == EWOULDBLOCK;
        close(fd);
        return complain(busy ? HOST_EXIT_BUSY : HOST_EXIT_START, path,
                        busy ? "another process is using this folder; stop the server first"
                             : strerror(errno));
    }
    dir->lock_fd = fd;
    return HOST_EXIT_OK;
}

bool host_data_there(const char *path)
{
    char file[HOST_PATH_MAX];
    return host_datadir_file(path, database_name, file) &&
           (access(file, F_OK) == 0 || (errno != ENOENT && errno != ENOTDIR));
}

bool host_sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

void host_datadir_close(struct host_datadir *dir)
{
    if (dir->lock_fd >= 0) {
        close(dir->lock_fd);
        dir->lock_fd = -1;
    }
}

/* ---- the database ---- */

enum host_exit host_exit_of(enum store_status status)
{
    switch (status) {
    case STORE_OK:
        return HOST_EXIT_OK;
    case STORE_NOT_FOUND:
        return HOST_EXIT_NO_DATA;
    case STORE_BUSY:
        return HOST_EXIT_BUSY;
    case STORE_NEWER:
    case STORE_OLDER:
    case STORE_CORRUPT:
        return HOST_EXIT_DATA;
    case STORE_IO:
        return HOST_EXIT_IO;
    default:
        return HOST_EXIT_START;
    }
}

const char *host_store_explain(enum store_status status)
{
    switch (status) {
    case STORE_NOT_FOUND:
        return "there is no database here";
    case STORE_BUSY:
        return "another process is using the database";
    case STORE_NEWER:
        return "a newer councild made this database; this one leaves it alone";
    case STORE_OLDER:
        return "an older councild made this database: start the server once, which brings it up to "
               "date";
    case STORE_CORRUPT:
        return "the database is damaged, or no database of councild";
    case STORE_FULL:
        return "the disk is full";
    default:
        return store_status_name(status);
    }
}

enum host_exit host_store_open(const struct host_datadir *dir, unsigned flags, struct store **out)
{
    char path[HOST_PATH_MAX];
    *out = NULL;
    if (!host_datadir_file(dir->path, database_name, path)) {
        return HOST_EXIT_USAGE;
    }
    return host_store_open_file(path, flags, out);
}

enum host_exit host_store_open_file(const char *path, unsigned flags, struct store **out)
{
    enum store_status status = store_open(path, flags, out);
    return status == STORE_OK ? HOST_EXIT_OK
                              : complain(host_exit_of(status), path, host_store_explain(status));
}
