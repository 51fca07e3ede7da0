/*
 * peers.h - other servers that pass one message on to eight: what their clients say and hear, as far as the load generator needs it.
 *
 * Owns the least of each protocol: hello, subscribe, publish, acknowledge. Must not know figures or time. Whatever is not
 * expected ends the program: a peer is measured as it is meant to be used, or not at all.
 */
#ifndef COUNCIL_TESTS_BENCH_PEERS_H
#define COUNCIL_TESTS_BENCH_PEERS_H

#include "tests/bench/world.h"

/* What a stream tells; the wire's ctx while peer.read is its on_stream. */
struct peer_events {
    void *ctx;
    void (*ready)(void *ctx, struct wire_conn *conn); /* it follows its council */
    void (*delivered)(void *ctx, struct wire_conn *conn, const char *text, uint32_t len);
    void (*acknowledged)(void *ctx, struct wire_conn *conn); /* the oldest that was sent */
};

struct peer {
    const char *name;
    enum wire_transport transport;
    world_pack *pack;
    /* Before the first member: what the server must be told once. May be NULL. */
    void (*prepare)(struct wire *wire, struct wire_conn *conn);
    /* Says hello and follows the council of this seat; the answer is `ready`. NULL: the path says it all. */
    void (*enter)(struct world_seat *seat);
    wire_on_stream *read; /* NULL: WebSocket messages, and an author's own delivery acknowledges */
};

/* NULL where there is none of that name. */
const struct peer *peer_find(const char *name);

/* peer_nats.c, peer_mqtt.c */
extern const struct peer peer_nats, peer_mqtt;

#endif
