/*
 * oversight_council.c - what the overview says of the council as a whole: keys, trust, places, what is due.
 */
#include <string.h>

#include "client/model/oversight_internal.h"

void oversight_find_STOPPED(struct oversight_look *look)
{
    if (look->given->stopped)
        (void)oversight_add(look, OVERSIGHT_STOPPED, NULL);
}

void oversight_find_RECOVERING(struct oversight_look *look)
{
    if (look->given->recovering)
        (void)oversight_add(look, OVERSIGHT_RECOVERING, NULL);
}

void oversight_find_FEW_COME(struct oversight_look *look)
{
    const struct oversight *out = look->out;
    if (out->no * 2 <= out->seeking)
        return;
    struct oversight_line *line = oversight_add(look, OVERSIGHT_FEW_COME, NULL);
    line->n = out->no;
    line->m = out->seeking;
}

void oversight_find_MERGE(struct oversight_look *look)
{
    const struct passage_merge *merge = passage_merge_open(look->given->model);
    if (!merge)
        return;
    struct oversight_line *line = oversight_add(look, OVERSIGHT_MERGE, NULL);
    line->text = merge->name;
    line->since_ms = merge->at;
    line->n = passage_consents(merge, look->given->council);
    line->m = merge->need;
}

void oversight_find_ROTATION(struct oversight_look *look)
{
    if (look->given->council->rotation_due)
        (void)oversight_add(look, OVERSIGHT_ROTATION, NULL);
}

void oversight_find_UNREADABLE(struct oversight_look *look)
{
    if (look->given->unreadable)
        oversight_add(look, OVERSIGHT_UNREADABLE, NULL)->n = look->given->unreadable;
}

/* ---- the safety number ---- */

void oversight_find_NEVER_COMPARED(struct oversight_look *look)
{
    if (!look->compared && look->out->members > 1)
        (void)oversight_add(look, OVERSIGHT_NEVER_COMPARED, NULL);
}

/* Schedules, invites and roles change the number as well, but not whom one talks to. */
void oversight_find_CHANGED(struct oversight_look *look)
{
    const struct council *council = look->given->council;
    for (uint32_t i = 0; look->compared && i < council->person_count; i++)
        if (council->people[i].joined_seq > look->compared->control_seq ||
            council->people[i].left_seq > look->compared->control_seq) {
            (void)oversight_add(look, OVERSIGHT_CHANGED, NULL);
            return;
        }
}

void oversight_find_UNVERIFIED(struct oversight_look *look)
{
    const struct council *council = look->given->council;
    uint32_t never = 0;
    for (uint32_t i = 0; i < council->person_count; i++)
        never += council->people[i].member &&
                 !oversight_compared(look->given->model, council->people[i].pin.member);
    if (!never || !look->compared)
        return;
    struct oversight_line *line = oversight_add(look, OVERSIGHT_UNVERIFIED, NULL);
    line->n = never;
    line->m = look->out->members;
}

/* ---- what is due ---- */

void oversight_find_ALONE(struct oversight_look *look)
{
    if (council_moderator_count(look->given->council) == 1 && look->out->members > 1)
        (void)oversight_add(look, OVERSIGHT_ALONE, NULL);
}

void oversight_find_NO_SCHEDULE(struct oversight_look *look)
{
    if (!look->given->council->schedule.seq && look->out->members > 1)
        (void)oversight_add(look, OVERSIGHT_NO_SCHEDULE, NULL);
}

void oversight_find_ZERO(struct oversight_look *look)
{
    if (look->out->state == OVERSIGHT_ZERO_DUE && look->given->council->schedule.seq)
        (void)oversight_add(look, OVERSIGHT_ZERO, NULL);
}

void oversight_find_PLACES(struct oversight_look *look)
{
    const struct oversight *out = look->out;
    uint32_t size = look->given->council->size;
    if (out->seeking >= OVERSIGHT_ENOUGH || out->members >= size)
        return;
    struct oversight_line *line = oversight_add(look, OVERSIGHT_PLACES, NULL);
    line->n = out->seeking;
    line->m = size - out->members;
}

void oversight_find_INVITES(struct oversight_look *look)
{
    const struct council *council = look->given->council;
    uint32_t open = 0;
    for (uint32_t i = 0; i < council->invite_count; i++)
        open += !council->invites[i].closed &&
                council->invites[i].used < council->invites[i].uses &&
                council->invites[i].expires > look->given->now_ms;
    if (open)
        oversight_add(look, OVERSIGHT_INVITES, NULL)->n = open;
}
