/*
 * verifiers.c - one queue a thread; a lane always goes to the same one. See verifiers.h.
 */
#include "server/host/verifiers.h"

#include <signal.h>
#include <stdlib.h>

#include "server/host/watchdog.h"

struct verifier {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t more;
    struct host_jobs jobs, yielding;
    struct host_inbox *inbox;
    struct host_metrics *metrics;
    struct host_heartbeat heart;
    bool stop;
};

struct host_verifiers {
    uint32_t count;
    struct verifier all[];
};

bool host_thread(pthread_t *thread, void *(*run)(void *), void *arg)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = pthread_create(thread, NULL, run, arg);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0;
}

/* All that do not yield, then one that does: a storm of logins holds up nobody, and comes in all the same. */
static struct host_jobs take(struct verifier *verifier)
{
    struct host_jobs jobs = {NULL, NULL};
    host_jobs_join(&jobs, &verifier->jobs);
    struct core_job *yields = host_jobs_pop(&verifier->yielding);
    if (yields != NULL) {
        host_jobs_push(&jobs, yields);
    }
    return jobs;
}

static void *verify(void *arg)
{
    struct verifier *verifier = arg;
    (void)pthread_setname_np(pthread_self(), "verifier");
    (void)pthread_mutex_lock(&verifier->lock);
    for (;;) {
        host_heartbeat_idle(&verifier->heart);
        while (verifier->jobs.first == NULL && verifier->yielding.first == NULL &&
               !verifier->stop) {
            (void)pthread_cond_wait(&verifier->more, &verifier->lock);
        }
        struct host_jobs jobs = take(verifier);
        if (jobs.first == NULL) {
            break;
        }
        (void)pthread_mutex_unlock(&verifier->lock);
        for (struct core_job *job = host_jobs_pop(&jobs); job != NULL; job = host_jobs_pop(&jobs)) {
            struct host_jobs done = {NULL, NULL};
            host_heartbeat_busy(&verifier->heart);
            core_work(job);
            host_jobs_push(&done, job);
            host_metric_sub(verifier->metrics, HOST_METRIC_VERIFIER_JOBS, 1);
            host_inbox_put(verifier->inbox, &done);
        }
        (void)pthread_mutex_lock(&verifier->lock);
    }
    (void)pthread_mutex_unlock(&verifier->lock);
    return NULL;
}

struct host_verifiers *host_verifiers_start(uint32_t count, struct host_inbox *inbox,
                                            struct host_metrics *metrics)
{
    struct host_verifiers *verifiers =
        calloc(1, sizeof *verifiers + count * sizeof verifiers->all[0]);
    if (verifiers == NULL) {
        return NULL;
    }
    for (; verifiers->count < count; verifiers->count++) {
        struct verifier *verifier = &verifiers->all[verifiers->count];
        verifier->inbox = inbox;
        verifier->metrics = metrics;
        (void)pthread_mutex_init(&verifier->lock, NULL);
        (void)pthread_cond_init(&verifier->more, NULL);
        if (!host_thread(&verifier->thread, verify, verifier)) {
            host_verifiers_stop(verifiers);
            return NULL;
        }
    }
    return verifiers;
}

void host_verifiers_stop(struct host_verifiers *verifiers)
{
    for (uint32_t i = 0; verifiers != NULL && i < verifiers->count; i++) {
        struct verifier *verifier = &verifiers->all[i];
        (void)pthread_mutex_lock(&verifier->lock);
        verifier->stop = true;
        (void)pthread_cond_signal(&verifier->more);
        (void)pthread_mutex_unlock(&verifier->lock);
        (void)pthread_join(verifier->thread, NULL);
        (void)pthread_cond_destroy(&verifier->more);
        (void)pthread_mutex_destroy(&verifier->lock);
    }
    free(verifiers);
}

void host_verifiers_submit(struct host_verifiers *verifiers, struct core_job *job)
{
    struct verifier *verifier = &verifiers->all[job->lane % verifiers->count];
    host_metric_add(verifier->metrics, HOST_METRIC_VERIFIER_JOBS, 1);
    (void)pthread_mutex_lock(&verifier->lock);
    host_jobs_push(job->yields ? &verifier->yielding : &verifier->jobs, job);
    (void)pthread_cond_signal(&verifier->more);
    (void)pthread_mutex_unlock(&verifier->lock);
}

uint64_t host_verifiers_age_us(const struct host_verifiers *verifiers, uint64_t now_us)
{
    uint64_t oldest = 0;
    for (uint32_t i = 0; i < verifiers->count; i++) {
        uint64_t age = host_heartbeat_age_us(&verifiers->all[i].heart, now_us);
        oldest = age > oldest ? age : oldest;
    }
    return oldest;
}
