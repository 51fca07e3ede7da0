/*
 * fuzz_frames.c - what the library hands to the transport: frames in pieces, requests, headers. Input: a byte that says which; for frames a list of pieces, for a request a
 * list of headers.
 *
 * The library's own functions are played here (the linker takes these), and so is the core. A message must reach the core exactly as its pieces were, none may be above what the
 * core allows, and no byte of a message in pieces may be lost from the account.
 */
#include "server/net/internal.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {
    MESSAGE_MAX = 4096,
    PIECES_MAX = 400,
    TOKENS = 12,
    CALENDAR_BYTES = 40000 /* more than is written at once */
};

static struct {
    bool binary, final;
    uint32_t remaining;
    void *user;
    char *header[TOKENS]; /* owned, NULL: absent */
    char expected[2 * MESSAGE_MAX];
    uint32_t expected_len;
    uint32_t delivered, too_large, gone;
    struct net *net;
    uint64_t written;    /* bytes of a body */
    uint32_t asked, due; /* requests for a calendar; times that room to write was asked for */
    uint8_t found;       /* whether there is one */
} play;

/* ---- the library ---- */

static const enum lws_token_indexes tokens[TOKENS] = {WSI_TOKEN_GET_URI,
                                                      WSI_TOKEN_ORIGIN,
                                                      WSI_TOKEN_PROTOCOL,
                                                      WSI_TOKEN_VERSION,
                                                      WSI_TOKEN_HOST,
                                                      WSI_TOKEN_X_FORWARDED_FOR,
                                                      WSI_TOKEN_UPGRADE,
                                                      WSI_TOKEN_CONNECTION,
                                                      WSI_TOKEN_HEAD_URI,
                                                      WSI_TOKEN_POST_URI,
                                                      WSI_TOKEN_HTTP_IF_NONE_MATCH,
                                                      WSI_TOKEN_HTTP_IF_MODIFIED_SINCE};

static const char *header(enum lws_token_indexes token)
{
    for (uint32_t i = 0; i < TOKENS; i++) {
        if (tokens[i] == token) {
            return play.header[i];
        }
    }
    return NULL;
}

// NOLINTBEGIN(readability-non-const-parameter): the signatures are the library's
#define PLAYED(type, name, parameters) \
    type __wrap_##name parameters;     \
    type __wrap_##name parameters
PLAYED(void *, lws_get_opaque_user_data, (const struct lws *wsi))
{
    (void)wsi;
    return play.user;
}
PLAYED(void, lws_set_opaque_user_data, (struct lws * wsi, void *data))
{
    (void)wsi;
    play.user = data;
}
PLAYED(struct lws *, lws_get_network_wsi, (struct lws * wsi))
{
    return wsi;
}
PLAYED(int, lws_frame_is_binary, (struct lws * wsi))
{
    (void)wsi;
    return play.binary;
}
PLAYED(int, lws_is_final_fragment, (struct lws * wsi))
{
    (void)wsi;
    return play.final && play.remaining == 0;
}
PLAYED(size_t, lws_remaining_packet_payload, (struct lws * wsi))
{
    (void)wsi;
    return play.remaining;
}
PLAYED(int, lws_rx_flow_control, (struct lws * wsi, int enable))
{
    (void)wsi;
    (void)enable;
    return 0;
}
PLAYED(void, lws_close_reason,
       (struct lws * wsi, enum lws_close_status status, unsigned char *reason, size_t len))
{
    (void)wsi;
    (void)status;
    (void)reason;
    FUZZ_MUST(len <= CORE_CLOSE_REASON_MAX);
}
PLAYED(int, lws_hdr_total_length, (struct lws * wsi, enum lws_token_indexes token))
{
    (void)wsi;
    return header(token) ? (int)strlen(header(token)) : 0;
}
PLAYED(int, lws_hdr_copy, (struct lws * wsi, char *out, int len, enum lws_token_indexes token))
{
    (void)wsi;
    const char *value = header(token) ? header(token) : "";
    int needed = (int)strlen(value);
    if (needed >= len) {
        return -1;
    }
    memcpy(out, value, (size_t)needed + 1);
    return needed;
}
PLAYED(int, lws_add_http_common_headers,
       (struct lws * wsi, unsigned code, const char *type, lws_filepos_t len, unsigned char **at,
        unsigned char *end))
{
    (void)wsi;
    (void)type;
    FUZZ_MUST(code >= 200 && code < 600 && len <= CALENDAR_BYTES && *at < end);
    return 0;
}
PLAYED(int, lws_add_http_header_by_name,
       (struct lws * wsi, const unsigned char *name, const unsigned char *value, int len,
        unsigned char **at, unsigned char *end))
{
    (void)wsi;
    (void)name;
    FUZZ_MUST((int)strlen((const char *)value) == len && *at < end);
    return 0;
}
PLAYED(int, lws_finalize_write_http_header,
       (struct lws * wsi, unsigned char *start, unsigned char **at, unsigned char *end))
{
    (void)wsi;
    FUZZ_MUST(start <= *at && *at <= end);
    return 0;
}
PLAYED(int, lws_write,
       (struct lws * wsi, unsigned char *bytes, size_t len, enum lws_write_protocol how))
{
    (void)wsi;
    (void)bytes;
    (void)how;
    play.written += len;
    return (int)len;
}
PLAYED(int, lws_callback_on_writable, (struct lws * wsi))
{
    (void)wsi;
    play.due++;
    return 1;
}
PLAYED(int, lws_add_http_header_status,
       (struct lws * wsi, unsigned code, unsigned char **at, unsigned char *end))
{
    (void)wsi;
    FUZZ_MUST(code == 304 && *at < end);
    return 0;
}
PLAYED(int, lws_http_transaction_completed, (struct lws * wsi))
{
    (void)wsi;
    return 0;
}

