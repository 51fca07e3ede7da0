/*
 * store.c - verified entries into the home: one transaction for each batch, with the seeds and erasures that they bring.
 *
 * Called by sync alone, which has checked every rule before. Must not decide anything about validity. Invariant: rows continue their log's stored
 * end, whichever process wrote that; a batch is stored whole or not at all.
 */
#include "client/lib/facts.h"
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    BAD_MAX = SYNC_BATCH_ENTRIES
};

/* Blocks of a batch whose boxes are wrong: told to sync once the batch is stored. */
struct bad_boxes {
    uint32_t count;
    struct {
        uint64_t epoch, seq;
    } of[BAD_MAX];
};

static uint32_t type_of(const struct council_entry *genesis)
{
    if (genesis->kind == COUNCIL_KIND_MEMBER_CREATE)
        return ROWS_MEMBER;
    return council_body_is(genesis, "type", "journal") ? ROWS_JOURNAL : ROWS_COUNCIL;
}

/* An erase forgets what it names. The author's own copy stays when somebody else erased it. */
static enum council_error erase_named(struct client *client, const struct row_log *log,
                                      const struct council_entry *entry)
{
    uint64_t seqs[FACTS_NAMED_MAX];
    struct council_fact facts[FACTS_NAMED_MAX];
    uint32_t count = facts_seqs(entry, seqs, FACTS_NAMED_MAX);
    bool mine = memcmp(entry->author, client->me.member, COUNCIL_KEY_BYTES) == 0;
    enum council_error error = store_facts(client, log->log, seqs, count, facts);

    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++)
        error =
            rows_erase(&client->home, log, seqs[i],
                       !mine && memcmp(facts[i].author, client->me.member, COUNCIL_KEY_BYTES) == 0);
    return error;
}

/* The seeds of an entry. A wrong box is kept with the entry: found once, it is known to every process of the home from then on. */
static enum council_error open_seeds(struct client *client, const struct sync_entry *entry,
                                     struct bad_boxes *bad)
{
    uint64_t bad_epoch = 0;
    enum council_error error = store_seeds(client, entry, &bad_epoch);

    if (error != COUNCIL_OK || bad_epoch == 0)
        return error;
    if (bad->count < BAD_MAX) {
        bad->of[bad->count].epoch = bad_epoch;
        bad->of[bad->count++].seq = entry->seq;
    }
    const struct sync_report report = {.kind = SYNC_REPORT_BAD_BOX,
                                       .error = COUNCIL_E_BAD_BOX,
                                       .seq = entry->seq,
                                       .log = entry->entry->log};

    return report_put(client, &report);
}

static enum council_error put_entry(struct client *client, struct row_log *log,
                                    const struct sync_entry *entry, struct bad_boxes *bad)
{
    struct row_entry row = {
        .seq = entry->seq,
        .received = entry->received,
        .folds = council_kind_has(entry->entry->kind, COUNCIL_FLAG_FOLDS),
        .text = (char *)(uintptr_t)entry->entry->text.text,
        .len = entry->entry->text.len,
        .data = (uint8_t *)(uintptr_t)entry->data,
        .data_len = entry->data_len,
    };

    memcpy(row.head, entry->head, sizeof row.head);
    memcpy(row.sig, entry->sig, sizeof row.sig);
    enum council_error error = rows_put(&client->home, log, &row);

    if (error == COUNCIL_OK)
        error = open_seeds(client, entry, bad);
    if (error == COUNCIL_OK && entry->entry->kind == COUNCIL_KIND_ERASE)
        error = erase_named(client, log, entry->entry);
    /* Own words that are in the log are out of the outbox: with one commit, or a crash could send them twice. */
    if (error == COUNCIL_OK &&
        memcmp(entry->entry->device, client->me.device, COUNCIL_KEY_BYTES) == 0)
        error = outbox_came(client, row.text, row.len, row.seq);
    return error;
}

/* What another process stored first must be the same. A wrong box in it is this process's to know, too: it may be the one that does duties. */
static enum council_error skip_entry(struct client *client, const struct row_log *log,
                                     const struct sync_entry *entry, struct bad_boxes *bad)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    enum council_error error = rows_head(&client->home, log, entry->seq, head);

    if (error == COUNCIL_OK && memcmp(head, entry->head, sizeof head) != 0)
        error = COUNCIL_E_HISTORY_CHANGED;
    if (error == COUNCIL_OK && council_kind_has(entry->entry->kind, COUNCIL_FLAG_BLOCK))
        error = open_seeds(client, entry, bad);
    return error;
}

