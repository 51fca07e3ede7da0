/*
 * queue.c - the queue for the hot seat.
 *
 * Owns the order: an interview or offer this week, then who has waited longest. Knows no clock and no calendar: now and the week's dates come
 * in. Invariant: nobody is ahead twice for one asking; everybody's turn comes.
 */
#include <string.h>

#include "client/model/model_internal.h"

enum {
    WEEK_MS = 7 * 24 * 3600 * 1000
};

const struct model_seat *queue_seat(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < m->seat_count; i++)
        if (model_same(m->seats[i].member, member))
            return &m->seats[i];
    return NULL;
}

enum council_error model_add_seat(struct model *m, const struct model_post *p)
{
    struct model_seat *seat = (struct model_seat *)(uintptr_t)queue_seat(m, p->author);
    if (!seat) {
        enum council_error error =
            model_grow((void **)&m->seats, m->seat_count, &m->seat_size, sizeof *m->seats);
        if (error)
            return error;
        seat = &m->seats[m->seat_count++];
    }
    *seat = (struct model_seat){.in = strcmp(content_text(p->content, "want"), "in") == 0,
                                .seq = p->seq,
                                .received = p->received,
                                .why = content_text(p->content, "why"),
                                .day = content_text(p->content, "day"),
                                .reason = content_text(p->content, "reason")};
    memcpy(seat->member, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}

/* The last time that they had it, or NULL. */
static const struct meeting_seated *last_seated(const struct model *m, const uint8_t *member)
{
    const struct meeting_seated *last = NULL;
    for (uint32_t i = 0; i < m->meeting_count; i++)
        for (uint32_t k = 0; k < m->meetings[i].seated_count; k++) {
            const struct meeting_seated *seated = &m->meetings[i].seated[k];
            if (model_same(seated->member, member) && (!last || seated->seq > last->seq))
                last = seated;
        }
    return last;
}

/* Where no day is named, an asking goes ahead for a week. */
static bool is_urgent(const struct model_seat *seat, const struct meeting_week *week)
{
    if (!seat->reason)
        return false;
    if (seat->day)
        return strcmp(seat->day, week->from) >= 0 && strcmp(seat->day, week->until) <= 0;
    return week->now_ms < seat->received + WEEK_MS;
}

struct waiting {
    struct queue_place place;
    uint64_t seq, joined; /* of the last seat; of joining */
};

static bool waits(const struct model *m, const struct council_person *person,
                  const struct meeting_week *week, struct waiting *out)
{
    const uint8_t *member = person->pin.member;
    const struct model_seat *seat = queue_seat(m, member);
    const struct meeting_seated *last = last_seated(m, member);
    if (!person->member || (seat && !seat->in))
        return false;
    /* Whoever landed is asked no more: she is here only if she put herself in since. */
    const struct passage_landed *landed = model_landed(m, member);
    if (landed && !(seat && seat->seq > landed->seq && (!last || seat->seq > last->seq)))
        return false;
    memset(out, 0, sizeof *out);
    memcpy(out->place.member, member, COUNCIL_KEY_BYTES);
    out->joined = person->joined_seq;
    out->seq = last ? last->seq : 0;
    out->place.seated = last ? last->received : 0;
    if (seat && seat->seq > out->seq) {
        out->place.asked = true;
        out->place.why = seat->why;
        out->place.day = seat->day;
        out->place.reason = seat->reason;
        out->place.urgent = is_urgent(seat, week);
    }
    return true;
}

/* Days without a date go after those with one: they may be today, but nobody said so. */
static int by_day(const struct waiting *a, const struct waiting *b)
{
    if (!a->place.urgent || (!a->place.day && !b->place.day))
        return 0;
    if (!a->place.day || !b->place.day)
        return a->place.day ? -1 : 1;
    return strcmp(a->place.day, b->place.day);
}

static bool before(const struct waiting *a, const struct waiting *b)
{
    if (a->place.urgent != b->place.urgent)
        return a->place.urgent;
    int day = by_day(a, b);
    if (day != 0)
        return day < 0;
    return a->seq != b->seq ? a->seq < b->seq : a->joined < b->joined;
}

uint32_t queue_order(const struct model *m, const struct council *council,
                     const struct meeting_week *week, struct queue_place *out)
{
    struct waiting list[COUNCIL_SIZE_MAX], one;
    uint32_t count = 0;
    for (uint32_t i = 0; i < council->person_count && count < COUNCIL_SIZE_MAX; i++) {
        if (!waits(m, &council->people[i], week, &one))
            continue;
        uint32_t at = count++;
        for (; at > 0 && before(&one, &list[at - 1]); at--)
            list[at] = list[at - 1];
        list[at] = one;
    }
    for (uint32_t i = 0; i < count; i++)
        out[i] = list[i].place;
    return count;
}
