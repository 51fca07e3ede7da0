/*
 * bound_cells.c - see bound_cells.h. Hours are those of the rule itself (clock_touched), half hour by half hour.
 */
#include "tests/match/bound_cells.h"
#include <stdlib.h>
#include <string.h>

enum {
    LANGUAGES = 64,
    PLENTY = 64, /* in a cell of so many people all are plain at first */
    HASH = 1 << 20
};

static uint64_t *cell_of(const struct bound_side *side, uint32_t kind, uint32_t start)
{
    return &side->can[((size_t)kind * MATCH_HALF_HOURS + start) * side->words];
}

static void fill_start(struct bound_side *side, const struct clock_hours *hours, uint32_t kind,
                       uint32_t start)
{
    const struct match_input *input = side->input;
    struct week touched[MATCH_ZONES_MAX];
    const struct clocks *clocks = &side->clocks;
    struct match_slot slot = {.minute = (uint16_t)(start * 30), .minutes = MATCH_MEETING_MINUTES};
    const struct schedule_offsets *host =
        &input->zones[clocks->zone_of_clock[clocks->clock_of_kind[kind]]];
    for (uint32_t c = 0; c < clocks->count; c++)
        if (!clock_touched(host, &input->zones[clocks->zone_of_clock[c]], slot, input->from_s,
                           input->until_s, &touched[c]))
            abort();
    uint64_t *can = cell_of(side, kind, start);
    for (uint32_t i = 0; i < side->count; i++) {
        const struct match_person *person = &input->people[side->who[i]];
        const struct week *need = &touched[clocks->clock_of_zone[person->zone]];
        uint64_t missing = 0;
        for (uint32_t w = 0; w < WEEK_WORDS; w++)
            missing |= need->w[w] & ~hours[i].hours.w[w];
        can[i / 64] |= missing == 0 ? UINT64_C(1) << i % 64 : 0;
    }
}

static bool fill(struct bound_side *side)
{
    struct clock_hours *hours = calloc(side->count + 1, sizeof *hours);
    if (hours == NULL)
        return false;
    for (uint32_t i = 0; i < side->count; i++) {
        const struct match_person *person = &side->input->people[side->who[i]];
        uint32_t clock = side->clocks.clock_of_zone[person->zone];
        clock_hours_make(&hours[i], person->hours);
        for (uint32_t l = 0; l < LANGUAGES; l++)
            if ((person->languages >> l & 1) != 0)
                side->speak[(size_t)l * side->words + i / 64] |= UINT64_C(1) << i % 64;
        if (person->moderates)
            side->hosts[(size_t)side->clocks.kind_of_clock[clock] * side->words + i / 64] |=
                UINT64_C(1) << i % 64;
    }
    for (uint32_t kind = 0; kind < side->clocks.kind_count; kind++)
        for (uint32_t start = 0; start < MATCH_HALF_HOURS; start++)
            fill_start(side, hours, kind, start);
    free(hours);
    return true;
}

/* ---- cells ---- */

struct visit {
    struct bound_side *side;
    uint64_t *set; /* the cell's people */
    uint32_t kind, size;
    void (*each)(struct visit *visit);
    bool changed;
    uint32_t *known; /* hash of cells that were kept; index + 1 */
    bool full;
};

/* Meets every cell that has six people and a host. */
static void visit_cell(struct visit *visit, const uint64_t *a, const uint64_t *b,
                       const uint64_t *speak)
{
    const struct bound_side *side = visit->side;
    const uint64_t *hosts = &side->hosts[(size_t)visit->kind * side->words];
    uint64_t hosted = 0;
    visit->size = 0;
    for (uint32_t w = 0; w < side->words; w++) {
        visit->set[w] = a[w] & b[w] & speak[w];
        visit->size += (uint32_t)__builtin_popcountll(visit->set[w]);
        hosted |= visit->set[w] & hosts[w];
    }
    if (visit->size >= MATCH_GROUP_MIN && hosted != 0)
        visit->each(visit);
}

static void visit_all(struct visit *visit)
{
    const struct bound_side *side = visit->side;
    for (visit->kind = 0; visit->kind < side->clocks.kind_count; visit->kind++)
        for (uint32_t l = 0; l < LANGUAGES; l++) {
            const uint64_t *speak = &side->speak[(size_t)l * side->words];
            uint32_t speakers = 0;
            for (uint32_t w = 0; w < side->words; w++)
                speakers += (uint32_t)__builtin_popcountll(speak[w]);
            for (uint32_t one = 0; speakers >= MATCH_GROUP_MIN && one < MATCH_HALF_HOURS; one++) {
                const uint64_t *a = cell_of(side, visit->kind, one);
                if (!side->fast)
                    visit_cell(visit, a, a, speak);
                for (uint32_t two = one + 48; side->fast && two < MATCH_HALF_HOURS; two += 48)
                    visit_cell(visit, a, cell_of(side, visit->kind, two), speak);
            }
        }
}

static void mark_could(struct visit *visit)
{
    for (uint32_t w = 0; w < visit->side->words; w++)
        for (uint64_t left = visit->set[w]; left != 0; left &= left - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);
            visit->side->could[i] = true;
            visit->side->plain[i] |= visit->size >= PLENTY;
        }
}

static bool hosts_here(const struct visit *visit, uint32_t i)
{
    const struct bound_side *side = visit->side;
    return (side->hosts[(size_t)visit->kind * side->words + i / 64] >> i % 64 & 1) != 0;
}

