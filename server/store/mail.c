/*
 * Addresses for reminders: asked for, confirmed, stopped.
 *
 * Must not know when a mail is due or how one is sent; see mail.h. Invariant: an address that was replaced or stopped
 * is nowhere in the tables but as a hash for a day, and the journal is cut by the next housekeeping.
 */
#include "server/store/engine.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void take_text(sqlite3_stmt *stmt, int at, char *out, size_t size)
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    (void)snprintf(out, size, "%s", text != NULL ? text : "");
}

/* The row that the statement stands on; false: not what was stored. */
static bool decode(sqlite3_stmt *stmt, struct store_mail *out)
{
    *out = (struct store_mail){
        .quiet_from = (uint32_t)store_column_uint(stmt, 6),
        .quiet_to = (uint32_t)store_column_uint(stmt, 7),
        .kinds = (uint32_t)store_column_uint(stmt, 8),
        .tries = (uint32_t)store_column_uint(stmt, 9),
        .asked_ms = store_column_uint(stmt, 10),
        .confirmed_ms = store_column_uint(stmt, 11),
        .failing_ms = store_column_uint(stmt, 12),
        .sent_ms = store_column_uint(stmt, 13),
    };
    take_text(stmt, 3, out->address, sizeof out->address);
    take_text(stmt, 4, out->zone, sizeof out->zone);
    take_text(stmt, 5, out->code, sizeof out->code);
    return store_column_id(stmt, 1, out->member) && store_column_id(stmt, 2, out->token);
}

/* The row of a member or a token. */
static enum store_status find(struct store *store, enum store_stmt id,
                              const uint8_t by[STORE_ID_BYTES], struct store_mail *out)
{
    sqlite3_stmt *stmt = store_stmt(store, id);
    bool found;

    store_bind_id(stmt, 1, by);
    enum store_status status = store_step(store, id, &found);
    if (status != STORE_OK || !found)
        return status != STORE_OK ? status : STORE_NOT_FOUND;
    if (!decode(stmt, out))
        status = store_fail(store, "an address", SQLITE_CORRUPT);
    store_reset(store, id);
    return status;
}

enum store_status store_mail_get(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                 struct store_mail *out)
{
    return find(store, STMT_MAIL_GET, member, out);
}

enum store_status store_mails(struct store *store, uint64_t *cursor, struct store_mail *out,
                              uint32_t max, uint32_t *n)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_AFTER);
    enum store_status status = STORE_OK;
    bool found;

    *n = 0;
    store_bind_uint(stmt, 1, *cursor);
    store_bind_uint(stmt, 2, max);
    while (*n < max && (status = store_step(store, STMT_MAIL_AFTER, &found)) == STORE_OK && found) {
        if (!decode(stmt, &out[*n])) {
            status = store_fail(store, "an address", SQLITE_CORRUPT);
            break;
        }
        *cursor = store_column_uint(stmt, 0);
        ++*n;
    }
    store_reset(store, STMT_MAIL_AFTER);
    return status;
}

/* ---- set ---- */

static bool fits(const struct store_mail *mail)
{
    return memchr(mail->address, '\0', sizeof mail->address) != NULL && mail->address[0] != '\0' &&
           memchr(mail->zone, '\0', sizeof mail->zone) != NULL &&
           strnlen(mail->code, sizeof mail->code) == STORE_MAIL_CODE_CHARS;
}

/* The number that a statement gives of a member. */
static enum store_status count(struct store *store, enum store_stmt id, uint64_t *out)
{
    bool found;
    enum store_status status = store_step(store, id, &found);

    if (status != STORE_OK)
        return status;
    *out = found ? store_column_uint(store->stmts[id], 0) : 0;
    store_reset(store, id);
    return STORE_OK;
}

/* What an address is counted by: capitals do not make it another. */
static void hash_address(const char *address, uint8_t out[STORE_ID_BYTES])
{
    static const char purpose[] = "council mail code";
    char lower[STORE_MAIL_ADDRESS_MAX + 1] = "";

    for (size_t i = 0; i < STORE_MAIL_ADDRESS_MAX && address[i] != '\0'; i++) {
        bool capital = address[i] >= 'A' && address[i] <= 'Z';
        lower[i] = (char)(capital ? address[i] - 'A' + 'a' : address[i]);
    }
    (void)crypto_generichash(out, STORE_ID_BYTES, (const unsigned char *)lower, strlen(lower),
                             (const unsigned char *)purpose, sizeof purpose - 1);
    sodium_memzero(lower, sizeof lower);
}

