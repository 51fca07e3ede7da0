/*
 * host.h - what the core runs on: two verifier lanes, one storage thread, an inbox, as queues with delays.
 *
 * Owns the order of job.h and nothing else of the server. A crash loses all that was not committed; what was committed stays, with
 * or without its results having been told. Invariant: a result is delivered only for what is in the store for good - unless built
 * with SIM_ACK_EARLY, which breaks just that, to show that the simulator notices.
 */
#ifndef COUNCIL_TESTS_SIM_HOST_H
#define COUNCIL_TESTS_SIM_HOST_H

#include "server/core/core.h"
#include "tests/sim/sim.h"
#include "tests/unit/core_fake.h"

struct sim_queue {
    struct core_job *first, *last;
};

struct sim_host {
    struct sim *sim;
    struct core *core; /* NULL: down */
    uint64_t up_at;    /* when it comes back */
    struct core_config config;
    uint8_t secret[64], key[COUNCIL_KEY_BYTES];
    struct core_fake_store store;
    struct core_fake_store durable; /* SIM_ACK_EARLY: what a crash leaves */
    uint64_t durable_at;
    struct sim_queue lanes[2], storage, batch, inbox;
    uint64_t lane_at[2], batch_at, inbox_at, tick_at;
    uint64_t full_until;
    struct sim_clock clock;
    struct core_fake_store backup;
    bool backed_up, restored;
    bool paused, broken, dying;
    enum {
        SIM_NOT_DOOMED,
        SIM_DIES_BEFORE_COMMIT,
        SIM_DIES_AFTER_COMMIT, /* and before anybody is told */
        SIM_DISK_BREAKS        /* an I/O error: the outcome is unknown to it */
    } doom;                    /* of the next transaction */
};

void sim_host_begin(struct sim *sim);
void sim_host_end(struct sim *sim);
/* When it wants its next turn. */
uint64_t sim_host_next(const struct sim_host *host);
void sim_host_turn(struct sim_host *host);
/* The process dies. `committed`: the batch under way lands, and nobody is told. */
void sim_host_crash(struct sim_host *host, bool committed, uint64_t down_ms);
/* Ends it by the book: says goodbye, lets what is queued land. */
void sim_host_stop(struct sim_host *host, uint64_t down_ms);
/* ---- disk.c ---- */

void sim_queue_push(struct sim_queue *queue, struct core_job *job);
/* NULL: it is empty. */
struct core_job *sim_queue_pop(struct sim_queue *queue);
/* The log as stored, or NULL. */
const struct core_fake_log *sim_stored(struct sim *sim, const uint8_t log[COUNCIL_KEY_BYTES]);

/* A copy that shares nothing; what `to` had is freed. */
void sim_store_copy(struct core_fake_store *to, const struct core_fake_store *from);

/* ---- net.c ---- */

struct sim_frame {
    char *text; /* owned */
    uint32_t len;
    uint64_t at; /* when it arrives */
};
struct sim_pipe {
    struct sim_frame *frames; /* owned */
    uint32_t first, count, size;
    uint64_t last_at;
    bool ends; /* nothing comes after what is in it */
    uint64_t end_at;
};
struct sim_conn {
    bool used, opened;
    uint64_t opens_at;
    struct sim_client *client; /* NULL: its end is closed */
    core_session session;      /* 0: its end is closed, or not open yet */
    struct sim_pipe up, down;
    bool cut; /* what is sent from now on is lost */
    uint64_t stalled_until;
    uint64_t queued; /* bytes of the server's that are not sent */
};

void sim_net_begin(struct sim *sim);
void sim_net_end(struct sim *sim);
uint64_t sim_net_next(const struct sim *sim);
/* Opens, carries and ends what is due. */
void sim_net_turn(struct sim *sim);
struct sim_conn *sim_conn_open(struct sim *sim, struct sim_client *client);
void sim_conn_send_up(struct sim *sim, struct sim_conn *conn, const char *text, uint32_t len);
void sim_conn_send_down(struct sim *sim, core_session session, const char *text, uint32_t len);
/* One side closes; the other hears of it after what was sent. */
void sim_conn_close_client(struct sim *sim, struct sim_conn *conn);
void sim_conn_close_server(struct sim *sim, core_session session);
/* The line breaks: part of what is under way is lost in each direction, and each side finds out on its own. */
void sim_conn_cut(struct sim *sim, struct sim_conn *conn, uint64_t notice_ms);
/* The server is gone. */
void sim_net_server_gone(struct sim *sim);
/* No frame is under way. */
bool sim_net_quiet(const struct sim *sim);
/* Nothing that it sent arrives any more. */
void sim_net_lose_all(struct sim *sim);

#endif
