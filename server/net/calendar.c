/*
 * calendar.c - GET and HEAD of a calendar's address.
 *
 * Owns /calendar/...: conditional requests, and a body that is written as the connection takes it. Must not know whose an address is, nor what a calendar holds: the core
 * is asked and answers later. Invariant: no part of such a path reaches a log, and whatever is not found is answered in the same words. Rules:
 * RFC 9110 sections 8.8, 9.3.2 and 13; protocol/README.md section 15.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/feed.h"
#include "server/net/internal.h"

enum {
    HEADERS_OUT = 1024,
    CONDITION_MAX = 256, /* of If-None-Match; a longer one is not looked at */
    DATE_MAX = 32,
    PIECE_BYTES = 16384 /* of the body, written at once */
};

enum stage {
    ASKED,    /* the core has it */
    ANSWERED, /* the headers are to be written */
    BODY
};

struct net_fetch {
    uint64_t ticket;
    enum stage stage;
    bool head;
    char none_match[CONDITION_MAX], modified_since[DATE_MAX + 1];
    unsigned status;
    uint32_t retry_after_s, offset;
    struct core_calendar *calendar; /* a reference; NULL: none */
};

bool net_calendar_path(const char *path)
{
    return strncmp(path, COUNCIL_FEED_PATH, sizeof(COUNCIL_FEED_PATH) - 1) == 0;
}

void net_calendar_drop(struct net_conn *conn)
{
    if (conn->fetch != NULL) {
        core_calendar_unref(conn->fetch->calendar);
        free(conn->fetch);
        conn->fetch = NULL;
    }
}

/* ---- what was asked ---- */

static void condition(struct lws *wsi, enum lws_token_indexes token, char *out, int size)
{
    if (lws_hdr_total_length(wsi, token) <= 0 || lws_hdr_copy(wsi, out, size, token) < 0) {
        out[0] = '\0';
    }
}

int net_calendar_request(struct net_conn *conn, struct lws *wsi, const char *path)
{
    struct net *net = conn->net;
    uint8_t address[16];
    bool head = lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0;
    if (!head && lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
        return -1;
    }
    net_calendar_drop(conn);
    struct net_fetch *fetch = calloc(1, sizeof *fetch);
    if (fetch == NULL) {
        return -1;
    }
    fetch->ticket = ++net->tickets;
    fetch->head = head;
    condition(wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH, fetch->none_match, CONDITION_MAX);
    condition(wsi, WSI_TOKEN_HTTP_IF_MODIFIED_SINCE, fetch->modified_since, DATE_MAX);
    conn->fetch = fetch;
    memcpy(address, conn->address, sizeof address);
    bool counted = !conn->is_unix;
    if (counted && net->has_forwarded &&
        memcmp(address, net->forwarded_from, sizeof address) == 0) {
        counted = net_http_forwarded(wsi, address);
    }
    if (net->core == NULL || net->deaf) {
        fetch->status = HTTP_STATUS_SERVICE_UNAVAILABLE;
        fetch->stage = ANSWERED;
        (void)lws_callback_on_writable(wsi);
    } else {
        core_fetch_calendar(net->core, fetch->ticket, counted ? address : NULL, path);
    }
    return 0;
}

void net_calendar(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer)
{
    struct net *net = ctx;
    struct net_conn *conn = net->lists[NET_HANDSHAKE].first;
    while (conn != NULL && (conn->fetch == NULL || conn->fetch->ticket != ticket)) {
        conn = conn->next;
    }
    if (conn == NULL) {
        return; /* gone meanwhile */
    }
    struct net_fetch *fetch = conn->fetch;
    fetch->stage = ANSWERED;
    fetch->status = answer->status;
    fetch->retry_after_s = answer->retry_after_s;
    fetch->calendar = answer->calendar;
    if (fetch->calendar != NULL) {
        core_calendar_ref(fetch->calendar);
    }
    (void)lws_callback_on_writable(conn->wsi);
}

/* ---- the answer ---- */

static void date_of(uint64_t unix_ms, char out[DATE_MAX + 1])
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t seconds = (time_t)(unix_ms / 1000);
    struct tm tm;
    out[0] = '\0';
    if (gmtime_r(&seconds, &tm) != NULL) {
        (void)snprintf(out, DATE_MAX + 1, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday],
                       tm.tm_mday, months[tm.tm_mon], (tm.tm_year + 1900) % 10000, tm.tm_hour,
                       tm.tm_min, tm.tm_sec);
    }
}

