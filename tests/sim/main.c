/*
 * main.c - the simulator as a program: which seeds, and what is said of them.
 *
 * Exit status 0 if all runs were good, 1 if one was not, 2 for a mistake in the options. The last line is "N passed, N failed".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

enum {
    FAILURES_MAX = 20 /* then it stops: they are all the same by then */
};

static void usage(FILE *out)
{
    fputs("Usage: sim [--seeds A..B | --seed N] [--trace] [--counts]\n\n"
          "Plays whole councils - server, clients, network, disks - from a seed each, and checks "
          "at the end that\n"
          "nothing acknowledged is lost, nothing is there twice, and everybody agrees.\n"
          "  --seeds A..B  these seeds, both included (default 1..200)\n"
          "  --seed N      this one alone\n"
          "  --trace       tell what happens\n"
          "  --counts      tell what all runs were made of\n",
          out);
}

static bool number(const char *text, char **end, uint64_t *out)
{
    if (*text < '0' || *text > '9') {
        return false;
    }
    *out = strtoull(text, end, 10);
    return true;
}

static bool range(const char *text, uint64_t *first, uint64_t *last)
{
    char *end = NULL;
    return text != NULL && number(text, &end, first) && strncmp(end, "..", 2) == 0 &&
           number(end + 2, &end, last) && *end == '\0' && *first <= *last;
}

static void tell(const struct sim_counts *c)
{
    printf("entries %" PRIu64 ", posts drafted %" PRIu64 ", acts %" PRIu64 ", frames %" PRIu64 "\n",
           c->entries, c->posts, c->acts, c->frames);
    printf("joins %" PRIu64 ", leaves %" PRIu64 ", removes %" PRIu64 ", erases %" PRIu64
           ", recoveries %" PRIu64 ", devices revoked %" PRIu64 "\n",
           c->joins, c->leaves, c->removes, c->erases, c->recoveries, c->revoked);
    printf("server ends %" PRIu64 " (results lost %" PRIu64 "), lines broken %" PRIu64
           ", clients restarted %" PRIu64 ", disk full %" PRIu64 ", homes that failed %" PRIu64
           "\n",
           c->server_crashes, c->lost_results, c->cuts, c->restarts, c->full, c->home_failures);
    printf("items refused for good %" PRIu64 ":", c->failed_items);
    for (uint32_t i = 0; i < COUNCIL_ERROR_COUNT; i++) {
        if (c->failed_with[i] > 0) {
            printf(" %s %" PRIu64, council_error_name((enum council_error)i), c->failed_with[i]);
        }
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    uint64_t first = 1, last = 200, passed = 0, failed = 0;
    bool trace = false, counts = false;
    struct sim_counts total = {.entries = 0};
    for (int i = 1; i < argc; i++) {
        char *end = NULL;
        if (strcmp(argv[i], "--trace") == 0) {
            trace = true;
        } else if (strcmp(argv[i], "--counts") == 0) {
            counts = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            usage(stdout);
            return 0;
        } else if (strcmp(argv[i], "--seeds") == 0 && range(argv[i + 1], &first, &last)) {
            i++;
        } else if (strcmp(argv[i], "--seed") == 0 && argv[i + 1] != NULL &&
                   number(argv[i + 1], &end, &first) && *end == '\0') {
            last = first;
            i++;
        } else {
            usage(stderr);
            return 2;
        }
    }
    if (council_protocol_init() != COUNCIL_OK) {
        return 2;
    }
    for (uint64_t seed = first; seed <= last && failed < FAILURES_MAX; seed++) {
        if (sim_run(seed, trace, &total)) {
            passed++;
        } else {
            failed++;
            printf("  again: sim --seed %" PRIu64 " --trace\n", seed);
        }
    }
    if (counts) {
        tell(&total);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", passed, failed);
    return failed > 0 ? 1 : 0;
}
