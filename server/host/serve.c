/*
 * serve.c - the running server: net, core, verifiers and storage joined, from start to end.
 *
 * Owns the order of starting and stopping. Must not know messages, sockets or SQL. Invariant: nothing that a job points to is freed before
 * the job came back.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/host/key.h"
#include "server/host/log.h"
#include "server/host/server.h"
#include "server/host/settings.h"

/* ---- start ---- */

static int start_failed(const char *what, const char *detail)
{
    (void)fprintf(stderr, "councild: %s: %s\n", what, detail);
    return HOST_EXIT_START;
}

static bool misused(const char *option, const char *value, const char *wanted)
{
    (void)fprintf(stderr, "councild: %s %s: %s is needed\n", option, value, wanted);
    return false;
}

static bool origin_read(struct server *server, const char *origin)
{
    return (council_url_normalise(server->origin, origin, (uint32_t)strlen(origin)) &&
            strncmp(server->origin, "http", 4) == 0) ||
           misused("--origin", origin, "https://HOST[:PORT] or http://HOST[:PORT]");
}

/* Before anything is made or opened. */
static bool addresses_read(struct server *server)
{
    const struct host_options *options = server->options;
    const char *origin = host_option(options, HOST_OPT_ORIGIN);
    const char *at = NULL;
    for (uint32_t i = 0; (at = host_option_nth(options, HOST_OPT_LISTEN, i)) != NULL; i++) {
        if (!net_address_good(at)) {
            return misused("--listen", at,
                           "HOST:PORT, [IPV6]:PORT or :PORT, a port from 0 to 65535,");
        }
    }
    bool pair = (host_option(options, HOST_OPT_TLS_CERT) == NULL) ==
                (host_option(options, HOST_OPT_TLS_KEY) == NULL);
    if (!pair) {
        (void)fprintf(stderr, "councild: --tls-cert: needs --tls-key, and the other way round\n");
        return false;
    }
    return origin == NULL || origin_read(server, origin);
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
        .events = host_net_events,
    };
    config.events.ctx = server;
    const char *files[] = {config.tls_cert, config.tls_key};
    for (size_t i = 0; i < 2; i++) {
        if (files[i] != NULL && access(files[i], R_OK) != 0) {
            return start_failed(files[i], strerror(errno));
        }
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
    bool named = host_option(options, HOST_OPT_ORIGIN) != NULL;
    bool good = named || origin_read(server, ports ? urls->all[0] : "http://localhost");
    return good ? HOST_EXIT_OK : HOST_EXIT_USAGE;
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
    host_inbox_init(&server->inbox, host_server_wake, server->net);
    host_loopcalls_init(&server->loopcalls, host_server_wake, server->net);
    server->threads = true;
    server->verifiers = host_verifiers_start((uint32_t)count, &server->inbox, &server->metrics);
    host_metric_set(&server->metrics, HOST_METRIC_VERIFIER_THREADS, count);
    struct host_storage_config config = {.store = server->store,
                                         .inbox = &server->inbox,
                                         .metrics = &server->metrics,
                                         .broken = host_server_die};
    server->storage = host_storage_start(&config);
    uint32_t pool = 0;
    bool wanted = host_option_choice(server->options, HOST_OPT_POOL, &pool) && pool == 0;
    server->matcher = wanted ? host_matcher_start(&server->inbox, &server->metrics) : NULL;
    if (server->verifiers == NULL || server->storage == NULL ||
        (wanted && server->matcher == NULL)) {
        return start_failed("threads", "out of memory or threads");
    }
    return HOST_EXIT_OK;
}

/* What the operator set while an earlier process ran. */
static enum store_status read_settings(struct server *server, uint64_t *recovering,
                                       uint64_t *restored)
{
    enum core_registration registration = CORE_REGISTER_CODE;
    json_t *limits = host_settings_limits(server->store);
    if (limits == NULL) {
        return STORE_NOMEM;
    }
    host_tuning_stored_limits(&server->tuning, limits);
    json_decref(limits);
    if (host_settings_registration(server->store, &registration)) {
        host_tuning_stored_registration(&server->tuning, registration);
    }
    host_metric_set(&server->metrics, HOST_METRIC_BACKUP_TIME,
                    host_settings_backup(server->store) / 1000);
    return store_recovering_count(server->store, recovering, restored);
}

static bool take_quota(void *ctx, const uint8_t log[STORE_ID_BYTES], uint64_t entries,
                       uint64_t bytes)
{
    return core_set_quota(ctx, log, entries, bytes);
}

