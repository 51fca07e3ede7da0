/*
 * faults.c - what befalls everybody: lines, processes, disks. And the end of it.
 *
 * Must not know what anything is for. Invariant: nothing is lost here that TCP, a committed transaction or a home on disk would keep.
 */
#include "tests/sim/client.h"
#include "tests/sim/host.h"

typedef void fault_fn(struct sim *sim);

static struct sim_conn *some_conn(struct sim *sim)
{
    for (uint32_t tries = 0; tries < 8; tries++) {
        struct sim_client *client = sim->clients[sim_draw(sim, sim->client_count)];
        if (client->conn != NULL && client->conn->opened) {
            return client->conn;
        }
    }
    return NULL;
}

static struct sim_client *some_process(struct sim *sim)
{
    struct sim_client *client = sim->clients[sim_draw(sim, sim->client_count)];
    return client->sync != NULL ? client : NULL;
}

static void cut(struct sim *sim)
{
    struct sim_conn *conn = some_conn(sim);
    if (conn != NULL) {
        sim_trace(sim, "the line of client %u breaks", conn->client->index);
        sim_conn_cut(sim, conn, sim_chance(sim, 500) ? 50 : 8000);
    }
}

static void stall(struct sim *sim)
{
    struct sim_conn *conn = some_conn(sim);
    if (conn != NULL) {
        sim_trace(sim, "client %u does not read for a while", conn->client->index);
        conn->stalled_until = sim->now + sim_draw(sim, 15000);
    }
}

static void slow(struct sim *sim)
{
    struct sim_client *client = some_process(sim);
    if (client != NULL) {
        client->slow_ms = client->slow_ms > 0 ? 0 : 20 + (uint32_t)sim_draw(sim, 400);
        sim_trace(sim, "client %u reads a frame in %u ms", client->index, client->slow_ms);
    }
}

static void offline(struct sim *sim)
{
    struct sim_client *client = some_process(sim);
    if (client != NULL) {
        client->offline_until = sim->now + 1000 + sim_draw(sim, 40000);
        sim_trace(sim, "client %u goes offline", client->index);
        sim_client_turn(client);
    }
}

static void restart(struct sim *sim)
{
    struct sim_client *client = some_process(sim);
    if (client != NULL) {
        sim_trace(sim, "client %u ends", client->index);
        sim->counts->restarts++;
        sim_client_stop(client, sim_draw(sim, 3000));
    }
}

static void crash(struct sim *sim)
{
    if (sim_chance(sim, 300)) {
        sim_host_crash(sim->host, sim_chance(sim, 500), 200 + sim_draw(sim, 8000));
    } else {
        sim->host->doom = SIM_DIES_BEFORE_COMMIT + (unsigned)sim_draw(sim, 3);
    }
}

static void shutdown(struct sim *sim)
{
    sim_host_stop(sim->host, 200 + sim_draw(sim, 5000));
}

static void set_clock(struct sim *sim)
{
    if (sim->plan.clocks) {
        sim_clock_fault(sim);
    }
}

static void fill_disk(struct sim *sim)
{
    sim_trace(sim, "the server's disk is full");
    sim->counts->full++;
    sim->host->full_until = sim->now + sim_draw(sim, 10000);
}

void sim_fault(struct sim *sim)
{
    static fault_fn *const faults[] = {cut,     cut,     cut,       cut,      stall,    slow,
                                       offline, offline, crash,     crash,    shutdown, fill_disk,
                                       restart, restart, set_clock, set_clock};
    sim->next_fault = sim->now + 1 + sim_draw(sim, 2 * sim->plan.fault_every_ms);
    faults[sim_draw(sim, sizeof faults / sizeof *faults)](sim);
}

void sim_heal(struct sim *sim)
{
    struct sim_host *host = sim->host;
    sim_trace(sim, "everything is whole again");
    if (sim->plan.faults && sim_chance(sim, 300)) {
        crash(sim);
    }
    host->doom = SIM_NOT_DOOMED;
    sim->healed = true;
    sim->healed_at = sim->now;
    sim_clocks_heal(sim);
    host->full_until = 0;
    if (host->core == NULL) {
        host->up_at = sim->now + 100;
    }
    for (uint32_t i = 0; i < SIM_CONNS; i++) {
        sim->conns[i].stalled_until = 0;
    }
    /* Everybody comes anew. */
    for (uint32_t i = 0; i < sim->client_count; i++) {
        struct sim_client *client = sim->clients[i];
        client->slow_ms = 0;
        client->offline_until = 0;
        if (client->life != SIM_GONE && !client->away) {
            sim_client_stop(client, sim_draw(sim, 2000));
        }
    }
}
