/*
 * races.c - one winner: everybody writes a control entry at the same moment, and whoever was too late sees what won and signs anew.
 *
 * Owns the game of eight members with eight devices each, and the count of what was raced for. Must not judge: check.c does, which folds the
 * log with every rule, `stale` among them. Invariant: a head is raced for if at least two control entries were signed that had seen
 * it and no later control entry; in the log exactly one of them follows it.
 */
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

enum {
    ALL_EVERY = 64,       /* volleys, then one of all devices */
    MODERATORS_EVERY = 4, /* volleys; votes and leaves make them fewer */
    EPOCHS_ENOUGH = 150   /* then keys are made for need alone (SIM_EPOCHS) */
};

void sim_races_note(struct sim_client *client, const struct sim_item *item)
{
    struct sim *sim = client->sim;
    struct council_entry entry;
    if (sim->racing == NULL ||
        memcmp(item->intent.log, sim->councils[0].log, COUNCIL_KEY_BYTES) != 0 ||
        !council_kind_has(item->intent.kind, COUNCIL_FLAG_CONTROL) ||
        council_entry_parse(&entry, item->text, item->len)) {
        return;
    }
    if (entry.seen_seq < SIM_RACING_MAX) {
        sim->racing[entry.seen_seq]++;
    }
    council_entry_fini(&entry);
}

void sim_races_count(struct sim *sim)
{
    const struct core_fake_log *log = sim_stored(sim, sim->councils[0].log);
    uint32_t rivals = 0;
    for (uint32_t i = 0; log != NULL && i < log->count && i + 1 < SIM_RACING_MAX; i++) {
        if ((log->entries[i].flags & STORE_CONTROL) != 0) {
            rivals = 0; /* a new head of control entries */
        }
        uint32_t more = sim->racing[i + 1];
        sim->counts->races += rivals < 2 && rivals + more >= 2;
        rivals += more;
    }
}

/* ---- who there is ---- */

static void devices(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan.people; i++) {
        struct sim_person *person = &sim->people[i];
        while (person->client_count < SIM_DEVICES) {
            struct sim_client *fresh = sim_client_add(sim, person, SIM_WAITING);
            struct sim_intent intent = sim_intent_of(COUNCIL_KIND_DEVICE_ADD, person->member);
            intent.number = fresh->device;
            (void)sim_client_write(person->clients[0], &intent);
        }
    }
    sim_rest(sim);
}

/* Whoever is in the council and moderates it, by what they know; NULL: none. */
static struct sim_client *moderator(struct sim *sim)
{
    uint32_t first = (uint32_t)sim_draw(sim, sim->client_count);
    for (uint32_t i = 0; i < sim->client_count; i++) {
        struct sim_client *client = sim->clients[(first + i) % sim->client_count];
        const struct council_person *self =
            client->sync != NULL ? sim_self_in(client, sim->councils[0].log) : NULL;
        if (self != NULL && self->moderator) {
            return client;
        }
    }
    return NULL;
}

static bool outside(const struct sim_client *client)
{
    return client->life == SIM_READY && client->sync != NULL &&
           sim_self_in(client, client->sim->councils[0].log) == NULL;
}

/* A link for all who are outside. */
static void open_link(struct sim *sim)
{
    struct sim_client *client = moderator(sim);
    bool any = false;
    for (uint32_t i = 0; i < sim->client_count; i++) {
        any = any || outside(sim->clients[i]);
    }
    if (client == NULL || !any) {
        return;
    }
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_INVITE_OPEN, sim->councils[0].log);
    fixture_random_bytes(&sim->random, intent.seed, sizeof intent.seed);
    intent.number = SIM_PEOPLE;
    sim->councils[0].link.known = false;
    (void)sim_client_write(client, &intent);
    sim_rest(sim);
}

/* All of them, so that there is more to race for than keys. */
static void moderators(struct sim *sim)
{
    struct sim_client *client = moderator(sim);
    const struct council *council =
        client != NULL ? sim_client_council(client, sim->councils[0].log) : NULL;
    for (uint32_t i = 0; council != NULL && i < council->person_count; i++) {
        struct sim_intent intent = sim_intent_of(COUNCIL_KIND_MEMBER_ROLE, sim->councils[0].log);
        memcpy(intent.who, council->people[i].pin.member, COUNCIL_KEY_BYTES);
        intent.number = 1;
        if (council->people[i].member && !council->people[i].moderator) {
            (void)sim_client_write(client, &intent);
        }
    }
    sim_rest(sim);
}

/* ---- a volley ---- */

static void join(struct sim *sim, struct sim_client *client)
{
    const struct sim_council *council = &sim->councils[0];
    const struct sim_person *person = client->person;
    bool joining = !council->link.known;
    for (uint32_t i = 0; i < person->client_count; i++) {
        joining =
            joining || sim_writing(person->clients[i], COUNCIL_KIND_MEMBER_JOIN, council->log);
    }
    if (joining) {
        return;
    }
    struct sim_intent intent = sim_intent_of(COUNCIL_KIND_MEMBER_JOIN, council->log);
    memcpy(intent.seed, council->link.seed, sizeof intent.seed);
    memcpy(intent.link_head, council->link.head, sizeof intent.link_head);
    intent.link_seq = council->link.seq;
    (void)sim_client_write(client, &intent);
}

