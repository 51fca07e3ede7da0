/*
 * verify_log.c - the check of one log. See verify.h.
 *
 * What an erase may name, and whose data must be gone, is remembered in 33 bytes an entry while the log is read.
 */
#include "server/host/verify.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/log.h"

enum {
    ENTRY_POST = 1 << 0,
    ENTRY_NAMED = 1 << 1, /* by an erase */
    ENTRY_BARE = 1 << 2,  /* sealed, and its data is not there */
    SLICE_BYTES = 1 << 20
};

struct seen_entry {
    uint8_t author[COUNCIL_KEY_BYTES];
    uint8_t flags;
};

struct check {
    struct council_log log;
    struct seen_entry *seen; /* of seq 1 ... at [0] ... */
    uint64_t size;
    struct host_finding *finding;
};

/* False, for ever after. */
static bool wrong(struct check *check, uint64_t seq, const char *what)
{
    if (check->finding->what == NULL) {
        check->finding->seq = seq;
        check->finding->what = what;
    }
    return false;
}

static bool remember(struct check *check, const struct council_entry *entry, uint64_t seq,
                     bool bare)
{
    if (seq > check->size) {
        uint64_t size = check->size == 0 ? 256 : 2 * check->size;
        struct seen_entry *grown = realloc(check->seen, size * sizeof *grown);
        if (grown == NULL) {
            return wrong(check, seq, "no_memory");
        }
        check->seen = grown;
        check->size = size;
    }
    struct seen_entry *seen = &check->seen[seq - 1];
    memcpy(seen->author, entry->author, COUNCIL_KEY_BYTES);
    seen->flags =
        (uint8_t)((entry->kind == COUNCIL_KIND_POST ? ENTRY_POST : 0) | (bare ? ENTRY_BARE : 0));
    return true;
}

/* What is known of the entries that an erase names; owned, NULL when out of memory. Marks them as named if `mark`. */
static struct council_fact *facts_of(struct check *check, const struct council_entry *entry,
                                     bool mark)
{
    const struct council_text *text = &entry->text;
    uint32_t posts = council_body_get(entry, "posts");
    uint32_t value = council_text_first(text, posts);
    struct council_fact *facts = calloc(text->values[posts].count, sizeof *facts);
    for (uint32_t i = 0; facts != NULL && i < text->values[posts].count; i++) {
        uint64_t seq = text->values[value].integer;
        value = text->values[value].next;
        if (seq == 0 || seq > check->log.tail.seq) {
            continue;
        }
        struct seen_entry *seen = &check->seen[seq - 1];
        facts[i].post = (seen->flags & ENTRY_POST) != 0;
        facts[i].erased = (seen->flags & ENTRY_NAMED) != 0;
        memcpy(facts[i].author, seen->author, COUNCIL_KEY_BYTES);
        if (mark) {
            seen->flags |= ENTRY_NAMED;
        }
    }
    return facts;
}

static bool flags_agree(const struct store_entry *stored, const struct council_entry *entry)
{
    bool folds = council_kind_has(entry->kind, COUNCIL_FLAG_FOLDS);
    bool control = council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL);
    bool sealed = council_kind_has(entry->kind, COUNCIL_FLAG_SEALED);
    return ((stored->flags & STORE_FOLDS) != 0) == folds &&
           ((stored->flags & STORE_CONTROL) != 0) == control &&
           ((stored->flags & STORE_SEALED) != 0) == sealed;
}

/* The entry as the next of its log. */
static bool check_parsed(struct check *check, const struct store_entry *stored,
                         const struct council_entry *entry)
{
    struct council_fact *facts = NULL;
    bool erase = entry->kind == COUNCIL_KIND_ERASE;
    bool bare = (stored->flags & STORE_SEALED) != 0 && stored->data == NULL;
    if (!flags_agree(stored, entry)) {
        return wrong(check, stored->seq, "stored_flags");
    }
    if (bare != ((stored->flags & STORE_ERASED) != 0)) {
        return wrong(check, stored->seq, "data_missing");
    }
    if (erase && (facts = facts_of(check, entry, false)) == NULL) {
        return wrong(check, stored->seq, "no_memory");
    }
    enum council_error error = council_log_append(&check->log, entry, stored->sig, stored->data,
                                                  stored->data_len, facts, false);
    free(facts);
    if (error != COUNCIL_OK) {
        return wrong(check, stored->seq, council_error_name(error));
    }
    if (memcmp(check->log.tail.head, stored->head, COUNCIL_HASH_BYTES) != 0) {
        return wrong(check, stored->seq, "stored_head");
    }
    /* Without data that no erase took: it was brought back so, and its erasure never was. */
    if (!remember(check, entry, stored->seq, bare && (stored->flags & STORE_MISSING) == 0)) {
        return false;
    }
    if (erase) {
        free(facts_of(check, entry, true));
    }
    return true;
}

static bool check_entry(struct check *check, const struct store_entry *stored)
{
    struct council_entry entry;
    check->finding->entries++;
    if (stored->seq != check->log.tail.seq + 1) {
        return wrong(check, check->log.tail.seq + 1, "gap");
    }
    enum council_error error = council_entry_parse(&entry, stored->text, stored->text_len);
    if (error != COUNCIL_OK) {
        return wrong(check, stored->seq, council_error_name(error));
    }
    bool good = check_parsed(check, stored, &entry);
    council_entry_fini(&entry);
    return good;
}

