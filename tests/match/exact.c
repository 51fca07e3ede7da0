/*
 * exact.c - the optimum of a small pool. See exact.h.
 *
 * A cell is a zone of moderators, a language and the meetings of a week, with all who can come; only cells that no other includes are kept. For each cell c an
 * integer g_c counts its groups, and x_pc says whether person p is in one of them:
 *   sum over c of x_pc <= 1;  6 g_c <= sum over p of x_pc <= 8 g_c;  sum over those who would moderate in the zone of x_pc >= g_c;  maximise sum of x.
 * For given g the rest is a flow in a network, so the x need not be declared integers. Who avoids whom is left out: with such pairs it is an upper bound.
 */
#include "tests/match/exact.h"
#include <glpk.h>
#include <stdlib.h>
#include <string.h>

enum {
    CELLS_MAX = 20000,
    SECONDS = 20
};

struct cell {
    uint64_t can, hosts;
};

struct cells {
    uint32_t count;
    struct cell all[CELLS_MAX];
};

static uint32_t size_of(uint64_t set)
{
    return (uint32_t)__builtin_popcountll(set);
}

/* Keeps the cell unless one includes it; drops those that it includes. */
static void add(struct cells *cells, uint64_t can, uint64_t hosts)
{
    uint32_t kept = 0;
    hosts &= can;
    if (size_of(can) < MATCH_GROUP_MIN || hosts == 0)
        return;
    for (uint32_t i = 0; i < cells->count; i++)
        if ((can & ~cells->all[i].can) == 0 && (hosts & ~cells->all[i].hosts) == 0)
            return;
    for (uint32_t i = 0; i < cells->count; i++)
        if ((cells->all[i].can & ~can) != 0 || (cells->all[i].hosts & ~hosts) != 0)
            cells->all[kept++] = cells->all[i];
    cells->count = kept;
    if (cells->count == CELLS_MAX)
        abort();
    cells->all[cells->count++] = (struct cell){.can = can, .hosts = hosts};
}

static void add_zone(struct rules *rules, const struct match_input *input, uint32_t zone,
                     struct cells *cells)
{
    uint64_t can[MATCH_HALF_HOURS] = {0}, speak[64] = {0}, hosts = 0;
    for (uint32_t i = 0; i < input->people_count; i++) {
        const struct match_person *person = &input->people[i];
        uint64_t bit = UINT64_C(1) << i;
        hosts |= person->moderates && person->zone == zone ? bit : 0;
        for (uint32_t l = 0; l < 64; l++)
            speak[l] |= (person->languages >> l & 1) != 0 ? bit : 0;
    }
    for (uint32_t start = 0; hosts != 0 && start < MATCH_HALF_HOURS; start++)
        for (uint32_t i = 0; i < input->people_count; i++)
            if (rules_can(rules, input->people[i].hours, input->people[i].zone, zone, start))
                can[start] |= UINT64_C(1) << i;
    bool fast = input->people_count > 0 && input->people[0].fast;
    for (uint32_t l = 0; hosts != 0 && l < 64; l++)
        for (uint32_t one = 0; speak[l] != 0 && one < MATCH_HALF_HOURS; one++) {
            if (!fast)
                add(cells, can[one] & speak[l], hosts);
            for (uint32_t two = one + 48; fast && two < MATCH_HALF_HOURS; two += 48)
                add(cells, can[one] & can[two] & speak[l], hosts);
        }
}

