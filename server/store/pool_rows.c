/*
 * pool_rows.c - the pool's rows read and bound. See pool_rows.h.
 */
#include "server/store/pool_rows.h"

#include <stdio.h>
#include <string.h>

static bool text(sqlite3_stmt *stmt, int at, char *out, size_t size)
{
    const char *from = (const char *)sqlite3_column_text(stmt, at);
    int len = from != NULL ? snprintf(out, size, "%s", from) : -1;

    return len >= 0 && (size_t)len < size;
}

static bool tokens(sqlite3_stmt *stmt, int at, struct store_pool_tokens *out)
{
    const void *blob = sqlite3_column_blob(stmt, at);
    size_t len = (size_t)sqlite3_column_bytes(stmt, at);

    if (len % STORE_ID_BYTES != 0 || len > sizeof out->all)
        return false;
    if (len > 0)
        memcpy(out->all, blob, len);
    out->count = (uint32_t)(len / STORE_ID_BYTES);
    return true;
}

static bool slots(sqlite3_stmt *stmt, int at, struct store_pool_slot *out, uint32_t *n)
{
    const uint8_t *blob = sqlite3_column_blob(stmt, at);
    int len = sqlite3_column_bytes(stmt, at);

    if (len % 3 != 0 || len / 3 > STORE_POOL_SLOTS_MAX)
        return false;
    *n = (uint32_t)len / 3;
    for (uint32_t i = 0; i < *n; i++)
        out[i] = (struct store_pool_slot){
            .day = blob[3 * i], .minute = (uint16_t)(blob[3 * i + 1] << 8 | blob[3 * i + 2])};
    return true;
}

static bool fixed(sqlite3_stmt *stmt, int at, void *out, int len)
{
    const void *blob = sqlite3_column_blob(stmt, at);

    if (blob == NULL || sqlite3_column_bytes(stmt, at) != len)
        return false;
    memcpy(out, blob, (size_t)len);
    return true;
}

bool pool_read_person(sqlite3_stmt *stmt, struct store_pool_person *out, int64_t *proposal)
{
    *proposal = sqlite3_column_int64(stmt, 8);
    *out = (struct store_pool_person){
        .changed = store_column_uint(stmt, 2),
        .since_ms = store_column_uint(stmt, 3),
        .expires_ms = store_column_uint(stmt, 4),
        .rests_ms = store_column_uint(stmt, 5),
        .missed = (uint8_t)sqlite3_column_int(stmt, 6),
        .missing = (uint8_t)sqlite3_column_int(stmt, 7),
        .proposed = *proposal != 0,
        .accepted = sqlite3_column_int(stmt, 9) != 0,
        .fast = sqlite3_column_int(stmt, 10) != 0,
        .moderates = sqlite3_column_int(stmt, 11) != 0,
    };
    return store_column_id(stmt, 1, out->member) &&
           text(stmt, 12, out->function, sizeof out->function) &&
           text(stmt, 13, out->level, sizeof out->level) &&
           text(stmt, 14, out->industry, sizeof out->industry) &&
           text(stmt, 15, out->zone, sizeof out->zone) &&
           text(stmt, 16, out->languages, sizeof out->languages) &&
           text(stmt, 17, out->name, sizeof out->name) &&
           fixed(stmt, 18, out->hours, sizeof out->hours) && tokens(stmt, 19, &out->avoid) &&
           tokens(stmt, 20, &out->employers);
}

bool pool_read_refill(sqlite3_stmt *stmt, struct store_pool_refill *out)
{
    *out = (struct store_pool_refill){
        .changed = store_column_uint(stmt, 3),
        .since_ms = store_column_uint(stmt, 4),
        .expires_ms = store_column_uint(stmt, 5),
        .places = (uint32_t)sqlite3_column_int(stmt, 6),
        .proposed = sqlite3_column_int64(stmt, 7) != 0,
        .fast = sqlite3_column_int(stmt, 8) != 0,
    };
    return store_column_id(stmt, 1, out->council) && store_column_id(stmt, 2, out->member) &&
           text(stmt, 9, out->zone, sizeof out->zone) &&
           text(stmt, 10, out->language, sizeof out->language) &&
           slots(stmt, 11, out->slots, &out->n_slots) && tokens(stmt, 12, &out->avoid) &&
           tokens(stmt, 13, &out->employers);
}

static bool read_proposal(sqlite3_stmt *stmt, struct pool_proposal *out)
{
    struct store_pool_proposal *p = &out->p;

    memset(out, 0, sizeof *out);
    out->id = sqlite3_column_int64(stmt, 0);
    p->founding = sqlite3_column_int(stmt, 2) != 0;
    p->refill = sqlite3_column_int(stmt, 3) != 0;
    p->has_council = sqlite3_column_type(stmt, 5) != SQLITE_NULL;
    p->made_ms = store_column_uint(stmt, 6);
    p->answer_by_ms = store_column_uint(stmt, 7);
    p->found_by_ms = store_column_uint(stmt, 8);
    p->fast = sqlite3_column_int(stmt, 9) != 0;
    return fixed(stmt, 1, p->name, sizeof p->name) && store_column_id(stmt, 4, p->moderator) &&
           (!p->has_council || store_column_id(stmt, 5, p->council)) &&
           text(stmt, 10, p->zone, sizeof p->zone) &&
           text(stmt, 11, p->language, sizeof p->language) &&
           slots(stmt, 12, p->slots, &p->n_slots) && text(stmt, 13, p->why, sizeof p->why);
}

