/*
 * admin.h - the operator's door to a running server: the Unix socket admin.sock in the data folder.
 *
 * Owns the socket (mode 0600: whoever may use it may read the data anyway) and where a request is carried out: on the storage thread, on
 * the loop's, or right here. One line of JSON a request (request.h), one line an answer; a backup tells its progress in lines before. Must
 * not know how anything that is asked is done.
 */
#ifndef COUNCIL_SERVER_HOST_ADMIN_H
#define COUNCIL_SERVER_HOST_ADMIN_H

#include "server/core/core.h"
#include "server/host/door.h"
#include "server/host/loopcall.h"
#include "server/host/metrics.h"
#include "server/host/storage.h"
#include "server/host/tuning.h"
#include "server/net/net.h"

enum {
    HOST_ADMIN_LINE = 4096, /* bytes of a request */
    HOST_ADMIN_CLIENTS = 4, /* at once */
};

struct host_admin;

struct host_admin_config {
    const struct host_datadir *dir;
    struct host_storage *storage;
    struct net *net;
    struct core *core; /* used on the loop's thread alone, as is `tuning` */
    struct host_tuning *tuning;
    struct host_loopcalls *loop;
    struct host_metrics *metrics;
    const uint8_t *server_key; /* the public key that this server runs under */
};

/* All borrowed until host_admin_stop. NULL after a message. */
struct host_admin *host_admin_start(const struct host_admin_config *config);
/* Ends what is under way and removes the socket. The loop must have ended (host_loopcalls_end) and storage must not. NULL is fine. */
void host_admin_stop(struct host_admin *admin);

/* A connection to the socket in `dir`, or -1: no server is running there. The caller closes it. */
int host_admin_connect(const char *dir);

#endif
