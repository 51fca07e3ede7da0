/*
 * inbox.c - lists of jobs and the hand-over to the loop. See inbox.h.
 */
#include "server/host/inbox.h"

void host_jobs_push(struct host_jobs *jobs, struct core_job *job)
{
    job->next = NULL;
    if (jobs->last != NULL) {
        jobs->last->next = job;
    } else {
        jobs->first = job;
    }
    jobs->last = job;
}

struct core_job *host_jobs_pop(struct host_jobs *jobs)
{
    struct core_job *job = jobs->first;
    if (job != NULL) {
        jobs->first = job->next;
        if (jobs->first == NULL) {
            jobs->last = NULL;
        }
        job->next = NULL;
    }
    return job;
}

void host_jobs_join(struct host_jobs *jobs, struct host_jobs *more)
{
    if (more->first == NULL) {
        return;
    }
    if (jobs->last != NULL) {
        jobs->last->next = more->first;
    } else {
        jobs->first = more->first;
    }
    jobs->last = more->last;
    more->first = more->last = NULL;
}

void host_inbox_init(struct host_inbox *inbox, void (*wake)(void *ctx), void *ctx)
{
    *inbox = (struct host_inbox){.wake = wake, .ctx = ctx};
    (void)pthread_mutex_init(&inbox->lock, NULL);
}

void host_inbox_fini(struct host_inbox *inbox)
{
    (void)pthread_mutex_destroy(&inbox->lock);
}

void host_inbox_put(struct host_inbox *inbox, struct host_jobs *jobs)
{
    if (jobs->first == NULL) {
        return;
    }
    (void)pthread_mutex_lock(&inbox->lock);
    bool was_empty = inbox->jobs.first == NULL;
    host_jobs_join(&inbox->jobs, jobs);
    (void)pthread_mutex_unlock(&inbox->lock);
    if (was_empty) {
        inbox->wake(inbox->ctx);
    }
}

struct host_jobs host_inbox_take(struct host_inbox *inbox)
{
    (void)pthread_mutex_lock(&inbox->lock);
    struct host_jobs jobs = inbox->jobs;
    inbox->jobs = (struct host_jobs){NULL, NULL};
    (void)pthread_mutex_unlock(&inbox->lock);
    return jobs;
}
