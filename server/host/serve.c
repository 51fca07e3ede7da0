/*
 * serve.c - the running server: net, core, verifiers and storage joined, from start to end.
 *
 * Owns the order of starting and stopping and what crosses from one part to another. Must not know messages, sockets or SQL. Invariants:
 * the core is used by the loop's thread alone; nothing that a job points to is freed before the job came back.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/host/admin.h"
#include "server/host/commands.h"
#include "server/host/process.h"
#include "server/host/ready.h"
#include "server/host/storage.h"
#include "server/host/verifiers.h"
#include "server/net/net.h"

enum {
    DRAIN_MS = 10000,  /* for what was taken in, after SIGTERM */
    GOODBYE_MS = 2000, /* and then for clients to close */
};

struct server {
    const struct host_options *options;
    struct host_datadir dir;
    struct store *store;
    struct host_inbox inbox;
    struct host_storage *storage;
    struct host_jobs for_storage; /* of this turn */
    struct host_verifiers *verifiers;
    struct net *net;
    struct core *core;
    struct host_admin *admin;
    struct core_limits limits;
    uint8_t secret[64];
    char origin[COUNCIL_ORIGIN_MAX + 1];
    struct host_urls urls;
    bool stopping;
    uint64_t mono_ms, drain_until_ms, goodbye_until_ms;
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
    net_pause(((struct server *)ctx)->net, pause);
    host_log(HOST_LOG_WARN, pause ? "reading_paused" : "reading_resumed", NULL);
}

static void op_submit(void *ctx, struct core_job *job)
{
    struct server *server = ctx;
    if (job->type == CORE_JOB_WORK) {
        host_verifiers_submit(server->verifiers, job);
    } else {
        host_jobs_push(&server->for_storage, job);
    }
}

/* Nobody knows what is on disk: whoever waits hears nothing, and the next process reads what is there. */
__attribute__((noreturn)) static void die(const char *doing, const char *detail)
{
    HOST_LOG(HOST_LOG_ERROR, "fatal", HOST_LOG_S("doing", doing), HOST_LOG_S("detail", detail));
    host_log_flush();
    _exit(HOST_EXIT_IO);
}

static void op_fatal(void *ctx, const char *what)
{
    (void)ctx;
    die(what, "the outcome is unknown");
}

static void op_slice_free(void *ctx, struct store_slice *slice)
{
    (void)ctx;
    store_slice_fini(slice);
}

static void op_report(void *ctx, const struct core_report *report)
{
    (void)ctx;
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
    struct host_jobs jobs = host_inbox_take(&server->inbox);
    struct core_job *job = NULL;
    while ((job = host_jobs_pop(&jobs)) != NULL) {
        core_done(server->core, job);
    }
    host_admin_serve_loop(server->admin);
}

/* What one turn brought for the disk becomes one transaction. */
static void on_rest(void *ctx)
{
    struct server *server = ctx;
    host_storage_submit(server->storage, &server->for_storage);
}

