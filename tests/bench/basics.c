/*
 * basics.c - clock and memory, for all programs that use parts of these benchmarks. See bench.h; what bench_die does is the program's.
 */
#include <stdlib.h>
#include <time.h>

#include "tests/bench/bench.h"

static uint64_t read_clock(clockid_t clock)
{
    struct timespec now;
    if (clock_gettime(clock, &now) != 0) {
        bench_die("no clock");
    }
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

void *bench_alloc(size_t n)
{
    void *memory = calloc(1, n > 0 ? n : 1);
    if (memory == NULL) {
        bench_die("out of memory");
    }
    return memory;
}

void *bench_realloc(void *memory, size_t n)
{
    void *grown = realloc(memory, n > 0 ? n : 1);
    if (grown == NULL) {
        bench_die("out of memory");
    }
    return grown;
}
