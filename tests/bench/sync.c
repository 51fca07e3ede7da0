/*
 * sync.c - put in front of a server by LD_PRELOAD: how long fdatasync takes, or what a server would be without it.
 *
 * BENCH_SYNC=skip: fdatasync and fsync do nothing. BENCH_SYNC=FILE: they are timed, and at the process's end FILE gets a line of JSON
 * with the slowest thousandth and the slowest. Never part of the product: only the benchmarks load it.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    TIMES_MAX = 1 << 20
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t times[TIMES_MAX];
static size_t count;

static uint64_t now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static int call(const char *name, int fd)
{
    const char *how = getenv("BENCH_SYNC");
    int (*real)(int) = NULL;
    if (how != NULL && strcmp(how, "skip") == 0) {
        return 0;
    }
    *(void **)&real = dlsym(RTLD_NEXT, name);
    uint64_t since = now_ns();
    int result = real(fd);
    uint64_t took = now_ns() - since;
    (void)pthread_mutex_lock(&lock);
    times[count % TIMES_MAX] = took;
    count++;
    (void)pthread_mutex_unlock(&lock);
    return result;
}

int fdatasync(int fd)
{
    return call("fdatasync", fd);
}

int fsync(int fd)
{
    return call("fsync", fd);
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void say(FILE *file, const char *figure, uint64_t ns)
{
    (void)fprintf(file,
                  "{\"figure\":\"%s\",\"system\":\"fdatasync\",\"value\":%.3f,\"unit\":\"ms\","
                  "\"ack\":\"what the disk took meanwhile\"}\n",
                  figure, (double)ns / 1e6);
}

__attribute__((destructor)) static void tell(void)
{
    const char *how = getenv("BENCH_SYNC");
    size_t n = count < TIMES_MAX ? count : TIMES_MAX;
    FILE *file = how != NULL && strcmp(how, "skip") != 0 && n > 0 ? fopen(how, "we") : NULL;
    if (file == NULL) {
        return;
    }
    qsort(times, n, sizeof *times, by_value);
    say(file, "sync_p50", times[n / 2]);
    say(file, "sync_p999", times[(size_t)((double)n * 0.999)]);
    say(file, "sync_worst", times[n - 1]);
    (void)fclose(file);
}