/* ---- the core ---- */

PLAYED(core_session, core_connect,
       (struct core * core, const uint8_t *address, enum core_origin origin))
{
    (void)core;
    (void)address;
    (void)origin;
    return 1;
}
PLAYED(void, core_disconnect, (struct core * core, core_session session))
{
    (void)core;
    FUZZ_MUST(session == 1 && play.gone++ == 0);
}
PLAYED(uint32_t, core_message_max, (const struct core *core, core_session session))
{
    (void)core;
    (void)session;
    return MESSAGE_MAX;
}
PLAYED(void, core_too_large, (struct core * core, core_session session))
{
    (void)core;
    (void)session;
    FUZZ_MUST(play.too_large++ == 0);
}
PLAYED(void, core_message,
       (struct core * core, core_session session, const char *text, uint32_t len))
{
    (void)core;
    FUZZ_MUST(session == 1 && play.gone == 0 && len <= MESSAGE_MAX);
    FUZZ_MUST(len == play.expected_len && memcmp(text, play.expected, len) == 0);
    play.delivered++;
}
/* Answers at once, as a core may: with a calendar, or with the news that there is none. */
PLAYED(void, core_fetch_calendar,
       (struct core * core, uint64_t ticket, const uint8_t *address, const char *path))
{
    (void)core;
    (void)address;
    FUZZ_MUST(path != NULL && play.asked++ == 0);
    struct core_calendar *calendar = play.found ? calloc(1, sizeof *calendar) : NULL;
    if (calendar) {
        *calendar = (struct core_calendar){.refs = 1, .len = CALENDAR_BYTES, .etag = "\"tag\""};
        calendar->text = calloc(1, CALENDAR_BYTES);
        FUZZ_MUST(calendar->text != NULL);
    }
    const struct core_calendar_answer answer = {
        .status = calendar ? 200 : 404, .calendar = calendar, .retry_after_s = play.found};
    net_calendar(play.net, ticket, &answer);
    core_calendar_unref(calendar);
}
/* A core that has too much to do, or answers at once. */
PLAYED(bool, core_unlink,
       (struct core * core, const uint8_t *address, const uint8_t *token, uint64_t ticket))
{
    (void)core;
    (void)address;
    FUZZ_MUST(token != NULL);
    if (token[0] % 4 == 0) {
        return false;
    }
    net_unlinked(play.net, ticket, token[0] % 2 == 0);
    net_unlinked(play.net, ticket + 1, true); /* nobody waits for that one */
    return true;
}
// NOLINTEND(readability-non-const-parameter)

/* ---- the target ---- */

static bool is_ready(void *ctx)
{
    (void)ctx;
    return true;
}

static void hear(void *ctx, enum net_log_level level, const char *event, const char *detail)
{
    (void)ctx;
    (void)level;
    (void)detail;
    FUZZ_MUST(event != NULL);
}

void council_fuzz_init(void)
{
}

