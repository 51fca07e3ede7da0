/*
 * oversight.c - the look at one council: in which state it is, what counts, and every rule in turn.
 *
 * Invariant: rules run in the order of oversight.def, so that is the order of the lines.
 */
#include "client/model/oversight.h"

#include <string.h>

#include "client/model/course.h"
#include "client/model/oversight_internal.h"

enum shown {
    SHOWN_OPEN = 1,
    SHOWN_CLOSED = 2,
    SHOWN_ALWAYS = SHOWN_OPEN | SHOWN_CLOSED
};

#define OVERSIGHT(symbol, name, shown, text, command) {oversight_find_##symbol, SHOWN_##shown},
static const struct {
    oversight_rule *find;
    enum shown shown;
} rules[OVERSIGHT_COUNT] = {
#include "client/model/oversight.def"
};
#undef OVERSIGHT

struct oversight_line *oversight_add(struct oversight_look *look, enum oversight_what what,
                                     const uint8_t *member)
{
    struct oversight *out = look->out;
    struct oversight_line *line =
        out->count < OVERSIGHT_LINES_MAX ? &out->lines[out->count++] : &look->beyond;
    *line = (struct oversight_line){.what = what, .member = member};
    return line;
}

bool oversight_counts(const struct oversight_look *look, const struct council_person *person)
{
    return person->member && !model_landed(look->given->model, person->pin.member);
}

const struct model_verified *oversight_compared(const struct model *model, const uint8_t *member)
{
    for (uint32_t i = 0; i < model->verified_count; i++)
        if (model_same(model->verified[i].member, member))
            return &model->verified[i];
    return NULL;
}

uint32_t oversight_meetings(const struct model *model, uint32_t max,
                            const struct model_meeting **out)
{
    uint32_t count = 0;
    for (uint32_t i = model->meeting_count; i > 0 && count < max; i--)
        if (model->meetings[i - 1].attendee_count >= OVERSIGHT_HELD)
            out[count++] = &model->meetings[i - 1];
    return count;
}

static void count_people(struct oversight_look *look)
{
    const struct oversight_given *given = look->given;
    struct oversight *out = look->out;
    for (uint32_t i = 0; i < given->council->person_count; i++) {
        const struct council_person *person = &given->council->people[i];
        const struct model_answer *answer =
            given->next ? model_meeting_answer(given->model, given->next, person->pin.member)
                        : NULL;
        if (!person->member)
            continue;
        out->members++;
        if (!oversight_counts(look, person)) {
            out->alumni++;
            continue;
        }
        out->seeking++;
        const char *said = answer ? answer->answer : "";
        out->yes += strcmp(said, "yes") == 0;
        out->late += strcmp(said, "late") == 0;
        out->no += strcmp(said, "no") == 0;
        out->silent += !*said;
    }
}

static bool all_oriented(const struct oversight_look *look)
{
    const struct council *council = look->given->council;
    for (uint32_t i = 0; i < council->person_count; i++)
        if (oversight_counts(look, &council->people[i]) &&
            !course_finished(look->given->model, council->people[i].pin.member, COURSE_ORIENTATION))
            return false;
    return true;
}

static enum oversight_state state_of(const struct oversight_look *look)
{
    bool enough = look->out->seeking >= OVERSIGHT_ENOUGH;
    if (look->given->model->passages.closed)
        return OVERSIGHT_CLOSED;
    if (look->out->held)
        return enough ? OVERSIGHT_RUNNING : OVERSIGHT_SHORT;
    if (!enough)
        return OVERSIGHT_FORMING;
    return all_oriented(look) ? OVERSIGHT_ZERO_DUE : OVERSIGHT_ORIENTING;
}

void oversight_look(const struct oversight_given *given, struct oversight *out)
{
    struct oversight_look look = {.given = given, .out = out};
    memset(out, 0, sizeof *out);
    look.compared = oversight_compared(given->model, given->self);
    look.meeting_count = oversight_meetings(given->model, OVERSIGHT_MEETINGS_MAX, look.meetings);
    out->held = look.meeting_count;
    count_people(&look);
    out->state = state_of(&look);
    enum shown now = out->state == OVERSIGHT_CLOSED ? SHOWN_CLOSED : SHOWN_OPEN;
    for (size_t i = 0; i < OVERSIGHT_COUNT; i++)
        if (rules[i].shown & now)
            rules[i].find(&look);
}
