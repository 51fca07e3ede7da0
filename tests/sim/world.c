/*
 * world.c - one run from its seed to its verdict: what it is made of, its clock, its order of events.
 *
 * Owns time. Must not know what happens at any moment. Invariant: events of one moment happen in a fixed order (server, network,
 * clients by number, people), so that a run can be told again.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

enum {
    REST_EVERY_MS = 5000,           /* how often it is asked whether anything is left to do */
    REST_MAX_MS = 12 * 3600 * 1000, /* a world that is whole comes to rest in this time */
    TURNS_MAX = 20000,              /* of one moment */
    TRIES_PER_ACT = 10              /* a council that everybody left has no more acts */
};

/* ---- chance and telling ---- */

/* SplitMix64: a draw costs nothing, and keys are drawn elsewhere. */
uint64_t sim_draw(struct sim *sim, uint64_t below)
{
    uint64_t z = sim->dice += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return below == 0 ? 0 : z % below;
}

bool sim_chance(struct sim *sim, uint32_t thousandths)
{
    return sim_draw(sim, 1000) < thousandths;
}

void sim_fail(struct sim *sim, const char *format, ...)
{
    va_list args;
    if (sim->failed) {
        return;
    }
    sim->failed = true;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
    (void)vsnprintf(sim->failure, sizeof sim->failure, format, args);
    va_end(args);
    sim_trace(sim, "FAILED: %s", sim->failure);
}

void sim_trace(const struct sim *sim, const char *format, ...)
{
    va_list args;
    if (!sim->trace) {
        return;
    }
    printf("%8llu.%03u ", (unsigned long long)(sim->now / 1000), (unsigned)(sim->now % 1000));
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
    (void)vprintf(format, args);
    va_end(args);
    printf("\n");
}

struct sim_short sim_short(const uint8_t key[COUNCIL_KEY_BYTES])
{
    char text[COUNCIL_KEY_CHARS + 1];
    struct sim_short out;
    council_b64_encode(text, key, COUNCIL_KEY_BYTES);
    memcpy(out.text, text, 8);
    out.text[8] = '\0';
    return out;
}

void *sim_alloc(size_t size)
{
    void *out = calloc(1, size == 0 ? 1 : size);
    if (out == NULL) {
        abort();
    }
    return out;
}

void *sim_copy(const void *bytes, size_t len)
{
    return bytes == NULL ? NULL : memcpy(sim_alloc(len + 1), bytes, len);
}

/* Made once: drawing them anew for each of a thousand runs would be most of the time. */
const struct council_secrets *sim_keys(uint32_t person, uint32_t device)
{
    static struct council_secrets keys[SIM_PEOPLE][SIM_DEVICES + 1];
    static bool made;
    if (!made) {
        struct fixture_random random;
        fixture_random_init(&random, "sim keys");
        for (uint32_t i = 0; i < SIM_PEOPLE * (SIM_DEVICES + 1); i++) {
            uint8_t seeds[64];
            fixture_random_bytes(&random, seeds, sizeof seeds);
            council_secrets_from_seeds(&keys[i / (SIM_DEVICES + 1)][i % (SIM_DEVICES + 1)], seeds,
                                       seeds + 32);
        }
        made = true;
    }
    return &keys[person][device];
}

/* ---- a run ---- */

static void draw_plan(struct sim *sim)
{
    struct sim_plan *plan = &sim->plan;
    plan->people = sim_chance(sim, 250) ? SIM_PEOPLE : 2 + (uint32_t)sim_draw(sim, 5);
    plan->councils = sim_chance(sim, 250) ? 2 : 1;
    plan->acts = 8 + (uint32_t)sim_draw(sim, 24);
    plan->history_all = sim_chance(sim, 500);
    plan->small_cache = sim_chance(sim, 300);
    plan->small_buffers = sim_chance(sim, 300);
    plan->small_rates = sim_chance(sim, 300);
    plan->faults = sim_chance(sim, 900);
    plan->delay_ms = sim_chance(sim, 300) ? 1500 : 5 + (uint32_t)sim_draw(sim, 200);
    plan->batch_ms = 1 + (uint32_t)sim_draw(sim, 60);
    plan->batch_max = sim_chance(sim, 300) ? 1 : 2 + (uint32_t)sim_draw(sim, 30);
    plan->act_every_ms = sim_chance(sim, 400) ? 300 : 500 + (uint32_t)sim_draw(sim, 3000);
    plan->fault_every_ms = 1500 + (uint32_t)sim_draw(sim, 9000);
    plan->clocks = sim_chance(sim, 500);
    plan->restores = sim_chance(sim, 300);
    plan->backup_at = 1 + (uint32_t)sim_draw(sim, plan->acts);
    plan->restore_at = plan->backup_at + (uint32_t)sim_draw(sim, plan->acts + 1 - plan->backup_at);
    sim_trace(sim,
              "people=%u councils=%u acts=%u history_all=%d small_cache=%d small_buffers=%d "
              "small_rates=%d faults=%d delay=%u batch=%u/%u act_every=%u fault_every=%u clocks=%d "
              "restores=%d",
              plan->people, plan->councils, plan->acts, plan->history_all, plan->small_cache,
              plan->small_buffers, plan->small_rates, plan->faults, plan->delay_ms, plan->batch_ms,
              plan->batch_max, plan->act_every_ms, plan->fault_every_ms, plan->clocks,
              plan->restores);
}

