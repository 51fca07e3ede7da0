/*
 * read.c - log.read: a page of a log.
 *
 * Owns what a page holds. Invariant: it ends where the caller's right to read ended when the right was looked up, so nothing slips through
 * behind it.
 */
#include <string.h>

#include "server/core/access.h"
#include "server/core/logs.h"
#include "server/core/recover.h"

static void answer(struct core *core, struct core_call *call, const struct store_slice *slice)
{
    struct council_frame out;
    core_call_result(call, &out);
    council_rpc_field_open(&out, "entries", '[');
    bool fits = true;
    for (uint32_t i = 0; slice != NULL && fits && i < slice->n; i++) {
        const struct store_entry *entry = &slice->entries[i];
        struct council_record record = {.seq = entry->seq,
                                        .received = entry->received_ms,
                                        .text = entry->text,
                                        .len = entry->text_len,
                                        .sig = entry->sig,
                                        .data = entry->data,
                                        .data_len = entry->data_len,
                                        .erased = (entry->flags & STORE_ERASED) != 0};
        fits = council_rpc_write_entry(&out, &record);
    }
    council_rpc_field_close(&out, ']');
    council_rpc_field_int(&out, "seq", call->access.seq);
    council_rpc_field_bytes(&out, "head", call->access.head, COUNCIL_HASH_BYTES);
    core_call_answer(core, call, &out);
}

static void page_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct store_slice slice = job->u.read.slice; /* the job goes with the call */
    if (job->status == STORE_OK) {
        answer(core, call, &slice);
    } else {
        core_store_failed(core, "page_not_read", job->status);
        core_call_fail(core, call, COUNCIL_E_INTERNAL);
    }
    core_slice_free(core, &slice);
}

static void read_page(struct core *core, struct core_call *call)
{
    const struct core_read *read = &call->u.read;
    const struct core_access *access = &call->access;
    if (read->after >= access->seq) {
        answer(core, call, NULL);
        return;
    }
    bool data = !read->texts && !access->texts_only;
    call->job.type = CORE_JOB_READ;
    call->job.u.read =
        (struct core_job_read){.reading = {.after_seq = read->after,
                                           .upto_seq = access->seq,
                                           .max_entries = read->limit,
                                           .max_bytes = (uint32_t)core->limits.page_bytes,
                                           .what = data ? STORE_READ_DATA : 0},
                               .slice = {0}};
    memcpy(call->job.u.read.log, access->log, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, page_read, call);
}

/* ---- by an invite: its key must have signed for this very connection ---- */

static void work_invite(struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_read *read = &call->u.read;
    read->good = council_invite_read_verify(read->sig, read->invite, &read->challenge,
                                            call->access.log, call->member);
}

static void invite_verified(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (call->u.read.good) {
        read_page(core, call);
    } else {
        core_call_fail(core, call, COUNCIL_E_NOT_FOUND);
    }
}

static void allowed(struct core *core, struct core_call *call)
{
    if (core_recovery_hides(core, call)) {
        core_call_fail(core, call, COUNCIL_E_RECOVERING);
    } else if (call->access.texts_only) {
        core_submit_work(core, &call->job, work_invite, invite_verified, call, call->access.log);
    } else {
        read_page(core, call);
    }
}

enum council_error core_do_read(struct core *core, struct core_conn *conn, struct core_call *call)
{
    struct core_read *read = &call->u.read;
    const json_t *params = call->rpc.params;
    uint64_t limit = 0, texts = 0;
    if (!council_rpc_int(params, "after", 0, COUNCIL_INT_MAX, &read->after) ||
        !council_rpc_int(params, "limit", 1, CORE_PAGE_ENTRIES, &limit) ||
        (council_rpc_has(params, "texts") && !council_rpc_int(params, "texts", 0, 1, &texts))) {
        return COUNCIL_E_INVALID_PARAMS;
    }
    read->limit = (uint32_t)limit;
    read->texts = texts == 1;
    const json_t *invite = json_object_get(params, "invite");
    if (invite != NULL) {
        if (!council_rpc_bytes(invite, "key", read->invite, COUNCIL_KEY_BYTES) ||
            !council_rpc_bytes(invite, "sig", read->sig, COUNCIL_SIG_BYTES)) {
            return COUNCIL_E_INVALID_PARAMS;
        }
        core_challenge(core, conn, &read->challenge);
    }
    core_access_ask(core, call, invite != NULL ? read->invite : NULL, allowed);
    return COUNCIL_OK;
}
