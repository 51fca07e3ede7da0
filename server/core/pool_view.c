/*
 * pool_view.c - what pool.show answers, and to whom it shows what.
 *
 * Owns who sees what of the others (protocol/README.md section 14.3): names to all of a proposal, members' keys to whoever founds, of those who accepted and not
 * before. Must not know where any of it is kept.
 */
#include "server/core/pool.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/pool.h"

static const char *pace_word(bool fast)
{
    return fast ? "fast" : "slow";
}

static void write_tokens(struct council_frame *out, const char *key,
                         const struct store_pool_tokens *tokens)
{
    if (tokens->count > 0) {
        council_rpc_field_bytes(out, key, tokens->all[0], tokens->count * STORE_ID_BYTES);
    }
}

static void write_person(struct council_frame *out, const struct store_pool_person *person)
{
    council_rpc_field_open(out, "person", '{');
    council_rpc_field_string(out, "pace", pace_word(person->fast));
    council_rpc_field_string(out, "function", person->function);
    council_rpc_field_string(out, "level", person->level);
    council_rpc_field_string(out, "industry", person->industry);
    council_rpc_field_string(out, "zone", person->zone);
    council_rpc_field_bytes(out, "hours", person->hours, sizeof person->hours);
    council_rpc_field_string(out, "languages", person->languages);
    council_rpc_field_int(out, "moderate", person->moderates);
    council_rpc_field_string(out, "name", person->name);
    write_tokens(out, "avoid", &person->avoid);
    write_tokens(out, "employers", &person->employers);
    council_rpc_field_close(out, '}');
    council_rpc_field_int(out, "since", person->since_ms);
    council_rpc_field_int(out, "expires", person->expires_ms);
    if (person->rests_ms > 0) {
        council_rpc_field_int(out, "rests", person->rests_ms);
    }
    const char *missing =
        person->missing > 0 ? council_pool_name(COUNCIL_POOL_MISS, person->missing - 1u) : NULL;
    if (missing != NULL && !person->proposed) {
        council_rpc_field_string(out, "missing", missing);
    }
}

static void write_slots(struct council_frame *out, const struct store_pool_slot *slots, uint32_t n)
{
    council_rpc_field_open(out, "slots", '[');
    for (uint32_t i = 0; i < n; i++) {
        council_rpc_field_open(out, NULL, '{');
        council_rpc_field_int(out, "day", slots[i].day);
        council_rpc_field_int(out, "minute", slots[i].minute);
        council_rpc_field_close(out, '}');
    }
    council_rpc_field_close(out, ']');
}

/* "hours:12 functions:5" */
static void write_why(struct council_frame *out, const char *why)
{
    council_rpc_field_open(out, "why", '[');
    for (const char *at = why; at != NULL && *at != '\0';) {
        char name[STORE_POOL_WORD_MAX + 1] = "";
        const char *colon = strchr(at, ':');
        if (colon == NULL || (size_t)(colon - at) >= sizeof name) {
            break;
        }
        memcpy(name, at, (size_t)(colon - at));
        council_rpc_field_open(out, NULL, '{');
        council_rpc_field_string(out, "what", name);
        council_rpc_field_int(out, "number", strtoul(colon + 1, NULL, 10));
        council_rpc_field_close(out, '}');
        at = strchr(colon, ' ');
        at = at != NULL ? at + 1 : NULL;
    }
    council_rpc_field_close(out, ']');
}

static void write_seat(struct council_frame *out, const struct store_pool_seat *seat,
                       const uint8_t member[STORE_ID_BYTES], bool leads)
{
    bool self = memcmp(seat->member, member, STORE_ID_BYTES) == 0;

    council_rpc_field_open(out, NULL, '{');
    council_rpc_field_string(out, "name", seat->name);
    council_rpc_field_int(out, "accepted", seat->accepted);
    council_rpc_field_int(out, "self", self);
    council_rpc_field_int(out, "moderates", seat->moderates);
    if (leads && seat->accepted && !self) {
        council_rpc_field_int(out, "invited", seat->boxed);
        council_rpc_field_bytes(out, "member", seat->member, STORE_ID_BYTES);
    }
    council_rpc_field_close(out, '}');
}

static void write_proposal(struct council_frame *out, const struct store_pool_proposal *p,
                           const uint8_t member[STORE_ID_BYTES])
{
    bool leads = p->founding && memcmp(p->moderator, member, STORE_ID_BYTES) == 0;
    bool accepted = false;

    for (uint32_t i = 0; i < p->n_seats; i++) {
        accepted = accepted || (p->seats[i].accepted &&
                                memcmp(p->seats[i].member, member, STORE_ID_BYTES) == 0);
    }
    council_rpc_field_open(out, NULL, '{');
    council_rpc_field_bytes(out, "proposal", p->name, sizeof p->name);
    council_rpc_field_string(out, "state", p->founding ? "founding" : "asked");
    council_rpc_field_int(out, "refill", p->refill);
    council_rpc_field_int(out, "leads", leads);
    council_rpc_field_int(out, "accepted", accepted);
    council_rpc_field_int(out, "answer_by", p->answer_by_ms);
    council_rpc_field_int(out, "found_by", p->found_by_ms);
    council_rpc_field_string(out, "pace", pace_word(p->fast));
    council_rpc_field_string(out, "zone", p->zone);
    council_rpc_field_string(out, "language", p->language);
    write_slots(out, p->slots, p->n_slots);
    write_why(out, p->why);
    council_rpc_field_open(out, "people", '[');
    for (uint32_t i = 0; i < p->n_seats; i++) {
        write_seat(out, &p->seats[i], member, leads);
    }
    council_rpc_field_close(out, ']');
    if (p->has_council && (leads || p->box_len > 0)) {
        council_rpc_field_bytes(out, "council", p->council, sizeof p->council);
    }
    if (p->box_len > 0) {
        council_rpc_field_bytes(out, "box", p->box, p->box_len);
    }
    council_rpc_field_close(out, '}');
}

void core_pool_write(struct council_frame *out, const struct store_pool_view *view,
                     const uint8_t member[STORE_ID_BYTES])
{
    if (view->registered) {
        write_person(out, &view->person);
        council_rpc_field_int(out, "ahead", view->ahead);
        council_rpc_field_int(out, "alike", view->alike);
    }
    council_rpc_field_open(out, "proposals", '[');
    for (uint32_t i = 0; i < view->n_proposals; i++) {
        write_proposal(out, &view->proposals[i], member);
    }
    council_rpc_field_close(out, ']');
    council_rpc_field_open(out, "refills", '[');
    for (uint32_t i = 0; i < view->n_refills; i++) {
        const struct store_pool_refill *refill = &view->refills[i];
        council_rpc_field_open(out, NULL, '{');
        council_rpc_field_bytes(out, "council", refill->council, sizeof refill->council);
        council_rpc_field_int(out, "places", refill->places);
        council_rpc_field_int(out, "since", refill->since_ms);
        council_rpc_field_int(out, "expires", refill->expires_ms);
        council_rpc_field_int(out, "proposed", refill->proposed);
        council_rpc_field_close(out, '}');
    }
    council_rpc_field_close(out, ']');
}
