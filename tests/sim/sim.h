/*
 * sim.h - the simulator: a server core, its clients and the network between them in one process, all of it from one seed.
 *
 * Owns the world of one run: clock, randomness, people, what the run is made of. Must not know what any part should do: the
 * server's and the clients' own code decides, check.c judges at the end. Invariant: the same seed gives the same run, byte for
 * byte; nothing here asks the machine for time or randomness.
 */
#ifndef COUNCIL_TESTS_SIM_H
#define COUNCIL_TESTS_SIM_H

#include "client/sync/sync.h"
#include "tests/unit/fixture.h"

enum {
    SIM_PEOPLE = 8,
    SIM_DEVICES = 8, /* that one person ever has in a run */
    SIM_CLIENTS = SIM_PEOPLE * SIM_DEVICES,
    SIM_COUNCILS = 2,
    SIM_CONNS = 512,
    SIM_EPOCHS = 256,
    SIM_RACING_MAX = 16384 /* entries of a log that is raced for */
};
#define SIM_NEVER UINT64_MAX

struct sim_client;
struct sim_host;
struct sim_conn;

struct sim_person {
    uint32_t index;
    uint8_t member[COUNCIL_KEY_BYTES];
    struct council_secrets recovery;
    struct sim_client *clients[SIM_DEVICES];
    uint32_t client_count;
};

/* A council as the story knows it; its truth is the server's log. */
struct sim_council {
    bool founded; /* the genesis is made: `log` is its name */
    uint8_t log[COUNCIL_KEY_BYTES];
    uint32_t target; /* people whom the story wants in it */
    struct {
        bool known; /* invite.open was acknowledged and the link is out */
        uint8_t seed[COUNCIL_SEED_BYTES];
        uint64_t seq;
        uint8_t head[COUNCIL_HASH_BYTES];
        uint64_t at;
    } link;
};

/* What a run is made of, drawn from its seed. Chances are in thousandths. */
struct sim_plan {
    uint32_t people, councils, acts;
    bool history_all, small_cache, small_buffers, small_rates, faults;
    uint32_t delay_ms;     /* a frame takes up to this */
    uint32_t batch_ms;     /* a transaction takes up to this */
    uint32_t batch_max;    /* rows of a transaction */
    uint32_t act_every_ms; /* on average */
    uint32_t fault_every_ms;
    uint32_t volleys; /* races: how often everybody writes at once; else 0 */
};

/* What happened, for the summary of many runs. */
struct sim_counts {
    uint64_t entries, posts, acts, failed_items, server_crashes, lost_results, cuts, restarts, full,
        home_failures, recoveries, revoked, joins, leaves, removes, erases, frames;
    uint64_t races,
        losers; /* heads that more than one control entry was written for; entries that came too late */
    uint64_t failed_with[COUNCIL_ERROR_COUNT]; /* items, by error */
};

struct sim {
    uint64_t seed, now, wall0;
    bool trace, failed, healed;
    char failure[512];
    uint64_t dice;                /* state of what chooses */
    struct fixture_random random; /* ids, nonces, seeds of keys */
    struct sim_plan plan;
    struct sim_host *host;
    struct sim_person people[SIM_PEOPLE];
    struct sim_client *clients[SIM_CLIENTS]; /* owned; those that are gone stay to be judged */
    uint32_t client_count;
    struct sim_conn *conns; /* SIM_CONNS; the first conn_count were ever used */
    uint32_t conn_count;
    struct sim_council councils[SIM_COUNCILS];
    uint64_t next_act, next_fault;
    uint32_t acts_done, tries;
    uint32_t notes; /* posts numbered so far */
    uint64_t items; /* outbox items numbered so far */
    uint16_t *
        racing; /* owned: by seq, how many control entries had seen it and nothing after; NULL: no races */
    struct sim_counts *counts;
};

/* What is played: a story of chance, or eight members with 64 devices who write control entries at the same moment, `volleys` times. */
struct sim_play {
    uint32_t volleys; /* 0: a story */
    bool trace;
};

/* One run; `counts` is added to. True if nothing was found. The reason is printed. */
bool sim_run(const struct sim_play *play, uint64_t seed, struct sim_counts *counts);

/* ---- world.c ---- */

uint64_t sim_draw(struct sim *sim, uint64_t below); /* 0..below-1; 0 for 0 */
bool sim_chance(struct sim *sim, uint32_t thousandths);
uint64_t sim_wall(const struct sim *sim); /* unix ms */
/* The first failure ends the run. */
void sim_fail(struct sim *sim, const char *format, ...) __attribute__((format(printf, 2, 3)));
void sim_trace(const struct sim *sim, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Never NULL: the program ends without memory. */
void *sim_alloc(size_t size);
void *sim_copy(const void *bytes, size_t len);
/* Keys of person `person`'s device `device`; device SIM_DEVICES is the recovery phrase. The same in every run. */
const struct council_secrets *sim_keys(uint32_t person, uint32_t device);
/* First characters of a name, for traces; within one expression. */
struct sim_short {
    char text[9];
};
struct sim_short sim_short(const uint8_t key[COUNCIL_KEY_BYTES]);

/* Lets time pass up to `end`. */
void sim_run_until(struct sim *sim, uint64_t end);
/* Lets time pass until nobody has anything left to do. */
void sim_rest(struct sim *sim);

/* ---- races.c ---- */

void sim_races(struct sim *sim);
/* After the verdict: what was won and lost. */
void sim_races_count(struct sim *sim);

/* ---- acts.c: what people do; faults.c: what befalls them ---- */

void sim_acts_begin(struct sim *sim);
void sim_act(struct sim *sim);
void sim_fault(struct sim *sim);
/* The invite of an invite.open that was acknowledged. */
void sim_invite_open(struct sim *sim, const uint8_t log[COUNCIL_KEY_BYTES],
                     const uint8_t seed[COUNCIL_SEED_BYTES], uint64_t seq, const uint8_t *head);
/* The network is whole again, everybody is there. */
void sim_heal(struct sim *sim);

/* ---- check.c ---- */

/* Everything that may be asked of a world at rest. */
void sim_check(struct sim *sim);
/* True if nobody has anything left to do. `why` (borrowed, static) says what. */
bool sim_at_rest(struct sim *sim, const char **why);
/* Starts those again whose other device brought them into a council, or back into one: they hear of it when they log in anew, for a
 * subscription of a former member ends with their stay. True if there was one. */
bool sim_reopen(struct sim *sim);

#endif
