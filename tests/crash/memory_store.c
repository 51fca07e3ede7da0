/*
 * memory_store.c - the store: each kind of its steps, on a disk in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/disk.h"
#include "tests/crash/memory.h"
#include "tests/crash/store_script.h"

enum {
    STEPS = 24
};

static struct {
    bool ready;
    char folder[64];
    struct disk live, before[STEPS];
    struct store_script plans[STEPS], script;
} s;

/* The one real file, which stands for nothing, and its folder. */
static void clean(void)
{
    char path[sizeof s.folder + 16];
    (void)snprintf(path, sizeof path, "%s/council.db", s.folder);
    (void)unlink(path);
    (void)rmdir(s.folder);
}

static void must(enum store_status status)
{
    if (status != STORE_OK) {
        tap_die("a store: %s", store_status_name(status));
    }
}

/* What a life is before each of its steps, kept. */
static void ready(uint32_t which)
{
    if (!s.ready) {
        s.ready = true;
        (void)strcpy(s.folder, "/tmp/council-memory-XXXXXX");
        if (mkdtemp(s.folder) == NULL) {
            tap_die("no folder");
        }
        (void)atexit(clean);
        disk_install();
        disk_init(&s.live, s.folder);
    }
    if (s.before[which].n_files > 0) {
        return;
    }
    disk_clear(&s.live);
    must(store_script_open(&s.script, s.folder, 0));
    for (uint32_t i = 0; i < which; i++) {
        must(store_script_step(&s.script));
    }
    s.plans[which] = s.script;
    memcpy(s.before[which].root, s.live.root, sizeof s.live.root);
    disk_kill(&s.before[which], &s.live);
    must(store_close(s.script.store));
}

static void step_make(uint32_t which)
{
    memory_steady();
    ready(which);
    memory_unsteady();
    disk_kill(&s.live, &s.before[which]);
    s.script = s.plans[which];
    must(store_open(s.script.path, 0, &s.script.store));
}

static void step_drop(void)
{
    (void)store_close(s.script.store);
    s.script.store = NULL;
    memory_steady();
    disk_clear(&s.live);
    memory_unsteady();
}

static enum memory_outcome step_run(uint32_t which)
{
    (void)which;
    return memory_outcome(store_status_name(store_script_step(&s.script)));
}

static void step_digest(uint8_t out[MEMORY_DIGEST])
{
    memset(out, 0, MEMORY_DIGEST);
    if (s.script.store != NULL) { /* while it is being opened again there is nothing to be seen */
        must(store_script_digest(s.script.store, out));
    }
}

static enum memory_outcome read_run(uint32_t which)
{
    uint8_t out[SCRIPT_DIGEST];
    (void)which;
    return memory_outcome(store_status_name(store_script_digest(s.script.store, out)));
}

/* In the order in which a life without a seed has them: after an append each. */
static const struct memory_script scripts[] = {
    {.name = "append",
     .which = 2,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "change members",
     .which = 3,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "recovery keys",
     .which = 5,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "erase",
     .which = 7,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "make a code",
     .which = 9,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "use a code",
     .which = 11,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "revoke a code",
     .which = 13,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "set a setting",
     .which = 15,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "maintain",
     .which = 17,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "settle",
     .which = 19,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .digest = step_digest},
    {.name = "open again",
     .which = 21,
     .make = step_make,
     .drop = step_drop,
     .run = step_run,
     .stride = 23},
    {.name = "read all",
     .which = 19,
     .make = step_make,
     .drop = step_drop,
     .run = read_run,
     .digest = step_digest},
};

const struct memory_group memory_store = {"store", scripts, sizeof scripts / sizeof *scripts};
