/*
 * door.h - a Unix socket on which few clients are served, each by a thread of its own, away from the loop.
 *
 * Owns the socket's file, the threads, and that nobody is waited for too long. Must not know what is said. Invariants: at most `clients` are
 * served at once, others wait; after host_door_close no thread of it runs and the file is gone.
 */
#ifndef COUNCIL_SERVER_HOST_DOOR_H
#define COUNCIL_SERVER_HOST_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    HOST_DOOR_RETRY_MS = 200, /* where no connection can be taken for now */
    HOST_DOOR_MS = 5000       /* for a client to say something, and to take what it is told */
};

struct host_door;
struct host_client;

struct host_door_config {
    const char *path; /* copied */
    mode_t mode;
    unsigned clients;
    /* On a thread of the client's own; the connection ends when it returns. */
    void (*serve)(void *ctx, struct host_client *client);
    void *ctx;
};

/* NULL after a message on standard error. */
struct host_door *host_door_open(const struct host_door_config *config);
/* Clients that are being served are told by their next reading or writing that it is over. NULL is fine. */
void host_door_close(struct host_door *door);

/* Reads until `end` was read, at most size - 1 bytes, and ends them with a NUL: false if it is not there in time. */
__attribute__((warn_unused_result)) bool host_client_read(struct host_client *client, char *buffer,
                                                          size_t size, const char *end);
/* False: it went away, is too slow, or the door closes. */
__attribute__((warn_unused_result)) bool host_client_write(struct host_client *client,
                                                           const char *bytes, size_t len);
/* Whether it is worth going on: neither side is closing. */
bool host_client_there(struct host_client *client);

/* A connection to the socket at `path`, however long that is; -1: nobody listens there. */
int host_door_connect(const char *path);

#endif
