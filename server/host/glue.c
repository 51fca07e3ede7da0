/*
 * glue.c - what crosses from one part of a running server to another.
 *
 * Owns the core's effects and net's events. Must not know messages, sockets or SQL. Invariant: the core is used by the loop's thread alone.
 */
#include <sodium.h>
#include <unistd.h>

#include "protocol/schedule/ics.h"
#include "server/host/log.h"
#include "server/host/server.h"

enum {
    DRAIN_MS = 10000,     /* for what was taken in, after SIGTERM */
    GOODBYE_MS = 2000,    /* and then for clients to close */
    GATHER_JOBS = 16,     /* with so many at the verifiers entries wait for more of them, */
    GATHER_ENTRIES = 256, /* up to so many */
    GATHER_MS = 8         /* and so long */
};

/* ---- what the core asks for ---- */

static void op_random(void *ctx, void *out, size_t n)
{
    (void)ctx;
    randombytes_buf(out, n);
}

static void op_send(void *ctx, core_session session, struct core_frame *frame)
{
    net_send(((struct server *)ctx)->net, session, frame);
}

static void op_close(void *ctx, core_session session, unsigned code, const char *reason)
{
    net_close(((struct server *)ctx)->net, session, code, reason);
}

static void op_pause(void *ctx, bool pause)
{
    struct server *server = ctx;
    net_pause(server->net, pause);
    host_metric_set(&server->metrics, HOST_METRIC_READING_PAUSED, pause);
    host_log(HOST_LOG_WARN, pause ? "reading_paused" : "reading_resumed", NULL);
}

static void op_submit(void *ctx, struct core_job *job)
{
    struct server *server = ctx;
    if (job->type == CORE_JOB_WORK) {
        server->verifying++;
        host_verifiers_submit(server->verifiers, job);
        return;
    }
    if (job->type == CORE_JOB_MATCH) {
        host_matcher_submit(server->matcher, job);
        return;
    }
    if (server->for_storage.first == NULL) {
        server->for_storage_ms = server->mono_ms;
    }
    server->for_storage_count++;
    server->reading = server->reading || job->type != CORE_JOB_APPEND;
    host_jobs_push(&server->for_storage, job);
}

/* Whoever waits hears nothing, and the next process reads what is there. */
void host_server_die(const char *doing, const char *detail)
{
    HOST_LOG(HOST_LOG_ERROR, "fatal", HOST_LOG_S("doing", doing), HOST_LOG_S("detail", detail));
    host_log_flush();
    _exit(HOST_EXIT_IO);
}

static void op_fatal(void *ctx, const char *what)
{
    (void)ctx;
    host_server_die(what, "the outcome is unknown");
}

static void op_slice_free(void *ctx, struct store_slice *slice)
{
    (void)ctx;
    store_slice_fini(slice);
}

static void op_calendar(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer)
{
    net_calendar(((struct server *)ctx)->net, ticket, answer);
}

static void op_unlinked(void *ctx, uint64_t ticket, bool done)
{
    net_unlinked(((struct server *)ctx)->net, ticket, done);
}

static void op_mail(void *ctx)
{
    host_mail_poke(((struct server *)ctx)->mail);
}

static void op_report(void *ctx, const struct core_report *report)
{
    struct server *server = ctx;
    if (report->method != NULL && report->error != NULL) {
        host_metric_error(&server->metrics, report->error);
    }
    HOST_LOG(HOST_LOG_INFO, report->event, HOST_LOG_N("session", report->session),
             HOST_LOG_S("method", report->method), HOST_LOG_S("error", report->error));
}

/* ---- what net tells ---- */

static void on_turn(void *ctx)
{
    struct server *server = ctx;
    server->mono_ms = host_mono_ms();
    core_time(server->core, host_wall_ms(), server->mono_ms);
}

