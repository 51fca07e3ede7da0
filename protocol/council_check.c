/*
 * council_check.c - the table of rules, one row per kind, and the order in which they are asked.
 *
 * Owns README.md section 5.1: what every kind must pass, and when its own rules come. Knows no
 * single kind but through its rows in kinds.def and below. Changes nothing.
 */
#include "protocol/council_internal.h"

#include <string.h>

static const struct council_rule rules[COUNCIL_KIND_COUNT] = {
    [COUNCIL_KIND_COUNCIL_CREATE] = {council_check_create, NULL, council_fold_create},
    [COUNCIL_KIND_MEMBER_JOIN] = {council_check_join, council_check_join_proof, council_fold_join},
    [COUNCIL_KIND_MEMBER_DEVICES] = {council_check_devices, NULL, council_fold_devices},
    [COUNCIL_KIND_MEMBER_REMOVE] = {council_check_remove, NULL, council_fold_remove},
    [COUNCIL_KIND_MEMBER_LEAVE] = {council_check_leave, NULL, council_fold_leave},
    [COUNCIL_KIND_MEMBER_ROLE] = {council_check_role, NULL, council_fold_role},
    [COUNCIL_KIND_INVITE_OPEN] = {council_check_invite_open, NULL, council_fold_invite_open},
    [COUNCIL_KIND_INVITE_CLOSE] = {council_check_invite_close, NULL, council_fold_invite_close},
    [COUNCIL_KIND_SCHEDULE_SET] = {council_check_schedule, NULL, council_fold_schedule},
    [COUNCIL_KIND_MEETING_CHANGE] = {council_check_change, NULL, NULL},
    [COUNCIL_KIND_VOTE] = {council_check_vote, NULL, council_fold_vote},
    [COUNCIL_KIND_KEY_ROTATE] = {NULL, NULL, NULL}, /* its block is all it has */
    [COUNCIL_KIND_KEY_HISTORY] = {council_check_history, NULL, NULL},
    [COUNCIL_KIND_COUNCIL_UPGRADE] = {council_check_upgrade, NULL, council_fold_upgrade},
    [COUNCIL_KIND_MEETING_OPEN] = {council_check_meeting_open, NULL, council_fold_meeting_open},
    [COUNCIL_KIND_MEETING_ADVANCE] = {council_check_meeting_advance, NULL,
                                      council_fold_meeting_advance},
    [COUNCIL_KIND_MEETING_HAND] = {council_check_meeting_hand, NULL, council_fold_meeting_hand},
    [COUNCIL_KIND_MEETING_CLOSE] = {council_check_meeting_close, NULL, council_fold_meeting_close},
    [COUNCIL_KIND_RSVP] = {council_check_scheduled, NULL, NULL},
    [COUNCIL_KIND_ATTEND] = {council_check_scheduled, NULL, NULL},
    [COUNCIL_KIND_POST] = {council_check_post, NULL, NULL},
    [COUNCIL_KIND_ERASE] = {council_check_erase, NULL, NULL},
};

const struct council_rule *council_rule(enum council_kind kind)
{
    static const struct council_rule none;
    return (uint32_t)kind < COUNCIL_KIND_COUNT ? &rules[kind] : &none;
}

/*
 * The kind against the log's type and beginning. The caller's tail says the same; here any input
 * gets an answer.
 */
static enum council_error check_place(const struct council *council, enum council_kind kind)
{
    const struct council_kind_info *info = council_kind_info(kind);
    bool genesis = council_kind_has(kind, COUNCIL_FLAG_GENESIS);
    if (genesis != (council->seq == 0)) {
        return genesis ? COUNCIL_E_GENESIS_AGAIN : COUNCIL_E_GENESIS_EXPECTED;
    }
    if (info->log == COUNCIL_LOG_MEMBER || (info->log == COUNCIL_LOG_COUNCIL && council->journal)) {
        return COUNCIL_E_WRONG_LOG_TYPE;
    }
    return COUNCIL_OK;
}

