/*
 * matcher.c - one search at a time, beside everything else. See matcher.h.
 */
#include "server/host/matcher.h"

#include <pthread.h>
#include <stdlib.h>

#include "server/host/verifiers.h"
#include "server/pool/search.h"

struct host_matcher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct host_jobs jobs;
    struct host_inbox *inbox;
    struct host_metrics *metrics;
    bool stop;
};

static void search(struct host_matcher *matcher, struct store_pool_round *round)
{
    uint64_t began_us = host_mono_us();
    pool_search(round);
    host_metric_add(matcher->metrics, HOST_METRIC_POOL_SEARCHES, 1);
    host_metric_add(matcher->metrics, HOST_METRIC_POOL_SEARCHING, host_mono_us() - began_us);
    host_metric_add(matcher->metrics, HOST_METRIC_POOL_FAILED, round->failed ? 1 : 0);
}

static void *run(void *arg)
{
    struct host_matcher *matcher = arg;
    (void)pthread_setname_np(pthread_self(), "matcher");
    (void)pthread_mutex_lock(&matcher->lock);
    for (;;) {
        while (matcher->jobs.first == NULL && !matcher->stop) {
            (void)pthread_cond_wait(&matcher->more, &matcher->lock);
        }
        struct host_jobs done = {NULL, NULL};
        struct core_job *job = host_jobs_pop(&matcher->jobs);
        if (job == NULL) {
            break;
        }
        (void)pthread_mutex_unlock(&matcher->lock);
        search(matcher, job->u.match);
        host_jobs_push(&done, job);
        host_inbox_put(matcher->inbox, &done);
        (void)pthread_mutex_lock(&matcher->lock);
    }
    (void)pthread_mutex_unlock(&matcher->lock);
    return NULL;
}

struct host_matcher *host_matcher_start(struct host_inbox *inbox, struct host_metrics *metrics)
{
    struct host_matcher *matcher = calloc(1, sizeof *matcher);
    if (matcher == NULL) {
        return NULL;
    }
    matcher->inbox = inbox;
    matcher->metrics = metrics;
    (void)pthread_mutex_init(&matcher->lock, NULL);
    (void)pthread_cond_init(&matcher->more, NULL);
    if (!host_thread(&matcher->thread, run, matcher)) {
        (void)pthread_cond_destroy(&matcher->more);
        (void)pthread_mutex_destroy(&matcher->lock);
        free(matcher);
        return NULL;
    }
    return matcher;
}

void host_matcher_stop(struct host_matcher *matcher)
{
    if (matcher == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&matcher->lock);
    matcher->stop = true;
    (void)pthread_cond_signal(&matcher->more);
    (void)pthread_mutex_unlock(&matcher->lock);
    (void)pthread_join(matcher->thread, NULL);
    (void)pthread_cond_destroy(&matcher->more);
    (void)pthread_mutex_destroy(&matcher->lock);
    free(matcher);
}

void host_matcher_submit(struct host_matcher *matcher, struct core_job *job)
{
    (void)pthread_mutex_lock(&matcher->lock);
    host_jobs_push(&matcher->jobs, job);
    (void)pthread_cond_signal(&matcher->more);
    (void)pthread_mutex_unlock(&matcher->lock);
}
