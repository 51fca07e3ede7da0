/*
 * Migrations: numbered, applied in order, each whole or not at all.
 *
 * Must not know what they do. Invariant: user_version is the number of migrations applied,
 * application_id says that the file is ours; both change in the transaction of the migration.
 */
#include "server/store/migrate.h"

#include <stdio.h>

enum {
    APPLICATION_ID = 0x436e636c
}; /* "Cncl" */

static enum store_status number(struct store *store, const char *sql, int *out)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    return rc == SQLITE_ROW ? STORE_OK : store_fail(store, sql, rc);
}

enum store_status store_schema_version(struct store *store, int *version)
{
    int application = 0, objects = 0;

    enum store_status status = number(store, "PRAGMA user_version", version);
    if (status == STORE_OK)
        status = number(store, "PRAGMA application_id", &application);
    if (status == STORE_OK)
        status = number(store, "SELECT count(*) FROM sqlite_schema", &objects);
    if (status != STORE_OK)
        return status;
    /* A file in which nothing was ever made is nobody's: a first start may have been cut short. */
    if (application != APPLICATION_ID && (application != 0 || objects != 0 || *version != 0))
        return STORE_CORRUPT;
    return *version > store_migrations_count ? STORE_NEWER : STORE_OK;
}

static enum store_status exec(struct store *store, const char *what, const char *sql)
{
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

    return rc == SQLITE_OK ? STORE_OK : store_fail(store, what, rc);
}

enum store_status store_migrate(struct store *store, int version)
{
    for (int i = version; i < store_migrations_count; i++) {
        char mark[96];
        (void)snprintf(mark, sizeof mark,
                       "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                       (int)APPLICATION_ID, i + 1);
        enum store_status status = exec(store, "migration", "BEGIN IMMEDIATE");
        if (status == STORE_OK)
            status = exec(store, "migration", store_migrations[i]);
        if (status == STORE_OK)
            status = exec(store, "migration", mark);
        if (status != STORE_OK) {
            if (sqlite3_get_autocommit(store->db) == 0)
                (void)sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
            return status;
        }
    }
    return STORE_OK;
}
