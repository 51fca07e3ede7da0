/*
 * council_check_life.c - rules of the kinds of a council's daily life: invites, schedule, meetings,
 * posts, erasure, past keys, upgrades.
 *
 * Owns README.md sections 5.7, 5.8, 5.10 to 5.12 and 6.4, but for what council_check.c asks of
 * every kind. Changes nothing.
 */
#include "protocol/council_internal.h"
#include "protocol/localtime.h"

#include <string.h>

enum council_error council_check_invite_open(const struct council *council,
                                             struct council_step *step)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "invite", key);
    if (council_invite(council, key)) {
        return COUNCIL_E_KEY_REUSED;
    }
    return council->invite_count < COUNCIL_INVITES_MAX ? COUNCIL_OK : COUNCIL_E_COUNCIL_FULL;
}

enum council_error council_check_invite_close(const struct council *council,
                                              struct council_step *step)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "invite", key);
    const struct council_invite *invite = council_invite(council, key);
    if (!invite) {
        return COUNCIL_E_INVITE_UNKNOWN;
    }
    return council_invite_is_open(invite) ? COUNCIL_OK : COUNCIL_E_INVITE_CLOSED;
}

enum council_error council_check_schedule(const struct council *council, struct council_step *step)
{
    char rule[COUNCIL_RULE_MAX + 1];
    char start[COUNCIL_LOCAL_CHARS + 1];
    bool fast;
    uint32_t days;
    if (!council_body_string(step->entry, "rrule", rule, sizeof rule) ||
        !council_rule_parse(rule, (uint32_t)strlen(rule), &fast, &days) ||
        !council_body_string(step->entry, "start", start, sizeof start)) {
        return COUNCIL_E_BAD_FIELD;
    }
    uint32_t weekday = council_local_weekday(start);
    if (fast != council->fast || weekday > 6 || (days >> weekday & 1u) == 0) {
        return COUNCIL_E_BAD_CADENCE;
    }
    return COUNCIL_OK;
}

enum council_error council_check_change(const struct council *council, struct council_step *step)
{
    if (council->schedule.seq == 0) {
        return COUNCIL_E_NO_SCHEDULE;
    }
    bool move = council_body_is(step->entry, "change", "move");
    bool to = council_body_get(step->entry, "to") != 0;
    return move == to ? COUNCIL_OK : COUNCIL_E_BAD_FIELD;
}

/* rsvp and attend: there is something to come to. */
enum council_error council_check_scheduled(const struct council *council, struct council_step *step)
{
    (void)step;
    return council->schedule.seq != 0 ? COUNCIL_OK : COUNCIL_E_NO_SCHEDULE;
}

enum council_error council_check_meeting_open(const struct council *council,
                                              struct council_step *step)
{
    uint8_t facilitator[COUNCIL_KEY_BYTES];
    if (council->meeting.open) {
        return COUNCIL_E_MEETING_OPEN;
    }
    council_body_key(step->entry, "facilitator", facilitator);
    return council_current(council, facilitator) ? COUNCIL_OK : COUNCIL_E_NO_SUCH_MEMBER;
}

enum council_error council_check_meeting_close(const struct council *council,
                                               struct council_step *step)
{
    const struct council_entry *entry = step->entry;
    if (!council->meeting.open || !council_body_is(entry, "meeting", council->meeting.meeting)) {
        return COUNCIL_E_NO_MEETING;
    }
    bool leads = memcmp(council->meeting.facilitator, entry->author, COUNCIL_KEY_BYTES) == 0 ||
                 step->author->moderator;
    return leads ? COUNCIL_OK : COUNCIL_E_NOT_FACILITATOR;
}

enum council_error council_check_meeting_advance(const struct council *council,
                                                 struct council_step *step)
{
    enum council_error error = council_check_meeting_close(council, step);
    if (error) {
        return error;
    }
    uint64_t phase = council_body_int(step->entry, "phase");
    bool next = phase == (uint64_t)council->meeting.phase + 1 && phase <= council->meeting.phases;
    return next ? COUNCIL_OK : COUNCIL_E_WRONG_PHASE;
}

