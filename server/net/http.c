/*
 * http.c - the little HTTP that there is, and who may turn it into a WebSocket.
 *
 * Owns the paths, and the policy for the Origin header: absent is a native program, present must be our own (a page of somebody
 * else's must not use a visitor's network). Must not know sessions. Rules: RFC 9110, RFC 6455 section 4.2.2, RFC 6454.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "server/net/internal.h"

enum {
    HEADER_MAX = 1024,
    HEADERS_OUT = 1024,
    HTTP_STATUS_UPGRADE_REQUIRED = 426
};

/* Writes a whole response. False: the connection is of no use any more. */
static bool respond(struct lws *wsi, unsigned status, const char *body)
{
    unsigned char buffer[LWS_PRE + HEADERS_OUT];
    unsigned char *start = buffer + LWS_PRE, *at = start, *end = buffer + sizeof buffer - 1;
    size_t len = strlen(body);
    /* RFC 6455 section 4.4: whoever speaks another version is told which one there is. */
    bool version = status == HTTP_STATUS_UPGRADE_REQUIRED;
    if (lws_add_http_common_headers(wsi, status, "text/plain; charset=utf-8", len, &at, end) != 0 ||
        lws_add_http_header_by_name(wsi, (const unsigned char *)"cache-control:",
                                    (const unsigned char *)"no-store", 8, &at, end) != 0 ||
        lws_add_http_header_by_name(wsi, (const unsigned char *)"x-content-type-options:",
                                    (const unsigned char *)"nosniff", 7, &at, end) != 0 ||
        (version &&
         lws_add_http_header_by_name(wsi, (const unsigned char *)"sec-websocket-version:",
                                     (const unsigned char *)"13", 2, &at, end) != 0) ||
        lws_finalize_write_http_header(wsi, start, &at, end) != 0) {
        return false;
    }
    memcpy(start, body, len);
    return lws_write(wsi, start, len, LWS_WRITE_HTTP_FINAL) >= 0;
}

static int answer(struct lws *wsi, unsigned status, const char *body)
{
    if (!respond(wsi, status, body) || lws_http_transaction_completed(wsi) != 0) {
        return -1;
    }
    return 0;
}

int net_http_request(struct net *net, struct lws *wsi, const char *path)
{
    if (net_unsubscribe_path(path) && (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 ||
                                       lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0)) {
        return net_unsubscribe_request(lws_get_opaque_user_data(wsi), wsi, path);
    }
    if (net_calendar_path(path) && (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 ||
                                    lws_hdr_total_length(wsi, WSI_TOKEN_HEAD_URI) > 0)) {
        return net_calendar_request(lws_get_opaque_user_data(wsi), wsi, path);
    }
    if (lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) <= 0) {
        (void)respond(wsi, HTTP_STATUS_METHOD_NOT_ALLOWED, "only GET\n");
        return -1; /* a body may follow, and nobody would read it */
    }
    if (strcmp(path, "/healthz") == 0) {
        return answer(wsi, HTTP_STATUS_OK, "ok\n");
    }
    if (strcmp(path, "/readyz") == 0) {
        bool ready = net->core != NULL && net->events.ready(net->events.ctx);
        return ready ? answer(wsi, HTTP_STATUS_OK, "ready\n")
                     : answer(wsi, HTTP_STATUS_SERVICE_UNAVAILABLE, "not ready\n");
    }
    if (strcmp(path, "/ws") == 0) {
        return answer(wsi, HTTP_STATUS_BAD_REQUEST, "this is a WebSocket\n");
    }
    return answer(wsi, HTTP_STATUS_NOT_FOUND, "not found\n");
}

/* The header's value, or "" where it is absent; false where it is too long to be looked at. */
static bool header(struct lws *wsi, enum lws_token_indexes token, char out[HEADER_MAX])
{
    out[0] = '\0';
    if (lws_hdr_total_length(wsi, token) == 0) {
        return true;
    }
    return lws_hdr_copy(wsi, out, HEADER_MAX, token) >= 0;
}

static bool offers_protocol(char *list, const char *name)
{
    char *rest = NULL;
    for (char *word = strtok_r(list, ", \t", &rest); word != NULL;
         word = strtok_r(NULL, ", \t", &rest)) {
        if (strcmp(word, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool own_origin(const struct net *net, const char *origin)
{
    char normal[COUNCIL_ORIGIN_MAX + 1];
    return council_url_normalise(normal, origin, (uint32_t)strlen(origin)) &&
           strcmp(normal, net->origin) == 0;
}

static int turn_down(const struct net *net, struct lws *wsi, unsigned status, const char *event,
                     const char *body)
{
    net_log(net, NET_LOG_INFO, event, NULL);
    return respond(wsi, status, body) ? 1 : -1;
}

int net_http_upgrade(struct net *net, struct lws *wsi, const char *to)
{
    char value[HEADER_MAX];
    if (strcasecmp(to, "websocket") != 0) {
        return -1;
    }
    if (!header(wsi, WSI_TOKEN_GET_URI, value) || strcmp(value, "/ws") != 0) {
        return turn_down(net, wsi, HTTP_STATUS_NOT_FOUND, "no_such_path", "not found\n");
    }
    if (!header(wsi, WSI_TOKEN_ORIGIN, value) || (value[0] != '\0' && !own_origin(net, value))) {
        return turn_down(net, wsi, HTTP_STATUS_FORBIDDEN, "foreign_origin", "foreign origin\n");
    }
    if (!header(wsi, WSI_TOKEN_PROTOCOL, value) || !offers_protocol(value, net_protocols[1].name)) {
        return turn_down(net, wsi, HTTP_STATUS_BAD_REQUEST, "no_subprotocol",
                         "subprotocol council.v1 is needed\n");
    }
    /* The library takes any version for this one. */
    if (!header(wsi, WSI_TOKEN_VERSION, value) || strcmp(value, "13") != 0) {
        return turn_down(net, wsi, HTTP_STATUS_UPGRADE_REQUIRED, "other_version",
                         "WebSocket version 13 is needed\n");
    }
    if (net->core == NULL || !net->events.ready(net->events.ctx)) {
        return turn_down(net, wsi, HTTP_STATUS_SERVICE_UNAVAILABLE, "not_ready", "not ready\n");
    }
    return 0;
}

bool net_http_forwarded(struct lws *wsi, uint8_t address[16])
{
    char value[HEADER_MAX];
    if (!header(wsi, WSI_TOKEN_X_FORWARDED_FOR, value)) {
        return false;
    }
    /* The last one is what our own proxy saw; those before it are hearsay. */
    char *last = strrchr(value, ',');
    last = last != NULL ? last + 1 : value;
    last += strspn(last, " \t");
    return net_address_parse(last, address);
}
