/*
 * admin.c - the operator's requests to a running server. See admin.h.
 */
#include "server/host/admin.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/bytes.h"
#include "server/host/backup.h"
#include "server/host/key.h"
#include "server/host/largest.h"
#include "server/host/log.h"
#include "server/host/process.h"
#include "server/host/request.h"

static const char socket_name[] = "admin.sock";

struct host_admin {
    struct host_admin_config config;
    struct host_door *door;
    pthread_mutex_t files; /* held by whoever changes files of the data folder */
    atomic_bool backing_up;
};

int host_admin_connect(const char *dir)
{
    char path[HOST_PATH_MAX];
    return host_datadir_file(dir, socket_name, path) ? host_door_connect(path) : -1;
}

/* ---- on the loop's thread ---- */

/* What is asked of the loop after the store has said yes. */
struct live {
    struct host_admin *admin;
    const json_t *request;
    json_t *answer;
};

static void count(json_t *object, const char *name, uint64_t value)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void live_stats(void *arg)
{
    struct live *live = arg;
    struct core_stats core;
    struct net_stats net;
    core_stats(live->admin->config.core, &core);
    net_stats(live->admin->config.net, &net);
    json_t *object = json_object();
    count(object, "sessions", core.sessions);
    count(object, "members_online", core.members_online);
    count(object, "logs_known", core.logs_known);
    count(object, "logs_resident", core.logs_resident);
    count(object, "logs_recovering", core.logs_recovering);
    count(object, "cache_bytes", core.cache_bytes);
    count(object, "queue_entries", core.queue_entries);
    count(object, "queue_bytes", core.queue_bytes);
    count(object, "calls", core.calls);
    count(object, "calls_failed", core.calls_failed);
    count(object, "appended", core.appended);
    count(object, "delivered", core.delivered);
    count(object, "catchups", core.catchups);
    (void)json_object_set_new(live->answer, "core", object);
    object = json_object();
    count(object, "connections", net.connections);
    count(object, "handshakes", net.handshakes);
    count(object, "accepted", net.accepted);
    count(object, "refused", net.refused);
    count(object, "killed", net.killed);
    count(object, "bytes_out", net.bytes_out);
    count(object, "writes", net.writes);
    count(object, "queued_bytes", net.queued_bytes);
    (void)json_object_set_new(live->answer, "net", object);
}

static void live_limits(void *arg)
{
    struct live *live = arg;
    json_decref(live->answer);
    live->answer = host_tuning_show_limits(live->admin->config.tuning);
}

static void live_limits_set(void *arg)
{
    struct live *live = arg;
    host_tuning_limits(live->admin->config.tuning, live->admin->config.core, live->request);
}

static void live_registration(void *arg)
{
    struct live *live = arg;
    json_decref(live->answer);
    live->answer = host_tuning_show_registration(live->admin->config.tuning);
}

static void live_registration_set(void *arg)
{
    struct live *live = arg;
    host_tuning_registration(live->admin->config.tuning, live->admin->config.core, live->request);
}

static void live_quota_set(void *arg)
{
    struct live *live = arg;
    uint8_t log[STORE_ID_BYTES];
    uint64_t entries = 0, bytes = 0;
    /* What it is now, with what the request left as it was. */
    if (!host_quota_request(live->answer, log, &entries, &bytes) ||
        !core_set_quota(live->admin->config.core, log, entries, bytes)) {
        json_decref(live->answer);
        live->answer = host_request_refused(
            "too many logs have a quota of their own: kept, but it does not count");
    }
}

static void live_recovering_end(void *arg)
{
    struct live *live = arg;
    uint8_t log[STORE_ID_BYTES];
    const char *name = json_string_value(json_object_get(live->request, "log"));
    bool one = name != NULL;
    if (json_integer_value(json_object_get(live->answer, "logs")) == 0) {
        return; /* nothing waited */
    }
    if (!one || council_b64_decode(log, sizeof log, name, (uint32_t)strlen(name))) {
        core_recovering_ended(live->admin->config.core, one ? log : NULL,
                              json_is_true(json_object_get(live->answer, "brought")));
    }
}

/* What a request asks of the loop beside the store. */
static const struct {
    const char *name;
    void (*run)(void *arg);
} live_parts[] = {
    {"limits", live_limits},
    {"limits.set", live_limits_set},
    {"quota.set", live_quota_set},
    {"recovering.end", live_recovering_end},
    {"registration", live_registration},
    {"registration.set", live_registration_set},
    {"stats", live_stats},
};

/* ---- requests ---- */

struct store_request {
    const json_t *request;
    json_t *answer;
};

static void run_on_storage(struct store *store, void *arg)
{
    struct store_request *request = arg;
    request->answer = host_request_run(store, request->request, host_wall_ms());
}

static void count_some(struct store *store, void *arg)
{
    bool *more = arg;
    if (store_stats_some(store, more) != STORE_OK) {
        *more = false; /* the request itself says why */
    }
}

/* First the store, which may say no; then the loop. */
static json_t *ask_both(struct host_admin *admin, const char *name, const json_t *request)
{
    struct store_request call = {.request = request};
    bool more = strcmp(name, "stats") == 0;
    /* Bit by bit, with commits in between. */
    while (more && host_storage_call(admin->config.storage, count_some, &more)) {
    }
    if (!host_storage_call(admin->config.storage, run_on_storage, &call)) {
        return host_request_refused("the server is stopping");
    }
    struct live live = {.admin = admin, .request = request, .answer = call.answer};
    bool good = json_is_true(json_object_get(live.answer, "ok"));
    for (size_t i = 0; good && i < sizeof live_parts / sizeof live_parts[0]; i++) {
        if (strcmp(live_parts[i].name, name) == 0 &&
            !host_loop_call(admin->config.loop, live_parts[i].run, &live)) {
            json_decref(live.answer);
            live.answer = host_request_refused("the server is stopping");
        }
    }
    return live.answer;
}

