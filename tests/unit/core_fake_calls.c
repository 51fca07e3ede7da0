/*
 * core_fake_calls.c - what tests say to the core through the fake host, and what they hear. See core_fake.h.
 */
#include "tests/unit/core_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t core_fake_connect(struct core_fake *fake, uint8_t address)
{
    uint8_t key[16] = {0};
    key[15] = address;
    if (fake->session_count == CORE_FAKE_SESSIONS) {
        abort();
    }
    struct core_fake_session *session = &fake->sessions[fake->session_count];
    session->handle = core_connect(fake->core, address != 0 ? key : NULL, CORE_ORIGIN_WEB);
    session->closed = session->handle == 0;
    return fake->session_count++;
}

void core_fake_disconnect(struct core_fake *fake, uint32_t session)
{
    fake->sessions[session].closed = true;
    core_disconnect(fake->core, fake->sessions[session].handle);
}

void core_fake_say(struct core_fake *fake, uint32_t session, const char *text)
{
    core_message(fake->core, fake->sessions[session].handle, text, (uint32_t)strlen(text));
}

uint64_t core_fake_send(struct core_fake *fake, uint32_t session, const char *method,
                        json_t *params)
{
    uint64_t id = ++fake->next_id;
    json_t *call = json_pack("{s:s, s:I, s:s, s:o}", "jsonrpc", "2.0", "id", (json_int_t)id,
                             "method", method, "params", params);
    char *text = json_dumps(call, JSON_COMPACT);
    if (text == NULL) {
        abort();
    }
    core_fake_say(fake, session, text);
    free(text);
    json_decref(call);
    return id;
}

uint64_t core_fake_call(struct core_fake *fake, uint32_t session, const char *method,
                        json_t *params)
{
    uint64_t id = core_fake_send(fake, session, method, params);
    core_fake_run(fake);
    return id;
}

json_t *core_fake_answer(const struct core_fake *fake, uint32_t session, uint64_t id)
{
    const struct core_fake_session *s = &fake->sessions[session];
    for (uint32_t i = 0; i < s->count; i++) {
        const json_t *found = json_object_get(s->messages[i], "id");
        if (json_is_integer(found) && (uint64_t)json_integer_value(found) == id) {
            return s->messages[i];
        }
    }
    return NULL;
}

const char *core_fake_outcome(const struct core_fake *fake, uint32_t session, uint64_t id)
{
    const json_t *answer = core_fake_answer(fake, session, id);
    if (answer == NULL) {
        return "none";
    }
    const json_t *error = json_object_get(answer, "error");
    return error == NULL
               ? "ok"
               : json_string_value(json_object_get(json_object_get(error, "data"), "name"));
}

json_t *core_fake_result(const struct core_fake *fake, uint32_t session, uint64_t id)
{
    return json_object_get(core_fake_answer(fake, session, id), "result");
}

uint64_t core_fake_int(const json_t *object, const char *name)
{
    return (uint64_t)json_integer_value(json_object_get(object, name));
}

json_t *core_fake_notice(const struct core_fake *fake, uint32_t session, const char *name,
                         uint32_t i)
{
    const struct core_fake_session *s = &fake->sessions[session];
    for (uint32_t k = 0; k < s->count; k++) {
        const char *method = json_string_value(json_object_get(s->messages[k], "method"));
        if (method != NULL && strcmp(method, name) == 0 && i-- == 0) {
            return json_object_get(s->messages[k], "params");
        }
    }
    return NULL;
}

uint32_t core_fake_notices(const struct core_fake *fake, uint32_t session, const char *name)
{
    uint32_t n = 0;
    while (core_fake_notice(fake, session, name, n) != NULL) {
        n++;
    }
    return n;
}

uint32_t core_fake_gaps(const struct core_fake *fake, uint32_t session, const uint8_t log[32],
                        uint64_t after, uint64_t upto)
{
    char name[COUNCIL_KEY_CHARS + 1];
    uint64_t next = after + 1;
    uint32_t wrong = 0;
    council_b64_encode(name, log, 32);
    const struct core_fake_session *s = &fake->sessions[session];
    for (uint32_t i = 0; i < s->count; i++) {
        const json_t *params = json_object_get(s->messages[i], "params");
        const char *found = json_string_value(json_object_get(params, "log"));
        if (found == NULL || strcmp(found, name) != 0 || json_object_get(params, "text") == NULL) {
            continue;
        }
        wrong += core_fake_int(params, "seq") != next ? 1 : 0;
        next = core_fake_int(params, "seq") + 1;
    }
    return wrong + (next == upto + 1 ? 0 : 1);
}

json_t *core_fake_bytes(const void *bytes, uint32_t len)
{
    char *text = malloc(COUNCIL_B64_CHARS(len) + 1u);
    if (text == NULL) {
        abort();
    }
    council_b64_encode(text, bytes, len);
    json_t *string = json_string(text);
    free(text);
    return string;
}

