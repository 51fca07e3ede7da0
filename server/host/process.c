/*
 * process.c - clocks and what is set once for the whole process. See process.h.
 */
#include "server/host/process.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

enum {
    FILES_MAX =
        1 << 20 /* descriptors asked for at most: the library's tables are as large as the limit */
};

static uint64_t clock_ms(clockid_t clock)
{
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

uint64_t host_wall_ms(void)
{
    return clock_ms(CLOCK_REALTIME);
}

uint64_t host_mono_ms(void)
{
    return clock_ms(CLOCK_MONOTONIC);
}

void host_process_prepare(void)
{
    struct rlimit files;
    (void)umask(077);
#ifndef __SANITIZE_ADDRESS__ /* which looks into its own process at the end */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a full disk, not the end */
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < FILES_MAX ? files.rlim_max : FILES_MAX;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
}
