/*
 * load.h - the modes of the load generator and what they are told.
 */
#ifndef COUNCIL_TESTS_BENCH_LOAD_H
#define COUNCIL_TESTS_BENCH_LOAD_H

#include "tests/bench/bench.h"
#include "tests/bench/peers.h"
#include "tests/bench/setup.h"

struct load {
    const char *url, *seed;
    struct bench_source source;
    const char *what; /* latency: what its cost is of ("10_councils"), or NULL */
    uint32_t connections, seats, outstanding, rate, budget, entries, rounds;
    bool pings; /* latency: how long the loop stands still is looked at too */
    double seconds;
    uint64_t at_ms;
    int pid;                 /* the server's, or 0 */
    const struct peer *peer; /* another server than councild, or NULL */
    struct wire wire;
    struct setup setup;
    struct world world;
};

/* Entries for everybody as fast as answers come, and how long they take then. */
void load_throughput(struct load *load);
/* Entries at a steady rate: from the time at which each was due to the last of the eight. */
void load_latency(struct load *load);
/* What a connection costs the server that does nothing. */
void load_found(struct load *load);
void load_idle(struct load *load);
/* A long log to one client, and to several at once. */
void load_catchup(struct load *load);
/* Writes load->entries notes into the council's log; its founder is logged in. */
void catchup_write(struct load *load, struct world_council *council);
/* A long log for a real client to read: says the invite's link, waits for somebody to join. */
void load_fill(struct load *load);

#endif
