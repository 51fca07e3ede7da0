/*
 * feed.c - feed.create, feed.list, feed.revoke: a member's calendar feeds.
 *
 * Owns these calls. Must not know what a feed shows; the secret of its address never comes here, only its hash. Rules: protocol/README.md section 15.
 */
#include "server/core/feed.h"

#include <stdlib.h>
#include <string.h>

static enum council_error error_of(enum store_status status)
{
    switch (status) {
    case STORE_NOT_FOUND:
        return COUNCIL_E_NOT_FOUND;
    case STORE_REFUSED:
        return COUNCIL_E_QUOTA;
    case STORE_EXISTS:
        return COUNCIL_E_INVALID_PARAMS;
    case STORE_FULL:
        return COUNCIL_E_STORAGE_FULL;
    default:
        return COUNCIL_E_INTERNAL;
    }
}

static void fail(struct core *core, struct core_call *call, enum store_status status)
{
    enum council_error error = error_of(status);
    if (error == COUNCIL_E_INTERNAL) {
        core_store_failed(core, "feed_not_kept", status);
    }
    core_call_fail(core, call, error);
}

static void feed_fini(struct core *core, struct core_call *call)
{
    (void)core;
    free(call->u.feeds);
}

static void answer_empty(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (job->status != STORE_OK) {
        fail(core, call, job->status);
        return;
    }
    core_cache_drop(core, job->u.feed.feed.hash);
    struct council_frame out;
    core_call_result(call, &out);
    core_call_answer(core, call, &out);
}

static void answer_list(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (job->status != STORE_OK) {
        fail(core, call, job->status);
        return;
    }
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_open(&out, "feeds", '[');
    for (uint32_t i = 0; i < job->u.feed.n; i++) {
        const struct store_feed *feed = &job->u.feed.items[i];
        council_rpc_field_open(&out, NULL, '{');
        council_rpc_field_bytes(&out, "feed", feed->hash, sizeof feed->hash);
        council_rpc_field_bytes(&out, "log", feed->log, sizeof feed->log);
        council_rpc_field_string(&out, "title", feed->title);
        council_rpc_field_int(&out, "created", feed->created_ms);
        council_rpc_field_close(&out, '}');
    }
    council_rpc_field_close(&out, ']');
    core_call_answer(core, call, &out);
}

static void begin(struct core *core, struct core_call *call, enum core_feed_asks asks)
{
    call->job.type = CORE_JOB_FEED;
    call->job.u.feed = (struct core_job_feed){.asks = asks, .max = (uint32_t)core->limits.feeds};
    memcpy(call->job.u.feed.feed.member, call->member, COUNCIL_KEY_BYTES);
}

/* A title is shown in calendars as it is: one line, nothing that drives a terminal. */
static bool title_of(const json_t *params, char out[STORE_FEED_TITLE_MAX + 1])
{
    const json_t *title = json_object_get(params, "title");
    const char *text = title != NULL ? json_string_value(title) : "Meeting";
    size_t len = text != NULL ? strlen(text) : 0;
    if (len == 0 || len > STORE_FEED_TITLE_MAX) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            return false;
        }
    }
    memcpy(out, text, len + 1);
    return true;
}

enum council_error core_do_feed_create(struct core *core, struct core_conn *conn,
                                       struct core_call *call)
{
    (void)conn;
    begin(core, call, CORE_FEED_PUT);
    struct store_feed *feed = &call->job.u.feed.feed;
    feed->created_ms = core->wall_ms;
    if (!council_rpc_bytes(call->rpc.params, "feed", feed->hash, COUNCIL_HASH_BYTES) ||
        !council_rpc_bytes(call->rpc.params, "log", feed->log, COUNCIL_KEY_BYTES) ||
        !title_of(call->rpc.params, feed->title)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    core_submit(core, &call->job, answer_empty, call);
    return COUNCIL_OK;
}

enum council_error core_do_feed_list(struct core *core, struct core_conn *conn,
                                     struct core_call *call)
{
    (void)conn;
    begin(core, call, CORE_FEED_LIST);
    call->u.feeds = calloc(CORE_FEEDS_LISTED_MAX, sizeof *call->u.feeds);
    call->fini = feed_fini;
    if (call->u.feeds == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    call->job.u.feed.items = call->u.feeds;
    call->job.u.feed.max = CORE_FEEDS_LISTED_MAX;
    core_submit(core, &call->job, answer_list, call);
    return COUNCIL_OK;
}

enum council_error core_do_feed_revoke(struct core *core, struct core_conn *conn,
                                       struct core_call *call)
{
    (void)conn;
    begin(core, call, CORE_FEED_DROP);
    if (!council_rpc_bytes(call->rpc.params, "feed", call->job.u.feed.feed.hash,
                           COUNCIL_HASH_BYTES)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    core_submit(core, &call->job, answer_empty, call);
    return COUNCIL_OK;
}
