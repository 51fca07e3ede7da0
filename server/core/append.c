/*
 * append.c - log.append and member.register: from the call to its place in the log.
 *
 * Owns the queue of entries that have arrived in a log, and the numbering. See append.h for the order and the invariants.
 */
#include "server/core/append.h"

#include <stdlib.h>
#include <string.h>

enum {
    CALL_COST = 2048
}; /* what a waiting entry takes beside its own bytes */

void core_append_account(struct core *core, uint64_t cost, bool in)
{
    core->queue_entries += in ? 1 : UINT64_MAX;
    core->queue_bytes += in ? cost : 0 - cost;
    core_pressure(core);
}

static void append_fini(struct core *core, struct core_call *call)
{
    struct core_append *append = &call->u.append;
    if (append->parsed) {
        council_entry_fini(&append->entry);
    }
    if (append->has_wire) {
        council_wire_entry_fini(&append->wire);
    }
    free(append->facts);
    free(append->fact_seqs);
    free(append->listed);
    free(append->changes);
    core_append_account(core, append->cost, false);
}

/*
 * The log that a text names, before anything of it was checked: "log" is the last key of that name in canonical text. A wrong
 * guess costs order and nothing else; the check says what the text really names.
 */
static bool guess_log(const char *text, uint32_t len, uint8_t log[COUNCIL_KEY_BYTES])
{
    static const char key[] = "\"log\":\"";
    enum {
        KEY_LEN = sizeof key - 1
    };
    for (uint32_t at = len >= KEY_LEN + COUNCIL_KEY_CHARS ? len - KEY_LEN - COUNCIL_KEY_CHARS : 0;
         at > 0; at--) {
        if (memcmp(text + at, key, KEY_LEN) == 0) {
            return council_b64_decode(log, COUNCIL_KEY_BYTES, text + at + KEY_LEN,
                                      COUNCIL_KEY_CHARS);
        }
    }
    return false;
}

static void checked(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_append *append = &call->u.append;
    if (append->error != COUNCIL_OK) {
        core_call_fail(core, call, append->error);
        return;
    }
    struct core_log *guessed = call->log;
    if (append->offered && memcmp(guessed->key, append->log, COUNCIL_KEY_BYTES) != 0) {
        core_call_fail(core, call, COUNCIL_E_WRONG_LOG);
        return;
    }
    if (guessed == NULL || memcmp(guessed->key, append->log, COUNCIL_KEY_BYTES) != 0) {
        call->log = core_log_pin(core, append->log);
        if (guessed != NULL) {
            core_log_unpin(core, guessed);
        }
    }
    if (call->log == NULL) {
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
        return;
    }
    core_queue_push(&call->log->arrived, call);
    core_append_pump(core, call->log);
}

/* The call has an entry from now on. */
static void own(struct core *core, struct core_call *call)
{
    struct core_append *append = &call->u.append;
    append->has_wire = true;
    append->cost = (uint64_t)append->wire.len + append->wire.data_len + CALL_COST;
    call->fini = append_fini;
    core_append_account(core, append->cost, true);
}

void core_append_offered(struct core *core, struct core_call *call)
{
    call->u.append.offered = true;
    own(core, call);
    core_submit_work(core, &call->job, core_check_work, checked, call, call->log->key);
}

/* Takes the entry of the call's params and sends it to a verifier. */
static enum council_error begin(struct core *core, struct core_call *call, bool registers)
{
    struct core_append *append = &call->u.append;
    enum council_error error = COUNCIL_OK;
    if (call->rpc.quick) {
        council_rpc_take_entry(&call->rpc, &append->wire);
    } else {
        error = council_rpc_entry(json_object_get(call->rpc.params, "entry"), &append->wire);
    }
    if (error != COUNCIL_OK) {
        return error;
    }
    append->registers = registers;
    own(core, call);
    uint8_t lane[COUNCIL_KEY_BYTES] = {0};
    if (!registers && guess_log(append->wire.text, append->wire.len, lane)) {
        call->log = core_log_pin(core, lane);
        if (call->log != NULL) {
            core_log_load(core, call->log); /* it is read while the signature is checked */
        }
    } else {
        council_u64be(lane, ++core->serial);
    }
    core_submit_work(core, &call->job, core_check_work, checked, call, lane);
    return COUNCIL_OK;
}

enum council_error core_do_append(struct core *core, struct core_conn *conn, struct core_call *call)
{
    (void)conn;
    return begin(core, call, false);
}

enum council_error core_do_register(struct core *core, struct core_conn *conn,
                                    struct core_call *call)
{
    const char *code = council_rpc_string(call->rpc.params, "code", 128);
    if (core->registration == CORE_REGISTER_CLOSED) {
        return COUNCIL_E_REGISTRATION_CLOSED;
    }
    if (conn->registered || conn->challenged || core->mono_ms > conn->deadline_ms) {
        return COUNCIL_E_LOGIN_EXPIRED;
    }
    if (core->registration == CORE_REGISTER_CODE) {
        if (code == NULL) {
            return COUNCIL_E_CODE_REFUSED;
        }
        council_hash(call->u.append.code, code, (uint32_t)strlen(code));
        call->u.append.has_code = true;
    }
    conn->registered = true;
    return begin(core, call, true);
}

enum council_error core_append_rules(const struct core_fold *fold, const struct core_append *append)
{
    const struct council_entry *entry = &append->entry;
    bool member = fold->kind == STORE_LOG_MEMBER || entry->kind == COUNCIL_KIND_MEMBER_CREATE;
    if (member && council_kind_info(entry->kind)->log != COUNCIL_LOG_MEMBER) {
        return COUNCIL_E_WRONG_LOG_TYPE; /* before member.h, which takes every kind for control */
    }
    return member ? council_member_check(&fold->member, entry)
                  : council_check(&fold->council, entry, append->facts);
}

