/*
 * intake.c - from the queue through every check into the replica, and in batches into the home.
 *
 * Owns the order: signatures of the batch (begun when an entry comes), then each entry's rules, then storing, then telling the outbox. Must not know how entries came or where
 * they are stored. Invariant: nothing is stored that was not checked, nothing is acknowledged that was not stored, and the
 * first invalid entry ends its log.
 */
#include "client/sync/internal.h"

void sync_incoming_fini(struct incoming *in)
{
    if (in->parsed)
        council_entry_fini(&in->entry);
    free(in->text);
    free(in->data);
    free(in->recipients);
    memset(in, 0, sizeof(*in));
}

static void queue_drop(struct sync_log *log, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        sync_incoming_fini(&log->queue[i]);
    log->queued -= count;
    if (log->queued > 0)
        memmove(log->queue, log->queue + count, log->queued * sizeof(*log->queue));
    log->queued_bytes = 0;
    for (uint32_t i = 0; i < log->queued; i++)
        log->queued_bytes += log->queue[i].len + log->queue[i].data_len;
}

/* After this nobody looks at what is queued but this thread. */
static void wait_for_checks(struct sync *sync)
{
    if (sync->checking)
        sync->ops->check_wait(sync->ctx);
    sync->checking = false;
}

void sync_queue_clear(struct sync *sync, struct sync_log *log)
{
    wait_for_checks(sync);
    queue_drop(log, log->queued);
}

void sync_check_begin(struct sync *sync, struct incoming *in)
{
    if (!in->parsed || !sync->ops->check_begin)
        return;
    in->check =
        (struct sync_check){.entry = &in->entry, .sig = in->sig, .error = COUNCIL_E_BAD_SIGNATURE};
    sync->checking = true;
    sync->ops->check_begin(sync->ctx, &in->check);
}

/* Signatures need nothing but their entries, so a shell with threads has begun to check them when they came. */
static void verify(struct sync *sync, struct sync_log *log)
{
    wait_for_checks(sync);
    for (uint32_t i = 0; i < log->queued; i++) {
        struct incoming *in = &log->queue[i];
        if (!in->parsed)
            break; /* nothing after it is taken anyway */
        in->error =
            sync->ops->check_begin ? in->check.error : council_entry_verify(&in->entry, in->sig);
    }
}

static void invalid(struct sync *sync, struct sync_log *log, const struct incoming *in,
                    enum council_error error)
{
    bool newer =
        log->replica.state.type == COUNCIL_LOG_IS_COUNCIL && log->replica.state.council.version > 1;
    struct sync_report report = {.kind = SYNC_REPORT_INVALID_ENTRY,
                                 .error = error,
                                 .seq = in->seq,
                                 .held = log->replica.state.tail.head,
                                 .text = in->text,
                                 .len = in->len,
                                 .sig = in->sig,
                                 .data = in->data,
                                 .data_len = in->data_len};
    if (error == COUNCIL_E_NEEDS_NEWER || (error == COUNCIL_E_UNKNOWN_KIND && newer)) {
        report.kind = SYNC_REPORT_NEEDS_NEWER;
        report.error = COUNCIL_E_NEEDS_NEWER;
    } else if (error == COUNCIL_E_WRONG_HEAD || error == COUNCIL_E_CHAIN_FORK) {
        report.kind = SYNC_REPORT_OTHER_HISTORY;
    }
    sync_report_send(sync, log, &report);
}

/* Stores the first `count` of the queue, tells the outbox what is in the log, and drops them from the queue. */
static bool store(struct sync *sync, struct sync_log *log, uint32_t count)
{
    struct sync_entry out[SYNC_BATCH_ENTRIES];
    if (count == 0)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        const struct incoming *in = &log->queue[i];
        out[i] = (struct sync_entry){.seq = in->seq,
                                     .received = in->received,
                                     .head = in->head,
                                     .entry = &in->entry,
                                     .sig = in->sig,
                                     .data = in->data,
                                     .data_len = in->data_len,
                                     .erased = in->erased,
                                     .recipients = in->recipients,
                                     .recipient_count = in->recipient_count};
    }
    enum council_error error = sync->ops->store_entries(sync->ctx, log->log, out, count);
    if (error) {
        struct sync_report report = {
            .kind = SYNC_REPORT_STORE_FAILED, .error = error, .seq = log->queue[0].seq};
        sync_queue_clear(sync, log);
        sync_report_send(sync, log, &report);
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        struct item *item = sync_item_match(sync, log, log->queue[i].text, log->queue[i].len);
        if (item)
            sync_item_acked(sync, item, log->queue[i].seq);
    }
    queue_drop(log, count);
    sync->dirty = true;
    return true;
}

