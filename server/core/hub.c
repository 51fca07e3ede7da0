/*
 * hub.c - fan-out: backlog slice by slice, new entries as one frame for all. See hub.h.
 */
#include "server/core/hub.h"

#include <stdlib.h>
#include <string.h>

#include "server/core/access.h"
#include "server/core/logs.h"
#include "server/core/recover.h"

/* One entry as a frame; NULL: out of memory. */
static struct core_frame *frame_of(const struct core_log *log, const struct council_record *record)
{
    struct council_frame out;
    struct core_frame *frame = NULL;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    if (council_rpc_write_log_entry(&out, log->key, record) == COUNCIL_OK) {
        frame = core_frame_create(&out);
    }
    council_frame_fini(&out);
    return frame;
}

void core_hub_publish(struct core *core, struct core_log *log, const struct council_record *record)
{
    struct core_frame *frame = NULL;
    struct core_follow *next = NULL;
    log->pins++;
    for (struct core_follow *f = log->follows; f != NULL; f = next) {
        next = f->log_next;
        if (!f->subscribed || !f->live || record->seq <= f->cursor) {
            continue;
        }
        if (frame == NULL) {
            frame = frame_of(log, record);
        }
        if (frame == NULL || f->conn->queued > core->limits.live_bytes) {
            core_follow_set_live(f, false); /* it goes on from its cursor when there is room */
            continue;
        }
        core_conn_send(core, f->conn, frame);
        core->stats.delivered++;
        f->cursor = record->seq;
        if (f->until != 0 && f->cursor >= f->until) {
            core_follow_unsubscribe(core, f);
        }
    }
    core_frame_unref(frame);
    core_log_unpin(core, log);
}

/* ---- backlog ---- */

/* A slice of a backlog under way. Pins its log; the connection may go meanwhile. */
struct slice {
    struct core_job job;
    core_session session;
    struct core_log *log;
    uint64_t serial;
};

static void slice_read(struct core *core, struct core_job *job);

/* Asks for the next slice, or turns live, or ends. True: a slice is being read. */
static bool feed(struct core *core, struct core_follow *follow)
{
    struct core_log *log = follow->log;
    uint64_t end = log->seq;
    if (follow->until != 0 && follow->until < end) {
        end = follow->until;
    }
    if (follow->cursor >= end) {
        if (follow->until != 0 && follow->cursor >= follow->until) {
            core_follow_unsubscribe(core, follow);
        } else {
            core_follow_set_live(follow, true);
        }
        return false;
    }
    struct slice *slice = calloc(1, sizeof *slice);
    if (slice == NULL) {
        return false; /* the next tick tries again */
    }
    slice->session = follow->conn->handle;
    slice->log = log;
    slice->serial = follow->serial;
    core_log_hold(core, log);
    follow->conn->reading = true;
    slice->job.type = CORE_JOB_READ;
    memcpy(slice->job.u.read.log, log->key, COUNCIL_KEY_BYTES);
    slice->job.u.read.reading =
        (struct store_reading){.after_seq = follow->cursor,
                               .upto_seq = end,
                               .max_entries = STORE_READ_ENTRIES_MAX,
                               .max_bytes = (uint32_t)core->limits.page_bytes,
                               .what = STORE_READ_DATA};
    core->stats.catchups++;
    core_submit(core, &slice->job, slice_read, slice);
    return true;
}

void core_hub_room(struct core *core, struct core_conn *conn)
{
    struct core_follow *next = NULL;
    for (struct core_follow *f = conn->follows; f != NULL; f = next) {
        next = f->conn_next;
        if (conn->reading || conn->queued >= core->limits.catchup_bytes || core->stopping) {
            return;
        }
        if (f->subscribed && !f->live && feed(core, f)) {
            return;
        }
    }
}

