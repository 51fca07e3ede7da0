/*
 * bound.c - the prices. See bound.h.
 *
 * Owns the linear program over groups of scarce people: maximise how many of them are in groups, each person in one at most. There are far too many groups to write them down, so they
 * come when the prices so far do not pay for them (column generation); at the end none is left that they do not pay for, which is the proof.
 */
#include "tests/match/bound.h"
#include "tests/match/bound_cells.h"
#include <glpk.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 400
};

static const double unpaid = 1e-7;

/* What a group in the cell is worth beyond its prices, at best, and who is in it. */
static double best_group(const struct bound_side *side, const struct bound_cell *cell,
                         const double *price, bool own_host, uint32_t group[MATCH_GROUP_MAX],
                         uint32_t *count)
{
    uint32_t most = own_host ? MATCH_GROUP_MAX : MATCH_GROUP_MAX - 1;
    uint32_t least = cell->plain >= MATCH_GROUP_MIN ? 0 : MATCH_GROUP_MIN - cell->plain;
    double worth[MATCH_GROUP_MAX], sum = 0;
    uint32_t host = UINT32_MAX;
    *count = 0;
    for (uint32_t i = 0; own_host && i < cell->count; i++) {
        uint32_t one = side->members[cell->first + i];
        if ((one & BOUND_HOST) != 0 &&
            (host == UINT32_MAX || price[one & ~BOUND_HOST] < price[host]))
            host = one & ~BOUND_HOST;
    }
    if (own_host && host == UINT32_MAX)
        return -1;
    uint32_t fixed = own_host ? 1 : 0;
    if (own_host) {
        group[0] = host;
        worth[0] = 1 - price[host];
        *count = 1;
    }
    for (uint32_t i = 0; i < cell->count; i++) {
        uint32_t one = side->members[cell->first + i] & ~BOUND_HOST;
        double here = 1 - price[one];
        if (one == host || (*count == most && worth[most - 1] >= here))
            continue;
        uint32_t at = *count < most ? (*count)++ : most - 1;
        if (at < fixed)
            continue;
        for (; at > fixed && worth[at - 1] < here; at--) {
            worth[at] = worth[at - 1];
            group[at] = group[at - 1];
        }
        worth[at] = here;
        group[at] = one;
    }
    if (*count < least)
        return -1;
    while (*count > least && *count > fixed && worth[*count - 1] <= 0)
        --*count;
    for (uint32_t i = 0; i < *count; i++)
        sum += worth[i];
    return sum;
}

static void add_group(glp_prob *problem, const uint32_t *group, uint32_t count)
{
    int rows[MATCH_GROUP_MAX + 1] = {0}, column = glp_add_cols(problem, 1);
    double ones[MATCH_GROUP_MAX + 1] = {0};
    for (uint32_t i = 0; i < count; i++) {
        rows[i + 1] = (int)group[i] + 1;
        ones[i + 1] = 1;
    }
    glp_set_col_bnds(problem, column, GLP_LO, 0, 0);
    glp_set_obj_coef(problem, column, count);
    glp_set_mat_col(problem, column, (int)count, rows, ones);
}

/* Adds the best group of each cell that the prices do not pay for. */
static uint32_t add_groups(const struct bound_side *side, const double *price, glp_prob *problem)
{
    uint32_t added = 0;
    for (uint32_t c = 0; c < side->cell_count; c++)
        for (uint32_t own = 0; own < 2; own++) {
            uint32_t group[MATCH_GROUP_MAX], count = 0;
            if (own == 0 && !side->cells[c].plain_host)
                continue;
            double lacks = best_group(side, &side->cells[c], price, own != 0, group, &count);
            if (lacks <= unpaid || count == 0)
                continue;
            add_group(problem, group, count);
            added++;
        }
    return added;
}

/* ---- parts that have nobody in common ---- */

static uint32_t root(uint32_t *part, uint32_t of)
{
    while (part[of] != of)
        of = part[of] = part[part[of]];
    return of;
}

