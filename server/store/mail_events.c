/*
 * Which mails were to be sent, and what came of each; and who asked others to look.
 *
 * Must not know when a mail is due or how one is sent; see mail.h. Invariant: an event is claimed once for each time that
 * it waits, and what is claimed stays so until its outcome is told: a process that dies in between leaves it unsent.
 */
#include "server/store/engine.h"

#include <string.h>

/* The row that the statement stands on; false: not what was stored. */
static bool decode(sqlite3_stmt *stmt, struct store_mail_event *out)
{
    *out = (struct store_mail_event){
        .kind = (enum store_mail_kind)sqlite3_column_int(stmt, 3),
        .state = (enum store_mail_state)sqlite3_column_int(stmt, 4),
        .tries = (uint32_t)store_column_uint(stmt, 5),
        .due_ms = store_column_uint(stmt, 6),
        .until_ms = store_column_uint(stmt, 7),
        .made_ms = store_column_uint(stmt, 8),
    };
    return store_column_id(stmt, 1, out->member) && store_column_id(stmt, 2, out->key);
}

enum store_status store_mail_event(struct store *store, struct store_mail_event *event)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_GET);
    struct store_mail_event got;
    bool found;

    store_bind_id(stmt, 1, event->member);
    store_bind_id(stmt, 2, event->key);
    enum store_status status = store_step(store, STMT_MAIL_EVENT_GET, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!decode(stmt, &got))
        status = store_fail(store, "an event", SQLITE_CORRUPT);
    store_reset(store, STMT_MAIL_EVENT_GET);
    if (status == STORE_OK)
        *event = got;
    return status;
}

/* *changed: there was none. */
static enum store_status insert(struct store *store, const struct store_mail_event *event,
                                enum store_mail_state state, uint32_t tries, uint64_t now_ms,
                                bool *changed)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_INSERT);

    store_bind_id(stmt, 1, event->member);
    store_bind_id(stmt, 2, event->key);
    store_bind_uint(stmt, 3, event->kind);
    store_bind_uint(stmt, 4, state);
    store_bind_uint(stmt, 5, tries);
    store_bind_uint(stmt, 6, now_ms);
    store_bind_uint(stmt, 7, event->until_ms);
    store_bind_uint(stmt, 8, now_ms);
    enum store_status status = store_run(store, STMT_MAIL_EVENT_INSERT);
    *changed = status == STORE_OK && sqlite3_changes(store->db) > 0;
    return status;
}

static bool wants(const struct store_mail *mail, enum store_mail_kind kind, uint64_t now_ms)
{
    if (kind == STORE_MAIL_CODE)
        return mail->confirmed_ms == 0 && mail->code[0] != '\0' &&
               now_ms <= mail->asked_ms + STORE_MAIL_CODE_MS;
    return mail->confirmed_ms != 0 && mail->failing_ms == 0 &&
           (mail->kinds >> ((unsigned)kind - 1) & 1) != 0;
}

/* A code goes out with the code that is good now: one that was asked for before it is over. */
static bool outdated(const struct store_mail *mail, const struct store_mail_event *event)
{
    return event->kind == STORE_MAIL_CODE && memcmp(mail->token, event->key, STORE_ID_BYTES) != 0;
}

static enum store_status claim(struct store *store, const struct store_mail_event *event,
                               uint64_t now_ms)
{
    bool changed = false;
    enum store_status status = insert(store, event, STORE_MAIL_CLAIMED, 1, now_ms, &changed);

    if (status == STORE_OK && !changed) {
        sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_CLAIM);
        store_bind_id(stmt, 1, event->member);
        store_bind_id(stmt, 2, event->key);
        store_bind_uint(stmt, 3, now_ms);
        status = store_run(store, STMT_MAIL_EVENT_CLAIM);
        changed = status == STORE_OK && sqlite3_changes(store->db) > 0;
    }
    return status == STORE_OK && !changed ? STORE_EXISTS : status;
}

enum store_status store_mail_claim(struct store *store, struct store_mail_event *event,
                                   uint64_t now_ms, struct store_mail *out)
{
    enum store_status status = store_mail_get(store, event->member, out);

    if (status == STORE_OK && (!wants(out, event->kind, now_ms) || outdated(out, event)))
        status = STORE_NOT_FOUND;
    if (status == STORE_OK)
        status = store_begin(store);
    if (status != STORE_OK)
        return status;
    status = store_end(store, claim(store, event, now_ms));
    return status == STORE_OK ? store_mail_event(store, event) : status;
}

enum store_status store_mail_skip(struct store *store, const struct store_mail_event *event,
                                  uint64_t now_ms)
{
    bool changed = false;
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    return store_end(store, insert(store, event, STORE_MAIL_DROPPED, 0, now_ms, &changed));
}

enum store_status store_mail_settle(struct store *store, const struct store_mail_event *event,
                                    bool failing, uint64_t now_ms)
{
    enum store_status status = store_begin(store);

    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_SETTLE);
    store_bind_id(stmt, 1, event->member);
    store_bind_id(stmt, 2, event->key);
    store_bind_uint(stmt, 3, event->state);
    store_bind_uint(stmt, 4, event->due_ms);
    status = store_run(store, STMT_MAIL_EVENT_SETTLE);
    if (status == STORE_OK && (failing || event->state == STORE_MAIL_SENT)) {
        enum store_stmt id = failing ? STMT_MAIL_FAILING : STMT_MAIL_TAKEN;
        stmt = store_stmt(store, id);
        store_bind_id(stmt, 1, event->member);
        store_bind_uint(stmt, 2, now_ms);
        status = store_run(store, id);
    }
    return store_end(store, status);
}

