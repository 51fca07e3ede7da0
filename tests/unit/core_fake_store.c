/*
 * core_fake_store.c - the store in memory: continuity, side changes, readings. See core_fake.h.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/core_fake.h"

static void *must(void *pointer)
{
    if (pointer == NULL) {
        abort();
    }
    return pointer;
}

static void *copy(const void *bytes, size_t len)
{
    return bytes == NULL ? NULL : memcpy(must(malloc(len + 1)), bytes, len);
}

struct core_fake_log *core_fake_log(struct core_fake_store *store, const uint8_t key[32])
{
    for (uint32_t i = 0; i < store->log_count; i++) {
        if (memcmp(store->logs[i].key, key, 32) == 0) {
            return &store->logs[i];
        }
    }
    return NULL;
}

static struct store_membership *membership(struct core_fake_store *store, const uint8_t log[32],
                                           const uint8_t member[32])
{
    for (uint32_t i = 0; i < store->membership_count; i++) {
        struct store_membership *m = &store->memberships[i];
        if (memcmp(m->log, log, 32) == 0 && memcmp(m->member, member, 32) == 0) {
            return m;
        }
    }
    return NULL;
}

/* ---- readings ---- */

static void give(struct store_slice *slice, const struct store_entry *entry, bool data)
{
    slice->entries = must(realloc(slice->entries, (slice->n + 1u) * sizeof *slice->entries));
    struct store_entry *out = &slice->entries[slice->n++];
    *out = *entry;
    out->text = copy(entry->text, entry->text_len);
    out->data = data ? copy(entry->data, entry->data_len) : NULL;
    out->data_len = out->data != NULL ? entry->data_len : 0;
    if ((entry->flags & STORE_SEALED) != 0 && entry->data == NULL) {
        out->flags |= STORE_ERASED;
    }
}

void core_fake_slice_free(struct store_slice *slice)
{
    for (uint32_t i = 0; i < slice->n; i++) {
        free((void *)(uintptr_t)slice->entries[i].text);
        free((void *)(uintptr_t)slice->entries[i].data);
    }
    free(slice->entries);
    memset(slice, 0, sizeof *slice);
}

static enum store_status read_log(struct core_fake_store *store, struct core_job_read *read)
{
    const struct core_fake_log *log = core_fake_log(store, read->log);
    memset(&read->slice, 0, sizeof read->slice);
    if (log == NULL) {
        return STORE_NOT_FOUND;
    }
    const struct store_reading *reading = &read->reading;
    uint64_t upto =
        reading->upto_seq == 0 || reading->upto_seq > log->count ? log->count : reading->upto_seq;
    uint32_t entries = reading->max_entries == 0 ? STORE_READ_ENTRIES_MAX : reading->max_entries;
    uint32_t most = reading->max_bytes == 0 ? STORE_READ_BYTES_MAX : reading->max_bytes;
    uint32_t bytes = 0;
    read->slice.tail_seq = log->count;
    for (uint64_t seq = reading->after_seq + 1; seq <= upto; seq++) {
        const struct store_entry *entry = &log->entries[seq - 1];
        if ((reading->what & STORE_READ_FOLDS) != 0 && (entry->flags & STORE_FOLDS) == 0) {
            continue;
        }
        bytes += entry->text_len + entry->data_len;
        if (read->slice.n >= entries || (read->slice.n > 0 && bytes > most)) {
            read->slice.more = true;
            break;
        }
        give(&read->slice, entry, (reading->what & STORE_READ_DATA) != 0);
    }
    return STORE_OK;
}

static enum store_status read_at(struct core_fake_store *store, struct core_job_read_at *read)
{
    const struct core_fake_log *log = core_fake_log(store, read->log);
    memset(&read->slice, 0, sizeof read->slice);
    if (log == NULL) {
        return STORE_NOT_FOUND;
    }
    for (uint32_t i = 0; i < read->n; i++) {
        if (read->seqs[i] >= 1 && read->seqs[i] <= log->count) {
            give(&read->slice, &log->entries[read->seqs[i] - 1], false);
        }
    }
    return STORE_OK;
}

