/*
 * core_fake.c - events in, effects out, made visible. See core_fake.h.
 */
#include "tests/unit/core_fake.h"

#include "protocol/schedule/ics.h"

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

static void do_calendar(void *ctx, uint64_t ticket, const struct core_calendar_answer *answer)
{
    struct core_fake *fake = ctx;
    if (fake->calendar != NULL) {
        fake->calendar(fake->calendar_ctx, ticket, answer);
    }
}

void core_fake_start(struct core_fake *fake, const struct core_config *config)
{
    struct core_ops ops = {.ctx = fake,
                           .calendar = do_calendar,
                           .calendar_write = schedule_ics,
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
