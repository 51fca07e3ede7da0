/*
 * metrics_system.c - what the system says of this process and of the disk with the data.
 *
 * Owns where those figures are read. Nothing here opens the database: sizes are its files'.
 */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "server/host/datadir.h"
#include "server/host/metrics.h"

uint64_t host_mono_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static uint64_t resident_bytes(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    if (file == NULL) {
        return 0;
    }
    bool good = fgets(line, sizeof line, file) != NULL;
    (void)fclose(file);
    const char *second =
        good ? strchr(line, ' ') : NULL; /* after the size of all: what is resident */
    uint64_t pages = second != NULL ? strtoull(second, NULL, 10) : 0;
    return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t open_descriptors(void)
{
    uint64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (folder == NULL) {
        return 0;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        count += entry->d_name[0] != '.';
    }
    (void)closedir(folder);
    return count > 0 ? count - 1 : 0; /* but for the one that was read */
}

static uint64_t micros(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000 + (uint64_t)time.tv_usec;
}

void host_metrics_of_process(struct host_metrics *metrics)
{
    struct rlimit files;
    struct rusage usage;
    host_metric_set(metrics, HOST_METRIC_RSS, resident_bytes());
    host_metric_set(metrics, HOST_METRIC_FDS, open_descriptors());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        host_metric_set(metrics, HOST_METRIC_FDS_MAX, files.rlim_cur);
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        host_metric_set(metrics, HOST_METRIC_CPU, micros(usage.ru_utime) + micros(usage.ru_stime));
    }
}

static uint64_t file_bytes(const char *data, const char *name)
{
    char path[HOST_PATH_MAX];
    struct stat at;
    bool there = host_datadir_file(data, name, path) && stat(path, &at) == 0;
    return there ? (uint64_t)at.st_size : 0;
}

void host_metrics_of_disk(struct host_metrics *metrics, const char *data)
{
    struct statvfs disk;
    host_metric_set(metrics, HOST_METRIC_STORE_BYTES, file_bytes(data, "council.db"));
    host_metric_set(metrics, HOST_METRIC_WAL_BYTES, file_bytes(data, "council.db-wal"));
    if (statvfs(data, &disk) == 0) {
        host_metric_set(metrics, HOST_METRIC_DISK_FREE, (uint64_t)disk.f_bavail * disk.f_frsize);
        host_metric_set(metrics, HOST_METRIC_DISK_SIZE, (uint64_t)disk.f_blocks * disk.f_frsize);
    }
}