static void on_tick(void *ctx)
{
    struct server *server = ctx;
    core_tick(server->core);
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
    server->drain_until_ms = server->mono_ms + DRAIN_MS;
    net_wind_down(server->net);
    core_shutdown(server->core);
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

static void wake(void *ctx)
{
    net_wake(ctx);
}

/* ---- start ---- */

static int start_failed(const char *what, const char *detail)
{
    (void)fprintf(stderr, "councild: %s: %s\n", what, detail);
    return HOST_EXIT_START;
}

static int start_net(struct server *server)
{
    char detail[NET_DETAIL_MAX] = "";
    const struct host_options *options = server->options;
    uint64_t ping_s = 0;
    if (!host_option_number(options, HOST_OPT_PING, 1, 3600, &ping_s)) {
        return HOST_EXIT_USAGE;
    }
    struct net_config config = {
        .tls_cert = host_option(options, HOST_OPT_TLS_CERT),
        .tls_key = host_option(options, HOST_OPT_TLS_KEY),
        .forwarded_from = host_option(options, HOST_OPT_FORWARDED_FROM),
        .ping_ms = (uint32_t)ping_s * 1000,
        .events = {.ctx = server,
                   .turn = on_turn,
                   .rest = on_rest,
                   .tick = on_tick,
                   .woken = on_woken,
                   .stop = on_stop,
                   .ready = on_ready,
                   .log = on_log},
    };
    if ((config.tls_cert == NULL) != (config.tls_key == NULL)) {
        return start_failed("--tls-cert", "needs --tls-key, and the other way round");
    }
    server->net = net_create(&config, detail);
    if (server->net == NULL) {
        return start_failed("net", detail);
    }
    return HOST_EXIT_OK;
}

static int open_sockets(struct server *server)
{
    char detail[NET_DETAIL_MAX] = "";
    const struct host_options *options = server->options;
    const char *at = NULL;
    bool ports =
        host_option_given(options, HOST_OPT_LISTEN) || !host_option_given(options, HOST_OPT_UNIX);
    struct host_urls *urls = &server->urls;
    for (uint32_t i = 0; ports && (at = host_option_nth(options, HOST_OPT_LISTEN, i)) != NULL;
         i++) {
        if (urls->count == HOST_URLS_MAX ||
            !net_listen_tcp(server->net, at, urls->all[urls->count++], detail)) {
            return start_failed("--listen", detail);
        }
    }
    for (uint32_t i = 0; (at = host_option_nth(options, HOST_OPT_UNIX, i)) != NULL; i++) {
        if (urls->count == HOST_URLS_MAX ||
            !net_listen_unix(server->net, at, urls->all[urls->count++], detail)) {
            return start_failed("--unix", detail);
        }
    }
    const char *origin = host_option(options, HOST_OPT_ORIGIN);
    if (origin == NULL) {
        origin = ports ? urls->all[0] : "http://localhost";
    }
    if (!council_url_normalise(server->origin, origin, (uint32_t)strlen(origin)) ||
        strncmp(server->origin, "http", 4) != 0) {
        return start_failed("--origin", "https://HOST[:PORT] or http://HOST[:PORT] is needed");
    }
    return HOST_EXIT_OK;
}

static int start_threads(struct server *server)
{
    uint64_t count = 0;
    if (!host_option_number(server->options, HOST_OPT_VERIFIERS, 0, HOST_VERIFIERS_MAX, &count)) {
        return HOST_EXIT_USAGE;
    }
    if (count == 0) {
        long processors = sysconf(_SC_NPROCESSORS_ONLN);
        count = processors > 1 ? (uint64_t)processors - 1 : 1;
    }
    host_inbox_init(&server->inbox, wake, server->net);
    server->verifiers = host_verifiers_start((uint32_t)count, &server->inbox);
    struct host_storage_config config = {
        .store = server->store, .inbox = &server->inbox, .broken = die};
    server->storage = host_storage_start(&config);
    if (server->verifiers == NULL || server->storage == NULL) {
        return start_failed("threads", "out of memory or threads");
    }
    return HOST_EXIT_OK;
}

static int start_core(struct server *server)
{
    uint32_t registration = 0;
    if (!host_option_choice(server->options, HOST_OPT_REGISTRATION, &registration)) {
        return HOST_EXIT_USAGE;
    }
    struct core_config config = {
        .origin = server->origin,
        .server_secret = server->secret,
        .version = COUNCIL_VERSION,
        .discover = host_openrpc,
        .registration =
            (enum core_registration)registration, /* in the order of the option's words */
        .limits = server->limits,
        .wall_ms = host_wall_ms(),
        .mono_ms = host_mono_ms(),
    };
    struct core_ops ops = {.ctx = server,
                           .random = op_random,
                           .send = op_send,
                           .close = op_close,
                           .pause = op_pause,
                           .submit = op_submit,
                           .slice_free = op_slice_free,
                           .fatal = op_fatal,
                           .report = op_report};
    server->core = core_create(&config, &ops);
    return server->core != NULL ? HOST_EXIT_OK : start_failed("core", "out of memory");
}

static int open_data(struct server *server)
{
    const char *path = host_option(server->options, HOST_OPT_DATA);
    enum host_exit status = host_datadir_open(&server->dir, path, true);
    if (status == HOST_EXIT_OK) {
        status = host_server_key(&server->dir, true, server->secret);
    }
    if (status == HOST_EXIT_OK) {
        status = host_store_open(&server->dir, STORE_OPEN_CREATE, &server->store);
    }
    return (int)status;
}

static int open_doors(struct server *server)
{
    struct host_admin_config admin = {.dir = server->dir.path,
                                      .storage = server->storage,
                                      .net = server->net,
                                      .core = server->core,
                                      .limits = &server->limits};
    server->admin = host_admin_start(&admin);
    if (server->admin == NULL || !net_start(server->net, server->core, server->origin)) {
        return HOST_EXIT_START;
    }
    return HOST_EXIT_OK;
}

static int start(struct server *server)
{
    static int (*const steps[])(struct server *) = {open_data,     start_net,  open_sockets,
                                                    start_threads, start_core, open_doors};
    int status = HOST_EXIT_OK;
    for (size_t i = 0; status == HOST_EXIT_OK && i < sizeof steps / sizeof steps[0]; i++) {
        status = steps[i](server);
    }
    return status;
}

/* ---- end ---- */

/* Everything that was taken in came back: nothing points at anything any more. NULLs are fine, for a start that failed. */
static void tear_down(struct server *server)
{
    host_admin_stop(server->admin);
    host_verifiers_stop(server->verifiers);
    host_storage_stop(server->storage);
    if (server->store != NULL && store_close(server->store) != STORE_OK) {
        host_log(HOST_LOG_WARN, "store_not_tidied", NULL);
    }
    core_destroy(server->core);
    net_destroy(server->net);
    if (server->verifiers != NULL) {
        host_inbox_fini(&server->inbox);
    }
    host_datadir_close(&server->dir);
    sodium_memzero(server->secret, sizeof server->secret);
}

/* Something did not come back in time, or the operator did not want to wait. What was queued for the disk gets there; what else is under
 * way is nobody's any more, and the process ends without looking back. */
__attribute__((noreturn)) static void leave(struct server *server)
{
    host_log(HOST_LOG_WARN, "stopped_early", NULL);
    host_storage_stop(server->storage);
    (void)store_close(server->store);
    host_log_stop();
    _exit(HOST_EXIT_OK);
}

static int run(struct server *server)
{
    int status = start(server);
    if (status == HOST_EXIT_OK) {
        host_ready_log(&server->urls, server->origin, server->secret + COUNCIL_SEED_BYTES);
        if (!host_ready_tell(server->options, &server->urls, server->origin,
                             server->secret + COUNCIL_SEED_BYTES)) {
            status = HOST_EXIT_USAGE;
        }
    }
    if (status == HOST_EXIT_OK) {
        net_run(server->net);
        on_rest(server);
        if (!core_drained(server->core)) {
            leave(server);
        }
        host_log(HOST_LOG_INFO, "stopped", NULL);
    }
    tear_down(server);
    return status;
}

int host_serve(const struct host_options *options)
{
    struct server *server = calloc(1, sizeof *server);
    if (server == NULL) {
        return start_failed("serve", "out of memory");
    }
    server->options = options;
    server->dir.lock_fd = -1;
    host_process_prepare();
    int status = HOST_EXIT_USAGE;
    if (host_limits_read(options, &server->limits) && host_log_options(options)) {
        status = run(server);
        host_log_stop();
    }
    free(server);
    return status;
}
