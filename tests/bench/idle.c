/*
 * idle.c - what a connection costs the server that does nothing.
 *
 * Owns the measurement of memory. The members were registered in an earlier run and the server was
 * started anew since: what registering left in its heap is not there to be reused. Memory is what
 * the process shares with nobody; the kernel's socket buffers are not in it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/load.h"

enum {
    QUIET_NS = 300000000 /* for a server to finish what it does after an answer */
};

static struct world_seat **all_seats(struct load *load, uint32_t *n)
{
    struct world_seat **seats = setup_seats(&load->world, WORLD_SEATS, n);
    *n = *n < load->connections ? *n : load->connections;
    return seats;
}

static void rest(struct load *load)
{
    uint64_t until = bench_now_ns() + QUIET_NS;
    while (bench_now_ns() < until) {
        wire_poll(&load->wire, 10000000u);
    }
}

void load_found(struct load *load)
{
    uint32_t n = 0;
    struct world_seat **seats = all_seats(load, &n);
    uint64_t since = bench_now_ns();
    setup_enter(&load->setup, seats, n, true);
    setup_found(&load->setup, &load->world);
    bench_say("registered %u members and founded %u councils in %.1f s", n, load->world.count,
              (double)(bench_now_ns() - since) / 1e9);
    for (uint32_t i = 0; i < n; i++) {
        wire_close(&load->wire, &seats[i]->conn);
    }
    free(seats);
}

static void say(struct load *load, const char *what, uint32_t n, uint64_t before, uint64_t after)
{
    char figure[64];
    (void)snprintf(figure, sizeof figure, "memory_per_%s_of_%u", what, n);
    bench_figure(&load->source, figure, ((double)after - (double)before) / n, "B");
}

void load_idle(struct load *load)
{
    uint32_t n = 0;
    struct world_seat **seats = all_seats(load, &n);
    if (load->pid <= 0) {
        bench_die("idle needs --pid");
    }
    rest(load);
    uint64_t before = bench_private_bytes(load->pid);
    setup_enter(&load->setup, seats, n, false);
    rest(load);
    uint64_t entered = bench_private_bytes(load->pid);
    setup_subscribe(&load->setup, seats, n);
    rest(load);
    uint64_t subscribed = bench_private_bytes(load->pid);
    say(load, "connection", n, before, entered);
    say(load, "subscribed_connection", n, before, subscribed);
    bench_figure(&load->source, "memory_without_connections", (double)before, "B");
    free(seats);
}