static struct store_log_info describe(const struct core_fake_log *log)
{
    struct store_log_info info = {.kind = log->kind,
                                  .seq = log->count,
                                  .bytes = log->bytes,
                                  .recovery = log->recovery,
                                  .brought = log->brought && log->recovery != STORE_RECOVERED};
    memcpy(info.log, log->key, 32);
    memcpy(info.creator, log->creator, 32);
    memcpy(info.head, log->entries[log->count - 1].head, 32);
    return info;
}

static enum store_status ask_access(struct core_fake_store *store, struct core_job_access *access)
{
    const struct core_fake_log *log = core_fake_log(store, access->log);
    if (log == NULL) {
        return STORE_NOT_FOUND;
    }
    access->info = describe(log);
    const struct store_membership *m =
        access->has_member ? membership(store, access->log, access->member) : NULL;
    access->known = m != NULL;
    if (m != NULL) {
        access->membership = *m;
        if (m->until_seq != 0) {
            memcpy(access->until_head, log->entries[m->until_seq - 1].head, 32);
        }
    }
    return STORE_OK;
}

static void list(struct core_fake_store *store, struct core_job_list *out)
{
    out->n = 0;
    while (out->cursor < store->membership_count && out->n < out->max) {
        const struct store_membership *m = &store->memberships[out->cursor++];
        if (memcmp(m->member, out->member, 32) == 0) {
            struct core_fake_log *log = core_fake_log(store, m->log);
            out->items[out->n].membership = *m;
            out->items[out->n++].seq = out->with_seq ? log->count : 0;
        }
    }
}

static void ask_shares(struct core_fake_store *store, struct core_job_shares *shares)
{
    shares->leads = store->leads;
    for (uint32_t i = 0; i < store->membership_count; i++) {
        const struct store_membership *one = &store->memberships[i];
        if (memcmp(one->member, shares->one, 32) == 0 && one->until_seq == 0) {
            const struct store_membership *other = membership(store, one->log, shares->other);
            shares->shares |= other != NULL && other->until_seq == 0;
        }
    }
}

/* ---- logs that wait ---- */

static enum store_status ask_offer(struct core_fake_store *store, struct core_job_offer *offer)
{
    const struct core_fake_log *log = core_fake_log(store, offer->log);
    for (uint32_t i = 0; i < store->log_count; i++) {
        bool own = memcmp(store->logs[i].offered_by, offer->member, 32) == 0;
        offer->offered += store->logs[i].offered && own ? 1 : 0;
    }
    if (log == NULL) {
        return STORE_NOT_FOUND;
    }
    offer->info = describe(log);
    const struct store_membership *m = membership(store, offer->log, offer->member);
    offer->known = m != NULL;
    if (m != NULL) {
        offer->membership = *m;
    }
    offer->has_head = offer->after >= 1 && offer->after <= log->count;
    if (offer->has_head) {
        memcpy(offer->head, log->entries[offer->after - 1].head, 32);
    }
    return STORE_OK;
}

static bool has_spoken(const struct core_fake_log *log, const uint8_t member[32])
{
    for (uint32_t i = 0; i < log->spoken_count; i++) {
        if (memcmp(log->spoken[i], member, 32) == 0) {
            return true;
        }
    }
    return false;
}

static void mark(struct core_fake_store *store, struct store_mark *mark)
{
    struct core_fake_log *log = core_fake_log(store, mark->log);
    mark->recovery = log != NULL ? log->recovery : STORE_RECOVERED;
    mark->waiting = 0;
    if (mark->recovery != STORE_WAITING) {
        return;
    }
    if (mark->spoken && !has_spoken(log, mark->member)) {
        memcpy(log->spoken[log->spoken_count++], mark->member, 32);
    }
    if (log->kind == STORE_LOG_MEMBER) {
        mark->waiting = has_spoken(log, log->creator) ? 0 : 1;
    }
    for (uint32_t i = 0; i < store->membership_count; i++) {
        const struct store_membership *m = &store->memberships[i];
        bool here = memcmp(m->log, mark->log, 32) == 0 && m->until_seq == 0;
        mark->waiting += here && !has_spoken(log, m->member) ? 1 : 0;
    }
    if (mark->end || mark->waiting == 0) {
        mark->waiting = log->spoken_count = 0;
        mark->recovery = log->recovery = STORE_RECOVERY_OPEN;
    }
}

