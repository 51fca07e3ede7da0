/*
 * net.c - the WebSocket of a client on libwebsockets' own poll loop.
 *
 * Must not know what a frame says. Invariant: after net_connect exactly one NET_CLOSED ends what happened to that connection, and what a connection
 * that was given up still says is not heard.
 */
#include "client/lib/net.h"

#include <libwebsockets.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    READ_BYTES = 65536 /* at once from the socket */
};

/* Something that came, or a message that is to go. */
struct node {
    struct node *next;
    enum net_event_kind kind;
    uint32_t len, size;
    unsigned char bytes[]; /* to go: LWS_PRE bytes first */
};

struct queue {
    struct node *first, *last;
    size_t bytes;
};

struct net {
    struct lws_context *context;
    _Atomic(struct lws_context *) wakes; /* the same, for other threads */
    struct lws *wsi;                     /* NULL: no connection, nor one being made */
    struct queue in, out;
    struct node *partial; /* a message of which more is to come */
    struct node *given;   /* what net_next lent */
    lws_sorted_usec_list_t timer;
    lws_retry_bo_t idle;
    bool established;
    bool broken; /* what came is what no server may send */
    char detail[NET_DETAIL_MAX];
};

static void push(struct queue *queue, struct node *node)
{
    node->next = NULL;
    if (queue->last == NULL)
        queue->first = node;
    else
        queue->last->next = node;
    queue->last = node;
    queue->bytes += node->len;
}

static struct node *pop(struct queue *queue)
{
    struct node *node = queue->first;

    if (node == NULL)
        return NULL;
    queue->first = node->next;
    if (queue->first == NULL)
        queue->last = NULL;
    queue->bytes -= node->len;
    return node;
}

static void drop_all(struct queue *queue)
{
    for (struct node *node = pop(queue); node != NULL; node = pop(queue))
        free(node);
}

static struct node *make_node(enum net_event_kind kind, uint32_t size)
{
    struct node *node = malloc(sizeof *node + size);

    if (node != NULL)
        *node = (struct node){.kind = kind, .size = size};
    return node;
}

static void tell(struct net *net, enum net_event_kind kind)
{
    struct node *node = make_node(kind, 0);

    if (node != NULL)
        push(&net->in, node);
}

static void say(struct net *net, const char *text, size_t len)
{
    (void)snprintf(net->detail, sizeof net->detail, "%.*s", (int)(len > 200 ? 200 : len), text);
}

/* What libwebsockets says of TLS helps nobody who does not know its source. */
static void say_failure(struct net *net, const char *text)
{
    static const char tls[] = "no TLS: the certificate is not trusted, or not this host's";

    if (strstr(text, "SSL") != NULL || strstr(text, "tls") != NULL)
        say(net, tls, sizeof tls - 1);
    else
        say(net, text, strlen(text));
}

/* The connection is over, whoever ended it. */
static void ended(struct net *net)
{
    net->wsi = NULL;
    net->established = false;
    free(net->partial);
    net->partial = NULL;
    drop_all(&net->out);
    tell(net, NET_CLOSED);
}

/* One piece of a message. False: the connection must end. */
static bool received(struct net *net, struct lws *wsi, const void *bytes, size_t len)
{
    struct node *node = net->partial;
    size_t have = node == NULL ? 0 : node->len;
    size_t left = lws_remaining_packet_payload(wsi);
    bool last = lws_is_final_fragment(wsi) && left == 0;

    if (lws_frame_is_binary(wsi) || len + left > NET_FRAME_MAX - have) {
        say(net, "the server sent a message that is too large or not text", 55);
        net->broken = true;
        return false;
    }
    size_t need = have + len + left;

    if (node == NULL || need > node->size) {
        node = realloc(net->partial, sizeof *node + need);
        if (node == NULL)
            return false;
        if (net->partial == NULL)
            *node = (struct node){.kind = NET_FRAME};
        node->size = (uint32_t)need;
        net->partial = node;
    }
    memcpy(node->bytes + node->len, bytes, len);
    node->len += (uint32_t)len;
    if (last) {
        push(&net->in, node);
        net->partial = NULL;
    }
    return true;
}

static bool write_one(struct net *net, struct lws *wsi)
{
    struct node *node = pop(&net->out);

    if (node == NULL)
        return true;
    int sent = lws_write(wsi, node->bytes + LWS_PRE, node->len, LWS_WRITE_TEXT);

    free(node);
    if (net->out.first != NULL)
        (void)lws_callback_on_writable(wsi);
    return sent >= 0;
}

static int on_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
                    size_t len)
{
    struct net *net = lws_context_user(lws_get_context(wsi));

    (void)user;
    if (net == NULL || wsi != net->wsi)
        return 0;
    switch (reason) {
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        net->established = true;
        tell(net, NET_CONNECTED);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return received(net, wsi, in, len) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return write_one(net, wsi) ? 0 : -1;
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        if (in != NULL)
            say_failure(net, in);
        ended(net);
        return 0;
    case LWS_CALLBACK_CLIENT_CLOSED:
        ended(net);
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "council.v1",
     .callback = on_event,
     .rx_buffer_size = READ_BYTES,
     .tx_packet_size = READ_BYTES},
    {0},
};

