/*
 * bench.h - what every benchmark needs: a clock, memory or the end, figures, other processes' use.
 *
 * Owns the one form in which figures leave a program: a line of JSON on standard output. Everything
 * for people goes to standard error. Knows nothing of what is measured.
 */
#ifndef COUNCIL_TESTS_BENCH_H
#define COUNCIL_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Nanoseconds of the monotonic clock, and milliseconds of the wall clock. */
uint64_t bench_now_ns(void);
uint64_t bench_wall_ms(void);

/* Says why on standard error and exits with 1. */
_Noreturn void bench_die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Progress for people. */
void bench_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Zeroed memory of n bytes, never NULL; and as realloc. Owned by the caller: free. */
void *bench_alloc(size_t n);
void *bench_realloc(void *memory, size_t n);

/* What a figure is of: `system` is councild or a ceiling's name, `ack` says what an acknowledgement
 * guarantees. Borrowed. */
struct bench_source {
    const char *system, *ack;
};
/* {"figure":...,"system":...,"value":...,"unit":...,"ack":...}: none of the strings needs escaping. */
void bench_figure(const struct bench_source *source, const char *figure, double value,
                  const char *unit);

/* Sorts `values` and returns the one that a share p (0..1) of them does not exceed; 0 of none. */
uint64_t bench_percentile(uint64_t *values, size_t n, double p);

/* Processor time that a process has had, in nanoseconds (to a tick of the kernel's, 10 ms); pid 0 is
 * this one. */
uint64_t bench_cpu_ns(int pid);
/* Processor time that the whole machine has spent on anything, to the same tick. */
uint64_t bench_busy_ns(void);
/* Bytes of user-space memory that a process shares with nobody. */
uint64_t bench_private_bytes(int pid);

/* Raises the limit of open files to what the system allows; dies if that is below `need`. */
void bench_need_files(uint32_t need);

#endif
