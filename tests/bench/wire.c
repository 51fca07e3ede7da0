/*
 * wire.c - connections and frames of the load generator. See wire.h.
 *
 * Invariant: between two polls a connection keeps only the beginning of one frame; whole frames were
 * handed out straight from the buffer they were read into.
 */
#include "tests/bench/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/wire_tls.h"

enum {
    IN_BYTES = 2 * 1024 * 1024,
    READ_MAX = 256 * 1024,
    EVENTS = 512,
    PATIENCE_S = 10,
    RESPONSE_MAX = 4096,
    FRAME_MAX = 1024 * 1024, /* of a frame from the server: twice what the protocol allows */
    OP_CLOSE = 8,
    OP_PING = 9,
    OP_PONG = 10
};

void wire_init(struct wire *wire, const char *url)
{
    char host[sizeof wire->host];
    memset(wire, 0, sizeof *wire);
    const char *at = strstr(url, "://");
    (void)snprintf(wire->host, sizeof wire->host, "%s", at != NULL ? at + 3 : "");
    wire->host[strcspn(wire->host, "/")] = '\0';
    memcpy(host, wire->host, sizeof host);
    char *colon = strchr(host, ':');
    unsigned long port = colon != NULL ? strtoul(colon + 1, NULL, 10) : 0;
    if (colon != NULL) {
        *colon = '\0';
    }
    if (port < 1 || port > 65535 || inet_pton(AF_INET, host, &wire->address.sin_addr) != 1) {
        bench_die("%s: expected http://ADDRESS:PORT", url);
    }
    wire->address.sin_family = AF_INET;
    wire->address.sin_port = htons((uint16_t)port);
    wire->in = bench_alloc(IN_BYTES);
    wire->out = bench_alloc(IN_BYTES);
    if (strncmp(url, "https:", 6) == 0) {
        wire->tls = wire_tls_create();
    }
    wire->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (wire->epoll < 0) {
        bench_die("epoll: %s", strerror(errno));
    }
}

void wire_fini(struct wire *wire)
{
    free(wire->in);
    free(wire->out);
    wire_tls_destroy(wire->tls);
    (void)close(wire->epoll);
}

/* As recv and send. */
static ssize_t get(const struct wire_conn *conn, void *bytes, size_t len)
{
    return conn->tls != NULL ? wire_tls_read(conn->tls, bytes, len) : recv(conn->fd, bytes, len, 0);
}

static ssize_t put(const struct wire_conn *conn, const void *bytes, size_t len)
{
    return conn->tls != NULL ? wire_tls_write(conn->tls, bytes, len)
                             : send(conn->fd, bytes, len, MSG_NOSIGNAL);
}

/* Reads the answer to the upgrade; what stands behind it is the beginning of frames. */
static void read_upgrade(struct wire_conn *conn, const char *path)
{
    char text[RESPONSE_MAX];
    uint32_t have = 0;
    const char *end = NULL;
    while (end == NULL) {
        ssize_t n = have < sizeof text - 1 ? get(conn, text + have, sizeof text - 1 - have) : -1;
        if (n <= 0) {
            bench_die("no answer to the upgrade of %s", path);
        }
        have += (uint32_t)n;
        text[have] = '\0';
        end = strstr(text, "\r\n\r\n");
    }
    if (strncmp(text, "HTTP/1.1 101", 12) != 0) {
        bench_die("%s is no WebSocket: %.60s", path, text);
    }
    conn->partial_len = have - (uint32_t)(end + 4 - text);
    if (conn->partial_len > 0) {
        conn->partial_size = conn->partial_len;
        conn->partial = bench_alloc(conn->partial_size);
        memcpy(conn->partial, end + 4, conn->partial_len);
    }
}

static void upgrade(struct wire *wire, struct wire_conn *conn, const char *path)
{
    char request[512];
    /* The key is the example of RFC 6455: it proves nothing to anybody here. */
    int len = snprintf(request, sizeof request,
                       "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Protocol: council.v1\r\n\r\n",
                       path, wire->host);
    if (put(conn, request, (size_t)len) != len) {
        bench_die("upgrade: %s", strerror(errno));
    }
    read_upgrade(conn, path);
}

