/*
 * server.h - a running server's parts in one place: shared by serve.c, which starts and ends them, and glue.c, which lets them talk.
 *
 * Must not be included by anything else.
 */
#ifndef COUNCIL_SERVER_HOST_SERVER_H
#define COUNCIL_SERVER_HOST_SERVER_H

#include "server/host/admin.h"
#include "server/host/commands.h"
#include "server/host/loopcall.h"
#include "server/host/matcher.h"
#include "server/host/metrics_http.h"
#include "server/host/process.h"
#include "server/host/ready.h"
#include "server/host/storage.h"
#include "server/host/tuning.h"
#include "server/host/verifiers.h"
#include "server/host/watchdog.h"
#include "server/net/net.h"

struct host_mail;

struct server {
    const struct host_options *options;
    struct host_datadir dir;
    struct store *store;
    struct host_inbox inbox;
    struct host_storage *storage;
    struct host_jobs for_storage;          /* not handed over yet */
    uint64_t for_storage_ms;               /* since when */
    uint32_t for_storage_count, verifying; /* entries there, and jobs that verifiers have */
    bool reading;                          /* something else than entries is there */
    struct host_verifiers *verifiers;
    struct host_matcher *matcher; /* NULL: no pool here */
    struct net *net;
    struct core *core;
    struct host_loopcalls loopcalls;
    bool threads;           /* inbox and loopcalls were made */
    struct host_mail *mail; /* NULL: this server sends none */
    struct host_admin *admin;
    struct host_door *metrics_door;
    struct host_metrics_source metrics_source;
    struct host_metrics metrics;
    struct host_watchdog watchdog;
    struct host_tuning tuning;
    uint8_t secret[64];
    char origin[COUNCIL_ORIGIN_MAX + 1];
    struct host_urls urls;
    bool stopping;
    uint64_t mono_ms, drain_until_ms, goodbye_until_ms;
};

/* What the core asks of the others, and what net tells: with the server as ctx. */
extern const struct core_ops host_core_ops;
extern const struct net_events host_net_events;

/* Hands over what this turn brought for the disk. */
void host_server_rest(void *server);
/* Nobody knows what is on disk: ends the process at once. */
__attribute__((noreturn)) void host_server_die(const char *doing, const char *detail);
/* mail_serve.c: reads the options (HOST_EXIT_USAGE, START after a message), begins to send, is told of work, ends before the storage thread does. */
int host_mail_open(struct server *server);
int host_mail_begin(struct server *server);
void host_mail_poke(struct host_mail *mail); /* NULL is fine, here and below */
void host_mail_end(struct host_mail *mail);
/* Wakes the loop; `net` is the server's net. */
void host_server_wake(void *net);

#endif
