/*
 * net.c - the loop: what happens in which order of one turn, and the transport as a whole.
 *
 * Owns the loop. Must not know messages, or how the library is set up (library.c). One turn: wait; tell the owner that a turn begins (the
 * core's clock); sockets, timers, what other threads brought; then everything queued meanwhile is written, once per connection.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/net/internal.h"

void net_log(const struct net *net, enum net_log_level level, const char *event, const char *detail)
{
    net->events.log(net->events.ctx, level, event, detail);
}

/* ---- the loop's turn ---- */

static uint64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void read_clock(struct net *net)
{
    net->now_us = clock_us();
    net->now_ms = net->now_us / 1000;
}

static void on_check(struct ev_loop *loop, ev_check *watcher, int events)
{
    struct net *net = watcher->data;
    (void)loop;
    (void)events;
    read_clock(net);
    net->busy = net->now_us - net->rest_us < NET_BUSY_US;
    net->events.turn(net->events.ctx);
}

static void write_all(struct net *net)
{
    net->gathering = false;
    ev_idle_stop(net->loop, &net->idle);
    net_queue_flush_all(net);
    net->events.rest(net->events.ctx); /* room to write may have led to readings */
}

/*
 * The end of a turn. While one turn follows the other without a pause, what is queued waits up to NET_GATHER_US for more of the same
 * connections, to leave in one write: a write costs more than the frame in it. As soon as nothing else is to be done it is written.
 */
static void on_prepare(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    struct net *net = watcher->data;
    (void)events;
    net->events.rest(net->events.ctx); /* the disk works while we write */
    uint64_t now_us = clock_us();
    if (net->flush != NULL && !net->gathering) {
        net->gathering = true;
        net->gather_us = now_us;
    }
    if (!net->busy || now_us - net->gather_us >= NET_GATHER_US) {
        write_all(net);
    } else if (net->gathering) {
        ev_idle_start(loop, &net->idle);
    }
    net->rest_us = clock_us();
    net->events.turned(net->events.ctx, net->rest_us - net->now_us);
}

static void on_idle(struct ev_loop *loop, ev_idle *watcher, int events)
{
    (void)loop;
    (void)events;
    write_all(watcher->data);
}

static void on_async(struct ev_loop *loop, ev_async *watcher, int events)
{
    struct net *net = watcher->data;
    (void)loop;
    (void)events;
    net->events.woken(net->events.ctx);
}

static void on_tick(struct ev_loop *loop, ev_timer *watcher, int events)
{
    struct net *net = watcher->data;
    (void)loop;
    (void)events;
    net_listen_tick(net);
    net_conns_tick(net);
    net->events.tick(net->events.ctx);
}

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
    struct net *net = watcher->data;
    (void)loop;
    (void)events;
    net->events.stop(net->events.ctx, watcher->signum);
}

static void on_hangup(struct ev_loop *loop, ev_signal *watcher, int events)
{
    struct net *net = watcher->data;
    (void)loop;
    (void)events;
    net->events.reload(net->events.ctx);
}

static void watch(struct net *net)
{
    ev_prepare_init(&net->prepare, on_prepare);
    ev_idle_init(&net->idle, on_idle);
    ev_check_init(&net->check, on_check);
    ev_async_init(&net->async, on_async);
    ev_timer_init(&net->tick, on_tick, NET_TICK_MS / 1000.0, NET_TICK_MS / 1000.0);
    ev_signal_init(&net->sigterm, on_signal, SIGTERM);
    ev_signal_init(&net->sigint, on_signal, SIGINT);
    net->prepare.data = net->idle.data = net->check.data = net->async.data = net->tick.data = net;
    ev_signal_init(&net->sighup, on_hangup, SIGHUP);
    net->sigterm.data = net->sigint.data = net->sighup.data = net;
    /* The clock before all else, writing after all else. */
    ev_set_priority(&net->check, EV_MAXPRI);
    ev_set_priority(&net->prepare, EV_MINPRI);
    ev_prepare_start(net->loop, &net->prepare);
    ev_check_start(net->loop, &net->check);
    ev_async_start(net->loop, &net->async);
    ev_timer_start(net->loop, &net->tick);
    ev_signal_start(net->loop, &net->sigterm);
    ev_signal_start(net->loop, &net->sigint);
    ev_signal_start(net->loop, &net->sighup);
}

static void unwatch(struct net *net)
{
    ev_prepare_stop(net->loop, &net->prepare);
    ev_idle_stop(net->loop, &net->idle);
    ev_check_stop(net->loop, &net->check);
    ev_async_stop(net->loop, &net->async);
    ev_timer_stop(net->loop, &net->tick);
    ev_signal_stop(net->loop, &net->sigterm);
    ev_signal_stop(net->loop, &net->sigint);
    ev_signal_stop(net->loop, &net->sighup);
}

