/*
 * home_script.c - the steps of home_script.h, and what they leave.
 */
#include "tests/crash/home_script.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/tap.h"

/* ---- steps ---- */

/* What calls without an answer left for the next step of the client. */
static enum council_error trouble(struct home_script *script)
{
    enum council_error error = script->home.client->trouble;
    script->home.client->trouble = COUNCIL_OK;
    return error;
}

/* The first item that is waiting (1) or signed (2). NO_ENTRY: none. The row is to be ended in any case. */
static enum council_error find_item(struct home_script *script, uint32_t state,
                                    struct outbox_row *row)
{
    uint64_t after = 0;
    for (;;) {
        enum council_error error =
            outbox_row(&script->home.client->home, HOME_OUTBOX_OPEN, after, row);
        if (error != COUNCIL_OK || row->state == state) {
            return error;
        }
        after = row->item;
        outbox_row_fini(row);
    }
}

static enum council_error do_submit(struct home_script *script, struct chance *chance)
{
    uint64_t item = 0;
    disk_busy++; /* what the test needs for itself */
    json_t *intent = json_pack("{s:{s:s,s:s}}", "content", "type", "note", "text",
                               chance_below(chance, 2) == 0 ? "offline and glad" : "alone");
    disk_busy--;
    enum council_error error =
        client_submit(script->home.client, script->council, COUNCIL_KIND_POST, intent, &item);
    json_decref(intent);
    return error;
}

static enum council_error sign(struct home_script *script, const struct outbox_row *row)
{
    outbox_sign(script->home.client, row->item, row->log, COUNCIL_OK);
    return trouble(script);
}

/* As lib_home_take, save that whatever fails is told. */
static enum council_error take_bytes(struct home_script *script,
                                     const uint8_t log[COUNCIL_KEY_BYTES],
                                     const struct signed_entry *bytes)
{
    struct client *client = script->home.client;
    const struct sync_replica *replica = session_replica(client, log);
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    struct council_entry entry;
    uint8_t head[COUNCIL_HASH_BYTES];
    struct sync_entry stored = {.received = client_now_ms(),
                                .head = head,
                                .entry = &entry,
                                .sig = bytes->sig,
                                .data = bytes->data,
                                .data_len = bytes->data_len};
    stored.seq = replica->state.tail.seq + 1;
    enum council_error error = council_entry_parse(&entry, bytes->text, bytes->len);
    if (error != COUNCIL_OK) {
        return error;
    }
    council_entry_head(head, replica->state.tail.head, bytes->text, bytes->len, bytes->sig);
    if (entry.kind == COUNCIL_KIND_KEY_ROTATE) {
        council_recipients(&replica->state.council, NULL, NULL, recipients,
                           &stored.recipient_count);
        stored.recipients = recipients;
    }
    error = store_entries(client, log, &stored, 1);
    council_entry_fini(&entry);
    if (error == COUNCIL_OK) {
        /* It is stored: if it cannot be loaded now, that is the next step's to do. */
        sync_log_remove(client->sync, log);
        enum council_error later = session_add_log(client, log);
        (void)later;
    }
    return error;
}

/* A signed entry comes back from the server. */
static enum council_error take(struct home_script *script, const struct outbox_row *row)
{
    enum council_error error = take_bytes(script, row->log, &row->bytes);
    if (error == COUNCIL_OK) {
        sync_outbox_drop(script->home.client->sync, row->item);
    }
    return error;
}

/* It is only said to be there: it comes later, or never. */
static enum council_error acknowledge(struct home_script *script, const struct outbox_row *row)
{
    outbox_acked(script->home.client, row->item, row->log, 1000 + row->item);
    sync_outbox_drop(script->home.client->sync, row->item);
    return trouble(script);
}

static enum council_error drop(struct home_script *script, const struct outbox_row *row)
{
    return client_item_drop(script->home.client, row->item);
}

/* With the first item in that state, if there is one. */
static enum council_error with_item(struct home_script *script, uint32_t state,
                                    enum council_error (*run)(struct home_script *script,
                                                              const struct outbox_row *row))
{
    struct outbox_row row = {0};
    enum council_error error = find_item(script, state, &row);
    if (error == COUNCIL_OK) {
        error = run(script, &row);
    }
    outbox_row_fini(&row);
    return error == COUNCIL_E_NO_ENTRY ? COUNCIL_OK : error;
}

