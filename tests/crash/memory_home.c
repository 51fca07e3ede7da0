/*
 * memory_home.c - a client's home: each kind of its steps, on a disk in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash/disk.h"
#include "tests/crash/home_script.h"
#include "tests/crash/memory.h"
#include "tests/crash/tap.h"

enum {
    STEPS = 16
};

static struct {
    bool ready;
    char folder[64];
    struct disk live, before[STEPS];
    struct home_script plans[STEPS], script;
} h;

/* The one real file, which stands for nothing, and its folder. */
static void clean(void)
{
    char path[sizeof h.folder + 16];
    (void)snprintf(path, sizeof path, "%s/home.db", h.folder);
    (void)unlink(path);
    (void)rmdir(h.folder);
}

static void must(enum council_error error)
{
    if (error != COUNCIL_OK) {
        tap_die("a home: %s", council_error_name(error));
    }
}

static void close_it(void)
{
    client_close(h.script.home.client);
    h.script.home.client = NULL;
}

static void ready(uint32_t which)
{
    if (!h.ready) {
        h.ready = true;
        (void)strcpy(h.folder, "/tmp/council-memory-XXXXXX");
        if (mkdtemp(h.folder) == NULL) {
            tap_die("no folder");
        }
        (void)atexit(clean);
        disk_install();
        disk_init(&h.live, h.folder);
    }
    if (h.before[which].n_files > 0) {
        return;
    }
    disk_clear(&h.live);
    home_script_create(&h.script, h.folder, 0);
    for (uint32_t i = 0; i < which; i++) {
        must(home_script_step(&h.script));
    }
    close_it();
    h.plans[which] = h.script;
    memcpy(h.before[which].root, h.live.root, sizeof h.live.root);
    disk_kill(&h.before[which], &h.live);
}

static void make(uint32_t which)
{
    ready(which);
    disk_kill(&h.live, &h.before[which]);
    h.script = h.plans[which];
    must(home_script_open(&h.script, h.folder));
}

static void drop(void)
{
    close_it();
    disk_clear(&h.live);
}

static enum memory_outcome run(uint32_t which)
{
    (void)which;
    enum council_error error = home_script_step(&h.script);
    /* Where jansson could not write an intent it does not say why: refused, with nothing stored. */
    error = error == COUNCIL_E_BAD_INPUT ? COUNCIL_E_NO_MEMORY : error;
    return memory_outcome(council_error_name(error));
}

static void digest(uint8_t out[MEMORY_DIGEST])
{
    memset(out, 0, MEMORY_DIGEST);
    if (h.script.home.client != NULL && !home_script_digest(h.script.home.client->home.db, out)) {
        tap_die("a home cannot be read");
    }
}

/* Steps of the life without a seed. */
static const struct memory_script scripts[] = {
    {.name = "submit", .which = 0, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "sign",
     .which = 1,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest,
     .may_be_done = true},
    {.name = "take what comes back",
     .which = 2,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "keep a draft", .which = 4, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "take what another wrote",
     .which = 5,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "be told it is there",
     .which = 8,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "drop an item", .which = 9, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "drop a draft", .which = 10, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "open again", .which = 13, .make = make, .drop = drop, .run = run, .stride = 23},
};

const struct memory_group memory_home = {"home", scripts, sizeof scripts / sizeof *scripts};
