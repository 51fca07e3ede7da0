/*
 * acts.c - what people do: found, invite, join, write, erase, leave, remove, change devices, come back from the phrase.
 *
 * Owns the story. Must not know whether an act succeeds: it is chosen by what one device knows at that moment, and others may
 * be quicker. Invariant: whatever the story does goes through a client's outbox.
 */
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

static const uint32_t link_ms = 60000; /* an invite that nobody used is given up */

void sim_acts_begin(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan.councils; i++) {
        sim->councils[i].target = 2 + (uint32_t)sim_draw(sim, sim->plan.people);
    }
    sim->next_act = 200;
    sim->next_fault = sim->plan.faults ? 500 + sim_draw(sim, sim->plan.fault_every_ms) : SIM_NEVER;
}

/* ---- who ---- */

/* A client of somebody registered that has a process, connected or not; NULL: none was hit. */
static struct sim_client *some_client(struct sim *sim)
{
    struct sim_client *client = sim->clients[sim_draw(sim, sim->client_count)];
    return client->life == SIM_READY && client->sync != NULL ? client : NULL;
}

static struct sim_client *client_of(struct sim *sim, const struct sim_person *person)
{
    uint32_t first = (uint32_t)sim_draw(sim, person->client_count);
    for (uint32_t i = 0; i < person->client_count; i++) {
        struct sim_client *client = person->clients[(first + i) % person->client_count];
        if (client->life == SIM_READY && client->sync != NULL) {
            return client;
        }
    }
    return NULL;
}

static uint32_t count_of(const struct sim_person *person, enum sim_life life)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < person->client_count; i++) {
        count += person->clients[i]->life == life;
    }
    return count;
}

bool sim_writing(const struct sim_client *client, enum council_kind kind, const uint8_t *log)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        const struct sim_item *item = client->items[i];
        if (sim_item_open(item) && item->intent.kind == kind &&
            memcmp(item->intent.log, log, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

const struct council_person *sim_self_in(const struct sim_client *client, const uint8_t *log)
{
    const struct council *council = sim_client_council(client, log);
    const struct council_person *self =
        council != NULL ? council_person(council, client->person->member) : NULL;
    return self != NULL && self->member ? self : NULL;
}

struct sim_intent sim_intent_of(enum council_kind kind, const uint8_t *log)
{
    struct sim_intent intent = {.kind = kind};
    memcpy(intent.log, log, COUNCIL_KEY_BYTES);
    return intent;
}

/* ---- growing ---- */

void sim_found(struct sim *sim, struct sim_council *council)
{
    struct sim_client *client = some_client(sim);
    struct sim_intent intent = {.kind = COUNCIL_KIND_COUNCIL_CREATE};
    struct fixture_entry made;
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    if (client == NULL || sim_home_log(client, client->person->member) == NULL) {
        return;
    }
    enum council_error error = sim_sign(client, &intent, NULL, &made);
    if (error == COUNCIL_E_UNKNOWN_DEVICE) {
        return; /* the entry that made it one has not come yet: later */
    }
    if (error != COUNCIL_OK) {
        sim_fail(sim, "a council cannot be founded");
        return;
    }
    council_entry_head(council->log, zeros, made.text, made.len, made.sig);
    council->founded = true;
    memcpy(intent.log, council->log, COUNCIL_KEY_BYTES);
    struct sim_item *item = sim_item_new(client, &intent);
    sim_item_sealed(client, item, &made);
    sim_item_hand_over(client, item);
    intent = sim_intent_of(COUNCIL_KIND_KEY_ROTATE, council->log);
    (void)sim_client_write(client, &intent);
}

void sim_invite_open(struct sim *sim, const uint8_t log[COUNCIL_KEY_BYTES],
                     const uint8_t seed[COUNCIL_SEED_BYTES], uint64_t seq, const uint8_t *head)
{
    for (uint32_t i = 0; i < sim->plan.councils; i++) {
        struct sim_council *council = &sim->councils[i];
        if (memcmp(council->log, log, COUNCIL_KEY_BYTES) == 0) {
            council->link.known = true;
            council->link.seq = seq;
            council->link.at = sim->now;
            memcpy(council->link.seed, seed, COUNCIL_SEED_BYTES);
            memcpy(council->link.head, head, COUNCIL_HASH_BYTES);
        }
    }
}

/* Somebody who has nothing to do with the council, as far as their device knows. */
static struct sim_client *stranger(struct sim *sim, const uint8_t *log)
{
    for (uint32_t tries = 0; tries < 4; tries++) {
        struct sim_client *client = client_of(sim, &sim->people[sim_draw(sim, sim->plan.people)]);
        if (client != NULL && sim_self_in(client, log) == NULL &&
            !sim_writing(client, COUNCIL_KIND_MEMBER_JOIN, log) &&
            sim_home_log(client, client->person->member) != NULL) {
            return client;
        }
    }
    return NULL;
}

static void join(struct sim *sim, struct sim_council *council)
{
    struct sim_client *client = stranger(sim, council->log);
    if (client == NULL) {
        return;
    }
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_MEMBER_JOIN, council->log);
    memcpy(intent.seed, council->link.seed, sizeof intent.seed);
    memcpy(intent.link_head, council->link.head, sizeof intent.link_head);
    intent.link_seq = council->link.seq;
    (void)sim_client_write(client, &intent);
    council->link.known = sim_chance(sim, 100); /* seldom somebody else has the link too */
}

static void invite(struct sim *sim, struct sim_council *council)
{
    struct sim_client *client = NULL;
    for (uint32_t tries = 0; client == NULL && tries < 8; tries++) {
        struct sim_client *other = some_client(sim);
        const struct council_person *self = other != NULL ? sim_self_in(other, council->log) : NULL;
        client = self != NULL && self->moderator ? other : NULL;
    }
    if (client == NULL || sim_writing(client, COUNCIL_KIND_INVITE_OPEN, council->log) ||
        council_member_count(sim_client_council(client, council->log)) >= council->target) {
        return;
    }
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_INVITE_OPEN, council->log);
    fixture_random_bytes(&sim->random, intent.seed, sizeof intent.seed);
    (void)sim_client_write(client, &intent);
}

