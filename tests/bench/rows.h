/*
 * rows.h - groups of rows of a note's size written to disk: by SQLite with nothing around it, and by
 * the server's store.
 */
#ifndef COUNCIL_TESTS_BENCH_ROWS_H
#define COUNCIL_TESTS_BENCH_ROWS_H

#include <stdint.h>

enum rows_kind {
    ROWS_BARE,  /* SQLite: one table in order of arrival, no index, the same durability */
    ROWS_STORE, /* server/store/store.h */
};

struct rows;

/* A new database in `folder`, which must exist. Dies where it cannot be made. */
struct rows *rows_open(const char *folder, enum rows_kind kind, uint32_t batch);
/* Removes its files too. */
/* Makes a store in the file `path` with `entries` entries in 125 logs, and closes it. */
void rows_fill(const char *path, uint64_t entries);
void rows_close(struct rows *rows);

/* One batch, on disk on return. */
void rows_append(struct rows *rows);

#endif
