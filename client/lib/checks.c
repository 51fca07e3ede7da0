/*
 * checks.c - signatures, checked by other threads while this one reads on.
 *
 * Verifying is most of what catching up costs, and needs nothing but its arguments. Threads start with the first backlog and end with the client; a
 * few entries are not worth waking one, so whoever waits checks what nobody has begun. Must not touch the client. Invariant: after checks_wait
 * no thread looks at anything that was begun before.
 */
#include "client/lib/internal.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    THREADS_MAX = 3, /* beside the one that asks */
    WAITING_MAX = 1024,
    WORTH_IT = 16, /* checks that wait before another thread is woken */
    AT_ONCE = 8    /* taken by a thread */
};

struct checks {
    pthread_mutex_t lock;
    pthread_cond_t more, done;
    struct sync_check *waiting[WAITING_MAX]; /* a ring, under the lock as all below */
    uint32_t first, count;
    uint32_t busy; /* threads that are checking */
    bool stop;
    pthread_t threads[THREADS_MAX];
    uint32_t thread_count;
    bool started;
};

/* Takes some of what waits, and checks it without the lock. */
static void check_some(struct checks *checks)
{
    struct sync_check *mine[AT_ONCE];
    uint32_t n = 0;

    for (; n < AT_ONCE && checks->count > 0; n++) {
        mine[n] = checks->waiting[checks->first];
        checks->first = (checks->first + 1) % WAITING_MAX;
        checks->count--;
    }
    checks->busy++;
    (void)pthread_mutex_unlock(&checks->lock);
    for (uint32_t i = 0; i < n; i++)
        mine[i]->error = council_entry_verify(mine[i]->entry, mine[i]->sig);
    (void)pthread_mutex_lock(&checks->lock);
    checks->busy--;
    if (checks->busy == 0 && checks->count == 0)
        (void)pthread_cond_signal(&checks->done);
}

static void *work(void *arg)
{
    struct checks *checks = arg;

    (void)pthread_mutex_lock(&checks->lock);
    while (!checks->stop) {
        if (checks->count > 0)
            check_some(checks);
        else
            (void)pthread_cond_wait(&checks->more, &checks->lock);
    }
    (void)pthread_mutex_unlock(&checks->lock);
    return NULL;
}

/* One for each other processor; fewer, or none, where they cannot be had. Signals are the caller's. */
static void start(struct checks *checks)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t wanted = cores < 2 ? 0 : cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores - 1;
    sigset_t all, before;

    checks->started = true;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (checks->thread_count < wanted &&
           pthread_create(&checks->threads[checks->thread_count], NULL, work, checks) == 0)
        checks->thread_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct checks *checks_create(void)
{
    struct checks *checks = calloc(1, sizeof *checks);

    if (checks != NULL) {
        (void)pthread_mutex_init(&checks->lock, NULL);
        (void)pthread_cond_init(&checks->more, NULL);
        (void)pthread_cond_init(&checks->done, NULL);
    }
    return checks;
}

void checks_destroy(struct checks *checks)
{
    if (checks == NULL)
        return;
    (void)pthread_mutex_lock(&checks->lock);
    checks->stop = true;
    (void)pthread_cond_broadcast(&checks->more);
    (void)pthread_mutex_unlock(&checks->lock);
    for (uint32_t i = 0; i < checks->thread_count; i++)
        (void)pthread_join(checks->threads[i], NULL);
    (void)pthread_cond_destroy(&checks->done);
    (void)pthread_cond_destroy(&checks->more);
    (void)pthread_mutex_destroy(&checks->lock);
    free(checks);
}

void checks_begin(void *ctx, struct sync_check *check)
{
    struct client *client = ctx;
    struct checks *checks = client->checks;

    (void)pthread_mutex_lock(&checks->lock);
    bool room = checks->count < WAITING_MAX;
    if (room) {
        checks->waiting[(checks->first + checks->count) % WAITING_MAX] = check;
        checks->count++;
    }
    bool worth = checks->count >= WORTH_IT;
    if (worth && checks->started)
        (void)pthread_cond_signal(&checks->more);
    (void)pthread_mutex_unlock(&checks->lock);
    if (worth && !checks->started)
        start(checks);
    if (!room)
        check->error = council_entry_verify(check->entry, check->sig);
}

void checks_wait(void *ctx)
{
    struct client *client = ctx;
    struct checks *checks = client->checks;

    (void)pthread_mutex_lock(&checks->lock);
    while (checks->count > 0)
        check_some(checks);
    while (checks->busy > 0)
        (void)pthread_cond_wait(&checks->done, &checks->lock);
    (void)pthread_mutex_unlock(&checks->lock);
}
