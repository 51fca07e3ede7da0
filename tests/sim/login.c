/*
 * login.c - what it means that a device is not let in: revoked, not added yet, or not known again yet. See client.h.
 *
 * Must not trust the device's word: the member log that the server has says who is let in.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

bool sim_client_listed(const struct sim_client *client)
{
    const struct core_fake_log *log = sim_stored(client->sim, client->person->member);
    struct council_member member;
    council_member_init(&member);
    for (uint32_t i = 0; log != NULL && i < log->count; i++) {
        struct council_entry entry;
        if (council_entry_parse(&entry, log->entries[i].text, log->entries[i].text_len) ||
            council_member_append(&member, &entry, log->entries[i].sig)) {
            abort();
        }
        council_entry_fini(&entry);
    }
    bool found = council_member_device(&member, client->keys.sign) != NULL;
    council_member_fini(&member);
    return found;
}

static void login_refused(struct sim_client *client)
{
    struct sim *sim = client->sim;
    if (client->life == SIM_RECOVERING) {
        sim_fail(sim, "client %u: the phrase was refused", client->index);
    } else if (client->life == SIM_READY) {
        if (sim_client_listed(client)) {
            sim_fail(sim, "client %u: the login of an active device was refused", client->index);
        }
        client->refused = true;
    }
}

/* A server that was put back may not know this device yet; if nobody who is left knows more than it does, it was revoked. */
static void refused_restored(struct sim_client *client)
{
    const struct core_fake_log *stored = sim_stored(client->sim, client->person->member);
    uint32_t known = 0;
    for (uint32_t i = 0; i < client->person->client_count; i++) {
        const struct sim_client *other = client->person->clients[i];
        const struct sim_log *log = sim_home_log(other, client->person->member);
        known = other->life != SIM_GONE && log != NULL && log->count > known ? log->count : known;
    }
    client->refused = client->life == SIM_READY && stored != NULL &&
                      stored->recovery != STORE_WAITING && known > 0 && stored->count >= known &&
                      !sim_client_listed(client);
}

void sim_client_refused(struct sim_client *client)
{
    if (client->sim->host->restored) {
        refused_restored(client);
    } else {
        login_refused(client);
    }
}
