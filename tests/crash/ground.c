/*
 * ground.c - what the parts of tests/bench stand on, for a program whose server dies: here the end of a connection is
 * no mistake.
 *
 * Takes the place of tests/bench/bench.c. Invariant: bench_die returns to where ground_expect was called, if the
 * server was killed; else it is a failure that ends the program.
 */
#include "tests/crash/ground.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/bench/bench.h"
#include "tests/crash/server.h"
#include "tests/crash/tap.h"

jmp_buf ground_back;
bool ground_armed;

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now = {0};
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t bench_now_ns(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

uint64_t bench_wall_ms(void)
{
    return read_clock(CLOCK_REALTIME) / 1000000u;
}

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

void *bench_alloc(size_t n)
{
    void *memory = calloc(1, n > 0 ? n : 1);
    if (memory == NULL) {
        tap_die("out of memory");
    }
    return memory;
}

void *bench_realloc(void *memory, size_t n)
{
    void *grown = realloc(memory, n > 0 ? n : 1);
    if (grown == NULL) {
        tap_die("out of memory");
    }
    return grown;
}
