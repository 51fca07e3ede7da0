/*
 * admin.c - the operator's socket and its thread. See admin.h.
 */
#include "server/host/admin.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/host/log.h"
#include "server/host/process.h"
#include "server/host/request.h"
#include "server/host/verifiers.h"

static const char socket_name[] = "admin.sock";

/* What the loop's thread knows. */
struct loop_counts {
    struct core_stats core;
    struct net_stats net;
};

struct host_admin {
    struct host_admin_config config;
    int listen_fd, dir_fd, stop_fds[2];
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t answered;
    bool wanted, stop; /* under the lock, with counts */
    struct loop_counts counts;
};

/* A socket's path may be longer than its address can say; the folder's descriptor is a short way to it. */
static bool address(int dir_fd, struct sockaddr_un *out)
{
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n =
        snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", dir_fd, socket_name);
    return n > 0 && (size_t)n < sizeof out->sun_path;
}

int host_admin_connect(const char *dir)
{
    struct sockaddr_un name;
    int dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = dir_fd >= 0 && fd >= 0 && address(dir_fd, &name) &&
                connect(fd, (const struct sockaddr *)&name, sizeof name) == 0;
    if (dir_fd >= 0) {
        close(dir_fd);
    }
    if (!good && fd >= 0) {
        close(fd);
        fd = -1;
    }
    return fd;
}

/* ---- requests ---- */

void host_admin_serve_loop(struct host_admin *admin)
{
    if (admin == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&admin->lock);
    if (admin->wanted) {
        core_stats(admin->config.core, &admin->counts.core);
        net_stats(admin->config.net, &admin->counts.net);
        admin->wanted = false;
        (void)pthread_cond_signal(&admin->answered);
    }
    (void)pthread_mutex_unlock(&admin->lock);
}

static bool ask_loop(struct host_admin *admin, struct loop_counts *out)
{
    (void)pthread_mutex_lock(&admin->lock);
    admin->wanted = true;
    net_wake(admin->config.net);
    while (admin->wanted && !admin->stop) {
        (void)pthread_cond_wait(&admin->answered, &admin->lock);
    }
    bool good = !admin->wanted;
    *out = admin->counts;
    (void)pthread_mutex_unlock(&admin->lock);
    return good;
}

static void count(json_t *object, const char *name, uint64_t value)
{
    (void)json_object_set_new(object, name, json_integer((json_int_t)value));
}

static void add_loop_counts(struct host_admin *admin, json_t *answer)
{
    struct loop_counts counts;
    if (!ask_loop(admin, &counts)) {
        return;
    }
    json_t *object = json_object();
    count(object, "sessions", counts.core.sessions);
    count(object, "members_online", counts.core.members_online);
    count(object, "logs_known", counts.core.logs_known);
    count(object, "logs_resident", counts.core.logs_resident);
    count(object, "cache_bytes", counts.core.cache_bytes);
    count(object, "queue_entries", counts.core.queue_entries);
    count(object, "queue_bytes", counts.core.queue_bytes);
    count(object, "calls", counts.core.calls);
    count(object, "calls_failed", counts.core.calls_failed);
    count(object, "appended", counts.core.appended);
    count(object, "delivered", counts.core.delivered);
    count(object, "catchups", counts.core.catchups);
    (void)json_object_set_new(answer, "core", object);
    object = json_object();
    count(object, "connections", counts.net.connections);
    count(object, "handshakes", counts.net.handshakes);
    count(object, "accepted", counts.net.accepted);
    count(object, "refused", counts.net.refused);
    count(object, "killed", counts.net.killed);
    count(object, "bytes_out", counts.net.bytes_out);
    count(object, "writes", counts.net.writes);
    count(object, "queued_bytes", counts.net.queued_bytes);
    (void)json_object_set_new(answer, "net", object);
}

static json_t *limits(const struct host_admin *admin)
{
    uint32_t n = 0;
    const struct core_limit_info *infos = core_limit_infos(&n);
    json_t *object = json_object();
    for (uint32_t i = 0; i < n; i++) {
        count(object, infos[i].name, core_limits_get(admin->config.limits, infos[i].name));
    }
    return json_pack("{s:b,s:o}", "ok", 1, "limits", object);
}

struct store_request {
    const json_t *request;
    json_t *answer;
};

static void run_on_storage(struct store *store, void *arg)
{
    struct store_request *request = arg;
    request->answer = host_request_run(store, request->request, host_wall_ms());
}

static json_t *answer(struct host_admin *admin, const json_t *request)
{
    const char *name = json_string_value(json_object_get(request, "do"));
    if (name == NULL) {
        return host_request_refused("not a request");
    }
    if (strcmp(name, "limits") == 0) {
        return limits(admin);
    }
    struct store_request call = {.request = request};
    if (!host_storage_call(admin->config.storage, run_on_storage, &call)) {
        return host_request_refused("the server is stopping");
    }
    if (strcmp(name, "stats") == 0 && call.answer != NULL) {
        add_loop_counts(admin, call.answer);
    }
    return call.answer;
}