static void people_begin(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->plan.people; i++) {
        struct sim_person *person = &sim->people[i];
        person->index = i;
        person->recovery = *sim_keys(i, SIM_DEVICES);
        struct sim_client *client = sim_client_add(sim, person, SIM_REGISTERING);
        client->starts_at = sim_draw(sim, 3000);
    }
    sim_acts_begin(sim);
}

static uint64_t next_event(const struct sim *sim)
{
    uint64_t next = sim_host_next(sim->host);
    uint64_t at = sim_net_next(sim);
    next = at < next ? at : next;
    for (uint32_t i = 0; i < sim->client_count; i++) {
        at = sim_client_next(sim->clients[i]);
        next = at < next ? at : next;
    }
    if (!sim->healed) {
        next = sim->next_act < next ? sim->next_act : next;
        next = sim->next_fault < next ? sim->next_fault : next;
        next = sim->odd.clock != NULL && sim->odd.until < next ? sim->odd.until : next;
    }
    return next;
}

static void turn(struct sim *sim)
{
    sim_host_turn(sim->host);
    sim_net_turn(sim);
    for (uint32_t i = 0; i < sim->client_count && !sim->failed; i++) {
        if (sim_client_next(sim->clients[i]) <= sim->now) {
            sim_client_turn(sim->clients[i]);
        }
    }
    if (sim->odd.clock != NULL && sim->odd.until <= sim->now) {
        sim_clock_right(sim);
    }
    if (!sim->healed && sim->next_act <= sim->now) {
        sim_act(sim);
        sim_restore_act(sim);
    }
    if (!sim->healed && sim->next_fault <= sim->now) {
        sim_fault(sim);
    }
}

void sim_run_until(struct sim *sim, uint64_t end)
{
    uint32_t turns = 0;
    while (!sim->failed) {
        uint64_t next = next_event(sim);
        if (next > end) {
            sim->now = end > sim->now ? end : sim->now;
            return;
        }
        turns = next > sim->now ? 0 : turns + 1;
        sim->now = next > sim->now ? next : sim->now;
        if (turns > TURNS_MAX) {
            sim_fail(sim, "a moment that never ends");
        }
        turn(sim);
    }
}

void sim_rest(struct sim *sim)
{
    const char *why = "";
    uint64_t end = sim->now + REST_MAX_MS;
    for (bool rest = false; !sim->failed && !rest;) {
        sim_run_until(sim, sim->now + REST_EVERY_MS);
        rest = sim_at_rest(sim, &why) && !sim_outbox_again(sim);
        rest = !(sim->healed && sim_restore_step(sim, rest)) && rest;
        if (!rest && sim->now >= end) {
            sim_fail(sim, "it does not come to rest: %s", why);
        }
    }
}

static void run(struct sim *sim)
{
    if (sim->plan.volleys > 0) {
        sim_races(sim);
    }
    while (!sim->failed && sim->acts_done < sim->plan.acts &&
           sim->tries < TRIES_PER_ACT * sim->plan.acts) {
        sim_run_until(sim, sim->now + 1000);
    }
    sim_heal(sim);
    sim_rest(sim);
    if (!sim->failed) {
        sim_check(sim);
    }
    if (!sim->failed && sim->plan.volleys > 0) {
        sim_races_count(sim);
    }
}

/* Races are among many and of one council; the rest is as it comes. */
static void plan_races(struct sim *sim, uint32_t volleys)
{
    struct sim_plan *plan = &sim->plan;
    plan->people = SIM_PEOPLE;
    plan->councils = 1;
    plan->acts = 0;
    plan->volleys = volleys;
    plan->small_rates = plan->clocks = plan->restores = false;
    plan->history_all = sim_chance(sim, 100);
    plan->faults = sim_chance(sim, 300);
    plan->fault_every_ms = 20000;
    plan->delay_ms = 5 + (uint32_t)sim_draw(sim, 100);
    sim->racing = sim_alloc(SIM_RACING_MAX * sizeof *sim->racing);
}

bool sim_run(const struct sim_play *play, uint64_t seed, struct sim_counts *counts)
{
    char name[32];
    struct sim *sim = sim_alloc(sizeof *sim);
    sim->seed = seed;
    sim->dice = seed * UINT64_C(0xd1342543de82ef95);
    sim->trace = play->trace;
    sim->unmarked = play->unmarked;
    sim->counts = counts;
    sim->wall0 = UINT64_C(1700000000000);
    (void)snprintf(name, sizeof name, "sim %llu", (unsigned long long)seed);
    fixture_random_init(&sim->random, name);
    draw_plan(sim);
    if (play->volleys > 0) {
        plan_races(sim, play->volleys);
    }
    sim_net_begin(sim);
    sim_host_begin(sim);
    people_begin(sim);
    run(sim);
    for (uint32_t i = 0; i < sim->client_count; i++) {
        sim_client_free(sim->clients[i]);
    }
    sim_host_end(sim);
    sim_net_end(sim);
    bool good = !sim->failed;
    if (!good) {
        printf("seed %llu: %s (at %llu ms)\n", (unsigned long long)seed, sim->failure,
               (unsigned long long)sim->now);
        (void)fflush(stdout);
    }
    free(sim->racing);
    free(sim);
    return good;
}
