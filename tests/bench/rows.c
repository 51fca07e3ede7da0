/*
 * rows.c - the same rows twice: bare SQLite and the server's store. See rows.h.
 *
 * Both: write-ahead log, synchronous=FULL, one connection, rows of 125 logs in turn, small
 * checkpoints. The store also keeps tails, checks continuity and writes its index blocks: what that
 * costs is the difference.
 */
#include "tests/bench/rows.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/store/store.h"
#include "tests/bench/bench.h"

enum {
    LOGS = 125,
    TEXT_BYTES = 450,
    DATA_BYTES = 552,
    HEAD_BYTES = 32
};

struct rows {
    char path[512];
    enum rows_kind kind;
    uint32_t batch, next_log;
    uint64_t seq[LOGS];
    sqlite3 *db;
    sqlite3_stmt *begin, *insert, *commit;
    struct store *store;
    struct store_row rows[STORE_BATCH_ROWS_MAX];
    char text[TEXT_BYTES];
    uint8_t data[DATA_BYTES];
};

static const char schema[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA locking_mode=EXCLUSIVE;"
    "PRAGMA wal_autocheckpoint=512;"
    "CREATE TABLE entry(row INTEGER PRIMARY KEY, log BLOB, seq INTEGER, received INTEGER, head "
    "BLOB, sig BLOB, text TEXT, data BLOB) STRICT;";

static void must(const struct rows *rows, int code)
{
    if (code != SQLITE_OK && code != SQLITE_DONE && code != SQLITE_ROW) {
        bench_die("sqlite: %s", sqlite3_errmsg(rows->db));
    }
}

static void open_bare(struct rows *rows)
{
    must(rows, sqlite3_open(rows->path, &rows->db));
    must(rows, sqlite3_exec(rows->db, schema, NULL, NULL, NULL));
    must(rows, sqlite3_prepare_v2(rows->db, "BEGIN IMMEDIATE", -1, &rows->begin, NULL));
    must(rows, sqlite3_prepare_v2(rows->db, "COMMIT", -1, &rows->commit, NULL));
    must(rows, sqlite3_prepare_v2(rows->db,
                                  "INSERT INTO entry(log, seq, received, head, sig, text, data) "
                                  "VALUES(?,?,?,?,?,?,?)",
                                  -1, &rows->insert, NULL));
}

static void name_log(uint8_t out[STORE_ID_BYTES], uint32_t number)
{
    memset(out, 0x5a, STORE_ID_BYTES);
    memcpy(out, &number, sizeof number);
}

static void open_store(struct rows *rows)
{
    struct store_row first[LOGS];
    struct store_change changes[LOGS];
    memset(first, 0, sizeof first);
    memset(changes, 0, sizeof changes);
    if (store_open(rows->path, STORE_OPEN_CREATE, &rows->store) != STORE_OK) {
        bench_die("the store cannot be opened in %s", rows->path);
    }
    for (uint32_t i = 0; i < LOGS; i++) {
        name_log(first[i].log, i);
        first[i].entry.seq = ++rows->seq[i];
        first[i].entry.flags = STORE_FOLDS;
        first[i].entry.text = rows->text;
        first[i].entry.text_len = TEXT_BYTES;
        changes[i].type = STORE_CHANGE_LOG;
        changes[i].row = i;
        changes[i].u.log.kind = STORE_LOG_COUNCIL;
    }
    const struct store_batch batch = {first, LOGS, LOGS, changes};
    if (store_append(rows->store, &batch, NULL) != STORE_OK) {
        bench_die("store: %s", store_detail(rows->store));
    }
}

struct rows *rows_open(const char *folder, enum rows_kind kind, uint32_t batch)
{
    struct rows *rows = bench_alloc(sizeof *rows);
    rows->kind = kind;
    rows->batch = batch;
    (void)snprintf(rows->path, sizeof rows->path, "%s/bench-rows-%d-%d.db", folder, (int)getpid(),
                   (int)kind);
    memset(rows->text, 'a', sizeof rows->text);
    memset(rows->data, 0xa5, sizeof rows->data);
    if (kind == ROWS_BARE) {
        open_bare(rows);
    } else {
        open_store(rows);
    }
    return rows;
}

void rows_close(struct rows *rows)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-lock", "-journal"};
    char path[sizeof rows->path + 16];
    if (rows->kind == ROWS_BARE) {
        (void)sqlite3_finalize(rows->begin);
        (void)sqlite3_finalize(rows->insert);
        (void)sqlite3_finalize(rows->commit);
        (void)sqlite3_close(rows->db);
    } else {
        (void)store_close(rows->store);
    }
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        (void)snprintf(path, sizeof path, "%s%s", rows->path, suffixes[i]);
        (void)unlink(path);
    }
    free(rows);
}

