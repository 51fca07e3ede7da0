/*
 * commit.c - what follows when an append came back from the disk, or did not get there.
 *
 * Owns the order of consequences: fold, answer the author, fan out, take rights away. Invariant: entries of a log are folded, answered
 * and fanned out in the order of their seq, and only those that are on disk.
 */
#include <string.h>

#include "server/core/append.h"
#include "server/core/hub.h"
#include "server/core/recover.h"

/* What the author of an entry that was not stored is told, by the store's status. */
static enum council_error refusal(enum store_status status)
{
    switch (status) {
    case STORE_FULL:
        return COUNCIL_E_STORAGE_FULL;
    case STORE_CONFLICT:
    case STORE_NOMEM:
        return COUNCIL_E_RETRY;
    case STORE_REFUSED:
        return COUNCIL_E_CODE_REFUSED;
    case STORE_EXISTS:
        return COUNCIL_E_ALREADY_REGISTERED;
    default:
        return COUNCIL_E_INTERNAL;
    }
}

static enum council_error fold(struct core_log *log, const struct core_append *append)
{
    struct core_fold *state = log->fold;
    if (append->seq == 1) {
        state->kind = core_genesis_kind(&append->entry);
    }
    if (state->kind == STORE_LOG_MEMBER) {
        return council_member_append(&state->member, &append->entry, append->wire.sig);
    }
    return council_fold(&state->council, &append->entry, append->seq, append->head);
}

