/*
 * How long the disk takes: each flush of the journal, as the engine sees it.
 *
 * Owns a timer around the engine's sync of the journal file. Must not know what is done with the times. Invariant: what is
 * synced, when and with what outcome is as without it.
 */
#ifndef COUNCIL_SERVER_STORE_TIMING_H
#define COUNCIL_SERVER_STORE_TIMING_H

#include "server/store/store.h"

/* From now on `tell` is called after each flush of the journal, on the thread that uses the store, with the microseconds that
 * it took. Once after opening; `ctx` is borrowed until store_close. Where the journal is not open yet nothing is told. */
void store_time_syncs(struct store *store, void (*tell)(void *ctx, uint64_t us), void *ctx);

#endif
