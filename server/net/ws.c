/*
 * ws.c - what the library calls: handshakes, messages in pieces, the room to write, the end.
 *
 * Owns how messages are put together and what a connection may not send. Must not know what a message says. Invariant: at
 * most one message of a connection is in pieces, within what the core allows it now (core_message_max).
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "server/net/internal.h"

/* Close codes that the transport uses itself (RFC 6455 section 7.4.1). */
enum {
    CLOSE_UNACCEPTABLE = 1003,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_LARGE = 1009
};

static int established(struct net_conn *conn)
{
    struct net *net = conn->net;
    uint8_t address[16];
    memcpy(address, conn->address, sizeof address);
    /* HTTP/2 carries frames of its own, which the joined writes would bypass; it is never offered. */
    if (net->core == NULL || lws_get_network_wsi(conn->wsi) != conn->wsi) {
        return -1;
    }
    bool counted = !conn->is_unix;
    if (net->has_forwarded && !conn->is_unix &&
        memcmp(address, net->forwarded_from, sizeof address) == 0) {
        counted = net_http_forwarded(conn->wsi, address);
    }
    core_session session = core_connect(net->core, counted ? address : NULL,
                                        conn->is_unix ? CORE_ORIGIN_UNIX : CORE_ORIGIN_WEB);
    if (session != 0 && !net_conn_bind(conn, session)) {
        core_disconnect(net->core, session);
        session = 0;
    }
    if (session == 0) {
        net->stats.refused++;
        net_conn_close(conn, CORE_CLOSE_TRY_LATER, "too many connections");
        return 0;
    }
    net_conn_move(conn, NET_HEARD);
    return 0;
}

static void refuse(struct net_conn *conn, unsigned code, const char *event)
{
    net_log(conn->net, NET_LOG_INFO, event, NULL);
    net_conn_close(conn, code, event);
}

static void message_drop(struct net_conn *conn)
{
    conn->net->partial_bytes -= conn->message_size;
    free(conn->message);
    conn->message = NULL;
    conn->message_len = conn->message_size = 0;
    conn->fragments = 0;
}

static bool message_add(struct net_conn *conn, const char *bytes, uint32_t len, uint32_t max)
{
    struct net *net = conn->net;
    uint32_t need = conn->message_len + len;
    if (need > conn->message_size) {
        uint32_t size = conn->message_size == 0 ? NET_MESSAGE_FIRST : conn->message_size;
        while (size < need) {
            size *= 2;
        }
        size = size < max ? size : max;
        if (net->partial_bytes - conn->message_size + size > NET_PARTIAL_BYTES_MAX) {
            return false;
        }
        char *grown = realloc(conn->message, size);
        if (grown == NULL) {
            return false;
        }
        net->partial_bytes += size - conn->message_size;
        conn->message = grown;
        conn->message_size = size;
    }
    if (len > 0) {
        memcpy(conn->message + conn->message_len, bytes, len);
        conn->message_len = need;
    }
    return true;
}

/* Reading stops with the connection that spoke, message by message, so nobody pays for those that are silent. */
static void hold_back(struct net_conn *conn)
{
    if (conn->net->paused && !conn->stopped) {
        conn->stopped = true;
        lws_rx_flow_control(conn->wsi, 0);
    }
}

static void deliver(struct net_conn *conn, const char *text, uint32_t len)
{
    core_message(conn->net->core, conn->session, text, len);
    message_drop(conn);
    hold_back(conn);
}

static void received(struct net_conn *conn, const char *bytes, size_t got)
{
    struct net *net = conn->net;
    net_conn_heard(conn);
    if (conn->session == 0 || net->core == NULL || net->deaf || conn->due_ms == UINT64_MAX) {
        return; /* closing: what still comes is not heard */
    }
    if (lws_frame_is_binary(conn->wsi)) {
        refuse(conn, CLOSE_UNACCEPTABLE, "binary_frame");
        return;
    }
    uint32_t max = core_message_max(net->core, conn->session);
    if (got > max || conn->message_len > max - got) {
        core_too_large(net->core, conn->session); /* answers, then lets go */
        net_conn_close(conn, CLOSE_TOO_LARGE, "frame_too_large");
        conn->close_code = CLOSE_TOO_LARGE;
        return;
    }
    uint32_t len = (uint32_t)got;
    bool ends = lws_is_final_fragment(conn->wsi) != 0;
    if (ends && conn->message_len == 0) {
        deliver(conn, len > 0 ? bytes : "", len);
        return;
    }
    if (lws_remaining_packet_payload(conn->wsi) == 0 && ++conn->fragments > NET_FRAGMENTS_MAX) {
        refuse(conn, CLOSE_POLICY, "too_many_fragments");
        return;
    }
    if (!message_add(conn, bytes, len, max)) {
        refuse(conn, CORE_CLOSE_TRY_LATER, "no_room_for_message");
        return;
    }
    if (ends) {
        deliver(conn, conn->message, conn->message_len);
    }
}

static int writable(struct net_conn *conn)
{
    conn->blocked = false;
    if (conn->stage == NET_CLOSING && conn->out_first == NULL) {
        const char *reason = conn->close_reason != NULL ? conn->close_reason : "";
        lws_close_reason(conn->wsi, (enum lws_close_status)conn->close_code,
                         (unsigned char *)(uintptr_t)reason, strlen(reason));
        return -1;
    }
    net_queue_flush(conn);
    return 0;
}

static void closed(struct net_conn *conn)
{
    core_session session = conn->session;
    net_conn_unbind(conn);
    if (session != 0 && conn->net->core != NULL) {
        core_disconnect(conn->net->core, session);
    }
    net_queue_clear(conn);
}

static void destroyed(struct net_conn *conn)
{
    if (conn->net->adopting == conn) {
        conn->net->adopting = NULL;
    }
    closed(conn);
    net_conn_destroy(conn);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct net_conn *conn = wsi != NULL ? lws_get_opaque_user_data(wsi) : NULL;
    if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
        /* `user` is the SSL_CTX of all connections: one that has nothing to say keeps no buffers. */
        (void)SSL_CTX_set_mode(user, SSL_MODE_RELEASE_BUFFERS);
        return 0;
    }
    if (conn == NULL) {
        return 0;
    }
    conn->wsi = wsi;
    switch (reason) {
    case LWS_CALLBACK_HTTP:
        return net_http_request(conn->net, wsi, in);
    case LWS_CALLBACK_HTTP_BODY:
        return net_unsubscribe_body(conn, len);
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return net_unsubscribe_complete(conn, wsi);
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return conn->fetch != NULL ? net_calendar_writable(conn, wsi)
                                   : net_unsubscribe_writable(conn, wsi);
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return net_http_upgrade(conn->net, wsi, in);
    case LWS_CALLBACK_ESTABLISHED:
        return established(conn);
    case LWS_CALLBACK_RECEIVE:
        received(conn, in, len);
        return 0;
    case LWS_CALLBACK_RECEIVE_PONG:
        net_conn_heard(conn);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return writable(conn);
    case LWS_CALLBACK_CLOSED:
        closed(conn);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        lws_set_opaque_user_data(wsi, NULL);
        destroyed(conn);
        return 0;
    default:
        return 0;
    }
}

/* The first is bound before a handshake names one, and serves HTTP. */
const struct lws_protocols net_protocols[] = {
    {.name = "http", .callback = callback, .tx_packet_size = NET_WRITE_BYTES},
    {.name = "council.v1",
     .callback = callback,
     .rx_buffer_size = NET_READ_BYTES,
     .tx_packet_size = NET_WRITE_BYTES},
    {.name = NULL},
};
