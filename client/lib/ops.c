/*
 * ops.c - what sync asks of the shell: the socket, the login's signature, the answers to calls, reports.
 *
 * Thin on purpose: what to do is decided in sync, how it is kept is store.c's and outbox.c's. Invariant: every call is answered once.
 */
#include "client/lib/pool_internal.h"
#include "client/lib/presence_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

static void on_connect(void *ctx)
{
    struct client *client = ctx;

    if (client->net == NULL &&
        net_create(&client->net, client->address.tls, client->ca_file) != COUNCIL_OK) {
        client->net = NULL;
        client->trouble = COUNCIL_E_NO_MEMORY;
        return;
    }
    net_connect(client->net, &client->address);
}

static void on_send(void *ctx, const char *text, uint32_t len)
{
    struct client *client = ctx;

    if (client->net != NULL)
        net_send(client->net, text, len);
}

static void on_close(void *ctx)
{
    struct client *client = ctx;

    if (client->net != NULL)
        net_close(client->net);
}

static void on_state(void *ctx, enum sync_state state)
{
    struct client *client = ctx;

    if (state == SYNC_READY) {
        client->attempts = 0;
    } else {
        presence_offline(client);
        pool_offline(client);
    }
    if (state == SYNC_HELLO)
        servertime_asked(client);
    if (client->events.state != NULL)
        client->events.state(client->events.ctx, client_state(client));
}

/* The first answer of a server that nobody has named is trusted, and kept. */
static void on_hello(void *ctx, const struct sync_hello *hello)
{
    struct client *client = ctx;

    servertime_told(client, hello->now);
    if (client->moving == NULL)
        offered_hello(client, hello);
    if (!hello->first && !hello->succeeded)
        return;
    client->me.server_known = true;
    memcpy(client->me.server, hello->challenge->server, COUNCIL_KEY_BYTES);
    if (client->moving == NULL && client->me.state == IDENTITY_READY &&
        home_put(&client->home, HOME_META_PUT, "server", client->me.server, COUNCIL_KEY_BYTES) !=
            COUNCIL_OK)
        client->trouble = client_home_failed(client, COUNCIL_E_HOME_IO);
}

static bool on_sign_login(void *ctx, const struct council_challenge *challenge,
                          enum sync_purpose purpose, uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct client *client = ctx;
    const struct keyring *keyring = client->keyring;

    if (purpose == SYNC_LOGIN_RECOVERY)
        return keyring->has_recovery &&
               council_login_sign(sig, keyring->recovery.sign, challenge, NULL, "recovery");
    return keyring->has_device &&
           council_login_sign(sig, keyring->device.sign, challenge, client->me.member, "device");
}

static void on_login(void *ctx, const uint8_t member[COUNCIL_KEY_BYTES])
{
    struct client *client = ctx;

    if (client->me.state == IDENTITY_RECOVERING) {
        memcpy(client->me.member, member, COUNCIL_KEY_BYTES);
        return;
    }
    client->list_due = client->moving == NULL;
    if (client->me.state == IDENTITY_REQUESTED) { /* another device has added this one */
        const uint8_t ready = IDENTITY_READY;

        client->me.state = IDENTITY_READY;
        if (home_put(&client->home, HOME_META_PUT, "state", &ready, 1) != COUNCIL_OK)
            client->trouble = client_home_failed(client, COUNCIL_E_HOME_IO);
    }
}

static void on_report(void *ctx, const struct sync_report *report)
{
    struct client *client = ctx;

    if (report->kind == SYNC_REPORT_STORE_FAILED)
        return; /* store.c has said what the home's trouble is */
    if (client->moving == NULL)
        store_report(ctx, report);
    (void)client_fail(client, report->error, "%s%s%s", sync_report_what(report->kind),
                      report->detail[0] == '\0' ? "" : " ", report->detail);
    if (client->moving != NULL && report->log != NULL)
        (void)snprintf(client->moving->why, sizeof client->moving->why, "%s%s%s",
                       council_error_info(report->error)->what,
                       report->detail[0] == '\0' ? "" : " ", report->detail);
    if (report->kind == SYNC_REPORT_WRONG_SERVER || report->kind == SYNC_REPORT_LOGIN_REFUSED)
        client->trouble = report->error;
    if (client->events.report != NULL)
        client->events.report(client->events.ctx, report->log, report->error, client->detail);
}

