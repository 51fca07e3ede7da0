/*
 * net.h - connections: HTTP and WebSocket over TCP, TLS and Unix sockets, and the loop that carries them.
 *
 * Owns the event loop, listening sockets, handshakes, reassembly, keepalive and what is queued for a connection. Must not know
 * what a message says or a disk: it hands messages to the core and carries out its effects. The only code of the server that knows
 * libwebsockets and libev. Rules: RFC 6455, RFC 9110; protocol/README.md section 9.
 *
 * All functions but net_wake belong to one thread, the loop's. Invariant: a connection is the core's from the end of its
 * WebSocket handshake until core_ops.close or core_disconnect, whichever is first.
 */
#ifndef COUNCIL_SERVER_NET_H
#define COUNCIL_SERVER_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/core/core.h"

#define NET_MUST_USE __attribute__((warn_unused_result))

enum {
    NET_URL_MAX = 300,   /* bytes of a url of a listening socket, with its NUL */
    NET_DETAIL_MAX = 256 /* bytes of what went wrong, with its NUL */
};

struct net;

enum net_log_level {
    NET_LOG_DEBUG,
    NET_LOG_INFO,
    NET_LOG_WARN
};

/* What net tells its owner. All of it on the loop's thread. */
struct net_events {
    void *ctx;
    void (*turn)(void *ctx);                /* a turn begins: tell the core the time */
    void (*rest)(void *ctx);                /* it ends: hand over what other threads are to do */
    void (*turned)(void *ctx, uint64_t us); /* it took this long, waiting excluded */
    void (*tick)(void *ctx);                /* a few times a second */
    void (*woken)(void *ctx);               /* net_wake was called since */
    void (*stop)(void *ctx, int signal);    /* SIGTERM or SIGINT came */
    void (*reload)(void *ctx);              /* SIGHUP came */
    bool (*ready)(void *ctx);               /* for /readyz */
    /* One line for the operator. `detail` may be NULL; it never holds what a client wrote. */
    void (*log)(void *ctx, enum net_log_level level, const char *event, const char *detail);
};

struct net_config {
    const char *tls_cert, *tls_key; /* PEM files; both NULL: plain TCP. Copied. */
    const char *
        forwarded_from; /* NULL, or the address of a proxy whose X-Forwarded-For is believed; copied */
    uint32_t ping_ms; /* silence after which a client is pinged; a third of it to answer */
    struct net_events events;
};

/* NULL, and why in `detail`: the loop, the library or the certificate. */
NET_MUST_USE struct net *net_create(const struct net_config *config, char detail[NET_DETAIL_MAX]);

/* Reads the certificate and key again, from the files of net_config; connections stay as they are. True where there is no TLS. False: they
 * cannot be used, and why in `detail`; those in use stay. */
NET_MUST_USE bool net_tls_reload(struct net *net, char detail[NET_DETAIL_MAX]);

/* Closes every connection without a word and frees. NULL is fine. The core must not be used by net any more: see net_detach. */
void net_destroy(struct net *net);

/* True for what has the form of an address for net_listen_tcp, whether or not there is such a host or a free port. */
NET_MUST_USE bool net_address_good(const char *address);
/*
 * Opens a listening socket on "HOST:PORT", "[V6]:PORT" or ":PORT" (port 0: any) or on a Unix socket (mode 0660; one that nobody
 * listens on any more is replaced). Nobody is accepted before net_start. `url` (may be NULL) gets the address with the port in fact:
 * "http://127.0.0.1:8080", "https://...", "unix:/path". False, and why in `detail`.
 */
NET_MUST_USE bool net_listen_tcp(struct net *net, const char *address, char url[NET_URL_MAX],
                                 char detail[NET_DETAIL_MAX]);
NET_MUST_USE bool net_listen_unix(struct net *net, const char *path, char url[NET_URL_MAX],
                                  char detail[NET_DETAIL_MAX]);

/* Begins to accept. `origin` is the one that a browser's Origin header must name; copied. `core` is borrowed until net_detach. */
NET_MUST_USE bool net_start(struct net *net, struct core *core, const char *origin);

/* Accepts nobody any more and drops messages that still come, so that what is under way is answered and nothing is begun; connections
 * stay. Whoever gets no answer sends again elsewhere. */
void net_wind_down(struct net *net);

/* Runs the loop until net_break. */
void net_run(struct net *net);
void net_break(struct net *net);

/* Connections that still have something to be written or closed. */
bool net_drained(const struct net *net);

/* Forgets the core; messages that still come are dropped. */
void net_detach(struct net *net);

/* Any thread: has events.woken called on the loop's thread. Calls may fall together. */
void net_wake(struct net *net);

/* ---- core_ops, with the net as ctx ---- */

void net_send(void *net, core_session session, struct core_frame *frame);
void net_close(void *net, core_session session, unsigned code, const char *reason);
void net_pause(void *net, bool pause);

/* What came of core_fetch_calendar, by its ticket. */
void net_calendar(void *net, uint64_t ticket, const struct core_calendar_answer *answer);

/* What came of core_unlink, by its ticket. */
void net_unlinked(void *net, uint64_t ticket, bool done);

struct net_stats {
    uint64_t connections, handshakes; /* all, and those that are no WebSocket yet */
    uint64_t accepted, refused, bytes_out, writes, queued_bytes, killed;
};
void net_stats(const struct net *net, struct net_stats *out);

#endif
