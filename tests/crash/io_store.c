/*
 * io_store.c - the server's store on a disk that fails.
 */
#include <stdio.h>
#include <string.h>

#include "tests/crash/io.h"
#include "tests/crash/power.h"
#include "tests/crash/store_script.h"

_Static_assert(sizeof(struct store_script) <= IO_PLAN_MAX, "a plan must fit");

static enum io_outcome outcome(enum store_status status)
{
    io_store.why = store_status_name(status);
    return status == STORE_OK     ? IO_OK
           : status == STORE_FULL ? IO_FULL
           : status == STORE_IO   ? IO_BROKEN
                                  : IO_WRONG;
}

static enum io_outcome open_it(void *plan, const char *folder)
{
    return outcome(store_script_open(plan, folder, io_seed));
}

static void close_it(void *plan)
{
    struct store_script *script = plan;
    (void)store_close(script->store);
    script->store = NULL;
}

static bool is_open(const void *plan)
{
    return ((const struct store_script *)plan)->store != NULL;
}

static enum io_outcome step(void *plan, uint32_t i)
{
    (void)i;
    return outcome(store_script_step(plan));
}

static const char *step_name(const void *plan, uint32_t i)
{
    (void)i;
    return store_script_name(plan);
}

static enum io_outcome digest(void *plan, uint8_t out[IO_DIGEST])
{
    struct store_script *script = plan;
    return outcome(store_script_digest(script->store, out));
}

static bool look(const char *folder, uint8_t out[IO_DIGEST], const char **why)
{
    return power_store.look(NULL, folder, out, why);
}

struct io_subject io_store = {
    .name = "store",
    .steps = 24,
    .open = open_it,
    .close = close_it,
    .is_open = is_open,
    .step = step,
    .step_name = step_name,
    .digest = digest,
    .look = look,
};
