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
    fputs("Usage: sim [--races | --unmarked] [--seeds A..B | --seed N] [--each] [--trace] "
          "[--counts]\n\n"
          "Plays whole councils - server, clients, network, disks - from a seed each, and checks "
          "at the end that\n"
          "nothing acknowledged is lost, nothing is there twice, and everybody agrees.\n"
          "  --races       64 devices of eight members write control entries at the same moment, "
          "again\n"
          "                and again\n"
          "  --volleys N   how often in a run (default 192)\n"
          "  --until N     no more runs once N heads were raced for\n"
          "  --unmarked    control: a server that was put back does not say so\n"
          "  --seeds A..B  these seeds, both included (default 1..200)\n"
          "  --seed N      this one alone\n"
          "  --each        name each seed before it is played: whatever ends the program is then "
          "the last one's\n"
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
    printf("clocks set %" PRIu64 ", servers put back %" PRIu64 " (devices left behind %" PRIu64
           ")\n",
           c->clocks, c->restores, c->left_behind);
    printf("items refused for good %" PRIu64 ":", c->failed_items);
    for (uint32_t i = 0; i < COUNCIL_ERROR_COUNT; i++) {
        if (c->failed_with[i] > 0) {
            printf(" %s %" PRIu64, council_error_name((enum council_error)i), c->failed_with[i]);
        }
    }
    printf("\n");
}

struct options {
    struct sim_play play;
    uint64_t first, last, volleys, until;
    bool each, races, counts;
};

/* False for what is no option. */
static bool read_options(struct options *o, char **argv)
{
    const struct {
        const char *name;
        bool *flag;
        uint64_t *number;
    } table[] = {
        {"--races", &o->races, NULL},
        {"--each", &o->each, NULL},
        {"--trace", &o->play.trace, NULL},
        {"--counts", &o->counts, NULL},
        {"--unmarked", &o->play.unmarked, NULL},
        {"--volleys", NULL, &o->volleys},
        {"--until", NULL, &o->until},
        {"--seed", NULL, &o->first},
    };
    for (; *argv != NULL; argv++) {
        char *end = NULL;
        size_t i = 0;
        while (i < sizeof table / sizeof *table && strcmp(*argv, table[i].name) != 0) {
            i++;
        }
        if (i < sizeof table / sizeof *table && table[i].flag != NULL) {
            *table[i].flag = true;
        } else if (i < sizeof table / sizeof *table && argv[1] != NULL &&
                   number(argv[1], &end, table[i].number) && *end == '\0') {
            o->last = table[i].number == &o->first ? o->first : o->last;
            argv++;
        } else if (strcmp(*argv, "--seeds") == 0 && range(argv[1], &o->first, &o->last)) {
            argv++;
        } else {
            return false;
        }
    }
    o->play.volleys = o->races ? (uint32_t)o->volleys : 0;
    return true;
}

int main(int argc, char **argv)
{
    struct options o = {.first = 1, .last = 200, .volleys = 192};
    uint64_t passed = 0, failed = 0;
    struct sim_counts total = {.entries = 0};
    bool help = argc > 1 && strcmp(argv[1], "--help") == 0;
    if (help || !read_options(&o, argv + 1) || council_protocol_init() != COUNCIL_OK) {
        usage(help ? stdout : stderr);
        return help ? 0 : 2;
    }
    for (uint64_t seed = o.first;
         seed <= o.last && failed < FAILURES_MAX && (o.until == 0 || total.races < o.until);
         seed++) {
        if (o.each) {
            printf("seed %" PRIu64 " begins\n", seed);
            (void)fflush(stdout);
        }
        if (sim_run(&o.play, seed, &total)) {
            passed++;
        } else {
            failed++;
            printf("  again: sim %s--seed %" PRIu64 " --trace\n", o.races ? "--races " : "", seed);
        }
    }
    if (o.counts) {
        tell(&total);
    }
    if (o.races) {
        printf("races %" PRIu64 ", entries that came too late %" PRIu64 "\n", total.races,
               total.losers);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", passed, failed);
    return failed > 0 ? 1 : 0;
}
