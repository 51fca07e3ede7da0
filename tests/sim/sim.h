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

/* What somebody takes the time for: so far off the true one. */
struct sim_clock {
    int64_t off_ms;
};

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
    bool clocks; /* everybody's clock is off by hours, and is set now and then */
    bool
        restores; /* the server is put back as it was after backup_at acts, after restore_at of them */
    uint32_t backup_at, restore_at;
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
        home_failures, recoveries, revoked, joins, leaves, removes, erases, frames, clocks,
        restores, brought,
        left_behind; /* entries that came back after a restore; devices that did not */
    uint64_t races,
        losers; /* heads that more than one control entry was written for; entries that came too late */
    uint64_t failed_with[COUNCIL_ERROR_COUNT]; /* items, by error */
};

struct sim {
    uint64_t seed, now, wall0;
    bool trace, failed, healed, unmarked;
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
    uint64_t next_act, next_fault, healed_at;
    struct {
        struct sim_clock *clock; /* borrowed: one that is off by years; NULL: none */
        uint64_t until;
    } odd;
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
    bool unmarked; /* control: a restore that does not say so: no log waits */
};

/* One run; `counts` is added to. True if nothing was found. The reason is printed. */
bool sim_run(const struct sim_play *play, uint64_t seed, struct sim_counts *counts);

/* ---- world.c ---- */

uint64_t sim_draw(struct sim *sim, uint64_t below); /* 0..below-1; 0 for 0 */
bool sim_chance(struct sim *sim, uint32_t thousandths);
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

/* ---- clocks.c ---- */

/* What this clock shows now, unix ms. */
uint64_t sim_clock_now(const struct sim *sim, const struct sim_clock *clock);
/* Off by hours, or not at all. */
void sim_clock_begin(struct sim *sim, struct sim_clock *clock);
/* Somebody's clock is set: by an hour, by hours, or by ten years for a while. */
void sim_clock_fault(struct sim *sim);
/* The odd one is set right; all of them at the end. */
void sim_clock_right(struct sim *sim);
void sim_clocks_heal(struct sim *sim);

/* ---- restore.c ---- */

/* After each act: makes the backup, puts it back. */
void sim_restore_act(struct sim *sim);
/* Some logs wait for their members, or devices for those that come first. */
bool sim_restore_waits(const struct sim *sim);
/* Once all is whole: the operator ends what waits for those who never come; then the others' devices come. True: not done yet. */
bool sim_restore_step(struct sim *sim, bool at_rest);
/* The server knows the log, and not that this client's member joined it; nobody who was in it before came to say so. */
bool sim_restore_strands(const struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES]);
/* An acknowledged entry that nobody brought back may be gone with the devices that held it. */
struct sim_item;
bool sim_restore_excuses(const struct sim_client *client, const struct sim_item *item);

/* ---- check.c ---- */

/* Everything that may be asked of a world at rest. */
void sim_check(struct sim *sim);
/* True if nobody has anything left to do. `why` (borrowed, static) says what. */
bool sim_at_rest(struct sim *sim, const char **why);

#endif
