/*
 * load.c - bringing a log's folded state into memory, slice by slice.
 *
 * Owns the order: what the log is, its entries that fold, then its last entries for the tail. The storage thread reads, a
 * verifier folds, and the core only adopts the result. Invariant: nothing is appended to a log while it is loaded, for an append
 * needs its fold.
 */
#include "server/core/append.h"

#include <stdlib.h>
#include <string.h>

enum {
    SLICE_BYTES = 1024 * 1024
};

enum phase {
    PHASE_FOLDS,
    PHASE_TAIL
};

/* A load under way. Pins its log. */
struct load {
    struct core_job job; /* the reading; then the folding of what was read */
    struct store_slice slice;
    struct core_log *log;
    struct store_log_info info;
    struct core_fold *fold;
    enum phase phase;
    uint64_t after;   /* last entry read */
    uint64_t base;    /* last entry before the tail's window, 0: none */
    uint64_t control; /* last control entry at or before base */
    bool started;     /* the tail has its beginning */
    enum council_error error;
};

/* ---- in a verifier ---- */

static enum council_error fold_row(struct load *load, const struct council_entry *entry,
                                   const struct store_entry *row)
{
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL) && row->seq <= load->base) {
        load->control = row->seq;
    }
    if (load->info.kind == STORE_LOG_MEMBER) {
        return council_member_append(&load->fold->member, entry, row->sig);
    }
    return council_fold(&load->fold->council, entry, row->seq, row->head);
}

static enum council_error tail_row(struct load *load, const struct council_entry *entry,
                                   const struct store_entry *row)
{
    struct council_tail *tail = &load->fold->tail;
    if (!load->started) {
        static const uint8_t zeros[COUNCIL_HASH_BYTES];
        load->started = true;
        council_tail_start(tail, load->info.log, load->base, load->base > 0 ? row->head : zeros,
                           load->control);
        if (load->base > 0) {
            return COUNCIL_OK; /* this row is the base itself */
        }
    }
    enum council_error error = council_tail_push(tail, entry, row->sig);
    bool whole = memcmp(tail->head, row->head, COUNCIL_HASH_BYTES) == 0;
    return error == COUNCIL_OK && !whole ? COUNCIL_E_WRONG_HEAD : error;
}

static void work_slice(struct core_job *job)
{
    struct load *load = job->owner;
    load->error = COUNCIL_OK;
    for (uint32_t i = 0; i < load->slice.n && load->error == COUNCIL_OK; i++) {
        const struct store_entry *row = &load->slice.entries[i];
        struct council_entry entry;
        load->error = council_entry_parse(&entry, row->text, row->text_len);
        if (load->error == COUNCIL_OK) {
            load->error = load->phase == PHASE_FOLDS ? fold_row(load, &entry, row)
                                                     : tail_row(load, &entry, row);
            council_entry_fini(&entry);
        }
    }
}

/* ---- in the loop ---- */

/* Everybody who waited goes on, or fails. */
static void resume_all(struct core *core, struct core_log *log, enum council_error error)
{
    struct core_queue waiting = log->waiting;
    log->waiting = (struct core_queue){NULL, NULL};
    struct core_call *call = NULL;
    while ((call = core_queue_pop(&waiting)) != NULL) {
        if (error != COUNCIL_OK) {
            core_call_fail(core, call, error);
        } else {
            call->resume(core, call);
        }
    }
}

/* Ends a load; `error` is OK with the fold adopted, or nothing was. */
static void finish(struct core *core, struct load *load, enum council_error error)
{
    struct core_log *log = load->log;
    log->state = CORE_LOG_COLD;
    if (error == COUNCIL_OK) {
        log->fold = load->fold;
        log->state = CORE_LOG_RESIDENT;
        core->resident_count++;
        load->fold = NULL;
    } else {
        core_report(core, "log_not_loaded", 0, NULL, council_error_name(error));
    }
    core_slice_free(core, &load->slice);
    core_fold_destroy(load->fold);
    free(load);
    resume_all(core, log, error);
    core_append_loaded(core, log, error);
    core_log_unpin(core, log);
}

static void slice_read(struct core *core, struct core_job *job);

static void read_on(struct core *core, struct load *load)
{
    struct store_reading reading = {.after_seq = load->after,
                                    .upto_seq = load->info.seq,
                                    .max_entries = 0,
                                    .max_bytes = SLICE_BYTES,
                                    .what = load->phase == PHASE_FOLDS ? STORE_READ_FOLDS : 0};
    load->job.type = CORE_JOB_READ;
    memcpy(load->job.u.read.log, load->info.log, COUNCIL_KEY_BYTES);
    load->job.u.read.reading = reading;
    load->job.u.read.slice = (struct store_slice){0};
    core_submit(core, &load->job, slice_read, load);
}