/* Sends what was read, as far as it follows the cursor and is known to be durable. */
static void send_slice(struct core *core, struct core_follow *follow,
                       const struct store_slice *slice)
{
    for (uint32_t i = 0; i < slice->n; i++) {
        const struct store_entry *entry = &slice->entries[i];
        if (entry->seq != follow->cursor + 1 || entry->seq > follow->log->seq ||
            (follow->until != 0 && entry->seq > follow->until)) {
            return;
        }
        struct council_record record = {.seq = entry->seq,
                                        .received = entry->received_ms,
                                        .text = entry->text,
                                        .len = entry->text_len,
                                        .sig = entry->sig,
                                        .data = entry->data,
                                        .data_len = entry->data_len,
                                        .erased = (entry->flags & STORE_ERASED) != 0};
        struct core_frame *frame = frame_of(follow->log, &record);
        if (frame == NULL) {
            return;
        }
        core_conn_send(core, follow->conn, frame);
        core_frame_unref(frame);
        core->stats.delivered++;
        follow->cursor = entry->seq;
    }
}

static void slice_read(struct core *core, struct core_job *job)
{
    struct slice *slice = job->owner;
    struct core_log *log = slice->log;
    struct core_conn *conn = core_conn_find(core, slice->session);
    struct core_follow *follow = conn != NULL ? core_follow_find(conn, log) : NULL;
    if (conn != NULL) {
        conn->reading = false;
    }
    if (job->status != STORE_OK) {
        core_store_failed(core, "backlog_not_read", job->status);
        if (conn != NULL) {
            core_conn_close(core, conn, CORE_CLOSE_TRY_LATER, "internal");
        }
    } else if (conn != NULL) {
        if (follow != NULL && follow->subscribed && !follow->live &&
            follow->serial == slice->serial) {
            send_slice(core, follow, &job->u.read.slice);
        }
        core_hub_room(core, conn);
    }
    core_slice_free(core, &job->u.read.slice);
    free(slice);
    core_log_unpin(core, log);
}

/* ---- log.subscribe ---- */

static void subscribe(struct core *core, struct core_call *call)
{
    struct core_access *access = &call->access;
    struct core_conn *conn = core_conn_find(core, call->session);
    if (conn == NULL) {
        core_call_end(core, call);
        return;
    }
    if (core_recovery_hides(core, call)) {
        core_call_fail(core, call, COUNCIL_E_RECOVERING);
        return;
    }
    if (call->log == NULL) {
        call->log = core_log_pin(core, access->log);
    }
    enum council_error error = COUNCIL_E_INTERNAL;
    struct core_log *log = call->log;
    struct core_follow *follow = log != NULL ? core_follow_make(core, conn, log, &error) : NULL;
    if (follow == NULL) {
        core_call_fail(core, call, error);
        return;
    }
    if (!log->known) {
        /* A former member's answer is about their end, not the log's; what lies behind it they do not get anyhow. */
        log->kind = access->kind;
        log->seq = access->seq;
        log->recovery = access->recovery;
        log->brought = access->brought;
        memcpy(log->head, access->head, COUNCIL_HASH_BYTES);
        log->known = !access->former;
    }
    follow->until = access->former ? access->seq : 0;
    follow->cursor = call->u.after;
    follow->serial = ++core->serial;
    core_follow_set_live(follow, true); /* a second subscription takes the place of the first */
    follow->subscribed = true;
    core_follow_set_live(follow, false);
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_int(&out, "seq", access->seq);
    council_rpc_field_bytes(&out, "head", access->head, COUNCIL_HASH_BYTES);
    core_session session = call->session;
    core_call_answer(core, call, &out);
    conn = core_conn_find(core, session);
    if (conn != NULL) {
        core_hub_room(core, conn);
    }
}

enum council_error core_do_subscribe(struct core *core, struct core_conn *conn,
                                     struct core_call *call)
{
    (void)conn;
    if (!council_rpc_int(call->rpc.params, "after", 0, COUNCIL_INT_MAX, &call->u.after)) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    core_access_ask(core, call, NULL, subscribe);
    return COUNCIL_OK;
}
