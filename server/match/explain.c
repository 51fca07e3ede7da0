/*
 * explain.c - when a group meets and what speaks for it; what kept a person from one. See steps.h.
 *
 * Owns the choice among the starts that fit all. Says only what is so: each reason is found in the same tables that the groups were made of.
 */
#include "server/match/steps.h"
#include <string.h>

enum {
    SCORE_FUNCTIONS = 500,
    SCORE_LEVELS = 300,
    SCORE_LEVEL_STEP = 60,
    SCORE_WAIT = 200,
    WAIT_DAYS = 28, /* after which waiting counts in full */
    DAY_MS = 24 * 60 * 60 * 1000,
    FIT_MAX = 64,    /* people are counted so far */
    PROBES = 48,     /* meetings that are looked at for one person; */
    PROBE_ENOUGH = 8 /* one with enough open people counts for so many */
};

/* ---- groups ---- */

static struct week common(const struct people *people, const struct group *group)
{
    struct week starts = week_all();
    for (uint32_t i = 0; i < group->count; i++) {
        struct week own = people_starts(people, group->meeting.kind, group->members[i]);
        week_and(&starts, &own);
    }
    return starts;
}

/* How far the start is from the next that does not fit, up to two hours: a little room on both sides. */
static uint32_t room(const struct week *starts, uint32_t at)
{
    uint32_t room = 0;
    while (room < 4 && week_has(starts, (at + room + 1) % MATCH_HALF_HOURS) &&
           week_has(starts, (at + MATCH_HALF_HOURS - room - 1) % MATCH_HALF_HOURS))
        room++;
    return room;
}

/* Three or four days apart, with room around; the earlier of what is equal. */
static void best_meeting(const struct week *starts, bool fast, struct meeting *meeting)
{
    uint32_t best = 0;
    for (uint32_t one = week_next(starts, 0); one < MATCH_HALF_HOURS;
         one = week_next(starts, one + 1)) {
        if (!fast && 1 + room(starts, one) > best) {
            best = 1 + room(starts, one);
            meeting->start = meeting->second = (uint16_t)one;
        }
        for (uint32_t two = one + WEEK_DAY; fast && two < MATCH_HALF_HOURS; two += WEEK_DAY) {
            if (!week_has(starts, two))
                continue;
            uint32_t days = (two - one) / WEEK_DAY;
            days = days > PEOPLE_DAYS - days ? PEOPLE_DAYS - days : days;
            uint32_t worth = 1 + days * 16 + room(starts, one) + room(starts, two);
            if (worth > best) {
                best = worth;
                meeting->start = (uint16_t)one;
                meeting->second = (uint16_t)two;
            }
        }
    }
}

static void slots_of(const struct people *people, const struct meeting *meeting, bool fast,
                     struct match_group *out)
{
    uint32_t clock = people->all[out->members[0]].clock;
    uint32_t shift = people->clocks.shift_of_clock[clock];
    uint32_t one = (meeting->start + shift) % MATCH_HALF_HOURS;
    uint32_t two = (meeting->second + shift) % MATCH_HALF_HOURS;
    out->zone = people->input->people[out->members[0]].zone;
    out->slot_count = fast ? 2 : 1;
    out->slots[0] = (struct match_slot){.minute = (uint16_t)((one < two ? one : two) * 30),
                                        .minutes = MATCH_MEETING_MINUTES};
    out->slots[1] = (struct match_slot){.minute = (uint16_t)((one < two ? two : one) * 30),
                                        .minutes = MATCH_MEETING_MINUTES};
    if (!fast)
        out->slots[1] = (struct match_slot){0};
}

/* Members in their order: the moderator (if any is named), then who has waited longest. */
static void order_members(const struct people *people, struct match_group *out, uint32_t first)
{
    const struct match_person *in = people->input->people;
    for (uint32_t i = 1; i < out->count; i++)
        for (uint32_t j = i; j > 0; j--) {
            uint32_t a = out->members[j - 1], b = out->members[j];
            bool right =
                a == first || (b != first && (in[a].since_ms < in[b].since_ms ||
                                              (in[a].since_ms == in[b].since_ms && a < b)));
            if (right)
                break;
            out->members[j - 1] = b;
            out->members[j] = a;
        }
}

