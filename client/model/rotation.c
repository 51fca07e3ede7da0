/*
 * rotation.c - whose turn it is to lead, to keep the time, to write.
 *
 * Owns fairness: who did it least recently, among those who are there. Knows no clock; presence comes in. Invariant: the same log and the same
 * people give the same roles, whoever computes them.
 */
#include <string.h>

#include "client/model/model_internal.h"

/* Where the member stands: in order of joining; UINT32_MAX for who is no member. */
static uint32_t place(const struct council *council, const uint8_t *member)
{
    for (uint32_t i = 0; i < council->person_count; i++)
        if (council->people[i].member && model_same(council->people[i].pin.member, member))
            return i;
    return UINT32_MAX;
}

static bool joined_before(const struct council *council, uint32_t a, uint32_t b)
{
    return council->people[a].joined_seq < council->people[b].joined_seq;
}

/* True if the holder at `i` still had the role when a phase or the meeting ended. */
static bool held_to_an_end(const struct model_meeting *meeting, uint32_t i)
{
    uint32_t next = i + 1;
    while (next < meeting->holder_count && meeting->holders[next].role != meeting->holders[i].role)
        next++;
    if (next == meeting->holder_count)
        return true;
    uint64_t until = meeting->holders[next].seq;
    for (uint32_t p = 1; p < meeting->phase_count; p++) {
        uint64_t ended = meeting->phases[p].began_seq;
        if (ended > meeting->holders[i].seq && ended < until)
            return true;
    }
    return false;
}

static bool did(const struct model_meeting *meeting, enum meeting_role role, const uint8_t *member)
{
    if (!meeting_attended(meeting, member))
        return false;
    for (uint32_t i = 0; i < meeting->holder_count; i++)
        if (meeting->holders[i].role == role && model_same(meeting->holders[i].member, member) &&
            held_to_an_end(meeting, i))
            return true;
    return false;
}

/* When the member last had the role, as the seq of that meeting's opening; 0: never. */
static uint64_t last_time(const struct model *m, enum meeting_role role, const uint8_t *member)
{
    uint64_t latest = 0;
    for (uint32_t i = 0; i < m->meeting_count; i++)
        if (m->meetings[i].opened_seq > latest && did(&m->meetings[i], role, member))
            latest = m->meetings[i].opened_seq;
    return latest;
}

struct candidates {
    uint32_t at[COUNCIL_SIZE_MAX]; /* in the council's people */
    uint32_t count, roles[COUNCIL_SIZE_MAX];
};

static void gather(const struct council *council, const uint8_t (*present)[COUNCIL_KEY_BYTES],
                   uint32_t count, struct candidates *out)
{
    memset(out, 0, sizeof *out);
    for (uint32_t i = 0; i < count && out->count < COUNCIL_SIZE_MAX; i++) {
        uint32_t at = place(council, present[i]);
        bool known = at == UINT32_MAX;
        for (uint32_t k = 0; k < out->count; k++)
            known |= out->at[k] == at;
        if (!known)
            out->at[out->count++] = at;
    }
}

/* Fewest roles in this meeting first, then least recently, then who joined first. */
static uint32_t choose(const struct model *m, const struct council *council,
                       const struct candidates *c, enum meeting_role role)
{
    uint32_t best = 0;
    uint64_t best_time = 0;
    for (uint32_t i = 0; i < c->count; i++) {
        uint64_t time = last_time(m, role, council->people[c->at[i]].pin.member);
        bool better = i == 0 || c->roles[i] < c->roles[best];
        if (i > 0 && c->roles[i] == c->roles[best])
            better = time < best_time ||
                     (time == best_time && joined_before(council, c->at[i], c->at[best]));
        if (better) {
            best = i;
            best_time = time;
        }
    }
    return best;
}

void rotation_roles(const struct model *m, const struct council *council,
                    const uint8_t (*present)[COUNCIL_KEY_BYTES], uint32_t count,
                    struct meeting_roles *out)
{
    struct candidates c;
    gather(council, present, count, &c);
    memset(out, 0, sizeof *out);
    for (int role = 0; c.count > 0 && role < MEETING_ROLE_COUNT; role++) {
        uint32_t chosen = choose(m, council, &c, (enum meeting_role)role);
        c.roles[chosen]++;
        out->filled[role] = true;
        memcpy(out->member[role], council->people[c.at[chosen]].pin.member, COUNCIL_KEY_BYTES);
    }
}

/* ---- who is likely to come ---- */

static const char *answer_of(const struct model *m, const char *meeting, const uint8_t *member)
{
    const struct model_answer *answer = model_meeting_answer(m, meeting, member);
    return answer ? answer->answer : "";
}

static bool comes(const struct model *m, const char *meeting, const uint8_t *member, int pass)
{
    const char *answer = answer_of(m, meeting, member);
    const struct model_meeting *last = meeting_past(m, 0);
    if (pass == 0)
        return strcmp(answer, "yes") == 0 || strcmp(answer, "late") == 0;
    if (strcmp(answer, "no") == 0 || model_landed(m, member)) /* an alumna comes if she says so */
        return false;
    return pass == 2 || (last && meeting_attended(last, member));
}

uint32_t rotation_expected(const struct model *m, const struct council *council,
                           const char *meeting, uint8_t (*out)[COUNCIL_KEY_BYTES])
{
    uint32_t found = 0;
    for (int pass = 0; pass < 3 && found == 0; pass++)
        for (uint32_t i = 0; i < council->person_count && found < COUNCIL_SIZE_MAX; i++) {
            const struct council_person *person = &council->people[i];
            if (person->member && comes(m, meeting, person->pin.member, pass))
                memcpy(out[found++], person->pin.member, COUNCIL_KEY_BYTES);
        }
    return found;
}
