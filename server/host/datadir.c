/*
 * datadir.c - the data folder, its lock, the server's key. See datadir.h.
 */
#include "server/host/datadir.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/bytes.h"

static const char database_name[] = "council.db";
static const char key_name[] = "server.key";
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
    int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return complain(errno == ENOENT ? HOST_EXIT_NO_DATA : HOST_EXIT_START, path,
                        strerror(errno));
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool busy = errno == EWOULDBLOCK;
        close(fd);
        return complain(busy ? HOST_EXIT_BUSY : HOST_EXIT_START, path,
                        busy ? "another process is using this folder" : strerror(errno));
    }
    dir->lock_fd = fd;
    return HOST_EXIT_OK;
}

void host_datadir_close(struct host_datadir *dir)
{
    if (dir->lock_fd >= 0) {
        close(dir->lock_fd);
        dir->lock_fd = -1;
    }
}

/* ---- the key ---- */

enum {
    KEY_LINE = COUNCIL_KEY_CHARS + 1 /* the seed in base64url and a newline */
};

/* 1: read; 0: there is none; -1: after a message. */
static int key_read(const char *path, uint8_t seed[COUNCIL_SEED_BYTES])
{
    char line[KEY_LINE + 1] = "";
    struct stat at;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT) {
        return 0;
    }
    if (fd < 0 || fstat(fd, &at) != 0) {
        (void)complain(HOST_EXIT_START, path, strerror(errno));
        return -1;
    }
    if ((at.st_mode & 077) != 0) {
        (void)complain(HOST_EXIT_START, path,
                       "others may read this key: chmod 600, or make a new one");
        close(fd);
        return -1;
    }
    ssize_t n = read(fd, line, sizeof line);
    close(fd);
    bool good = n == KEY_LINE && line[COUNCIL_KEY_CHARS] == '\n' &&
                council_b64_decode_secret(seed, COUNCIL_SEED_BYTES, line, COUNCIL_KEY_CHARS);
    sodium_memzero(line, sizeof line);
    if (!good) {
        (void)complain(HOST_EXIT_DATA, path, "not a server key");
        return -1;
    }
    return 1;
}

static bool sync_folder(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* Whole and on disk under its name, or not there: a server that lost its key is another server to its clients. */
static bool key_write(const struct host_datadir *dir, const char *path,
                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    char line[KEY_LINE + 1], part[HOST_PATH_MAX];
    if (!host_datadir_file(dir->path, "server.key.new", part)) {
        return false;
    }
    council_b64_encode_secret(line, seed, COUNCIL_SEED_BYTES);
    line[COUNCIL_KEY_CHARS] = '\n';
    (void)unlink(part);
    int fd = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, line, KEY_LINE) == KEY_LINE && fsync(fd) == 0;
    sodium_memzero(line, sizeof line);
    if (fd >= 0 && close(fd) != 0) {
        good = false;
    }
    return good && rename(part, path) == 0 && sync_folder(dir->path);
}

enum host_exit host_server_key(const struct host_datadir *dir, bool create, uint8_t secret[64])
{
    char path[HOST_PATH_MAX];
    uint8_t seed[COUNCIL_SEED_BYTES], public[COUNCIL_KEY_BYTES];
    enum host_exit status = HOST_EXIT_OK;
    if (!host_datadir_file(dir->path, key_name, path)) {
        return HOST_EXIT_USAGE;
    }
    int there = key_read(path, seed);
    if (there < 0) {
        status = HOST_EXIT_DATA;
    } else if (there == 0 && !create) {
        status = complain(HOST_EXIT_NO_DATA, path, "there is no server key");
    } else if (there == 0) {
        randombytes_buf(seed, sizeof seed);
        if (!key_write(dir, path, seed)) {
            status = complain(HOST_EXIT_START, path, strerror(errno));
        }
    }
    if (status == HOST_EXIT_OK) {
        (void)crypto_sign_seed_keypair(public, secret, seed);
    }
    sodium_memzero(seed, sizeof seed);
    return status;
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

static const char *explain(enum store_status status)
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
    enum store_status status = store_open(path, flags, out);
    return status == STORE_OK ? HOST_EXIT_OK
                              : complain(host_exit_of(status), path, explain(status));
}
