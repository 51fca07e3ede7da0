/*
 * search.h - one search for groups: from the pool's rows to the tables of matching, and from its groups to what is proposed.
 *
 * Owns that translation alone: words become numbers, zones become their offsets over the next year. Must not know the store, the core or how groups are found.
 * Invariant: a group's people are those of the round, by their index, and nobody is in two.
 */
#ifndef COUNCIL_SERVER_POOL_SEARCH_H
#define COUNCIL_SERVER_POOL_SEARCH_H

#include "server/store/pool.h"

/*
 * Fills groups and lacks of the round, which owns them (free). Any thread, one at a time for a round; takes seconds for tens of thousands. People whose zone is not known any more are left
 * out. On failure `failed` is set and there are none.
 */
void pool_search(struct store_pool_round *round);

#endif