static void on_woken(void *ctx)
{
    struct server *server = ctx;
    struct host_loopcall *calls = host_loopcalls_take(&server->loopcalls);
    struct host_jobs jobs = host_inbox_take(&server->inbox);
    struct core_job *job = NULL;
    while ((job = host_jobs_pop(&jobs)) != NULL) {
        server->verifying -= job->type == CORE_JOB_WORK ? 1 : 0;
        core_done(server->core, job);
    }
    host_loopcalls_run(&server->loopcalls, calls);
}

/*
 * What one turn brought for the disk becomes one transaction. While the verifiers have a lot to do more is about to come, and entries wait for it a few
 * milliseconds: a transaction costs a sync, and what commits together leaves in the same writes. Their answers wake the loop, so nothing waits for good.
 */
void host_server_rest(void *ctx)
{
    struct server *server = ctx;
    if (server->verifying >= GATHER_JOBS && !server->reading && !server->stopping &&
        server->for_storage_count < GATHER_ENTRIES &&
        server->mono_ms - server->for_storage_ms < GATHER_MS) {
        return;
    }
    server->for_storage_count = 0;
    server->reading = false;
    host_storage_submit(server->storage, &server->for_storage);
}

static void on_turned(void *ctx, uint64_t us)
{
    struct server *server = ctx;
    host_metric_time(&server->metrics, HOST_HISTOGRAM_TURN, us);
    host_metric_max(&server->metrics, HOST_METRIC_TURN_WORST, us);
}

/* Figures that only the loop's thread may look up. */
static void publish(struct server *server)
{
    struct host_metrics *metrics = &server->metrics;
    struct core_stats core;
    struct net_stats net;
    core_stats(server->core, &core);
    net_stats(server->net, &net);
    host_metric_set(metrics, HOST_METRIC_SESSIONS, core.sessions);
    host_metric_set(metrics, HOST_METRIC_MEMBERS_ONLINE, core.members_online);
    host_metric_set(metrics, HOST_METRIC_CALLS, core.calls);
    host_metric_set(metrics, HOST_METRIC_CALLS_OPEN, core.calls_open);
    host_metric_set(metrics, HOST_METRIC_APPENDED, core.appended);
    host_metric_set(metrics, HOST_METRIC_DELIVERED, core.delivered);
    host_metric_set(metrics, HOST_METRIC_CATCHUPS, core.catchups);
    host_metric_set(metrics, HOST_METRIC_LOGS_KNOWN, core.logs_known);
    host_metric_set(metrics, HOST_METRIC_LOGS_RESIDENT, core.logs_resident);
    host_metric_set(metrics, HOST_METRIC_CACHE_BYTES, core.cache_bytes);
    host_metric_set(metrics, HOST_METRIC_RECOVERING, core.logs_restored);
    host_metric_set(metrics, HOST_METRIC_QUOTAS, core.quotas);
    host_metric_set(metrics, HOST_METRIC_CALENDARS, core.calendars);
    host_metric_set(metrics, HOST_METRIC_CALENDARS_REFUSED, core.calendars_refused);
    host_metric_set(metrics, HOST_METRIC_POOL_PEOPLE, core.pool_people);
    host_metric_set(metrics, HOST_METRIC_POOL_PROPOSALS, core.pool_proposals);
    host_metric_set(metrics, HOST_METRIC_QUEUE_ENTRIES, core.queue_entries);
    host_metric_set(metrics, HOST_METRIC_QUEUE_BYTES, core.queue_bytes);
    host_metric_set(metrics, HOST_METRIC_CONNECTIONS, net.connections);
    host_metric_set(metrics, HOST_METRIC_HANDSHAKES, net.handshakes);
    host_metric_set(metrics, HOST_METRIC_ACCEPTED, net.accepted);
    host_metric_set(metrics, HOST_METRIC_REFUSED, net.refused);
    host_metric_set(metrics, HOST_METRIC_KILLED, net.killed);
    host_metric_set(metrics, HOST_METRIC_BYTES_OUT, net.bytes_out);
    host_metric_set(metrics, HOST_METRIC_WRITES, net.writes);
    host_metric_set(metrics, HOST_METRIC_SEND_QUEUE, net.queued_bytes);
}