static enum council_error do_sign(struct home_script *script, struct chance *chance)
{
    (void)chance;
    return with_item(script, 1, sign);
}

static enum council_error do_take(struct home_script *script, struct chance *chance)
{
    (void)chance;
    return with_item(script, 2, take);
}

static enum council_error do_acknowledge(struct home_script *script, struct chance *chance)
{
    (void)chance;
    return with_item(script, 2, acknowledge);
}

static enum council_error do_drop(struct home_script *script, struct chance *chance)
{
    (void)chance;
    return with_item(script, 1, drop);
}

/* What another device of the member wrote. */
static enum council_error do_write(struct home_script *script, struct chance *chance)
{
    static const struct {
        enum council_kind kind;
        const char *intent;
    } rows[] = {
        {COUNCIL_KIND_POST, "{\"content\":{\"type\":\"note\",\"text\":\"from another device\"}}"},
        {COUNCIL_KIND_KEY_ROTATE, "{}"},
        {COUNCIL_KIND_SCHEDULE_SET,
         "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=MO,TH\",\"start\":\"2026-11-02T18:00\","
         "\"zone\":\"Europe/Berlin\"}"},
    };
    uint32_t at = chance_below(chance, sizeof rows / sizeof *rows);
    struct signed_entry bytes = {0};
    disk_busy++;
    json_t *content = json_loads(rows[at].intent, 0, NULL);
    disk_busy--;
    const struct intent made = {.kind = rows[at].kind,
                                .log = script->council,
                                .content = content,
                                .at = client_now_ms(),
                                .replica = session_replica(script->home.client, script->council)};
    enum council_error error = intent_sign(script->home.client, &made, &bytes);
    if (error == COUNCIL_OK) {
        error = take_bytes(script, script->council, &bytes);
    }
    signed_entry_fini(&bytes);
    json_decref(content);
    return error;
}

static enum council_error do_draft(struct home_script *script, struct chance *chance)
{
    char name[16];
    char text[64];
    (void)snprintf(name, sizeof name, "draft%u", chance_below(chance, 4));
    uint32_t len = (uint32_t)snprintf(text, sizeof text, "Begun at step %u", script->step);
    return client_draft_put(script->home.client, name, text, len);
}

static enum council_error do_draft_drop(struct home_script *script, struct chance *chance)
{
    char name[16];
    (void)snprintf(name, sizeof name, "draft%u", chance_below(chance, 4));
    return client_draft_drop(script->home.client, name);
}

static enum council_error do_found(struct home_script *script, struct chance *chance)
{
    (void)chance;
    lib_home_found(&script->home, false, script->council);
    return COUNCIL_OK;
}

static enum council_error do_reopen(struct home_script *script, struct chance *chance)
{
    (void)chance;
    client_close(script->home.client);
    script->home.client = NULL;
    return home_script_open(script, script->home.folder);
}

static const struct {
    const char *name;
    enum council_error (*run)(struct home_script *script, struct chance *chance);
    uint32_t weight;
    bool several; /* transactions */
} steps[] = {
    {"submit", do_submit, 24, false},
    {"sign", do_sign, 20, false},
    {"take what comes back", do_take, 14, false},
    {"be told it is there", do_acknowledge, 4, false},
    {"drop an item", do_drop, 3, false},
    {"take what another wrote", do_write, 16, false},
    {"keep a draft", do_draft, 8, false},
    {"drop a draft", do_draft_drop, 3, false},
    {"found a council", do_found, 1, true},
    {"open again", do_reopen, 3, true},
};

static uint32_t which(const struct home_script *script, struct chance *chance)
{
    static const uint8_t tour[] = {0, 1, 2, 0, 6, 5, 0, 1, 3, 4, 7, 5, 5, 9, 0, 1};
    uint32_t at = 0;
    chance->state = script->seed * 1000003 + script->step;
    uint32_t drawn = chance_below(chance, 96);
    if (script->seed == 0) {
        return tour[script->step % sizeof tour];
    }
    while (at + 1 < sizeof steps / sizeof *steps && drawn >= steps[at].weight) {
        drawn -= steps[at++].weight;
    }
    return at;
}