struct walk {
    struct store_largest largest;
    enum store_status status;
    bool more;
};

static void walk_some(struct store *store, void *arg)
{
    struct walk *walk = arg;
    walk->status = store_largest_some(store, &walk->largest, &walk->more);
}

/* Bit by bit like the counting, so that nobody's commit waits for a walk over all logs. */
static json_t *largest(const struct host_admin *admin, const json_t *request)
{
    struct walk walk = {.more = true};
    if (!host_largest_begin(request, &walk.largest)) {
        return host_request_refused("a number of logs is needed");
    }
    while (walk.more) {
        if (!host_storage_call(admin->config.storage, walk_some, &walk)) {
            return host_request_refused("the server is stopping");
        }
    }
    return walk.status == STORE_OK ? host_largest_answer(&walk.largest)
                                   : host_request_refused(store_status_name(walk.status));
}

static json_t *set_log_level(const json_t *request)
{
    enum host_log_level level = HOST_LOG_INFO;
    const char *word = json_string_value(json_object_get(request, "to"));
    if (word == NULL || !host_log_level_of(word, &level)) {
        return host_request_refused("debug, info, warn or error is needed");
    }
    host_log_set_level(level);
    return json_pack("{s:b}", "ok", 1);
}

static json_t *key(struct host_admin *admin, const json_t *request)
{
    (void)pthread_mutex_lock(&admin->files);
    json_t *answer = host_key_request(admin->config.dir, request, admin->config.server_key);
    (void)pthread_mutex_unlock(&admin->files);
    return answer;
}

/* ---- a backup ---- */

static bool write_json(struct host_client *client, json_t *object)
{
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    const char *line = text != NULL ? text : "{\"ok\":false,\"error\":\"no_memory\"}";
    bool good = host_client_write(client, line, strlen(line)) && host_client_write(client, "\n", 1);
    free(text);
    json_decref(object);
    return good;
}

struct asked {
    struct host_admin *admin;
    struct host_client *client;
};

static bool on_store(void *ctx, void (*work)(struct store *store, void *arg), void *arg)
{
    const struct asked *asked = ctx;
    return host_storage_call(asked->admin->config.storage, work, arg);
}

static bool progress(void *ctx, uint64_t pages, uint64_t of)
{
    const struct asked *asked = ctx;
    return host_client_there(asked->client) &&
           write_json(asked->client,
                      json_pack("{s:I,s:I}", "pages", (json_int_t)pages, "of", (json_int_t)of));
}

static json_t *backup(struct host_admin *admin, const json_t *request, struct host_client *client)
{
    const char *file = json_string_value(json_object_get(request, "file"));
    struct asked asked = {.admin = admin, .client = client};
    struct host_backup_result result;
    struct host_backup_how how = {.data = admin->config.dir->path,
                                  .file = file,
                                  .on_store = on_store,
                                  .progress = progress,
                                  .ctx = &asked,
                                  .metrics = admin->config.metrics,
                                  .wall_ms = host_wall_ms};
    if (file == NULL || file[0] != '/') {
        return host_request_refused("an absolute path is needed");
    }
    if (atomic_exchange(&admin->backing_up, true)) {
        return host_request_refused("another backup is being made");
    }
    bool good = host_backup_run(&how, &result);
    atomic_store(&admin->backing_up, false);
    HOST_LOG(good ? HOST_LOG_INFO : HOST_LOG_WARN, good ? "backup_made" : "backup_failed",
             HOST_LOG_S("error", result.error), HOST_LOG_N("bytes", result.bytes),
             HOST_LOG_N("ms", result.ms), HOST_LOG_N("worst_step_us", result.worst_step_us));
    return good ? host_backup_answer(&result) : host_request_refused(result.error);
}

/* ---- the door ---- */

static json_t *answer(struct host_admin *admin, const json_t *request, struct host_client *client)
{
    const char *name = json_string_value(json_object_get(request, "do"));
    if (name == NULL) {
        return host_request_refused("not a request");
    }
    if (strcmp(name, "backup") == 0) {
        return backup(admin, request, client);
    }
    if (strcmp(name, "largest") == 0) {
        return largest(admin, request);
    }
    if (strcmp(name, "log-level") == 0) {
        return set_log_level(request);
    }
    if (strncmp(name, "key.", 4) == 0) {
        return key(admin, request);
    }
    return ask_both(admin, name, request);
}

static void serve(void *ctx, struct host_client *client)
{
    char line[HOST_ADMIN_LINE];
    while (host_client_read(client, line, sizeof line, "\n")) {
        json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        bool good = write_json(client, answer(ctx, request, client));
        json_decref(request);
        if (!good) {
            return;
        }
    }
}

struct host_admin *host_admin_start(const struct host_admin_config *config)
{
    char path[HOST_PATH_MAX];
    struct host_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL || !host_datadir_file(config->dir->path, socket_name, path)) {
        free(admin);
        return NULL;
    }
    admin->config = *config;
    (void)pthread_mutex_init(&admin->files, NULL);
    struct host_door_config door = {
        .path = path, .mode = 0600, .clients = HOST_ADMIN_CLIENTS, .serve = serve, .ctx = admin};
    admin->door = host_door_open(&door);
    if (admin->door == NULL) {
        (void)pthread_mutex_destroy(&admin->files);
        free(admin);
        return NULL;
    }
    return admin;
}

void host_admin_stop(struct host_admin *admin)
{
    if (admin == NULL) {
        return;
    }
    host_door_close(admin->door);
    (void)pthread_mutex_destroy(&admin->files);
    free(admin);
}
