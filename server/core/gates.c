/*
 * gates.c - what the server asks of an entry beyond validity, where it needs the log.
 *
 * Owns section 9.4 of protocol/README.md except what check.c and barrier.c see to. Readers never ask any of this. Changes nothing but
 * buckets.
 */
#include <string.h>

#include "server/core/append.h"
#include "server/core/recover.h"

enum council_error core_gate_who(const struct core *core, const struct core_log *log,
                                 const struct core_call *call)
{
    const struct council_entry *entry = &call->u.append.entry;
    if (council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS)) {
        return COUNCIL_OK;
    }
    if (log->fold->tail.seq == 0) {
        return COUNCIL_E_NOT_FOUND;
    }
    /* Not a member and no such log look the same. */
    if (log->fold->kind != STORE_LOG_MEMBER) {
        bool known = entry->kind == COUNCIL_KIND_MEMBER_JOIN ||
                     council_person(&log->fold->council, entry->author) != NULL;
        return known ? COUNCIL_OK : COUNCIL_E_NOT_FOUND;
    }
    if (memcmp(log->key, call->member, COUNCIL_KEY_BYTES) != 0) {
        return COUNCIL_E_NOT_FOUND;
    }
    return !call->recovery && core_recovery_open(core, log->key) ? COUNCIL_E_RETRY : COUNCIL_OK;
}

enum council_error core_gate_offered(const struct core *core, const struct core_log *log,
                                     const struct core_call *call)
{
    const struct core_append *append = &call->u.append;
    const struct core_offer *offer = &call->parent->u.offer;
    if (offer->bad < call->part || append->offered_seq != log->fold->tail.seq + 1 ||
        !core_recovery_takes(log, offer)) {
        return COUNCIL_E_OFFER_REFUSED;
    }
    if (offer->people_only && append->offered_seq == 1 &&
        append->entry.kind != COUNCIL_KIND_MEMBER_CREATE) {
        return COUNCIL_E_NOT_FOUND;
    }
    bool member = log->fold->kind == STORE_LOG_MEMBER;
    return member && core_recovery_open(core, log->key) ? COUNCIL_E_RETRY : COUNCIL_OK;
}

/* Whose control entries these are: of this author in this log. A new log's count on the author alone. */
static uint64_t take_control(struct core *core, const struct core_log *log,
                             const struct council_entry *entry)
{
    uint8_t both[2 * COUNCIL_KEY_BYTES] = {0}, key[COUNCIL_HASH_BYTES];
    bool genesis = council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS);
    enum core_bucket_class class = CORE_BUCKET_MODERATOR;
    if (!genesis) {
        memcpy(both, log->key, COUNCIL_KEY_BYTES);
    }
    memcpy(both + COUNCIL_KEY_BYTES, entry->author, COUNCIL_KEY_BYTES);
    council_hash(key, both, sizeof both);
    if (!genesis && log->fold->kind != STORE_LOG_MEMBER) {
        const struct council_person *person = council_person(&log->fold->council, entry->author);
        class = person != NULL && person->moderator ? CORE_BUCKET_MODERATOR : CORE_BUCKET_CONTROL;
    }
    return core_bucket_take(core, class, key, 1);
}

enum council_error core_gate_rate(struct core *core, const struct core_log *log,
                                  const struct core_call *call, uint64_t *retry_after_ms)
{
    const struct council_entry *entry = &call->u.append.entry;
    *retry_after_ms = core_bucket_take(core, CORE_BUCKET_LOG, log->key, 1);
    if (*retry_after_ms == 0 && !call->u.append.registers &&
        council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL)) {
        *retry_after_ms = take_control(core, log, entry);
    }
    return *retry_after_ms == 0 ? COUNCIL_OK : COUNCIL_E_RATE_LIMITED;
}

/* After its repetition was answered: whoever asks again days later learns that it is in the log. */
enum council_error core_gate_clock(const struct core *core, const struct core_append *append)
{
    uint64_t at = append->entry.at, now = core->wall_ms;
    uint64_t off = at > now ? at - now : now - at;
    return off <= core->limits.clock_skew_ms ? COUNCIL_OK : COUNCIL_E_CLOCK_SKEW;
}

enum council_error core_gate_quota(const struct core *core, const struct core_log *log,
                                   const struct core_call *call)
{
    const struct core_append *append = &call->u.append;
    uint64_t entries = 0, bytes = 0;
    core_quota_of(core, log->key, &entries, &bytes);
    if (append->entry.kind == COUNCIL_KIND_ERASE ||
        council_kind_has(append->entry.kind, COUNCIL_FLAG_CONTROL)) {
        /* A full log must still be able to change keys and let people go. */
        entries += entries / 16 + 1;
        bytes += bytes / 16;
    }
    uint64_t size = (uint64_t)append->wire.len + append->wire.data_len;
    bool fits = log->fold->tail.seq < entries && log->bytes + log->bytes_ahead + size <= bytes;
    return fits ? COUNCIL_OK : COUNCIL_E_QUOTA;
}

enum council_error core_gate_invite(const struct core *core, const struct core_log *log,
                                    const struct core_append *append)
{
    const struct council *council = &log->fold->council;
    if (append->entry.kind == COUNCIL_KIND_MEMBER_JOIN) {
        uint8_t key[COUNCIL_KEY_BYTES];
        council_body_key(&append->entry, "invite", key);
        const struct council_invite *invite = council_invite(council, key);
        bool expired = invite != NULL && invite->expires <= core->expiry_ms;
        return expired ? COUNCIL_E_INVITE_EXPIRED : COUNCIL_OK;
    }
    if (append->entry.kind != COUNCIL_KIND_INVITE_OPEN) {
        return COUNCIL_OK;
    }
    uint64_t open = 0;
    for (uint32_t i = 0; i < council->invite_count; i++) {
        const struct council_invite *invite = &council->invites[i];
        open += !invite->closed && invite->used < invite->uses && invite->expires > core->expiry_ms;
    }
    return open < core->limits.open_invites ? COUNCIL_OK : COUNCIL_E_QUOTA;
}
