/*
 * run.c - everything that is done to every entry of every log, by processes that share the work.
 *
 * Owns the order and the processes. Each builds the same logs and takes every n-th attempt, so that they end together.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static void run(struct snd_world *world, const struct snd_options *options)
{
    for (uint32_t l = 0; l < world->log_count; l++) {
        struct snd_place place;
        if (options->only && strcmp(options->only, world->names[l]) != 0) {
            continue;
        }
        snd_place_init(&place, world, l);
        do {
            snd_fields(&place);
            snd_moves(&place);
            if (!options->brief) {
                snd_chains(&place);
                snd_flips(&place);
            }
        } while (snd_place_next(&place));
        snd_place_fini(&place);
    }
}

__attribute__((noreturn)) static void child(const struct snd_options *options, uint32_t part,
                                            struct snd_tally *tally)
{
    static struct snd_world world;
    world.part = part;
    world.parts = options->jobs;
    world.tally = tally;
    world.quiet = options->brief;
    world.enough = options->enough;
    snd_world_init(&world, options->folder);
    run(&world, options);
    snd_world_fini(&world);
    (void)fflush(stdout);
    _exit(0);
}

bool snd_run(const struct snd_options *options, struct snd_tally tallies[SND_JOBS_MAX])
{
    bool whole = true;
    size_t size = SND_JOBS_MAX * sizeof *tallies;
    struct snd_tally *shared =
        mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        vec_die("no memory");
    }
    (void)fflush(stdout);
    for (uint32_t i = 0; i < options->jobs; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            child(options, i, &shared[i]);
        }
        whole = whole && pid > 0;
    }
    for (int status; wait(&status) > 0;) {
        whole = whole && status == 0;
    }
    memcpy(tallies, shared, size);
    (void)munmap(shared, size);
    return whole;
}

uint64_t snd_tried(const struct snd_tally *tallies, enum snd_class class)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < SND_JOBS_MAX; i++) {
        sum += tallies[i].tried[class];
    }
    return sum;
}

uint64_t snd_failed(const struct snd_tally *tallies, enum snd_class class)
{
    uint64_t sum = 0;
    for (uint32_t i = 0; i < SND_JOBS_MAX; i++) {
        sum += tallies[i].failed[class];
    }
    return sum;
}
