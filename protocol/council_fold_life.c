/*
 * council_fold_life.c - what invites, schedules, meetings and upgrades change.
 *
 * Owns the changes of README.md sections 5.7, 5.8, 5.10 and 5.12. Asks no permission: council_check
 * did. Closing invites when somebody goes is council_fold's, by the kind's flag.
 */
#include "protocol/council_internal.h"

#include <stdlib.h>
#include <string.h>

/* Room for one invite more: the array doubles whenever the count reaches a power of two. */
static enum council_error grow_invites(struct council *council)
{
    uint32_t count = council->invite_count;
    if (count >= COUNCIL_INVITES_MAX) {
        return COUNCIL_E_COUNCIL_FULL;
    }
    if ((count & (count - 1)) != 0) {
        return COUNCIL_OK;
    }
    size_t size = count == 0 ? 1 : 2 * (size_t)count;
    struct council_invite *invites = realloc(council->invites, size * sizeof *invites);
    if (!invites) {
        return COUNCIL_E_NO_MEMORY;
    }
    council->invites = invites;
    return COUNCIL_OK;
}

enum council_error council_fold_invite_open(struct council *council, struct council_step *step,
                                            uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)head;
    enum council_error error = grow_invites(council);
    if (error) {
        return error;
    }
    struct council_invite *invite = &council->invites[council->invite_count++];
    memset(invite, 0, sizeof *invite);
    council_body_key(step->entry, "invite", invite->key);
    invite->expires = council_body_int(step->entry, "expires");
    invite->uses = (uint32_t)council_body_int(step->entry, "uses");
    invite->seq = seq;
    return COUNCIL_OK;
}

enum council_error council_fold_invite_close(struct council *council, struct council_step *step,
                                             uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    uint8_t key[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "invite", key);
    uint32_t i = council_find_invite(council, key);
    if (i == council->invite_count) {
        return COUNCIL_E_INVITE_UNKNOWN;
    }
    council->invites[i].closed = true;
    return COUNCIL_OK;
}

enum council_error council_fold_schedule(struct council *council, struct council_step *step,
                                         uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)head;
    const struct council_entry *entry = step->entry;
    struct council_schedule schedule = {.seq = seq};
    if (!council_body_string(entry, "start", schedule.start, sizeof schedule.start) ||
        !council_body_string(entry, "zone", schedule.zone, sizeof schedule.zone) ||
        !council_body_string(entry, "rrule", schedule.rrule, sizeof schedule.rrule)) {
        return COUNCIL_E_BAD_FIELD;
    }
    schedule.minutes = (uint32_t)council_body_int(entry, "minutes");
    council->schedule = schedule;
    return COUNCIL_OK;
}

enum council_error council_fold_meeting_open(struct council *council, struct council_step *step,
                                             uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    const struct council_entry *entry = step->entry;
    char meeting[sizeof council->meeting.meeting];
    if (!council_body_string(entry, "meeting", meeting, sizeof meeting)) {
        return COUNCIL_E_BAD_FIELD;
    }
    memcpy(council->meeting.meeting, meeting, sizeof meeting);
    council_body_key(entry, "facilitator", council->meeting.facilitator);
    council->meeting.phases = entry->text.values[council_body_get(entry, "minutes")].count;
    council->meeting.phase = 1;
    council->meeting.open = true;
    return COUNCIL_OK;
}

enum council_error council_fold_meeting_advance(struct council *council, struct council_step *step,
                                                uint64_t seq,
                                                const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    council->meeting.phase = (uint32_t)council_body_int(step->entry, "phase");
    return COUNCIL_OK;
}

enum council_error council_fold_meeting_hand(struct council *council, struct council_step *step,
                                             uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    council_body_key(step->entry, "member", council->meeting.facilitator);
    return COUNCIL_OK;
}

enum council_error council_fold_meeting_close(struct council *council, struct council_step *step,
                                              uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)step;
    (void)seq;
    (void)head;
    memset(&council->meeting, 0, sizeof council->meeting);
    return COUNCIL_OK;
}

enum council_error council_fold_upgrade(struct council *council, struct council_step *step,
                                        uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    council->version = council_body_int(step->entry, "version");
    return COUNCIL_OK;
}