static enum council_kind draw_kind(struct sim *sim, bool moderates)
{
    static const struct {
        enum council_kind kind;
        uint32_t weight;
        bool moderators;
    } kinds[] = {
        {COUNCIL_KIND_VOTE, 1, false},         {COUNCIL_KIND_KEY_ROTATE, 3, false},
        {COUNCIL_KIND_MEMBER_LEAVE, 1, false}, {COUNCIL_KIND_MEMBER_ROLE, 82, true},
        {COUNCIL_KIND_MEMBER_REMOVE, 1, true}, {COUNCIL_KIND_INVITE_OPEN, 6, true},
        {COUNCIL_KIND_INVITE_CLOSE, 6, true},
    };
    for (;;) {
        uint32_t dice = (uint32_t)sim_draw(sim, 100);
        for (uint32_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
            if (dice < kinds[i].weight) {
                if (moderates || !kinds[i].moderators) {
                    return kinds[i].kind;
                }
                break;
            }
            dice -= kinds[i].weight;
        }
    }
}

static void race(struct sim *sim, struct sim_client *client)
{
    const uint8_t *log = sim->councils[0].log;
    const struct council_person *self = sim_self_in(client, log);
    const struct council *council = sim_client_council(client, log);
    const struct council_person *other = &council->people[sim_draw(sim, council->person_count)];
    struct sim_intent intent = sim_intent_of(draw_kind(sim, self->moderator), log);
    bool going =
        intent.kind == COUNCIL_KIND_MEMBER_REMOVE || intent.kind == COUNCIL_KIND_MEMBER_LEAVE;
    if ((going && council_member_count(council) < 5) || !other->member ||
        (intent.kind == COUNCIL_KIND_MEMBER_REMOVE && other == self)) {
        intent.kind = COUNCIL_KIND_KEY_ROTATE;
    }
    if (intent.kind == COUNCIL_KIND_KEY_ROTATE && council->epoch > EPOCHS_ENOUGH) {
        intent.kind = COUNCIL_KIND_VOTE;
    }
    memcpy(intent.who, other->pin.member, COUNCIL_KEY_BYTES);
    if (intent.kind == COUNCIL_KIND_INVITE_CLOSE) {
        memcpy(intent.who, council->invites[sim_draw(sim, council->invite_count)].key,
               COUNCIL_KEY_BYTES);
    }
    if (intent.kind == COUNCIL_KIND_INVITE_OPEN) {
        fixture_random_bytes(&sim->random, intent.seed, sizeof intent.seed);
    } else {
        intent.number = sim_chance(sim, 930);
    }
    (void)sim_client_write(client, &intent);
}

/* Everybody, or a few, who then meet more often: whoever lost tries again after a while of their own. */
static void volley(struct sim *sim, bool all)
{
    uint32_t few = all                    ? sim->client_count
                   : sim_chance(sim, 100) ? 8
                                          : 2 + (uint32_t)sim_draw(sim, 2);
    sim_trace(sim, "a volley of %u", few);
    for (uint32_t i = 0; i < few; i++) {
        struct sim_client *client =
            sim->clients[all ? i : (uint32_t)sim_draw(sim, sim->client_count)];
        if (outside(client)) {
            join(sim, client);
        } else if (client->life == SIM_READY && client->sync != NULL) {
            race(sim, client);
        }
    }
    sim_rest(sim);
}

/* Everybody says something that all the others must be able to read. */
static void posts(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->client_count && !sim->failed; i++) {
        struct sim_client *client = sim->clients[i];
        if (client->life == SIM_READY && client->sync != NULL && !outside(client)) {
            struct sim_intent intent = sim_intent_of(COUNCIL_KIND_POST, sim->councils[0].log);
            intent.number = ++sim->notes;
            (void)sim_client_write(client, &intent);
            sim->counts->posts++;
        }
    }
    sim_rest(sim);
}

void sim_races(struct sim *sim)
{
    uint64_t faults = sim->next_fault;
    sim->next_act = sim->next_fault = SIM_NEVER;
    sim_rest(sim);
    devices(sim);
    while (!sim->failed && !sim->councils[0].founded) {
        sim_found(sim, &sim->councils[0]);
    }
    sim_rest(sim);
    sim->next_fault = faults == SIM_NEVER ? SIM_NEVER : sim->now + sim->plan.fault_every_ms;
    for (uint32_t i = 0; i < sim->plan.volleys && !sim->failed; i++) {
        open_link(sim);
        volley(sim, i % ALL_EVERY == 0);
        if (i % MODERATORS_EVERY == 0) {
            moderators(sim);
        }
    }
    posts(sim);
}
