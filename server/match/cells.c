/*
 * cells.c - every meeting that a few people could have, as sets of those who can come; what another includes is left out. See rebuild.h.
 */
#include "server/match/rebuild.h"
#include <stdlib.h>
#include <string.h>

enum {
    HASH = 2 * REBUILD_CELLS_SEEN
};

struct finding {
    struct rebuild *rebuild;
    uint32_t kind;
    uint64_t hosts;                 /* of this kind */
    uint64_t can[MATCH_HALF_HOURS]; /* by start */
    uint16_t known[HASH];           /* index + 1 into seen */
};

/* Cells of the same people and hosts are the same, whatever the meeting. */
static void see(struct finding *finding, uint64_t can, struct meeting meeting)
{
    struct rebuild *rebuild = finding->rebuild;
    uint64_t hosts = can & finding->hosts;
    if (rebuild_size(can) < MATCH_GROUP_MIN || hosts == 0)
        return;
    uint32_t at = (uint32_t)((can ^ hosts << 1) * UINT64_C(0x9e3779b97f4a7c15) >> 40) % HASH;
    for (; finding->known[at] != 0; at = (at + 1) % HASH) {
        const struct cell *other = &rebuild->seen[finding->known[at] - 1];
        if (other->can == can && other->hosts == hosts)
            return;
    }
    if (rebuild->seen_count == REBUILD_CELLS_SEEN)
        return;
    rebuild->seen[rebuild->seen_count++] =
        (struct cell){.can = can, .hosts = hosts, .meeting = meeting};
    finding->known[at] = (uint16_t)rebuild->seen_count;
    rebuild->reachable |= can;
}

static void see_language(struct finding *finding, uint8_t language, uint64_t speak)
{
    struct meeting meeting = {.kind = (uint8_t)finding->kind, .language = language};
    bool fast = finding->rebuild->side->fast;
    for (uint32_t one = 0; one < MATCH_HALF_HOURS; one++) {
        uint64_t can = finding->can[one] & speak;
        if (rebuild_size(can) < MATCH_GROUP_MIN)
            continue;
        meeting.start = meeting.second = (uint16_t)one;
        if (!fast)
            see(finding, can, meeting);
        for (uint32_t two = one + WEEK_DAY; fast && two < MATCH_HALF_HOURS; two += WEEK_DAY) {
            meeting.second = (uint16_t)two;
            see(finding, can & finding->can[two], meeting);
        }
    }
}

static void see_kind(struct finding *finding)
{
    const struct rebuild *rebuild = finding->rebuild;
    uint64_t speak[PEOPLE_LANGUAGES] = {0}, spoken = 0;
    memset(finding->can, 0, sizeof finding->can);
    for (uint32_t i = 0; i < rebuild->count; i++) {
        struct week starts = people_starts(rebuild->people, finding->kind, rebuild->who[i]);
        for (uint32_t at = week_next(&starts, 0); at < MATCH_HALF_HOURS;
             at = week_next(&starts, at + 1))
            finding->can[at] |= UINT64_C(1) << i;
        uint64_t languages = rebuild->people->all[rebuild->who[i]].languages;
        spoken |= languages;
        for (; languages != 0; languages &= languages - 1)
            speak[__builtin_ctzll(languages)] |= UINT64_C(1) << i;
    }
    for (; spoken != 0; spoken &= spoken - 1) {
        uint32_t language = (uint32_t)__builtin_ctzll(spoken);
        if (rebuild_size(speak[language]) >= MATCH_GROUP_MIN &&
            (speak[language] & finding->hosts) != 0)
            see_language(finding, (uint8_t)language, speak[language]);
    }
}

static int by_size(const void *a, const void *b)
{
    const struct cell *x = a, *y = b;
    uint32_t x_size = rebuild_size(x->can), y_size = rebuild_size(y->can);
    if (x_size != y_size)
        return x_size > y_size ? -1 : 1;
    uint32_t x_hosts = rebuild_size(x->hosts), y_hosts = rebuild_size(y->hosts);
    if (x_hosts != y_hosts)
        return x_hosts > y_hosts ? -1 : 1;
    if (x->can != y->can)
        return x->can < y->can ? -1 : 1;
    return x->hosts < y->hosts ? -1 : x->hosts > y->hosts;
}

static bool included(const struct rebuild *rebuild, const struct cell *cell)
{
    for (uint32_t i = 0; i < rebuild->cell_count; i++)
        if ((cell->can & ~rebuild->cells[i].can) == 0 &&
            (cell->hosts & ~rebuild->cells[i].hosts) == 0)
            return true;
    return false;
}

void rebuild_cells(struct rebuild *rebuild)
{
    struct finding finding = {.rebuild = rebuild};
    rebuild->cell_count = rebuild->seen_count = 0;
    rebuild->reachable = 0;
    for (uint32_t kind = 0; kind < rebuild->people->clocks.kind_count; kind++) {
        finding.kind = kind;
        finding.hosts = 0;
        for (uint32_t i = 0; i < rebuild->count; i++)
            if (rebuild->people->all[rebuild->who[i]].kind == kind)
                finding.hosts |= UINT64_C(1) << i;
        if (finding.hosts != 0)
            see_kind(&finding);
    }
    qsort(rebuild->seen, rebuild->seen_count, sizeof *rebuild->seen, by_size);
    for (uint32_t i = 0; i < rebuild->seen_count && rebuild->cell_count < REBUILD_CELLS; i++)
        if (!included(rebuild, &rebuild->seen[i]))
            rebuild->cells[rebuild->cell_count++] = rebuild->seen[i];
}
