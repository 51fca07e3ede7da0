/*
 * clock.c - a preload that puts a process's clocks wherever a test wants them, while it runs: CLOCK_SHIFT=FILE.
 *
 * Owns nothing but the shift: FILE holds two numbers of 64 bits, milliseconds that the wall clock and the monotonic one are ahead. A test
 * changes them in place. Must never be part of a product. Invariant: without the variable the clocks are the system's.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *shift; /* wall, monotonic */

__attribute__((constructor)) static void open_shift(void)
{
    const char *path = getenv("CLOCK_SHIFT");
    int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        return;
    }
    void *map = mmap(NULL, 2 * sizeof *shift, PROT_READ, MAP_SHARED, fd, 0);
    shift = map != MAP_FAILED ? map : NULL;
    (void)close(fd);
}

static int64_t shift_of(clockid_t clock)
{
    bool wall = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE;
    bool mono = clock == CLOCK_MONOTONIC || clock == CLOCK_MONOTONIC_COARSE ||
                clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_BOOTTIME;
    return shift == NULL ? 0 : wall ? shift[0] : mono ? shift[1] : 0;
}

int clock_gettime(clockid_t clock, struct timespec *out)
{
    int status = (int)syscall(SYS_clock_gettime, clock, out);
    int64_t ms = shift_of(clock);
    if (status == 0 && ms != 0) {
        int64_t ns = out->tv_nsec + ms % 1000 * 1000000;
        out->tv_sec += ms / 1000 + (ns < 0 ? -1 : ns / 1000000000);
        out->tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    }
    return status;
}

int gettimeofday(struct timeval *restrict out, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    *out = (struct timeval){.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *out)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (out != NULL) {
        *out = now.tv_sec;
    }
    return now.tv_sec;
}

/* Who waits until a time by the shifted clock does not wait for the shift: the kernel's clocks are not ahead. */
int pthread_cond_timedwait(pthread_cond_t *restrict more, pthread_mutex_t *restrict lock,
                           const struct timespec *restrict until)
{
    struct timespec wall, mono, real = *until;
    (void)clock_gettime(CLOCK_REALTIME, &wall);
    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    /* A condition does not tell its clock; the one that is nearer is meant. */
    bool by_wall = llabs(until->tv_sec - wall.tv_sec) < llabs(until->tv_sec - mono.tv_sec);
    clockid_t clock = by_wall ? CLOCK_REALTIME : CLOCK_MONOTONIC;
    int64_t ms = shift_of(clock), ns = real.tv_nsec - ms % 1000 * 1000000;
    real.tv_sec -= ms / 1000 + (ns < 0 ? 1 : -(ns / 1000000000));
    real.tv_nsec = ns < 0 ? ns + 1000000000 : ns % 1000000000;
    return pthread_cond_clockwait(more, lock, clock, &real);
}
