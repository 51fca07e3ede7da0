/*
 * admin.h - the operator's door to a running server: the Unix socket admin.sock in the data folder.
 *
 * Owns the socket (mode 0600: whoever may use it may read the data anyway) and a thread that serves it, one line of JSON a request
 * (request.h), one client at a time, so that neither loop nor storage waits for an operator. Must not know what a request means.
 */
#ifndef COUNCIL_SERVER_HOST_ADMIN_H
#define COUNCIL_SERVER_HOST_ADMIN_H

#include "server/core/core.h"
#include "server/host/storage.h"
#include "server/net/net.h"

enum {
    HOST_ADMIN_LINE = 4096,      /* bytes of a request */
    HOST_ADMIN_ANSWER = 1 << 20, /* bytes of an answer that is believed */
    HOST_ADMIN_MS = 5000         /* for a client to say its line and take the answer */
};

struct host_admin;

struct host_admin_config {
    const char *dir;
    struct host_storage *storage;
    struct net *net;
    const struct core *core;
    const struct core_limits *limits;
};

/* All borrowed until host_admin_stop. NULL after a message. */
struct host_admin *host_admin_start(const struct host_admin_config *config);
/* Ends the thread and removes the socket. NULL is fine. */
void host_admin_stop(struct host_admin *admin);

/* On the loop's thread, after a wake: answers what only the loop knows. NULL is fine. */
void host_admin_serve_loop(struct host_admin *admin);

/* A connection to the socket in `dir`, or -1: no server is running there. The caller closes it. */
int host_admin_connect(const char *dir);

#endif
