/*
 * access.h - who may read what of a log.
 *
 * Owns section 9.3 of protocol/README.md: owner, member, former member, somebody who shares a council, holder of an invite. Must not
 * know what is done with the permission. Invariant: "no such log" and "not yours to read" are the same NOT_FOUND.
 */
#ifndef COUNCIL_SERVER_CORE_ACCESS_H
#define COUNCIL_SERVER_CORE_ACCESS_H

#include "server/core/state.h"

/*
 * Asks whether the caller may read the log of the call's params. When they may, `then` is called with call->access filled, at once or in a later
 * turn; else the call fails. `invite` (32 bytes, of the call's own, or NULL) is an invite's key that opens the texts to somebody who never was a
 * member; `then` must check the signature that goes with it.
 */
void core_access_ask(struct core *core, struct core_call *call, const uint8_t *invite,
                     core_call_fn *then);

#endif
