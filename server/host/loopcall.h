/*
 * loopcall.h - what the operator's threads ask of the loop's thread.
 *
 * Owns the hand-over and the wait for the answer. Must not know what is asked. Invariant: a function that was handed over runs on the
 * loop's thread or its caller is told that it did not; nobody waits for a loop that has ended.
 */
#ifndef COUNCIL_SERVER_HOST_LOOPCALL_H
#define COUNCIL_SERVER_HOST_LOOPCALL_H

#include <pthread.h>
#include <stdbool.h>

struct host_loopcall;

struct host_loopcalls {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    struct host_loopcall *first, *last;
    bool ended;
    void (*wake)(void *ctx); /* any thread: has the loop take and run calls */
    void *ctx;
};

void host_loopcalls_init(struct host_loopcalls *calls, void (*wake)(void *ctx), void *ctx);
void host_loopcalls_fini(struct host_loopcalls *calls);

/* Any thread but the loop's: runs `run` there and waits for it. False: the loop has ended, and it did not run. */
__attribute__((warn_unused_result)) bool host_loop_call(struct host_loopcalls *calls,
                                                        void (*run)(void *arg), void *arg);

/*
 * The loop's thread: takes what was asked until now; runs it. In between the loop takes in what other threads brought, so that a call sees
 * all that came back before it was made.
 */
struct host_loopcall *host_loopcalls_take(struct host_loopcalls *calls);
void host_loopcalls_run(struct host_loopcalls *calls, struct host_loopcall *taken);
/* The loop has ended: whoever waits is told, and whoever comes. */
void host_loopcalls_end(struct host_loopcalls *calls);

#endif