static void step(const struct rows *rows, sqlite3_stmt *statement)
{
    must(rows, sqlite3_step(statement));
    must(rows, sqlite3_reset(statement));
}

static void append_bare(struct rows *rows)
{
    uint8_t log[STORE_ID_BYTES];
    step(rows, rows->begin);
    for (uint32_t i = 0; i < rows->batch; i++) {
        uint32_t number = rows->next_log++ % LOGS;
        name_log(log, number);
        must(rows, sqlite3_bind_blob(rows->insert, 1, log, sizeof log, SQLITE_STATIC));
        must(rows, sqlite3_bind_int64(rows->insert, 2, (sqlite3_int64)++rows->seq[number]));
        must(rows, sqlite3_bind_int64(rows->insert, 3, 1700000000000));
        must(rows, sqlite3_bind_blob(rows->insert, 4, rows->data, HEAD_BYTES, SQLITE_STATIC));
        must(rows, sqlite3_bind_blob(rows->insert, 5, rows->data, STORE_SIG_BYTES, SQLITE_STATIC));
        must(rows, sqlite3_bind_text(rows->insert, 6, rows->text, TEXT_BYTES, SQLITE_STATIC));
        must(rows, sqlite3_bind_blob(rows->insert, 7, rows->data, DATA_BYTES, SQLITE_STATIC));
        step(rows, rows->insert);
    }
    step(rows, rows->commit);
}

static void append_store(struct rows *rows)
{
    for (uint32_t i = 0; i < rows->batch; i++) {
        uint32_t number = rows->next_log++ % LOGS;
        struct store_row *row = &rows->rows[i];
        memset(row, 0, sizeof *row);
        name_log(row->log, number);
        row->entry.seq = ++rows->seq[number];
        row->entry.received_ms = 1700000000000;
        row->entry.flags = STORE_SEALED;
        row->entry.text = rows->text;
        row->entry.text_len = TEXT_BYTES;
        row->entry.data = rows->data;
        row->entry.data_len = DATA_BYTES;
    }
    const struct store_batch batch = {rows->rows, rows->batch, 0, NULL};
    if (store_append(rows->store, &batch, NULL) != STORE_OK) {
        bench_die("store: %s", store_detail(rows->store));
    }
    if (store_maintain(rows->store, 2, NULL) != STORE_OK) {
        bench_die("store: %s", store_detail(rows->store));
    }
}

void rows_append(struct rows *rows)
{
    if (rows->kind == ROWS_BARE) {
        append_bare(rows);
    } else {
        append_store(rows);
    }
}

void rows_fill(const char *path, uint64_t entries)
{
    struct rows *rows = bench_alloc(sizeof *rows);
    rows->kind = ROWS_STORE;
    rows->batch = STORE_BATCH_ROWS_MAX;
    (void)snprintf(rows->path, sizeof rows->path, "%s", path);
    memset(rows->text, 'a', sizeof rows->text);
    memset(rows->data, 0xa5, sizeof rows->data);
    open_store(rows);
    for (uint64_t have = LOGS; have < entries; have += rows->batch) {
        append_store(rows);
    }
    if (store_close(rows->store) != STORE_OK) {
        bench_die("the store cannot be closed");
    }
    free(rows);
}