static void say_why(const struct people *people, uint32_t functions, uint32_t low, uint32_t high,
                    struct match_group *out)
{
    const struct match_input *input = people->input;
    uint64_t since = input->now_ms;
    for (uint32_t i = 0; i < out->count; i++) {
        const struct match_person *in = &input->people[out->members[i]];
        functions |= UINT32_C(1) << in->function;
        low = in->level < low ? in->level : low;
        high = in->level > high ? in->level : high;
        since = in->since_ms < since ? in->since_ms : since;
        out->why[MATCH_WHY_MODERATORS] += in->moderates;
    }
    uint32_t kinds = (uint32_t)__builtin_popcount(functions), steps = high - low;
    uint64_t days = (input->now_ms - since) / DAY_MS;
    out->why[MATCH_WHY_FUNCTIONS] = kinds;
    out->why[MATCH_WHY_LEVELS] = steps;
    out->why[MATCH_WHY_WAIT] = days < UINT32_MAX ? (uint32_t)days : UINT32_MAX;
    uint32_t of = out->count < MATCH_GROUP_MIN ? MATCH_GROUP_MIN : out->count;
    uint32_t counted = days < WAIT_DAYS ? (uint32_t)days : WAIT_DAYS;
    uint32_t levels = steps * SCORE_LEVEL_STEP;
    out->score = SCORE_FUNCTIONS * (kinds < of ? kinds : of) / of +
                 (levels < SCORE_LEVELS ? SCORE_LEVELS - levels : 0) +
                 SCORE_WAIT * counted / WAIT_DAYS;
}

void match_explain_group(const struct people *people, const struct group *group,
                         struct match_group *out)
{
    struct week starts = common(people, group);
    struct meeting meeting = group->meeting;
    memset(out, 0, sizeof *out);
    out->council = MATCH_NEW;
    out->count = group->count;
    out->language = group->meeting.language;
    memcpy(out->members, group->members, group->count * sizeof *group->members);
    order_members(people, out, people_moderator(people, group));
    best_meeting(&starts, group->fast, &meeting);
    slots_of(people, &meeting, group->fast, out);
    out->why[MATCH_WHY_HOURS] = week_count(&starts);
    say_why(people, 0, UINT8_MAX, 0, out);
}

void match_explain_refill(const struct people *people, const struct refill *refill,
                          struct match_group *out)
{
    const struct match_council *council = &people->input->councils[refill->council];
    memset(out, 0, sizeof *out);
    out->council = refill->council;
    out->count = (uint8_t)refill->count;
    out->language = council->language;
    out->zone = council->zone;
    out->slot_count = council->slot_count;
    memcpy(out->slots, council->slots, sizeof out->slots);
    memcpy(out->members, refill->members, refill->count * sizeof *refill->members);
    order_members(people, out, PEOPLE_NO_GROUP);
    out->why[MATCH_WHY_HOURS] = council->slot_count;
    say_why(people, council->functions, council->level_low, council->level_high, out);
}

/* ---- people without a group ---- */

/* What was found of the meetings that one could have; `reach` in each says how many others got how far. */
struct search {
    uint32_t speak, can, agree, open; /* the most others so far, of one meeting */
    uint8_t speak_in, can_in, agree_in, open_in;
    bool hosted,
        open_hosted; /* of a meeting with five others who agree: someone would moderate; someone who is open */
    uint32_t probes;
};

/* Counts the others of one meeting. */
static void probe(const struct people *people, const struct side *side, uint32_t person,
                  const struct meeting *meeting, struct search *search)
{
    const uint64_t *a = side_can(side, meeting->kind, meeting->start);
    const uint64_t *b = side_can(side, meeting->kind, meeting->second);
    const uint64_t *speaks = side_speaks(side, meeting->language);
    uint32_t can = 0, agree = 0, open = 0;
    bool hosted = people->all[person].kind == meeting->kind, open_hosted = hosted;
    for (uint32_t word = 0; word < side->words && open < MATCH_GROUP_MIN; word++)
        for (uint64_t set = a[word] & b[word] & speaks[word] &
                            (can < FIT_MAX ? ~UINT64_C(0) : side->open[word]);
             set != 0; set &= set - 1) {
            uint32_t other = side->who[word * 64 + (uint32_t)__builtin_ctzll(set)];
            bool free = people->all[other].group == PEOPLE_NO_GROUP;
            if (other == person)
                continue;
            can++;
            if (people_against(people, person, other))
                continue;
            agree++;
            open += free;
            hosted |= people->all[other].kind == meeting->kind;
            open_hosted |= free && people->all[other].kind == meeting->kind;
        }
    if (can > search->can) {
        search->can = can;
        search->can_in = meeting->language;
    }
    if (agree > search->agree) {
        search->agree = agree;
        search->agree_in = meeting->language;
    }
    if (open > search->open) {
        search->open = open;
        search->open_in = meeting->language;
    }
    search->hosted |= agree + 1 >= MATCH_GROUP_MIN && hosted;
    search->open_hosted |= open + 1 >= MATCH_GROUP_MIN && open_hosted;
    search->probes += open + 1 >= MATCH_GROUP_MIN ? PROBE_ENOUGH : 1;
}

