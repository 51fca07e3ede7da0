/*
 * tap.c - TAP on standard output, and seeded numbers. See tap.h.
 */
#include "tests/crash/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static unsigned planned, told, bad;

void tap_plan(unsigned count)
{
    planned = count;
    (void)printf("1..%u\n", count);
    (void)fflush(stdout);
}

bool tap_ok(bool good, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("%sok %u - ", good ? "" : "not ", ++told);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(args);
    bad += !good;
    return good;
}

void tap_skip(const char *what, const char *why)
{
    (void)printf("ok %u - %s # SKIP %s\n", ++told, what, why);
    (void)fflush(stdout);
}

void tap_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("# ");
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(args);
}

void tap_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("Bail out! ");
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vprintf(format, args);
    (void)printf("\n");
    (void)fflush(stdout);
    va_end(args);
    exit(2);
}

int tap_end(void)
{
    return bad == 0 && told == planned ? 0 : 1;
}

uint64_t chance_next(struct chance *chance)
{
    uint64_t z = chance->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint32_t chance_below(struct chance *chance, uint32_t n)
{
    return n == 0 ? 0 : (uint32_t)(chance_next(chance) % n);
}

double tap_seconds(void)
{
    struct timespec now = {0};
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}
