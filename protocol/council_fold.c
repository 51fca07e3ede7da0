/*
 * council_fold.c - applying an accepted entry: the frame around the kinds, and the kinds that move
 * people.
 *
 * Owns what sections 5.3 to 5.7 and 5.9 of README.md change. Asks no permission: council_check did.
 * Invariant: whatever can fail comes before the first change, so that an error leaves the state as
 * it was.
 */
#include "protocol/council_internal.h"

#include <stdlib.h>
#include <string.h>

/* The state after an entry's block is that of a new epoch. */
static void begin_epoch(struct council *council, uint64_t seq)
{
    council->epoch++;
    council->epoch_seq = seq;
    council->rotation_due = false;
}

enum council_error council_fold(struct council *council, const struct council_entry *entry,
                                uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    const struct council_rule *rule = council_rule(entry->kind);
    enum council_error error = COUNCIL_OK;
    struct council_step step;
    council_step_init(&step, council, entry, NULL);
    if (step.moves) {
        error = council_chain_run(council, &step, false);
    }
    if (!error && rule->fold) {
        error = rule->fold(council, &step, seq, head);
    }
    council_step_fini(&step);
    if (error) {
        return error;
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_BLOCK)) {
        begin_epoch(council, seq);
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CLOSES)) {
        for (uint32_t i = 0; i < council->invite_count; i++) {
            council->invites[i].closed = true;
        }
    }
    if (council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL)) {
        council->control = seq;
        memcpy(council->control_head, head, COUNCIL_HASH_BYTES);
    }
    council->seq = seq;
    return COUNCIL_OK;
}

/* The named person of the body, or NULL. */
static struct council_person *named(struct council *council, const struct council_step *step)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "member", member);
    uint32_t i = council_find_person(council, member);
    return i < council->person_count ? &council->people[i] : NULL;
}

/* The author of the entry, or NULL. */
static struct council_person *author(struct council *council, const struct council_step *step)
{
    uint32_t i = council_find_person(council, step->entry->author);
    return i < council->person_count ? &council->people[i] : NULL;
}

static void take_pin(struct council_person *person, struct council_step *step)
{
    council_member_fini(&person->pin);
    person->pin = step->pin;
    council_member_init(&step->pin);
}

/* Room for one person more: the array doubles whenever the count reaches a power of two. */
static enum council_error grow_people(struct council *council)
{
    uint32_t count = council->person_count;
    if (count >= COUNCIL_PEOPLE_MAX) {
        return COUNCIL_E_COUNCIL_FULL;
    }
    if ((count & (count - 1)) != 0) {
        return COUNCIL_OK;
    }
    size_t size = count == 0 ? 1 : 2 * (size_t)count;
    struct council_person *people = realloc(council->people, size * sizeof *people);
    if (!people) {
        return COUNCIL_E_NO_MEMORY;
    }
    council->people = people;
    return COUNCIL_OK;
}

/* Begins a stay of whoever step->pin is, as a new person or as one who returns. Takes the pin. */
static enum council_error enter(struct council *council, struct council_step *step, uint64_t seq,
                                uint64_t epoch, bool moderator)
{
    uint32_t i = council_find_person(council, step->pin.member);
    bool known = i < council->person_count;
    enum council_error error = known ? COUNCIL_OK : grow_people(council);
    if (error) {
        return error;
    }
    uint32_t stay_count = known ? council->people[i].stay_count : 0;
    struct council_stay *stays =
        realloc(known ? council->people[i].stays : NULL, (stay_count + (size_t)1) * sizeof *stays);
    if (!stays) {
        return COUNCIL_E_NO_MEMORY;
    }
    struct council_person *person = &council->people[i];
    if (!known) {
        memset(person, 0, sizeof *person);
        council_member_init(&person->pin);
        council->person_count++;
    }
    stays[stay_count] = (struct council_stay){.from = epoch, .to = 0};
    person->stays = stays;
    person->stay_count = stay_count + 1;
    person->member = true;
    person->moderator = moderator;
    person->joined_seq = seq;
    person->left_seq = 0;
    take_pin(person, step);
    return COUNCIL_OK;
}

