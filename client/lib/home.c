/*
 * home.c - opening a home: the folder, the file, its settings and its version.
 *
 * Must not know what a row means. Invariant: a file that is not a home, or a newer one, is left as it was found.
 */
#include "client/lib/home.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const tables[] = {
#define HOME_TABLE(text) text,
#include "client/lib/schema.def"
#undef HOME_TABLE
};

/* secure_delete: what is erased or replaced is overwritten, not only unlinked. */
static const char *const settings[] = {
    "PRAGMA journal_mode = TRUNCATE", "PRAGMA synchronous = FULL",  "PRAGMA secure_delete = ON",
    "PRAGMA trusted_schema = OFF",    "PRAGMA temp_store = MEMORY",
};

bool home_path(const struct home *home, const char *name, char *out, size_t size)
{
    int len = snprintf(out, size, "%s/%s", home->path, name);

    return len >= 0 && (size_t)len < size;
}

static enum council_error io_error(struct home *home, const char *what)
{
    int code = errno;

    (void)snprintf(home->detail, sizeof home->detail, "%.400s: %s", what, strerror(code));
    return code == ENOSPC || code == EDQUOT ? COUNCIL_E_HOME_FULL : COUNCIL_E_HOME_IO;
}

/* Every missing folder on the way is made, readable for the owner alone. */
static enum council_error make_folders(struct home *home, const char *path)
{
    char part[HOME_PATH_MAX];
    size_t len = strlen(path);

    memcpy(part, path, len + 1);
    for (size_t i = 1; i <= len; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];

        part[i] = '\0';
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            return io_error(home, part);
        part[i] = kept;
    }
    return COUNCIL_OK;
}

static enum council_error find_folder(struct home *home, const char *path, bool create)
{
    char given[HOME_PATH_MAX];
    char real[PATH_MAX];
    int len = snprintf(given, sizeof given, "%s", path);

    if (len <= 0 || (size_t)len >= sizeof given - 16) {
        (void)snprintf(home->detail, sizeof home->detail, "the path of the home is too long");
        return COUNCIL_E_HOME_IO;
    }
    while (len > 1 && given[len - 1] == '/')
        given[--len] = '\0';
    if (create) {
        enum council_error error = make_folders(home, given);

        if (error != COUNCIL_OK)
            return error;
    }
    if (realpath(given, real) == NULL) {
        (void)io_error(home, given);
        return errno == ENOENT ? COUNCIL_E_NO_HOME : COUNCIL_E_HOME_IO;
    }
    if (strlen(real) >= sizeof home->path - 16)
        return COUNCIL_E_HOME_IO;
    memcpy(home->path, real, strlen(real) + 1);
    return COUNCIL_OK;
}

/* Made by hand first: SQLite would give it the process's umask, and its journal gets the file's own mode. */
static enum council_error find_file(struct home *home, bool create, char *file, size_t size)
{
    if (!home_path(home, "home.db", file, size))
        return COUNCIL_E_HOME_IO;
    int fd = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);

    if (fd < 0) {
        (void)io_error(home, file);
        return errno == ENOENT ? COUNCIL_E_NO_HOME : io_error(home, file);
    }
    /* A folder shared by mistake must not share the keys as well. */
    (void)fchmod(fd, 0600);
    close(fd);
    return COUNCIL_OK;
}

static enum council_error exec(struct home *home, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(home->db, sql, -1, &stmt, NULL);

    while (rc == SQLITE_OK || rc == SQLITE_ROW)
        rc = sqlite3_step(stmt);
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE ? COUNCIL_OK : home_error(home, sql, rc);
}

static enum council_error pragma_int(struct home *home, const char *sql, int *value)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(home->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    *value = rc == SQLITE_ROW ? sqlite3_column_int(stmt, 0) : 0;
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? COUNCIL_OK : home_error(home, sql, rc);
}

static enum council_error create_tables(struct home *home)
{
    char sql[64];
    enum council_error error = COUNCIL_OK;

    for (size_t i = 0; i < sizeof tables / sizeof *tables && error == COUNCIL_OK; i++)
        error = exec(home, tables[i]);
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d", HOME_APPLICATION);
    if (error == COUNCIL_OK)
        error = exec(home, sql);
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d", HOME_VERSION);
    return error == COUNCIL_OK ? exec(home, sql) : error;
}

static enum council_error check_version(struct home *home, int *version)
{
    int application = 0;
    int objects = 0;
    enum council_error error = pragma_int(home, "PRAGMA user_version", version);

    if (error == COUNCIL_OK)
        error = pragma_int(home, "PRAGMA application_id", &application);
    if (error == COUNCIL_OK)
        error = pragma_int(home, "SELECT count(*) FROM sqlite_schema", &objects);
    if (error != COUNCIL_OK)
        return error;
    if (*version > HOME_VERSION && application == HOME_APPLICATION) {
        (void)snprintf(home->detail, sizeof home->detail,
                       "the home has version %d, this program knows %d", *version, HOME_VERSION);
        return COUNCIL_E_HOME_NEWER;
    }
    if (objects != 0 && application != HOME_APPLICATION) {
        (void)snprintf(home->detail, sizeof home->detail, "%.400s/home.db is some other database",
                       home->path);
        return COUNCIL_E_HOME_DAMAGED;
    }
    return COUNCIL_OK;
}

/* Under the write lock, since two processes may meet a new home at once. */
static enum council_error bring_up(struct home *home)
{
    int version = 0;
    enum council_error error = check_version(home, &version);

    if (error != COUNCIL_OK || version == HOME_VERSION)
        return error;
    error = exec(home, "BEGIN IMMEDIATE");
    if (error != COUNCIL_OK)
        return error;
    error = check_version(home, &version);
    if (error == COUNCIL_OK && version == 0)
        error = create_tables(home);
    if (error == COUNCIL_OK)
        error = exec(home, "COMMIT");
    if (error != COUNCIL_OK && sqlite3_get_autocommit(home->db) == 0) {
        char detail[HOME_DETAIL_MAX];

        memcpy(detail, home->detail, sizeof detail);
        if (exec(home, "ROLLBACK") == COUNCIL_OK)
            memcpy(home->detail, detail, sizeof detail);
    }
    return error;
}

enum council_error home_open(struct home *home, const char *path, bool create)
{
    char file[HOME_PATH_MAX];
    enum council_error error;

    memset(home, 0, sizeof *home);
    error = find_folder(home, path, create);
    if (error == COUNCIL_OK)
        error = find_file(home, create, file, sizeof file);
    if (error != COUNCIL_OK)
        return error;
    int rc = sqlite3_open_v2(
        file, &home->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);

    if (rc != SQLITE_OK)
        return home->db == NULL ? COUNCIL_E_NO_MEMORY : home_error(home, "open", rc);
    (void)sqlite3_busy_timeout(home->db, HOME_BUSY_TIMEOUT_MS);
    error = bring_up(home);
    for (size_t i = 0; i < sizeof settings / sizeof *settings && error == COUNCIL_OK; i++)
        error = exec(home, settings[i]);
    if (error == COUNCIL_OK)
        error = home_prepare_all(home);
    if (error == COUNCIL_OK)
        (void)home_changed(home);
    return error;
}

void home_close(struct home *home)
{
    for (int i = 0; i < HOME_STATEMENT_COUNT; i++) {
        sqlite3_finalize(home->statements[i]);
        home->statements[i] = NULL;
    }
    sqlite3_close(home->db);
    home->db = NULL;
}
