/*
 * restore.c - a server that is put back as it was some time ago, and who comes back to it with what they hold.
 *
 * Owns the backup, its return, and the story around it: which device of a person is at hand first, the operator who in the end does not
 * wait for those who never come. Must not know log.offer. Invariant: of one person's devices those at hand hold all that any of them
 * that ever comes back holds, since protocol/README.md 9.6 promises no more; one that holds more than they do is lost.
 */
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

enum {
    OPERATOR_MS = 600000 /* waits so long for members who do not come */
};

/* ---- who is at hand ---- */

static uint32_t holds(const struct sim_client *client, const uint8_t *log)
{
    const struct sim_log *held = sim_home_log(client, log);
    return held != NULL ? held->count : 0;
}

static uint32_t holds_all(const struct sim_client *client)
{
    uint32_t all = 0;
    for (uint32_t i = 0; i < client->log_count; i++) {
        all += client->logs[i]->count;
    }
    return all;
}

/* True if it holds more of some log than the other. */
static bool exceeds(const struct sim_client *client, const struct sim_client *other)
{
    for (uint32_t i = 0; i < client->log_count; i++) {
        if (client->logs[i]->count > holds(other, client->logs[i]->log)) {
            return true;
        }
    }
    return false;
}

/* Whom the server knows, who knows most of the own member log, then of everything; NULL: nobody is there. */
static const struct sim_client *first_of(const struct sim_person *person)
{
    const struct sim_client *first = NULL;
    uint32_t best[3] = {0};
    for (uint32_t i = 0; i < person->client_count; i++) {
        const struct sim_client *client = person->clients[i];
        if (client->life != SIM_READY) {
            continue;
        }
        uint32_t known = sim_client_listed(client), own = holds(client, person->member);
        uint32_t all = holds_all(client);
        if (first == NULL || known > best[0] ||
            (known == best[0] && (own > best[1] || (own == best[1] && all > best[2])))) {
            first = client;
            best[0] = known;
            best[1] = own;
            best[2] = all;
        }
    }
    return first;
}

static void choose(struct sim *sim, const struct sim_person *person)
{
    const struct sim_client *first = first_of(person);
    for (uint32_t i = 0; i < person->client_count; i++) {
        struct sim_client *client = person->clients[i];
        bool comes = client->life != SIM_GONE && client->life != SIM_REGISTERING && client != first;
        if (client->life == SIM_RECOVERING) {
            sim_client_stop(client, 1000); /* begins anew with the phrase */
            sim_home_wipe(client);
        }
        if (!comes || first == NULL) {
            continue;
        }
        if (exceeds(client, first)) {
            sim_client_lose(client);
            sim->counts->left_behind++;
        } else if (exceeds(first, client)) {
            sim_trace(sim, "client %u is away", client->index);
            sim_client_stop(client, 0);
            client->away = true;
            client->starts_at = SIM_NEVER;
        }
    }
}

/* ---- back ---- */

/* What was acknowledged before its entry was in the home is held by nobody but by chance. */
static void forget_unproved(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->client_count; i++) {
        const struct sim_client *client = sim->clients[i];
        for (uint32_t k = 0; k < client->item_count; k++) {
            struct sim_item *item = client->items[k];
            item->unproved =
                item->state == SIM_ITEM_ACKED && item->seq > holds(client, item->intent.log);
        }
    }
}

/* Links may be gone; a council that nobody holds is. */
static void forget_councils(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan.councils; i++) {
        struct sim_council *council = &sim->councils[i];
        bool held = sim_stored(sim, council->log) != NULL;
        council->link.known = false;
        for (uint32_t k = 0; k < sim->client_count; k++) {
            const struct sim_client *client = sim->clients[k];
            held = held || (client->life != SIM_GONE &&
                            (holds(client, council->log) > 0 ||
                             sim_writing(client, COUNCIL_KIND_COUNCIL_CREATE, council->log)));
        }
        council->founded = council->founded && held;
    }
}

