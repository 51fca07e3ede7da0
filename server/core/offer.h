/*
 * offer.h - the two halves of log.offer: the offer as a whole (offer.c), and the entries that it brings (offer_parts.c).
 */
#ifndef COUNCIL_SERVER_CORE_OFFER_H
#define COUNCIL_SERVER_CORE_OFFER_H

#include "server/core/logs.h"

/* Brings the entries from offer.next on, when the log's fold is there. */
void core_offer_begin(struct core *core, struct core_call *call);

/* All of the offer is in the log. */
void core_offer_arrived(struct core *core, struct core_call *call);

/* Ends the call with an error that names an entry. */
void core_offer_refuse(struct core *core, struct core_call *call, enum council_error error,
                       uint64_t seq);

#endif