static void one_piece(struct net_conn *conn, struct fuzz_in *in)
{
    static bool begun; /* of a message: more pieces follow */
    uint8_t flags = fuzz_byte(in);
    uint32_t len;
    uint8_t *bytes = fuzz_piece(in, &len);
    play.binary = flags % 16 == 15;
    play.final = flags % 2 == 1;
    play.remaining = flags % 8 >= 6 ? 1 : 0;
    if (!begun) {
        play.expected_len = 0;
    }
    uint32_t room = (uint32_t)sizeof play.expected - play.expected_len;
    uint32_t kept = len < room ? len : room;
    memcpy(play.expected + play.expected_len, bytes, kept);
    play.expected_len += kept;
    (void)net_protocols[1].callback(conn->wsi, LWS_CALLBACK_RECEIVE, NULL, bytes, len);
    begun = !(play.final && play.remaining == 0);
    FUZZ_MUST(conn->message_len <= MESSAGE_MAX && conn->message_size <= MESSAGE_MAX);
    FUZZ_MUST(conn->net->partial_bytes == conn->message_size);
    if (conn->message == NULL && !begun) {
        play.expected_len = 0;
    }
    free(bytes);
    if (conn->stage == NET_CLOSING) {
        begun = false;
    }
}

static void frames(struct net *net, struct fuzz_in *in)
{
    static char wsi; /* an address and no more */
    static const uint8_t address[16];
    struct net_conn *conn = net_conn_create(net, false, address);
    FUZZ_MUST(conn != NULL);
    play.user = conn;
    conn->wsi = (struct lws *)(void *)&wsi;
    (void)net_protocols[1].callback(conn->wsi, LWS_CALLBACK_ESTABLISHED, NULL, NULL, 0);
    for (uint32_t i = 0; i < PIECES_MAX && in->left > 0 && conn->stage != NET_CLOSING; i++) {
        one_piece(conn, in);
    }
    (void)net_protocols[1].callback(conn->wsi, LWS_CALLBACK_CLOSED, NULL, NULL, 0);
    (void)net_protocols[1].callback(conn->wsi, LWS_CALLBACK_WSI_DESTROY, NULL, NULL, 0);
    FUZZ_MUST(net->partial_bytes == 0 && play.gone == 1);
}

/* Room to write, as often as it is asked for: a body comes whole or not at all. */
static void write_all(struct net_conn *conn)
{
    for (uint32_t i = 0; play.due > 0; i++) {
        FUZZ_MUST(i < 2 + CALENDAR_BYTES / 1024);
        play.due = 0;
        (void)net_protocols[0].callback(conn->wsi, LWS_CALLBACK_HTTP_WRITEABLE, NULL, NULL, 0);
    }
    FUZZ_MUST(play.asked == 0 || !play.found || play.written == CALENDAR_BYTES ||
              play.written == 0);
    FUZZ_MUST(conn->fetch == NULL);
}

static void request(struct net *net, struct fuzz_in *in)
{
    static const uint8_t from[16];
    static char wsi;
    uint8_t address[16];
    uint32_t len;
    for (uint32_t i = 0; i < TOKENS && in->left > 0; i++) {
        char *value = (char *)fuzz_piece(in, &len);
        play.header[i] = len > 0 ? strndup(value, len) : NULL;
        free(value);
    }
    struct lws *to = (struct lws *)(void *)&wsi;
    char *path = play.header[0] ? play.header[0] : strdup("");
    FUZZ_MUST(path != NULL);
    struct net_conn *conn = net_conn_create(net, false, from);
    FUZZ_MUST(conn != NULL);
    play.user = conn;
    play.net = net;
    play.found = (uint8_t)(strlen(path) % 2);
    conn->wsi = to;
    (void)net_http_request(net, to, path);
    bool posts = conn->post.state == NET_POST_BODY;
    FUZZ_MUST(!posts || (strlen(path) == 56 && strncmp(path, "/unsubscribe/", 13) == 0));
    if (net_protocols[0].callback(to, LWS_CALLBACK_HTTP_BODY, NULL, NULL, len) == 0) {
        FUZZ_MUST(posts);
        (void)net_protocols[0].callback(to, LWS_CALLBACK_HTTP_BODY_COMPLETION, NULL, NULL, 0);
    }
    write_all(conn);
    FUZZ_MUST(conn->post.state == NET_POST_NONE || posts);
    net_conn_destroy(conn);
    (void)net_http_upgrade(net, to, play.header[6] ? play.header[6] : "websocket");
    (void)net_http_forwarded(to, address);
    if (!play.header[0]) {
        free(path);
    }
    for (uint32_t i = 0; i < TOKENS; i++) {
        free(play.header[i]);
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    static char core; /* an address and no more */
    struct net *net = calloc(1, sizeof *net);
    FUZZ_MUST(net != NULL);
    memset(&play, 0, sizeof play);
    net->core = (struct core *)(void *)&core;
    net->events.ready = is_ready;
    net->events.log = hear;
    memcpy(net->origin, "https://council.example", sizeof "https://council.example");
    if (fuzz_byte(&in) % 2 == 0) {
        frames(net, &in);
    } else {
        request(net, &in);
    }
    net_queue_fini(net);
    free(net->sessions);
    free(net);
}