/* ---- calls ---- */

enum council_error client_call(struct client *client, enum council_method method,
                               const json_t *params, uint32_t flags, client_answer *answer,
                               void *ctx)
{
    for (uint32_t i = 0; i < SYNC_CALLS_MAX; i++) {
        struct client_call *call = &client->calls[i];

        if (call->tag != 0)
            continue;
        *call = (struct client_call){++client->last_tag, answer, ctx};
        enum council_error error =
            sync_call(client->sync, method, params, CALL_TIMEOUT_MS, flags, call->tag);

        if (error != COUNCIL_OK)
            call->tag = 0;
        return error;
    }
    return COUNCIL_E_QUOTA;
}

static void on_call_result(void *ctx, uint64_t tag, enum council_error error, const json_t *result,
                           const struct council_rpc_failure *failure)
{
    struct client *client = ctx;

    for (uint32_t i = 0; i < SYNC_CALLS_MAX; i++) {
        if (client->calls[i].tag != tag)
            continue;
        struct client_call call = client->calls[i];

        client->calls[i].tag = 0;
        call.answer(client, call.ctx, error, result, failure);
        return;
    }
}

struct asked {
    bool over;
    enum council_error error;
    json_t *result;
};

static void on_asked(struct client *client, void *ctx, enum council_error error,
                     const json_t *result, const struct council_rpc_failure *failure)
{
    struct asked *asked = ctx;

    asked->over = true;
    asked->error = error;
    if (error == COUNCIL_OK)
        asked->result = json_deep_copy(result);
    else if (failure != NULL)
        (void)client_fail(client, error, "%s", failure->detail == NULL ? "" : failure->detail);
    if (error == COUNCIL_OK && asked->result == NULL)
        asked->error = COUNCIL_E_NO_MEMORY;
}

static bool answered(struct client *client, void *ctx)
{
    const struct asked *asked = ctx;

    (void)client;
    return asked->over;
}

enum council_error client_ask(struct client *client, enum council_method method,
                              const json_t *params, json_t **result, uint32_t timeout_ms)
{
    struct asked asked = {0};
    enum council_error error = client_call(client, method, params, 0, on_asked, &asked);

    if (result != NULL)
        *result = NULL;
    if (error != COUNCIL_OK)
        return error;
    error = client_run(client, answered, &asked, timeout_ms);
    if (!asked.over) { /* nobody is there any more to be answered */
        for (uint32_t i = 0; i < SYNC_CALLS_MAX; i++) {
            if (client->calls[i].ctx == &asked)
                client->calls[i].tag = 0;
        }
        return error;
    }
    if (result != NULL && asked.error == COUNCIL_OK)
        *result = asked.result;
    else
        json_decref(asked.result);
    return asked.error;
}

static bool on_holds(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch)
{
    struct client *client = ctx;
    uint8_t seed[COUNCIL_SEED_BYTES];
    bool holds = client->keyring->open &&
                 keyring_seed(client->keyring, &client->home, log, epoch, seed) == COUNCIL_OK;

    sodium_memzero(seed, sizeof seed);
    return holds;
}

static void on_notice(void *ctx, enum council_notification kind, const json_t *params)
{
    if (kind == COUNCIL_NOTIFICATION_POOL_PROPOSAL)
        pool_notice(ctx);
    else
        presence_notice(ctx, kind, params);
}

const struct sync_ops client_ops = {
    .connect = on_connect,
    .send = on_send,
    .close = on_close,
    .state = on_state,
    .hello = on_hello,
    .sign_login = on_sign_login,
    .login = on_login,
    .store_entries = store_entries,
    .facts = store_facts,
    .held = offered_held,
    .recovering = offered_recovering,
    .check_begin = checks_begin,
    .check_wait = checks_wait,
    .log_caught_up = store_caught_up,
    .sign_item = outbox_sign,
    .item_acked = outbox_acked,
    .item_failed = outbox_failed,
    .holds = on_holds,
    .duty = duty_due,
    .report = on_report,
    .notice = on_notice,
    .call_result = on_call_result,
};
