/*
 * door.c - one thread that accepts, and one for each client. See door.h.
 */
#include "server/host/door.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/host/verifiers.h"

struct host_door {
    struct host_door_config config;
    char *path;            /* owned */
    int listen_fd, dir_fd; /* dir_fd: of the folder that the socket is in */
    int stop_fds[2];       /* readable once the door closes */
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t left;
    unsigned served; /* under the lock */
};

struct host_client {
    struct host_door *door;
    int fd;
};

/* A socket's path may be longer than its address can say; the folder's descriptor is a short way to it. */
static bool address(const char *path, int *dir_fd, struct sockaddr_un *out)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    *dir_fd = folder != NULL ? open(folder, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    free(folder);
    *out = (struct sockaddr_un){.sun_family = AF_UNIX};
    int n = snprintf(out->sun_path, sizeof out->sun_path, "/proc/self/fd/%d/%s", *dir_fd, name);
    return *dir_fd >= 0 && n > 0 && (size_t)n < sizeof out->sun_path;
}

int host_door_connect(const char *path)
{
    struct sockaddr_un name;
    int dir_fd = -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool good = address(path, &dir_fd, &name) && fd >= 0 &&
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

/* ---- a client ---- */

/* Waits until the descriptor is ready; false: it took too long, or the door closes. */
static bool await(const struct host_door *door, int fd, short events, int timeout_ms)
{
    struct pollfd polls[2] = {{.fd = fd, .events = events},
                              {.fd = door->stop_fds[0], .events = POLLIN}};
    int n = poll(polls, 2, timeout_ms);
    return n > 0 && polls[1].revents == 0;
}

bool host_client_read(struct host_client *client, char *buffer, size_t size, const char *end)
{
    size_t len = 0;
    while (len < size - 1 && await(client->door, client->fd, POLLIN, HOST_DOOR_MS)) {
        ssize_t n = read(client->fd, buffer + len, size - 1 - len);
        if (n <= 0) {
            return false;
        }
        len += (size_t)n;
        buffer[len] = '\0';
        if (strstr(buffer, end) != NULL) {
            return true;
        }
    }
    return false;
}

bool host_client_write(struct host_client *client, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        ssize_t n = await(client->door, client->fd, POLLOUT, HOST_DOOR_MS)
                        ? send(client->fd, bytes + at, len - at, MSG_NOSIGNAL | MSG_DONTWAIT)
                        : -1;
        if (n <= 0) {
            return false;
        }
        at += (size_t)n;
    }
    return true;
}

bool host_client_there(struct host_client *client)
{
    struct pollfd polls[2] = {{.fd = client->fd, .events = POLLRDHUP},
                              {.fd = client->door->stop_fds[0], .events = POLLIN}};
    return poll(polls, 2, 0) == 0;
}

static void *serve_client(void *arg)
{
    struct host_client *client = arg;
    struct host_door *door = client->door;
    door->config.serve(door->config.ctx, client);
    close(client->fd);
    free(client);
    (void)pthread_mutex_lock(&door->lock);
    door->served--;
    (void)pthread_cond_broadcast(&door->left);
    (void)pthread_mutex_unlock(&door->lock);
    return NULL;
}

/* Takes the descriptor. */
static void welcome(struct host_door *door, int fd)
{
    pthread_t thread;
    struct host_client *client = malloc(sizeof *client);
    if (client == NULL) {
        close(fd);
        return;
    }
    *client = (struct host_client){.door = door, .fd = fd};
    (void)pthread_mutex_lock(&door->lock);
    while (door->served >= door->config.clients) {
        (void)pthread_cond_wait(&door->left, &door->lock);
    }
    door->served++;
    (void)pthread_mutex_unlock(&door->lock);
    if (host_thread(&thread, serve_client, client)) {
        (void)pthread_detach(thread);
        return;
    }
    close(fd);
    free(client);
    (void)pthread_mutex_lock(&door->lock);
    door->served--;
    (void)pthread_mutex_unlock(&door->lock);
}

static void *listen_on(void *arg)
{
    struct host_door *door = arg;
    while (await(door, door->listen_fd, POLLIN, -1)) {
        int fd = accept4(door->listen_fd, NULL, NULL, SOCK_CLOEXEC);
        if (fd >= 0) {
            welcome(door, fd);
        } else if (errno != EAGAIN && errno != ECONNABORTED) {
            /* No descriptors, and who waits keeps the socket readable: not at once again. */
            (void)await(door, -1, 0, HOST_DOOR_RETRY_MS);
        }
    }
    return NULL;
}

/* ---- the door ---- */

static bool open_socket(struct host_door *door)
{
    struct sockaddr_un name;
    struct stat at;
    door->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (door->listen_fd < 0 || !address(door->path, &door->dir_fd, &name)) {
        return false;
    }
    /* One that is there was left behind: who opens a door has made sure of that, or asks for this path on purpose. */
    if (stat(name.sun_path, &at) == 0 && S_ISSOCK(at.st_mode)) {
        (void)unlink(name.sun_path);
    }
    return bind(door->listen_fd, (const struct sockaddr *)&name, sizeof name) == 0 &&
           chmod(name.sun_path, door->config.mode) == 0 && listen(door->listen_fd, 16) == 0;
}

static void dispose(struct host_door *door, bool remove_file)
{
    const int fds[] = {door->listen_fd, door->dir_fd, door->stop_fds[0], door->stop_fds[1]};
    if (remove_file) {
        (void)unlink(door->path);
    }
    for (size_t i = 0; i < sizeof fds / sizeof fds[0]; i++) {
        if (fds[i] >= 0) {
            close(fds[i]);
        }
    }
    (void)pthread_cond_destroy(&door->left);
    (void)pthread_mutex_destroy(&door->lock);
    free(door->path);
    free(door);
}

struct host_door *host_door_open(const struct host_door_config *config)
{
    struct host_door *door = calloc(1, sizeof *door);
    if (door == NULL) {
        return NULL;
    }
    door->config = *config;
    door->listen_fd = door->dir_fd = door->stop_fds[0] = door->stop_fds[1] = -1;
    (void)pthread_mutex_init(&door->lock, NULL);
    (void)pthread_cond_init(&door->left, NULL);
    door->path = strdup(config->path);
    if (door->path == NULL || !open_socket(door) || pipe2(door->stop_fds, O_CLOEXEC) != 0 ||
        !host_thread(&door->thread, listen_on, door)) {
        (void)fprintf(stderr, "councild: %s: %s\n", config->path, strerror(errno));
        dispose(door, false);
        return NULL;
    }
    return door;
}

void host_door_close(struct host_door *door)
{
    if (door == NULL) {
        return;
    }
    if (write(door->stop_fds[1], "", 1) == 1) {
        (void)pthread_join(door->thread, NULL);
    }
    (void)pthread_mutex_lock(&door->lock);
    while (door->served > 0) {
        (void)pthread_cond_wait(&door->left, &door->lock);
    }
    (void)pthread_mutex_unlock(&door->lock);
    dispose(door, true);
}
