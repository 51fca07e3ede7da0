/*
 * io_home.c - a client's home on a disk that fails.
 *
 * Built with its clock wrapped, and with randomness of its own: the same step makes the same bytes in every life.
 */
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "tests/crash/home_script.h"
#include "tests/crash/io.h"
#include "tests/crash/tap.h"

_Static_assert(sizeof(struct home_script) <= IO_PLAN_MAX, "a plan must fit");

uint64_t io_seed;

/* ---- the same time and chance in every life ---- */

static struct chance drawn;
static time_t now_s = 1790000000;

int __real_clock_gettime(clockid_t clock, struct timespec *out);
int __wrap_clock_gettime(clockid_t clock, struct timespec *out);

int __wrap_clock_gettime(clockid_t clock, struct timespec *out)
{
    if (clock != CLOCK_REALTIME) {
        return __real_clock_gettime(clock, out);
    }
    *out = (struct timespec){.tv_sec = now_s};
    return 0;
}

static const char *chance_name(void)
{
    return "the same each time";
}

static uint32_t chance_random(void)
{
    return (uint32_t)chance_next(&drawn);
}

static void chance_buf(void *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ((uint8_t *)out)[i] = (uint8_t)chance_next(&drawn);
    }
}

static void begin_step(uint32_t step)
{
    static struct randombytes_implementation same = {
        .implementation_name = chance_name, .random = chance_random, .buf = chance_buf};
    static bool set;
    if (!set) {
        set = randombytes_set_implementation(&same) == 0 && sodium_init() >= 0;
    }
    drawn.state = io_seed * 7919 + step;
    now_s = 1790000000 + (time_t)step;
}

/* ---- the subject ---- */

static enum io_outcome outcome(enum council_error error)
{
    io_home.why = council_error_name(error);
    return error == COUNCIL_OK            ? IO_OK
           : error == COUNCIL_E_HOME_FULL ? IO_FULL
           : error == COUNCIL_E_HOME_IO   ? IO_BROKEN
                                          : IO_WRONG;
}

static void close_it(void *plan)
{
    struct home_script *script = plan;
    client_close(script->home.client);
    script->home.client = NULL;
}

static void make(void *plan, const char *folder)
{
    begin_step(1000);
    home_script_create(plan, folder, 0);
    close_it(plan);
}

static enum io_outcome open_it(void *plan, const char *folder)
{
    begin_step(1001);
    return outcome(home_script_open(plan, folder));
}

static bool is_open(const void *plan)
{
    return ((const struct home_script *)plan)->home.client != NULL;
}

static enum io_outcome step(void *plan, uint32_t i)
{
    begin_step(i);
    return outcome(home_script_step(plan));
}

static const char *step_name(const void *plan, uint32_t i)
{
    (void)i;
    return home_script_name(plan);
}

static enum io_outcome digest(void *plan, uint8_t out[IO_DIGEST])
{
    struct home_script *script = plan;
    return home_script_digest(script->home.client->home.db, out) ? IO_OK : IO_BROKEN;
}

static bool look(const char *folder, uint8_t out[IO_DIGEST], const char **why)
{
    return home_script_look(folder, out, why);
}

struct io_subject io_home = {
    .name = "home",
    .steps = 16,
    .full_for_growth = true,
    .make = make,
    .open = open_it,
    .close = close_it,
    .is_open = is_open,
    .step = step,
    .step_name = step_name,
    .digest = digest,
    .look = look,
};