/* The greatest number of people up to `most` that groups of six to eight can have. */
static uint32_t whole_groups(uint32_t most)
{
    while (most > 0 && (most + MATCH_GROUP_MAX - 1) / MATCH_GROUP_MAX * MATCH_GROUP_MIN > most)
        most--;
    return most;
}

/* The prices that pay for all, added up in each part by itself: there a sum is a number of people, and without plain ones one of whole groups. */
static bool sum_parts(const struct bound_side *side, const double *price, uint32_t *most)
{
    uint32_t *part = calloc(side->scarce_count + 1, sizeof *part);
    double *sum = calloc(side->scarce_count + 1, sizeof *sum);
    bool *helped = calloc(side->scarce_count + 1, sizeof *helped);
    bool good = part != NULL && sum != NULL && helped != NULL;
    for (uint32_t i = 0; good && i < side->scarce_count; i++)
        part[i] = i;
    for (uint32_t c = 0; good && c < side->cell_count; c++) {
        const uint32_t *members = &side->members[side->cells[c].first];
        for (uint32_t i = 1; i < side->cells[c].count; i++)
            part[root(part, members[i] & ~BOUND_HOST)] = root(part, members[0] & ~BOUND_HOST);
    }
    for (uint32_t c = 0; good && c < side->cell_count; c++)
        helped[root(part, side->members[side->cells[c].first] & ~BOUND_HOST)] |=
            side->cells[c].plain > 0;
    for (uint32_t i = 0; good && i < side->scarce_count; i++)
        sum[root(part, i)] += price[i];
    *most = 0;
    for (uint32_t i = 0; good && i < side->scarce_count; i++)
        if (part[i] == i)
            *most +=
                helped[i] ? (uint32_t)(sum[i] + 1e-6) : whole_groups((uint32_t)(sum[i] + 1e-6));
    free(part);
    free(sum);
    free(helped);
    return good;
}

/* The least sum of prices of the scarce. */
static bool price_scarce(const struct bound_side *side, uint32_t *most)
{
    double *price = calloc(side->scarce_count + 1, sizeof *price);
    glp_prob *problem = glp_create_prob();
    glp_smcp how;
    bool good = price != NULL;
    *most = side->scarce_count;
    glp_init_smcp(&how);
    how.msg_lev = GLP_MSG_OFF;
    glp_term_out(GLP_OFF);
    glp_set_obj_dir(problem, GLP_MAX);
    if (side->scarce_count > 0)
        glp_add_rows(problem, (int)side->scarce_count);
    for (int i = 1; i <= (int)side->scarce_count; i++)
        glp_set_row_bnds(problem, i, GLP_UP, 0, 1);
    for (uint32_t round = 0; good && side->scarce_count > 0 && round < ROUNDS; round++) {
        for (uint32_t i = 0; i < side->scarce_count; i++) {
            price[i] = round > 0 ? glp_get_row_dual(problem, (int)i + 1) : 0;
            price[i] = price[i] > 0 ? price[i] : 0;
        }
        uint32_t added = add_groups(side, price, problem);
        if (added == 0) {
            good = sum_parts(side, price, most);
            break;
        }
        good = glp_simplex(problem, &how) == 0;
    }
    glp_delete_prob(problem);
    free(price);
    return good;
}

bool bound_find(const struct match_input *input, struct bound *out)
{
    bool good = true;
    *out = (struct bound){0, 0};
    for (uint32_t fast = 0; good && fast < 2; fast++) {
        struct bound_side side;
        uint32_t scarce = 0;
        good = bound_side_init(&side, input, fast != 0) && price_scarce(&side, &scarce);
        if (good) {
            out->could += side.could_count;
            uint32_t most = side.could_count - side.scarce_count + scarce;
            uint32_t seats = side.could_hosts * MATCH_GROUP_MAX; /* each group takes a host */
            out->most += most < seats ? most : seats;
        }
        bound_side_fini(&side);
    }
    return good;
}
