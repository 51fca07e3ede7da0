/*
 * generate.c - writes the vectors: council-vectors-generate FOLDER.
 *
 * Owns the order of files. Everything follows from fixed seeds, so the same bytes come out on every run and machine.
 */
#include "tests/vectors/rows.h"

#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    static struct scenes scenes;
    struct vec_out out = {.dir = argc == 2 ? argv[1] : NULL};
    struct book book;
    if (!out.dir) {
        (void)fputs("usage: council-vectors-generate FOLDER\n", stderr);
        return 2;
    }
    book_init(&book);
    scenes_build(&scenes, &book);
    rows_logs(&out, &book);
    rows_form(&out, &book);
    rows_position(&out, &book);
    rows_member(&out, &book);
    rows_council(&out, &book);
    rows_life(&out, &book);
    rows_plain(&out);
    rows_curve(&out, &book);
    rows_reading(&out, &book, &scenes);
    rows_sealing(&out);
    rows_sessions(&out);
    rows_successions(&out);
    scenes_fini(&scenes);
    book_fini(&book);
    (void)printf("%u valid, %u invalid, %u of them or beside them unreadable\n",
                 (unsigned)out.valid, (unsigned)out.invalid, (unsigned)out.unreadable);
    if (out.wrong > 0) {
        (void)fprintf(stderr, "%u verdicts are not as expected\n", (unsigned)out.wrong);
    }
    return out.wrong > 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
