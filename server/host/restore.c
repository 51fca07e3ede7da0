/*
 * restore.c - a backup put in place of what a stopped server has.
 *
 * Owns the order that makes it safe: copy into the folder, check every log of the copy, compare with what is in place, mark what
 * waits for its members, flush, and only then one rename. Must not know entries. Invariants: until the rename everything is as it was; what
 * was in place before is kept beside it (council.db.replaced).
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/commands.h"
#include "server/host/request.h"
#include "server/host/verify_report.h"

enum {
    PAGE = 64,
    CHUNK = 1 << 20,
    MISSING_SHOWN = 10
};

struct restoring {
    const struct host_options *options;
    const char *file;
    struct host_datadir dir;
    char part[HOST_PATH_MAX], place[HOST_PATH_MAX], replaced[HOST_PATH_MAX];
    bool force, complete, there, unreadable;
    struct host_verdict verdict;
    uint64_t lost_logs, lost_entries; /* in place, and not in the backup */
};

static enum host_exit complain(enum host_exit status, const char *about, const char *what)
{
    (void)fprintf(stderr, "councild: %s: %s\n", about, what);
    return status;
}

static bool path_with(const char *path, const char *suffix, char out[HOST_PATH_MAX])
{
    int n = snprintf(out, HOST_PATH_MAX, "%s%s", path, suffix);
    return n > 0 && n < HOST_PATH_MAX;
}

static bool has_journal(const char *path)
{
    char journal[HOST_PATH_MAX];
    struct stat at;
    return path_with(path, "-wal", journal) && stat(journal, &at) == 0 && at.st_size > 0;
}

/* Whether it may be a backup, and can be read. */
static enum host_exit look_at(const char *file)
{
    struct stat at;
    if (access(file, R_OK) != 0 || stat(file, &at) != 0) {
        return complain(HOST_EXIT_NO_DATA, file, strerror(errno));
    }
    if (!S_ISREG(at.st_mode)) {
        return complain(HOST_EXIT_NO_DATA, file, "is no file");
    }
    if (has_journal(file)) {
        return complain(HOST_EXIT_DATA, file,
                        "there is a journal beside it (-wal): this is a database in use or a copy "
                        "of one, no backup");
    }
    return HOST_EXIT_OK;
}

void host_hint_backup(enum host_exit status, const char *instead)
{
    if (status == HOST_EXIT_BUSY) {
        (void)fprintf(stderr,
                      "councild: or, while the server runs, make a backup (councild backup FILE) "
                      "and %s\n",
                      instead);
    }
}

enum host_exit host_backup_open(const char *file, struct store **out)
{
    *out = NULL;
    enum host_exit status = look_at(file);
    if (status != HOST_EXIT_OK) {
        return status;
    }
    return host_store_open_file(file, STORE_OPEN_COPY, out);
}

/* ---- the copy ---- */

static bool copy_bytes(int from, int to)
{
    char *chunk = malloc(CHUNK);
    ssize_t n = chunk != NULL ? 1 : -1;
    while (n > 0) {
        n = read(from, chunk, CHUNK);
        for (ssize_t at = 0; at < n;) {
            ssize_t m = write(to, chunk + at, (size_t)(n - at));
            if (m <= 0) {
                n = -1;
                break;
            }
            at += m;
        }
    }
    free(chunk);
    return n == 0;
}

/* With its journal, which would be read into the next one. */
static void drop_part(const struct restoring *restoring)
{
    char journal[HOST_PATH_MAX];
    (void)unlink(restoring->part);
    if (path_with(restoring->part, "-wal", journal)) {
        (void)unlink(journal);
    }
}