/* What is alone allowed before the first epoch, and after somebody left. */
static enum council_error check_due(const struct council *council, enum council_kind kind)
{
    if (council->epoch == 0) {
        /* The second, since the founder may have come back with a device that the pin lacks. */
        return kind == COUNCIL_KIND_KEY_ROTATE || kind == COUNCIL_KIND_MEMBER_DEVICES
                   ? COUNCIL_OK
                   : COUNCIL_E_ROTATION_DUE;
    }
    bool allowed = council_kind_has(kind, COUNCIL_FLAG_BLOCK) || kind == COUNCIL_KIND_MEMBER_LEAVE;
    return council->rotation_due && !allowed ? COUNCIL_E_ROTATION_DUE : COUNCIL_OK;
}

void council_step_init(struct council_step *step, const struct council *council,
                       const struct council_entry *entry, const struct council_fact *facts)
{
    memset(step, 0, sizeof *step);
    step->entry = entry;
    step->facts = facts;
    step->author = council_person(council, entry->author);
    step->moves = council_kind_has(entry->kind, COUNCIL_FLAG_CHAIN);
    step->drops = entry->kind == COUNCIL_KIND_MEMBER_REMOVE;
    if (council_kind_info(entry->kind)->who == COUNCIL_WHO_JOINER) {
        memcpy(step->mover, entry->author, COUNCIL_KEY_BYTES);
    } else if (step->moves) {
        council_body_key(entry, "member", step->mover);
    }
    if (step->drops) {
        council_body_key(entry, "member", step->dropped);
    }
    council_member_init(&step->pin);
}

void council_step_fini(struct council_step *step)
{
    council_member_fini(&step->pin);
}

/* True where the entry's own chain decides which of the author's devices count. */
static bool moves_author(const struct council_step *step)
{
    return step->moves && memcmp(step->mover, step->entry->author, COUNCIL_KEY_BYTES) == 0;
}

/*
 * Who writes: steps 2 to 5 of section 5.1, but for the device of an author whom the entry's chain
 * moves.
 */
static enum council_error check_author(const struct council *council,
                                       const struct council_step *step)
{
    const struct council_entry *entry = step->entry;
    enum council_who who = council_kind_info(entry->kind)->who;
    bool member = step->author && step->author->member;
    if (council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS)) {
        return COUNCIL_OK;
    }
    if (member == (who == COUNCIL_WHO_JOINER)) {
        return member ? COUNCIL_E_ALREADY_MEMBER : COUNCIL_E_NOT_MEMBER;
    }
    enum council_error error = check_due(council, entry->kind);
    if (error) {
        return error;
    }
    if (who == COUNCIL_WHO_MODERATOR && !step->author->moderator) {
        return COUNCIL_E_NOT_MODERATOR;
    }
    if (!moves_author(step) && !council_member_device(&step->author->pin, entry->device)) {
        return COUNCIL_E_UNKNOWN_DEVICE;
    }
    return COUNCIL_OK;
}

static enum council_error check_chain(const struct council *council, struct council_step *step)
{
    if (!step->moves) {
        return COUNCIL_OK;
    }
    enum council_error error = council_chain_run(council, step, true);
    if (!error && moves_author(step) && !council_member_device(&step->pin, step->entry->device)) {
        error = COUNCIL_E_UNKNOWN_DEVICE;
    }
    return error;
}

enum council_error council_check(const struct council *council, const struct council_entry *entry,
                                 const struct council_fact *facts)
{
    const struct council_rule *rule = council_rule(entry->kind);
    struct council_step step;
    enum council_error error = check_place(council, entry->kind);
    if (error) {
        return error;
    }
    council_step_init(&step, council, entry, facts);
    error = check_author(council, &step);
    if (!error && rule->before) {
        error = rule->before(council, &step);
    }
    if (!error) {
        error = check_chain(council, &step);
    }
    if (!error && rule->after) {
        error = rule->after(council, &step);
    }
    if (!error && council_kind_has(entry->kind, COUNCIL_FLAG_BLOCK)) {
        error = council_block_check(council, &step);
    }
    council_step_fini(&step);
    return error;
}
