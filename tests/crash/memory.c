/*
 * memory.c - every script with the first, second ... last of its allocations failing.
 *
 * Owns what is expected: the act says that there is no memory, or succeeds all the same; after a failure the world is as it was
 * and the act succeeds when it is taken again; in the end nothing is left.
 */
#include "tests/crash/memory.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "tests/crash/tap.h"

enum {
    LAST = 20000 /* allocations of one act */
};

enum {
    GROUPS = 6
};
static const struct memory_group *const groups[GROUPS] = {
    &memory_protocol, &memory_store, &memory_home, &memory_core, &memory_meeting, &memory_sync};
const char *memory_why = "";
static bool all; /* allocations, whatever the stride */

enum memory_outcome memory_outcome(const char *name)
{
    memory_why = name;
    return strcmp(name, "ok") == 0 ? MEMORY_OK
           : strcmp(name, "out of memory") == 0 || strcmp(name, "no_memory") == 0 ||
                   strcmp(name, "none") == 0
               ? MEMORY_NONE
               : MEMORY_WRONG;
}

struct counts {
    uint64_t n, told, absorbed, wrong;
};

static void wrong(const struct memory_script *script, struct counts *counts, const char *what)
{
    if (counts->wrong++ < 3) {
        tap_note("WRONG: %s, allocation %llu: %s", script->name, (unsigned long long)counts->n,
                 what);
    }
}

static void look(const struct memory_script *script, uint8_t out[MEMORY_DIGEST])
{
    memset(out, 0, MEMORY_DIGEST);
    if (script->digest != NULL) {
        script->digest(out);
    }
}

/* After a failure: nothing moved, and now it goes well. */
static void try_again(const struct memory_script *script, const uint8_t before[MEMORY_DIGEST],
                      struct counts *counts)
{
    uint8_t after[MEMORY_DIGEST];
    counts->told++;
    look(script, after);
    bool moved = memcmp(before, after, sizeof after) != 0;
    if (moved && !script->may_be_done) {
        wrong(script, counts, "half of it was done");
    }
    if (script->run(script->which) != MEMORY_OK) {
        wrong(script, counts, memory_why);
    }
}

/* False: there is no such allocation. */
static bool starve(const struct memory_script *script, struct counts *counts)
{
    uint8_t before[MEMORY_DIGEST];
    uint64_t live = memory_live();
    script->make(script->which);
    look(script, before);
    memory_arm(counts->n);
    enum memory_outcome outcome = script->run(script->which);
    bool hit = memory_disarm();
    if (outcome == MEMORY_WRONG || (!hit && outcome != MEMORY_OK)) {
        wrong(script, counts, memory_why);
    } else if (outcome == MEMORY_NONE) {
        try_again(script, before, counts);
    } else {
        counts->absorbed += hit;
    }
    script->drop();
    if (memory_live() != live) {
        wrong(script, counts, "something was left behind");
    }
    return hit;
}

static void play(const struct memory_group *group)
{
    double began = tap_seconds();
    uint64_t sum = 0;
    for (uint32_t i = 0; i < group->count; i++) {
        const struct memory_script *script = &group->scripts[i];
        struct counts counts = {.n = 0};
        /* What libraries keep from their first use on is not what is looked for. */
        script->make(script->which);
        (void)script->run(script->which);
        script->drop();
        uint32_t stride = all || script->stride == 0 ? 1 : script->stride;
        counts.n = UINT64_C(1) - stride;
        do {
            counts.n += stride;
        } while (counts.n < LAST && counts.wrong < 10 && starve(script, &counts));
        (void)tap_ok(counts.wrong == 0 && counts.n < LAST,
                     "%s: %s, %llu allocations (%llu told, %llu done without)", group->name,
                     script->name, (unsigned long long)counts.n - 1,
                     (unsigned long long)counts.told, (unsigned long long)counts.absorbed);
        sum += counts.n;
    }
    tap_note("%s: %llu times without memory, %.1f s", group->name, (unsigned long long)sum,
             tap_seconds() - began);
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"group", required_argument, NULL, 'g'},
                                            {"control", no_argument, NULL, 'c'},
                                            {"all", no_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    const char *only = NULL;
    bool control = false;
    uint32_t planned = 0;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        only = option == 'g' ? optarg : only;
        control = control || option == 'c';
        all = all || option == 'a';
    }
    memory_install();
    if (control) {
        tap_plan(memory_careless.count);
        play(&memory_careless);
        return tap_end();
    }
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < GROUPS; i++) {
            if (only != NULL && strcmp(only, groups[i]->name) != 0) {
                continue;
            }
            if (round == 0) {
                planned += groups[i]->count;
            } else {
                play(groups[i]);
            }
        }
        if (round == 0) {
            tap_plan(planned);
        }
    }
    return tap_end();
}
