/*
 * ground.c - what the parts of tests/bench stand on, for a program whose server dies: here the end of a connection is
 * no mistake.
 *
 * Takes the place of tests/bench/bench.c (its basics.c stays). Invariant: bench_die returns to where ground_expect was called, if the
 * server was killed; else it is a failure that ends the program.
 */
#include "tests/crash/ground.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/crash/server.h"
#include "tests/crash/tap.h"

jmp_buf ground_back;
bool ground_armed;

void bench_die(const char *format, ...)
{
    char said[300];
    va_list args;
    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vsnprintf(said, sizeof said, format, args);
    va_end(args);
    if (ground_armed && server_killed()) {
        longjmp(ground_back, GROUND_KILLED);
    }
    if (ground_armed && strstr(said, "already_registered") != NULL) {
        longjmp(ground_back, GROUND_KNOWN);
    }
    tap_note("%s", said);
    if (ground_armed) {
        longjmp(ground_back, GROUND_WRONG);
    }
    tap_die("see above");
}

void bench_say(const char *format, ...)
{
    (void)format;
}
