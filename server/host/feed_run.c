/*
 * feed_run.c - the core's questions about calendar feeds, as calls of the store.
 *
 * Must not know why anybody asks. Invariant: one job is one call.
 */
#include "server/host/storage.h"
#include "server/store/feed.h"

static enum store_status run(struct store *store, struct core_job_feed *job)
{
    const struct store_feed asked = job->feed;
    switch (job->asks) {
    case CORE_FEED_PUT:
        return store_feed_put(store, &job->feed, job->max);
    case CORE_FEED_DROP:
        return store_feed_drop(store, &job->feed);
    case CORE_FEED_LIST:
        return store_feeds(store, job->feed.member, job->items, job->max, &job->n);
    case CORE_FEED_FIND:
        return store_feed_find(store, asked.hash, &job->feed, &job->info);
    }
    return STORE_INVALID;
}

void host_feed_run(struct store *store, struct core_job *job)
{
    job->status = run(store, &job->u.feed);
}