void wire_open(struct wire *wire, struct wire_conn *conn, const char *path)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    int on = 1;
    conn->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (conn->fd < 0 ||
        setsockopt(conn->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0 ||
        connect(conn->fd, (const struct sockaddr *)&wire->address, sizeof wire->address) != 0) {
        bench_die("connect to %s: %s", wire->host, strerror(errno));
    }
    if (wire->tls != NULL) {
        conn->tls = wire_tls_open(wire->tls, conn->fd);
    }
    if (wire->transport != WIRE_TCP) {
        upgrade(wire, conn, path);
    }
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = conn}};
    if (fcntl(conn->fd, F_SETFL, O_NONBLOCK) != 0 ||
        epoll_ctl(wire->epoll, EPOLL_CTL_ADD, conn->fd, &event) != 0) {
        bench_die("epoll: %s", strerror(errno));
    }
}

void wire_close(struct wire *wire, struct wire_conn *conn)
{
    if (conn->fd < 0) {
        return;
    }
    (void)epoll_ctl(wire->epoll, EPOLL_CTL_DEL, conn->fd, NULL);
    wire_tls_close(conn->tls);
    conn->tls = NULL;
    (void)close(conn->fd);
    conn->fd = -1;
    free(conn->partial);
    conn->partial = NULL;
    conn->partial_len = conn->partial_size = 0;
    free(conn->rest);
    conn->rest = NULL;
    conn->rest_len = conn->rest_size = 0;
}

static uint32_t put_header(unsigned char *out, unsigned op, uint32_t len, uint32_t mask)
{
    uint32_t n = 2;
    out[0] = (unsigned char)(0x80 | op);
    if (len < 126) {
        out[1] = (unsigned char)(0x80 | len);
    } else if (len < 65536) {
        out[1] = 0x80 | 126;
        out[2] = (unsigned char)(len >> 8);
        out[3] = (unsigned char)len;
        n = 4;
    } else {
        out[1] = 0x80 | 127;
        memset(out + 2, 0, 4);
        for (uint32_t i = 0; i < 4; i++) {
            out[6 + i] = (unsigned char)(len >> (24 - 8 * i));
        }
        n = 10;
    }
    memcpy(out + n, &mask, sizeof mask);
    return n + (uint32_t)sizeof mask;
}

uint32_t wire_frame(char *out, unsigned op, const char *text, uint32_t len, uint32_t mask)
{
    unsigned char key[sizeof mask];
    uint32_t n = put_header((unsigned char *)out, op, len, mask);
    memcpy(key, &mask, sizeof mask);
    for (uint32_t i = 0; i < len; i++) {
        out[n + i] = (char)(text[i] ^ key[i % sizeof key]);
    }
    return n + len;
}

void wire_send(struct wire_conn *conn, const char *bytes, uint32_t len)
{
    while (len > 0) {
        ssize_t n = put(conn, bytes, len);
        if (n < 0 && errno == EAGAIN) {
            struct pollfd wait = {.fd = conn->fd, .events = POLLOUT};
            if (poll(&wait, 1, PATIENCE_S * 1000) != 1) {
                bench_die("the server takes nothing any more");
            }
            continue;
        }
        if (n < 0) {
            bench_die("send: %s", strerror(errno));
        }
        bytes += n;
        len -= (uint32_t)n;
    }
}

void wire_ping(struct wire_conn *conn)
{
    unsigned char ping[WIRE_HEADER_MAX];
    wire_send(conn, (const char *)ping, put_header(ping, OP_PING, 0, 0));
}

void wire_send_text(struct wire_conn *conn, const char *text, uint32_t len)
{
    char *frame = bench_alloc((size_t)len + WIRE_HEADER_MAX);
    wire_send(conn, frame, wire_frame(frame, WIRE_TEXT, text, len, 0x5bd1e995u));
    free(frame);
}

/* The frame at `at`: its payload and length. False where it has not come whole. */
static bool whole_frame(const unsigned char *at, uint32_t have, uint32_t *header, uint32_t *len)
{
    if (have < 2) {
        return false;
    }
    uint64_t payload = at[1] & 0x7f;
    *header = payload < 126 ? 2 : payload == 126 ? 4 : 10;
    if (have < *header) {
        return false;
    }
    if (payload >= 126) {
        payload = 0;
        for (uint32_t i = 2; i < *header; i++) {
            payload = payload << 8 | at[i];
        }
    }
    if (payload > FRAME_MAX || (at[1] & 0x80) != 0) {
        bench_die("the server sent a frame that it must not");
    }
    *len = (uint32_t)payload;
    return have - *header >= *len;
}

