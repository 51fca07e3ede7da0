/*
 * greeting.c - hello and login: what is said before a connection is ready.
 *
 * Owns whom to believe (server key and origin, and the keys that follow a known one) and as whom to log in. Must not know when to connect, or what is
 * said afterwards. Invariant: a server that is not the expected one gets no login.
 */
#include "client/sync/internal.h"

/* ---- hello ---- */

void sync_connected(struct sync *sync)
{
    if (sync->state != SYNC_CONNECTING)
        return;
    sync->deadline = NEVER;
    sync->limit = REQUESTS_MAX;
    memset(&sync->challenge, 0, sizeof(sync->challenge));
    sync_random(sync, sync->challenge.client_nonce, COUNCIL_NONCE_BYTES);
    sync_set_state(sync, SYNC_HELLO);
    struct request *request = sync_request(sync, REQUEST_HELLO, COUNCIL_METHOD_SERVER_HELLO);
    if (request) {
        council_rpc_field_bytes(&sync->frame, "nonce", sync->challenge.client_nonce,
                                COUNCIL_NONCE_BYTES);
        council_rpc_field_int(&sync->frame, "protocol", 1);
        council_rpc_field_string(&sync->frame, "client", sync->client);
    }
    if (!request || sync_request_send(sync, request))
        sync_begin_close(sync, COUNCIL_E_NO_MEMORY);
}

static void wrong_server(struct sync *sync, const char *detail)
{
    struct sync_report report = {.kind = SYNC_REPORT_WRONG_SERVER,
                                 .error = COUNCIL_E_WRONG_SERVER,
                                 .held = sync->server_known ? sync->server : NULL,
                                 .shown = sync->challenge.server,
                                 .detail = detail};
    sync_report_send(sync, NULL, &report);
}

/* True if the key is the known one, or one that it has named by a chain of successions (protocol/README.md section 9.7). */
static bool succeeds(const struct sync *sync, const json_t *result)
{
    struct council_succession chain[COUNCIL_SUCCESSIONS_MAX];
    const json_t *rows = json_object_get(result, "successions");
    uint32_t count = 0;
    for (size_t i = 0; i < json_array_size(rows) && count < COUNCIL_SUCCESSIONS_MAX; i++) {
        const json_t *row = json_array_get(rows, i);
        struct council_succession *to = &chain[count];
        if (council_rpc_bytes(row, "from", to->from, COUNCIL_KEY_BYTES) &&
            council_rpc_bytes(row, "to", to->to, COUNCIL_KEY_BYTES) &&
            council_rpc_bytes(row, "sig", to->sig, COUNCIL_SIG_BYTES))
            count++;
    }
    return council_succession_leads(chain, count, sync->server, sync->challenge.server);
}

