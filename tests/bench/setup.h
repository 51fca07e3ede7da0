/*
 * setup.h - brings a world to a server: connect, greet, register, log in, found, subscribe.
 *
 * Owns calls and their answers before the clock starts. Does many at a time, in rounds; nothing here
 * is measured.
 */
#ifndef COUNCIL_TESTS_BENCH_SETUP_H
#define COUNCIL_TESTS_BENCH_SETUP_H

#include <jansson.h>

#include "protocol/rpc.h"
#include "tests/bench/world.h"

struct setup;

/* Writes a call for the seat up to its params, or returns false if there is nothing to ask. */
typedef bool setup_write(struct world_seat *seat, struct council_frame *frame, uint64_t id);
/* Reads the result; may be NULL. */
typedef void setup_read(struct world_seat *seat, const json_t *result);

struct setup {
    struct wire *wire; /* its on_message and ctx are the setup's while one of these runs */
    uint64_t next_id;
    uint32_t waiting;
    setup_read *read;
};

/* One call for each of n seats. Dies if one is refused. */
void setup_round(struct setup *setup, struct world_seat *const *seats, uint32_t n,
                 setup_write *write, setup_read *read);

/* Connects, greets, registers (if `fresh`) and logs in. */
void setup_enter(struct setup *setup, struct world_seat *const *seats, uint32_t n, bool fresh);

/* Appends what founds each council, by their eight members who are logged in. */
void setup_found(struct setup *setup, struct world *world);

/* Subscribes each seat to its council after the last founding entry. */
void setup_subscribe(struct setup *setup, struct world_seat *const *seats, uint32_t n);

/* The seats of a world, the first `per_council` of each council; owned by the caller, count to *n. */
struct world_seat **setup_seats(const struct world *world, uint32_t per_council, uint32_t *n);

#endif