json_t *core_fake_entry(const struct fixture_entry *entry)
{
    json_t *object = json_pack("{s:s#, s:o}", "text", entry->text, (int)entry->len, "sig",
                               core_fake_bytes(entry->sig, sizeof entry->sig));
    if (entry->data != NULL &&
        json_object_set_new(object, "data", core_fake_bytes(entry->data, entry->data_len)) != 0) {
        abort();
    }
    return object;
}

uint32_t core_fake_hello(struct core_fake *fake)
{
    uint32_t session = core_fake_connect(fake, 0);
    fixture_random_bytes(&fake->random, fake->sessions[session].nonce, COUNCIL_NONCE_BYTES);
    json_t *nonce = core_fake_bytes(fake->sessions[session].nonce, COUNCIL_NONCE_BYTES);
    uint64_t id = core_fake_call(
        fake, session, "server.hello",
        json_pack("{s:o, s:i, s:s}", "nonce", nonce, "protocol", 1, "client", "test/1"));
    if (core_fake_result(fake, session, id) == NULL) {
        abort();
    }
    return session;
}

/* The challenge as the client has it: from the first answer, which is that of server.hello. */
static struct council_challenge challenge(const struct core_fake *fake, uint32_t session)
{
    struct council_challenge c = {.expires = 0};
    const json_t *hello = json_object_get(fake->sessions[session].messages[0], "result");
    (void)snprintf(c.origin, sizeof c.origin, "%s",
                   json_string_value(json_object_get(hello, "origin")));
    memcpy(c.server, fake->server_key, 32);
    memcpy(c.client_nonce, fake->sessions[session].nonce, 32);
    uint8_t sig[COUNCIL_SIG_BYTES];
    if (!council_rpc_bytes(hello, "nonce", c.server_nonce, 32) ||
        !council_rpc_bytes(hello, "sig", sig, sizeof sig)) {
        abort();
    }
    c.expires = core_fake_int(hello, "expires");
    if (!council_hello_verify(sig, &c)) {
        abort();
    }
    return c;
}

uint64_t core_fake_login(struct core_fake *fake, uint32_t session,
                         const struct fixture_member *member, uint32_t device)
{
    struct council_challenge c = challenge(fake, session);
    uint8_t sig[COUNCIL_SIG_BYTES];
    if (!council_login_sign(sig, member->devices[device].sign, &c, fixture_name(member),
                            "device")) {
        abort();
    }
    struct council_device key = fixture_device(member, device);
    return core_fake_call(fake, session, "auth.login",
                          json_pack("{s:o, s:s, s:o, s:o}", "device", core_fake_bytes(key.sign, 32),
                                    "purpose", "device", "sig", core_fake_bytes(sig, sizeof sig),
                                    "member", core_fake_bytes(fixture_name(member), 32)));
}

uint64_t core_fake_recover(struct core_fake *fake, uint32_t session,
                           const struct fixture_member *member)
{
    struct council_challenge c = challenge(fake, session);
    struct council_device key;
    uint8_t sig[COUNCIL_SIG_BYTES];
    council_secrets_public(&member->recovery, &key);
    if (!council_login_sign(sig, member->recovery.sign, &c, NULL, "recovery")) {
        abort();
    }
    return core_fake_call(fake, session, "auth.login",
                          json_pack("{s:o, s:s, s:o}", "device", core_fake_bytes(key.sign, 32),
                                    "purpose", "recovery", "sig",
                                    core_fake_bytes(sig, sizeof sig)));
}

uint32_t core_fake_login_new(struct core_fake *fake, const struct fixture_member *member,
                             uint32_t device)
{
    uint32_t session = core_fake_hello(fake);
    uint64_t id = core_fake_login(fake, session, member, device);
    if (core_fake_result(fake, session, id) == NULL) {
        abort();
    }
    return session;
}

uint32_t core_fake_member(struct core_fake *fake, const struct fixture_member *member)
{
    uint32_t session = core_fake_hello(fake);
    uint64_t id =
        core_fake_call(fake, session, "member.register",
                       json_pack("{s:o}", "entry", core_fake_entry(&member->log.entries[0])));
    if (core_fake_result(fake, session, id) == NULL) {
        abort();
    }
    id = core_fake_login(fake, session, member, member->use);
    if (core_fake_result(fake, session, id) == NULL) {
        abort();
    }
    return session;
}

uint64_t core_fake_append(struct core_fake *fake, uint32_t session,
                          const struct fixture_entry *entry)
{
    return core_fake_send(fake, session, "log.append",
                          json_pack("{s:o}", "entry", core_fake_entry(entry)));
}

uint64_t core_fake_subscribe(struct core_fake *fake, uint32_t session, const uint8_t log[32],
                             uint64_t after)
{
    return core_fake_call(
        fake, session, "log.subscribe",
        json_pack("{s:o, s:I}", "log", core_fake_bytes(log, 32), "after", (json_int_t)after));
}
