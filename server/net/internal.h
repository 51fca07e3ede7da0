/*
 * internal.h - what the files of server/net share: the connection, the loop, and every constant of the transport.
 *
 * Owns the shapes. Knows of the core what core.h says. Invariant: a connection is in exactly one list, and lists are in order
 * of `due_ms`, because each gives all of its connections the same time.
 */
#ifndef COUNCIL_SERVER_NET_INTERNAL_H
#define COUNCIL_SERVER_NET_INTERNAL_H

#include <ev.h>
#include <libwebsockets.h>

#include "server/net/net.h"

/* The transport's ceilings and times, all of them. */
enum {
    NET_HANDSHAKE_MS =
        10000, /* from accept to the end of the WebSocket handshake, or of an HTTP request */
    NET_PONG_PART = 3,         /* of net_config.ping_ms, for a client to answer a ping */
    NET_CLOSE_MS = 5000,       /* for what is queued and the closing handshake */
    NET_TICK_MS = 200,         /* how often events.tick is called */
    NET_LISTENERS_MAX = 16,    /* listening sockets */
    NET_BACKLOG = 1024,        /* of a listening socket */
    NET_BUSY_US = 50,          /* a wait for events shorter than this was none: the loop is busy */
    NET_GATHER_US = 10000,     /* so long a busy loop lets frames wait for others to join */
    NET_ACCEPTS_PER_TURN = 64, /* connections accepted in one turn of the loop */
    NET_HANDSHAKES_MAX = 2048, /* connections that are no WebSocket yet; the oldest goes first */
    NET_FRAGMENTS_MAX = 64,    /* fragments of one message */
    NET_HEADER_BYTES = 4096,   /* of an HTTP request's headers */
    NET_READ_BYTES = 512,      /* read at once from a connection, kept for each of them */
    NET_WRITE_BYTES = 65536,   /* written at once to a connection, kept once */
    NET_MESSAGE_FIRST = 4096,  /* first room for a message in pieces */
    NET_CLOSE_REASON_BYTES = CORE_CLOSE_REASON_MAX + 1
};
#define NET_PARTIAL_BYTES_MAX (256u * 1024 * 1024) /* messages in pieces, of all connections */
#define NET_QUEUED_BYTES_MAX \
    (64u * 1024 * 1024) /* of one connection; the core's ceiling is far below */

/* What waits for a connection, in this order of its life. */
enum net_stage {
    NET_HANDSHAKE, /* HTTP */
    NET_HEARD,     /* a WebSocket that was heard of lately */
    NET_PINGED,    /* one that owes an answer */
    NET_CLOSING,   /* the core has let go of it */
    NET_STAGES
};

struct net_out {
    struct net_out *next;
    struct core_frame *frame;
};

/* What is posted to the link of a mail: unsubscribe.c. */
enum net_post_state {
    NET_POST_NONE,
    NET_POST_BODY,  /* it is coming in */
    NET_POST_ASKED, /* the core was asked, by `ticket` */
    NET_POST_DONE,  /* to be answered */
    NET_POST_LATE
};
struct net_post {
    enum net_post_state state;
    uint64_t ticket;
    size_t body_bytes;
    uint8_t token[32];
};

struct net_conn {
    struct net *net;
    struct net_post post;
    struct net_fetch *fetch; /* calendar.c: what it asked for over HTTP; owned, NULL: nothing */
    struct lws *wsi;
    core_session session; /* 0: not the core's (yet, or any more) */
    struct net_conn *prev, *next;
    uint64_t due_ms;
    enum net_stage stage;

    struct net_conn *flush_next; /* in net->flush if `flushing` */
    struct net_out *out_first, *out_last;
    uint64_t out_bytes;
    uint32_t out_offset; /* bytes of the first frame that are written */

    char *message; /* in pieces */
    uint32_t message_len, message_size;
    uint16_t fragments;

    uint16_t close_code;
    char *close_reason; /* owned, may be NULL */
    uint8_t address[16];
    bool is_unix, flushing, blocked /* waits for the socket to take more */,
        stopped /* is not read from */;
};

struct net_list {
    struct net_conn *first, *last;
    uint32_t count;
};

struct net_listener {
    ev_io io;
    struct net *net;
    int fd;
    bool is_unix;
    char *path; /* of a Unix socket, to be removed; owned */
};