/* ---- the log as a whole ---- */

static bool check_erasures(struct check *check)
{
    for (uint64_t i = 0; i < check->log.tail.seq; i++) {
        uint8_t flags = check->seen[i].flags & (ENTRY_NAMED | ENTRY_BARE);
        if (flags == ENTRY_NAMED) {
            return wrong(check, i + 1, "not_erased");
        }
        if (flags == ENTRY_BARE) {
            return wrong(check, i + 1, "data_missing");
        }
    }
    return true;
}

static enum store_log_kind kind_of(const struct council_log *log)
{
    if (log->type == COUNCIL_LOG_IS_MEMBER) {
        return STORE_LOG_MEMBER;
    }
    return log->council.journal ? STORE_LOG_JOURNAL : STORE_LOG_COUNCIL;
}

/* What the council knows of a member's log is in that log as stored here. */
static enum store_status check_pin(struct check *check, struct store *store,
                                   const struct council_member *pin)
{
    struct store_slice slice;
    if (pin->seq == 0) {
        return STORE_OK;
    }
    enum store_status status = store_read_at(store, pin->member, &pin->seq, 1, &slice);
    if (status == STORE_NOT_FOUND) {
        (void)wrong(check, 0, "pin_of_no_log");
        return STORE_OK;
    }
    if (status != STORE_OK) {
        return status;
    }
    if (slice.n == 0) {
        (void)wrong(check, 0, "pin_ahead_of_log");
    } else if (memcmp(slice.entries[0].head, pin->head, COUNCIL_HASH_BYTES) != 0) {
        (void)wrong(check, 0, "pin_of_another_log");
    }
    store_slice_fini(&slice);
    return STORE_OK;
}

static enum store_status check_people(struct check *check, struct store *store,
                                      const struct store_log_info *info)
{
    const struct council *council = &check->log.council;
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        struct store_membership stored;
        enum store_status status = store_membership(store, info->log, person->pin.member, &stored);
        if (status != STORE_OK && status != STORE_NOT_FOUND) {
            return status;
        }
        if (status == STORE_NOT_FOUND || (stored.until_seq == 0) != person->member ||
            stored.until_seq != (person->member ? 0 : person->left_seq)) {
            (void)wrong(check, 0, "stored_membership");
        }
        status = check_pin(check, store, &person->pin);
        if (status != STORE_OK) {
            return status;
        }
    }
    return STORE_OK;
}

static enum store_status check_recovery(struct check *check, struct store *store,
                                        const struct store_log_info *info)
{
    uint8_t member[STORE_ID_BYTES];
    enum store_status status =
        store_member_by_recovery(store, check->log.member.recovery.sign, member);
    if (status == STORE_NOT_FOUND ||
        (status == STORE_OK && memcmp(member, info->log, STORE_ID_BYTES) != 0)) {
        (void)wrong(check, 0, "stored_recovery");
        status = STORE_OK;
    }
    return status;
}

static enum store_status check_whole(struct check *check, struct store *store,
                                     const struct store_log_info *info)
{
    const struct council_tail *tail = &check->log.tail;
    if (tail->seq == 0 || tail->seq != info->seq ||
        memcmp(tail->head, info->head, STORE_ID_BYTES) != 0) {
        (void)wrong(check, 0, "stored_tail");
    } else if (memcmp(tail->log, info->log, STORE_ID_BYTES) != 0) {
        (void)wrong(check, 0, "wrong_log");
    } else if (kind_of(&check->log) != info->kind) {
        (void)wrong(check, 0, "wrong_log_type");
    } else if (check_erasures(check)) {
        return info->kind == STORE_LOG_MEMBER ? check_recovery(check, store, info)
                                              : check_people(check, store, info);
    }
    return STORE_OK;
}

/* NULL: nobody else uses the store. */
static void hold(pthread_mutex_t *lock)
{
    if (lock != NULL) {
        (void)pthread_mutex_lock(lock);
    }
}

static void release(pthread_mutex_t *lock)
{
    if (lock != NULL) {
        (void)pthread_mutex_unlock(lock);
    }
}

enum store_status host_verify_log_with(struct store *store, pthread_mutex_t *lock,
                                       const struct store_log_info *info,
                                       struct host_finding *finding)
{
    struct check check = {.finding = finding};
    struct store_reading reading = {.max_bytes = SLICE_BYTES, .what = STORE_READ_DATA};
    enum store_status status = STORE_OK;
    bool more = true;
    *finding = (struct host_finding){.what = NULL};
    council_log_init(&check.log);
    while (more && status == STORE_OK && finding->what == NULL) {
        struct store_slice slice;
        hold(lock);
        status = store_read(store, info->log, &reading, &slice);
        release(lock);
        if (status != STORE_OK) {
            break;
        }
        for (uint32_t i = 0; i < slice.n && check_entry(&check, &slice.entries[i]); i++) {
            reading.after_seq = slice.entries[i].seq;
        }
        more = slice.more;
        store_slice_fini(&slice);
    }
    if (status == STORE_OK && finding->what == NULL) {
        hold(lock);
        status = check_whole(&check, store, info);
        release(lock);
    }
    council_log_fini(&check.log);
    free(check.seen);
    return status;
}

enum store_status host_verify_log(struct store *store, const struct store_log_info *info,
                                  struct host_finding *finding)
{
    return host_verify_log_with(store, NULL, info, finding);
}