/* The code counts for its address too, and goes on counting when the member stops. */
static enum store_status count_code(struct store *store, const char *address, uint64_t now_ms)
{
    uint8_t hash[STORE_ID_BYTES];
    uint64_t codes = 0;
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_CODE_COUNT);

    hash_address(address, hash);
    store_bind_id(stmt, 1, hash);
    store_bind_uint(stmt, 2, now_ms > STORE_MAIL_CODES_MS ? now_ms - STORE_MAIL_CODES_MS : 0);
    enum store_status status = count(store, STMT_MAIL_CODE_COUNT, &codes);
    if (status != STORE_OK || codes >= STORE_MAIL_ADDRESS_CODES_MAX)
        return status != STORE_OK ? status : STORE_REFUSED;
    stmt = store_stmt(store, STMT_MAIL_CODE_INSERT);
    store_bind_id(stmt, 1, hash);
    store_bind_uint(stmt, 2, now_ms);
    return store_run(store, STMT_MAIL_CODE_INSERT);
}

static enum store_status may_ask(struct store *store, const struct store_mail *mail,
                                 uint64_t now_ms)
{
    uint64_t codes = 0, shared = 0;
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_CODES);

    store_bind_id(stmt, 1, mail->member);
    store_bind_uint(stmt, 2, now_ms > STORE_MAIL_CODES_MS ? now_ms - STORE_MAIL_CODES_MS : 0);
    enum store_status status = count(store, STMT_MAIL_EVENT_CODES, &codes);
    if (status != STORE_OK)
        return status;
    stmt = store_stmt(store, STMT_MAIL_SHARED);
    (void)sqlite3_bind_text(stmt, 1, mail->address, -1, SQLITE_STATIC);
    store_bind_id(stmt, 2, mail->member);
    status = count(store, STMT_MAIL_SHARED, &shared);
    if (status != STORE_OK)
        return status;
    return codes < STORE_MAIL_CODES_MAX && shared < STORE_MAIL_SHARED_MAX ? STORE_OK
                                                                          : STORE_REFUSED;
}

static enum store_status insert(struct store *store, const struct store_mail *mail, uint64_t now_ms)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_INSERT);

    store_bind_id(stmt, 1, mail->member);
    store_bind_id(stmt, 2, mail->token);
    (void)sqlite3_bind_text(stmt, 3, mail->address, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 4, mail->zone, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 5, mail->code, -1, SQLITE_STATIC);
    store_bind_uint(stmt, 6, mail->quiet_from);
    store_bind_uint(stmt, 7, mail->quiet_to);
    store_bind_uint(stmt, 8, mail->kinds);
    store_bind_uint(stmt, 9, now_ms);
    return store_run(store, STMT_MAIL_INSERT);
}

/* The code waits to be mailed; the token, new with it, names the event. */
static enum store_status ask(struct store *store, const struct store_mail *mail, uint64_t now_ms)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_EVENT_INSERT);

    store_bind_id(stmt, 1, mail->member);
    store_bind_id(stmt, 2, mail->token);
    store_bind_uint(stmt, 3, STORE_MAIL_CODE);
    store_bind_uint(stmt, 4, STORE_MAIL_WAITING);
    store_bind_uint(stmt, 5, 0);
    store_bind_uint(stmt, 6, now_ms);
    store_bind_uint(stmt, 7, now_ms + STORE_MAIL_CODE_MS);
    store_bind_uint(stmt, 8, now_ms);
    return store_run(store, STMT_MAIL_EVENT_INSERT);
}

static enum store_status run_for(struct store *store, enum store_stmt id,
                                 const uint8_t member[STORE_ID_BYTES])
{
    store_bind_id(store_stmt(store, id), 1, member);
    return store_run(store, id);
}

