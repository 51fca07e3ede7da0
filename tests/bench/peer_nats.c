/*
 * peer_nats.c - NATS over WebSocket: a stream on disk keeps what is published to a council's subject and acknowledges it; the eight
 * subscribe to the subject. (docs.nats.io, client protocol and JetStream's API.)
 *
 * Must not know more than CONNECT, SUB, PUB, MSG, PING and PONG. Invariant: only whole messages are taken.
 */
#include "tests/bench/peers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    SEND_MAX = 1024
};

static uint32_t pack(const struct world_council *council, uint32_t note, char *out,
                     const char *text, uint32_t len)
{
    char *plain = bench_alloc((size_t)len + WORLD_PACK_MAX);
    (void)note;
    int head =
        sprintf(plain, "PUB council.%u ack.%u %u\r\n", council->number, council->number, len);
    memcpy(plain + head, text, len);
    memcpy(plain + head + len, "\r\n", 2);
    uint32_t all = wire_frame(out, WIRE_BINARY, plain, (uint32_t)head + len + 2, 0x9e3779b9u);
    free(plain);
    return all;
}

static void say(struct wire_conn *conn, const char *text)
{
    char frame[SEND_MAX + WIRE_HEADER_MAX];
    wire_send(conn, frame,
              wire_frame(frame, WIRE_BINARY, text, (uint32_t)strlen(text), 0x5bd1e995u));
}

static const char hello[] = "CONNECT {\"verbose\":false,\"pedantic\":false,\"lang\":\"c\","
                            "\"version\":\"1\",\"protocol\":1,\"echo\":true}\r\n";

/* The stream; its answer comes to `ack.stream`. */
static void prepare(struct wire *wire, struct wire_conn *conn)
{
    static const char stream[] =
        "{\"name\":\"COUNCILS\",\"subjects\":[\"council.*\"],\"storage\":\"file\","
        "\"retention\":\"limits\",\"max_consumers\":-1,\"max_msgs\":-1,\"max_bytes\":-1,"
        "\"discard\":\"old\",\"num_replicas\":1}";
    char text[SEND_MAX];
    (void)wire;
    (void)snprintf(text, sizeof text,
                   "%sSUB ack.stream 9\r\nPUB $JS.API.STREAM.CREATE.COUNCILS ack.stream %zu\r\n"
                   "%s\r\n",
                   hello, sizeof stream - 1, stream);
    say(conn, text);
}

static void enter(struct world_seat *seat)
{
    char text[SEND_MAX], acks[64] = "";
    uint32_t number = world_council_of(&seat->conn)->number;
    if (seat->conn.seat == 0) {
        (void)snprintf(acks, sizeof acks, "SUB ack.%u 2\r\n", number);
    }
    (void)snprintf(text, sizeof text, "%sSUB council.%u 1\r\n%sPING\r\n", hello, number, acks);
    say(&seat->conn, text);
}

/* MSG subject sid [reply] length */
static uint32_t message(const struct peer_events *events, struct wire_conn *conn, const char *line,
                        const char *end, const char *payload, uint32_t have)
{
    const char *last = end;
    while (last[-1] != ' ') {
        last--;
    }
    uint32_t len = (uint32_t)strtoul(last, NULL, 10);
    const char *subject = line + strlen("MSG ");
    if (have < len + 2) {
        return 0;
    }
    if (strncmp(subject, "council.", 8) == 0) {
        events->delivered(events->ctx, conn, payload, len);
    } else if (memmem(payload, len, "\"error\"", 7) != NULL) {
        bench_die("nats refused: %.*s", (int)len, payload);
    } else if (strncmp(subject, "ack.stream ", 11) == 0) {
        events->ready(events->ctx, conn);
    } else {
        events->acknowledged(events->ctx, conn);
    }
    return len + 2;
}

static uint32_t take(void *ctx, struct wire_conn *conn, const char *bytes, uint32_t len)
{
    const struct peer_events *events = ctx;
    uint32_t at = 0;
    const char *end = NULL;
    while (at < len && (end = memmem(bytes + at, len - at, "\r\n", 2)) != NULL) {
        const char *line = bytes + at;
        uint32_t next = (uint32_t)(end + 2 - bytes);
        if (strncmp(line, "MSG ", 4) == 0) {
            uint32_t payload = message(events, conn, line, end, bytes + next, len - next);
            if (payload == 0) {
                break;
            }
            next += payload;
        } else if (strncmp(line, "PING", 4) == 0) {
            say(conn, "PONG\r\n");
        } else if (strncmp(line, "PONG", 4) == 0) {
            events->ready(events->ctx, conn);
        } else if (strncmp(line, "INFO ", 5) != 0) {
            bench_die("nats said: %.*s", (int)(end - line), line);
        }
        at = next;
    }
    return at;
}

const struct peer peer_nats = {.name = "nats",
                               .transport = WIRE_WS_STREAM,
                               .pack = pack,
                               .prepare = prepare,
                               .enter = enter,
                               .read = take};
