/*
 * power_home.c - a client's home as something that loses power: what a member writes offline, and what comes from the server.
 *
 * The digest is of all rows of all tables: a home has nothing beside them.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/power.h"
#include "tests/crash/tap.h"
#include "tests/unit/lib_fixture.h"

struct plan {
    struct lib_home home;
    uint8_t council[COUNCIL_KEY_BYTES];
    uint64_t seed;
    uint32_t step;
};

_Static_assert(sizeof(struct plan) <= POWER_PLAN_MAX, "a plan must fit");

static void must(enum council_error error, const char *what)
{
    if (error != COUNCIL_OK) {
        tap_die("%s: %s", what, council_error_name(error));
    }
}

/* ---- steps ---- */

/* The first item after `after` that is waiting (1) or signed (2); 0: none. */
static uint64_t find_item(struct plan *plan, uint32_t state, struct outbox_row *row)
{
    uint64_t after = 0;
    for (;;) {
        enum council_error error =
            outbox_row(&plan->home.client->home, HOME_OUTBOX_OPEN, after, row);
        if (error != COUNCIL_OK) {
            outbox_row_fini(row);
            return 0;
        }
        if (row->state == state) {
            return row->item;
        }
        after = row->item;
        outbox_row_fini(row);
    }
}

static void do_submit(struct plan *plan, struct chance *chance)
{
    uint64_t item = 0;
    json_t *intent = json_pack("{s:{s:s,s:s+}}", "content", "type", "note", "text", "offline ",
                               plan->step % 2 == 0 ? "and glad" : "and alone");
    (void)chance;
    must(client_submit(plan->home.client, plan->council, COUNCIL_KIND_POST, intent, &item),
         "submit");
    json_decref(intent);
}

static void do_sign(struct plan *plan, struct chance *chance)
{
    struct outbox_row row = {0};
    uint64_t item = find_item(plan, 1, &row);
    (void)chance;
    if (item != 0) {
        outbox_sign(plan->home.client, item, row.log, COUNCIL_OK);
        outbox_row_fini(&row);
    }
}

/* A signed entry comes back from the server. */
static void do_take(struct plan *plan, struct chance *chance)
{
    struct outbox_row row = {0};
    uint64_t item = find_item(plan, 2, &row);
    (void)chance;
    if (item != 0) {
        must(lib_home_take(&plan->home, row.log, &row.bytes), "take");
        sync_outbox_drop(plan->home.client->sync, item);
        outbox_row_fini(&row);
    }
}

/* It is only said to be there: it comes later, or never. */
static void do_acknowledge(struct plan *plan, struct chance *chance)
{
    struct outbox_row row = {0};
    uint64_t item = find_item(plan, 2, &row);
    (void)chance;
    if (item != 0) {
        outbox_acked(plan->home.client, item, row.log, 1000 + item);
        sync_outbox_drop(plan->home.client->sync, item);
        outbox_row_fini(&row);
    }
}

static void do_drop(struct plan *plan, struct chance *chance)
{
    struct outbox_row row = {0};
    uint64_t item = find_item(plan, 1, &row);
    (void)chance;
    if (item != 0) {
        must(client_item_drop(plan->home.client, item), "drop");
        outbox_row_fini(&row);
    }
}

static void do_write(struct plan *plan, struct chance *chance)
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
    (void)lib_home_write(&plan->home, plan->council, rows[at].kind, rows[at].intent);
}

static void do_draft(struct plan *plan, struct chance *chance)
{
    char name[16];
    char text[64];
    (void)snprintf(name, sizeof name, "draft%u", chance_below(chance, 4));
    uint32_t len = (uint32_t)snprintf(text, sizeof text, "Begun at step %u", plan->step);
    must(client_draft_put(plan->home.client, name, text, len), "draft");
}

static void do_draft_drop(struct plan *plan, struct chance *chance)
{
    char name[16];
    (void)snprintf(name, sizeof name, "draft%u", chance_below(chance, 4));
    must(client_draft_drop(plan->home.client, name), "draft");
}

static void do_found(struct plan *plan, struct chance *chance)
{
    (void)chance;
    lib_home_found(&plan->home, false, plan->council);
}

static void do_reopen(struct plan *plan, struct chance *chance)
{
    (void)chance;
    lib_home_reopen(&plan->home);
}

static const struct {
    const char *name;
    void (*run)(struct plan *plan, struct chance *chance);
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

static uint32_t which(const struct plan *plan, struct chance *chance)
{
    uint32_t at = 0;
    chance->state = plan->seed * 1000003 + plan->step;
    uint32_t drawn = chance_below(chance, 96);
    while (at + 1 < sizeof steps / sizeof *steps && drawn >= steps[at].weight) {
        drawn -= steps[at++].weight;
    }
    return at;
}

static void step(void *self)
{
    struct plan *plan = self;
    struct chance chance;
    uint32_t at = which(plan, &chance);
    steps[at].run(plan, &chance);
    plan->step++;
}

static const char *step_name(const void *self)
{
    struct chance chance;
    return steps[which(self, &chance)].name;
}

static bool several(const void *self)
{
    struct chance chance;
    return steps[which(self, &chance)].several;
}

/* ---- from beginning to end ---- */

static void create(void *self, const char *folder, uint64_t seed)
{
    struct plan *plan = self;
    memset(plan, 0, sizeof *plan);
    plan->seed = seed;
    (void)snprintf(plan->home.folder, sizeof plan->home.folder, "%s", folder);
    must(client_open(&plan->home.client, folder, true), "open");
    lib_home_settle(&plan->home);
    lib_home_found(&plan->home, false, plan->council);
}

static void resume(void *self, const char *folder)
{
    struct plan *plan = self;
    (void)snprintf(plan->home.folder, sizeof plan->home.folder, "%s", folder);
    must(client_open(&plan->home.client, folder, false), "open again");
    must(client_unlock(plan->home.client, LIB_PASSPHRASE, (uint32_t)strlen(LIB_PASSPHRASE)),
         "unlock");
}

static void close_it(void *self)
{
    struct plan *plan = self;
    client_close(plan->home.client);
    plan->home.client = NULL;
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

static bool feed(sqlite3 *db, uint8_t out[POWER_DIGEST])
{
    static const char *const tables[] = {"meta",  "keyring", "log",    "entry", "outbox",
                                         "draft", "epoch",   "invite", "report"};
    crypto_generichash_state sum;
    bool good = true;
    (void)crypto_generichash_init(&sum, NULL, 0, POWER_DIGEST);
    for (size_t i = 0; i < sizeof tables / sizeof *tables && good; i++) {
        good = feed_table(&sum, db, tables[i]);
    }
    (void)crypto_generichash_final(&sum, out, POWER_DIGEST);
    return good;
}

static void digest(void *self, uint8_t out[POWER_DIGEST])
{
    struct plan *plan = self;
    if (!feed(plan->home.client->home.db, out)) {
        tap_die("the home cannot be read");
    }
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

static bool look(const void *self, const char *folder, uint8_t out[POWER_DIGEST], const char **why)
{
    struct home home;
    (void)self;
    /* The file on the real disk, which stands for nothing, may have to be made; an empty home would not be what was there. */
    enum council_error error = home_open(&home, folder, true);
    *why = council_error_name(error);
    if (error == COUNCIL_OK && !feed(home.db, out)) {
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

const struct power_subject power_home = {
    .name = "home",
    .swallow = "home.db-journal",
    .plan_bytes = sizeof(struct plan),
    .create = create,
    .resume = resume,
    .close = close_it,
    .step = step,
    .step_name = step_name,
    .several = several,
    .digest = digest,
    .look = look,
};