/* Any member hands over, or takes over from a facilitator who is gone; of two at once the log knows one. */
enum council_error council_check_meeting_hand(const struct council *council,
                                              struct council_step *step)
{
    const struct council_entry *entry = step->entry;
    uint8_t from[COUNCIL_KEY_BYTES], member[COUNCIL_KEY_BYTES];
    council_body_key(entry, "from", from);
    council_body_key(entry, "member", member);
    if (!council_current(council, member)) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    if (!council->meeting.open || !council_body_is(entry, "meeting", council->meeting.meeting)) {
        return COUNCIL_E_NO_MEETING;
    }
    bool leads = memcmp(from, council->meeting.facilitator, COUNCIL_KEY_BYTES) == 0;
    return leads ? COUNCIL_OK : COUNCIL_E_HANDED_OVER;
}

enum council_error council_check_post(const struct council *council, struct council_step *step)
{
    return step->entry->epoch == council->epoch ? COUNCIL_OK : COUNCIL_E_STALE_EPOCH;
}

static enum council_error check_fact(const struct council_step *step,
                                     const struct council_fact *fact)
{
    if (!fact->post) {
        return COUNCIL_E_NOT_A_POST;
    }
    bool own = memcmp(fact->author, step->entry->author, COUNCIL_KEY_BYTES) == 0;
    if (!own && !step->author->moderator) {
        return COUNCIL_E_NOT_YOURS;
    }
    return fact->erased ? COUNCIL_E_ALREADY_ERASED : COUNCIL_OK;
}

enum council_error council_check_erase(const struct council *council, struct council_step *step)
{
    const struct council_text *text = &step->entry->text;
    uint32_t posts = council_body_get(step->entry, "posts");
    uint32_t value = council_text_first(text, posts);
    enum council_error error = COUNCIL_OK;
    for (uint32_t i = 0; !error && i < text->values[posts].count; i++) {
        bool known = step->facts && text->values[value].integer <= council->seq;
        error = known ? check_fact(step, &step->facts[i]) : COUNCIL_E_NOT_A_POST;
        value = text->values[value].next;
    }
    return error;
}

enum council_error council_check_upgrade(const struct council *council, struct council_step *step)
{
    return council_body_int(step->entry, "version") > council->version ? COUNCIL_OK
                                                                       : COUNCIL_E_BAD_FIELD;
}

/* The first epoch at or after `epoch` in which the person was not a member. */
static uint64_t first_outside(const struct council_person *person, uint64_t epoch)
{
    for (uint32_t i = 0; i < person->stay_count; i++) {
        const struct council_stay *stay = &person->stays[i];
        if (epoch >= stay->from && stay->to == 0) {
            return UINT64_MAX;
        }
        if (epoch >= stay->from && epoch <= stay->to) {
            epoch = stay->to + 1;
        }
    }
    return epoch;
}

static enum council_error check_past_boxes(const struct council_step *step,
                                           const struct council_person *person, uint64_t epochs)
{
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count = 0;
    const struct council_text *text = &step->entry->text;
    uint32_t boxes = council_body_get(step->entry, "boxes");
    council_add_recipients(&person->pin, recipients, &count);
    council_sort_recipients(recipients, count);
    enum council_error error = council_boxes_check(step->entry, boxes, recipients, count);
    uint32_t element = council_text_first(text, boxes);
    for (uint32_t i = 0; !error && i < count; i++) {
        uint32_t box = council_text_get(text, element, "box");
        if (box == 0 || council_b64_bytes(text->values[box].len) != 48 + 32 * epochs) {
            error = COUNCIL_E_BAD_FIELD;
        }
        element = text->values[element].next;
    }
    return error;
}

enum council_error council_check_history(const struct council *council, struct council_step *step)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t from = council_body_int(step->entry, "from");
    uint64_t to = council_body_int(step->entry, "to");
    council_body_key(step->entry, "member", member);
    const struct council_person *person = council_current(council, member);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    if (from > to || to > council->epoch || to - from >= COUNCIL_HISTORY_EPOCHS_MAX) {
        return COUNCIL_E_HISTORY_RANGE;
    }
    bool may_all = council->history_all || step->author->moderator;
    if (!may_all && first_outside(person, from) <= to) {
        return COUNCIL_E_HISTORY_DENIED;
    }
    return check_past_boxes(step, person, to - from + 1);
}
