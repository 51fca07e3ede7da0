/*
 * check_state.c - the verdict on what the logs mean: everybody's fold agrees, everybody has the keys, and reads what was written.
 *
 * Must not trust any client's word for it: the fold made anew from the server's bytes is the measure.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/check.h"
#include "tests/unit/sync_peek.h"

/* ---- folds ---- */

static bool same_person(const struct council_person *a, const struct council_person *b)
{
    return a->member == b->member && a->moderator == b->moderator &&
           a->joined_seq == b->joined_seq && a->left_seq == b->left_seq &&
           a->stay_count == b->stay_count && a->pin.seq == b->pin.seq &&
           a->pin.device_count == b->pin.device_count &&
           memcmp(a->pin.member, b->pin.member, COUNCIL_KEY_BYTES) == 0 &&
           memcmp(a->pin.head, b->pin.head, COUNCIL_HASH_BYTES) == 0 &&
           memcmp(a->vote, b->vote, COUNCIL_KEY_BYTES) == 0;
}

static const char *fold_differs(const struct council *a, const struct council *b)
{
    if (a->seq != b->seq || a->control != b->control) {
        return "its place";
    }
    if (a->epoch != b->epoch || a->epoch_seq != b->epoch_seq ||
        a->rotation_due != b->rotation_due) {
        return "the epoch";
    }
    if (a->person_count != b->person_count || a->invite_count != b->invite_count) {
        return "how many people and invites";
    }
    for (uint32_t i = 0; i < a->person_count; i++) {
        if (!same_person(&a->people[i], &b->people[i])) {
            return "people and roles";
        }
    }
    for (uint32_t i = 0; i < a->invite_count; i++) {
        if (a->invites[i].used != b->invites[i].used ||
            a->invites[i].closed != b->invites[i].closed) {
            return "invites";
        }
    }
    return memcmp(a->control_head, b->control_head, COUNCIL_HASH_BYTES) != 0 ? "the safety number"
                                                                             : NULL;
}

/* Whoever is a member and there has the whole log, and makes the same of it. */
static void check_fold(struct sim *sim, const struct sim_client *client,
                       const struct sim_truth *truth, const uint8_t *name)
{
    const struct council *council = sim_client_council(client, name);
    const struct sim_log *log = sim_home_log(client, name);
    if (council == NULL || log == NULL || log->count != truth->log.count) {
        sim_fail(sim, "client %u of a member has %u of %u entries of log %s", client->index,
                 log != NULL ? log->count : 0, truth->log.count, sim_short(name).text);
        return;
    }
    const char *what = fold_differs(council, &truth->log.log.council);
    if (what != NULL) {
        sim_fail(sim, "client %u of log %s differs in %s", client->index, sim_short(name).text,
                 what);
    }
}

/* ---- keys ---- */

static void check_keys(struct sim *sim, const struct sim_client *client, const uint8_t *name)
{
    const struct sync_replica *replica = sim_client_replica(client, name);
    const struct sim_log *log = sim_home_log(client, name);
    uint64_t epoch = replica->state.council.epoch;
    if (epoch == 0) {
        sim_fail(sim, "log %s never got keys", sim_short(name).text);
    } else if (!council_device_counts(&replica->state.council, client->person->member,
                                      client->keys.sign)) {
        sim_fail(sim, "client %u is not counted in log %s", client->index, sim_short(name).text);
    } else if (!log->epochs[epoch].has_seed) {
        sim_fail(sim, "client %u lacks the seed of the current epoch %llu", client->index,
                 (unsigned long long)epoch);
    }
    for (uint64_t e = 1; e < epoch && !sim->failed; e++) {
        if (sync_given(replica, client->keys.sign, e) && !log->epochs[e].has_seed) {
            sim_fail(sim, "client %u was given epoch %llu and has not kept it", client->index,
                     (unsigned long long)e);
        }
    }
}

static bool entitled(const struct council *council, const struct council_person *person,
                     uint64_t epoch)
{
    bool in = council->history_all;
    for (uint32_t i = 0; i < person->stay_count; i++) {
        const struct council_stay *stay = &person->stays[i];
        in = in || (epoch >= stay->from && (stay->to == 0 || epoch <= stay->to));
    }
    return in;
}

/* A client of somebody who is a member, there to give and to be given. */
static const struct sim_log *keys_of(const struct sim_client *client, const struct council *council,
                                     const struct council_person **person)
{
    *person = council_person(council, client->person->member);
    bool there = client->there && *person != NULL && (*person)->member &&
                 council_device_counts(council, client->person->member, client->keys.sign);
    return there ? sim_home_log(client, council->log) : NULL;
}