/* Before the storage thread has the store. */
static int start_core(struct server *server)
{
    struct council_succession successions[COUNCIL_SUCCESSIONS_MAX];
    uint64_t recovering = 0, restored = 0;
    uint32_t offers = 0, pool = 0;
    if (!host_option_choice(server->options, HOST_OPT_OFFERS, &offers) ||
        !host_option_choice(server->options, HOST_OPT_POOL, &pool)) {
        return HOST_EXIT_USAGE;
    }
    if (read_settings(server, &recovering, &restored) != STORE_OK) {
        return start_failed("settings", store_detail(server->store));
    }
    struct core_config config = {
        .origin = server->origin,
        .server_secret = server->secret,
        .version = COUNCIL_VERSION,
        .discover = host_openrpc,
        .registration = server->tuning.registration,
        .limits = server->tuning.limits,
        .offers = (enum core_offers)offers, /* in the order of the option's words */
        .successions = successions,
        .n_successions = host_successions(&server->dir, successions, COUNCIL_SUCCESSIONS_MAX),
        .recovering_logs = recovering,
        .restored_logs = restored,
        .pool = pool == 0,
        .mail = server->mail != NULL,
        .wall_ms = host_wall_ms(),
        .mono_ms = host_mono_ms(),
    };
    struct core_ops ops = host_core_ops;
    ops.ctx = server;
    server->core = core_create(&config, &ops);
    if (server->core == NULL ||
        host_settings_quotas(server->store, "", take_quota, server->core) != STORE_OK) {
        return start_failed("core", "out of memory");
    }
    return HOST_EXIT_OK;
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
    char path[HOST_PATH_MAX];
    struct host_admin_config admin = {.dir = &server->dir,
                                      .storage = server->storage,
                                      .net = server->net,
                                      .core = server->core,
                                      .tuning = &server->tuning,
                                      .loop = &server->loopcalls,
                                      .metrics = &server->metrics,
                                      .server_key = server->secret + COUNCIL_SEED_BYTES};
    const char *metrics = host_option(server->options, HOST_OPT_METRICS_SOCKET);
    if (metrics == NULL && host_datadir_file(server->dir.path, "metrics.sock", path)) {
        metrics = path;
    }
    server->metrics_source =
        (struct host_metrics_source){.metrics = &server->metrics, .data = server->dir.path};
    server->metrics_door =
        metrics != NULL ? host_metrics_open(&server->metrics_source, metrics) : NULL;
    server->admin = host_admin_start(&admin);
    if (server->admin == NULL || server->metrics_door == NULL ||
        !net_start(server->net, server->core, server->origin)) {
        return HOST_EXIT_START;
    }
    return HOST_EXIT_OK;
}

static int start(struct server *server)
{
    static int (*const steps[])(struct server *) = {open_data,      start_net,      open_sockets,
                                                    host_mail_open, start_core,     start_threads,
                                                    open_doors,     host_mail_begin};
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
    if (server->threads) {
        host_loopcalls_end(&server->loopcalls);
    }
    host_door_close(server->metrics_door);
    host_admin_stop(server->admin);
    host_mail_end(server->mail);
    host_verifiers_stop(server->verifiers);
    host_matcher_stop(server->matcher);
    host_storage_stop(server->storage);
    if (server->store != NULL && store_close(server->store) != STORE_OK) {
        host_log(HOST_LOG_WARN, "store_not_tidied", NULL);
    }
    core_destroy(server->core);
    net_destroy(server->net);
    if (server->threads) {
        host_inbox_fini(&server->inbox);
        host_loopcalls_fini(&server->loopcalls);
    }
    host_datadir_close(&server->dir);
    sodium_memzero(server->secret, sizeof server->secret);
}

/* Something did not come back in time, or the operator did not want to wait. What was queued for the disk gets there; what else is under
 * way is nobody's any more, and the process ends without looking back. */
__attribute__((noreturn)) static void leave(struct server *server)
{
    host_log(HOST_LOG_WARN, "stopped_early", NULL);
    host_loopcalls_end(&server->loopcalls);
    host_admin_stop(server->admin); /* a backup lets go of the store */
    host_mail_end(server->mail);
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
        host_server_rest(server);
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
    host_watchdog_init(&server->watchdog);
    host_metric_set(&server->metrics, HOST_METRIC_START_TIME, host_wall_ms() / 1000);
    int status = HOST_EXIT_USAGE;
    if (addresses_read(server) && host_tuning_read(&server->tuning, options, true) &&
        host_log_options(options)) {
        status = run(server);
        host_log_stop();
    }
    free(server);
    return status;
}