enum store_status store_mail_waiting(struct store *store, uint64_t now_ms,
                                     struct store_mail_event *out, uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_WAITING);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_uint(stmt, 1, now_ms);
    store_bind_uint(stmt, 2, max);
    while (*n < max && (status = store_step(store, STMT_MAIL_EVENT_WAITING, &found)) == STORE_OK &&
           found) {
        if (!decode(stmt, &out[*n])) {
            status = store_fail(store, "an event", SQLITE_CORRUPT);
            break;
        }
        ++*n;
    }
    store_reset(store, STMT_MAIL_EVENT_WAITING);
    return status;
}

/* Runs a statement about all that is older than `ms`. */
static enum store_status run_before(struct store *store, enum store_stmt id, uint64_t ms)
{
    store_bind_uint(store_stmt(store, id), 1, ms);
    return store_run(store, id);
}

enum store_status store_mail_prune(struct store *store, uint64_t now_ms, uint64_t *dropped)
{
    uint64_t old_ms = now_ms > STORE_MAIL_KEEP_MS ? now_ms - STORE_MAIL_KEEP_MS : 0;
    uint64_t day_ms = now_ms > STORE_MAIL_CODES_MS ? now_ms - STORE_MAIL_CODES_MS : 0;
    enum store_status status = store_begin(store);

    *dropped = 0;
    if (status != STORE_OK)
        return status;
    status = run_before(store, STMT_MAIL_EVENT_LATE, now_ms);
    if (status == STORE_OK) {
        *dropped = (uint64_t)sqlite3_changes(store->db);
        status = run_before(store, STMT_MAIL_EVENT_OLD, old_ms);
    }
    if (status == STORE_OK)
        status = run_before(store, STMT_NUDGE_OLD, old_ms);
    if (status == STORE_OK)
        status = run_before(store, STMT_MAIL_DELETE_OLD, old_ms);
    if (status == STORE_OK && sqlite3_changes(store->db) > 0)
        store->erase_pending = true;
    if (status == STORE_OK)
        status = run_before(store, STMT_MAIL_CODE_OLD, day_ms);
    if (status == STORE_OK && sqlite3_changes(store->db) > 0)
        store->erase_pending = true;
    return store_end(store, status);
}

/* ---- what there is to be told ---- */

enum store_status store_mail_proposal(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                      uint64_t now_ms, uint8_t name[STORE_MAIL_PROPOSAL_BYTES],
                                      uint64_t *made_ms, uint64_t *until_ms)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_PROPOSAL);
    bool found;

    store_bind_id(stmt, 1, member);
    store_bind_uint(stmt, 2, now_ms);
    enum store_status status = store_step(store, STMT_MAIL_PROPOSAL, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    const void *blob = sqlite3_column_blob(stmt, 0);
    if (blob == NULL || sqlite3_column_bytes(stmt, 0) != STORE_MAIL_PROPOSAL_BYTES) {
        status = store_fail(store, "a proposal", SQLITE_CORRUPT);
    } else {
        memcpy(name, blob, STORE_MAIL_PROPOSAL_BYTES);
        *made_ms = store_column_uint(stmt, 1);
        *until_ms = store_column_uint(stmt, 2);
    }
    store_reset(store, STMT_MAIL_PROPOSAL);
    return status;
}

enum store_status store_nudge(struct store *store, const uint8_t log[STORE_ID_BYTES],
                              const uint8_t member[STORE_ID_BYTES], uint64_t now_ms)
{
    struct store_membership membership;
    enum store_status status = store_membership(store, log, member, &membership);

    if (status == STORE_OK && (membership.until_seq != 0 || membership.kind != STORE_LOG_COUNCIL))
        status = STORE_NOT_FOUND;
    if (status == STORE_OK)
        status = store_begin(store);
    if (status != STORE_OK)
        return status;
    sqlite3_stmt *stmt = store_stmt(store, STMT_NUDGE_PUT);
    store_bind_id(stmt, 1, log);
    store_bind_id(stmt, 2, member);
    store_bind_uint(stmt, 3, now_ms);
    store_bind_uint(stmt, 4, now_ms > STORE_NUDGE_GAP_MS ? now_ms - STORE_NUDGE_GAP_MS : 0);
    return store_end(store, store_run(store, STMT_NUDGE_PUT));
}

enum store_status store_nudges(struct store *store, const uint8_t log[STORE_ID_BYTES],
                               uint64_t since_ms, struct store_nudge *out, uint32_t max,
                               uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_NUDGE_LIST);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_id(stmt, 1, log);
    store_bind_uint(stmt, 2, since_ms);
    store_bind_uint(stmt, 3, max);
    while (*n < max && (status = store_step(store, STMT_NUDGE_LIST, &found)) == STORE_OK && found) {
        if (!store_column_id(stmt, 0, out[*n].member)) {
            status = store_fail(store, "a nudge", SQLITE_CORRUPT);
            break;
        }
        out[(*n)++].at_ms = store_column_uint(stmt, 1);
    }
    store_reset(store, STMT_NUDGE_LIST);
    return status;
}
