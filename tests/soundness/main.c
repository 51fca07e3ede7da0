/*
 * main.c - council-soundness: the proof, over all logs.
 *
 * Owns the command line and the report: TAP, a line for each class of change, one for the table of verdicts, one for the processes.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const class_text[] = {
#define SND_CLASS(symbol, text) text,
#include "tests/soundness/classes.def"
#undef SND_CLASS
};

static bool parse(struct snd_options *options, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        bool more = i + 1 < argc;
        if (strcmp(argv[i], "--jobs") == 0 && more) {
            options->jobs = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--log") == 0 && more) {
            options->only = argv[++i];
        } else if (!options->folder && argv[i][0] != '-') {
            options->folder = argv[i];
        } else {
            return false;
        }
    }
    return options->folder && options->jobs >= 1 && options->jobs <= SND_JOBS_MAX;
}

static bool line(unsigned number, bool good, const char *text)
{
    (void)printf("%s %u - %s", good ? "ok" : "not ok", number, text);
    return good;
}

int main(int argc, char **argv)
{
    struct snd_options options = {.jobs = 2};
    static struct snd_tally tallies[SND_JOBS_MAX];
    bool good = true;
    if (!parse(&options, argc, argv)) {
        (void)fputs("usage: council-soundness [--jobs N] [--log NAME] FOLDER\n", stderr);
        return 2;
    }
    if (council_protocol_init() != COUNCIL_OK) {
        vec_die("the cryptographic library is not as it must be");
    }
    (void)printf("1..%u\n", (unsigned)SND_CLASS_COUNT + 2);
    bool whole = snd_run(&options, tallies);
    for (uint32_t c = 0; c < SND_CLASS_COUNT; c++) {
        uint64_t tried = snd_tried(tallies, c), failed = snd_failed(tallies, c);
        good &= line(c + 1, tried > 0 && failed == 0, class_text[c]);
        (void)printf(" (%llu tried, %llu wrong)\n", (unsigned long long)tried,
                     (unsigned long long)failed);
    }
    uint32_t unused = options.only ? 0 : snd_verdicts_unused(tallies, SND_JOBS_MAX);
    good &=
        line(SND_CLASS_COUNT + 1, unused == 0, "verdicts.def allows nothing that did not come\n");
    good &= line(SND_CLASS_COUNT + 2, whole, "every process came to its end\n");
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
