/*
 * move.c - to another server, with everything: registering there as the same member, offering every log, and only then living there.
 *
 * Must not know how a log is offered: sync does that. Invariant: until the other server has every log up to the same head the home belongs to the
 * old one, and nothing that the other one says is stored.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

enum {
    ANSWER_MS = 30000
};

static bool greeted(struct client *client, void *ctx)
{
    (void)ctx;
    return sync_state(client->sync) == SYNC_GREETED;
}

static bool ready(struct client *client, void *ctx)
{
    (void)ctx;
    return sync_state(client->sync) == SYNC_READY;
}

/* The member's first entry, as it was registered at the old server. */
static enum council_error first_entry(struct client *client, const char *code, json_t **params)
{
    struct row_log log;
    bool found = false;
    struct row_slice *slice = calloc(1, sizeof *slice);
    enum council_error error = slice == NULL
                                   ? COUNCIL_E_NO_MEMORY
                                   : rows_log(&client->home, client->me.member, &log, &found);

    if (error == COUNCIL_OK && found)
        error = rows_slice(&client->home, HOME_ENTRY_TEXTS, &log, 0, 1, slice);
    if (error == COUNCIL_OK && (!found || slice->count != 1))
        error = COUNCIL_E_HOME_DAMAGED;
    if (error == COUNCIL_OK) {
        char sig[COUNCIL_SIG_CHARS + 1];

        council_b64_encode(sig, slice->entries[0].sig, COUNCIL_SIG_BYTES);
        *params = json_pack("{s:{s:s, s:s}, s:s*}", "entry", "text", slice->entries[0].text, "sig",
                            sig, "code", code);
        error = *params == NULL ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
    }
    if (slice != NULL)
        rows_slice_fini(slice);
    free(slice);
    return error;
}

/* Registers where the member is unknown, and logs in. A server that takes nobody new may know the member all the same. */
static enum council_error enter(struct client *client, const char *code)
{
    json_t *params = NULL;
    enum council_error error = first_entry(client, code, &params);

    if (error == COUNCIL_OK)
        error = client_run(client, greeted, NULL, ANSWER_MS);
    if (error != COUNCIL_OK) {
        json_decref(params);
        return error;
    }
    enum council_error registered =
        client_ask(client, COUNCIL_METHOD_MEMBER_REGISTER, params, NULL, ANSWER_MS);

    json_decref(params);
    if (registered == COUNCIL_E_NO_NETWORK || registered == COUNCIL_E_TIMEOUT)
        return registered;
    sync_login(client->sync, SYNC_LOGIN_DEVICE, client->me.member, client->me.device);
    error = client_run(client, ready, NULL, ANSWER_MS);
    if (error != COUNCIL_E_LOGIN_REFUSED)
        return error;
    if (registered != COUNCIL_OK && registered != COUNCIL_E_ALREADY_REGISTERED)
        return registered;
    return client_fail(client, error,
                       "The new server does not know this device yet, since it was added after you "
                       "registered: somebody who shares a council with you has to move first.");
}

/* Every log was offered, or will not be taken. */
static bool brought(struct client *client, void *ctx)
{
    const struct client_log_info *logs = client->moving->logs;
    struct sync_log_view view;
    bool all = true;

    (void)ctx;
    for (uint32_t i = 0; i < client->moving->count && all; i++) {
        all = !sync_log_view(client->sync, logs[i].log, &view) || view.offered ||
              view.state == SYNC_LOG_REFUSED || view.state == SYNC_LOG_STOPPED;
    }
    return all && sync_log_view(client->sync, client->me.member, &view) &&
           (view.offered || view.state == SYNC_LOG_REFUSED || view.state == SYNC_LOG_STOPPED);
}

/* What this member is in must be there; what they left stays where it was. */
static enum council_error all_there(struct client *client)
{
    struct sync_log_view view;
    char name[COUNCIL_KEY_CHARS + 1];

    if (!sync_log_view(client->sync, client->me.member, &view) || !view.offered)
        return client_fail(client, COUNCIL_E_OFFER_REFUSED, "the member log: %s",
                           client->moving->why);
    for (uint32_t i = 0; i < client->moving->count; i++) {
        const struct client_log_info *log = &client->moving->logs[i];

        if (!log->member || log->seq == 0)
            continue;
        council_b64_encode(name, log->log, COUNCIL_KEY_BYTES);
        if (!sync_log_view(client->sync, log->log, &view) || !view.offered)
            return client_fail(client, COUNCIL_E_OFFER_REFUSED, "%s %.8s: %s",
                               log->journal ? "the journal" : "council", name, client->moving->why);
    }
    return COUNCIL_OK;
}

/* The other server is this home's from now on. */
static enum council_error settle(struct client *client)
{
    struct home *home = &client->home;
    enum council_error error = home_begin(home);

    if (error != COUNCIL_OK)
        return error;
    error = identity_store(home, &client->me);
    if (error == COUNCIL_OK)
        error = home_drop(home, HOME_META_DROP, "successions");
    return home_end(home, error);
}

static enum council_error go(struct client *client, const char *code, int timeout_ms)
{
    enum council_error error = session_start(client, SYNC_LOGIN_NONE);

    if (error == COUNCIL_OK)
        error = enter(client, code);
    if (error == COUNCIL_OK)
        error = client_run(client, brought, NULL, (uint64_t)(timeout_ms < 0 ? 0 : timeout_ms));
    if (error == COUNCIL_OK)
        error = all_there(client);
    return error == COUNCIL_OK ? settle(client) : error;
}

enum council_error client_move(struct client *client, const char *url, const uint8_t *server_key,
                               const char *code, int timeout_ms)
{
    const struct identity before = client->me;
    struct moving moving = {0};
    char detail[CLIENT_DETAIL_MAX];
    char there[COUNCIL_ORIGIN_MAX + 1];

    if (client->me.state != IDENTITY_READY || !client->keyring->open)
        return COUNCIL_E_NO_HOME;
    if (!council_url_normalise(there, url, (uint32_t)strlen(url)))
        return client_fail(client, COUNCIL_E_BAD_INPUT, "not a server's address: %s", url);
    enum council_error error = client_logs(client, &moving.logs, &moving.count);

    if (error != COUNCIL_OK)
        return error;
    memcpy(client->me.url, there, sizeof there);
    client->me.server_known = server_key != NULL;
    memset(client->me.server, 0, COUNCIL_KEY_BYTES);
    if (server_key != NULL)
        memcpy(client->me.server, server_key, COUNCIL_KEY_BYTES);
    client->moving = &moving;
    client->wanted = true;
    error = go(client, code, timeout_ms);
    memcpy(detail, client->detail, sizeof detail);
    client->moving = NULL;
    if (error != COUNCIL_OK) {
        client->me = before;
        client->wanted = false;
    }
    enum council_error again = session_start(client, SYNC_LOGIN_DEVICE);

    free(moving.logs);
    if (error == COUNCIL_OK)
        return again;
    memcpy(client->detail, detail, sizeof detail);
    return error;
}
