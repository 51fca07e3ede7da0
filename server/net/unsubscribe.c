/*
 * unsubscribe.c - the link in a mail that stops mails: a page with a button, and what the button or a mail program posts.
 *
 * Owns /unsubscribe/TOKEN. Must not know whom a token belongs to: the core is asked on POST alone, since what only looks at links (scanners, previews) must
 * stop nothing. Invariant: a good token and an unknown one are answered alike, and no token reaches a log. Rules: RFC 8058, RFC 9110.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/bytes.h"
#include "server/net/internal.h"

enum {
    PAGE_MAX = 1024,
    HEADERS_OUT = 1024,
    BODY_MAX = 4096, /* of what is posted; nobody looks at it */
};

#define PATH "/unsubscribe/"
#define PAGE_HEAD                                                                            \
    "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"                        \
    "<meta name=\"viewport\" content=\"width=device-width\"><title>Reminders</title></head>" \
    "<body>"
#define PAGE_TAIL "</body></html>\n"

static const char ask_page[] =
    PAGE_HEAD "<p>No more reminders to this address?</p><form method=\"post\">"
              "<input type=\"hidden\" name=\"List-Unsubscribe\" value=\"One-Click\">"
              "<button>Stop them</button></form>" PAGE_TAIL;
static const char done_page[] = PAGE_HEAD "<p>Done. No more reminders will come.</p>" PAGE_TAIL;
static const char late_page[] =
    PAGE_HEAD "<p>That did not work just now. Please try again in a minute.</p>" PAGE_TAIL;
static const char none_page[] = PAGE_HEAD "<p>There is nothing here.</p>" PAGE_TAIL;

_Static_assert(sizeof ask_page < PAGE_MAX, "fits");

bool net_unsubscribe_path(const char *path)
{
    return strncmp(path, PATH, sizeof PATH - 1) == 0;
}

bool net_unsubscribe_token(const char *path, uint8_t token[COUNCIL_KEY_BYTES])
{
    const char *at = path + sizeof PATH - 1;
    return net_unsubscribe_path(path) && strlen(at) == COUNCIL_KEY_CHARS &&
           council_b64_decode_secret(token, COUNCIL_KEY_BYTES, at, COUNCIL_KEY_CHARS);
}

static bool header(struct lws *wsi, const char *name, const char *value, unsigned char **at,
                   unsigned char *end)
{
    return lws_add_http_header_by_name(wsi, (const unsigned char *)name,
                                       (const unsigned char *)value, (int)strlen(value), at,
                                       end) == 0;
}

/* A whole answer. -1: the connection is of no use any more. */
static int answer(struct lws *wsi, unsigned status, const char *page)
{
    unsigned char buffer[LWS_PRE + HEADERS_OUT];
    unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof buffer - 1;
    size_t len = strlen(page);
    if (lws_add_http_common_headers(wsi, status, "text/html; charset=utf-8", len, &at, end) != 0 ||
        !header(wsi, "cache-control:", "no-store", &at, end) ||
        !header(wsi, "x-content-type-options:", "nosniff", &at, end) ||
        !header(wsi, "referrer-policy:", "no-referrer", &at, end) ||
        !header(wsi, "content-security-policy:",
                "default-src 'none'; form-action 'self'; frame-ancestors 'none'", &at, end) ||
        lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return -1;
    }
    memcpy(start, page, len);
    if (lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL) < 0 ||
        lws_http_transaction_completed(wsi) != 0) {
        return -1;
    }
    return 0;
}

int net_unsubscribe_request(struct net_conn *conn, struct lws *wsi, const char *path)
{
    struct net_post *post = &conn->post;
    bool posts = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0;
    memset(post, 0, sizeof *post);
    if (!net_unsubscribe_token(path, post->token)) {
        return posts ? -1 : answer(wsi, HTTP_STATUS_NOT_FOUND, none_page);
    }
    if (!posts) {
        return answer(wsi, HTTP_STATUS_OK, ask_page);
    }
    post->state = NET_POST_BODY;
    return 0;
}

int net_unsubscribe_body(struct net_conn *conn, size_t len)
{
    struct net_post *post = &conn->post;
    post->body_bytes += len;
    return post->state == NET_POST_BODY && post->body_bytes <= BODY_MAX ? 0 : -1;
}

/* Asks the core, which says later what came of it. */
int net_unsubscribe_complete(struct net_conn *conn, struct lws *wsi)
{
    struct net *net = conn->net;
    struct net_post *post = &conn->post;
    uint8_t address[16];
    if (post->state != NET_POST_BODY) {
        return -1;
    }
    memcpy(address, conn->address, sizeof address);
    bool counted = !conn->is_unix;
    if (counted && net->has_forwarded &&
        memcmp(address, net->forwarded_from, sizeof address) == 0) {
        counted = net_http_forwarded(wsi, address);
    }
    post->ticket = ++net->tickets;
    post->state = NET_POST_ASKED;
    if (net->core == NULL || net->deaf ||
        !core_unlink(net->core, counted ? address : NULL, post->token, post->ticket)) {
        post->state = NET_POST_NONE;
        return answer(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE, late_page);
    }
    return 0;
}

void net_unlinked(void *ctx, uint64_t ticket, bool done)
{
    struct net *net = ctx;
    for (struct net_conn *conn = net->lists[NET_HANDSHAKE].first; conn != NULL; conn = conn->next) {
        if (conn->post.state == NET_POST_ASKED && conn->post.ticket == ticket) {
            conn->post.state = done ? NET_POST_DONE : NET_POST_LATE;
            (void)lws_callback_on_writable(conn->wsi);
            return;
        }
    }
}

int net_unsubscribe_writable(struct net_conn *conn, struct lws *wsi)
{
    enum net_post_state state = conn->post.state;
    if (state != NET_POST_DONE && state != NET_POST_LATE) {
        return 0;
    }
    conn->post.state = NET_POST_NONE;
    return state == NET_POST_DONE ? answer(wsi, HTTP_STATUS_OK, done_page)
                                  : answer(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE, late_page);
}