static void drop_votes_for(struct council *council, const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < council->person_count; i++) {
        if (memcmp(council->people[i].vote, member, COUNCIL_KEY_BYTES) == 0) {
            memset(council->people[i].vote, 0, COUNCIL_KEY_BYTES);
        }
    }
}

/* Ends a stay with the epoch that is current before the entry. */
static void depart(struct council *council, struct council_person *person, uint64_t seq)
{
    if (person->stay_count > 0) {
        person->stays[person->stay_count - 1].to = council->epoch;
    }
    person->member = false;
    person->moderator = false;
    person->left_seq = seq;
    memset(person->vote, 0, COUNCIL_KEY_BYTES);
    drop_votes_for(council, person->pin.member);
}

enum council_error council_fold_create(struct council *council, struct council_step *step,
                                       uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    const struct council_entry *entry = step->entry;
    enum council_error error = enter(council, step, seq, 1, true);
    if (error) {
        return error;
    }
    memcpy(council->log, head, COUNCIL_KEY_BYTES);
    council->journal = council_body_is(entry, "type", "journal");
    council->fast = council_body_is(entry, "pace", "fast");
    council->history_all = council_body_is(entry, "history", "all");
    council->size = (uint32_t)council_body_int(entry, "size");
    return COUNCIL_OK;
}

enum council_error council_fold_join(struct council *council, struct council_step *step,
                                     uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)head;
    uint8_t key[COUNCIL_KEY_BYTES];
    council_body_key(step->entry, "invite", key);
    uint32_t i = council_find_invite(council, key);
    if (i == council->invite_count || council->invites[i].used >= COUNCIL_SIZE_MAX) {
        return COUNCIL_E_INVITE_CLOSED;
    }
    enum council_error error = enter(council, step, seq, council->epoch + 1, false);
    if (error) {
        return error;
    }
    struct council_invite *invite = &council->invites[i];
    memcpy(invite->admitted[invite->used++], step->entry->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

enum council_error council_fold_devices(struct council *council, struct council_step *step,
                                        uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    struct council_person *person = named(council, step);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    take_pin(person, step);
    return COUNCIL_OK;
}

enum council_error council_fold_remove(struct council *council, struct council_step *step,
                                       uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)head;
    struct council_person *person = named(council, step);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    depart(council, person, seq);
    return COUNCIL_OK;
}

enum council_error council_fold_leave(struct council *council, struct council_step *step,
                                      uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)head;
    struct council_person *person = author(council, step);
    if (!person) {
        return COUNCIL_E_NOT_MEMBER;
    }
    depart(council, person, seq);
    council->rotation_due = council_member_count(council) > 0;
    return COUNCIL_OK;
}

enum council_error council_fold_role(struct council *council, struct council_step *step,
                                     uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    struct council_person *person = named(council, step);
    if (!person) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    person->moderator = council_body_is(step->entry, "role", "moderator");
    return COUNCIL_OK;
}

enum council_error council_fold_vote(struct council *council, struct council_step *step,
                                     uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES])
{
    (void)seq;
    (void)head;
    struct council_person *voter = author(council, step);
    struct council_person *choice = named(council, step);
    if (!voter || !choice) {
        return COUNCIL_E_NO_SUCH_MEMBER;
    }
    uint32_t votes = 0;
    memcpy(voter->vote, choice->pin.member, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        votes += memcmp(person->vote, choice->pin.member, COUNCIL_KEY_BYTES) == 0 ? 1 : 0;
    }
    if (2 * votes > council_member_count(council)) {
        choice->moderator = true;
        drop_votes_for(council, choice->pin.member);
    }
    return COUNCIL_OK;
}