void net_run(struct net *net)
{
    read_clock(net); /* the first turn begins here, not where the server began to start */
    ev_run(net->loop, 0);
}

void net_break(struct net *net)
{
    ev_break(net->loop, EVBREAK_ALL);
}

void net_wake(struct net *net)
{
    ev_async_send(net->loop, &net->async);
}

/* ---- the transport as a whole ---- */

struct net *net_create(const struct net_config *config, char detail[NET_DETAIL_MAX])
{
    struct net *net = calloc(1, sizeof *net);
    if (net == NULL) {
        (void)snprintf(detail, NET_DETAIL_MAX, "out of memory");
        return NULL;
    }
    net->events = config->events;
    net->stage_ms[NET_HANDSHAKE] = NET_HANDSHAKE_MS;
    net->stage_ms[NET_HEARD] = config->ping_ms;
    net->stage_ms[NET_PINGED] = config->ping_ms / NET_PONG_PART;
    net->stage_ms[NET_CLOSING] = NET_CLOSE_MS;
    read_clock(net);
    if (config->forwarded_from != NULL) {
        net->has_forwarded = net_address_parse(config->forwarded_from, net->forwarded_from);
        if (!net->has_forwarded) {
            (void)snprintf(detail, NET_DETAIL_MAX, "%.100s: not an address",
                           config->forwarded_from);
            free(net);
            return NULL;
        }
    }
    lws_set_log_level(0, NULL);
    net->loop = ev_loop_new(EVFLAG_AUTO | EVFLAG_NOENV);
    if (net->loop == NULL) {
        (void)snprintf(detail, NET_DETAIL_MAX, "no event loop");
        free(net);
        return NULL;
    }
    watch(net);
    if (!net_library_open(net, config, detail)) {
        net_destroy(net);
        return NULL;
    }
    return net;
}

bool net_start(struct net *net, struct core *core, const char *origin)
{
    if (strlen(origin) >= sizeof net->origin) {
        return false;
    }
    memcpy(net->origin, origin, strlen(origin) + 1);
    net->core = core;
    net_listen_start(net);
    return true;
}

void net_detach(struct net *net)
{
    net->core = NULL;
    for (unsigned stage = 0; stage < NET_STAGES; stage++) {
        for (struct net_conn *conn = net->lists[stage].first; conn != NULL; conn = conn->next) {
            net_conn_unbind(conn);
        }
    }
}

bool net_drained(const struct net *net)
{
    return net->lists[NET_HEARD].count + net->lists[NET_PINGED].count +
               net->lists[NET_CLOSING].count ==
           0;
}

void net_destroy(struct net *net)
{
    if (net == NULL) {
        return;
    }
    net_detach(net);
    net_listen_fini(net);
    unwatch(net);
    lws_context_destroy(net->context);
    /* What the library has put off until its loop runs. */
    for (int i = 0; i < 4; i++) {
        ev_run(net->loop, EVRUN_NOWAIT);
    }
    net_queue_fini(net);
    ev_loop_destroy(net->loop);
    free(net->tls_cert);
    free(net->tls_key);
    free(net->sessions);
    free(net);
}

/* ---- effects of the core ---- */

void net_send(void *ctx, core_session session, struct core_frame *frame)
{
    struct net_conn *conn = net_conn_of_session(ctx, session);
    if (conn != NULL) {
        net_queue_push(conn, frame);
    }
}

void net_close(void *ctx, core_session session, unsigned code, const char *reason)
{
    struct net_conn *conn = net_conn_of_session(ctx, session);
    if (conn != NULL) {
        net_conn_unbind(conn); /* the core has let go of it already */
        net_conn_close(conn, code, reason);
    }
}

void net_pause(void *ctx, bool pause)
{
    struct net *net = ctx;
    net->paused = pause;
    for (unsigned stage = 0; !pause && stage < NET_STAGES; stage++) {
        for (struct net_conn *conn = net->lists[stage].first; conn != NULL; conn = conn->next) {
            if (conn->stopped) {
                conn->stopped = false;
                lws_rx_flow_control(conn->wsi, 1);
            }
        }
    }
}

void net_stats(const struct net *net, struct net_stats *out)
{
    *out = net->stats;
    out->handshakes = net->lists[NET_HANDSHAKE].count;
    out->connections = 0;
    for (unsigned stage = 0; stage < NET_STAGES; stage++) {
        out->connections += net->lists[stage].count;
    }
}
