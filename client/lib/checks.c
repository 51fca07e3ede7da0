/*
 * checks.c - the signatures of a batch, checked on several threads.
 *
 * Verifying is most of what catching up costs, and needs nothing but its arguments. Threads live for one batch: a batch costs
 * milliseconds and a thread microseconds. Must not touch the client: whatever is shared here is one slice of an array each.
 */
#include "client/lib/internal.h"

#include <pthread.h>
#include <unistd.h>

enum {
    THREADS_MAX = 4,
    WORTH_IT = 32 /* checks for each thread, at least */
};

struct part {
    struct sync_check *checks;
    pthread_t thread;
    uint32_t count;
    bool started;
};

static void *check_part(void *arg)
{
    struct part *part = arg;

    for (uint32_t i = 0; i < part->count; i++)
        part->checks[i].error = council_entry_verify(part->checks[i].entry, part->checks[i].sig);
    return NULL;
}

void checks_verify(void *ctx, struct sync_check *checks, uint32_t count)
{
    struct part parts[THREADS_MAX];
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t threads = cores < 1 ? 1 : cores > THREADS_MAX ? THREADS_MAX : (uint32_t)cores;

    (void)ctx;
    if (threads > count / WORTH_IT)
        threads = count / WORTH_IT;
    if (threads == 0)
        threads = 1;
    for (uint32_t i = 0; i < threads; i++) {
        uint32_t first = (uint32_t)((uint64_t)count * i / threads);
        uint32_t last = (uint32_t)((uint64_t)count * (i + 1) / threads);

        parts[i] = (struct part){.checks = checks + first, .count = last - first};
        /* This thread does the first part, and whatever no thread could be had for. */
        parts[i].started =
            i > 0 && pthread_create(&parts[i].thread, NULL, check_part, &parts[i]) == 0;
    }
    for (uint32_t i = 0; i < threads; i++) {
        if (!parts[i].started)
            (void)check_part(&parts[i]);
    }
    for (uint32_t i = 0; i < threads; i++) {
        if (parts[i].started)
            (void)pthread_join(parts[i].thread, NULL);
    }
}
