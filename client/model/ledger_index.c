/*
 * ledger_index.c - which commitment has an author's id, found without looking at all of them.
 *
 * An order of the commitments' places in sorted runs, one for each bit of their number, the longest first: adding one merges the runs that it completes, so n of
 * them cost n·log n, whatever ids members choose (a hash table could be made slow by one who wants to). Must not know what a commitment is for. Invariant: as many
 * places as commitments, below the model's ceiling of items.
 */
#include <string.h>

#include "client/model/model_internal.h"

static int compare(const struct model_commitment *c, const uint8_t *author, const uint8_t *id)
{
    int order = memcmp(c->id, id, COUNCIL_ID_BYTES);
    return order ? order : memcmp(c->author, author, COUNCIL_KEY_BYTES);
}

enum council_error ledger_index_room(struct model *m, uint32_t count)
{
    enum council_error error =
        model_grow((void **)&m->order, count, &m->order_size, sizeof *m->order);
    return error ? error : model_grow((void **)&m->spare, count, &m->spare_size, sizeof *m->spare);
}

/* Makes one run of the two of `len` places each that begin at `start`. */
static void merge(struct model *m, uint32_t start, uint32_t len)
{
    const uint32_t *left = m->spare, *right = m->order + start + len;
    const uint32_t *left_end = left + len, *right_end = right + len;
    const struct model_commitment *all = m->commitments;
    memcpy(m->spare, m->order + start, len * sizeof *m->spare);
    for (uint32_t *out = m->order + start; all && left < left_end; out++) {
        const struct model_commitment *r = right < right_end ? &all[*right] : NULL;
        bool take = r && compare(&all[*left], r->author, r->id) > 0;
        *out = take ? *right++ : *left++;
    }
}

void ledger_index_add(struct model *m, uint32_t place)
{
    uint32_t start = place;
    m->order[place] = place;
    for (uint32_t len = 1; place & len; len *= 2) {
        start -= len;
        merge(m, start, len);
    }
}

struct model_commitment *ledger_index_find(const struct model *m, const uint8_t *author,
                                           const uint8_t *id)
{
    uint32_t start = 0;
    if (!m->commitments || !m->order)
        return NULL;
    for (uint32_t len = UINT32_C(1) << 31; len > 0; len /= 2) {
        if (!(m->commitment_count & len))
            continue;
        uint32_t from = start, to = start + len;
        while (from < to) {
            uint32_t middle = from + (to - from) / 2;
            int order = compare(&m->commitments[m->order[middle]], author, id);
            if (order == 0)
                return &m->commitments[m->order[middle]];
            if (order < 0)
                from = middle + 1;
            else
                to = middle;
        }
        start += len;
    }
    return NULL;
}
