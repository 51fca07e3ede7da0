/*
 * queue.c - what goes out: frames queued by the core, written once per turn of the loop, joined.
 *
 * Owns the queues and the WebSocket headers of what is in them. Must not know what a frame says. Invariant: nothing is written
 * while the socket still owes the library a part of the last write; frames of a connection leave in the order in which they came.
 *
 * Headers are ours because a server's frames are unmasked and so the same for everybody (RFC 6455 section 5.2): built once in front of
 * the text, whoever receives it, and many frames then leave in one write.
 */
#include <stdlib.h>
#include <string.h>

#include "server/net/internal.h"

enum {
    SPARE_MAX = 4096
};

static void header_build(struct core_frame *frame)
{
    unsigned char *end = (unsigned char *)core_frame_text(frame);
    if (frame->len < 126) {
        frame->header_len = 2;
        end[-1] = (unsigned char)frame->len;
    } else if (frame->len < 65536) {
        frame->header_len = 4;
        end[-3] = 126;
        end[-2] = (unsigned char)(frame->len >> 8);
        end[-1] = (unsigned char)frame->len;
    } else {
        frame->header_len = 10;
        end[-9] = 127;
        for (int i = 0; i < 8; i++) {
            end[-1 - i] = (unsigned char)((uint64_t)frame->len >> (8 * i));
        }
    }
    *(unsigned char *)core_frame_start(frame) = 0x81; /* FIN, text */
}

void net_queue_later(struct net_conn *conn)
{
    if (!conn->flushing) {
        conn->flushing = true;
        conn->flush_next = conn->net->flush;
        conn->net->flush = conn;
    }
}

void net_queue_push(struct net_conn *conn, struct core_frame *frame)
{
    struct net *net = conn->net;
    if (conn->due_ms == UINT64_MAX) {
        return; /* killed */
    }
    struct net_out *out = net->spare;
    if (out != NULL) {
        net->spare = out->next;
        net->spare_count--;
    } else {
        out = malloc(sizeof *out);
    }
    if (out == NULL || conn->out_bytes > NET_QUEUED_BYTES_MAX) {
        free(out);
        net_conn_kill(conn); /* a gap would be worse than an end */
        return;
    }
    if (frame->header_len == 0) {
        header_build(frame);
    }
    out->frame = core_frame_ref(frame);
    out->next = NULL;
    if (conn->out_last != NULL) {
        conn->out_last->next = out;
    } else {
        conn->out_first = out;
    }
    conn->out_last = out;
    conn->out_bytes += frame->header_len + frame->len;
    net->stats.queued_bytes += frame->header_len + frame->len;
    net_queue_later(conn);
}

static void pop(struct net_conn *conn)
{
    struct net *net = conn->net;
    struct net_out *out = conn->out_first;
    conn->out_first = out->next;
    if (conn->out_first == NULL) {
        conn->out_last = NULL;
    }
    conn->out_offset = 0;
    core_frame_unref(out->frame);
    if (net->spare_count < SPARE_MAX) {
        out->next = net->spare;
        net->spare = out;
        net->spare_count++;
    } else {
        free(out);
    }
}

void net_queue_clear(struct net_conn *conn)
{
    while (conn->out_first != NULL) {
        pop(conn);
    }
    conn->net->stats.queued_bytes -= conn->out_bytes;
    conn->out_bytes = 0;
}

void net_queue_fini(struct net *net)
{
    while (net->spare != NULL) {
        struct net_out *out = net->spare;
        net->spare = out->next;
        free(out);
    }
}

/* As much as fits of what is queued, in one piece: where it begins and how long it is. */
static unsigned char *gather(struct net_conn *conn, uint32_t *len)
{
    const struct core_frame *first = conn->out_first->frame;
    uint32_t left = first->header_len + first->len - conn->out_offset;
    unsigned char *bytes = (unsigned char *)core_frame_start(first) + conn->out_offset;
    if (left >= NET_WRITE_BYTES || conn->out_first->next == NULL) {
        *len = left < NET_WRITE_BYTES ? left : NET_WRITE_BYTES;
        return bytes;
    }
    unsigned char *joined = conn->net->scratch + LWS_PRE;
    uint32_t have = left;
    memcpy(joined, bytes, left);
    for (const struct net_out *out = conn->out_first->next; out != NULL && have < NET_WRITE_BYTES;
         out = out->next) {
        uint32_t all = out->frame->header_len + out->frame->len;
        uint32_t part = all < NET_WRITE_BYTES - have ? all : NET_WRITE_BYTES - have;
        memcpy(joined + have, core_frame_start(out->frame), part);
        have += part;
    }
    *len = have;
    return joined;
}

static void consume(struct net_conn *conn, uint32_t len)
{
    conn->out_bytes -= len;
    conn->net->stats.queued_bytes -= len;
    conn->net->stats.bytes_out += len;
    conn->net->stats.writes++;
    while (len > 0) {
        const struct core_frame *frame = conn->out_first->frame;
        uint32_t left = frame->header_len + frame->len - conn->out_offset;
        if (left > len) {
            conn->out_offset += len;
            return;
        }
        len -= left;
        pop(conn);
    }
}

void net_queue_flush(struct net_conn *conn)
{
    struct net *net = conn->net;
    bool wrote = false;
    if (conn->wsi == NULL || conn->blocked || conn->due_ms == UINT64_MAX) {
        return;
    }
    while (conn->out_first != NULL && !conn->blocked) {
        /* A pong of the library's own may be stuck in the socket too. */
        if (lws_partial_buffered(conn->wsi) == 0) {
            uint32_t len = 0;
            unsigned char *bytes = gather(conn, &len);
            if (lws_write(conn->wsi, bytes, len, LWS_WRITE_RAW) < 0) {
                net_conn_kill(conn);
                return;
            }
            consume(conn, len);
            wrote = true;
        }
        conn->blocked = lws_partial_buffered(conn->wsi) != 0;
    }
    if (conn->blocked || (conn->stage == NET_CLOSING && conn->out_first == NULL)) {
        lws_callback_on_writable(conn->wsi);
    }
    if (wrote && conn->session != 0 && net->core != NULL) {
        core_writable(net->core, conn->session, conn->out_bytes);
    }
}

void net_queue_flush_all(struct net *net)
{
    /* What is queued meanwhile is written too. It ends: the core makes more of room only by asking the disk. */
    while (net->flush != NULL) {
        struct net_conn *conn = net->flush;
        net->flush = conn->flush_next;
        conn->flushing = false;
        net_queue_flush(conn);
    }
}
