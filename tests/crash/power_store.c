/*
 * power_store.c - the server's store as something that loses power.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/power.h"
#include "tests/crash/store_script.h"

_Static_assert(sizeof(struct store_script) <= POWER_PLAN_MAX, "a plan must fit");

static void must(enum store_status status, const char *what)
{
    if (status != STORE_OK) {
        tap_die("%s: %s", what, store_status_name(status));
    }
}

static void create(void *plan, const char *folder, uint64_t seed)
{
    must(store_script_open(plan, folder, seed), "open");
}

static void resume(void *plan, const char *folder)
{
    struct store_script *script = plan;
    (void)snprintf(script->path, sizeof script->path, "%s/council.db", folder);
    must(store_open(script->path, 0, &script->store), "open again");
}

static void close_it(void *plan)
{
    struct store_script *script = plan;
    (void)store_close(script->store);
    script->store = NULL;
}

static void step(void *plan)
{
    must(store_script_step(plan), store_script_name(plan));
}

static const char *step_name(const void *plan)
{
    return store_script_name(plan);
}

static void digest(void *plan, uint8_t out[POWER_DIGEST])
{
    struct store_script *script = plan;
    must(store_script_digest(script->store, out), "read");
}

/* What SQLite itself says of the file. The store is closed. */
static bool is_whole(const char *path)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    bool good =
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) ==
            SQLITE_OK &&
        sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL) == SQLITE_OK &&
        sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
        sqlite3_step(stmt) == SQLITE_ROW &&
        strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return good;
}

static bool look(const void *plan, const char *folder, uint8_t out[POWER_DIGEST], const char **why)
{
    static char said[200];
    char path[DISK_PATH_MAX + 32];
    struct store *store = NULL;
    (void)plan;
    *why = said;
    (void)snprintf(path, sizeof path, "%s/council.db", folder);
    enum store_status status = store_open(path, STORE_OPEN_CREATE, &store);
    (void)snprintf(said, sizeof said, "open: %s", store_status_name(status));
    if (status == STORE_OK) {
        status = store_script_digest(store, out);
        (void)snprintf(said, sizeof said, "read: %s", store_status_name(status));
        enum store_status closed = store_close(store);
        if (status == STORE_OK && closed != STORE_OK) {
            (void)snprintf(said, sizeof said, "close: %s", store_status_name(closed));
            status = closed;
        }
    }
    if (status == STORE_OK && !is_whole(path)) {
        (void)snprintf(said, sizeof said, "integrity_check");
        status = STORE_CORRUPT;
    }
    return status == STORE_OK;
}

/* Erased, and since then everything was put in order: the journal, too, was cut off for good. */
static bool gone(const void *plan, uint32_t i, char *bytes, uint32_t *len)
{
    const struct store_script *script = plan;
    if (i >= script->n_gone) {
        return false;
    }
    *len = store_script_marker(script->erased[i].log, script->erased[i].seq, bytes);
    return true;
}

const struct power_subject power_store = {
    .name = "store",
    .swallow = "-wal", /* what synchronous = NORMAL leaves out */
    .plan_bytes = sizeof(struct store_script),
    .create = create,
    .resume = resume,
    .close = close_it,
    .step = step,
    .step_name = step_name,
    .digest = digest,
    .look = look,
    .gone = gone,
};
