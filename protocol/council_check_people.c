/*
 * council_check_people.c - rules of the kinds that say who belongs and who decides: create, join,
 * devices, remove, leave, role, vote.
 *
 * Owns README.md sections 5.3 to 5.6 and the check of 5.9, but for what council_check.c asks of
 * every kind. Changes nothing.
 */
#include "protocol/council_internal.h"

#include <string.h>

enum {
    SIZE_MIN = 6
};

/* The current member whom the body's `member` names, or NULL. */
static const struct council_person *named(const struct council *council,
                                          const struct council_step *step)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "member", member);
    return council_current(council, member);
}

static bool last_moderator(const struct council *council, const struct council_person *person)
{
    return person->moderator && council_moderator_count(council) == 1 &&
           council_member_count(council) > 1;
}

enum council_error council_check_create(const struct council *council, struct council_step *step)
{
    (void)council;
    const struct council_entry *entry = step->entry;
    uint64_t size = council_body_int(entry, "size");
    bool fits = size >= SIZE_MIN && size <= COUNCIL_SIZE_MAX;
    if (council_body_is(entry, "type", "journal")) {
        fits = size == 1 && council_body_is(entry, "pace", "slow") &&
               council_body_is(entry, "history", "all");
    }
    return fits ? COUNCIL_OK : COUNCIL_E_BAD_FIELD;
}

enum council_error council_check_join(const struct council *council, struct council_step *step)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "invite", key);
    const struct council_invite *invite = council_invite(council, key);
    if (!invite) {
        return COUNCIL_E_INVITE_UNKNOWN;
    }
    for (uint32_t i = 0; i < invite->used; i++) {
        if (memcmp(invite->admitted[i], step->entry->author, COUNCIL_KEY_BYTES) == 0) {
            return COUNCIL_E_INVITE_REPEATED;
        }
    }
    if (!council_invite_is_open(invite)) {
        return COUNCIL_E_INVITE_CLOSED;
    }
    bool room = step->author || council->person_count < COUNCIL_PEOPLE_MAX;
    return room && council_member_count(council) < council->size ? COUNCIL_OK
                                                                 : COUNCIL_E_COUNCIL_FULL;
}

/* After the chain: the invite's holder names this member at exactly this head. */
enum council_error council_check_join_proof(const struct council *council,
                                            struct council_step *step)
{
    uint8_t key[COUNCIL_KEY_BYTES];
    uint8_t sig[COUNCIL_SIG_BYTES];
    const struct council_entry *entry = step->entry;
    const struct council_field fields[] = {COUNCIL_F(council->log), COUNCIL_F(step->pin.member),
                                           COUNCIL_F(step->pin.head)};
    uint32_t value = council_body_get(entry, "sig");
    council_body_key(entry, "invite", key);
    if (value == 0 || !council_text_bytes(&entry->text, value, sig, sizeof sig) ||
        !council_verify_p(sig, key, "council/v1/join", fields, 3)) {
        return COUNCIL_E_BAD_PROOF;
    }
    return COUNCIL_OK;
}

enum council_error council_check_devices(const struct council *council, struct council_step *step)
{
    return named(council, step) ? COUNCIL_OK : COUNCIL_E_NO_SUCH_MEMBER;
}

enum council_error council_check_remove(const struct council *council, struct council_step *step)
{
    const struct council_person *person = named(council, step);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    return person == step->author ? COUNCIL_E_REMOVE_SELF : COUNCIL_OK;
}

enum council_error council_check_leave(const struct council *council, struct council_step *step)
{
    return last_moderator(council, step->author) ? COUNCIL_E_LAST_MODERATOR : COUNCIL_OK;
}

enum council_error council_check_role(const struct council *council, struct council_step *step)
{
    const struct council_person *person = named(council, step);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    bool steps_down = council_body_is(step->entry, "role", "member");
    return steps_down && last_moderator(council, person) ? COUNCIL_E_LAST_MODERATOR : COUNCIL_OK;
}

enum council_error council_check_vote(const struct council *council, struct council_step *step)
{
    return named(council, step) ? COUNCIL_OK : COUNCIL_E_NO_SUCH_MEMBER;
}
