/*
 * wire.h - a WebSocket client that costs next to nothing: plain TCP, text frames, one epoll.
 *
 * Owns connections and RFC 6455 framing as far as a load generator needs it (section 5.2; no
 * fragments, no extensions, answers pings). Must not know what a message says. It exists because a
 * client library would cost more than the server that is measured; nobody else should use it.
 */
#ifndef COUNCIL_TESTS_BENCH_WIRE_H
#define COUNCIL_TESTS_BENCH_WIRE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    WIRE_HEADER_MAX = 14, /* a client's longest frame header */
    WIRE_TEXT = 1,        /* opcodes of RFC 6455 section 5.2 */
    WIRE_BINARY = 2
};

/* What a connection carries. */
enum wire_transport {
    WIRE_MESSAGES,  /* WebSocket, each frame a text message */
    WIRE_WS_STREAM, /* WebSocket, whose frames together are one stream of bytes */
    WIRE_TCP        /* a stream of bytes without more */
};

struct wire_conn {
    int fd; /* -1: closed */
    void *owner;
    uint32_t seat; /* the owner's number for it */
    char *partial; /* owned: the beginning of a frame that has not come whole */
    uint32_t partial_len, partial_size;
    char *rest; /* owned, WIRE_WS_STREAM: the stream's bytes that nobody took yet */
    uint32_t rest_len, rest_size;
    void *tls; /* owned: of https */
};

/* One text message, borrowed for the call. */
typedef void wire_on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len);

/* What has come of a stream, borrowed for the call; returns how many bytes were whole and taken. */
typedef uint32_t wire_on_stream(void *ctx, struct wire_conn *conn, const char *bytes, uint32_t len);

/* A WebSocket pong, or whatever else is asked for there. */
typedef void wire_on_pong(void *ctx, struct wire_conn *conn);

struct wire {
    int epoll;
    struct sockaddr_in address;
    char host[64]; /* as the server's URL says it */
    char *in;      /* owned: what one read brings */
    char *out;     /* owned, WIRE_WS_STREAM: what stands in its frames */
    uint32_t out_len;
    enum wire_transport transport;
    void *tls; /* owned: of https */
    wire_on_message *on_message;
    wire_on_stream *on_stream;
    wire_on_pong *on_pong; /* may be NULL */
    void *ctx;
    uint64_t now_ns; /* when the messages that are being handed out were read */
};

/* `url`: "http://A.B.C.D:PORT" or "ws://...", "https://" for TLS that believes every certificate. Dies where that is not it. */
void wire_init(struct wire *wire, const char *url);
void wire_fini(struct wire *wire);

/* Connects and, unless it is WIRE_TCP, upgrades; waits for both, at most ten seconds. Dies on failure. */
void wire_open(struct wire *wire, struct wire_conn *conn, const char *path);
void wire_close(struct wire *wire, struct wire_conn *conn);

/* Writes the header and the masked payload of one text frame to `out`, which has WIRE_HEADER_MAX +
 * len bytes; returns how many were written. */
uint32_t wire_frame(char *out, unsigned op, const char *text, uint32_t len, uint32_t mask);

/* Sends bytes that are whole frames. Dies where the server takes none for ten seconds. */
void wire_send(struct wire_conn *conn, const char *bytes, uint32_t len);
/* A WebSocket ping; wire->on_pong hears of the answer. */
void wire_ping(struct wire_conn *conn);
/* Frames and sends one text. */
void wire_send_text(struct wire_conn *conn, const char *text, uint32_t len);

/* Waits at most `timeout_ns` for messages and hands out what came. A connection that the server
 * closes ends the program: in a benchmark that is always a mistake. */
void wire_poll(struct wire *wire, uint64_t timeout_ns);

#endif