/* The log's row, made with its first entry. A journal of ours becomes this home's. */
static enum council_error find_log(struct client *client, const uint8_t name[COUNCIL_KEY_BYTES],
                                   const struct sync_entry *first, struct row_log *log,
                                   bool *journal)
{
    bool found = false;
    enum council_error error = rows_log(&client->home, name, log, &found);

    *journal = false;
    if (error != COUNCIL_OK || found)
        return error;
    if (first->seq != 1)
        return COUNCIL_E_HOME_DAMAGED;
    error = rows_log_make(&client->home, name, type_of(first->entry), log);
    if (error == COUNCIL_OK && log->type == ROWS_JOURNAL &&
        memcmp(first->entry->author, client->me.member, COUNCIL_KEY_BYTES) == 0) {
        *journal = true;
        error = home_put(&client->home, HOME_META_PUT, "journal", name, COUNCIL_KEY_BYTES);
    }
    return error;
}

static enum council_error put_all(struct client *client, struct row_log *log,
                                  const struct sync_entry *entries, uint32_t count,
                                  struct bad_boxes *bad)
{
    enum council_error error = COUNCIL_OK;
    uint64_t before = log->seq;

    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++) {
        if (entries[i].seq <= log->seq)
            error = skip_entry(client, log, &entries[i], bad);
        else if (entries[i].seq == log->seq + 1)
            error = put_entry(client, log, &entries[i], bad);
        else
            error = COUNCIL_E_HOME_DAMAGED;
    }
    return error == COUNCIL_OK && log->seq != before ? rows_log_move(&client->home, log) : error;
}

enum council_error store_entries(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                 const struct sync_entry *entries, uint32_t count)
{
    struct client *client = ctx;
    struct row_log row = {0};
    struct bad_boxes *bad = calloc(1, sizeof *bad);
    bool journal = false;
    enum council_error error = bad == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    if (error == COUNCIL_OK && count > 0) {
        error = home_begin(&client->home);
        if (error == COUNCIL_OK) {
            error = find_log(client, log, &entries[0], &row, &journal);
            if (error == COUNCIL_OK)
                error = put_all(client, &row, entries, count, bad);
            error = home_end(&client->home, error);
        }
    }
    if (error == COUNCIL_OK) {
        client->stored += count;
        if (journal)
            memcpy(client->me.journal, log, COUNCIL_KEY_BYTES);
        for (uint32_t i = 0; i < bad->count; i++)
            sync_bad_box(client->sync, log, bad->of[i].epoch, bad->of[i].seq);
    } else {
        client->trouble = client_home_failed(client, error);
        client->reload_due = true;
        client->reload_at = client_monotonic_ms() + RELOAD_MS;
    }
    free(bad);
    return error;
}

enum council_error store_facts(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                               const uint64_t *seqs, uint32_t count, struct council_fact *out)
{
    struct client *client = ctx;
    struct row_log row;
    bool found = false;
    enum council_error error = rows_log(&client->home, log, &row, &found);

    memset(out, 0, count * sizeof *out);
    for (uint32_t i = 0; i < count && error == COUNCIL_OK && found; i++) {
        struct council_entry entry;
        char *text = NULL;
        uint32_t len = 0;

        error = rows_text(&client->home, &row, seqs[i], &text, &len, &out[i].erased);
        if (error == COUNCIL_E_NO_ENTRY) {
            error = COUNCIL_OK; /* later than all: the check says so */
            continue;
        }
        if (error == COUNCIL_OK && council_entry_parse(&entry, text, len) != COUNCIL_OK)
            error = COUNCIL_E_HOME_DAMAGED;
        if (error == COUNCIL_OK) {
            out[i].post = entry.kind == COUNCIL_KIND_POST;
            memcpy(out[i].author, entry.author, COUNCIL_KEY_BYTES);
            council_entry_fini(&entry);
        }
        free(text);
    }
    return error;
}
