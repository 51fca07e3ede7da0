/*
 * core_fake.c - events in, effects out, made visible. See core_fake.h.
 */
#include "tests/unit/core_fake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- effects ---- */

static void do_random(void *ctx, void *out, size_t n)
{
    struct core_fake *fake = ctx;
    fixture_random_bytes(&fake->random, out, (uint32_t)n);
}

static struct core_fake_session *find(struct core_fake *fake, core_session handle)
{
    for (uint32_t i = 0; i < fake->session_count; i++) {
        if (fake->sessions[i].handle == handle && handle != 0) {
            return &fake->sessions[i];
        }
    }
    abort(); /* an effect on a session that never was */
}

static void do_send(void *ctx, core_session handle, struct core_frame *frame)
{
    struct core_fake_session *session = find(ctx, handle);
    if (session->closed) {
        abort(); /* nothing is sent after close */
    }
    if (session->count == session->size) {
        session->size = session->size == 0 ? 16 : 2 * session->size;
        session->messages = realloc(session->messages, session->size * sizeof(json_t *));
        if (session->messages == NULL) {
            abort();
        }
    }
    json_t *message = json_loadb(core_frame_text(frame), frame->len, 0, NULL);
    if (message == NULL) {
        abort(); /* not JSON */
    }
    session->messages[session->count++] = message;
    session->queued += frame->len + 10u;
}

static void do_close(void *ctx, core_session handle, unsigned code, const char *reason)
{
    struct core_fake_session *session = find(ctx, handle);
    session->closed = true;
    session->code = code;
    (void)snprintf(session->reason, sizeof session->reason, "%s", reason);
}

static void do_pause(void *ctx, bool pause)
{
    ((struct core_fake *)ctx)->paused = pause;
}

static void do_submit(void *ctx, struct core_job *job)
{
    struct core_fake *fake = ctx;
    bool work = job->type == CORE_JOB_WORK;
    struct core_job **first = work ? &fake->work_first : &fake->store_first;
    struct core_job **last = work ? &fake->work_last : &fake->store_last;
    job->next = NULL;
    if (*first == NULL) {
        *first = job;
    } else {
        (*last)->next = job;
    }
    *last = job;
}

static void do_slice_free(void *ctx, struct store_slice *slice)
{
    (void)ctx;
    core_fake_slice_free(slice);
}

static void do_fatal(void *ctx, const char *what)
{
    (void)what;
    ((struct core_fake *)ctx)->fatal = true;
}

static void do_report(void *ctx, const struct core_report *report)
{
    struct core_fake *fake = ctx;
    fake->reports++;
    (void)snprintf(fake->last_report, sizeof fake->last_report, "%s %s", report->event,
                   report->error != NULL ? report->error : "");
}

/* ---- start and end ---- */

struct core_config core_fake_config(struct core_fake *fake)
{
    struct council_secrets secrets;
    uint8_t seeds[64];
    memset(fake, 0, sizeof *fake);
    fixture_random_init(&fake->random, "core");
    fixture_random_bytes(&fake->random, seeds, sizeof seeds);
    council_secrets_from_seeds(&secrets, seeds, seeds + 32);
    memcpy(fake->server_secret, secrets.sign, 64);
    memcpy(fake->server_key, secrets.sign + 32, 32);
    fake->wall_ms = 1699000000000; /* when the members of fixture.h were made */
    fake->mono_ms = 1000;
    struct core_config config = {.origin = "https://council.test",
                                 .server_secret = fake->server_secret,
                                 .version = "test",
                                 .discover = "{\"openrpc\":\"1.2.6\"}",
                                 .registration = CORE_REGISTER_OPEN,
                                 .wall_ms = fake->wall_ms,
                                 .mono_ms = fake->mono_ms};
    core_limits_init(&config.limits);
    return config;
}

void core_fake_start(struct core_fake *fake, const struct core_config *config)
{
    struct core_ops ops = {.ctx = fake,
                           .random = do_random,
                           .send = do_send,
                           .close = do_close,
                           .pause = do_pause,
                           .submit = do_submit,
                           .slice_free = do_slice_free,
                           .fatal = do_fatal,
                           .report = do_report};
    struct core_config now = *config;
    now.wall_ms = fake->wall_ms;
    now.mono_ms = fake->mono_ms;
    fake->core = core_create(&now, &ops);
    if (fake->core == NULL) {
        abort();
    }
}

static void forget_sessions(struct core_fake *fake)
{
    for (uint32_t i = 0; i < fake->session_count; i++) {
        struct core_fake_session *session = &fake->sessions[i];
        for (uint32_t k = 0; k < session->count; k++) {
            json_decref(session->messages[k]);
        }
        free(session->messages);
    }
    memset(fake->sessions, 0, sizeof fake->sessions);
    fake->session_count = 0;
}

void core_fake_restart(struct core_fake *fake, const struct core_config *config)
{
    fake->hold_store = fake->hold_work = false;
    core_fake_run(fake);
    core_destroy(fake->core);
    forget_sessions(fake);
    core_fake_start(fake, config);
}

void core_fake_fini(struct core_fake *fake)
{
    fake->hold_store = fake->hold_work = false;
    core_fake_run(fake);
    core_destroy(fake->core);
    forget_sessions(fake);
    core_fake_store_fini(&fake->store);
}

/* ---- turns ---- */

static struct core_job *pop(struct core_job **first)
{
    struct core_job *job = *first;
    if (job != NULL) {
        *first = job->next;
        job->next = NULL;
    }
    return job;
}

bool core_fake_store_step(struct core_fake *fake)
{
    struct core_job *job = pop(&fake->store_first);
    if (job == NULL) {
        return false;
    }
    if (job->type != CORE_JOB_APPEND) {
        core_fake_store_read(&fake->store, job);
        core_done(fake->core, job);
        return true;
    }
    struct core_job *last = job;
    uint32_t rows = 1;
    while (fake->store_first != NULL && fake->store_first->type == CORE_JOB_APPEND &&
           (fake->batch_max == 0 || rows < fake->batch_max)) {
        last->next = pop(&fake->store_first);
        last = last->next;
        rows++;
    }
    core_fake_store_append(&fake->store, job);
    while (job != NULL) {
        struct core_job *next = job->next;
        core_done(fake->core, job);
        job = next;
    }
    return true;
}

static bool work_step(struct core_fake *fake)
{
    struct core_job *job = pop(&fake->work_first);
    if (job == NULL) {
        return false;
    }
    core_work(job);
    core_done(fake->core, job);
    return true;
}

static bool drain(struct core_fake *fake)
{
    bool moved = false;
    for (uint32_t i = 0; i < fake->session_count; i++) {
        struct core_fake_session *session = &fake->sessions[i];
        if (session->queued > 0 && !session->slow && !session->closed) {
            session->queued = 0;
            core_writable(fake->core, session->handle, 0);
            moved = true;
        }
    }
    return moved;
}

void core_fake_run(struct core_fake *fake)
{
    bool moved = true;
    while (moved) {
        moved = !fake->hold_work && work_step(fake);
        moved |= !fake->hold_store && core_fake_store_step(fake);
        moved |= drain(fake);
    }
}

void core_fake_advance(struct core_fake *fake, uint64_t ms)
{
    fake->wall_ms += ms;
    fake->mono_ms += ms;
    core_time(fake->core, fake->wall_ms, fake->mono_ms);
    core_tick(fake->core);
    core_fake_run(fake);
}

/* ---- connections and calls ---- */

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
