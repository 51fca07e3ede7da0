/*
 * Bringing a database to the schema that this program knows. The steps are migrations/NNN_*.sql,
 * embedded in their order.
 */
#ifndef COUNCIL_SERVER_STORE_MIGRATE_H
#define COUNCIL_SERVER_STORE_MIGRATE_H

#include "server/store/engine.h"

extern const char *const store_migrations[];
extern const int store_migrations_count;

/* What the database is: *version counts the migrations it has had. STORE_NEWER, STORE_CORRUPT
 * (somebody else's). */
enum store_status store_schema_version(struct store *store, int *version);

/* Applies those from `version` on, each in a transaction of its own. */
enum store_status store_migrate(struct store *store, int version);

#endif
