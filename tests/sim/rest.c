/*
 * rest.c - whether anybody has anything left to do.
 *
 * Owns one question, asked of everybody who is there. Must not ask whether what was done is right.
 */
#include <stdio.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

static const char *duties_left(const struct sim_client *client, const struct sim_log *log)
{
    struct sync_duty duty = {.kind = SYNC_DUTY_ROTATE};
    const struct council *council = sim_client_council(client, log->log);
    if (council == NULL) {
        return NULL;
    }
    memcpy(duty.log, log->log, COUNCIL_KEY_BYTES);
    if (sync_duty_due(client->sync, &duty)) {
        return "keys are due";
    }
    duty.kind = SYNC_DUTY_PIN;
    if (sync_duty_due(client->sync, &duty)) {
        return "a pin is due";
    }
    duty.kind = SYNC_DUTY_HISTORY;
    duty.from = 1;
    duty.to = council->epoch;
    for (uint32_t i = 0; i < council->person_count; i++) {
        memcpy(duty.member, council->people[i].pin.member, COUNCIL_KEY_BYTES);
        if (sync_duty_due(client->sync, &duty)) {
            return "history is due";
        }
    }
    return NULL;
}

static bool member_now(const struct sim *sim, const struct sim_client *client, const uint8_t *log)
{
    const struct core_fake_store *store = &sim->host->store;
    for (uint32_t i = 0; i < store->membership_count; i++) {
        const struct store_membership *m = &store->memberships[i];
        if (m->until_seq == 0 && memcmp(m->log, log, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(m->member, client->person->member, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* A council of this person's that this client does not know, or only as one that was left. */
static bool missed(const struct sim *sim, const struct sim_client *client)
{
    for (uint32_t i = 0; i < sim->plan.councils; i++) {
        const uint8_t *log = sim->councils[i].log;
        const struct council *council = sim_client_council(client, log);
        const struct council_person *self =
            council != NULL ? council_person(council, client->person->member) : NULL;
        struct sync_log_view view;
        bool live = client->sync != NULL && sync_log_view(client->sync, log, &view) &&
                    view.state == SYNC_LOG_LIVE;
        if (member_now(sim, client, log) && (self == NULL || !self->member || !live)) {
            return true;
        }
    }
    return false;
}

static const char *client_left(const struct sim_client *client)
{
    bool unlisted = client->life == SIM_WAITING || client->sim->host->restored;
    if (client->life == SIM_GONE || client->away || (unlisted && !sim_client_listed(client))) {
        return NULL;
    }
    if (client->life != SIM_READY || client->sync == NULL ||
        sync_state(client->sync) != SYNC_READY) {
        return "not logged in";
    }
    if (client->list_due || client->found_count > 0 || client->reload_at > 0 ||
        client->joins[0].item != 0 || client->joins[1].item != 0) {
        return "has something to ask";
    }
    if (!sync_caught_up(client->sync)) {
        return "not caught up";
    }
    uint32_t stranded = 0;
    for (uint32_t i = 0; i < client->item_count; i++) {
        bool open = sim_item_open(client->items[i]);
        if (open && sim_restore_strands(client, client->items[i]->intent.log)) {
            stranded++;
        } else if (open) {
            return council_kind_info(client->items[i]->intent.kind)->name;
        }
    }
    if (sync_outbox_count(client->sync) > stranded) {
        return "the outbox of sync has items";
    }
    if (missed(client->sim, client)) {
        return "has not heard of a council of theirs";
    }
    for (uint32_t i = 0; i < client->log_count; i++) {
        bool stranded_log = sim_restore_strands(client, client->logs[i]->log);
        const char *left = stranded_log ? NULL : duties_left(client, client->logs[i]);
        if (left != NULL) {
            return left;
        }
    }
    return NULL;
}

bool sim_at_rest(struct sim *sim, const char **why)
{
    static char text[128];
    *why = text;
    if (sim->host->core == NULL) {
        (void)snprintf(text, sizeof text, "the server is down");
        return false;
    }
    const struct sim_host *host = sim->host;
    if (!sim_net_quiet(sim) || host->storage.first != NULL || host->batch.first != NULL ||
        host->inbox.first != NULL || host->lanes[0].first != NULL || host->lanes[1].first != NULL) {
        (void)snprintf(text, sizeof text, "something is under way");
        return false;
    }
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const char *left = client_left(sim->clients[i]);
        if (left != NULL) {
            (void)snprintf(text, sizeof text, "client %u: %s", (unsigned)i, left);
            return false;
        }
    }
    return true;
}
