/*
 * council.c - the folded state of a council log by itself: making it, freeing it, asking it.
 *
 * Owns the memory of struct council and the set of recipients (README.md section 6.2). Must not
 * know any rule of a kind: those are in council_check_*.c and council_fold*.c.
 */
#include "protocol/council_internal.h"

#include <stdlib.h>
#include <string.h>

void council_init(struct council *council)
{
    memset(council, 0, sizeof *council);
    council->version = 1;
}

void council_fini(struct council *council)
{
    for (uint32_t i = 0; i < council->person_count; i++) {
        council_member_fini(&council->people[i].pin);
        free(council->people[i].stays);
    }
    free(council->people);
    free(council->invites);
    council_init(council);
}

uint32_t council_find_person(const struct council *council, const uint8_t member[COUNCIL_KEY_BYTES])
{
    uint32_t i = 0;
    while (i < council->person_count &&
           memcmp(council->people[i].pin.member, member, COUNCIL_KEY_BYTES) != 0) {
        i++;
    }
    return i;
}

uint32_t council_find_invite(const struct council *council, const uint8_t key[COUNCIL_KEY_BYTES])
{
    uint32_t i = 0;
    while (i < council->invite_count &&
           memcmp(council->invites[i].key, key, COUNCIL_KEY_BYTES) != 0) {
        i++;
    }
    return i;
}

const struct council_person *council_person(const struct council *council,
                                            const uint8_t member[COUNCIL_KEY_BYTES])
{
    uint32_t i = council_find_person(council, member);
    return i < council->person_count ? &council->people[i] : NULL;
}

const struct council_person *council_current(const struct council *council,
                                             const uint8_t member[COUNCIL_KEY_BYTES])
{
    const struct council_person *person = council_person(council, member);
    return person && person->member ? person : NULL;
}

const struct council_invite *council_invite(const struct council *council,
                                            const uint8_t key[COUNCIL_KEY_BYTES])
{
    uint32_t i = council_find_invite(council, key);
    return i < council->invite_count ? &council->invites[i] : NULL;
}

bool council_invite_is_open(const struct council_invite *invite)
{
    return !invite->closed && invite->used < invite->uses;
}

uint32_t council_member_count(const struct council *council)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < council->person_count; i++) {
        count += council->people[i].member ? 1 : 0;
    }
    return count;
}

uint32_t council_moderator_count(const struct council *council)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < council->person_count; i++) {
        count += council->people[i].member && council->people[i].moderator ? 1 : 0;
    }
    return count;
}

bool council_device_counts(const struct council *council, const uint8_t member[COUNCIL_KEY_BYTES],
                           const uint8_t device[COUNCIL_KEY_BYTES])
{
    const struct council_person *person = council_current(council, member);
    return person && council_member_device(&person->pin, device) != NULL;
}

void council_add_recipients(const struct council_member *pin, struct council_device *out,
                            uint32_t *count)
{
    for (uint32_t i = 0; i < pin->device_count && *count < COUNCIL_RECIPIENTS_MAX; i++) {
        out[(*count)++] = pin->devices[i];
    }
    if (*count < COUNCIL_RECIPIENTS_MAX) {
        out[(*count)++] = pin->recovery;
    }
}

/* Insertion sort: at most 72, in runs that are mostly short. */
void council_sort_recipients(struct council_device *out, uint32_t count)
{
    for (uint32_t i = 1; i < count; i++) {
        struct council_device device = out[i];
        uint32_t j = i;
        for (; j > 0 && memcmp(out[j - 1].sign, device.sign, COUNCIL_KEY_BYTES) > 0; j--) {
            out[j] = out[j - 1];
        }
        out[j] = device;
    }
}

void council_recipients(const struct council *council, const struct council_member *pin,
                        const uint8_t *without, struct council_device *out, uint32_t *count)
{
    *count = 0;
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        const uint8_t *name = person->pin.member;
        bool replaced = pin && memcmp(pin->member, name, COUNCIL_KEY_BYTES) == 0;
        bool left_out = without && memcmp(without, name, COUNCIL_KEY_BYTES) == 0;
        if (person->member && !replaced && !left_out) {
            council_add_recipients(&person->pin, out, count);
        }
    }
    if (pin) {
        council_add_recipients(pin, out, count);
    }
    council_sort_recipients(out, *count);
}
