/*
 * loopcall.c - a list of calls, each on its caller's stack. See loopcall.h.
 */
#include "server/host/loopcall.h"

#include <stddef.h>

struct host_loopcall {
    struct host_loopcall *next;
    void (*run)(void *arg);
    void *arg;
    bool done, ran;
};

void host_loopcalls_init(struct host_loopcalls *calls, void (*wake)(void *ctx), void *ctx)
{
    *calls = (struct host_loopcalls){.wake = wake, .ctx = ctx};
    (void)pthread_mutex_init(&calls->lock, NULL);
    (void)pthread_cond_init(&calls->answered, NULL);
}

void host_loopcalls_fini(struct host_loopcalls *calls)
{
    (void)pthread_cond_destroy(&calls->answered);
    (void)pthread_mutex_destroy(&calls->lock);
}

bool host_loop_call(struct host_loopcalls *calls, void (*run)(void *arg), void *arg)
{
    struct host_loopcall call = {.run = run, .arg = arg};
    (void)pthread_mutex_lock(&calls->lock);
    if (!calls->ended) {
        if (calls->last != NULL) {
            calls->last->next = &call;
        } else {
            calls->first = &call;
        }
        calls->last = &call;
        calls->wake(calls->ctx);
        while (!call.done) {
            (void)pthread_cond_wait(&calls->answered, &calls->lock);
        }
    }
    (void)pthread_mutex_unlock(&calls->lock);
    return call.ran;
}

struct host_loopcall *host_loopcalls_take(struct host_loopcalls *calls)
{
    (void)pthread_mutex_lock(&calls->lock);
    struct host_loopcall *taken = calls->first;
    calls->first = calls->last = NULL;
    (void)pthread_mutex_unlock(&calls->lock);
    return taken;
}

/* The caller may go, and `call` with it. */
static void answer(struct host_loopcalls *calls, struct host_loopcall *call, bool ran)
{
    (void)pthread_mutex_lock(&calls->lock);
    call->ran = ran;
    call->done = true;
    (void)pthread_cond_broadcast(&calls->answered);
    (void)pthread_mutex_unlock(&calls->lock);
}

void host_loopcalls_run(struct host_loopcalls *calls, struct host_loopcall *taken)
{
    while (taken != NULL) {
        struct host_loopcall *call = taken;
        taken = call->next;
        call->run(call->arg);
        answer(calls, call, true);
    }
}

void host_loopcalls_end(struct host_loopcalls *calls)
{
    (void)pthread_mutex_lock(&calls->lock);
    calls->ended = true;
    (void)pthread_mutex_unlock(&calls->lock);
    struct host_loopcall *taken = host_loopcalls_take(calls);
    while (taken != NULL) {
        struct host_loopcall *call = taken;
        taken = call->next;
        answer(calls, call, false);
    }
}