enum council_error home_script_step(struct home_script *script)
{
    struct chance chance;
    uint32_t at = which(script, &chance);
    enum council_error error =
        script->home.client == NULL ? home_script_open(script, script->home.folder) : COUNCIL_OK;
    if (error == COUNCIL_OK) {
        script->home.client->trouble = COUNCIL_OK; /* told before, by what the step returned */
        error = session_add_log(script->home.client, script->council);
    }
    if (error == COUNCIL_OK) {
        error = steps[at].run(script, &chance);
    }
    script->step += error == COUNCIL_OK;
    return error;
}

const char *home_script_name(const struct home_script *script)
{
    struct chance chance;
    return steps[which(script, &chance)].name;
}

bool home_script_several(const struct home_script *script)
{
    struct chance chance;
    return steps[which(script, &chance)].several;
}

/* ---- beginning ---- */

void home_script_create(struct home_script *script, const char *folder, uint64_t seed)
{
    memset(script, 0, sizeof *script);
    script->seed = seed;
    (void)snprintf(script->home.folder, sizeof script->home.folder, "%s", folder);
    if (client_open(&script->home.client, folder, true) != COUNCIL_OK) {
        tap_die("a home cannot be opened");
    }
    lib_home_settle(&script->home);
    lib_home_found(&script->home, false, script->council);
}

enum council_error home_script_open(struct home_script *script, const char *folder)
{
    struct client *client = NULL;
    if (folder != script->home.folder) {
        (void)snprintf(script->home.folder, sizeof script->home.folder, "%s", folder);
    }
    enum council_error error = client_open(&client, folder, false);
    if (error == COUNCIL_OK) {
        error = client_unlock(client, LIB_PASSPHRASE, (uint32_t)strlen(LIB_PASSPHRASE));
    }
    if (error != COUNCIL_OK) {
        client_close(client);
        return error;
    }
    script->home.client = client;
    return COUNCIL_OK;
}

/* ---- what is there ---- */

static bool feed_table(crypto_generichash_state *sum, sqlite3 *db, const char *table)
{
    char sql[100];
    sqlite3_stmt *stmt = NULL;
    (void)snprintf(sql, sizeof sql, "SELECT * FROM %.60s", table);
    int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const void *bytes = sqlite3_column_blob(stmt, i);
            int len = sqlite3_column_bytes(stmt, i);
            (void)crypto_generichash_update(sum, (const void *)&len, sizeof len);
            if (len > 0) {
                (void)crypto_generichash_update(sum, bytes, (unsigned long long)len);
            }
        }
        rc = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return rc == SQLITE_DONE;
}

bool home_script_digest(sqlite3 *db, uint8_t out[HOME_DIGEST])
{
    static const char *const tables[] = {"meta",  "keyring", "log",    "entry", "outbox",
                                         "draft", "epoch",   "invite", "report"};
    crypto_generichash_state sum;
    bool good = true;
    (void)crypto_generichash_init(&sum, NULL, 0, HOME_DIGEST);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && good; i++) {
        good = feed_table(&sum, db, tables[i]);
    }
    (void)crypto_generichash_final(&sum, out, HOME_DIGEST);
    return good;
}

static bool is_whole(sqlite3 *db)
{
    sqlite3_stmt *stmt = NULL;
    bool good = sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    return good;
}

bool home_script_look(const char *folder, uint8_t out[HOME_DIGEST], const char **why)
{
    struct home home;
    /* The file on the real disk, which stands for nothing, may have to be made; an empty home would not be what was there. */
    enum council_error error = home_open(&home, folder, true);
    *why = council_error_name(error);
    if (error == COUNCIL_OK && !home_script_digest(home.db, out)) {
        error = COUNCIL_E_HOME_DAMAGED;
        *why = "unreadable";
    }
    if (error == COUNCIL_OK && !is_whole(home.db)) {
        error = COUNCIL_E_HOME_DAMAGED;
        *why = "integrity_check";
    }
    home_close(&home);
    return error == COUNCIL_OK;
}
