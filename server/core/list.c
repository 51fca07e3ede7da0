/*
 * list.c - council.list: the logs that a member is or was in, and their own.
 *
 * Owns the pages in which they are asked for and the one answer that they become.
 */
#include <stdlib.h>
#include <string.h>

#include "server/core/state.h"

enum {
    LIST_PAGE = 64,
    LIST_MAX = 4096
};

static const char *const type_words[] = {
    [STORE_LOG_MEMBER] = "member",
    [STORE_LOG_COUNCIL] = "council",
    [STORE_LOG_JOURNAL] = "journal",
};

static void list_fini(struct core *core, struct core_call *call)
{
    (void)core;
    free(call->u.list.items);
    council_frame_fini(&call->u.list.frame);
}

static void write_log(struct council_frame *out, const uint8_t log[COUNCIL_KEY_BYTES],
                      enum store_log_kind kind, bool member, uint64_t seq)
{
    council_rpc_field_open(out, NULL, '{');
    council_rpc_field_bytes(out, "log", log, COUNCIL_KEY_BYTES);
    council_rpc_field_string(out, "type", type_words[kind]);
    council_rpc_field_int(out, "member", member ? 1 : 0);
    council_rpc_field_int(out, "seq", seq);
    council_rpc_field_close(out, '}');
}

static void fail(struct core *core, struct core_call *call, enum store_status status)
{
    core_store_failed(core, "list_not_read", status);
    core_call_fail(core, call, COUNCIL_E_INTERNAL);
}

static void listed(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_list *list = &call->u.list;
    const struct core_job_list *page = &job->u.list;
    if (job->status != STORE_OK) {
        fail(core, call, job->status);
        return;
    }
    for (uint32_t i = 0; i < page->n; i++) {
        const struct core_listed *item = &page->items[i];
        const struct store_membership *membership = &item->membership;
        bool member = membership->until_seq == 0;
        /* Who left is told how far they may read, not how far the others have come. */
        write_log(&list->frame, membership->log, membership->kind, member,
                  member ? item->seq : membership->until_seq);
    }
    call->u.list.count += page->n;
    if (page->n == page->max && list->count < LIST_MAX) {
        core_submit(core, job, listed, call);
        return;
    }
    council_rpc_field_close(&list->frame, ']');
    core_call_answer(core, call, &list->frame);
}

static void own_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_list *list = &call->u.list;
    if (job->status != STORE_OK) {
        fail(core, call, job->status);
        return;
    }
    core_call_result(call, &list->frame);
    council_rpc_field_open(&list->frame, "logs", '[');
    write_log(&list->frame, call->member, STORE_LOG_MEMBER, true, job->u.access.info.seq);
    job->type = CORE_JOB_LIST;
    job->u.list = (struct core_job_list){.with_seq = true, .max = LIST_PAGE, .items = list->items};
    memcpy(job->u.list.member, call->member, COUNCIL_KEY_BYTES);
    core_submit(core, job, listed, call);
}

enum council_error core_do_list(struct core *core, struct core_conn *conn, struct core_call *call)
{
    (void)conn;
    struct core_list *list = &call->u.list;
    council_frame_init(&list->frame, CORE_FRAME_HEADROOM);
    list->items = calloc(LIST_PAGE, sizeof *list->items);
    call->fini = list_fini;
    if (list->items == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    call->job.type = CORE_JOB_ACCESS;
    call->job.u.access = (struct core_job_access){.has_member = false};
    memcpy(call->job.u.access.log, call->member, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, own_read, call);
    return COUNCIL_OK;
}