/* The meetings of one kind and language; all that have six at most, the best while there are probes left. */
static void search_in(const struct people *people, const struct side *side, uint32_t person,
                      const struct week *starts, struct meeting meeting, struct search *search)
{
    const uint32_t *total =
        &side->total[side_cell(side, meeting.kind, side->column[meeting.language])];
    for (uint32_t one = week_next(starts, 0); one < MATCH_HALF_HOURS && search->probes < PROBES;
         one = week_next(starts, one + 1)) {
        uint32_t seen = side->fast ? search->can : search->open;
        if (total[one] <= seen + 1)
            continue;
        meeting.start = meeting.second = (uint16_t)one;
        if (!side->fast)
            probe(people, side, person, &meeting, search);
        for (uint32_t two = one + WEEK_DAY; side->fast && two < MATCH_HALF_HOURS; two += WEEK_DAY) {
            meeting.second = (uint16_t)two;
            if (week_has(starts, two) && total[two] > seen + 1 && search->probes < PROBES)
                probe(people, side, person, &meeting, search);
        }
    }
}

static void search_all(const struct people *people, const struct side *side, uint32_t person,
                       struct search *search)
{
    for (uint64_t left = people->all[person].languages; left != 0; left &= left - 1) {
        uint32_t language = (uint32_t)__builtin_ctzll(left);
        uint32_t speak = side->spoken_by[side->column[language]] - 1;
        if (speak >= search->speak) {
            search->speak = speak;
            search->speak_in = (uint8_t)language;
        }
        struct meeting meeting = {.language = (uint8_t)language};
        for (uint32_t kind = 0; kind < people->clocks.kind_count; kind++) {
            struct week starts = people_starts(people, kind, person);
            meeting.kind = (uint8_t)kind;
            search_in(people, side, person, &starts, meeting, search);
        }
    }
}

void match_explain_left(const struct people *people, uint32_t person, struct match_left *out)
{
    const struct side *side = &people->sides[people->input->people[person].fast];
    struct search search = {0};
    const uint32_t others = MATCH_GROUP_MIN - 1;
    search_all(people, side, person, &search);
    *out = (struct match_left){.person = person, .language = search.open_in};
    if (side->count < MATCH_GROUP_MIN) {
        out->miss = MATCH_MISS_NOBODY;
        out->fit = side->count - 1;
        out->language = search.speak_in;
    } else if (search.speak < others) {
        out->miss = MATCH_MISS_LANGUAGE;
        out->fit = search.speak;
        out->language = search.speak_in;
    } else if (people->clocks.kind_count == 0) {
        out->miss = MATCH_MISS_MODERATOR;
        out->fit = search.speak;
        out->language = search.speak_in;
    } else if (search.can < others) {
        out->miss = MATCH_MISS_HOURS;
        out->fit = search.can;
        out->language = search.can > 0 ? search.can_in : search.speak_in;
    } else if (search.agree < others) {
        out->miss = MATCH_MISS_EMPLOYER;
        out->fit = search.agree;
        out->language = search.can_in;
    } else if (!search.hosted || (search.open >= others && !search.open_hosted)) {
        out->miss = MATCH_MISS_MODERATOR;
        out->fit = search.open >= others ? search.open : search.agree;
        out->language = search.open >= others ? search.open_in : search.agree_in;
    } else {
        out->miss = search.open >= others ? MATCH_MISS_EMPLOYER : MATCH_MISS_FEW;
        out->fit = search.open;
        out->language = search.open > 0 ? search.open_in : search.agree_in;
    }
    out->fit = out->fit < FIT_MAX ? out->fit : FIT_MAX;
}
