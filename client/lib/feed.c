/*
 * feed.c - this member's calendar feeds. See feed.h.
 *
 * Must not know what a calendar holds. Invariant: a secret is in the home before the server hears of its hash, so no feed is without an owner who knows its address.
 */
#include "client/lib/feed.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/lib/internal.h"

#define DRAFT_PREFIX "calendar/"

enum {
    DRAFT_MAX = sizeof(DRAFT_PREFIX) + COUNCIL_KEY_CHARS
};

/* Takes `params`; `*result` (may be NULL) is owned. */
static enum council_error ask(struct client *client, enum council_method method, json_t *params,
                              json_t **result, int timeout_ms)
{
    enum council_error error = params == NULL
                                   ? COUNCIL_E_BAD_INPUT /* not UTF-8 */
                                   : client_ask(client, method, params, result,
                                                (uint32_t)(timeout_ms < 0 ? 0 : timeout_ms));

    json_decref(params);
    return error;
}

static void draft_name(char out[DRAFT_MAX], const uint8_t feed[COUNCIL_HASH_BYTES])
{
    memcpy(out, DRAFT_PREFIX, sizeof(DRAFT_PREFIX) - 1);
    council_b64_encode(out + sizeof(DRAFT_PREFIX) - 1, feed, COUNCIL_HASH_BYTES);
}

static enum council_error keep(struct client *client, const uint8_t feed[COUNCIL_HASH_BYTES],
                               const uint8_t secret[COUNCIL_SEED_BYTES])
{
    char name[DRAFT_MAX];
    char text[COUNCIL_KEY_CHARS + 1];

    draft_name(name, feed);
    council_b64_encode_secret(text, secret, COUNCIL_SEED_BYTES);
    enum council_error error = client_draft_put(client, name, text, COUNCIL_KEY_CHARS);
    sodium_memzero(text, sizeof text);
    return error;
}

static void forget(struct client *client, const uint8_t feed[COUNCIL_HASH_BYTES])
{
    char name[DRAFT_MAX];

    draft_name(name, feed);
    (void)!client_draft_drop(client, name); /* a secret that opens nothing */
}

static void write_address(const struct client *client, const uint8_t secret[COUNCIL_SEED_BYTES],
                          char out[CLIENT_FEED_ADDRESS_MAX + 1])
{
    char path[COUNCIL_FEED_PATH_CHARS + 1];
    const char *server = client_server(client);

    council_feed_path(path, secret);
    (void)snprintf(out, CLIENT_FEED_ADDRESS_MAX + 1, "%s%s",
                   strncmp(server, "http", 4) == 0 ? server : "", path);
    sodium_memzero(path, sizeof path);
}

/* The address where this home has its secret, else "". */
static enum council_error recall(struct client *client, struct client_feed *feed)
{
    uint8_t secret[COUNCIL_SEED_BYTES];
    char name[DRAFT_MAX];
    char *text = NULL;
    uint32_t len = 0;

    draft_name(name, feed->feed);
    enum council_error error = client_draft_get(client, name, &text, &len);
    if (error == COUNCIL_E_NO_ENTRY)
        return COUNCIL_OK;
    if (error == COUNCIL_OK && council_b64_decode_secret(secret, sizeof secret, text, len))
        write_address(client, secret, feed->address);
    sodium_memzero(secret, sizeof secret);
    keyring_free((uint8_t *)text, len);
    return error;
}

enum council_error client_feed_create(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                                      const char *title, struct client_feed *out, int timeout_ms)
{
    uint8_t secret[COUNCIL_SEED_BYTES];
    char feed[COUNCIL_KEY_CHARS + 1];
    char council[COUNCIL_KEY_CHARS + 1];

    memset(out, 0, sizeof *out);
    if (title != NULL && (title[0] == '\0' || strlen(title) > CLIENT_FEED_TITLE_MAX))
        return COUNCIL_E_BAD_INPUT;
    client_random(secret, sizeof secret);
    council_feed_hash(out->feed, secret);
    memcpy(out->log, log, COUNCIL_KEY_BYTES);
    (void)snprintf(out->title, sizeof out->title, "%s", title != NULL ? title : "Meeting");
    out->created = client_now_ms();
    council_b64_encode(feed, out->feed, sizeof out->feed);
    council_b64_encode(council, log, COUNCIL_KEY_BYTES);
    enum council_error error = keep(client, out->feed, secret);
    if (error == COUNCIL_OK) {
        error = ask(client, COUNCIL_METHOD_FEED_CREATE,
                    json_pack("{s:s, s:s, s:s}", "feed", feed, "log", council, "title", out->title),
                    NULL, timeout_ms);
        /* Without an answer it may be there all the same: then the list shows it, with its address. */
        if (error != COUNCIL_OK && error != COUNCIL_E_TIMEOUT && error != COUNCIL_E_NO_NETWORK)
            forget(client, out->feed);
    }
    if (error == COUNCIL_OK)
        write_address(client, secret, out->address);
    sodium_memzero(secret, sizeof secret);
    return error;
}

/* The fields were checked against wire.def. */
static bool take(const json_t *row, struct client_feed *out)
{
    const char *title = json_string_value(json_object_get(row, "title"));

    (void)snprintf(out->title, sizeof out->title, "%s", title != NULL ? title : "");
    out->created = (uint64_t)json_integer_value(json_object_get(row, "created"));
    return council_rpc_bytes(row, "feed", out->feed, sizeof out->feed) &&
           council_rpc_bytes(row, "log", out->log, sizeof out->log);
}

enum council_error client_feeds(struct client *client, struct client_feed **out, uint32_t *count,
                                int timeout_ms)
{
    json_t *result = NULL;
    enum council_error error =
        ask(client, COUNCIL_METHOD_FEED_LIST, json_object(), &result, timeout_ms);

    *out = NULL;
    *count = 0;
    const json_t *rows = json_object_get(result, "feeds");
    size_t n = json_array_size(rows);
    struct client_feed *feeds = error == COUNCIL_OK ? calloc(n + 1, sizeof *feeds) : NULL;
    if (error == COUNCIL_OK && feeds == NULL)
        error = COUNCIL_E_NO_MEMORY;
    for (size_t i = 0; error == COUNCIL_OK && i < n; i++) {
        error = take(json_array_get(rows, i), &feeds[i]) ? recall(client, &feeds[i])
                                                         : COUNCIL_E_BAD_REPLY;
    }
    json_decref(result);
    if (error != COUNCIL_OK) {
        client_feeds_free(feeds, (uint32_t)n);
        return error;
    }
    *out = feeds;
    *count = (uint32_t)n;
    return COUNCIL_OK;
}

void client_feeds_free(struct client_feed *feeds, uint32_t count)
{
    if (feeds != NULL)
        sodium_memzero(feeds, count * sizeof *feeds);
    free(feeds);
}

enum council_error client_feed_revoke(struct client *client, const uint8_t feed[COUNCIL_HASH_BYTES],
                                      int timeout_ms)
{
    char name[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(name, feed, COUNCIL_HASH_BYTES);
    enum council_error error =
        ask(client, COUNCIL_METHOD_FEED_REVOKE, json_pack("{s:s}", "feed", name), NULL, timeout_ms);
    if (error == COUNCIL_OK || error == COUNCIL_E_NOT_FOUND)
        forget(client, feed);
    return error;
}