static void write_place(struct core_call *call, struct council_frame *out, const char *name,
                        const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq,
                        const uint8_t head[COUNCIL_HASH_BYTES], uint64_t received)
{
    core_call_result(call, out);
    council_rpc_field_bytes(out, name, log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(out, "seq", seq);
    council_rpc_field_bytes(out, "head", head, COUNCIL_HASH_BYTES);
    if (!call->u.append.registers) {
        council_rpc_field_int(out, "received", received);
    }
}

/* Tells the author where the entry is; the call goes on until all of its consequences are drawn. */
static void answer(struct core *core, struct core_call *call)
{
    const struct core_append *append = &call->u.append;
    struct core_conn *conn = core_conn_find(core, call->session);
    if (conn == NULL) {
        return;
    }
    struct council_frame out;
    write_place(call, &out, append->registers ? "member" : "log", call->log->key, append->seq,
                append->head, append->received);
    if (!core_conn_send_written(core, conn, &out)) {
        core_conn_close(core, conn, CORE_CLOSE_TRY_LATER, "no_memory");
    }
}

static void publish(struct core *core, struct core_log *log, const struct core_append *append)
{
    const struct council_wire_entry *wire = &append->wire;
    bool bare = wire->data == NULL && council_kind_has(append->entry.kind, COUNCIL_FLAG_SEALED);
    struct council_record record = {.seq = append->seq,
                                    .received = append->received,
                                    .text = wire->text,
                                    .len = wire->len,
                                    .sig = wire->sig,
                                    .data = wire->data,
                                    .data_len = wire->data_len,
                                    .erased = bare};
    core_hub_publish(core, log, &record);
}

/* The sessions of devices that the entry revoked. */
static void close_revoked(struct core *core, const struct core_log *log,
                          const struct council_entry *entry)
{
    uint8_t device[COUNCIL_KEY_BYTES];
    if (entry->kind == COUNCIL_KIND_DEVICE_REVOKE) {
        council_body_key(entry, "device", device);
        core_close_device(core, log->key, device, "device_revoked");
        return;
    }
    uint32_t revoke = council_body_get(entry, "revoke");
    uint32_t value = council_text_first(&entry->text, revoke);
    for (uint32_t i = 0; i < entry->text.values[revoke].count; i++) {
        if (council_text_bytes(&entry->text, value, device, sizeof device)) {
            core_close_device(core, log->key, device, "device_revoked");
        }
        value = entry->text.values[value].next;
    }
}

static void commit(struct core *core, struct core_log *log, struct core_call *call)
{
    const struct core_append *append = &call->u.append;
    const struct council_entry *entry = &append->entry;
    enum council_error error = log->failed ? COUNCIL_OK : fold(log, append);
    if (error != COUNCIL_OK) {
        core_report(core, "fold_failed", 0, NULL, council_error_name(error));
        log->failed = true; /* it is on disk all the same: the fold is read anew */
    }
    core_recovery_committed(core, log, append);
    log->known = true;
    if (append->seq == 1) {
        log->kind = core_genesis_kind(entry);
    }
    log->seq = append->seq;
    log->bytes += (uint64_t)append->wire.len + append->wire.data_len;
    memcpy(log->head, append->head, COUNCIL_HASH_BYTES);
    core->stats.appended++;

    answer(core, call);
    if (entry->kind == COUNCIL_KIND_MEMBER_REMOVE || entry->kind == COUNCIL_KIND_MEMBER_LEAVE) {
        uint8_t member[COUNCIL_KEY_BYTES];
        memcpy(member, entry->author, sizeof member);
        if (entry->kind == COUNCIL_KIND_MEMBER_REMOVE) {
            council_body_key(entry, "member", member);
        }
        core_hub_end(core, log, member, append->seq);
    }
    publish(core, log, append);
    if (entry->kind == COUNCIL_KIND_DEVICE_REVOKE || entry->kind == COUNCIL_KIND_MEMBER_RECOVER) {
        close_revoked(core, log, entry);
    }
    core_call_end(core, call);
}

/* It is not on disk, and so nothing behind it will be: what waits is told, and the fold is read anew. */
static void fail(struct core *core, struct core_log *log, struct core_call *call,
                 enum store_status status)
{
    enum council_error error = refusal(status);
    if (status != STORE_REFUSED && status != STORE_EXISTS) {
        core_store_failed(core, "append_failed", status);
    }
    log->failed = true;
    core_call_fail(core, call, error);
    enum council_error rest = error == COUNCIL_E_STORAGE_FULL ? error : COUNCIL_E_RETRY;
    while ((call = core_queue_pop(&log->arrived)) != NULL) {
        core_call_fail(core, call, rest);
    }
}

void core_append_stored(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_log *log = call->log;
    log->pins++;
    (void)core_queue_pop(&log->flight);
    log->bytes_ahead -= (uint64_t)call->u.append.wire.len + call->u.append.wire.data_len;
    log->barrier = false;
    if (job->status == STORE_IO) {
        core_fatal(core, "an I/O error left it unknown what was written");
    }
    if (core->broken) {
        core_call_end(core, call);
    } else if (job->status == STORE_OK) {
        commit(core, log, call);
    } else {
        fail(core, log, call, job->status);
    }
    if (log->failed && log->flight.first == NULL) {
        core_log_drop_fold(core, log);
        log->failed = false;
    }
    core_append_pump(core, log);
    core_log_unpin(core, log);
}

/* ---- retries ---- */

static void old_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct store_slice slice = job->u.read.slice; /* the job goes with the call */
    if (job->status == STORE_OK && slice.n == 1) {
        struct council_frame out;
        const struct store_entry *entry = &slice.entries[0];
        write_place(call, &out, call->u.append.registers ? "member" : "log", call->log->key,
                    entry->seq, entry->head, entry->received_ms);
        core_call_answer(core, call, &out);
    } else {
        core_store_failed(core, "retry_not_read", job->status);
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
    }
    core_slice_free(core, &slice);
}

void core_append_answer_old(struct core *core, struct core_call *call, uint64_t seq)
{
    struct core_job_read *read = &call->job.u.read;
    *read = (struct core_job_read){
        .reading = {.after_seq = seq - 1, .upto_seq = seq, .max_entries = 1}, .slice = {0}};
    memcpy(read->log, call->log->key, COUNCIL_KEY_BYTES);
    call->job.type = CORE_JOB_READ;
    core_submit(core, &call->job, old_read, call);
}