/* If-None-Match decides where it is there. A date is compared as it was given out. */
static bool unchanged(const struct net_fetch *fetch, const char *date)
{
    if (fetch->none_match[0] != '\0') {
        return strcmp(fetch->none_match, "*") == 0 ||
               strstr(fetch->none_match, fetch->calendar->etag) != NULL;
    }
    return fetch->modified_since[0] != '\0' && strcmp(fetch->modified_since, date) == 0;
}

struct headers {
    struct lws *wsi;
    unsigned char *at, *end;
    bool good;
};

static void header(struct headers *out, const char *name, const char *value)
{
    out->good =
        out->good && lws_add_http_header_by_name(out->wsi, (const unsigned char *)name,
                                                 (const unsigned char *)value, (int)strlen(value),
                                                 &out->at, out->end) == 0;
}

/* Ends the transaction; < 0: hang up. */
static int done(struct net_conn *conn, struct lws *wsi)
{
    net_calendar_drop(conn);
    return lws_http_transaction_completed(wsi) != 0 ? -1 : 0;
}

/* What there is no calendar for: one line, the same whatever the reason for "not found" is. */
static int write_refusal(struct net_conn *conn, struct lws *wsi)
{
    const struct net_fetch *fetch = conn->fetch;
    const char *body = fetch->status == HTTP_STATUS_NOT_FOUND ? "not found\n" : "try again later\n";
    unsigned char buffer[LWS_PRE + HEADERS_OUT];
    unsigned char *start = buffer + LWS_PRE;
    struct headers out = {wsi, start, buffer + sizeof buffer - 1, true};
    char retry[16];
    size_t len = strlen(body);
    out.good = lws_add_http_common_headers(wsi, fetch->status, "text/plain; charset=utf-8", len,
                                           &out.at, out.end) == 0;
    header(&out, "cache-control:", "no-store");
    header(&out, "x-content-type-options:", "nosniff");
    if (fetch->retry_after_s > 0) {
        (void)snprintf(retry, sizeof retry, "%u", (unsigned)fetch->retry_after_s);
        header(&out, "retry-after:", retry);
    }
    if (!out.good || lws_finalize_write_http_header(wsi, start, &out.at, out.end) != 0) {
        return -1;
    }
    memcpy(start, body, len);
    if (!fetch->head && lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL) < 0) {
        return -1;
    }
    return done(conn, wsi);
}

/* The headers of a calendar, or of the news that there is none. */
static int write_headers(struct net_conn *conn, struct lws *wsi)
{
    struct net_fetch *fetch = conn->fetch;
    unsigned char buffer[LWS_PRE + HEADERS_OUT];
    unsigned char *start = buffer + LWS_PRE;
    struct headers out = {wsi, start, buffer + sizeof buffer - 1, true};
    char date[DATE_MAX + 1];
    date_of(fetch->calendar->modified_ms, date);
    bool same = unchanged(fetch, date);
    out.good =
        same ? lws_add_http_header_status(wsi, HTTP_STATUS_NOT_MODIFIED, &out.at, out.end) == 0
             : lws_add_http_common_headers(wsi, HTTP_STATUS_OK, "text/calendar; charset=utf-8",
                                           fetch->calendar->len, &out.at, out.end) == 0;
    header(&out, "etag:", fetch->calendar->etag);
    header(&out, "last-modified:", date);
    header(&out, "cache-control:", "private, no-cache");
    header(&out, "x-content-type-options:", "nosniff");
    if (!out.good || lws_finalize_write_http_header(wsi, start, &out.at, out.end) != 0) {
        return -1;
    }
    if (same || fetch->head) {
        return done(conn, wsi);
    }
    fetch->stage = BODY;
    (void)lws_callback_on_writable(wsi);
    return 0;
}

static int write_body(struct net_conn *conn, struct lws *wsi)
{
    struct net_fetch *fetch = conn->fetch;
    uint32_t left = fetch->calendar->len - fetch->offset;
    uint32_t len = left < PIECE_BYTES ? left : PIECE_BYTES;
    unsigned char *piece = conn->net->scratch + LWS_PRE;
    memcpy(piece, fetch->calendar->text + fetch->offset, len);
    if (lws_write(wsi, piece, len, len == left ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < 0) {
        return -1;
    }
    fetch->offset += len;
    if (len == left) {
        return done(conn, wsi);
    }
    (void)lws_callback_on_writable(wsi);
    return 0;
}

int net_calendar_writable(struct net_conn *conn, struct lws *wsi)
{
    const struct net_fetch *fetch = conn->fetch;
    if (fetch == NULL || fetch->stage == ASKED) {
        return 0;
    }
    if (fetch->stage == BODY) {
        return write_body(conn, wsi);
    }
    return fetch->calendar == NULL ? write_refusal(conn, wsi) : write_headers(conn, wsi);
}
