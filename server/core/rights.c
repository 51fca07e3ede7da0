/*
 * rights.c - when a membership ends, and when the server does.
 *
 * Owns what is taken away: subscriptions beyond the last entry, presence, other people's member logs. Invariant: whoever is removed
 * is sent the entry that removes them, and nothing after it.
 */
#include <stdlib.h>
#include <string.h>

#include "server/core/hub.h"
#include "server/core/logs.h"

/* Whether a session may still follow somebody else's member log. Pins the log. */
struct recheck {
    struct core_job job;
    core_session session;
    struct core_log *log;
};

static void rechecked(struct core *core, struct core_job *job)
{
    struct recheck *check = job->owner;
    struct core_log *log = check->log;
    struct core_conn *conn = core_conn_find(core, check->session);
    struct core_follow *follow = conn != NULL ? core_follow_find(conn, log) : NULL;
    if (job->status != STORE_OK) {
        core_store_failed(core, "sharing_not_read", job->status);
    }
    bool shares = job->status == STORE_OK && job->u.shares.shares;
    if (follow != NULL && follow->subscribed && !shares) {
        core_follow_unsubscribe(core, follow);
    }
    free(check);
    core_log_unpin(core, log);
}

static void recheck(struct core *core, struct core_follow *follow)
{
    struct recheck *check = calloc(1, sizeof *check);
    if (check == NULL) {
        core_follow_unsubscribe(core, follow);
        return;
    }
    check->session = follow->conn->handle;
    check->log = follow->log;
    core_log_hold(core, check->log);
    check->job.type = CORE_JOB_SHARES;
    memcpy(check->job.u.shares.one, follow->conn->member, COUNCIL_KEY_BYTES);
    memcpy(check->job.u.shares.other, follow->log->key, COUNCIL_KEY_BYTES);
    core_submit(core, &check->job, rechecked, check);
}

/* Subscriptions to member logs that only this council may have allowed. */
static void recheck_sharing(struct core *core, const uint8_t member[COUNCIL_KEY_BYTES])
{
    struct core_log *own = core_log_find(core, member);
    struct core_follow *next = NULL;
    for (struct core_follow *f = own != NULL ? own->follows : NULL; f != NULL; f = next) {
        next = f->log_next;
        if (f->subscribed && memcmp(f->conn->member, member, COUNCIL_KEY_BYTES) != 0) {
            recheck(core, f);
        }
    }
    for (uint32_t i = 0; i < core->slot_count; i++) {
        struct core_conn *conn = core->slots[i].conn;
        if (conn == NULL || memcmp(conn->member, member, COUNCIL_KEY_BYTES) != 0) {
            continue;
        }
        for (struct core_follow *f = conn->follows; f != NULL; f = next) {
            next = f->conn_next;
            if (f->subscribed && f->log->kind == STORE_LOG_MEMBER && f->log != own) {
                recheck(core, f);
            }
        }
    }
}

void core_hub_end(struct core *core, struct core_log *log, const uint8_t member[COUNCIL_KEY_BYTES],
                  uint64_t seq)
{
    struct core_follow *next = NULL;
    for (struct core_follow *f = log->follows; f != NULL; f = next) {
        next = f->log_next;
        if (memcmp(f->conn->member, member, COUNCIL_KEY_BYTES) != 0) {
            continue;
        }
        f->until = seq;
        if (f->present) {
            core_presence_end(core, f);
        }
    }
    recheck_sharing(core, member);
}

void core_hub_goodbye(struct core *core)
{
    struct council_frame out;
    struct core_frame *frame = NULL;
    council_frame_init(&out, CORE_FRAME_HEADROOM);
    council_rpc_write_notification(&out, COUNCIL_NOTIFICATION_SERVER_GOODBYE);
    council_rpc_field_string(&out, "reason", "shutdown");
    council_rpc_field_int(&out, "retry_after_ms", core->limits.goodbye_retry_ms);
    if (council_frame_end(&out) == COUNCIL_OK) {
        frame = core_frame_create(&out);
    }
    council_frame_fini(&out);
    for (uint32_t i = 0; frame != NULL && i < core->slot_count; i++) {
        if (core->slots[i].conn != NULL) {
            core_conn_send(core, core->slots[i].conn, frame);
        }
    }
    core_frame_unref(frame);
}
