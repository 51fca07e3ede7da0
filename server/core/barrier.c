/*
 * barrier.c - judging an entry that folds, or an erase: alone in its log, over several turns.
 *
 * Owns the stages and their order: what the store knows of the posts named, the rules (in a verifier, for chains and proofs are
 * costly), the gates that need the store. Invariant: while a stage is under way nothing else moves in the log, so a verifier may
 * read its fold.
 */
#include "server/core/append.h"

#include <stdlib.h>
#include <string.h>

enum {
    LIST_PAGE = 64
};

/* Starts a stage: OK with `*wait` if a job was submitted, else the stage is over. */
typedef enum council_error stage_fn(struct core *core, struct core_log *log, struct core_call *call,
                                    bool *wait);

static stage_fn ask_posts, ask_rules, ask_pin, ask_logs;

static stage_fn *const stages[] = {ask_posts, ask_rules, ask_pin, ask_logs};
enum {
    STAGE_COUNT = sizeof stages / sizeof stages[0]
};

/* The entry is refused; the log is free again. */
static void refuse(struct core *core, struct core_log *log, struct core_call *call,
                   enum council_error error)
{
    log->pins++;
    log->barrier = false;
    (void)core_queue_pop(&log->arrived);
    core_call_fail(core, call, error);
    core_append_pump(core, log);
    core_log_unpin(core, log);
}

/* Goes through the stages until one must wait; after the last the entry is written. */
static void go_on(struct core *core, struct core_call *call)
{
    struct core_log *log = call->log;
    struct core_append *append = &call->u.append;
    enum council_error error = COUNCIL_OK;
    while (error == COUNCIL_OK && append->stage < STAGE_COUNT) {
        bool wait = false;
        error = stages[append->stage](core, log, call, &wait);
        if (error == COUNCIL_OK && wait) {
            return;
        }
        append->stage++;
    }
    if (error == COUNCIL_OK) {
        error = core_append_write(core, log, call);
    }
    if (error != COUNCIL_OK) {
        refuse(core, log, call, error);
    }
}

/* The stage that waited has its answer. */
static void answered(struct core *core, struct core_call *call, enum council_error error)
{
    if (error != COUNCIL_OK) {
        refuse(core, call->log, call, error);
        return;
    }
    call->u.append.stage++;
    go_on(core, call);
}

void core_barrier_begin(struct core *core, struct core_log *log, struct core_call *call)
{
    log->barrier = true;
    call->u.append.stage = 0;
    go_on(core, call);
}

/* ---- the posts that an erase names ---- */

static void posts_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (job->status == STORE_OK) {
        answered(core, call, COUNCIL_OK); /* the slice stays in the job: the verifier reads it */
        return;
    }
    core_slice_free(core, &job->u.read_at.slice);
    core_store_failed(core, "posts_not_read", job->status);
    answered(core, call, COUNCIL_E_INTERNAL);
}