static uint8_t row_flags(enum council_kind kind)
{
    unsigned flags = 0;
    flags |= council_kind_has(kind, COUNCIL_FLAG_FOLDS) ? STORE_FOLDS : 0;
    flags |= council_kind_has(kind, COUNCIL_FLAG_CONTROL) ? STORE_CONTROL : 0;
    flags |= council_kind_has(kind, COUNCIL_FLAG_SEALED) ? STORE_SEALED : 0;
    return (uint8_t)flags;
}

enum council_error core_append_write(struct core *core, struct core_log *log,
                                     struct core_call *call)
{
    struct core_append *append = &call->u.append;
    struct core_job_append *out = &call->job.u.append;
    const struct council_wire_entry *wire = &append->wire;
    *out = (struct core_job_append){0};
    enum council_error error = core_append_changes(log, call, &out->n_changes);
    if (error == COUNCIL_OK) {
        error = council_tail_push(&log->fold->tail, &append->entry, wire->sig);
    }
    if (error != COUNCIL_OK) {
        return error;
    }
    append->seq = log->fold->tail.seq;
    append->received = core->wall_ms;
    memcpy(append->head, log->fold->tail.head, COUNCIL_HASH_BYTES);
    struct store_entry *entry = &out->row.entry;
    memcpy(out->row.log, log->key, COUNCIL_KEY_BYTES);
    entry->seq = append->seq;
    entry->received_ms = append->received;
    entry->flags = row_flags(append->entry.kind);
    memcpy(entry->head, append->head, COUNCIL_HASH_BYTES);
    memcpy(entry->sig, wire->sig, COUNCIL_SIG_BYTES);
    entry->text = wire->text;
    entry->text_len = wire->len;
    entry->data = wire->data;
    entry->data_len = wire->data_len;
    out->changes = append->changes;
    log->bytes_ahead += (uint64_t)wire->len + wire->data_len;
    core_queue_push(&log->flight, core_queue_pop(&log->arrived));
    call->job.type = CORE_JOB_APPEND;
    core_submit(core, &call->job, core_append_stored, call);
    return COUNCIL_OK;
}

/* The first that arrived is refused. */
static void refuse_first(struct core *core, struct core_log *log, enum council_error error,
                         uint64_t retry_after_ms)
{
    core_call_fail_late(core, core_queue_pop(&log->arrived), error, retry_after_ms);
}

/* Whether the entry is in the log already, by its tail: its seq, or 0. */
static uint64_t find_old(const struct council_tail *tail, const struct core_append *append)
{
    /* A log is named by its first entry: the same genesis again is a retry. */
    bool genesis = council_kind_has(append->entry.kind, COUNCIL_FLAG_GENESIS);
    return genesis ? (tail->seq > 0 ? 1 : 0)
                   : council_tail_retry(tail, &append->entry, append->wire.sig);
}

/* Takes on the first entry that arrived; false: it must wait for what is in flight. */
static bool take_first(struct core *core, struct core_log *log)
{
    struct core_call *call = log->arrived.first;
    struct core_append *append = &call->u.append;
    const struct council_entry *entry = &append->entry;
    const struct council_tail *tail = &log->fold->tail;
    bool alone =
        council_kind_has(entry->kind, COUNCIL_FLAG_FOLDS) || entry->kind == COUNCIL_KIND_ERASE;
    if (alone && log->flight.first != NULL) {
        return false;
    }
    enum council_error error =
        append->offered ? core_gate_offered(core, log, call) : core_gate_who(core, log, call);
    uint64_t retry_after_ms = 0;
    if (error == COUNCIL_OK && !append->offered) {
        uint64_t old = find_old(tail, append);
        if (old > log->seq) {
            return false; /* not on disk yet */
        }
        if (old > 0) {
            core_append_answer_old(core, core_queue_pop(&log->arrived), old);
            return true;
        }
        /* Before its position is judged: an entry that is ahead of a log that waits is not wrong. */
        error =
            log->recovery == STORE_WAITING ? COUNCIL_E_RECOVERING : core_gate_clock(core, append);
    }
    if (error == COUNCIL_OK) {
        error = council_tail_check(tail, entry);
    }
    if (error == COUNCIL_OK && !append->offered) {
        error = core_gate_rate(core, log, call, &retry_after_ms);
    }
    if (error == COUNCIL_OK) {
        error = core_gate_quota(core, log, call);
    }
    if (error == COUNCIL_OK && alone) {
        core_barrier_begin(core, log, call);
        return true;
    }
    if (error == COUNCIL_OK) {
        error = core_append_rules(log->fold, append);
    }
    if (error == COUNCIL_OK) {
        error = core_append_write(core, log, call);
    }
    if (error != COUNCIL_OK) {
        refuse_first(core, log, error, retry_after_ms);
    }
    return true;
}

void core_append_pump(struct core *core, struct core_log *log)
{
    log->pins++;
    while (log->arrived.first != NULL && !log->barrier && !log->failed && !core->broken) {
        if (log->state != CORE_LOG_RESIDENT) {
            core_log_load(core, log);
            break;
        }
        if (!take_first(core, log)) {
            break;
        }
    }
    core_log_unpin(core, log);
}

void core_append_loaded(struct core *core, struct core_log *log, enum council_error error)
{
    if (error == COUNCIL_OK) {
        core_append_pump(core, log);
        return;
    }
    while (log->arrived.first != NULL) {
        refuse_first(core, log, error, 0);
    }
}
