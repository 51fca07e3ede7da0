/*
 * verify.c - checking again, from the stored bytes alone, everything that was checked when it came.
 *
 * Must not use what the home says of itself but the bytes and the order: heads, folds and facts are made anew. Invariant: the first entry that
 * breaks a rule is named.
 */
#include "client/lib/facts.h"
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

struct verification {
    struct sync_replica replica;
    struct facts facts;
    void (*progress)(void *ctx, uint64_t done);
    void *ctx;
    uint64_t done;
};

static enum council_error verify_entry(struct verification *v, const struct row_entry *row)
{
    struct council_fact facts[FACTS_NAMED_MAX];
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, row->text, row->len);

    if (error != COUNCIL_OK)
        return error;
    facts_named(&v->facts, &entry, facts);
    error =
        sync_replica_append(&v->replica, &entry, row->sig, row->data, row->data_len, facts, false);
    if (error == COUNCIL_OK &&
        memcmp(v->replica.state.tail.head, row->head, COUNCIL_HASH_BYTES) != 0)
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK)
        error = facts_add(&v->facts, &entry);
    council_entry_fini(&entry);
    return error;
}

static enum council_error failed(struct client *client, const struct row_log *log, uint64_t seq,
                                 enum council_error error)
{
    char name[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(name, log->log, COUNCIL_KEY_BYTES);
    return client_fail(client, error, "log %s, entry %llu", name, (unsigned long long)seq);
}

static enum council_error verify_log(struct client *client, const struct row_log *log,
                                     struct verification *v)
{
    uint64_t after = 0;
    struct row_slice *slice = calloc(1, sizeof *slice);
    enum council_error error = slice == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;

    while (error == COUNCIL_OK && after < log->seq) {
        error = rows_slice(&client->home, HOME_ENTRY_AFTER, log, after, log->seq, slice);
        if (error == COUNCIL_OK && slice->count == 0)
            error = failed(client, log, after + 1, COUNCIL_E_HOME_DAMAGED);
        for (uint32_t i = 0; i < slice->count && error == COUNCIL_OK; i++) {
            error = slice->entries[i].seq == ++after ? verify_entry(v, &slice->entries[i])
                                                     : COUNCIL_E_HOME_DAMAGED;
            if (error != COUNCIL_OK)
                error = failed(client, log, after, error);
            v->done++;
        }
        if (v->progress != NULL)
            v->progress(v->ctx, v->done);
        rows_slice_fini(slice);
    }
    free(slice);
    if (error == COUNCIL_OK &&
        memcmp(v->replica.state.tail.head, log->head, COUNCIL_HASH_BYTES) != 0)
        error = failed(client, log, log->seq, COUNCIL_E_HOME_DAMAGED);
    /* What the server was caught at is part of the answer. */
    if (error == COUNCIL_OK && log->stopped != COUNCIL_OK)
        error = failed(client, log, log->stopped_seq, log->stopped);
    return error;
}

enum council_error client_verify(struct client *client, void (*progress)(void *ctx, uint64_t done),
                                 void *ctx)
{
    struct row_log *rows = NULL;
    uint32_t count = 0;
    uint64_t done = 0;
    enum council_error error = client_home_failed(client, rows_logs(&client->home, &rows, &count));

    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++) {
        struct verification v = {.progress = progress, .ctx = ctx, .done = done};

        sync_replica_init(&v.replica, rows[i].log);
        error = verify_log(client, &rows[i], &v);
        done = v.done;
        sync_replica_fini(&v.replica);
        facts_fini(&v.facts);
    }
    free(rows);
    return error;
}