static void grow(struct sim *sim, struct sim_council *council)
{
    if (council->link.known && sim->now - council->link.at > link_ms) {
        council->link.known = false;
    }
    if (council->link.known) {
        join(sim, council);
    } else {
        invite(sim, council);
    }
}

/* ---- writing ---- */

static void post(struct sim *sim, struct sim_client *client, const uint8_t *log)
{
    uint32_t count = 1 + (sim_chance(sim, 200) ? (uint32_t)sim_draw(sim, 12) : 0);
    for (uint32_t i = 0; i < count; i++) {
        struct sim_intent intent = sim_intent_of(COUNCIL_KIND_POST, log);
        intent.number = ++sim->notes;
        (void)sim_client_write(client, &intent);
        sim->counts->posts++;
    }
}

static void erase(struct sim *sim, struct sim_client *client, const uint8_t *log)
{
    const struct sim_log *rows = sim_home_log(client, log);
    const struct council_person *self = sim_self_in(client, log);
    if (rows == NULL || rows->count == 0) {
        return;
    }
    uint32_t at = (uint32_t)sim_draw(sim, rows->count);
    const struct sim_row *row = &rows->rows[at];
    bool mine = memcmp(row->author, client->person->member, COUNCIL_KEY_BYTES) == 0;
    if (row->kind == COUNCIL_KIND_POST && !row->erased && (mine || self->moderator)) {
        struct sim_intent intent = sim_intent_of(COUNCIL_KIND_ERASE, log);
        intent.number = at + 1;
        (void)sim_client_write(client, &intent);
    }
}

