/*
 * agent.c - the home key for other processes of the same user: a socket in the home that answers with it and says no more.
 *
 * A thread of its own waits there, so that a command is answered at once whatever the client is doing. Must not know what the key opens. Invariant: only a
 * process of the same user is answered, and only such a one is believed.
 */
#include "client/lib/internal.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
    BACKLOG = 16,
    ANSWER_MS = 2000
};

struct agent {
    int listener, stop;
    pthread_t thread;
    char path[HOME_PATH_MAX];
    uint8_t *key; /* locked memory */
};

static bool address_of(const struct home *home, struct sockaddr_un *out)
{
    memset(out, 0, sizeof *out);
    out->sun_family = AF_UNIX;
    return home_path(home, "agent.sock", out->sun_path, sizeof out->sun_path);
}

/* The process at the other end is this user's. */
static bool same_user(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof peer;

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 && len == sizeof peer &&
           peer.uid == geteuid();
}

static void serve(struct agent *agent)
{
    int fd = accept4(agent->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

    if (fd < 0)
        return;
    /* 32 bytes always fit an empty socket's buffer. */
    if (same_user(fd))
        (void)!send(fd, agent->key, KEYRING_KEY_BYTES, MSG_NOSIGNAL);
    (void)close(fd);
}

static void *run(void *arg)
{
    struct agent *agent = arg;
    struct pollfd fds[] = {{.fd = agent->listener, .events = POLLIN},
                           {.fd = agent->stop, .events = POLLIN}};

    for (;;) {
        if (poll(fds, 2, -1) < 0 && errno != EINTR)
            return NULL;
        if ((fds[1].revents & POLLIN) != 0)
            return NULL;
        if ((fds[0].revents & POLLIN) != 0)
            serve(agent);
    }
}

static int listen_at(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return -1;
    /* The folder is the user's alone, so nobody can be quicker than the chmod. */
    if (bind(fd, (const struct sockaddr *)address, sizeof *address) != 0 ||
        chmod(address->sun_path, 0600) != 0 || listen(fd, BACKLOG) != 0) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

static int connect_to(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 &&
        (connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 || !same_user(fd))) {
        (void)close(fd);
        fd = -1;
    }
    return fd;
}

/* Signals are for the program's own threads. */
static bool start_thread(struct agent *agent)
{
    sigset_t all;
    sigset_t before;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = pthread_create(&agent->thread, NULL, run, agent) == 0;

    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

static void agent_free(struct agent *agent)
{
    if (agent->listener >= 0) {
        (void)close(agent->listener);
        (void)unlink(agent->path);
    }
    if (agent->stop >= 0)
        (void)close(agent->stop);
    sodium_free(agent->key);
    free(agent);
}

enum council_error client_agent_start(struct client *client)
{
    struct sockaddr_un address;

    if (!client->keyring->open)
        return COUNCIL_E_WRONG_PASSPHRASE;
    if (client->agent != NULL)
        return COUNCIL_OK;
    if (!address_of(&client->home, &address))
        return client_fail(client, COUNCIL_E_HOME_IO,
                           "the path of the home is too long for a socket");
    int other = connect_to(&address);

    if (other >= 0) {
        (void)close(other);
        return client_fail(client, COUNCIL_E_HOME_BUSY, "an agent of this home is running");
    }
    (void)unlink(address.sun_path); /* of one that was killed */
    struct agent *agent = calloc(1, sizeof *agent);

    if (agent == NULL)
        return COUNCIL_E_NO_MEMORY;
    memcpy(agent->path, address.sun_path, sizeof address.sun_path);
    agent->listener = listen_at(&address);
    agent->stop = eventfd(0, EFD_CLOEXEC);
    agent->key = sodium_malloc(KEYRING_KEY_BYTES);
    if (agent->listener < 0 || agent->stop < 0 || agent->key == NULL) {
        agent_free(agent);
        return client_fail(client, COUNCIL_E_HOME_IO, "no socket at %s: %s", address.sun_path,
                           strerror(errno));
    }
    memcpy(agent->key, client->keyring->home_key, KEYRING_KEY_BYTES);
    if (!start_thread(agent)) {
        agent_free(agent);
        return COUNCIL_E_NO_MEMORY;
    }
    client->agent = agent;
    return COUNCIL_OK;
}

void agent_stop(struct agent *agent)
{
    const uint64_t one = 1;

    if (agent == NULL)
        return;
    if (write(agent->stop, &one, sizeof one) == (ssize_t)sizeof one)
        (void)pthread_join(agent->thread, NULL);
    agent_free(agent);
}

enum council_error agent_key(const struct home *home, uint8_t key[KEYRING_KEY_BYTES])
{
    struct sockaddr_un address;
    struct timeval timeout = {.tv_sec = ANSWER_MS / 1000};
    int fd = address_of(home, &address) ? connect_to(&address) : -1;

    if (fd < 0)
        return COUNCIL_E_WRONG_PASSPHRASE;
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
    ssize_t got = recv(fd, key, KEYRING_KEY_BYTES, MSG_WAITALL);

    (void)close(fd);
    return got == KEYRING_KEY_BYTES ? COUNCIL_OK : COUNCIL_E_WRONG_PASSPHRASE;
}
