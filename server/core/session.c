/*
 * session.c - the table of connections: handles, counts, sending, closing.
 *
 * Owns when a connection exists and how much waits for it. Must not know what is said on it. Invariant: a slot's generation
 * moves on when its connection goes, so an old handle finds nothing.
 */
#include "server/core/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/core/hub.h"
#include "server/core/logs.h"

static core_session handle_of(uint32_t index, uint32_t generation)
{
    return (uint64_t)generation << 32 | (uint64_t)(index + 1);
}

struct core_conn *core_conn_find(const struct core *core, core_session session)
{
    uint32_t index = (uint32_t)session - 1;
    if ((uint32_t)session == 0 || index >= core->slot_count ||
        core->slots[index].generation != (uint32_t)(session >> 32)) {
        return NULL;
    }
    return core->slots[index].conn;
}

/* The index of a free slot, or UINT32_MAX. */
static uint32_t slot_take(struct core *core)
{
    if (core->free_slot != 0) {
        uint32_t index = core->free_slot - 1;
        core->free_slot = core->slots[index].next_free;
        return index;
    }
    if (core->slot_count == core->slot_size) {
        uint32_t size = core->slot_size == 0 ? 64 : 2 * core->slot_size;
        struct core_slot *slots = realloc(core->slots, size * sizeof *slots);
        if (slots == NULL) {
            return UINT32_MAX;
        }
        core->slots = slots;
        core->slot_size = size;
    }
    core->slots[core->slot_count] = (struct core_slot){.generation = 1};
    return core->slot_count++;
}

core_session core_connect(struct core *core, const uint8_t address[16], enum core_origin origin)
{
    if (core->stopping || core->broken || core->conn_count >= core->limits.sessions) {
        return 0;
    }
    struct core_conn *conn = calloc(1, sizeof *conn);
    if (conn == NULL) {
        return 0;
    }
    if (address != NULL) {
        memcpy(conn->address, address, 16);
        if (!core_bucket_hold(core, conn->address)) {
            core_report(core, "address_refused", 0, NULL, NULL);
            free(conn);
            return 0;
        }
        conn->counted = true;
    }
    uint32_t index = slot_take(core);
    if (index == UINT32_MAX) {
        if (conn->counted) {
            core_bucket_release(core, conn->address);
        }
        free(conn);
        return 0;
    }
    conn->handle = handle_of(index, core->slots[index].generation);
    conn->origin = origin;
    conn->login_ms = core->mono_ms + core->limits.login_ms;
    core->slots[index].conn = conn;
    core->conn_count++;
    return conn->handle;
}

/* The connection is gone; nothing is told to the host. */
static void forget(struct core *core, struct core_conn *conn)
{
    uint32_t index = (uint32_t)conn->handle - 1;
    struct core_slot *slot = &core->slots[index];
    slot->conn = NULL;
    slot->generation++;
    slot->next_free = core->free_slot;
    core->free_slot = index + 1;
    core->conn_count--;
    core_follow_drop_all(core, conn);
    if (conn->state == CORE_RECOVERY) {
        core->recovery_count--;
    }
    if (core_conn_logged_in(conn)) {
        core->stats.members_online--;
    }
    if (conn->counted) {
        core_bucket_release(core, conn->address);
    }
    free(conn);
}

void core_conn_close(struct core *core, struct core_conn *conn, unsigned code, const char *reason)
{
    core_session session = conn->handle;
    forget(core, conn);
    core->ops.close(core->ops.ctx, session, code, reason);
}

void core_disconnect(struct core *core, core_session session)
{
    struct core_conn *conn = core_conn_find(core, session);
    if (conn != NULL) {
        forget(core, conn);
    }
}

bool core_conn_logged_in(const struct core_conn *conn)
{
    return conn->state == CORE_DEVICE || conn->state == CORE_RECOVERY;
}

void core_conn_send(struct core *core, struct core_conn *conn, struct core_frame *frame)
{
    if (core->broken) {
        return;
    }
    if (conn->queued == 0) {
        conn->progress_ms = core->mono_ms;
    }
    conn->queued += (uint64_t)frame->len + CORE_FRAME_HEADROOM;
    core->ops.send(core->ops.ctx, conn->handle, frame);
}