struct net {
    uint64_t tickets; /* given to what was posted or asked for */
    struct net_events events;
    struct core *core;
    struct ev_loop *loop;
    struct lws_context *context;
    struct lws_vhost *web, *local; /* local: without TLS */
    ev_prepare prepare;
    ev_idle idle; /* while something is gathered */
    ev_check check;
    ev_async async;
    ev_timer tick;
    ev_signal sigterm, sigint, sighup;
    char *tls_cert, *tls_key; /* owned; NULL: plain TCP */
    struct net_listener listeners[NET_LISTENERS_MAX];
    uint32_t listener_count;
    bool tls, deaf /* messages are dropped */, paused,
        accept_full /* out of descriptors: accepting goes on at the next tick */;
    bool busy, gathering;
    uint64_t now_us, rest_us,
        gather_us;             /* this turn; the end of the last; since when is gathered */
    uint64_t now_ms;           /* monotonic, of this turn */
    struct net_conn *adopting; /* handed to the library, which may drop it before it says so */
    char origin[COUNCIL_ORIGIN_MAX + 1];
    uint8_t forwarded_from[16];
    bool has_forwarded;

    uint32_t stage_ms[NET_STAGES]; /* how long a connection may be in one */
    struct net_list lists[NET_STAGES];
    struct net_conn *flush;
    struct net_conn **sessions; /* by the handle's index */
    uint32_t sessions_size;
    struct net_out *spare; /* nodes to use again */
    uint32_t spare_count;
    uint64_t partial_bytes;
    struct net_stats stats;
    unsigned char scratch[LWS_PRE + NET_WRITE_BYTES];
};

/* conn.c: life and lists */
struct net_conn *net_conn_create(struct net *net, bool is_unix, const uint8_t address[16]);
void net_conn_destroy(struct net_conn *conn); /* NULL is fine */
void net_conn_move(struct net_conn *conn, enum net_stage stage);
void net_conn_heard(struct net_conn *conn);
/* Ends it without a word, soon. */
void net_conn_kill(struct net_conn *conn);
struct net_conn *net_conn_of_session(const struct net *net, core_session session);
bool net_conn_bind(struct net_conn *conn, core_session session);
void net_conn_unbind(struct net_conn *conn);
void net_conns_tick(struct net *net);
/* Lets the core go of it, writes what is queued, then closes with this code. */
void net_conn_close(struct net_conn *conn, unsigned code, const char *reason);

/* queue.c: what goes out */
void net_queue_flush_all(struct net *net);
void net_queue_flush(struct net_conn *conn);
void net_queue_clear(struct net_conn *conn);
void net_queue_push(struct net_conn *conn, struct core_frame *frame);
void net_queue_later(struct net_conn *conn); /* flush it in this turn */
void net_queue_fini(struct net *net);

/* http.c: requests and the decision on a handshake */
int net_http_request(struct net *net, struct lws *wsi, const char *path);
/* 0: may become a WebSocket; > 0: was answered; < 0: hang up. */
int net_http_upgrade(struct net *net, struct lws *wsi, const char *to);
bool net_http_forwarded(struct lws *wsi, uint8_t address[16]);

/* calendar.c: 0, or -1 to hang up */
bool net_calendar_path(const char *path);
int net_calendar_request(struct net_conn *conn, struct lws *wsi, const char *path);
int net_calendar_writable(struct net_conn *conn, struct lws *wsi);
void net_calendar_drop(struct net_conn *conn);

/* unsubscribe.c: 0, or -1 to hang up */
bool net_unsubscribe_path(const char *path);
NET_MUST_USE bool net_unsubscribe_token(const char *path, uint8_t token[32]);
int net_unsubscribe_request(struct net_conn *conn, struct lws *wsi, const char *path);
int net_unsubscribe_body(struct net_conn *conn, size_t len);
int net_unsubscribe_complete(struct net_conn *conn, struct lws *wsi);
int net_unsubscribe_writable(struct net_conn *conn, struct lws *wsi);

/* ws.c: the library's callback */
extern const struct lws_protocols net_protocols[];

/* library.c: false, and why in `detail`; what was made of it goes with net_destroy */
NET_MUST_USE bool net_library_open(struct net *net, const struct net_config *config,
                                   char detail[NET_DETAIL_MAX]);

/* listen.c */
void net_listen_start(struct net *net);
void net_listen_tick(struct net *net);
void net_listen_fini(struct net *net);
/* An address as the core counts it (core.h, core_connect). */
bool net_address_parse(const char *text, uint8_t out[16]);

void net_log(const struct net *net, enum net_log_level level, const char *event,
             const char *detail);

#endif
