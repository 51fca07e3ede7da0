/*
 * pool_rows.h - rows of the pool's tables to and from pool.h's shapes, for the files of the pool in this folder.
 *
 * Owns the order of the columns, which is that of the statements. Must not know what becomes of a row.
 */
#ifndef COUNCIL_SERVER_STORE_POOL_ROWS_H
#define COUNCIL_SERVER_STORE_POOL_ROWS_H

#include "server/store/engine.h"
#include "server/store/pool.h"

/* A proposal with its row's number. */
struct pool_proposal {
    int64_t id;
    struct store_pool_proposal p;
};

/* The row that the statement stands on; false: not what was stored. */
bool pool_read_person(sqlite3_stmt *stmt, struct store_pool_person *out, int64_t *proposal);
bool pool_read_refill(sqlite3_stmt *stmt, struct store_pool_refill *out);

/* Binding borrows until the statement is stepped. */
void pool_bind_text(sqlite3_stmt *stmt, int at, const char *text);
void pool_bind_blob(sqlite3_stmt *stmt, int at, const void *bytes, uint32_t len);
void pool_bind_tokens(sqlite3_stmt *stmt, int at, const struct store_pool_tokens *tokens);
/* `out` keeps the bytes until then. */
void pool_bind_slots(sqlite3_stmt *stmt, int at, const struct store_pool_slot *slots, uint32_t n,
                     uint8_t out[3 * STORE_POOL_SLOTS_MAX]);

/* A member's row. NOT_FOUND. */
enum store_status pool_person_get(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                  struct store_pool_person *out, int64_t *proposal);
/* A proposal with its seats. NOT_FOUND. */
enum store_status pool_proposal_get(struct store *store, int64_t id, struct pool_proposal *out);
/* The row's number of the proposal of that name. NOT_FOUND. */
enum store_status pool_proposal_named(struct store *store, const uint8_t name[STORE_POOL_ID],
                                      int64_t *id);

/* ---- pool_settle.c ---- */

/*
 * Within a transaction: brings a proposal to what its seats' answers and the clock make of it: who has joined is deleted, a moderator is found, it
 * founds, fails, or is over. `proposal` may be gone afterwards. `*moved` says whether anybody has something new to see. `news` may be NULL.
 */
enum store_status pool_settle(struct store *store, struct pool_proposal *proposal,
                              const struct store_pool_clock *clock, struct store_pool_news *news,
                              bool *moved);
/* Who is to be told of it, as it stands. */
void pool_news(const struct pool_proposal *proposal, struct store_pool_news *news);

/* Is `member` in that council now? No: also where there is no such council. */
STORE_MUST_USE enum store_status pool_is_inside(struct store *store,
                                                const uint8_t council[STORE_ID_BYTES],
                                                const uint8_t member[STORE_ID_BYTES], bool *inside);

#endif
