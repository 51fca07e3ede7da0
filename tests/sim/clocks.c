/*
 * clocks.c - what everybody takes the time for: off by hours, set forward and back, for a while off by ten years.
 *
 * Owns every clock that shows the time of day; the one that only counts (sim->now) is nobody's to set. Invariant: at most one is off by
 * years at a time, and after the end of all faults none is so far off another that a server refuses an entry for it.
 */
#include "tests/sim/client.h"
#include "tests/sim/host.h"

static const int64_t hour_ms = INT64_C(3600000);
static const int64_t near_ms = INT64_C(11) * 3600000; /* two of them are less than a day apart */
static const int64_t years_ms = INT64_C(3652) * 86400000;

static int64_t draw_off(struct sim *sim, int64_t most)
{
    return (int64_t)sim_draw(sim, 2 * (uint64_t)most + 1) - most;
}

uint64_t sim_clock_now(const struct sim *sim, const struct sim_clock *clock)
{
    return (uint64_t)((int64_t)(sim->wall0 + sim->now) + clock->off_ms);
}

void sim_clock_begin(struct sim *sim, struct sim_clock *clock)
{
    clock->off_ms = sim->plan.clocks ? draw_off(sim, near_ms) : 0;
}

void sim_clock_fault(struct sim *sim)
{
    struct sim_client *client = sim->clients[sim_draw(sim, sim->client_count)];
    struct sim_clock *clock = sim_chance(sim, 400) ? &sim->host->clock : &client->clock;
    uint64_t dice = sim_draw(sim, 100);
    if (clock == sim->odd.clock) {
        return;
    }
    if (dice < 20 && sim->odd.clock == NULL) {
        clock->off_ms = sim_chance(sim, 500) ? years_ms : -years_ms;
        sim->odd.clock = clock;
        sim->odd.until = sim->now + 1000 + sim_draw(sim, 30000);
    } else if (dice < 50) {
        clock->off_ms = draw_off(sim, near_ms);
    } else {
        int64_t off = clock->off_ms + (sim_chance(sim, 500) ? hour_ms : -hour_ms);
        clock->off_ms = off > near_ms || off < -near_ms ? 0 : off;
    }
    sim->counts->clocks++;
    sim_trace(sim, "the clock of %s is off by %lld s",
              clock == &sim->host->clock ? "the server" : "a client",
              (long long)(clock->off_ms / 1000));
}

void sim_clock_right(struct sim *sim)
{
    sim_clock_begin(sim, sim->odd.clock);
    sim->odd.clock = NULL;
    sim_trace(sim, "a clock is set right");
    (void)sim_outbox_again(sim);
}

void sim_clocks_heal(struct sim *sim)
{
    sim->odd.clock = NULL;
    sim_clock_begin(sim, &sim->host->clock);
    for (uint32_t i = 0; i < sim->client_count; i++) {
        sim_clock_begin(sim, &sim->clients[i]->clock);
    }
}
