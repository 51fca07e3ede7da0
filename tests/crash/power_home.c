/*
 * power_home.c - a client's home as something that loses power.
 */
#include <string.h>

#include "tests/crash/disk.h"
#include "tests/crash/home_script.h"
#include "tests/crash/power.h"
#include "tests/crash/tap.h"

_Static_assert(sizeof(struct home_script) <= POWER_PLAN_MAX, "a plan must fit");

static void create(void *plan, const char *folder, uint64_t seed)
{
    home_script_create(plan, folder, seed);
}

static void resume(void *plan, const char *folder)
{
    enum council_error error = home_script_open(plan, folder);
    if (error != COUNCIL_OK) {
        tap_die("open again: %s", council_error_name(error));
    }
}

static void close_it(void *plan)
{
    struct home_script *script = plan;
    client_close(script->home.client);
    script->home.client = NULL;
}

static void step(void *plan)
{
    const char *name = home_script_name(plan);
    enum council_error error = home_script_step(plan);
    if (error != COUNCIL_OK) {
        tap_die("%s: %s", name, council_error_name(error));
    }
}

static const char *step_name(const void *plan)
{
    return home_script_name(plan);
}

static bool several(const void *plan)
{
    return home_script_several(plan);
}

static void digest(void *plan, uint8_t out[POWER_DIGEST])
{
    struct home_script *script = plan;
    if (!home_script_digest(script->home.client->home.db, out)) {
        tap_die("the home cannot be read");
    }
}

static bool look(const void *plan, const char *folder, uint8_t out[POWER_DIGEST], const char **why)
{
    (void)plan;
    return home_script_look(folder, out, why);
}

const struct power_subject power_home = {
    .name = "home",
    .swallow = "home.db-journal",
    .plan_bytes = sizeof(struct home_script),
    .create = create,
    .resume = resume,
    .close = close_it,
    .step = step,
    .step_name = step_name,
    .several = several,
    .digest = digest,
    .look = look,
};
