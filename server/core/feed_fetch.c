/*
 * feed_fetch.c - somebody asks for a calendar by its address.
 *
 * Owns the way from the address to the answer: the rate, the look-up, what the council's log has had since the calendar was written last, writing it anew on a
 * verifier. Must not know HTTP. Invariant: an address that there never was, one that was revoked and one of a former member are answered alike, after the
 * same steps; every request is answered once.
 */
#include "server/core/feed.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/feed.h"

enum {
    PAGE_ENTRIES = 256, /* read and folded at once */
    PAGE_BYTES = 262144,
    BUSY_RETRY_S = 30,
    WAITING_RETRY_S = 600, /* the council waits for its members */
    STATUS_OK = 200,
    STATUS_NOT_FOUND = 404,
    STATUS_TOO_MANY = 429,
    STATUS_UNAVAILABLE = 503
};

struct fetch {
    struct core_job job;
    uint64_t ticket;
    uint8_t address[COUNCIL_KEY_BYTES];
    bool counted;
    struct store_feed feed;
    uint64_t after, upto; /* entries of the log that are still to be taken in */
    struct store_slice slice;
    struct schedule_calendar calendar; /* owned */
    enum council_error error;
    char *text; /* owned */
    uint32_t len;
    /* The host's, for the verifier. */
    enum council_error (*write)(const struct schedule_calendar *calendar,
                                const struct schedule_ics_style *style, char **text, uint32_t *len);
};

static void tell(struct core *core, uint64_t ticket, unsigned status,
                 struct core_calendar *calendar, uint32_t retry_after_s)
{
    const struct core_calendar_answer answer = {
        .status = status, .calendar = calendar, .retry_after_s = retry_after_s};
    if (status == STATUS_OK) {
        core->stats.calendars++;
    } else {
        core->stats.calendars_refused++;
    }
    core->ops.calendar(core->ops.ctx, ticket, &answer);
}

static void end(struct core *core, struct fetch *fetch, unsigned status,
                struct core_calendar *calendar, uint32_t retry_after_s)
{
    tell(core, fetch->ticket, status, calendar, retry_after_s);
    core->feeds.fetches--;
    schedule_calendar_fini(&fetch->calendar);
    free(fetch->text);
    free(fetch);
}

static void give_up(struct core *core, struct fetch *fetch, enum store_status status)
{
    core_store_failed(core, "calendar_not_read", status);
    end(core, fetch, STATUS_UNAVAILABLE, NULL, BUSY_RETRY_S);
}

/* ---- the text ---- */

/* Takes the fetch's text. NULL: no memory. */
static struct core_calendar *calendar_of(struct fetch *fetch)
{
    struct core_calendar *out = calloc(1, sizeof *out);
    uint8_t hash[COUNCIL_HASH_BYTES];
    char name[COUNCIL_ID_CHARS + 1];
    if (out == NULL) {
        return NULL;
    }
    council_hash(hash, fetch->text, fetch->len);
    council_b64_encode(name, hash, COUNCIL_ID_BYTES);
    out->refs = 1;
    out->etag[0] = '"';
    memcpy(out->etag + 1, name, COUNCIL_ID_CHARS);
    out->etag[COUNCIL_ID_CHARS + 1] = '"';
    out->modified_ms = fetch->calendar.set ? fetch->calendar.modified_ms : fetch->feed.created_ms;
    out->text = fetch->text;
    out->len = fetch->len;
    fetch->text = NULL;
    return out;
}

static void written(struct core *core, struct fetch *fetch)
{
    struct core_calendar *calendar = calendar_of(fetch);
    if (calendar == NULL) {
        end(core, fetch, STATUS_UNAVAILABLE, NULL, BUSY_RETRY_S);
        return;
    }
    core_cache_put(core, &fetch->feed, fetch->upto, &fetch->calendar, calendar);
    end(core, fetch, STATUS_OK, calendar, 0);
    core_calendar_unref(calendar);
}

/* ---- taking in what the log has had ---- */

/* On a verifier. An entry that the log has was judged before it got there; one that does not parse now is the disk's fault. */
static enum council_error take_in(struct fetch *fetch)
{
    enum council_error error = COUNCIL_OK;
    for (uint32_t i = 0; i < fetch->slice.n && error == COUNCIL_OK; i++) {
        const struct store_entry *from = &fetch->slice.entries[i];
        struct council_entry entry;
        error = council_entry_parse(&entry, from->text, from->text_len);
        if (error == COUNCIL_OK) {
            error = schedule_calendar_add(&fetch->calendar, from->seq, from->received_ms, &entry);
            council_entry_fini(&entry);
        }
    }
    return error;
}

static void work(struct core_job *job)
{
    struct fetch *fetch = job->owner;
    uint8_t uid[COUNCIL_FEED_UID_BYTES];
    const struct schedule_ics_style style = {.uid = uid, .title = fetch->feed.title};
    fetch->error = take_in(fetch);
    if (fetch->error == COUNCIL_OK && !fetch->slice.more) {
        council_feed_uid(uid, fetch->feed.hash, fetch->feed.log);
        fetch->error = fetch->write(&fetch->calendar, &style, &fetch->text, &fetch->len);
    }
}

static void read_on(struct core *core, struct fetch *fetch);

