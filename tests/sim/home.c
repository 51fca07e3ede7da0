/*
 * home.c - what a client keeps: rows, what they bring of keys, and loading them again. See client.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"

struct sim_log *sim_home_log(const struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < client->log_count; i++) {
        if (memcmp(client->logs[i]->log, log, COUNCIL_KEY_BYTES) == 0) {
            return client->logs[i];
        }
    }
    return NULL;
}

static struct sim_log *make_log(struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sim_log *made = sim_alloc(sizeof *made);
    memcpy(made->log, log, COUNCIL_KEY_BYTES);
    client->logs = realloc(client->logs, (client->log_count + 1) * sizeof(struct sim_log *));
    if (client->logs == NULL) {
        abort();
    }
    client->logs[client->log_count++] = made;
    return made;
}

void sim_home_wipe(struct sim_client *client)
{
    for (uint32_t i = 0; i < client->log_count; i++) {
        struct sim_log *log = client->logs[i];
        for (uint32_t k = 0; k < log->count; k++) {
            free(log->rows[k].text);
            free(log->rows[k].data);
        }
        free(log->rows);
        free(log);
    }
    free(client->logs);
    client->logs = NULL;
    client->log_count = 0;
}

void sim_home_free(struct sim_client *client)
{
    sim_home_wipe(client);
    for (uint32_t i = 0; i < client->item_count; i++) {
        free(client->items[i]->text);
        free(client->items[i]->data);
        free(client->items[i]);
    }
    free(client->items);
}

/* Loads only what the replica asks for, by the rule in replica.h. */
void sim_home_load(const struct sim_log *log, struct sync_replica *replica)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    uint64_t after = log->count > 257 ? log->count - 257 : 0;
    sync_replica_init(replica, log->log);
    sync_replica_begin(replica, after, after > 0 ? log->rows[after - 1].head : zeros);
    for (uint32_t i = 0; i < log->count; i++) {
        const struct sim_row *row = &log->rows[i];
        if ((i >= after || council_kind_has(row->kind, COUNCIL_FLAG_FOLDS)) &&
            sync_replica_load(replica, i + 1, row->head, row->text, row->len, row->sig)) {
            abort();
        }
    }
    if (sync_replica_finish(replica, log->count,
                            log->count > 0 ? log->rows[log->count - 1].head : zeros)) {
        abort();
    }
}

/* ---- keys ---- */

static void keep_seed(struct sim_client *client, struct sim_log *log, uint64_t epoch,
                      const uint8_t seed[COUNCIL_SEED_BYTES])
{
    uint8_t commit[COUNCIL_HASH_BYTES];
    if (epoch == 0 || epoch >= SIM_EPOCHS || !log->epochs[epoch].known) {
        sim_fail(client->sim, "client %u was given epoch %llu before its block", client->index,
                 (unsigned long long)epoch);
        return;
    }
    council_epoch_commit(commit, seed, log->log, epoch);
    if (memcmp(commit, log->epochs[epoch].commit, sizeof commit) != 0) {
        sim_fail(client->sim, "client %u was given a wrong seed of epoch %llu", client->index,
                 (unsigned long long)epoch);
        return;
    }
    log->epochs[epoch].has_seed = true;
    memcpy(log->epochs[epoch].seed, seed, COUNCIL_SEED_BYTES);
}

/* Own box, or the phrase's where this home was brought back with it. */
static void take_block(struct sim_client *client, struct sim_log *log,
                       const struct sync_entry *entry)
{
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint64_t epoch = 0;
    uint8_t commit[COUNCIL_HASH_BYTES];
    council_block_info(entry->entry, &epoch, commit);
    if (epoch >= SIM_EPOCHS) {
        abort();
    }
    log->epochs[epoch].known = true;
    memcpy(log->epochs[epoch].commit, commit, sizeof commit);
    /* All boxes are recomputed by one client alone: the answer is the same for everybody. */
    bool all = client->index == 0;
    enum council_error error = council_epoch_open(entry->entry, &client->secrets, all,
                                                  entry->recipients, entry->recipient_count, seed);
    if (error == COUNCIL_E_NO_KEY && client->has_recovery) {
        error = council_epoch_open(entry->entry, &client->person->recovery, all, entry->recipients,
                                   entry->recipient_count, seed);
    }
    if (error == COUNCIL_OK) {
        keep_seed(client, log, epoch, seed);
    } else if (error != COUNCIL_E_NO_KEY) {
        sim_fail(client->sim, "client %u: the block of epoch %llu has a bad box: %s", client->index,
                 (unsigned long long)epoch, council_error_name(error));
    }
}

static void take_history(struct sim_client *client, struct sim_log *log,
                         const struct council_entry *entry)
{
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint32_t count = 0;
    enum council_error error = council_history_open(entry, &client->secrets, seeds, &count);
    if (error == COUNCIL_E_NO_KEY && client->has_recovery) {
        error = council_history_open(entry, &client->person->recovery, seeds, &count);
    }
    for (uint32_t i = 0; error == COUNCIL_OK && i < count; i++) {
        keep_seed(client, log, council_body_int(entry, "from") + i, seeds[i]);
    }
    if (error != COUNCIL_OK && error != COUNCIL_E_NO_KEY) {
        sim_fail(client->sim, "client %u: a box of key.history does not open", client->index);
    }
}

/* ---- erasing ---- */

