/*
 * replica.c - one log in memory: loading it from rows, and appending what was checked.
 *
 * Owns how rows of a home become a folded log again, and that a log is the one it is named after (its first head). Must
 * not know where rows lie or how entries came. Invariant: state, tail and grants stand at the same entry.
 */
#include "client/sync/internal.h"

void sync_replica_init(struct sync_replica *replica, const uint8_t log[COUNCIL_KEY_BYTES])
{
    memset(replica, 0, sizeof(*replica));
    memcpy(replica->log, log, COUNCIL_KEY_BYTES);
    council_log_init(&replica->state);
}

void sync_replica_fini(struct sync_replica *replica)
{
    sync_grants_fini(replica);
    council_log_fini(&replica->state);
    council_log_init(&replica->state);
}

void sync_replica_move(struct sync_replica *to, struct sync_replica *from)
{
    *to = *from;
    from->grants = NULL;
    from->grant_count = 0;
    council_log_init(&from->state);
}

void sync_replica_begin(struct sync_replica *replica, uint64_t after,
                        const uint8_t head[COUNCIL_HASH_BYTES])
{
    replica->tail_after = after;
    memcpy(replica->tail_head, head, COUNCIL_HASH_BYTES);
    replica->control = 0;
    replica->tail_started = false;
}

static enum council_error load_tail(struct sync_replica *replica, const struct council_entry *entry,
                                    uint64_t seq, const uint8_t *head, const uint8_t *sig)
{
    struct council_tail *tail = &replica->state.tail;
    if (!replica->tail_started && replica->tail_after > 0)
        council_tail_start(tail, replica->log, replica->tail_after, replica->tail_head,
                           replica->control);
    replica->tail_started = true;
    if (seq != tail->seq + 1)
        return COUNCIL_E_HOME_DAMAGED;
    enum council_error error = council_tail_push(tail, entry, sig);
    if (error)
        return error;
    return memcmp(tail->head, head, COUNCIL_HASH_BYTES) == 0 ? COUNCIL_OK : COUNCIL_E_HOME_DAMAGED;
}

static enum council_error load_entry(struct sync_replica *replica,
                                     const struct council_entry *entry, uint64_t seq,
                                     const uint8_t *head, const uint8_t *sig)
{
    struct council_log *state = &replica->state;
    if (state->type == COUNCIL_LOG_EMPTY) {
        if (seq != 1 || !council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS) ||
            memcmp(head, replica->log, COUNCIL_KEY_BYTES) != 0)
            return COUNCIL_E_HOME_DAMAGED;
        state->type = entry->kind == COUNCIL_KIND_MEMBER_CREATE ? COUNCIL_LOG_IS_MEMBER
                                                                : COUNCIL_LOG_IS_COUNCIL;
    }
    enum council_error error = state->type == COUNCIL_LOG_IS_MEMBER
                                   ? council_member_append(&state->member, entry, sig)
                                   : council_fold(&state->council, entry, seq, head);
    if (error)
        return error == COUNCIL_E_NO_MEMORY ? error : COUNCIL_E_HOME_DAMAGED;
    if (council_kind_has(entry->kind, COUNCIL_FLAG_FOLDS))
        sync_grants_note(replica, entry);
    if (seq > replica->tail_after)
        return load_tail(replica, entry, seq, head, sig);
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL))
        replica->control = seq;
    return COUNCIL_OK;
}

enum council_error sync_replica_load(struct sync_replica *replica, uint64_t seq,
                                     const uint8_t head[COUNCIL_HASH_BYTES], const char *text,
                                     uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct council_entry entry;
    enum council_error error = council_entry_parse(&entry, text, len);
    if (error)
        return error;
    if (seq > replica->tail_after || council_kind_has(entry.kind, COUNCIL_FLAG_FOLDS))
        error = load_entry(replica, &entry, seq, head, sig);
    council_entry_fini(&entry);
    return error;
}

enum council_error sync_replica_finish(struct sync_replica *replica, uint64_t seq,
                                       const uint8_t head[COUNCIL_HASH_BYTES])
{
    const struct council_tail *tail = &replica->state.tail;
    if (tail->seq != seq || (seq > 0 && memcmp(tail->head, head, COUNCIL_HASH_BYTES) != 0))
        return COUNCIL_E_HOME_DAMAGED;
    return COUNCIL_OK;
}

/* A log is named by its first head: any other genesis is another log, however well made. */
static bool is_this_log(const struct sync_replica *replica, const struct council_entry *entry,
                        const uint8_t *sig)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    uint8_t head[COUNCIL_HASH_BYTES];
    council_entry_head(head, zeros, entry->text.text, entry->text.len, sig);
    return memcmp(head, replica->log, COUNCIL_KEY_BYTES) == 0;
}

enum council_error sync_replica_append(struct sync_replica *replica,
                                       const struct council_entry *entry,
                                       const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data,
                                       uint32_t data_len, const struct council_fact *facts,
                                       bool verified)
{
    if (replica->state.tail.seq == 0 && council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS) &&
        !is_this_log(replica, entry, sig))
        return COUNCIL_E_WRONG_LOG;
    enum council_error error =
        council_log_append(&replica->state, entry, sig, data, data_len, facts, verified);
    if (error)
        return error;
    if (council_kind_has(entry->kind, COUNCIL_FLAG_FOLDS))
        sync_grants_note(replica, entry);
    return COUNCIL_OK;
}
