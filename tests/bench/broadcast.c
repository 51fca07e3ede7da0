/*
 * broadcast.c - the ceiling of a server on libwebsockets: whoever sends a frame to /group/N, all of
 * /group/N get it, and nothing else is done.
 *
 * No parsing, no check, no disk. It writes as a good server on this library does: what is queued for
 * a connection leaves once a turn of the loop, joined into one write, with frame headers built once
 * for everybody (RFC 6455 section 5.1: a server does not mask). Stops on SIGTERM.
 */
#include <ev.h>
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    GROUPS_MAX = 4096,
    GROUP_SIZE_MAX = 16,
    QUEUE_MAX = 1024, /* frames that wait for one connection */
    FRAME_MAX = 60000,
    WRITE_BYTES = 65536,
    HEADER = 4
};

struct frame {
    uint32_t refs, len; /* len: with the header */
    unsigned char bytes[];
};

struct peer {
    struct lws *wsi;
    struct group *group;
    struct frame *queue[QUEUE_MAX];
    uint32_t queued;
    char part[FRAME_MAX]; /* a frame of which not all has come */
    uint32_t part_len;
    struct peer *flush_next;
    bool flushing;
};

static struct group {
    struct peer *peers[GROUP_SIZE_MAX];
    uint32_t count;
} groups[GROUPS_MAX];

static struct peer *flush_list;
static unsigned char scratch[LWS_PRE + WRITE_BYTES];

static void unref(struct frame *frame)
{
    if (--frame->refs == 0) {
        free(frame);
    }
}

static struct frame *make(const char *text, uint32_t len)
{
    struct frame *frame = bench_alloc(sizeof *frame + HEADER + len);
    if (len < 126) {
        bench_die("frames of fewer than 126 bytes are not passed on");
    }
    frame->refs = 1;
    frame->len = HEADER + len;
    frame->bytes[0] = 0x81;
    frame->bytes[1] = 126;
    frame->bytes[2] = (unsigned char)(len >> 8);
    frame->bytes[3] = (unsigned char)len;
    memcpy(frame->bytes + HEADER, text, len);
    return frame;
}

static void pass_on(struct peer *from, const char *text, uint32_t len)
{
    struct group *group = from->group;
    struct frame *frame = make(text, len);
    for (uint32_t i = 0; i < group->count; i++) {
        struct peer *to = group->peers[i];
        if (to->queued == QUEUE_MAX) {
            bench_die("somebody does not read");
        }
        to->queue[to->queued++] = frame;
        frame->refs++;
        if (!to->flushing) {
            to->flushing = true;
            to->flush_next = flush_list;
            flush_list = to;
        }
    }
    unref(frame);
}

/* Everything that is queued, in as few writes as there is room for. */
static void flush(struct peer *peer)
{
    uint32_t done = 0;
    while (done < peer->queued && lws_partial_buffered(peer->wsi) == 0) {
        uint32_t len = 0;
        uint32_t first = done;
        while (done < peer->queued && (len == 0 || len + peer->queue[done]->len <= WRITE_BYTES)) {
            memcpy(scratch + LWS_PRE + len, peer->queue[done]->bytes, peer->queue[done]->len);
            len += peer->queue[done++]->len;
        }
        for (uint32_t i = first; i < done; i++) {
            unref(peer->queue[i]);
        }
        if (lws_write(peer->wsi, scratch + LWS_PRE, len, LWS_WRITE_RAW) < 0) {
            bench_die("a write failed");
        }
    }
    peer->queued -= done;
    memmove(peer->queue, peer->queue + done, peer->queued * sizeof(struct frame *));
    if (peer->queued > 0) {
        lws_callback_on_writable(peer->wsi);
    }
}

static void on_prepare(struct ev_loop *loop, ev_prepare *watcher, int events)
{
    (void)loop;
    (void)watcher;
    (void)events;
    while (flush_list != NULL) {
        struct peer *peer = flush_list;
        flush_list = peer->flush_next;
        peer->flushing = false;
        flush(peer);
    }
}

static int established(struct peer *peer, struct lws *wsi)
{
    char path[64];
    static const char start[] = "/group/";
    if (lws_hdr_copy(wsi, path, (int)sizeof path, WSI_TOKEN_GET_URI) < 0 ||
        strncmp(path, start, sizeof start - 1) != 0) {
        return -1;
    }
    unsigned long number = strtoul(path + sizeof start - 1, NULL, 10);
    if (number >= GROUPS_MAX || groups[number].count == GROUP_SIZE_MAX) {
        return -1;
    }
    peer->wsi = wsi;
    peer->group = &groups[number];
    peer->group->peers[peer->group->count++] = peer;
    return 0;
}

static void received(struct peer *peer, const char *bytes, size_t len)
{
    bool ends = lws_is_final_fragment(peer->wsi) && lws_remaining_packet_payload(peer->wsi) == 0;
    if (ends && peer->part_len == 0) {
        pass_on(peer, bytes, (uint32_t)len);
        return;
    }
    if (len > sizeof peer->part - peer->part_len) {
        bench_die("a frame is too large");
    }
    memcpy(peer->part + peer->part_len, bytes, len);
    peer->part_len += (uint32_t)len;
    if (ends) {
        pass_on(peer, peer->part, peer->part_len);
        peer->part_len = 0;
    }
}

static void closed(struct peer *peer)
{
    struct group *group = peer->group;
    for (uint32_t i = 0; group != NULL && i < group->count; i++) {
        if (group->peers[i] == peer) {
            group->peers[i] = group->peers[--group->count];
        }
    }
    for (struct peer **at = &flush_list; *at != NULL; at = &(*at)->flush_next) {
        if (*at == peer) {
            *at = peer->flush_next;
            break;
        }
    }
    for (uint32_t i = 0; i < peer->queued; i++) {
        unref(peer->queue[i]);
    }
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct peer *peer = user;
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return established(peer, wsi);
    case LWS_CALLBACK_RECEIVE:
        received(peer, in, len);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        flush(peer);
        return 0;
    case LWS_CALLBACK_CLOSED:
        closed(peer);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "council.v1",
     .callback = callback,
     .per_session_data_size = sizeof(struct peer),
     .rx_buffer_size = 4096,
     .tx_packet_size = WRITE_BYTES},
    {.name = NULL},
};

static void on_signal(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

int main(void)
{
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    void *loops[1] = {loop};
    ev_prepare prepare;
    ev_signal sigterm;
    struct lws_context_creation_info info = {
        .port = 0,
        .iface = "127.0.0.1",
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_DISABLE_IPV6,
        .foreign_loops = loops,
        .vhost_name = "bench",
    };
    bench_need_files(1100);
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *vhost = context != NULL ? lws_get_vhost_by_name(context, "bench") : NULL;
    if (vhost == NULL) {
        bench_die("libwebsockets does not start");
    }
    ev_prepare_init(&prepare, on_prepare);
    ev_prepare_start(loop, &prepare);
    ev_signal_init(&sigterm, on_signal, SIGTERM);
    ev_signal_start(loop, &sigterm);
    (void)printf("{\"ready\":true,\"urls\":[\"http://127.0.0.1:%d\"]}\n",
                 lws_get_vhost_listen_port(vhost));
    (void)fflush(stdout);
    ev_run(loop, 0);
    ev_prepare_stop(loop, &prepare);
    ev_signal_stop(loop, &sigterm);
    lws_context_destroy(context);
    ev_loop_destroy(loop);
    return 0;
}