/* A past epoch that one of them holds has been given to all who may have it. */
static void check_history(struct sim *sim, const struct council *council)
{
    bool held[SIM_EPOCHS] = {false};
    const struct council_person *person = NULL;
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_log *log = keys_of(sim->clients[i], council, &person);
        for (uint64_t e = 1; log != NULL && e <= council->epoch; e++) {
            held[e] = held[e] || log->epochs[e].has_seed;
        }
    }
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_log *log = keys_of(sim->clients[i], council, &person);
        for (uint64_t e = 1; log != NULL && e <= council->epoch; e++) {
            if (held[e] && !log->epochs[e].has_seed && entitled(council, person, e)) {
                sim_fail(sim, "client %u was never given epoch %llu of log %s", i,
                         (unsigned long long)e, sim_short(council->log).text);
            }
        }
    }
}

/* ---- reading ---- */

static bool may_keep(const struct sim_client *client, const struct sim_row *row)
{
    return memcmp(row->author, client->person->member, COUNCIL_KEY_BYTES) == 0;
}

/* Opens a post and compares its number with that of the draft it was. */
static void read_post(struct sim *sim, const struct sim_client *client, const struct sim_log *log,
                      const struct sim_row *row, const struct sim_item *item)
{
    struct council_entry entry;
    uint8_t *plain = NULL;
    uint32_t len = 0;
    char expected[48];
    if (council_entry_parse(&entry, row->text, row->len)) {
        abort();
    }
    uint64_t epoch = entry.epoch;
    if (log->epochs[epoch].has_seed) {
        const struct council_seal_place place = {.log = log->log,
                                                 .author = entry.author,
                                                 .device = entry.device,
                                                 .id = entry.id,
                                                 .kind = "post",
                                                 .epoch = epoch};
        int n = snprintf(expected, sizeof expected, "{\"n\":%llu,",
                         (unsigned long long)item->intent.number);
        enum council_error error =
            council_unseal(&place, log->epochs[epoch].seed, row->data, row->data_len, &plain, &len);
        if (error != COUNCIL_OK || len < (uint32_t)n || memcmp(plain, expected, (size_t)n) != 0) {
            sim_fail(sim, "client %u cannot read post %llu: %s", client->index,
                     (unsigned long long)item->intent.number, council_error_name(error));
        }
        free(plain);
    }
    council_entry_fini(&entry);
}

static void check_posts(struct sim *sim, const struct sim_client *client,
                        const struct sim_truth *truth, const uint8_t *name)
{
    const struct sim_log *log = sim_home_log(client, name);
    for (uint32_t i = 0; i < log->count && !sim->failed; i++) {
        const struct sim_row *row = &log->rows[i];
        const struct fixture_entry *entry = &truth->log.entries[i];
        if (row->kind != COUNCIL_KIND_POST) {
            continue;
        }
        if (row->erased != entry->erased ||
            (entry->erased && row->data != NULL && !may_keep(client, row)) ||
            (!entry->erased && row->data == NULL)) {
            sim_fail(sim, "client %u differs on whether post %u is erased", client->index, i + 1);
        } else if (row->data != NULL) {
            read_post(sim, client, log, row, truth->claims[i]);
        }
    }
}

void sim_check_state(struct sim *sim, const struct sim_truth *truth, const uint8_t *name)
{
    const struct council *council = &truth->log.log.council;
    for (uint32_t i = 0; i < sim->client_count && !sim->failed; i++) {
        const struct sim_client *client = sim->clients[i];
        const struct sim_log *log = sim_home_log(client, name);
        if (!client->there) {
            continue;
        }
        if (truth->log.log.type == COUNCIL_LOG_IS_MEMBER) {
            bool own = memcmp(client->person->member, name, COUNCIL_KEY_BYTES) == 0;
            if (own && (log == NULL || log->count != truth->log.count)) {
                sim_fail(sim, "client %u has not all of its member log", client->index);
            }
            continue;
        }
        const struct council_person *person = council_person(council, client->person->member);
        if (person != NULL && person->member) {
            check_fold(sim, client, truth, name);
            if (!sim->failed) {
                check_keys(sim, client, name);
            }
            if (!sim->failed) {
                check_posts(sim, client, truth, name);
            }
        } else if (person != NULL && log != NULL && log->count < person->left_seq) {
            sim_fail(sim, "client %u of a former member was not sent all of its time",
                     client->index);
        }
    }
    if (!sim->failed && truth->log.log.type == COUNCIL_LOG_IS_COUNCIL) {
        check_history(sim, council);
    }
}