/* One who has five plain companions and a host among the six has the price 1. */
static void mark_plain(struct visit *visit)
{
    uint32_t plain = 0;
    bool hosted = false;
    for (uint32_t w = 0; w < visit->side->words; w++)
        for (uint64_t left = visit->set[w]; left != 0; left &= left - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);
            plain += visit->side->plain[i];
            hosted |= visit->side->plain[i] && hosts_here(visit, i);
        }
    for (uint32_t w = 0; plain >= MATCH_GROUP_MIN - 1 && w < visit->side->words; w++)
        for (uint64_t left = visit->set[w]; left != 0; left &= left - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (!visit->side->plain[i] && (hosted || hosts_here(visit, i))) {
                visit->side->plain[i] = true;
                visit->changed = true;
            }
        }
}

static void drop_known(struct visit *visit, struct bound_cell *cell)
{
    struct bound_side *side = visit->side;
    uint64_t hash = cell->plain * 2 + cell->plain_host;
    for (uint32_t i = 0; i < cell->count; i++)
        hash = (hash ^ side->members[cell->first + i]) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = (uint32_t)(hash >> 40) % HASH;
    for (; visit->known[at] != 0; at = (at + 1) % HASH) {
        const struct bound_cell *other = &side->cells[visit->known[at] - 1];
        if (other->count == cell->count && other->plain == cell->plain &&
            other->plain_host == cell->plain_host &&
            memcmp(&side->members[other->first], &side->members[cell->first],
                   cell->count * sizeof *side->members) == 0) {
            side->member_count = cell->first;
            return;
        }
    }
    if (side->cell_count + 1 >= HASH / 2) {
        visit->full = true;
        return;
    }
    side->cells[side->cell_count++] = *cell;
    visit->known[at] = side->cell_count;
}

static void keep_cell(struct visit *visit)
{
    struct bound_side *side = visit->side;
    struct bound_cell cell = {.first = side->member_count};
    if (side->member_count + visit->size > side->member_size) {
        uint32_t size = side->member_size * 2 + visit->size + 1024;
        uint32_t *grown = realloc(side->members, size * sizeof *grown);
        visit->full |= grown == NULL;
        if (grown == NULL)
            return;
        side->members = grown;
        side->member_size = size;
    }
    for (uint32_t w = 0; w < side->words; w++)
        for (uint64_t left = visit->set[w]; left != 0; left &= left - 1) {
            uint32_t i = w * 64 + (uint32_t)__builtin_ctzll(left);
            if (side->plain[i]) {
                cell.plain += cell.plain < MATCH_GROUP_MAX - 1;
                cell.plain_host |= hosts_here(visit, i);
            } else {
                side->members[side->member_count++] =
                    side->scarce[i] | (hosts_here(visit, i) ? BOUND_HOST : 0);
                cell.count++;
            }
        }
    if (cell.count > 0)
        drop_known(visit, &cell);
}

static bool find_cells(struct bound_side *side)
{
    struct visit visit = {.side = side, .each = mark_could};
    visit.set = calloc(side->words, sizeof *visit.set);
    visit.known = calloc(HASH, sizeof *visit.known);
    side->cells = calloc(HASH / 2, sizeof *side->cells);
    bool good = visit.set != NULL && visit.known != NULL && side->cells != NULL;
    if (good) {
        visit_all(&visit);
        visit.each = mark_plain;
        do {
            visit.changed = false;
            visit_all(&visit);
        } while (visit.changed);
        for (uint32_t i = 0; i < side->count; i++) {
            side->could_count += side->could[i];
            side->could_hosts += side->could[i] && side->input->people[side->who[i]].moderates;
            if (side->could[i] && !side->plain[i])
                side->scarce[i] = side->scarce_count++;
        }
        visit.each = keep_cell;
        visit_all(&visit);
        good = !visit.full;
    }
    free(visit.set);
    free(visit.known);
    return good;
}

bool bound_side_init(struct bound_side *side, const struct match_input *input, bool fast)
{
    memset(side, 0, sizeof *side);
    side->input = input;
    side->fast = fast;
    side->who = calloc(input->people_count + 1, sizeof *side->who);
    if (side->who == NULL || clocks_init(&side->clocks, input) != COUNCIL_OK)
        return false;
    for (uint32_t i = 0; i < input->people_count; i++)
        if (input->people[i].fast == fast)
            side->who[side->count++] = i;
    side->words = side->count / 64 + 1;
    size_t kinds = side->clocks.kind_count + 1;
    side->can = calloc(kinds * MATCH_HALF_HOURS * side->words, sizeof *side->can);
    side->hosts = calloc(kinds * side->words, sizeof *side->hosts);
    side->speak = calloc((size_t)LANGUAGES * side->words, sizeof *side->speak);
    side->could = calloc(side->count + 1, sizeof *side->could);
    side->plain = calloc(side->count + 1, sizeof *side->plain);
    side->scarce = calloc(side->count + 1, sizeof *side->scarce);
    return side->can != NULL && side->hosts != NULL && side->speak != NULL && side->could != NULL &&
           side->plain != NULL && side->scarce != NULL && fill(side) && find_cells(side);
}

void bound_side_fini(struct bound_side *side)
{
    clocks_fini(&side->clocks);
    free(side->who);
    free(side->can);
    free(side->hosts);
    free(side->speak);
    free(side->could);
    free(side->plain);
    free(side->scarce);
    free(side->cells);
    free(side->members);
}