/* The address and what waits for it. How many codes were mailed today stays known. */
static enum store_status forget(struct store *store, const uint8_t member[STORE_ID_BYTES])
{
    enum store_status status = run_for(store, STMT_MAIL_EVENT_STOP, member);

    if (status == STORE_OK)
        status = run_for(store, STMT_MAIL_DELETE, member);
    store->erase_pending = true;
    return status;
}

/* Only what a confirmed address allows without a new code. */
static enum store_status change(struct store *store, const struct store_mail *mail, bool *changed)
{
    sqlite3_stmt *stmt = store_stmt(store, STMT_MAIL_UPDATE);

    store_bind_id(stmt, 1, mail->member);
    (void)sqlite3_bind_text(stmt, 2, mail->address, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(stmt, 3, mail->zone, -1, SQLITE_STATIC);
    store_bind_uint(stmt, 4, mail->quiet_from);
    store_bind_uint(stmt, 5, mail->quiet_to);
    store_bind_uint(stmt, 6, mail->kinds);
    enum store_status status = store_run(store, STMT_MAIL_UPDATE);
    *changed = status == STORE_OK && sqlite3_changes(store->db) > 0;
    return status;
}

enum store_status store_mail_set(struct store *store, const struct store_mail *mail,
                                 uint64_t now_ms, bool *confirmed)
{
    *confirmed = false;
    if (!fits(mail))
        return STORE_INVALID;
    enum store_status status = store_begin(store);
    if (status != STORE_OK)
        return status;
    status = change(store, mail, confirmed);
    if (status == STORE_OK && !*confirmed) {
        status = may_ask(store, mail, now_ms);
        if (status == STORE_OK)
            status = count_code(store, mail->address, now_ms);
        if (status == STORE_OK)
            status = forget(store, mail->member);
        if (status == STORE_OK)
            status = insert(store, mail, now_ms);
        if (status == STORE_OK)
            status = ask(store, mail, now_ms);
    }
    status = store_end(store, status);
    *confirmed = *confirmed && status == STORE_OK;
    return status;
}

/* ---- confirm ---- */

static bool is_code(const struct store_mail *mail, const char *code)
{
    return strnlen(code, STORE_MAIL_CODE_CHARS + 1) == STORE_MAIL_CODE_CHARS &&
           strlen(mail->code) == STORE_MAIL_CODE_CHARS &&
           sodium_memcmp(mail->code, code, STORE_MAIL_CODE_CHARS) == 0;
}

enum store_status store_mail_confirm(struct store *store, const uint8_t member[STORE_ID_BYTES],
                                     const char *code, uint64_t now_ms)
{
    struct store_mail mail;
    enum store_status status = store_mail_get(store, member, &mail);

    if (status != STORE_OK)
        return status;
    if (mail.confirmed_ms != 0 || mail.code[0] == '\0' ||
        now_ms > mail.asked_ms + STORE_MAIL_CODE_MS)
        return STORE_REFUSED;
    bool good = is_code(&mail, code);
    status = store_begin(store);
    if (status != STORE_OK)
        return status;
    enum store_stmt id = good ? STMT_MAIL_CONFIRM : STMT_MAIL_TRY;
    sqlite3_stmt *stmt = store_stmt(store, id);
    store_bind_id(stmt, 1, member);
    store_bind_uint(stmt, 2, good ? now_ms : STORE_MAIL_TRIES);
    status = store_end(store, store_run(store, id));
    return status == STORE_OK && !good ? STORE_REFUSED : status;
}

/* ---- stop ---- */

enum store_status store_mail_stop(struct store *store, const uint8_t member[STORE_ID_BYTES])
{
    struct store_mail mail;
    enum store_status status = store_mail_get(store, member, &mail);

    if (status == STORE_OK)
        status = store_begin(store);
    if (status != STORE_OK)
        return status;
    status = forget(store, member);
    if (status == STORE_OK)
        status = run_for(store, STMT_MAIL_EVENT_FORGET, member);
    return store_end(store, status);
}

enum store_status store_mail_unlink(struct store *store, const uint8_t token[STORE_ID_BYTES])
{
    struct store_mail mail;
    enum store_status status = find(store, STMT_MAIL_BY_TOKEN, token, &mail);

    return status == STORE_OK ? store_mail_stop(store, mail.member) : status;
}
