/*
 * log.c - a whole log as a reader keeps it: the order in which the parts are asked.
 *
 * Owns README.md section 3.4 from its second stage on. Must not know a rule itself.
 * Invariant: tail and fold are at the same seq, and both move or neither.
 */
#include "protocol/log.h"
#include "protocol/internal.h"

#include <string.h>

void council_log_init(struct council_log *log)
{
    memset(log, 0, sizeof(*log));
    council_tail_init(&log->tail);
    council_member_init(&log->member);
    council_init(&log->council);
}

void council_log_fini(struct council_log *log)
{
    if (log != NULL) {
        council_tail_fini(&log->tail);
        council_member_fini(&log->member);
        council_fini(&log->council);
        memset(log, 0, sizeof(*log));
    }
}

/* The type that the log has once `entry` is in it: a genesis decides it. */
static enum council_log_type type_after(const struct council_log *log,
                                        const struct council_entry *entry)
{
    if (log->type != COUNCIL_LOG_EMPTY) {
        return log->type;
    }
    return council_kind_info(entry->kind)->log == COUNCIL_LOG_MEMBER ? COUNCIL_LOG_IS_MEMBER
                                                                     : COUNCIL_LOG_IS_COUNCIL;
}

/* Everything before the rules of the log's type. */
static enum council_error check_place(const struct council_log *log,
                                      const struct council_entry *entry,
                                      const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data,
                                      uint32_t data_len, bool verified)
{
    enum council_error error = council_entry_check_data(entry, data, data_len);
    if (error == COUNCIL_OK && !verified) {
        error = council_entry_verify(entry, sig);
    }
    if (error == COUNCIL_OK) {
        error = council_tail_check(&log->tail, entry);
    }
    /* Asked before member.h, whose position is a chain's and takes every kind for control. */
    if (error == COUNCIL_OK && log->type == COUNCIL_LOG_IS_MEMBER &&
        council_kind_info(entry->kind)->log != COUNCIL_LOG_MEMBER) {
        error = COUNCIL_E_WRONG_LOG_TYPE;
    }
    return error;
}

enum council_error council_log_check(const struct council_log *log,
                                     const struct council_entry *entry,
                                     const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data,
                                     uint32_t data_len, const struct council_fact *facts)
{
    enum council_error error = check_place(log, entry, sig, data, data_len, false);
    if (error != COUNCIL_OK) {
        return error;
    }
    if (type_after(log, entry) == COUNCIL_LOG_IS_MEMBER) {
        return council_member_check(&log->member, entry);
    }
    return council_check(&log->council, entry, facts);
}

static enum council_error fold_council(struct council_log *log, const struct council_entry *entry,
                                       const uint8_t sig[COUNCIL_SIG_BYTES],
                                       const struct council_fact *facts)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    enum council_error error = council_check(&log->council, entry, facts);
    if (error != COUNCIL_OK) {
        return error;
    }
    council_entry_head(head, log->tail.head, entry->text.text, entry->text.len, sig);
    return council_fold(&log->council, entry, log->tail.seq + 1, head);
}

enum council_error council_log_append(struct council_log *log, const struct council_entry *entry,
                                      const uint8_t sig[COUNCIL_SIG_BYTES], const uint8_t *data,
                                      uint32_t data_len, const struct council_fact *facts,
                                      bool verified)
{
    enum council_log_type type = type_after(log, entry);
    enum council_error error = check_place(log, entry, sig, data, data_len, verified);
    if (error == COUNCIL_OK) {
        error = council_tail_reserve(&log->tail);
    }
    if (error == COUNCIL_OK) {
        error = type == COUNCIL_LOG_IS_MEMBER ? council_member_append(&log->member, entry, sig)
                                              : fold_council(log, entry, sig, facts);
    }
    if (error != COUNCIL_OK) {
        return error;
    }
    log->type = type;
    /* Room was made above, so this last step cannot fail and leave the fold ahead. */
    return council_tail_push(&log->tail, entry, sig);
}
