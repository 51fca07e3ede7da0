/*
 * peer_mqtt.c - MQTT 3.1.1 over TCP at quality of service 1: every member follows the topic of its council, acknowledges what comes, and keeps its
 * session when it goes. (OASIS MQTT 3.1.1, sections 3.1 to 3.9.)
 *
 * Must not know more than CONNECT, SUBSCRIBE, PUBLISH and their answers. Invariant: only whole packets are taken.
 */
#include "tests/bench/peers.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x32, /* at quality of service 1 */
    PUBACK = 0x40,
    SUBSCRIBE = 0x82,
    SUBACK = 0x90,
    PACKET_IDS = 60000,
    ACK_BYTES = 4,
    ACKS_MAX = 1024
};

static uint32_t put_length(unsigned char *out, uint32_t len)
{
    uint32_t n = 0;
    do {
        out[n] = (unsigned char)(len % 128 | (len >= 128 ? 128 : 0));
        len /= 128;
        n++;
    } while (len > 0);
    return n;
}

static uint32_t put_string(unsigned char *out, const char *text)
{
    uint32_t len = (uint32_t)strlen(text);
    out[0] = (unsigned char)(len >> 8);
    out[1] = (unsigned char)len;
    memcpy(out + 2, text, len);
    return len + 2;
}

static uint32_t put_packet(unsigned char *out, unsigned type, const unsigned char *body,
                           uint32_t len)
{
    out[0] = (unsigned char)type;
    uint32_t n = 1 + put_length(out + 1, len);
    memcpy(out + n, body, len);
    return n + len;
}

static uint32_t pack(const struct world_council *council, uint32_t note, char *out,
                     const char *text, uint32_t len)
{
    unsigned char head[WORLD_PACK_MAX / 2];
    unsigned char *to = (unsigned char *)out;
    char topic[32];
    uint32_t id = note % PACKET_IDS + 1;
    (void)snprintf(topic, sizeof topic, "council/%u", council->number);
    uint32_t head_len = put_string(head, topic);
    head[head_len++] = (unsigned char)(id >> 8);
    head[head_len++] = (unsigned char)id;
    to[0] = PUBLISH;
    uint32_t n = 1 + put_length(to + 1, head_len + len);
    memcpy(to + n, head, head_len);
    memcpy(to + n + head_len, text, len);
    return n + head_len + len;
}

static void enter(struct world_seat *seat)
{
    static const unsigned char version[] = {0, 4, 'M', 'Q', 'T', 'T', 4, 0 /* keep the session */,
                                            0, 0 /* no keepalive */};
    unsigned char body[128], packet[256];
    char name[48];
    uint32_t number = world_council_of(&seat->conn)->number;
    memcpy(body, version, sizeof version);
    (void)snprintf(name, sizeof name, "bench-%u-%u", number, seat->conn.seat);
    uint32_t len = (uint32_t)sizeof version;
    len += put_string(body + len, name);
    uint32_t n = put_packet(packet, CONNECT, body, len);
    (void)snprintf(name, sizeof name, "council/%u", number);
    body[0] = 0;
    body[1] = 1;
    len = 2 + put_string(body + 2, name);
    body[len++] = 1; /* quality of service */
    n += put_packet(packet + n, SUBSCRIBE, body, len);
    wire_send(&seat->conn, (const char *)packet, n);
}

/* The packet at `at`: the length of its header and of what follows. False where it has not come whole. */
static bool whole(const unsigned char *at, uint32_t have, uint32_t *header, uint32_t *len)
{
    *len = 0;
    for (uint32_t i = 1; i < 5; i++) {
        if (i >= have) {
            return false;
        }
        *len |= (uint32_t)(at[i] & 127) << (7 * (i - 1));
        if ((at[i] & 128) == 0) {
            *header = i + 1;
            return have - *header >= *len;
        }
    }
    bench_die("mosquitto sent a packet that it must not");
}

static void published(const struct peer_events *events, struct wire_conn *conn,
                      const unsigned char *body, uint32_t len, unsigned char ack[ACK_BYTES])
{
    uint32_t topic = 2 + ((uint32_t)body[0] << 8 | body[1]);
    if (len < topic + 2) {
        bench_die("mosquitto sent a packet that it must not");
    }
    ack[0] = PUBACK;
    ack[1] = 2;
    ack[2] = body[topic];
    ack[3] = body[topic + 1];
    events->delivered(events->ctx, conn, (const char *)body + topic + 2, len - topic - 2);
}

static uint32_t take(void *ctx, struct wire_conn *conn, const char *bytes, uint32_t len)
{
    const struct peer_events *events = ctx;
    unsigned char acks[ACKS_MAX][ACK_BYTES];
    uint32_t at = 0, n = 0, header = 0, body = 0;
    while (n < ACKS_MAX && whole((const unsigned char *)bytes + at, len - at, &header, &body)) {
        const unsigned char *packet = (const unsigned char *)bytes + at;
        unsigned type = packet[0] & 0xf0u;
        if (type == (PUBLISH & 0xf0u) && (packet[0] & 6u) == 2) {
            published(events, conn, packet + header, body, acks[n++]);
        } else if (type == PUBACK) {
            events->acknowledged(events->ctx, conn);
        } else if (type == SUBACK && packet[header + 2] == 1) {
            events->ready(events->ctx, conn);
        } else if (type != CONNACK || packet[header + 1] != 0) {
            bench_die("mosquitto sent a packet of type %u", type >> 4);
        }
        at += header + body;
    }
    if (n > 0) {
        wire_send(conn, (const char *)acks, n * ACK_BYTES);
    }
    return at;
}

const struct peer peer_mqtt = {
    .name = "mqtt", .transport = WIRE_TCP, .pack = pack, .enter = enter, .read = take};
