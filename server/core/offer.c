/*
 * offer.c - log.offer: members bring back what the server lacks of a log.
 */
#include "server/core/append.h"

enum council_error core_do_offer(struct core *core, struct core_conn *conn, struct core_call *call)
{
    (void)core;
    (void)conn;
    (void)call;
    return COUNCIL_E_OFFER_REFUSED;
}
