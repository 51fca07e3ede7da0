/*
 * net.c - the lines between clients and server: delays, losses, ends that each side hears of on its own.
 *
 * Owns the frames under way. Must not know what they say. Invariant: within one direction of one connection frames arrive whole and
 * in order, and none after one that was lost - all that TCP promises; across connections nothing is promised, so what was sent on
 * an old one may arrive after what was sent on a new one.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

/* ---- pipes ---- */

static void pipe_put(struct sim_pipe *pipe, const char *text, uint32_t len, uint64_t at)
{
    if (pipe->first + pipe->count == pipe->size) {
        if (pipe->first > 0) {
            memmove(pipe->frames, pipe->frames + pipe->first, pipe->count * sizeof *pipe->frames);
            pipe->first = 0;
        } else {
            pipe->size = pipe->size == 0 ? 16 : 2 * pipe->size;
            pipe->frames = realloc(pipe->frames, pipe->size * sizeof *pipe->frames);
            if (pipe->frames == NULL) {
                abort();
            }
        }
    }
    pipe->last_at = at > pipe->last_at ? at : pipe->last_at;
    pipe->frames[pipe->first + pipe->count++] =
        (struct sim_frame){.text = sim_copy(text, len), .len = len, .at = pipe->last_at};
}

static struct sim_frame pipe_take(struct sim_pipe *pipe)
{
    struct sim_frame frame = pipe->frames[pipe->first++];
    pipe->count--;
    if (pipe->count == 0) {
        pipe->first = 0;
    }
    return frame;
}

/* Keeps the first `keep` frames. */
static void pipe_cut(struct sim_pipe *pipe, uint32_t keep)
{
    while (pipe->count > keep) {
        free(pipe->frames[pipe->first + --pipe->count].text);
    }
}

static void pipe_end(struct sim_pipe *pipe, uint64_t at)
{
    if (!pipe->ends) {
        pipe->ends = true;
        pipe->end_at = at;
    }
}

static uint64_t pipe_next(const struct sim_pipe *pipe)
{
    if (pipe->count > 0) {
        return pipe->frames[pipe->first].at;
    }
    return pipe->ends ? pipe->end_at : SIM_NEVER;
}

/* ---- connections ---- */

void sim_net_begin(struct sim *sim)
{
    sim->conns = sim_alloc(SIM_CONNS * sizeof *sim->conns);
}

static void conn_free(struct sim_conn *conn)
{
    pipe_cut(&conn->up, 0);
    pipe_cut(&conn->down, 0);
    free(conn->up.frames);
    free(conn->down.frames);
    memset(conn, 0, sizeof *conn);
}

void sim_net_end(struct sim *sim)
{
    for (uint32_t i = 0; i < SIM_CONNS; i++) {
        if (sim->conns[i].used) {
            conn_free(&sim->conns[i]);
        }
    }
    free(sim->conns);
}

static uint64_t delay(struct sim *sim)
{
    return 1 + sim_draw(sim, sim->healed ? 20 : sim->plan.delay_ms);
}

struct sim_conn *sim_conn_open(struct sim *sim, struct sim_client *client)
{
    for (uint32_t i = 0; i < SIM_CONNS; i++) {
        struct sim_conn *conn = &sim->conns[i];
        if (!conn->used) {
            conn->used = true;
            sim->conn_count = i < sim->conn_count ? sim->conn_count : i + 1;
            conn->client = client;
            conn->opens_at = sim->now + delay(sim);
            return conn;
        }
    }
    abort(); /* more connections than clients could leave behind */
}

static struct sim_conn *conn_of(struct sim *sim, core_session session)
{
    for (uint32_t i = 0; i < sim->conn_count; i++) {
        if (sim->conns[i].used && sim->conns[i].session == session) {
            return &sim->conns[i];
        }
    }
    return NULL;
}

void sim_conn_send_up(struct sim *sim, struct sim_conn *conn, const char *text, uint32_t len)
{
    if (conn != NULL && !conn->cut && !conn->up.ends) {
        pipe_put(&conn->up, text, len, sim->now + delay(sim));
    }
}

void sim_conn_send_down(struct sim *sim, core_session session, const char *text, uint32_t len)
{
    struct sim_conn *conn = conn_of(sim, session);
    if (conn == NULL) {
        sim_fail(sim, "the server sends to a connection that is gone");
        return;
    }
    conn->queued += len + 10u;
    if (!conn->cut && !conn->down.ends) {
        pipe_put(&conn->down, text, len, sim->now + delay(sim));
    }
}

void sim_conn_close_client(struct sim *sim, struct sim_conn *conn)
{
    conn->client = NULL;
    pipe_cut(&conn->down, 0);
    pipe_end(&conn->down, sim->now);
    pipe_end(&conn->up, conn->up.last_at > sim->now ? conn->up.last_at : sim->now + delay(sim));
}

void sim_conn_close_server(struct sim *sim, core_session session)
{
    struct sim_conn *conn = conn_of(sim, session);
    if (conn == NULL) {
        return;
    }
    conn->session = 0;
    pipe_cut(&conn->up, 0);
    pipe_end(&conn->up, sim->now);
    pipe_end(&conn->down, sim->now + delay(sim));
}