static void put_back(struct sim *sim)
{
    struct sim_host *host = sim->host;
    sim_host_crash(host, false, 200 + sim_draw(sim, 8000));
    sim_net_lose_all(sim);
    sim_trace(sim, "the server is put back as it was");
    sim_store_copy(&host->store, &host->backup);
    for (uint32_t i = 0; i < host->store.log_count && !sim->unmarked; i++) {
        host->store.logs[i].recovery = STORE_WAITING;
        host->store.logs[i].spoken_count = 0;
        host->store.logs[i].brought = false;
    }
    sim_store_copy(&host->durable, &host->store);
    host->durable_at = SIM_NEVER;
    host->restored = true;
    sim->counts->restores++;
    for (uint32_t i = 0; i < sim->plan.people; i++) {
        choose(sim, &sim->people[i]);
    }
    forget_unproved(sim);
    forget_councils(sim);
}

void sim_restore_act(struct sim *sim)
{
    struct sim_host *host = sim->host;
    if (sim->plan.restores && !host->backed_up && sim->acts_done >= sim->plan.backup_at) {
        sim_trace(sim, "a backup is made");
        sim_store_copy(&host->backup, &host->store);
        host->backed_up = true;
    }
    if (host->backed_up && !host->restored && sim->acts_done >= sim->plan.restore_at) {
        put_back(sim);
    }
}

/* ---- until all is over ---- */

static bool waits(const struct sim *sim)
{
    const struct core_fake_store *store = &sim->host->store;
    for (uint32_t i = 0; i < store->log_count; i++) {
        if (store->logs[i].recovery == STORE_WAITING) {
            return true;
        }
    }
    return false;
}

bool sim_restore_waits(const struct sim *sim)
{
    bool waiting = waits(sim);
    for (uint32_t i = 0; i < sim->client_count; i++) {
        waiting = waiting || sim->clients[i]->away;
    }
    return waiting;
}

/* councild recovering end, while the server is stopped. */
static void end_waiting(struct sim *sim)
{
    struct sim_host *host = sim->host;
    sim_trace(sim, "the operator waits no longer");
    sim_host_stop(host, 200);
    for (uint32_t i = 0; i < host->store.log_count; i++) {
        if (host->store.logs[i].recovery == STORE_WAITING) {
            host->store.logs[i].recovery = STORE_RECOVERY_OPEN;
            host->store.logs[i].spoken_count = 0;
        }
    }
}

bool sim_restore_step(struct sim *sim, bool at_rest)
{
    bool any = false;
    if (!sim->host->restored) {
        return false;
    }
    if (waits(sim)) {
        if (sim->now >= sim->healed_at + OPERATOR_MS) {
            end_waiting(sim);
        }
        return true;
    }
    for (uint32_t i = 0; i < sim->client_count && at_rest; i++) {
        struct sim_client *client = sim->clients[i];
        if (client->away) {
            client->away = false;
            client->starts_at = sim->now;
            any = true;
        }
    }
    return any;
}

bool sim_restore_strands(const struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct core_fake_store *store = &client->sim->host->store;
    bool known = false;
    for (uint32_t i = 0; i < store->membership_count; i++) {
        const struct store_membership *m = &store->memberships[i];
        known = known || (memcmp(m->log, log, COUNCIL_KEY_BYTES) == 0 &&
                          memcmp(m->member, client->person->member, COUNCIL_KEY_BYTES) == 0);
    }
    return client->sim->host->restored && !known && holds(client, log) > 0 &&
           memcmp(log, client->person->member, COUNCIL_KEY_BYTES) != 0 &&
           sim_stored(client->sim, log) != NULL;
}

bool sim_restore_excuses(const struct sim_client *client, const struct sim_item *item)
{
    return client->sim->host->restored &&
           (!client->there || item->unproved || sim_restore_strands(client, item->intent.log));
}
