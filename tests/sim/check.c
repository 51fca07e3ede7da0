/*
 * check.c - the verdict on the bytes: what was acknowledged is in the log, once, and nothing else is.
 *
 * Owns the promises about logs and outboxes; check_state.c those about what the logs mean. Invariant: every entry of every log is
 * claimed by exactly one item of one client's outbox, or it is one of the two kinds that are sent without one.
 */
#include "tests/sim/check.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/host.h"

/* Folds the server's log anew, with every check that there is. */
static void truth_make(struct sim *sim, struct sim_truth *truth, const struct core_fake_log *stored)
{
    fixture_log_init(&truth->log);
    truth->claims = sim_alloc((stored->count + 1) * sizeof(struct sim_item *));
    for (uint32_t i = 0; i < stored->count; i++) {
        const struct store_entry *row = &stored->entries[i];
        struct fixture_entry entry = {.text = sim_copy(row->text, row->text_len),
                                      .len = row->text_len,
                                      .data = sim_copy(row->data, row->data_len),
                                      .data_len = row->data_len};
        memcpy(entry.sig, row->sig, sizeof entry.sig);
        enum council_error error = fixture_append(&truth->log, &entry);
        if (error != COUNCIL_OK) {
            sim_fail(sim, "entry %u of log %s is not valid: %s", i + 1, sim_short(stored->key).text,
                     council_error_name(error));
            return;
        }
        if (memcmp(truth->log.entries[i].head, row->head, COUNCIL_HASH_BYTES) != 0) {
            sim_fail(sim, "the server's head at %u of log %s is wrong", i + 1,
                     sim_short(stored->key).text);
            return;
        }
    }
}

static void truth_free(struct sim_truth *truth)
{
    fixture_log_fini(&truth->log);
    free(truth->claims);
}

/* What the client stored is what the server has, up to where it got. */
static void check_rows(struct sim *sim, const struct sim_client *client, const struct sim_log *log,
                       const struct sim_truth *truth)
{
    if (log->count > truth->log.count) {
        sim_fail(sim, "client %u has %u entries of log %s, the server %u", client->index,
                 log->count, sim_short(log->log).text, truth->log.count);
        return;
    }
    for (uint32_t i = 0; i < log->count; i++) {
        if (memcmp(log->rows[i].head, truth->log.entries[i].head, COUNCIL_HASH_BYTES) != 0) {
            sim_fail(sim, "client %u has another entry %u of log %s", client->index, i + 1,
                     sim_short(log->log).text);
            return;
        }
    }
}

/* ---- whose entry is it ---- */

static bool same_bytes(const struct sim_item *item, const struct fixture_entry *entry)
{
    return item->text != NULL && item->len == entry->len &&
           memcmp(item->text, entry->text, entry->len) == 0;
}

static void claim(struct sim *sim, const struct sim_client *client, struct sim_item *item,
                  struct sim_truth *truth)
{
    bool lost = item->seq == 0 || item->seq > truth->log.count ||
                !same_bytes(item, &truth->log.entries[item->seq - 1]);
    if (lost && sim_restore_excuses(client, item)) {
        return;
    }
    if (lost) {
        sim_fail(sim, "LOST: client %u's %s, acknowledged as %llu of log %s, is not there",
                 client->index, council_kind_info(item->intent.kind)->name,
                 (unsigned long long)item->seq, sim_short(item->intent.log).text);
    } else if (truth->claims[item->seq - 1] != NULL) {
        sim_fail(sim, "entry %llu of log %s was acknowledged to two items",
                 (unsigned long long)item->seq, sim_short(item->intent.log).text);
    } else {
        truth->claims[item->seq - 1] = item;
    }
}

static void claim_acknowledged(struct sim *sim, struct sim_truth *truth, const uint8_t *name)
{
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_client *client = sim->clients[i];
        for (uint32_t k = 0; k < client->item_count; k++) {
            struct sim_item *item = client->items[k];
            if (item->state == SIM_ITEM_ACKED &&
                memcmp(item->intent.log, name, COUNCIL_KEY_BYTES) == 0) {
                claim(sim, client, item, truth);
            }
        }
    }
}

/* An entry of a client that is gone, or of a duty that died with its process: it may never have heard. */
static struct sim_item *unheard(struct sim *sim, const struct fixture_entry *entry)
{
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_client *client = sim->clients[i];
        for (uint32_t k = 0; k < client->item_count; k++) {
            struct sim_item *item = client->items[k];
            bool may = item->is_duty ? item->state == SIM_ITEM_DROPPED
                                     : !client->there && sim_item_open(item);
            if (may && same_bytes(item, entry)) {
                return item;
            }
        }
    }
    return NULL;
}

static void check_claims(struct sim *sim, struct sim_truth *truth, const uint8_t *name)
{
    claim_acknowledged(sim, truth, name);
    for (uint32_t i = 0; i < truth->log.count && !sim->failed; i++) {
        const struct fixture_entry *entry = &truth->log.entries[i];
        bool called =
            entry->kind == COUNCIL_KIND_MEMBER_CREATE || entry->kind == COUNCIL_KIND_MEMBER_RECOVER;
        if (truth->claims[i] == NULL && !called) {
            truth->claims[i] = unheard(sim, entry);
            if (truth->claims[i] == NULL) {
                sim_fail(sim, "SENT TWICE or forgotten: entry %u of log %s, a %s, is nobody's",
                         i + 1, sim_short(name).text, council_kind_info(entry->kind)->name);
            }
        }
    }
}

/* ---- all of it ---- */

static void check_log(struct sim *sim, const uint8_t *name)
{
    struct sim_truth truth = {.claims = NULL};
    const struct core_fake_log *stored = sim_stored(sim, name);
    if (stored == NULL) {
        return;
    }
    truth_make(sim, &truth, stored);
    sim->counts->entries += stored->count;
    for (uint32_t i = 0; i < sim->client_count && !sim->failed; i++) {
        const struct sim_log *log = sim_home_log(sim->clients[i], name);
        bool held = sim->clients[i]->there && !sim_restore_strands(sim->clients[i], name);
        if (log != NULL && (held || !sim->host->restored)) {
            check_rows(sim, sim->clients[i], log, &truth);
        }
    }
    if (!sim->failed) {
        check_claims(sim, &truth, name);
    }
    if (!sim->failed) {
        sim_check_state(sim, &truth, name);
    }
    truth_free(&truth);
}

/* Acknowledged entries of logs that the server does not have at all. */
static void check_whole_logs(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_client *client = sim->clients[i];
        for (uint32_t k = 0; k < client->item_count; k++) {
            const struct sim_item *item = client->items[k];
            if (item->state == SIM_ITEM_ACKED && sim_stored(sim, item->intent.log) == NULL &&
                !sim_restore_excuses(client, item)) {
                sim_fail(sim, "LOST: the whole log %s", sim_short(item->intent.log).text);
            }
        }
    }
}

void sim_check(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->client_count; i++) {
        struct sim_client *client = sim->clients[i];
        client->there =
            client->life == SIM_READY && (!sim->host->restored || sim_client_listed(client));
    }
    check_whole_logs(sim);
    for (uint32_t i = 0; i < sim->plan.people && !sim->failed; i++) {
        check_log(sim, sim->people[i].member);
    }
    for (uint32_t i = 0; i < sim->plan.councils && !sim->failed; i++) {
        if (sim->councils[i].founded) {
            check_log(sim, sim->councils[i].log);
        }
    }
}