void core_fake_store_read(struct core_fake_store *store, struct core_job *job)
{
    store->reads++;
    job->status = STORE_OK;
    switch (job->type) {
    case CORE_JOB_READ:
        job->status = read_log(store, &job->u.read);
        break;
    case CORE_JOB_READ_AT:
        job->status = read_at(store, &job->u.read_at);
        break;
    case CORE_JOB_ACCESS:
        job->status = ask_access(store, &job->u.access);
        break;
    case CORE_JOB_LIST:
        list(store, &job->u.list);
        break;
    case CORE_JOB_SHARES:
        ask_shares(store, &job->u.shares);
        break;
    case CORE_JOB_OFFER:
        job->status = ask_offer(store, &job->u.offer);
        break;
    case CORE_JOB_MARK:
        if (store->fail_batches > 0) {
            store->fail_batches--;
            job->status = store->fail;
        } else {
            mark(store, &job->u.mark);
        }
        break;
    case CORE_JOB_FEED: /* test_core_feed.c says what comes of it */
        if (store->feed != NULL) {
            store->feed(store->feed_ctx, job);
        } else {
            job->status = STORE_NOT_FOUND;
        }
        break;
    case CORE_JOB_MAIL: /* test_core_mail.c says what comes of it */
        if (store->mail != NULL) {
            store->mail(store->mail_ctx, job);
        } else {
            job->status = STORE_NOT_FOUND;
        }
        break;
    case CORE_JOB_RECOVERY:
        job->status = STORE_NOT_FOUND;
        for (uint32_t i = 0; i < store->recovery_count; i++) {
            if (memcmp(store->recovery[i].key, job->u.recovery.key, 32) == 0) {
                memcpy(job->u.recovery.member, store->recovery[i].member, 32);
                job->status = STORE_OK;
            }
        }
        break;
    case CORE_JOB_POOL: /* test_core_pool.c says what comes of it */
    case CORE_JOB_MATCH:
        if (store->pool != NULL) {
            store->pool(store->pool_ctx, job);
        } else {
            job->status = STORE_REFUSED;
        }
        break;
    default:
        abort();
    }
}

/* ---- appends ---- */

/* Whether a row and its changes can be taken now. */
static enum store_status judge(struct core_fake_store *store, const struct core_job_append *append)
{
    const struct core_fake_log *log = core_fake_log(store, append->row.log);
    bool fresh = false;
    for (uint32_t i = 0; i < append->n_changes; i++) {
        const struct store_change *change = &append->changes[i];
        if (change->type == STORE_CHANGE_CODE_USE &&
            (store->code_uses == 0 || memcmp(store->code, change->u.code.hash, 32) != 0)) {
            return STORE_REFUSED;
        }
        if (change->type == STORE_CHANGE_LOG) {
            fresh = true;
        }
        for (uint32_t k = 0; change->type == STORE_CHANGE_RECOVERY_SET && k < store->recovery_count;
             k++) {
            if (memcmp(store->recovery[k].key, change->u.recovery.key, 32) == 0) {
                return STORE_EXISTS;
            }
        }
    }
    if (log == NULL) {
        return fresh ? (append->row.entry.seq == 1 ? STORE_OK : STORE_CONFLICT) : STORE_NOT_FOUND;
    }
    return fresh ? STORE_EXISTS
                 : (append->row.entry.seq == log->count + 1u ? STORE_OK : STORE_CONFLICT);
}