static void worked(struct core *core, struct core_job *job)
{
    struct fetch *fetch = job->owner;
    bool more = fetch->slice.more;
    if (fetch->slice.n > 0) {
        fetch->after = fetch->slice.entries[fetch->slice.n - 1].seq;
    }
    core_slice_free(core, &fetch->slice);
    if (fetch->error != COUNCIL_OK) {
        core_report(core, "calendar_not_written", 0, NULL, council_error_info(fetch->error)->name);
        end(core, fetch, STATUS_UNAVAILABLE, NULL, BUSY_RETRY_S);
    } else if (more) {
        read_on(core, fetch);
    } else {
        written(core, fetch);
    }
}

static void page_read(struct core *core, struct core_job *job)
{
    struct fetch *fetch = job->owner;
    if (job->status != STORE_OK) {
        give_up(core, fetch, job->status);
        return;
    }
    fetch->slice = job->u.read.slice;
    job->yields = true; /* who writes to a council goes first */
    core_submit_work(core, job, work, worked, fetch, fetch->feed.log);
}

static void read_on(struct core *core, struct fetch *fetch)
{
    fetch->job.type = CORE_JOB_READ;
    fetch->job.u.read = (struct core_job_read){.reading = {.after_seq = fetch->after,
                                                           .upto_seq = fetch->upto,
                                                           .max_entries = PAGE_ENTRIES,
                                                           .max_bytes = PAGE_BYTES,
                                                           .what = STORE_READ_FOLDS},
                                               .slice = {0}};
    memcpy(fetch->job.u.read.log, fetch->feed.log, COUNCIL_KEY_BYTES);
    core_submit(core, &fetch->job, page_read, fetch);
}

/* ---- the look-up ---- */

/* True: the cache has it as it is now, and it was told. Otherwise the fetch begins where the cache ends. */
static bool cached(struct core *core, struct fetch *fetch)
{
    struct core_cached *known = core_cache_find(core, fetch->feed.hash);
    if (known == NULL || known->seq > fetch->upto) {
        return false;
    }
    if (known->seq == fetch->upto && core->mono_ms - known->written_ms < CORE_CALENDAR_KEEP_MS &&
        strcmp(known->feed.title, fetch->feed.title) == 0) {
        end(core, fetch, STATUS_OK, known->text, 0);
        return true;
    }
    if (schedule_calendar_copy(&known->calendar, &fetch->calendar) == COUNCIL_OK) {
        fetch->after = known->seq;
    }
    return false;
}

static void found(struct core *core, struct core_job *job)
{
    struct fetch *fetch = job->owner;
    const struct core_job_feed looked = job->u.feed;
    if (job->status == STORE_NOT_FOUND) {
        end(core, fetch, STATUS_NOT_FOUND, NULL, 0);
        return;
    }
    if (job->status != STORE_OK) {
        give_up(core, fetch, job->status);
        return;
    }
    if (fetch->counted) {
        core_bucket_give(core, CORE_BUCKET_CALENDAR, fetch->address, CORE_FEED_WRONG_COST - 1);
    }
    fetch->feed = looked.feed;
    fetch->upto = looked.info.seq;
    if (looked.info.recovery == STORE_WAITING) {
        end(core, fetch, STATUS_UNAVAILABLE, NULL, WAITING_RETRY_S);
    } else if (!cached(core, fetch)) {
        read_on(core, fetch);
    }
}

static void begin(struct core *core, uint64_t ticket, const uint8_t address[COUNCIL_KEY_BYTES],
                  const uint8_t secret[COUNCIL_SEED_BYTES])
{
    struct fetch *fetch = core->feeds.fetches < CORE_FETCHES_MAX ? calloc(1, sizeof *fetch) : NULL;
    if (fetch == NULL) {
        tell(core, ticket, STATUS_UNAVAILABLE, NULL, BUSY_RETRY_S);
        return;
    }
    core->feeds.fetches++;
    fetch->ticket = ticket;
    fetch->write = core->ops.calendar_write;
    fetch->counted = address != NULL;
    if (address != NULL) {
        memcpy(fetch->address, address, sizeof fetch->address);
    }
    fetch->job.type = CORE_JOB_FEED;
    fetch->job.u.feed = (struct core_job_feed){.asks = CORE_FEED_FIND};
    council_feed_hash(fetch->job.u.feed.feed.hash, secret);
    core_submit(core, &fetch->job, found, fetch);
}

void core_fetch_calendar(struct core *core, uint64_t ticket, const uint8_t address[16],
                         const char *path)
{
    uint8_t key[COUNCIL_KEY_BYTES] = {0};
    uint8_t secret[COUNCIL_SEED_BYTES];
    if (core->stopping || core->broken || core->ops.calendar_write == NULL) {
        tell(core, ticket, STATUS_UNAVAILABLE, NULL, BUSY_RETRY_S);
        return;
    }
    if (address != NULL) {
        memcpy(key, address, 16);
        uint64_t wait_ms = core_bucket_take(core, CORE_BUCKET_CALENDAR, key, CORE_FEED_WRONG_COST);
        if (wait_ms > 0) {
            tell(core, ticket, STATUS_TOO_MANY, NULL, (uint32_t)(wait_ms / 1000 + 1));
            return;
        }
    }
    size_t len = strnlen(path, COUNCIL_FEED_PATH_CHARS + 1);
    if (!council_feed_path_read(secret, path, (uint32_t)len)) {
        tell(core, ticket, STATUS_NOT_FOUND, NULL, 0);
    } else {
        begin(core, ticket, address != NULL ? key : NULL, secret);
    }
    sodium_memzero(secret, sizeof secret);
}