/* What the stored replica says of the posts that an erase names. */
static enum council_error ask_facts(struct sync *sync, struct sync_log *log,
                                    const struct council_entry *entry,
                                    struct council_fact facts[64])
{
    uint64_t seqs[64];
    uint32_t posts = council_body_get(entry, "posts"), count = 0;
    const struct council_text *text = &entry->text;
    uint32_t at = posts ? council_text_first(text, posts) : 0;
    for (uint32_t n = posts ? text->values[posts].count : 0; n > 0 && at && count < 64; n--) {
        seqs[count++] = text->values[at].integer;
        at = text->values[at].next;
    }
    return sync->ops->facts(sync->ctx, log->log, seqs, count, facts);
}

static enum council_error append(struct sync *sync, struct sync_log *log, struct incoming *in)
{
    struct council_fact facts[64];
    memset(facts, 0, sizeof(facts));
    bool erase = in->entry.kind == COUNCIL_KIND_ERASE;
    enum council_error error = erase ? ask_facts(sync, log, &in->entry, facts) : COUNCIL_OK;
    bool boxes = council_kind_has(in->entry.kind, COUNCIL_FLAG_BLOCK);
    if (error)
        return error;
    /* Before anything moves: stored without them, the entry's boxes could not be opened any more. */
    if (boxes)
        in->recipients = calloc(COUNCIL_RECIPIENTS_MAX, sizeof(*in->recipients));
    if (boxes && !in->recipients)
        return COUNCIL_E_NO_MEMORY;
    error = sync_replica_append(&log->replica, &in->entry, in->sig, in->data, in->data_len,
                                erase ? facts : NULL, in->error == COUNCIL_OK);
    if (error)
        return error;
    memcpy(in->head, log->replica.state.tail.head, COUNCIL_HASH_BYTES);
    if (council_kind_has(in->entry.kind, COUNCIL_FLAG_FOLDS))
        log->changed = true;
    if (boxes)
        council_recipients(&log->replica.state.council, NULL, NULL, in->recipients,
                           &in->recipient_count);
    return COUNCIL_OK;
}

/* True for errors that are this machine's, not the entry's. */
static bool is_local(enum council_error error)
{
    return error == COUNCIL_E_NO_MEMORY || error == COUNCIL_E_HOME_IO ||
           error == COUNCIL_E_HOME_FULL || error == COUNCIL_E_HOME_BUSY ||
           error == COUNCIL_E_HOME_DAMAGED;
}

static void stop_local(struct sync *sync, struct sync_log *log, enum council_error error,
                       uint64_t seq)
{
    struct sync_report report = {.kind = SYNC_REPORT_STORE_FAILED, .error = error, .seq = seq};
    sync_queue_clear(sync, log);
    sync_report_send(sync, log, &report);
}

/* Appends and stores until the queue is empty or the log stops. An entry that stopped it stays at the queue's end until it was told of. */
static void take_all(struct sync *sync, struct sync_log *log)
{
    uint32_t done = 0;
    while (done < log->queued) {
        struct incoming *in = &log->queue[done];
        if (in->parsed && in->entry.kind == COUNCIL_KIND_ERASE && done > 0) {
            if (!store(sync, log, done))
                return;
            done = 0;
            continue;
        }
        enum council_error error = in->parsed ? append(sync, log, in) : in->error;
        if (error) {
            uint64_t seq = in->seq;
            if (!store(sync, log, done))
                return;
            if (is_local(error))
                stop_local(sync, log, error, seq);
            else
                invalid(sync, log, &log->queue[0], error);
            return;
        }
        sync_promises_kept(sync, log, in);
        if (log->state == SYNC_LOG_STOPPED) {
            (void)store(sync, log, done); /* what came before it is as good as ever */
            return;
        }
        done++;
    }
    if (done > 0)
        (void)store(sync, log, done);
}

void sync_intake(struct sync *sync, struct sync_log *log)
{
    if (log->queued == 0)
        return;
    if (log->state != SYNC_LOG_STOPPED) {
        verify(sync, log);
        take_all(sync, log);
    }
    if (log->state == SYNC_LOG_STOPPED)
        sync_queue_clear(sync, log);
}
