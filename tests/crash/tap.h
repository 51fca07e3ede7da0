/*
 * tap.h - results of a program in TAP, and what a program says when it cannot go on.
 *
 * Owns the count of results. Knows nothing of what is tested. Invariant: a plan that was announced is fulfilled, or
 * the exit status is not 0.
 */
#ifndef COUNCIL_TESTS_CRASH_TAP_H
#define COUNCIL_TESTS_CRASH_TAP_H

#include <stdbool.h>
#include <stdint.h>

void tap_plan(unsigned count);
/* One result; the words as in printf. Returns `good`. */
bool tap_ok(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tap_skip(const char *what, const char *why);
/* A line that explains. */
void tap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* "Bail out!" and exit status 2: the test itself is broken. */
_Noreturn void tap_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* 0 if all that was planned came and was good, else 1. */
int tap_end(void);

/* Seeded numbers (splitmix64): the same on every machine. */
struct chance {
    uint64_t state;
};
uint64_t chance_next(struct chance *chance);
/* One of 0 ... n - 1. */
uint32_t chance_below(struct chance *chance, uint32_t n);

/* Seconds of the monotonic clock. */
double tap_seconds(void);

#endif
