/*
 * The journal's table of functions is replaced by a copy whose xSync looks at the clock. See timing.h.
 */
#include "server/store/timing.h"

#include "server/store/engine.h"

#include <stddef.h>
#include <time.h>

static uint64_t now_us(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int timed_sync(sqlite3_file *file, int flags)
{
    /* The table stands in the store whose file this is. */
    const struct store_timing *timing =
        (const struct store_timing *)(const void *)((const char *)file->pMethods -
                                                    offsetof(struct store_timing, methods));
    uint64_t before = now_us();
    int rc = timing->original->xSync(file, flags);

    timing->tell(timing->ctx, now_us() - before);
    return rc;
}

void store_time_syncs(struct store *store, void (*tell)(void *ctx, uint64_t us), void *ctx)
{
    struct store_timing *timing = &store->timing;
    sqlite3_file *file = NULL;

    if (sqlite3_file_control(store->db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        file == NULL || file->pMethods == NULL || timing->original != NULL)
        return;
    timing->tell = tell;
    timing->ctx = ctx;
    timing->original = file->pMethods;
    timing->methods = *file->pMethods;
    timing->methods.xSync = timed_sync;
    file->pMethods = &timing->methods;
}