/* Rows: one for each person, then three for each cell. Columns: g of each cell, then every x. */
static void model(glp_prob *problem, const struct cells *cells, uint32_t people)
{
    int column = (int)cells->count;
    glp_set_obj_dir(problem, GLP_MAX);
    glp_add_rows(problem, (int)(people + 3 * cells->count));
    glp_add_cols(problem, (int)cells->count);
    for (int p = 1; p <= (int)people; p++)
        glp_set_row_bnds(problem, p, GLP_UP, 0, 1);
    for (uint32_t c = 0; c < cells->count; c++) {
        const struct cell *cell = &cells->all[c];
        int row = (int)(people + 3 * c) + 1;
        int rows[4] = {0, row, row + 1, row + 2};
        double factors[4] = {0, -MATCH_GROUP_MIN, -MATCH_GROUP_MAX, -1};
        glp_set_row_bnds(problem, row, GLP_LO, 0, 0);
        glp_set_row_bnds(problem, row + 1, GLP_UP, 0, 0);
        glp_set_row_bnds(problem, row + 2, GLP_LO, 0, 0);
        glp_set_col_kind(problem, (int)c + 1, GLP_IV);
        uint32_t groups = size_of(cell->can) / MATCH_GROUP_MIN;
        glp_set_col_bnds(problem, (int)c + 1, GLP_DB, 0, groups);
        glp_set_mat_col(problem, (int)c + 1, 3, rows, factors);
        glp_add_cols(problem, (int)size_of(cell->can));
        for (uint64_t left = cell->can; left != 0; left &= left - 1) {
            int p = __builtin_ctzll(left);
            int at[5] = {0, p + 1, row, row + 1, row + 2};
            double ones[5] = {0, 1, 1, 1, 1};
            bool hosts = (cell->hosts >> p & 1) != 0;
            column++;
            glp_set_col_bnds(problem, column, GLP_DB, 0, 1);
            glp_set_obj_coef(problem, column, 1);
            glp_set_mat_col(problem, column, hosts ? 4 : 3, at, ones);
        }
    }
}

/* More than `known`: true if there is an answer, which is known where nothing more is possible. */
static bool more_than(glp_prob *problem, uint32_t known, uint32_t cells, uint32_t *most)
{
    glp_iocp how;
    int row = glp_add_rows(problem, 1), columns = glp_get_num_cols(problem) - (int)cells;
    int *at = calloc((size_t)columns + 1, sizeof *at);
    double *ones = calloc((size_t)columns + 1, sizeof *ones);
    bool good = at != NULL && ones != NULL;
    for (int i = 1; good && i <= columns; i++) {
        at[i] = (int)cells + i;
        ones[i] = 1;
    }
    if (good) {
        glp_set_row_bnds(problem, row, GLP_LO, known + 1, 0);
        glp_set_mat_row(problem, row, columns, at, ones);
        glp_init_iocp(&how);
        glp_term_out(GLP_OFF);
        how.presolve = GLP_ON;
        how.msg_lev = GLP_MSG_OFF;
        how.mir_cuts = GLP_ON;
        how.tm_lim = SECONDS * 1000;
        int status = glp_intopt(problem, &how);
        int found = status == 0 ? glp_mip_status(problem) : GLP_UNDEF;
        *most = found == GLP_OPT ? (uint32_t)(glp_mip_obj_val(problem) + 0.5) : known;
        good = found == GLP_OPT || found == GLP_NOFEAS || status == GLP_ENOPFS;
    }
    free(at);
    free(ones);
    return good;
}

bool exact_solve(struct rules *rules, const struct match_input *input, uint32_t known,
                 uint32_t *most)
{
    struct cells *cells = calloc(1, sizeof *cells);
    bool seen[WORLD_ZONES_MAX] = {false}, good = cells != NULL;
    if (cells == NULL || input->people_count > EXACT_PEOPLE_MAX) {
        free(cells);
        return false;
    }
    for (uint32_t i = 0; i < input->people_count; i++) {
        uint32_t zone = input->people[i].zone;
        if (!seen[zone])
            add_zone(rules, input, zone, cells);
        seen[zone] = true;
    }
    *most = known;
    if (cells->count > 0) {
        glp_prob *problem = glp_create_prob();
        model(problem, cells, input->people_count);
        good = more_than(problem, known, cells->count, most);
        glp_delete_prob(problem);
    }
    free(cells);
    return good;
}