static enum host_exit copy(const struct restoring *restoring)
{
    int from = open(restoring->file, O_RDONLY | O_CLOEXEC);
    if (from < 0) {
        return complain(HOST_EXIT_NO_DATA, restoring->file, strerror(errno));
    }
    drop_part(restoring); /* of one that was killed */
    int to = open(restoring->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = to >= 0 && copy_bytes(from, to);
    int error = errno;
    close(from);
    if (to >= 0 && close(to) != 0) {
        good = false;
    }
    return good ? HOST_EXIT_OK : complain(HOST_EXIT_START, restoring->part, strerror(error));
}

/* ---- what is in place ---- */

/* Whether the backup has all of a log that is in place, as it is in place. */
static bool covers(struct store *backup, const struct store_log_info *info, uint64_t *lost)
{
    struct store_slice slice;
    struct store_log_info kept;
    *lost = info->seq;
    if (store_log_info(backup, info->log, &kept) != STORE_OK) {
        return false;
    }
    *lost = info->seq > kept.seq ? info->seq - kept.seq : 0;
    if (*lost > 0 || store_read_at(backup, info->log, &info->seq, 1, &slice) != STORE_OK) {
        return false;
    }
    bool same = slice.n == 1 && memcmp(slice.entries[0].head, info->head, STORE_ID_BYTES) == 0;
    store_slice_fini(&slice);
    return same;
}

static enum store_status compare(struct restoring *restoring, struct store *backup,
                                 struct store *place)
{
    struct store_log_info page[PAGE];
    enum store_status status = STORE_OK;
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    while (status == STORE_OK && n == PAGE) {
        status = store_logs(place, &cursor, page, PAGE, &n);
        for (uint32_t i = 0; status == STORE_OK && i < n; i++) {
            uint64_t lost = 0;
            char name[COUNCIL_KEY_CHARS + 1];
            if (covers(backup, &page[i], &lost)) {
                continue;
            }
            restoring->lost_entries += lost;
            if (restoring->lost_logs++ < MISSING_SHOWN) {
                council_b64_encode(name, page[i].log, STORE_ID_BYTES);
                (void)fprintf(stderr, "councild: %s: %llu entries in place, %s\n", name,
                              (unsigned long long)page[i].seq,
                              lost == page[i].seq ? "the backup does not have this log"
                              : lost > 0          ? "the backup has fewer"
                                                  : "the backup has another history");
            }
        }
    }
    return status;
}

/* Opens what is in place as the server would, so that its journal is in it when it is closed. */
static enum host_exit look(struct restoring *restoring, struct store *backup)
{
    struct store *place = NULL;
    restoring->there = access(restoring->place, F_OK) == 0;
    if (!restoring->there) {
        return HOST_EXIT_OK;
    }
    enum host_exit status = host_store_open(&restoring->dir, 0, &place);
    if (status == HOST_EXIT_BUSY) {
        return status;
    }
    if (status != HOST_EXIT_OK || compare(restoring, backup, place) != STORE_OK ||
        store_settle(place) != STORE_OK) {
        restoring->unreadable = true;
    }
    (void)store_close(place);
    if (restoring->unreadable && !restoring->force) {
        return complain(HOST_EXIT_FAILED, restoring->place,
                        "cannot be read, so nobody knows what would be lost; --force puts the "
                        "backup in its place and keeps this one beside it");
    }
    if (restoring->lost_logs > 0 && !restoring->force) {
        (void)fprintf(stderr,
                      "councild: %llu logs are newer in place than in the backup, or not in it; "
                      "--force puts the backup in their place all the same\n",
                      (unsigned long long)restoring->lost_logs);
        return HOST_EXIT_FAILED;
    }
    return HOST_EXIT_OK;
}

/* ---- putting it in place ---- */

static enum host_exit prepare(struct restoring *restoring)
{
    struct store *store = NULL;
    struct host_verify_report report = {.findings = NULL};
    /* For writing: an older backup is brought up to date before it is looked at. */
    enum store_status opened = store_open(restoring->part, 0, &store);
    enum host_exit status = host_exit_of(opened);
    if (opened != STORE_OK) {
        return complain(status, restoring->file, host_store_explain(opened));
    }
    status = host_verify_store(store, restoring->options, &report, &restoring->verdict);
    if (status == HOST_EXIT_FAILED) {
        (void)complain(status, restoring->file, "is damaged; nothing was changed");
    }
    json_decref(report.findings);
    if (status == HOST_EXIT_OK) {
        status = look(restoring, store);
    }
    if (status == HOST_EXIT_OK && !restoring->complete) {
        enum store_status marked = store_recovering_all(store);
        if (marked != STORE_OK) {
            status = complain(host_exit_of(marked), restoring->part, store_status_name(marked));
        }
    }
    enum store_status closed = store_close(store);
    if (status == HOST_EXIT_OK && (closed != STORE_OK || has_journal(restoring->part))) {
        status = complain(HOST_EXIT_IO, restoring->part, "was not written out");
    }
    return status;
}

static bool flush_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return good;
}