/* ---- the thread ---- */

/* Waits until the descriptor is ready; false: it took too long, or the server stops. */
static bool await(const struct host_admin *admin, int fd, short events, int timeout_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = events},
                              {.fd = admin->stop_fds[0], .events = POLLIN}};
    int n = poll(polls, 2, timeout_ms);
    return n > 0 && polls[1].revents == 0;
}

static bool read_line(const struct host_admin *admin, int fd, char line[HOST_ADMIN_LINE])
{
    size_t len = 0;
    while (len < HOST_ADMIN_LINE - 1 && await(admin, fd, POLLIN, HOST_ADMIN_MS)) {
        ssize_t n = read(fd, line + len, HOST_ADMIN_LINE - 1 - len);
        if (n <= 0) {
            return false;
        }
        len += (size_t)n;
        line[len] = '\0';
        char *end = strchr(line, '\n');
        if (end != NULL) {
            *end = '\0';
            return true;
        }
    }
    return false;
}

static void write_line(const struct host_admin *admin, int fd, const char *text)
{
    size_t len = strlen(text) + 1; /* the NUL's place takes the newline */
    char *line = malloc(len);
    if (line == NULL) {
        return;
    }
    memcpy(line, text, len - 1);
    line[len - 1] = '\n';
    for (size_t at = 0; at < len && await(admin, fd, POLLOUT, HOST_ADMIN_MS);) {
        ssize_t n = send(fd, line + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n <= 0) {
            break;
        }
        at += (size_t)n;
    }
    free(line);
}

static void serve_client(struct host_admin *admin, int fd)
{
    char line[HOST_ADMIN_LINE];
    while (read_line(admin, fd, line)) {
        json_t *request = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
        json_t *reply = answer(admin, request);
        char *text = reply != NULL ? json_dumps(reply, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
        write_line(admin, fd, text != NULL ? text : "{\"ok\":false,\"error\":\"no_memory\"}");
        free(text);
        json_decref(reply);
        json_decref(request);
    }
}

static void *serve(void *arg)
{
    struct host_admin *admin = arg;
    while (await(admin, admin->listen_fd, POLLIN, -1)) {
        int fd = accept4(admin->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            serve_client(admin, fd);
            close(fd);
        }
    }
    return NULL;
}

/* ---- start and stop ---- */

static bool open_socket(struct host_admin *admin)
{
    struct sockaddr_un name;
    admin->dir_fd = open(admin->config.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    admin->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (admin->dir_fd < 0 || admin->listen_fd < 0 || !address(admin->dir_fd, &name)) {
        return false;
    }
    /* The folder is ours (its lock): a socket in it was left behind. */
    (void)unlinkat(admin->dir_fd, socket_name, 0);
    return bind(admin->listen_fd, (const struct sockaddr *)&name, sizeof name) == 0 &&
           fchmodat(admin->dir_fd, socket_name, 0600, 0) == 0 && listen(admin->listen_fd, 8) == 0;
}

static void close_all(struct host_admin *admin)
{
    const int fds[] = {admin->listen_fd, admin->dir_fd, admin->stop_fds[0], admin->stop_fds[1]};
    if (admin->dir_fd >= 0) {
        (void)unlinkat(admin->dir_fd, socket_name, 0);
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    (void)pthread_cond_destroy(&admin->answered);
    (void)pthread_mutex_destroy(&admin->lock);
    free(admin);
}

struct host_admin *host_admin_start(const struct host_admin_config *config)
{
    struct host_admin *admin = calloc(1, sizeof *admin);
    if (admin == NULL) {
        return NULL;
    }
    admin->config = *config;
    admin->listen_fd = admin->dir_fd = admin->stop_fds[0] = admin->stop_fds[1] = -1;
    (void)pthread_mutex_init(&admin->lock, NULL);
    (void)pthread_cond_init(&admin->answered, NULL);
    if (!open_socket(admin) || pipe2(admin->stop_fds, O_CLOEXEC) != 0 ||
        !host_thread(&admin->thread, serve, admin)) {
        (void)fprintf(stderr, "councild: %s/%s: %s\n", config->dir, socket_name, strerror(errno));
        close_all(admin);
        return NULL;
    }
    return admin;
}

void host_admin_stop(struct host_admin *admin)
{
    if (admin == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&admin->lock);
    admin->stop = true;
    (void)pthread_cond_signal(&admin->answered);
    (void)pthread_mutex_unlock(&admin->lock);
    if (write(admin->stop_fds[1], "", 1) == 1) {
        (void)pthread_join(admin->thread, NULL);
    }
    close_all(admin);
}
