/*
 * match_file.h - the people of a matching that is only tried: out of a store, or out of a file that an operator wrote.
 *
 * Owns the form of such a file (docs/matching.md). Must not know how groups are found.
 */
#ifndef COUNCIL_SERVER_HOST_MATCH_FILE_H
#define COUNCIL_SERVER_HOST_MATCH_FILE_H

#include <jansson.h>

#include "server/host/datadir.h"
#include "server/store/pool.h"

/* Fills people and refills of a round that is zero (free both in any case). After a message on standard error a status that is not OK. */
__attribute__((warn_unused_result)) enum host_exit
host_match_from_store(struct store *store, struct store_pool_round *round);
__attribute__((warn_unused_result)) enum host_exit
host_match_from_json(const json_t *file, struct store_pool_round *round);

#endif