static void handle(struct wire *wire, struct wire_conn *conn, unsigned op, const char *payload,
                   uint32_t len)
{
    if (op <= WIRE_BINARY && wire->transport == WIRE_WS_STREAM) {
        memcpy(wire->out + wire->out_len, payload, len);
        wire->out_len += len;
    } else if (op == WIRE_TEXT) {
        wire->on_message(wire->ctx, conn, payload, len);
    } else if (op == OP_PONG && wire->on_pong != NULL) {
        wire->on_pong(wire->ctx, conn);
    } else if (op == OP_PING && len == 0) {
        unsigned char pong[WIRE_HEADER_MAX];
        wire_send(conn, (const char *)pong, put_header(pong, OP_PONG, 0, 0));
    } else if (op == OP_CLOSE) {
        bench_die("the server closed a connection: %u %.*s",
                  len >= 2 ? (unsigned)(unsigned char)payload[0] << 8 | (unsigned char)payload[1]
                           : 0,
                  len > 2 ? (int)len - 2 : 0, payload + 2);
    }
}

/* Keeps what is left of the buffer for the next read. */
static void keep(char **kept, uint32_t *kept_len, uint32_t *size, const char *rest, uint32_t len)
{
    if (len > *size) {
        *kept = bench_realloc(*kept, len);
        *size = len;
    }
    if (len > 0) {
        memcpy(*kept, rest, len);
    }
    *kept_len = len;
}

static void keep_rest(struct wire_conn *conn, const char *rest, uint32_t len)
{
    keep(&conn->partial, &conn->partial_len, &conn->partial_size, rest, len);
}

/* Hands out what the frames of a stream held, after what was left of it before. */
static void stream(struct wire *wire, struct wire_conn *conn)
{
    uint32_t taken = wire->on_stream(wire->ctx, conn, wire->out, wire->out_len);
    keep(&conn->rest, &conn->rest_len, &conn->rest_size, wire->out + taken, wire->out_len - taken);
}

static bool receive(struct wire *wire, struct wire_conn *conn)
{
    uint32_t have = conn->partial_len;
    if (have > 0) {
        memcpy(wire->in, conn->partial, have);
    }
    ssize_t n = get(conn, wire->in + have, READ_MAX);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) {
        bench_die("the server broke a connection: %s", n < 0 ? strerror(errno) : "end of stream");
    }
    have += (uint32_t)n;
    wire->now_ns = bench_now_ns();
    uint32_t at = 0;
    uint32_t header = 0;
    uint32_t len = 0;
    if (wire->transport == WIRE_TCP) {
        at = wire->on_stream(wire->ctx, conn, wire->in, have);
        keep_rest(conn, wire->in + at, have - at);
        return true;
    }
    wire->out_len = conn->rest_len;
    if (conn->rest_len > 0) {
        memcpy(wire->out, conn->rest, conn->rest_len);
    }
    while (conn->fd >= 0 &&
           whole_frame((const unsigned char *)wire->in + at, have - at, &header, &len)) {
        unsigned op = (unsigned char)wire->in[at] & 0x0f;
        const char *payload = wire->in + at + header;
        at += header + len;
        handle(wire, conn, op, payload, len);
    }
    if (conn->fd >= 0) {
        keep_rest(conn, wire->in + at, have - at);
        if (wire->transport == WIRE_WS_STREAM) {
            stream(wire, conn);
        }
    }
    return conn->fd >= 0;
}

void wire_poll(struct wire *wire, uint64_t timeout_ns)
{
    struct epoll_event events[EVENTS];
    const struct timespec timeout = {.tv_sec = (time_t)(timeout_ns / 1000000000u),
                                     .tv_nsec = (long)(timeout_ns % 1000000000u)};
    int n = epoll_pwait2(wire->epoll, events, EVENTS, &timeout, NULL);
    if (n < 0 && errno != EINTR) {
        bench_die("epoll: %s", strerror(errno));
    }
    for (int i = 0; i < n; i++) {
        struct wire_conn *conn = events[i].data.ptr;
        /* What TLS has decoded already wakes nobody. */
        while (receive(wire, conn) && conn->tls != NULL) {
        }
    }
}