/* A control entry about somebody, or about oneself. */
static void govern(struct sim *sim, struct sim_client *client, const uint8_t *log)
{
    static const enum council_kind kinds[] = {
        COUNCIL_KIND_KEY_ROTATE,  COUNCIL_KIND_MEMBER_LEAVE,  COUNCIL_KIND_VOTE,
        COUNCIL_KIND_VOTE,        COUNCIL_KIND_MEMBER_ROLE,   COUNCIL_KIND_MEMBER_ROLE,
        COUNCIL_KIND_MEMBER_ROLE, COUNCIL_KIND_MEMBER_REMOVE, COUNCIL_KIND_MEMBER_REMOVE};
    enum council_kind kind = kinds[sim_draw(sim, sizeof kinds / sizeof *kinds)];
    const struct council *council = sim_client_council(client, log);
    const struct council_person *self = sim_self_in(client, log);
    const struct council_person *other = &council->people[sim_draw(sim, council->person_count)];
    bool moderates = kind == COUNCIL_KIND_MEMBER_ROLE || kind == COUNCIL_KIND_MEMBER_REMOVE;
    if (sim_writing(client, kind, log) || (moderates && !self->moderator) || !other->member ||
        (kind == COUNCIL_KIND_MEMBER_REMOVE && other == self) ||
        (kind == COUNCIL_KIND_MEMBER_LEAVE && council_member_count(council) < 3)) {
        return;
    }
    struct sim_intent intent = sim_intent_of(kind, log);
    memcpy(intent.who, other->pin.member, COUNCIL_KEY_BYTES);
    intent.number = sim_chance(sim, 700);
    (void)sim_client_write(client, &intent);
}

/* ---- devices ---- */

static void add_device(struct sim *sim, struct sim_client *client)
{
    struct sim_person *person = client->person;
    if (person->client_count == SIM_DEVICES || count_of(person, SIM_RECOVERING) > 0 ||
        count_of(person, SIM_READY) + count_of(person, SIM_WAITING) >= 3 ||
        sim_restore_waits(sim)) { /* it would say of its member that they hold nothing */
        return;
    }
    struct sim_client *fresh = sim_client_add(sim, person, SIM_WAITING);
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_DEVICE_ADD, person->member);
    intent.number = fresh->device;
    (void)sim_client_write(client, &intent);
}

static void revoke_device(struct sim *sim, struct sim_client *client)
{
    const struct sim_person *person = client->person;
    const struct sim_client *other = person->clients[sim_draw(sim, person->client_count)];
    if (other == client || other->life != SIM_READY || count_of(person, SIM_RECOVERING) > 0) {
        return;
    }
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_DEVICE_REVOKE, person->member);
    memcpy(intent.who, other->keys.sign, COUNCIL_KEY_BYTES);
    (void)sim_client_write(client, &intent);
}

/* Everything is lost or stolen; the phrase is on paper. */
static void recover(struct sim *sim, struct sim_client *client)
{
    struct sim_person *person = client->person;
    if (person->client_count == SIM_DEVICES || count_of(person, SIM_RECOVERING) > 0 ||
        sim->host->restored) { /* what was put back is brought by the devices that there are */
        return;
    }
    sim_trace(sim, "person %u recovers", person->index);
    for (uint32_t i = 0; i < person->client_count; i++) {
        if (person->clients[i]->life != SIM_GONE && sim_chance(sim, 700)) {
            sim_client_lose(person->clients[i]);
        }
    }
    (void)sim_client_add(sim, person, SIM_RECOVERING);
}

/* ---- one act ---- */

void sim_act(struct sim *sim)
{
    sim->next_act = sim->now + 1 + sim_draw(sim, 2 * sim->plan.act_every_ms);
    sim->tries++;
    struct sim_council *council = &sim->councils[sim_draw(sim, sim->plan.councils)];
    if (!council->founded) {
        sim_found(sim, council);
        return;
    }
    if (sim_chance(sim, 500)) {
        grow(sim, council);
    }
    struct sim_client *client = some_client(sim);
    if (client == NULL || sim_self_in(client, council->log) == NULL) {
        return;
    }
    sim->acts_done++;
    sim->counts->acts++;
    uint64_t dice = sim_draw(sim, 100);
    if (dice < 48) {
        post(sim, client, council->log);
    } else if (dice < 58) {
        erase(sim, client, council->log);
    } else if (dice < 84) {
        govern(sim, client, council->log);
    } else if (dice < 91) {
        add_device(sim, client);
    } else if (dice < 96) {
        revoke_device(sim, client);
    } else {
        recover(sim, client);
    }
}