bool core_conn_send_written(struct core *core, struct core_conn *conn,
                            struct council_frame *written)
{
    struct core_frame *frame =
        council_frame_end(written) == COUNCIL_OK ? core_frame_create(written) : NULL;
    council_frame_fini(written);
    if (frame == NULL) {
        return false;
    }
    core_conn_send(core, conn, frame);
    core_frame_unref(frame);
    return true;
}

uint32_t core_message_max(const struct core *core, core_session session)
{
    const struct core_conn *conn = core_conn_find(core, session);
    return conn != NULL && core_conn_logged_in(conn) ? COUNCIL_FRAME_MAX : COUNCIL_FRAME_FRESH;
}

void core_writable(struct core *core, core_session session, uint64_t queued_bytes)
{
    struct core_conn *conn = core_conn_find(core, session);
    if (conn == NULL) {
        return;
    }
    conn->queued = queued_bytes;
    conn->progress_ms = core->mono_ms;
    if (conn->behind > 0 && !core->stopping) {
        core_hub_room(core, conn);
    }
}

void core_close_device(struct core *core, const uint8_t member[COUNCIL_KEY_BYTES],
                       const uint8_t device[COUNCIL_KEY_BYTES], const char *reason)
{
    for (uint32_t i = 0; i < core->slot_count; i++) {
        struct core_conn *conn = core->slots[i].conn;
        if (conn != NULL && core_conn_logged_in(conn) &&
            memcmp(conn->member, member, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(conn->device, device, COUNCIL_KEY_BYTES) == 0) {
            core_report(core, "device_revoked", conn->handle, NULL, NULL);
            core_conn_close(core, conn, CORE_CLOSE_POLICY, reason);
        }
    }
}

bool core_recovery_open(const struct core *core, const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; core->recovery_count > 0 && i < core->slot_count; i++) {
        const struct core_conn *conn = core->slots[i].conn;
        if (conn != NULL && conn->state == CORE_RECOVERY &&
            memcmp(conn->member, member, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

void core_close_all(struct core *core, unsigned code, const char *reason)
{
    for (uint32_t i = 0; i < core->slot_count; i++) {
        if (core->slots[i].conn != NULL) {
            core_conn_close(core, core->slots[i].conn, code, reason);
        }
    }
}

/* Where a connection that reads too slowly should go on. */
static void stall_reason(const struct core_conn *conn, char out[CORE_CLOSE_REASON_MAX + 1])
{
    const struct core_follow *worst = conn->follows;
    for (const struct core_follow *f = conn->follows; f != NULL; f = f->conn_next) {
        if (f->subscribed && (!worst->subscribed || (worst->live && !f->live))) {
            worst = f;
        }
    }
    if (worst == NULL || !worst->subscribed) {
        (void)snprintf(out, CORE_CLOSE_REASON_MAX + 1, "too_slow");
        return;
    }
    char log[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(log, worst->log->key, COUNCIL_KEY_BYTES);
    (void)snprintf(out, CORE_CLOSE_REASON_MAX + 1, "too_slow log=%s sent=%llu", log,
                   (unsigned long long)worst->cursor);
}

void core_sessions_tick(struct core *core)
{
    for (uint32_t i = 0; i < core->slot_count; i++) {
        struct core_conn *conn = core->slots[i].conn;
        if (conn == NULL) {
            continue;
        }
        if (!core_conn_logged_in(conn) && core->mono_ms >= conn->login_ms) {
            core_conn_close(core, conn, CORE_CLOSE_POLICY, "login_expired");
        } else if (conn->queued > 0 && core->mono_ms - conn->progress_ms >= core->limits.stall_ms) {
            char reason[CORE_CLOSE_REASON_MAX + 1];
            stall_reason(conn, reason);
            core_report(core, "too_slow", conn->handle, NULL, NULL);
            core_conn_close(core, conn, CORE_CLOSE_TRY_LATER, reason);
        } else if (conn->behind > 0 && !core->stopping) {
            core_hub_room(core, conn); /* what memory was too short for is tried again */
        }
    }
}

void core_sessions_fini(struct core *core)
{
    for (uint32_t i = 0; i < core->slot_count; i++) {
        if (core->slots[i].conn != NULL) {
            forget(core, core->slots[i].conn);
        }
    }
    free(core->slots);
    core->slots = NULL;
    core->slot_count = 0;
}