static enum council_error ask_posts(struct core *core, struct core_log *log, struct core_call *call,
                                    bool *wait)
{
    struct core_append *append = &call->u.append;
    if (append->entry.kind != COUNCIL_KIND_ERASE) {
        return COUNCIL_OK;
    }
    const struct council_text *text = &append->entry.text;
    uint32_t posts = council_body_get(&append->entry, "posts");
    uint32_t count = text->values[posts].count;
    append->fact_seqs = calloc(count, sizeof *append->fact_seqs);
    append->facts = calloc(count, sizeof *append->facts);
    if (append->fact_seqs == NULL || append->facts == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    uint32_t value = council_text_first(text, posts);
    for (uint32_t i = 0; i < count; i++) {
        append->fact_seqs[i] = text->values[value].integer;
        value = text->values[value].next;
    }
    call->job.type = CORE_JOB_READ_AT;
    call->job.u.read_at =
        (struct core_job_read_at){.seqs = append->fact_seqs, .n = count, .slice = {0}};
    memcpy(call->job.u.read_at.log, log->key, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, posts_read, call);
    *wait = true;
    return COUNCIL_OK;
}

/* ---- the rules, in a verifier ---- */

/* What was read of the posts, as facts in the order of the list. */
static enum council_error find_facts(struct core_append *append,
                                     const struct core_job_read_at *read)
{
    for (uint32_t i = 0, row = 0; i < read->n && row < read->slice.n; i++) {
        const struct store_entry *found = &read->slice.entries[row];
        if (found->seq != append->fact_seqs[i]) {
            continue;
        }
        row++;
        struct council_entry entry;
        enum council_error error = council_entry_parse(&entry, found->text, found->text_len);
        if (error != COUNCIL_OK) {
            return COUNCIL_E_INTERNAL;
        }
        struct council_fact *fact = &append->facts[i];
        fact->post = entry.kind == COUNCIL_KIND_POST;
        /* By an entry, that is: data that never came is missing, not erased. */
        fact->erased = (found->flags & STORE_ERASED) != 0 && (found->flags & STORE_MISSING) == 0;
        memcpy(fact->author, entry.author, COUNCIL_KEY_BYTES);
        council_entry_fini(&entry);
    }
    return COUNCIL_OK;
}

static void work_rules(struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_append *append = &call->u.append;
    append->error = append->facts != NULL ? find_facts(append, &job->u.read_at) : COUNCIL_OK;
    if (append->error == COUNCIL_OK) {
        append->error = core_append_rules(call->log->fold, append);
    }
}

static void ruled(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    if (call->u.append.facts != NULL) {
        core_slice_free(core, &job->u.read_at.slice);
    }
    enum council_error error = call->u.append.error;
    if (error == COUNCIL_OK && !call->u.append.offered) {
        error = core_gate_invite(core, call->log, &call->u.append);
    }
    answered(core, call, error);
}

static enum council_error ask_rules(struct core *core, struct core_log *log, struct core_call *call,
                                    bool *wait)
{
    core_submit_work(core, &call->job, work_rules, ruled, call, log->key);
    *wait = true;
    return COUNCIL_OK;
}

/* ---- gates that need the store ---- */

static void pin_read(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct store_slice *slice = &job->u.read_at.slice;
    enum council_error error = COUNCIL_E_PIN_UNKNOWN;
    if (job->status != STORE_OK && job->status != STORE_NOT_FOUND) {
        core_store_failed(core, "pin_not_read", job->status);
        error = COUNCIL_E_INTERNAL;
    } else if (job->status == STORE_OK && slice->n == 1 &&
               memcmp(slice->entries[0].head, call->u.append.chain_head, COUNCIL_HASH_BYTES) == 0) {
        error = COUNCIL_OK;
    }
    core_slice_free(core, slice);
    answered(core, call, error);
}

/* The chain's end is what the server's own copy of that member log has there. */
static enum council_error ask_pin(struct core *core, struct core_log *log, struct core_call *call,
                                  bool *wait)
{
    (void)log;
    struct core_append *append = &call->u.append;
    if (append->chain_seq == 0) {
        return COUNCIL_OK;
    }
    call->job.type = CORE_JOB_READ_AT;
    call->job.u.read_at =
        (struct core_job_read_at){.seqs = &append->chain_seq, .n = 1, .slice = {0}};
    if (append->entry.kind == COUNCIL_KIND_MEMBER_DEVICES) {
        council_body_key(&append->entry, "member", call->job.u.read_at.log);
    } else {
        memcpy(call->job.u.read_at.log, append->entry.author, COUNCIL_KEY_BYTES);
    }
    core_submit(core, &call->job, pin_read, call);
    *wait = true;
    return COUNCIL_OK;
}

static void logs_listed(struct core *core, struct core_job *job)
{
    struct core_call *call = job->owner;
    struct core_append *append = &call->u.append;
    const struct core_job_list *list = &job->u.list;
    if (job->status != STORE_OK) {
        core_store_failed(core, "logs_not_listed", job->status);
        answered(core, call, COUNCIL_E_INTERNAL);
        return;
    }
    for (uint32_t i = 0; i < list->n; i++) {
        append->member_logs += list->items[i].membership.until_seq == 0;
    }
    if (append->member_logs >= core->limits.member_logs) {
        answered(core, call, COUNCIL_E_QUOTA);
    } else if (list->n == list->max) {
        core_submit(core, job, logs_listed, call);
    } else {
        answered(core, call, COUNCIL_OK);
    }
}

/* How many logs the author is in already, where the entry brings one more. */
static enum council_error ask_logs(struct core *core, struct core_log *log, struct core_call *call,
                                   bool *wait)
{
    (void)log;
    struct core_append *append = &call->u.append;
    if (append->entry.kind != COUNCIL_KIND_COUNCIL_CREATE &&
        append->entry.kind != COUNCIL_KIND_MEMBER_JOIN) {
        return COUNCIL_OK;
    }
    append->listed = calloc(LIST_PAGE, sizeof *append->listed);
    if (append->listed == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    call->job.type = CORE_JOB_LIST;
    call->job.u.list = (struct core_job_list){.max = LIST_PAGE, .items = append->listed};
    memcpy(call->job.u.list.member, append->entry.author, COUNCIL_KEY_BYTES);
    core_submit(core, &call->job, logs_listed, call);
    *wait = true;
    return COUNCIL_OK;
}