void sim_conn_cut(struct sim *sim, struct sim_conn *conn, uint64_t notice_ms)
{
    if (!conn->opened || conn->cut) {
        return;
    }
    conn->cut = true;
    sim->counts->cuts++;
    pipe_cut(&conn->up, (uint32_t)sim_draw(sim, conn->up.count + 1));
    pipe_cut(&conn->down, (uint32_t)sim_draw(sim, conn->down.count + 1));
    pipe_end(&conn->up, sim->now + sim_draw(sim, 4 * notice_ms));
    pipe_end(&conn->down, sim->now + sim_draw(sim, notice_ms));
}

void sim_net_server_gone(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->conn_count; i++) {
        struct sim_conn *conn = &sim->conns[i];
        if (conn->used && conn->opened && conn->session != 0) {
            conn->session = 0;
            pipe_cut(&conn->up, 0);
            pipe_end(&conn->up, sim->now);
            pipe_cut(&conn->down, (uint32_t)sim_draw(sim, conn->down.count + 1));
            pipe_end(&conn->down, sim->now + delay(sim));
        }
    }
}

bool sim_net_quiet(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->conn_count; i++) {
        if (sim->conns[i].up.count > 0 || sim->conns[i].down.count > 0) {
            return false;
        }
    }
    return true;
}

void sim_net_lose_all(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->conn_count; i++) {
        pipe_cut(&sim->conns[i].down, 0);
    }
}

/* ---- turns ---- */

/* What comes down waits for a slow reader; what goes up waits for a server that has too much to do. */
static uint64_t conn_next(const struct sim *sim, const struct sim_conn *conn)
{
    uint64_t up = SIM_NEVER, down = SIM_NEVER;
    if (conn->client == NULL && conn->session == 0) {
        return sim->now;
    }
    if (conn->session != 0 && !(sim->host->paused && conn->up.count > 0)) {
        up = pipe_next(&conn->up);
    }
    if (conn->client != NULL) {
        down = pipe_next(&conn->down);
        down = down < conn->stalled_until ? conn->stalled_until : down;
    }
    return up < down ? up : down;
}

uint64_t sim_net_next(const struct sim *sim)
{
    uint64_t next = SIM_NEVER;
    for (uint32_t i = 0; i < sim->conn_count; i++) {
        const struct sim_conn *conn = &sim->conns[i];
        if (!conn->used) {
            continue;
        }
        uint64_t at = conn->opens_at;
        if (conn->opened || conn->client == NULL) {
            at = conn_next(sim, conn);
        }
        next = at < next ? at : next;
    }
    return next;
}

/* The client's end is over. */
static void hang_up(struct sim_conn *conn)
{
    if (conn->client != NULL) {
        conn->client->conn = NULL;
        conn->client->hung_up = true;
        conn->client = NULL;
    }
}

static void open_conn(struct sim *sim, struct sim_conn *conn)
{
    conn->opened = true;
    conn->session = sim->host->core != NULL && (sim->healed || !sim_chance(sim, 30))
                        ? core_connect(sim->host->core, NULL, CORE_ORIGIN_WEB)
                        : 0;
    if (conn->session != 0) {
        sync_tick(conn->client->sync, sim->now);
        sync_connected(conn->client->sync);
        return;
    }
    conn->up.ends = conn->down.ends = true;
    hang_up(conn);
}

static void carry_up(struct sim *sim, struct sim_conn *conn)
{
    while (conn->up.count > 0 && pipe_next(&conn->up) <= sim->now && !sim->host->paused) {
        struct sim_frame frame = pipe_take(&conn->up);
        if (conn->session != 0) {
            core_message(sim->host->core, conn->session, frame.text, frame.len);
        }
        sim->counts->frames++;
        free(frame.text);
    }
    if (conn->up.count == 0 && conn->up.ends && conn->up.end_at <= sim->now && conn->session != 0) {
        core_session session = conn->session;
        conn->session = 0;
        pipe_end(&conn->down, sim->now + delay(sim));
        core_disconnect(sim->host->core, session);
    }
}

static void carry_down(struct sim *sim, struct sim_conn *conn)
{
    if (sim->now < conn->stalled_until) {
        return;
    }
    while (conn->down.count > 0 && pipe_next(&conn->down) <= sim->now) {
        struct sim_frame frame = pipe_take(&conn->down);
        conn->queued -= conn->queued < frame.len + 10u ? conn->queued : frame.len + 10u;
        if (conn->session != 0) {
            core_writable(sim->host->core, conn->session, conn->queued);
        }
        if (conn->client != NULL) {
            sync_tick(conn->client->sync, sim->now);
            sync_message(conn->client->sync, frame.text, frame.len);
        }
        sim->counts->frames++;
        free(frame.text);
        if (conn->client != NULL && conn->client->slow_ms > 0) {
            conn->stalled_until = sim->now + conn->client->slow_ms;
            return;
        }
    }
    if (conn->down.count == 0 && conn->down.ends && conn->down.end_at <= sim->now) {
        pipe_end(&conn->up, sim->now + delay(sim));
        hang_up(conn);
    }
}

void sim_net_turn(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->conn_count && !sim->failed; i++) {
        struct sim_conn *conn = &sim->conns[i];
        if (!conn->used) {
            continue;
        }
        if (!conn->opened && conn->client != NULL) {
            if (conn->opens_at <= sim->now) {
                open_conn(sim, conn);
            }
            continue;
        }
        carry_up(sim, conn);
        carry_down(sim, conn);
        if (conn->client == NULL && conn->session == 0) {
            conn_free(conn);
        }
    }
}
