/*
 * Calendar feeds. See feed.h.
 */
#include "server/store/feed.h"

#include <string.h>

#include "server/store/engine.h"

/* Columns of FEED_GET and FEED_OF_MEMBER. */
enum {
    COL_HASH,
    COL_LOG,
    COL_MEMBER,
    COL_CREATED,
    COL_TITLE
};

static bool decode(sqlite3_stmt *stmt, struct store_feed *out)
{
    const void *title = sqlite3_column_blob(stmt, COL_TITLE);
    int len = sqlite3_column_bytes(stmt, COL_TITLE);

    *out = (struct store_feed){.created_ms = store_column_uint(stmt, COL_CREATED)};
    if (title == NULL || len > STORE_FEED_TITLE_MAX)
        return false;
    memcpy(out->title, title, (size_t)len);
    return store_column_id(stmt, COL_HASH, out->hash) && store_column_id(stmt, COL_LOG, out->log) &&
           store_column_id(stmt, COL_MEMBER, out->member);
}

/* NOT_FOUND unless the member is in that council now. */
static enum store_status check_member(struct store *store, const struct store_feed *feed)
{
    struct store_membership membership;
    enum store_status status = store_membership(store, feed->log, feed->member, &membership);

    if (status == STORE_OK && (membership.kind != STORE_LOG_COUNCIL || membership.until_seq != 0))
        return STORE_NOT_FOUND;
    return status;
}

static enum store_status get(struct store *store, const uint8_t hash[STORE_ID_BYTES],
                             struct store_feed *out)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_FEED_GET);
    bool found;

    store_bind_id(stmt, 1, hash);
    enum store_status status = store_step(store, STMT_FEED_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!decode(stmt, out))
        status = store_fail(store, "a feed", SQLITE_CORRUPT);
    store_reset(store, STMT_FEED_GET);
    return status;
}

static enum store_status count(struct store *store, const uint8_t member[STORE_ID_BYTES],
                               uint64_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_FEED_COUNT);
    bool found;

    store_bind_id(stmt, 1, member);
    enum store_status status = store_step(store, STMT_FEED_COUNT, &found);
    if (status == STORE_OK) {
        *n = found ? store_column_uint(stmt, 0) : 0;
        store_reset(store, STMT_FEED_COUNT);
    }
    return status;
}

/* Whether it may be kept, within the transaction. */
static enum store_status admit(struct store *store, const struct store_feed *feed, uint32_t max)
{
    struct store_feed known;
    uint64_t n = 0;
    enum store_status status = check_member(store, feed);

    if (status != STORE_OK)
        return status;
    status = get(store, feed->hash, &known);
    if (status == STORE_OK)
        return memcmp(known.log, feed->log, sizeof known.log) == 0 &&
                       memcmp(known.member, feed->member, sizeof known.member) == 0
                   ? STORE_OK
                   : STORE_EXISTS;
    if (status != STORE_NOT_FOUND)
        return status;
    status = count(store, feed->member, &n);
    return status == STORE_OK && n >= max ? STORE_REFUSED : status;
}

enum store_status store_feed_put(struct store *store, const struct store_feed *feed, uint32_t max)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    status = admit(store, feed, max);
    if (status == STORE_OK) {
        sqlite3_stmt *stmt = store_stmt(store, STMT_FEED_PUT);
        store_bind_id(stmt, 1, feed->hash);
        store_bind_id(stmt, 2, feed->log);
        store_bind_id(stmt, 3, feed->member);
        store_bind_uint(stmt, 4, feed->created_ms);
        (void)sqlite3_bind_text(stmt, 5, feed->title, -1, SQLITE_STATIC);
        status = store_run(store, STMT_FEED_PUT);
    }
    return store_end(store, status);
}

enum store_status store_feed_drop(struct store *store, const struct store_feed *feed)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_FEED_DROP);
    store_bind_id(stmt, 1, feed->hash);
    store_bind_id(stmt, 2, feed->member);
    status = store_run(store, STMT_FEED_DROP);
    if (status == STORE_OK && sqlite3_changes(store->db) == 0)
        status = STORE_NOT_FOUND;
    return store_end(store, status);
}

enum store_status store_feeds(struct store *store, const uint8_t member[STORE_ID_BYTES],
                              struct store_feed *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_FEED_OF_MEMBER);
    enum store_status status = STORE_OK;
    bool found = true;

    *n = 0;
    store_bind_id(stmt, 1, member);
    store_bind_uint(stmt, 2, max);
    while (*n < max && (status = store_step(store, STMT_FEED_OF_MEMBER, &found)) == STORE_OK &&
           found) {
        if (!decode(stmt, &out[(*n)++])) {
            status = store_fail(store, "a feed", SQLITE_CORRUPT);
            break;
        }
    }
    store_reset(store, STMT_FEED_OF_MEMBER);
    return status;
}

enum store_status store_feed_find(struct store *store, const uint8_t hash[STORE_ID_BYTES],
                                  struct store_feed *out, struct store_log_info *info)
{
    struct store_feed feed = {.created_ms = 0};
    enum store_status found = get(store, hash, &feed);

    if (found != STORE_OK && found != STORE_NOT_FOUND)
        return found;
    /* Nobody is in the log that no feed has: whoever guesses waits as long as a former member. */
    enum store_status member = check_member(store, &feed);
    if (member == STORE_OK && found == STORE_OK)
        member = store_log_info(store, feed.log, info);
    if (member == STORE_OK)
        *out = feed;
    return found != STORE_OK ? found : member;
}