uint32_t sim_named(const struct council_entry *entry, uint64_t seqs[64])
{
    uint32_t posts = council_body_get(entry, "posts"), count = entry->text.values[posts].count;
    uint32_t value = council_text_first(&entry->text, posts);
    for (uint32_t i = 0; i < count; i++) {
        seqs[i] = entry->text.values[value].integer;
        value = entry->text.values[value].next;
    }
    return count;
}

static void erase(struct sim_client *client, struct sim_log *log, const struct council_entry *entry)
{
    uint64_t seqs[64];
    uint32_t count = sim_named(entry, seqs);
    bool mine = memcmp(entry->author, client->person->member, COUNCIL_KEY_BYTES) == 0;
    for (uint32_t i = 0; i < count; i++) {
        struct sim_row *row = &log->rows[seqs[i] - 1];
        bool keep = !mine && memcmp(row->author, client->person->member, COUNCIL_KEY_BYTES) == 0;
        row->erased = true;
        if (!keep) {
            free(row->data);
            row->data = NULL;
            row->data_len = 0;
        }
    }
}

/* ---- what sync asks ---- */

static void put_row(struct sim_client *client, struct sim_log *log, const struct sync_entry *entry)
{
    const struct council_entry *parsed = entry->entry;
    if (log->count == log->size) {
        log->size = log->size == 0 ? 32 : 2 * log->size;
        log->rows = realloc(log->rows, log->size * sizeof *log->rows);
        if (log->rows == NULL) {
            abort();
        }
    }
    struct sim_row *row = &log->rows[log->count++];
    *row = (struct sim_row){
        .text = sim_copy(parsed->text.text, parsed->text.len),
        .len = parsed->text.len,
        .data = sim_copy(entry->data, entry->data_len),
        .data_len = entry->data_len,
        .kind = parsed->kind}; /* erased by an erase alone, whatever the server says of it */
    memcpy(row->sig, entry->sig, sizeof row->sig);
    memcpy(row->head, entry->head, sizeof row->head);
    memcpy(row->author, parsed->author, sizeof row->author);
    if (council_kind_has(parsed->kind, COUNCIL_FLAG_BLOCK)) {
        take_block(client, log, entry);
    } else if (parsed->kind == COUNCIL_KIND_KEY_HISTORY) {
        take_history(client, log, parsed);
    } else if (parsed->kind == COUNCIL_KIND_ERASE) {
        erase(client, log, parsed);
    }
    if (memcmp(parsed->device, client->keys.sign, COUNCIL_KEY_BYTES) == 0) {
        sim_item_came(client, log->log, row->text, row->len, entry->seq);
    }
}

enum council_error sim_home_store(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                  const struct sync_entry *entries, uint32_t count)
{
    struct sim_client *client = ctx;
    struct sim *sim = client->sim;
    struct sim_log *to = sim_home_log(client, log);
    if (!sim->healed && sim->plan.faults && sim_chance(sim, 4)) {
        sim->counts->home_failures++;
        sim_trace(sim, "client %u: its disk does not take entries", client->index);
        return COUNCIL_E_HOME_BUSY;
    }
    if (to == NULL) {
        to = make_log(client, log);
    }
    if (count == 0 || entries[0].seq != to->count + 1) {
        sim_fail(sim, "client %u stores entry %llu after %u", client->index,
                 (unsigned long long)entries[0].seq, to->count);
        return COUNCIL_E_HOME_DAMAGED;
    }
    for (uint32_t i = 0; i < count; i++) {
        put_row(client, to, &entries[i]);
    }
    return COUNCIL_OK;
}

enum council_error sim_home_held(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t after,
                                 bool folds, uint8_t head[COUNCIL_HASH_BYTES],
                                 sync_held_taker *take, void *to)
{
    const struct sim_client *client = ctx;
    const struct sim_log *from = sim_home_log(client, log);
    bool more = true;
    memset(head, 0, COUNCIL_HASH_BYTES);
    if (from == NULL || after > from->count) {
        return from == NULL ? COUNCIL_OK : COUNCIL_E_HOME_DAMAGED;
    }
    if (after > 0) {
        memcpy(head, from->rows[after - 1].head, COUNCIL_HASH_BYTES);
    }
    for (uint64_t seq = after + 1; seq <= from->count && more; seq++) {
        const struct sim_row *row = &from->rows[seq - 1];
        const struct sync_held held = {.seq = seq,
                                       .text = row->text,
                                       .len = row->len,
                                       .sig = row->sig,
                                       .data = row->erased ? NULL : row->data,
                                       .data_len = row->erased ? 0 : row->data_len};
        if (!folds || council_kind_has(row->kind, COUNCIL_FLAG_FOLDS)) {
            more = take(to, &held);
        }
    }
    return COUNCIL_OK;
}

enum council_error sim_home_facts(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES],
                                  const uint64_t *seqs, uint32_t count, struct council_fact *out)
{
    const struct sim_client *client = ctx;
    const struct sim_log *from = sim_home_log(client, log);
    for (uint32_t i = 0; i < count; i++) {
        memset(&out[i], 0, sizeof out[i]);
        if (from == NULL || seqs[i] == 0 || seqs[i] > from->count) {
            continue;
        }
        const struct sim_row *row = &from->rows[seqs[i] - 1];
        out[i].post = row->kind == COUNCIL_KIND_POST;
        out[i].erased = row->erased;
        memcpy(out[i].author, row->author, sizeof out[i].author);
    }
    return COUNCIL_OK;
}