/* Fills the challenge from the answer; false with a report where the server is not the expected one. */
static bool believe(struct sync *sync, const json_t *result)
{
    struct council_challenge *c = &sync->challenge;
    uint8_t sig[COUNCIL_SIG_BYTES];
    const char *origin = council_rpc_string(result, "origin", COUNCIL_ORIGIN_MAX);
    if (!origin || !council_rpc_bytes(result, "server", c->server, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(result, "nonce", c->server_nonce, COUNCIL_NONCE_BYTES) ||
        !council_rpc_bytes(result, "sig", sig, COUNCIL_SIG_BYTES) ||
        !council_rpc_int(result, "expires", 0, COUNCIL_INT_MAX, &c->expires)) {
        sync_bad_reply(sync, "server.hello");
        return false;
    }
    memcpy(c->origin, origin, strlen(origin) + 1);
    if (sync->server_known && !succeeds(sync, result))
        wrong_server(sync, "key");
    else if (sync->origin[0] && strcmp(sync->origin, c->origin) != 0)
        wrong_server(sync, c->origin);
    else if (!council_hello_verify(sig, c))
        wrong_server(sync, "signature");
    else
        return true;
    return false;
}

static void send_login(struct sync *sync)
{
    uint8_t sig[COUNCIL_SIG_BYTES];
    if (!sync->ops->sign_login(sync->ctx, &sync->challenge, sync->purpose, sig)) {
        sync->wanted = false;
        sync_begin_close(sync, COUNCIL_E_LOGIN_REFUSED);
        return;
    }
    bool recovery = sync->purpose == SYNC_LOGIN_RECOVERY;
    sync_set_state(sync, SYNC_LOGIN);
    struct request *request = sync_request(sync, REQUEST_LOGIN, COUNCIL_METHOD_AUTH_LOGIN);
    if (request) {
        council_rpc_field_bytes(&sync->frame, "device", sync->device, COUNCIL_KEY_BYTES);
        council_rpc_field_string(&sync->frame, "purpose", recovery ? "recovery" : "device");
        council_rpc_field_bytes(&sync->frame, "sig", sig, COUNCIL_SIG_BYTES);
        if (!recovery)
            council_rpc_field_bytes(&sync->frame, "member", sync->member, COUNCIL_KEY_BYTES);
    }
    if (!request || sync_request_send(sync, request))
        sync_begin_close(sync, COUNCIL_E_NO_MEMORY);
}

void sync_hello_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    (void)request;
    if (sync->state != SYNC_HELLO)
        return;
    if (!reply->result) {
        sync_begin_close(sync, reply->failure->error);
        return;
    }
    if (!believe(sync, reply->result))
        return;
    struct sync_hello hello = {
        .challenge = &sync->challenge,
        .first = !sync->server_known,
        .succeeded = sync->server_known &&
                     memcmp(sync->server, sync->challenge.server, COUNCIL_KEY_BYTES) != 0,
        .result = reply->result};
    uint64_t recovering = 0;
    sync->recovering =
        council_rpc_int(reply->result, "recovering", 0, 1, &recovering) && recovering;
    hello.recovering = sync->recovering;
    uint64_t limit = 0;
    if (council_rpc_int(json_object_get(reply->result, "limits"), "outstanding", 1, COUNCIL_INT_MAX,
                        &limit) &&
        limit < REQUESTS_MAX)
        sync->limit = (uint32_t)limit;
    if (!council_rpc_int(reply->result, "now", 0, COUNCIL_INT_MAX, &hello.now))
        hello.now = 0;
    memcpy(sync->server, sync->challenge.server, COUNCIL_KEY_BYTES);
    sync->server_known = true;
    sync->greeted = true;
    if (sync->ops->hello)
        sync->ops->hello(sync->ctx, &hello);
    if (sync->purpose != SYNC_LOGIN_NONE) {
        send_login(sync);
        return;
    }
    sync->trouble = COUNCIL_OK;
    sync->ready_since = sync->now;
    sync_set_state(sync, SYNC_GREETED);
}

/* ---- login ---- */

/* A restored server may lack this member or device until a council-mate has brought them back: it is asked again, and said once. */
static void login_waits(struct sync *sync, const struct council_rpc_failure *failure)
{
    struct sync_report report = {
        .kind = SYNC_REPORT_LOGIN_WAITS, .error = failure->error, .detail = failure->detail};
    if (!sync->login_waits)
        sync_report_send(sync, NULL, &report);
    sync->login_waits = true;
    sync_begin_close(sync, failure->error);
}

void sync_login_reply(struct sync *sync, const struct request *request, const struct reply *reply)
{
    (void)request;
    if (sync->state != SYNC_LOGIN)
        return;
    if (!reply->result) {
        const struct council_rpc_failure *failure = reply->failure;
        if (failure->error == COUNCIL_E_LOGIN_REFUSED && sync->recovering) {
            login_waits(sync, failure);
        } else if (failure->error == COUNCIL_E_LOGIN_REFUSED) {
            struct sync_report report = {.kind = SYNC_REPORT_LOGIN_REFUSED,
                                         .error = failure->error,
                                         .detail = failure->detail};
            sync_report_send(sync, NULL, &report);
        } else {
            sync_begin_close(sync, failure->error);
        }
        return;
    }
    uint8_t member[COUNCIL_KEY_BYTES];
    if (!council_rpc_bytes(reply->result, "member", member, COUNCIL_KEY_BYTES) ||
        (sync->purpose == SYNC_LOGIN_DEVICE &&
         memcmp(member, sync->member, COUNCIL_KEY_BYTES) != 0)) {
        sync_bad_reply(sync, "member");
        return;
    }
    memcpy(sync->member, member, COUNCIL_KEY_BYTES);
    sync->login_waits = false;
    sync->trouble = COUNCIL_OK;
    sync->ready_since = sync->now;
    sync_set_state(sync, SYNC_READY);
    if (sync->ops->login)
        sync->ops->login(sync->ctx, member);
}

void sync_login(struct sync *sync, enum sync_purpose purpose,
                const uint8_t member[COUNCIL_KEY_BYTES], const uint8_t device[COUNCIL_KEY_BYTES])
{
    sync->purpose = purpose;
    memcpy(sync->member, member, COUNCIL_KEY_BYTES);
    memcpy(sync->device, device, COUNCIL_KEY_BYTES);
    if (sync->state == SYNC_GREETED && purpose != SYNC_LOGIN_NONE) {
        send_login(sync);
    } else if (sync->state == SYNC_LOGIN || sync->state == SYNC_READY) {
        sync->again = true; /* a connection is one session: another identity needs another */
        sync_begin_close(sync, COUNCIL_OK);
    }
}
