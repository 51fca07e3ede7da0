/*
 * bench.c - figures and what /proc says of a process. See bench.h.
 */
#include "tests/bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

void bench_die(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("bench: ", stderr);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vfprintf(stderr, format, args);
    (void)fputs("\n", stderr);
    va_end(args);
    exit(1);
}

void bench_say(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)fputs("  ", stderr);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vfprintf(stderr, format, args);
    (void)fputs("\n", stderr);
    va_end(args);
}

void bench_figure(const struct bench_source *source, const char *figure, double value,
                  const char *unit)
{
    (void)printf(
        "{\"figure\":\"%s\",\"system\":\"%s\",\"value\":%.3f,\"unit\":\"%s\",\"ack\":\"%s\"}\n",
        figure, source->system, value, unit, source->ack);
    (void)fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

uint64_t bench_percentile(uint64_t *values, size_t n, double p)
{
    if (n == 0) {
        return 0;
    }
    qsort(values, n, sizeof *values, by_value);
    size_t at = (size_t)(p * (double)n);
    return values[at < n ? at : n - 1];
}

/* A whole small file of /proc, as text; false where it cannot be read. */
static bool read_proc(int pid, const char *name, char *out, size_t size)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%d/%s", pid > 0 ? pid : (int)getpid(), name);
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    size_t len = fread(out, 1, size - 1, file);
    out[len] = '\0';
    (void)fclose(file);
    return len > 0;
}

uint64_t bench_cpu_ns(int pid)
{
    char text[1024];
    enum {
        FIRST_TIME = 12, /* fields after the name, before user and system time (proc(5)) */
        TIMES = 2
    };
    if (!read_proc(pid, "stat", text, sizeof text)) {
        bench_die("no process %d", pid);
    }
    /* The name may hold anything, so the fields are counted from its closing bracket. */
    char *at = strrchr(text, ')');
    uint64_t times[TIMES] = {0};
    for (int field = 0; at != NULL && field < FIRST_TIME; field++) {
        at = strchr(at + 1, ' ');
    }
    for (int i = 0; at != NULL && i < TIMES; i++) {
        times[i] = strtoull(at, &at, 10);
    }
    if (at == NULL) {
        bench_die("cannot read the times of process %d", pid);
    }
    return (times[0] + times[1]) * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t bench_busy_ns(void)
{
    enum {
        FIELDS = 8, /* user nice system idle iowait irq softirq steal (proc(5)) */
        IDLE = 3,
        IOWAIT = 4
    };
    char text[256] = "";
    FILE *file = fopen("/proc/stat", "re");
    uint64_t ticks = 0;
    if (file == NULL || fgets(text, sizeof text, file) == NULL) {
        bench_die("cannot read /proc/stat");
    }
    (void)fclose(file);
    char *at = text + strlen("cpu");
    for (int i = 0; i < FIELDS; i++) {
        uint64_t value = strtoull(at, &at, 10);
        ticks += i == IDLE || i == IOWAIT ? 0 : value;
    }
    return ticks * (1000000000u / (uint64_t)sysconf(_SC_CLK_TCK));
}

uint64_t bench_private_bytes(int pid)
{
    static const char *const rows[] = {"\nPrivate_Clean:", "\nPrivate_Dirty:"};
    char text[4096];
    uint64_t sum = 0;
    if (!read_proc(pid, "smaps_rollup", text, sizeof text)) {
        bench_die("cannot read the memory of process %d", pid);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *row = strstr(text, rows[i]);
        sum += row != NULL ? strtoull(row + strlen(rows[i]), NULL, 10) : 0;
    }
    return sum * 1024;
}

void bench_need_files(uint32_t need)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        bench_die("no limit of files");
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur < need) {
        bench_die("%u open files are needed and %llu allowed: raise ulimit -Hn", need,
                  (unsigned long long)limit.rlim_cur);
    }
}
