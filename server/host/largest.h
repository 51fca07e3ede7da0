/*
 * largest.h - councild stats --largest: the request, its answer and its table.
 *
 * Owns {"do":"largest","count":N} and {"ok":true,"largest":[{"log","kind","created","entries","bytes"},...]}. Must not know how logs are
 * found (server/store/largest.h).
 */
#ifndef COUNCIL_SERVER_HOST_LARGEST_H
#define COUNCIL_SERVER_HOST_LARGEST_H

#include <jansson.h>

#include "server/host/options.h"
#include "server/store/largest.h"

/* The walk that a request asks for; false: it asks for none. */
__attribute__((warn_unused_result)) bool host_largest_begin(const json_t *request,
                                                            struct store_largest *largest);
/* What the walk found. Owned; NULL: out of memory. */
json_t *host_largest_answer(const struct store_largest *largest);
/* The whole walk at once, for a stopped server. Owned. */
json_t *host_request_largest(struct store *store, const json_t *request, uint64_t now_ms);

/* The request for `councild stats --largest [N]`; owned, NULL: wrong use, after a message. */
json_t *host_largest_request(const struct host_options *options);
/* The table of an answer on standard output. */
void host_largest_print(const json_t *answer);

#endif