/* systemd hears of us only while all threads get on. */
static void feed_watchdog(struct server *server)
{
    uint64_t now_us = host_mono_us();
    uint64_t storage_us = host_storage_age_us(server->storage, now_us);
    uint64_t verifiers_us = host_verifiers_age_us(server->verifiers, now_us);
    uint64_t age_us = storage_us > verifiers_us ? storage_us : verifiers_us;
    if (!host_watchdog_tick(&server->watchdog, now_us, age_us)) {
        HOST_LOG(HOST_LOG_ERROR, "stuck",
                 HOST_LOG_S("thread", storage_us > verifiers_us ? "storage" : "verifier"),
                 HOST_LOG_N("ms", age_us / 1000));
    }
}

static void on_tick(void *ctx)
{
    struct server *server = ctx;
    core_tick(server->core);
    publish(server);
    feed_watchdog(server);
    if (!server->stopping) {
        return;
    }
    bool drained = core_drained(server->core);
    if (drained && server->goodbye_until_ms == 0) {
        server->goodbye_until_ms = server->mono_ms + GOODBYE_MS;
    }
    bool said =
        drained && (net_drained(server->net) || server->mono_ms >= server->goodbye_until_ms);
    if (said || server->mono_ms >= server->drain_until_ms) {
        net_break(server->net);
    }
}

static void on_stop(void *ctx, int number)
{
    struct server *server = ctx;
    if (server->stopping) {
        net_break(server->net);
        return;
    }
    HOST_LOG(HOST_LOG_INFO, "stopping", HOST_LOG_N("signal", (uint64_t)number));
    server->stopping = true;
    host_notify_stopping();
    server->drain_until_ms = server->mono_ms + DRAIN_MS;
    net_wind_down(server->net);
    core_shutdown(server->core);
}

static void on_reload(void *ctx)
{
    struct server *server = ctx;
    char detail[NET_DETAIL_MAX] = "";
    host_notify_reloading();
    if (!host_log_reopen()) {
        HOST_LOG(HOST_LOG_ERROR, "reload_failed", HOST_LOG_S("detail", "the log file"));
    }
    if (!net_tls_reload(server->net, detail)) {
        HOST_LOG(HOST_LOG_ERROR, "reload_failed", HOST_LOG_S("detail", detail));
    } else {
        host_log(HOST_LOG_INFO, "reloaded", NULL);
    }
    host_notify_ready();
}

static bool on_ready(void *ctx)
{
    return !((struct server *)ctx)->stopping;
}

static void on_log(void *ctx, enum net_log_level level, const char *event, const char *detail)
{
    (void)ctx;
    static const enum host_log_level as[] = {HOST_LOG_DEBUG, HOST_LOG_INFO, HOST_LOG_WARN};
    HOST_LOG(as[level], event, HOST_LOG_S("detail", detail));
}

void host_server_wake(void *net)
{
    net_wake(net);
}

const struct core_ops host_core_ops = {.random = op_random,
                                       .send = op_send,
                                       .close = op_close,
                                       .pause = op_pause,
                                       .submit = op_submit,
                                       .slice_free = op_slice_free,
                                       .fatal = op_fatal,
                                       .mail = op_mail,
                                       .calendar = op_calendar,
                                       .calendar_write = schedule_ics,
                                       .unlinked = op_unlinked,
                                       .report = op_report};

const struct net_events host_net_events = {.turn = on_turn,
                                           .rest = host_server_rest,
                                           .turned = on_turned,
                                           .tick = on_tick,
                                           .woken = on_woken,
                                           .stop = on_stop,
                                           .reload = on_reload,
                                           .ready = on_ready,
                                           .log = on_log};
