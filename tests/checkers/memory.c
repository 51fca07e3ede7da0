/*
 * memory.c - reads what was never written, and loses a block: what valgrind must report.
 */
#include <stdio.h>
#include <stdlib.h>

static char *volatile lost;

int main(int argc, char **argv)
{
    (void)argv;
    lost = malloc(16);
    if (lost == NULL) {
        return 2;
    }
    if (lost[argc] == 'x') { /* nobody has written it */
        (void)puts("x");
    }
    lost = NULL;
    return 0;
}