static void change(struct core_fake_store *store, const uint8_t key[32],
                   const struct store_change *c)
{
    struct core_fake_log *log = core_fake_log(store, key);
    struct store_membership *m = NULL;
    switch (c->type) {
    case STORE_CHANGE_LOG:
        log = &store->logs[store->log_count++];
        memcpy(log->key, key, 32);
        memcpy(log->creator, c->u.log.creator, 32);
        log->kind = c->u.log.kind;
        break;
    case STORE_CHANGE_MEMBERSHIP:
        m = membership(store, key, c->u.membership.member);
        m = m != NULL ? m : &store->memberships[store->membership_count++];
        memcpy(m->log, key, 32);
        memcpy(m->member, c->u.membership.member, 32);
        m->kind = log->kind;
        m->from_seq = c->u.membership.from_seq;
        m->until_seq = c->u.membership.until_seq;
        break;
    case STORE_CHANGE_RECOVERY_SET:
        memcpy(store->recovery[store->recovery_count].key, c->u.recovery.key, 32);
        memcpy(store->recovery[store->recovery_count++].member, c->u.recovery.member, 32);
        break;
    case STORE_CHANGE_RECOVERY_DROP:
        for (uint32_t i = 0; i < store->recovery_count; i++) {
            if (memcmp(store->recovery[i].key, c->u.recovery.key, 32) == 0) {
                store->recovery[i] = store->recovery[--store->recovery_count];
            }
        }
        break;
    case STORE_CHANGE_ERASE: {
        struct store_entry *entry = &log->entries[c->u.erase.seq - 1];
        free((void *)(uintptr_t)entry->data);
        entry->data = NULL;
        entry->data_len = 0;
        entry->flags = (uint8_t)(entry->flags & ~STORE_MISSING);
        break;
    }
    case STORE_CHANGE_CODE_USE:
        store->code_uses--;
        break;
    case STORE_CHANGE_RECOVERING:
        log->recovery = c->u.recovering.state;
        break;
    case STORE_CHANGE_RECOVERED:
        log->recovery = STORE_RECOVERED;
        log->spoken_count = 0;
        break;
    case STORE_CHANGE_OFFERED:
        memcpy(log->offered_by, c->u.offered.member, 32);
        log->offered = log->brought = true;
        break;
    }
}

static void take(struct core_fake_store *store, const struct core_job_append *append)
{
    for (uint32_t i = 0; i < append->n_changes; i++) {
        change(store, append->row.log, &append->changes[i]);
    }
    struct core_fake_log *log = core_fake_log(store, append->row.log);
    if (log->count == log->size) {
        log->size = log->size == 0 ? 16 : 2 * log->size;
        log->entries = must(realloc(log->entries, log->size * sizeof *log->entries));
    }
    struct store_entry *entry = &log->entries[log->count++];
    *entry = append->row.entry;
    entry->text = copy(append->row.entry.text, entry->text_len);
    entry->data = copy(append->row.entry.data, entry->data_len);
    if ((entry->flags & STORE_SEALED) != 0 && entry->data == NULL) {
        entry->flags |= STORE_MISSING;
    }
    log->bytes += entry->text_len + entry->data_len;
}

void core_fake_store_append(struct core_fake_store *store, struct core_job *first)
{
    bool fails = store->fail_batches > 0;
    store->batches++;
    store->fail_batches -= fails ? 1 : 0;
    for (struct core_job *job = first; job != NULL; job = job->next) {
        job->status = fails ? store->fail : judge(store, &job->u.append);
        if (job->status == STORE_OK) {
            take(store, &job->u.append);
        }
    }
}

void core_fake_store_fini(struct core_fake_store *store)
{
    for (uint32_t i = 0; i < store->log_count; i++) {
        for (uint32_t k = 0; k < store->logs[i].count; k++) {
            free((void *)(uintptr_t)store->logs[i].entries[k].text);
            free((void *)(uintptr_t)store->logs[i].entries[k].data);
        }
        free(store->logs[i].entries);
    }
    memset(store, 0, sizeof *store);
}