/* All folded and the tail is there: does it end where the log ends? */
static enum council_error complete(struct load *load)
{
    struct core_fold *fold = load->fold;
    bool whole = fold->tail.seq == load->info.seq &&
                 memcmp(fold->tail.head, load->info.head, COUNCIL_HASH_BYTES) == 0;
    /* Entries that do not fold still count. */
    fold->council.seq = load->info.kind == STORE_LOG_MEMBER ? 0 : load->info.seq;
    return whole ? COUNCIL_OK : COUNCIL_E_WRONG_HEAD;
}

static void slice_folded(struct core *core, struct core_job *job)
{
    struct load *load = job->owner;
    bool more = load->slice.more;
    core_slice_free(core, &load->slice);
    if (load->error != COUNCIL_OK) {
        core_report(core, "log_damaged", 0, NULL, council_error_name(load->error));
        finish(core, load, COUNCIL_E_INTERNAL);
    } else if (more) {
        read_on(core, load);
    } else if (load->phase == PHASE_FOLDS) {
        load->phase = PHASE_TAIL;
        load->after = load->base > 0 ? load->base - 1 : 0;
        read_on(core, load);
    } else {
        finish(core, load, complete(load) == COUNCIL_OK ? COUNCIL_OK : COUNCIL_E_INTERNAL);
    }
}

static void slice_read(struct core *core, struct core_job *job)
{
    struct load *load = job->owner;
    if (job->status != STORE_OK) {
        core_slice_free(core, &job->u.read.slice);
        core_store_failed(core, "log_not_read", job->status);
        finish(core, load, COUNCIL_E_INTERNAL);
        return;
    }
    load->slice = job->u.read.slice;
    if (load->slice.n > 0) {
        load->after = load->slice.entries[load->slice.n - 1].seq;
    } else {
        load->slice.more = false;
    }
    load->job.yields = load->log->arrived.first == NULL; /* somebody logs in or reads */
    core_submit_work(core, &load->job, work_slice, slice_folded, load, load->info.log);
}

static void info_read(struct core *core, struct core_job *job)
{
    struct load *load = job->owner;
    if (job->status == STORE_NOT_FOUND) {
        finish(core, load, COUNCIL_OK); /* an empty fold: a genesis may fill it */
        return;
    }
    if (job->status != STORE_OK) {
        core_store_failed(core, "log_not_read", job->status);
        finish(core, load, COUNCIL_E_INTERNAL);
        return;
    }
    load->info = job->u.access.info;
    core_log_learn(load->log, &load->info);
    load->fold->kind = load->info.kind;
    load->base =
        load->info.seq > COUNCIL_TAIL_WINDOW + 1 ? load->info.seq - COUNCIL_TAIL_WINDOW - 1 : 0;
    load->phase = PHASE_FOLDS;
    read_on(core, load);
}

void core_log_load(struct core *core, struct core_log *log)
{
    if (log->state != CORE_LOG_COLD) {
        return;
    }
    struct load *load = calloc(1, sizeof *load);
    struct core_fold *fold = core_fold_create();
    if (load == NULL || fold == NULL) {
        free(load);
        core_fold_destroy(fold);
        resume_all(core, log, COUNCIL_E_INTERNAL);
        core_append_loaded(core, log, COUNCIL_E_INTERNAL);
        return;
    }
    log->state = CORE_LOG_LOADING;
    log->pins++;
    load->log = log;
    load->fold = fold;
    load->job.type = CORE_JOB_ACCESS;
    memcpy(load->job.u.access.log, log->key, COUNCIL_KEY_BYTES);
    core_submit(core, &load->job, info_read, load);
}

void core_log_require(struct core *core, struct core_call *call,
                      const uint8_t key[COUNCIL_KEY_BYTES], core_call_fn *resume)
{
    if (call->log == NULL) {
        call->log = core_log_pin(core, key);
        if (call->log == NULL) {
            core_call_fail(core, call, COUNCIL_E_INTERNAL);
            return;
        }
    }
    if (call->log->state == CORE_LOG_RESIDENT) {
        resume(core, call);
        return;
    }
    call->resume = resume;
    core_queue_push(&call->log->waiting, call);
    core_log_load(core, call->log);
}