static bool read_seat(sqlite3_stmt *stmt, struct store_pool_seat *out)
{
    *out = (struct store_pool_seat){.accepted = sqlite3_column_int(stmt, 2) != 0,
                                    .moderates = sqlite3_column_int(stmt, 3) != 0,
                                    .boxed = sqlite3_column_int(stmt, 4) != 0};
    return store_column_id(stmt, 0, out->member) && text(stmt, 1, out->name, sizeof out->name);
}

void pool_bind_text(sqlite3_stmt *stmt, int at, const char *from)
{
    (void)sqlite3_bind_text(stmt, at, from, -1, SQLITE_STATIC);
}

void pool_bind_blob(sqlite3_stmt *stmt, int at, const void *bytes, uint32_t len)
{
    (void)sqlite3_bind_blob(stmt, at, len > 0 ? bytes : "", (int)len, SQLITE_STATIC);
}

void pool_bind_tokens(sqlite3_stmt *stmt, int at, const struct store_pool_tokens *from)
{
    pool_bind_blob(stmt, at, from->all, from->count * STORE_ID_BYTES);
}

void pool_bind_slots(sqlite3_stmt *stmt, int at, const struct store_pool_slot *from, uint32_t n,
                     uint8_t out[3 * STORE_POOL_SLOTS_MAX])
{
    for (uint32_t i = 0; i < n; i++) {
        out[3 * i] = from[i].day;
        out[3 * i + 1] = (uint8_t)(from[i].minute >> 8);
        out[3 * i + 2] = (uint8_t)from[i].minute;
    }
    pool_bind_blob(stmt, at, out, 3 * n);
}

enum store_status pool_person_get(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                  struct store_pool_person *out, int64_t *proposal)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_GET);
    bool found;

    store_bind_id(stmt, 1, member);
    enum store_status status = store_step(store, STMT_POOL_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!pool_read_person(stmt, out, proposal))
        status = store_fail(store, "a row of the pool", SQLITE_CORRUPT);
    store_reset(store, STMT_POOL_GET);
    return status;
}

static enum store_status read_seats(struct store *store, struct pool_proposal *out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_SEATS);
    enum store_status status;
    bool found = true;

    (void)sqlite3_bind_int64(stmt, 1, out->id);
    (void)sqlite3_bind_int64(stmt, 2, STORE_POOL_GROUP_MAX);
    out->p.n_seats = 0;
    while ((status = store_step(store, STMT_POOL_SEATS, &found)) == STORE_OK && found &&
           out->p.n_seats < STORE_POOL_GROUP_MAX) {
        if (!read_seat(stmt, &out->p.seats[out->p.n_seats])) {
            status = store_fail(store, "a seat of a proposal", SQLITE_CORRUPT);
            break;
        }
        out->p.n_seats++;
    }
    store_reset(store, STMT_POOL_SEATS);
    return status;
}

enum store_status pool_proposal_get(struct store *store, int64_t id, struct pool_proposal *out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_PROPOSAL);
    bool found;

    (void)sqlite3_bind_int64(stmt, 1, id);
    enum store_status status = store_step(store, STMT_POOL_PROPOSAL, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!read_proposal(stmt, out))
        status = store_fail(store, "a proposal", SQLITE_CORRUPT);
    store_reset(store, STMT_POOL_PROPOSAL);
    return status == STORE_OK ? read_seats(store, out) : status;
}

enum store_status pool_proposal_named(struct store *store, const uint8_t name[STORE_POOL_ID],
                                      int64_t *id)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_NAMED);
    bool found;

    pool_bind_blob(stmt, 1, name, STORE_POOL_ID);
    enum store_status status = store_step(store, STMT_POOL_NAMED, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    *id = sqlite3_column_int64(stmt, 0);
    store_reset(store, STMT_POOL_NAMED);
    return STORE_OK;
}

enum store_status pool_is_inside(struct store *store, const uint8_t council[STORE_ID_BYTES],
                                 const uint8_t member[STORE_ID_BYTES], bool *inside)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_POOL_JOINED);
    bool found;

    store_bind_id(stmt, 1, council);
    store_bind_id(stmt, 2, member);
    enum store_status status = store_step(store, STMT_POOL_JOINED, &found);
    *inside = status == STORE_OK && found && sqlite3_column_int(stmt, 0) > 0;
    store_reset(store, STMT_POOL_JOINED);
    return status;
}
