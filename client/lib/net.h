/*
 * net.h - one WebSocket to one server, as a queue of what came and a queue of what is to be sent.
 *
 * The only code of the client that knows libwebsockets. Must not know what a frame says. Nothing is called back: events are kept until
 * net_next asks, so that whoever handles them may do anything with the connection. Ceilings: NET_FRAME_MAX for a message after
 * reassembly, NET_OUT_MAX for what waits to be sent.
 */
#ifndef COUNCIL_CLIENT_LIB_NET_H
#define COUNCIL_CLIENT_LIB_NET_H

#include "protocol/rpc.h"

enum {
    NET_FRAME_MAX = COUNCIL_FRAME_MAX,
    NET_OUT_MAX = 32 * 1024 * 1024, /* what 64 outstanding calls of the largest size are */
    NET_DETAIL_MAX = 256,
    NET_CONNECT_S = 15,
    NET_PING_S =
        30, /* a connection that says nothing for so long is asked, and given up after twice that */
    NET_HANGUP_S = 60
};

struct net;

enum net_event_kind {
    NET_NOTHING,
    NET_CONNECTED,
    NET_FRAME,
    NET_CLOSED /* also: could not be opened */
};

struct net_event {
    enum net_event_kind kind;
    const char *text; /* NET_FRAME: borrowed until the next call */
    uint32_t len;
    bool broken; /* NET_CLOSED: since the other side sent what no server may */
};

/* Where to connect, as it stands in a home or link. */
struct net_address {
    bool tls, local; /* local: a Unix socket, `host` is its path */
    char host[256];
    int port;
    char origin[256]; /* what the server must call itself: the URL without a path, or "unix:" */
};

/* "https://host[:port]", "http://host[:port]" (IPv6 in brackets), or "unix:PATH"; a final slash is left out. BAD_INPUT. */
COUNCIL_MUST_USE enum council_error net_address(struct net_address *out, const char *url);

/*
 * Owned; NO_MEMORY. `tls` brings up what https needs (20 ms, most of it the list of authorities); `ca_file` (may be NULL) is trusted besides the system's authorities.
 * Destroy accepts NULL.
 */
COUNCIL_MUST_USE enum council_error net_create(struct net **out, bool tls, const char *ca_file);
void net_destroy(struct net *net);

/* Starts connecting; NET_CONNECTED or NET_CLOSED follows. An earlier connection is closed without a word. */
void net_connect(struct net *net, const struct net_address *address);
/* Closes; NET_CLOSED follows, and nothing else before it. */
void net_close(struct net *net);
/* Queues one text message (copied). Above the ceiling the connection is closed instead. */
void net_send(struct net *net, const char *text, uint32_t len);

/* Waits at most `timeout_ms` (0: not at all) for something to happen, and does it. */
void net_service(struct net *net, uint64_t timeout_ms);
/* The next event, or NET_NOTHING. */
void net_next(struct net *net, struct net_event *event);
/* Why the last connection ended, in words; "" while it is well. */
const char *net_detail(const struct net *net);

/* Makes net_service return; from any thread or signal handler. */
void net_wake(struct net *net);

#endif
