/*
 * pool_run.c - what the core asks of the pool, as calls of the store.
 *
 * Owns one row for each ask. Must not know why anybody asks. Invariant: whether a zone exists is asked here, where files may be read.
 */
#include "protocol/schedule/schedule.h"
#include "server/host/storage.h"

static enum store_status put(struct store *store, struct core_pool_ask *ask)
{
    if (!schedule_zone_known(ask->of.person->zone)) {
        return STORE_INVALID;
    }
    return store_pool_put(store, ask->of.person, ask->people_max);
}

static enum store_status refill(struct store *store, const struct core_pool_ask *ask)
{
    if (!schedule_zone_known(ask->of.refill->zone)) {
        return STORE_INVALID;
    }
    return store_pool_refill_put(store, ask->of.refill);
}

static enum store_status run(struct store *store, struct core_pool_ask *ask)
{
    switch (ask->asks) {
    case CORE_POOL_PUT:
        return put(store, ask);
    case CORE_POOL_DROP:
        return store_pool_drop(store, ask->member, &ask->clock, &ask->news);
    case CORE_POOL_VIEW:
        return store_pool_view(store, ask->member, ask->device, &ask->clock, ask->of.view);
    case CORE_POOL_ANSWER:
        return store_pool_answer(store, ask->member, ask->proposal, ask->accept, &ask->clock,
                                 &ask->news);
    case CORE_POOL_INVITE:
        return store_pool_invite(store, ask->member, ask->of.boxes, &ask->news);
    case CORE_POOL_REFILL:
        return refill(store, ask);
    case CORE_POOL_SWEEP:
        return store_pool_sweep(store, &ask->clock, ask->of.sweep);
    case CORE_POOL_PEOPLE:
        return store_pool_people(store, ask->clock.now_ms, &ask->cursor, ask->of.person, ask->max,
                                 &ask->n);
    case CORE_POOL_REFILLS:
        return store_pool_refills(store, ask->clock.now_ms, &ask->cursor, ask->of.refill, ask->max,
                                  &ask->n);
    case CORE_POOL_PROPOSE:
        return store_pool_propose(store, ask->of.offered, &ask->news);
    case CORE_POOL_MISSING:
        return store_pool_missing(store, ask->of.lacks, ask->n);
    }
    return STORE_INVALID;
}

void host_pool_run(struct store *store, struct core_job *job)
{
    job->status = run(store, job->u.pool);
}