/* A journal that is left belongs to the old database, there or not, and would be read into the new one: it goes first. */
static bool put_aside(const struct restoring *restoring)
{
    char from[HOST_PATH_MAX], to[HOST_PATH_MAX];
    if (!path_with(restoring->place, "-wal", from) || !path_with(restoring->replaced, "-wal", to)) {
        return false;
    }
    (void)unlink(restoring->replaced);
    (void)unlink(to);
    if (rename(from, to) != 0 && errno != ENOENT) {
        return false;
    }
    /* As a second name: the first one is never without a database. */
    return !restoring->there || link(restoring->place, restoring->replaced) == 0 ||
           rename(restoring->place, restoring->replaced) == 0;
}

static enum host_exit put_in_place(const struct restoring *restoring)
{
    bool good = flush_file(restoring->part) && put_aside(restoring) &&
                rename(restoring->part, restoring->place) == 0 &&
                host_sync_folder(restoring->dir.path);
    return good ? HOST_EXIT_OK : complain(HOST_EXIT_IO, restoring->place, strerror(errno));
}

static void report(const struct restoring *restoring)
{
    char key[HOST_PATH_MAX];
    bool has_key =
        host_datadir_file(restoring->dir.path, "server.key", key) && access(key, F_OK) == 0;
    if (host_option_given(restoring->options, HOST_OPT_JSON)) {
        json_t *all = json_pack(
            "{s:b,s:I,s:I,s:b,s:b,s:I,s:I}", "ok", 1, "logs", (json_int_t)restoring->verdict.logs,
            "entries", (json_int_t)restoring->verdict.entries, "recovering", !restoring->complete,
            "key", has_key, "lost_logs", (json_int_t)restoring->lost_logs, "lost_entries",
            (json_int_t)restoring->lost_entries);
        host_print_json(all);
        json_decref(all);
    } else {
        printf("%llu logs, %llu entries are in place%s\n",
               (unsigned long long)restoring->verdict.logs,
               (unsigned long long)restoring->verdict.entries,
               restoring->complete ? "" : "; they wait for their members");
    }
    if (restoring->there) {
        (void)fprintf(stderr, "councild: what was there before is %s; remove it when all is well\n",
                      restoring->replaced);
    }
    if (!has_key) {
        (void)fprintf(
            stderr,
            "councild: %s is not there: put the old server's key in its place, or clients "
            "will take this for another server\n",
            key);
    }
}

static enum host_exit restore(struct restoring *restoring)
{
    enum host_exit status = copy(restoring);
    if (status == HOST_EXIT_OK) {
        status = prepare(restoring);
    }
    if (status == HOST_EXIT_OK) {
        status = put_in_place(restoring);
    }
    if (status == HOST_EXIT_OK) {
        report(restoring);
    } else {
        drop_part(restoring);
    }
    return status;
}

int host_restore(const struct host_options *options)
{
    struct restoring restoring = {.options = options,
                                  .force = host_option_given(options, HOST_OPT_FORCE),
                                  .complete = host_option_given(options, HOST_OPT_COMPLETE)};
    if (options->word_count != 1) {
        (void)fprintf(stderr, "councild: restore FILE is needed\n");
        return HOST_EXIT_USAGE;
    }
    restoring.file = options->words[0];
    enum host_exit status = look_at(restoring.file);
    if (status == HOST_EXIT_OK) {
        status = host_datadir_open(&restoring.dir, host_option(options, HOST_OPT_DATA), true);
    }
    if (status != HOST_EXIT_OK) {
        return (int)status;
    }
    if (host_datadir_file(restoring.dir.path, HOST_DATABASE, restoring.place) &&
        host_datadir_file(restoring.dir.path, HOST_DATABASE ".restoring", restoring.part) &&
        host_datadir_file(restoring.dir.path, HOST_DATABASE ".replaced", restoring.replaced)) {
        status = restore(&restoring);
    } else {
        status = HOST_EXIT_USAGE;
    }
    host_datadir_close(&restoring.dir);
    return (int)status;
}