enum council_error net_create(struct net **out, bool tls, const char *ca_file)
{
    struct lws_context_creation_info info = {0};
    struct net *net = calloc(1, sizeof *net);

    *out = NULL;
    if (net == NULL)
        return COUNCIL_E_NO_MEMORY;
    net->idle.secs_since_valid_ping = NET_PING_S;
    net->idle.secs_since_valid_hangup = NET_HANGUP_S;
    lws_set_log_level(0, NULL);
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = protocols;
    info.options = tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT : 0;
    info.client_ssl_ca_filepath = ca_file;
    info.fd_limit_per_thread =
        16; /* one connection, not one table entry for every file there may be */
    info.pt_serv_buf_size = READ_BYTES;
    info.connect_timeout_secs = NET_CONNECT_S;
    info.timeout_secs = NET_CONNECT_S;
    info.user = net;
    net->context = lws_create_context(&info);
    if (net->context == NULL) {
        free(net);
        return COUNCIL_E_NO_MEMORY;
    }
    atomic_store(&net->wakes, net->context);
    *out = net;
    return COUNCIL_OK;
}

/* Ends the present connection; its callbacks run before this returns. */
static void kill_connection(struct net *net)
{
    if (net->wsi != NULL)
        lws_set_timeout(net->wsi, PENDING_TIMEOUT_KILLED_BY_PARENT, LWS_TO_KILL_SYNC);
}

void net_destroy(struct net *net)
{
    if (net == NULL)
        return;
    atomic_store(&net->wakes, NULL);
    lws_sul_cancel(&net->timer);
    net->wsi = NULL; /* nothing that is said from here on is heard */
    lws_context_destroy(net->context);
    drop_all(&net->in);
    drop_all(&net->out);
    free(net->partial);
    free(net->given);
    free(net);
}

void net_connect(struct net *net, const struct net_address *address)
{
    char where[300];
    const char *host = strstr(address->origin, "://");
    struct lws_client_connect_info info = {0};

    kill_connection(net);
    drop_all(&net->in);
    net->detail[0] = '\0';
    net->broken = false;
    (void)snprintf(where, sizeof where, "%s%s", address->local ? "+" : "", address->host);
    info.context = net->context;
    info.address = where;
    info.port = address->port;
    info.path = "/ws";
    info.host = host == NULL ? "localhost" : host + 3;
    info.protocol = protocols[0].name;
    info.local_protocol_name = protocols[0].name;
    info.ssl_connection = address->tls ? LCCSCF_USE_SSL : 0;
    info.alpn = "http/1.1";
    info.retry_and_idle_policy = &net->idle;
    info.pwsi = &net->wsi;
    if (lws_client_connect_via_info(&info) == NULL && net->wsi != NULL)
        net->wsi = NULL;
    /* A failure at once has been told by the callback, or not at all. */
    if (net->wsi == NULL && net->in.first == NULL)
        tell(net, NET_CLOSED);
}

void net_close(struct net *net)
{
    if (net->wsi == NULL) {
        tell(net, NET_CLOSED);
        return;
    }
    kill_connection(net);
    if (net->wsi != NULL)
        ended(net);
}

void net_send(struct net *net, const char *text, uint32_t len)
{
    if (net->wsi == NULL || !net->established)
        return;
    struct node *node = len > NET_FRAME_MAX || net->out.bytes + len > NET_OUT_MAX
                            ? NULL
                            : make_node(NET_FRAME, LWS_PRE + len);

    if (node == NULL) {
        say(net, "too much waits to be sent", 25);
        net_close(net);
        return;
    }
    node->len = len;
    memcpy(node->bytes + LWS_PRE, text, len);
    push(&net->out, node);
    (void)lws_callback_on_writable(net->wsi);
}

static void on_timer(struct lws_sorted_usec_list *timer)
{
    (void)timer; /* lws_service returns after it: that was all */
}

void net_service(struct net *net, uint64_t timeout_ms)
{
    if (net->in.first != NULL || timeout_ms == 0) {
        (void)lws_service(net->context, -1);
        return;
    }
    if (timeout_ms > INT32_MAX)
        timeout_ms = INT32_MAX;
    lws_sul_schedule(net->context, 0, &net->timer, on_timer, (lws_usec_t)timeout_ms * 1000);
    (void)lws_service(net->context, 0);
    lws_sul_cancel(&net->timer);
}

void net_next(struct net *net, struct net_event *event)
{
    free(net->given);
    net->given = pop(&net->in);
    *event = (struct net_event){.kind = NET_NOTHING};
    if (net->given != NULL)
        *event = (struct net_event){.kind = net->given->kind,
                                    .text = (const char *)net->given->bytes,
                                    .len = net->given->len,
                                    .broken = net->given->kind == NET_CLOSED && net->broken};
}

const char *net_detail(const struct net *net)
{
    return net->detail;
}

void net_wake(struct net *net)
{
    struct lws_context *context = atomic_load(&net->wakes);

    if (context != NULL)
        lws_cancel_service(context);
}
