/*
 * conn.c - a connection's life: made at accept, in one list at a time, gone when the library lets go of it.
 *
 * Owns who is waited for and how long. Must not know bytes. Invariant: net->sessions names a connection exactly while the core has it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "server/net/internal.h"

static void list_append(struct net_conn *conn)
{
    struct net_list *list = &conn->net->lists[conn->stage];
    conn->prev = list->last;
    conn->next = NULL;
    if (list->last != NULL) {
        list->last->next = conn;
    } else {
        list->first = conn;
    }
    list->last = conn;
    list->count++;
}

static void list_remove(struct net_conn *conn)
{
    struct net_list *list = &conn->net->lists[conn->stage];
    if (conn->prev != NULL) {
        conn->prev->next = conn->next;
    } else {
        list->first = conn->next;
    }
    if (conn->next != NULL) {
        conn->next->prev = conn->prev;
    } else {
        list->last = conn->prev;
    }
    list->count--;
}

struct net_conn *net_conn_create(struct net *net, bool is_unix, const uint8_t address[16])
{
    struct net_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return NULL;
    }
    conn->net = net;
    conn->is_unix = is_unix;
    memcpy(conn->address, address, sizeof conn->address);
    conn->stage = NET_HANDSHAKE;
    conn->due_ms = net->now_ms + NET_HANDSHAKE_MS;
    list_append(conn);
    return conn;
}

void net_conn_destroy(struct net_conn *conn)
{
    if (conn == NULL) {
        return;
    }
    struct net *net = conn->net;
    if (conn->flushing) {
        struct net_conn **at = &net->flush;
        while (*at != conn) {
            at = &(*at)->flush_next;
        }
        *at = conn->flush_next;
    }
    net_calendar_drop(conn);
    net_queue_clear(conn);
    net_conn_unbind(conn);
    list_remove(conn);
    net->partial_bytes -= conn->message_size;
    free(conn->message);
    free(conn->close_reason);
    free(conn);
}

void net_conn_move(struct net_conn *conn, enum net_stage stage)
{
    list_remove(conn);
    conn->stage = stage;
    conn->due_ms = conn->net->now_ms + conn->net->stage_ms[stage];
    list_append(conn);
}

void net_conn_heard(struct net_conn *conn)
{
    if (conn->stage == NET_HEARD || conn->stage == NET_PINGED) {
        net_conn_move(conn, NET_HEARD);
    }
}

/* The library learns of it as if the peer had gone: from the loop, whatever it is just doing with this connection. */
void net_conn_kill(struct net_conn *conn)
{
    if (conn->due_ms == UINT64_MAX) {
        return;
    }
    conn->net->stats.killed++;
    conn->due_ms = UINT64_MAX;
    net_queue_clear(conn);
    if (conn->wsi != NULL) {
        if (conn->stopped) {
            conn->stopped = false;
            lws_rx_flow_control(conn->wsi, 1);
        }
        (void)shutdown(lws_get_socket_fd(conn->wsi), SHUT_RDWR);
    }
}

void net_conn_close(struct net_conn *conn, unsigned code, const char *reason)
{
    struct net *net = conn->net;
    if (conn->session != 0) {
        core_session session = conn->session;
        net_conn_unbind(conn);
        if (net->core != NULL) {
            core_disconnect(net->core, session);
        }
    }
    if (conn->stage == NET_CLOSING || conn->due_ms == UINT64_MAX) {
        return;
    }
    conn->close_code = (uint16_t)code;
    conn->close_reason = reason != NULL ? strndup(reason, CORE_CLOSE_REASON_MAX) : NULL;
    net_conn_move(conn, NET_CLOSING);
    net_queue_later(conn);
}

/* A handle is index and generation (core.h): the low half finds the place, the whole must agree. */
struct net_conn *net_conn_of_session(const struct net *net, core_session session)
{
    uint32_t index = (uint32_t)session;
    if (index >= net->sessions_size || net->sessions[index] == NULL ||
        net->sessions[index]->session != session) {
        return NULL;
    }
    return net->sessions[index];
}

bool net_conn_bind(struct net_conn *conn, core_session session)
{
    struct net *net = conn->net;
    uint32_t index = (uint32_t)session;
    if (index >= net->sessions_size) {
        uint32_t size = net->sessions_size == 0 ? 256 : net->sessions_size;
        while (size <= index) {
            size *= 2;
        }
        struct net_conn **table = realloc(net->sessions, size * sizeof(struct net_conn *));
        if (table == NULL) {
            return false;
        }
        memset(table + net->sessions_size, 0,
               (size - net->sessions_size) * sizeof(struct net_conn *));
        net->sessions = table;
        net->sessions_size = size;
    }
    net->sessions[index] = conn;
    conn->session = session;
    return true;
}

void net_conn_unbind(struct net_conn *conn)
{
    if (conn->session != 0 && net_conn_of_session(conn->net, conn->session) == conn) {
        conn->net->sessions[(uint32_t)conn->session] = NULL;
    }
    conn->session = 0;
}

/* A ping (RFC 6455 section 5.5.2) of one byte, since the library keeps an answer without any to itself; through the same queue as everything else. */
static void ping(struct net_conn *conn)
{
    struct core_frame *frame = calloc(1, sizeof *frame);
    if (frame == NULL) {
        return;
    }
    frame->refs = 1;
    frame->buffer = malloc(CORE_FRAME_HEADROOM);
    if (frame->buffer != NULL) {
        frame->header_len = 3; /* all of it: there is no text */
        frame->buffer[CORE_FRAME_HEADROOM - 3] = (char)0x89;
        frame->buffer[CORE_FRAME_HEADROOM - 2] = 1;
        frame->buffer[CORE_FRAME_HEADROOM - 1] = '.';
        net_queue_push(conn, frame);
    }
    core_frame_unref(frame);
}

static const char *const stage_events[NET_STAGES] = {
    [NET_HANDSHAKE] = "handshake_timeout",
    [NET_PINGED] = "pong_timeout",
    [NET_CLOSING] = "close_timeout",
};

void net_conns_tick(struct net *net)
{
    uint64_t now = net->now_ms;
    struct net_list *heard = &net->lists[NET_HEARD];
    while (heard->first != NULL && heard->first->due_ms <= now) {
        struct net_conn *conn = heard->first;
        net_conn_move(conn, NET_PINGED);
        ping(conn);
    }
    for (unsigned stage = 0; stage < NET_STAGES; stage++) {
        struct net_conn *conn = stage == NET_HEARD ? NULL : net->lists[stage].first;
        /* Killing takes effect later, so the list stays as it is meanwhile; those killed before have no due time any more and may
         * stand in front. */
        for (; conn != NULL && (conn->due_ms <= now || conn->due_ms == UINT64_MAX);
             conn = conn->next) {
            if (conn->due_ms != UINT64_MAX) {
                net_log(net, NET_LOG_DEBUG, stage_events[stage], NULL);
                net_conn_kill(conn);
            }
        }
    }
}
