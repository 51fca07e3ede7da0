/*
 * zone.c - instants and local times, and the zones that were read.
 *
 * Owns what happens where a local time is skipped or comes twice, and the zones in memory. A zone is the system's own file (tzif.h), looked at again
 * whenever it is used: after an update of the system's time zones meetings keep their local times under the new rules, without a restart.
 * The folder is TZDIR where that is set, as it is for the C library.
 */
#include "protocol/schedule/zone.h"
#include "protocol/localtime.h"
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum {
    DAY_S = 24 * 60 * 60,
    ZONES_MAX = 64, /* in memory; the one that was used longest ago goes */
    ZONE_PATH_MAX = 512
};

struct kept {
    char name[SCHEDULE_ZONE_MAX + 1];
    struct tzif tzif;
    struct stat file;
    uint64_t used;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Under the lock. */
static struct kept *kept[ZONES_MAX];
static uint64_t uses;

static struct tzif_period utc_periods[] = {{INT64_MIN, 0}};
static const struct tzif utc = {
    .periods = utc_periods, .count = 1, .types = {{0, false, "UTC"}}, .type_count = 1};

void schedule_lock(void)
{
    (void)pthread_mutex_lock(&lock);
}

void schedule_unlock(void)
{
    (void)pthread_mutex_unlock(&lock);
}

/* NULL: there is none; *short_of, or the system had no room to open it. */
static FILE *open_zone(const char *name, struct stat *file, bool *short_of)
{
    static const char *const folders[] = {"/usr/share/zoneinfo", "/usr/lib/zoneinfo",
                                          "/usr/share/lib/zoneinfo", "/etc/zoneinfo"};
    const char *own = getenv("TZDIR");
    size_t count = own != NULL ? 1 : sizeof folders / sizeof folders[0];
    for (size_t i = 0; i < count; i++) {
        char path[ZONE_PATH_MAX];
        errno = 0;
        int n = snprintf(path, sizeof path, "%s/%s", own != NULL ? own : folders[i], name);
        FILE *found = n > 0 && n < ZONE_PATH_MAX ? fopen(path, "rbe") : NULL;
        *short_of =
            *short_of || (found == NULL && (errno == ENOMEM || errno == EMFILE || errno == ENFILE));
        if (found != NULL && fstat(fileno(found), file) == 0 && S_ISREG(file->st_mode))
            return found;
        if (found != NULL)
            (void)fclose(found);
    }
    return NULL;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* The place of that name, or one to be used for it. */
static struct kept **place_of(const char *name)
{
    struct kept **best = &kept[0];
    for (size_t i = 0; i < ZONES_MAX; i++) {
        if (kept[i] != NULL && strcmp(kept[i]->name, name) == 0)
            return &kept[i];
        if (*best != NULL && (kept[i] == NULL || kept[i]->used < (*best)->used))
            best = &kept[i];
    }
    return best;
}

/* NULL: *error says why. */
static struct kept *read_zone(const char *name, FILE *from, const struct stat *file,
                              enum council_error *error)
{
    struct kept *zone = calloc(1, sizeof *zone);
    *error = zone != NULL ? tzif_read(from, &zone->tzif) : COUNCIL_E_NO_MEMORY;
    if (*error != COUNCIL_OK) {
        free(zone);
        return NULL;
    }
    (void)snprintf(zone->name, sizeof zone->name, "%s", name);
    zone->file = *file;
    return zone;
}

const struct tzif *schedule_zone(const char *name)
{
    const struct tzif *zone = NULL;
    return schedule_zone_find(name, &zone) == COUNCIL_OK ? zone : NULL;
}

enum council_error schedule_zone_find(const char *name, const struct tzif **out)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+/-";
    size_t len = strnlen(name, SCHEDULE_ZONE_MAX + 1);
    struct stat file;
    bool short_of = false;
    enum council_error error = COUNCIL_OK;
    *out = NULL;
    /* A path is made of the name: nothing that leaves the folder of zones may reach it; and a zone has no more names than files. */
    if (len == 0 || len > SCHEDULE_ZONE_MAX || name[0] == '/' || strstr(name, "//") != NULL ||
        strspn(name, allowed) != len)
        return COUNCIL_E_BAD_INPUT;
    FILE *from = open_zone(name, &file, &short_of);
    if (from == NULL) {
        *out = strcmp(name, "UTC") == 0 ? &utc : NULL; /* also on a system without zones */
        error = short_of ? COUNCIL_E_NO_MEMORY : COUNCIL_E_BAD_INPUT;
        return *out != NULL ? COUNCIL_OK : error;
    }
    struct kept **place = place_of(name);
    bool known = *place != NULL && strcmp((*place)->name, name) == 0;
    if (!known || !same_file(&(*place)->file, &file)) {
        struct kept *zone = read_zone(name, from, &file, &error);
        if (zone != NULL) {
            if (*place != NULL)
                tzif_fini(&(*place)->tzif);
            free(*place);
            *place = zone;
            known = true;
        }
    }
    (void)fclose(from);
    if (!known)
        return error;
    (*place)->used = ++uses;
    *out = &(*place)->tzif;
    return COUNCIL_OK;
}

bool schedule_zone_known(const char *zone)
{
    schedule_lock();
    bool known = schedule_zone(zone) != NULL;
    schedule_unlock();
    return known;
}

bool schedule_local_read(const char *local, struct icaltimetype *out)
{
    size_t len = strnlen(local, COUNCIL_LOCAL_CHARS + 1);
    if (!council_local_valid(local, (uint32_t)len))
        return false;
    char text[sizeof("YYYYMMDDThhmmss")];
    int n = snprintf(text, sizeof(text), "%.4s%.2s%.2sT%.2s%.2s00", local, local + 5, local + 8,
                     local + 11, local + 14);
    *out = icaltime_from_string(text);
    return n == (int)sizeof(text) - 1 && icaltime_is_valid_time(*out) &&
           !icaltime_is_null_time(*out);
}

bool schedule_local_write(const struct icaltimetype *time, char out[SCHEDULE_LOCAL_CHARS + 1])
{
    if (time->year < 1970 || time->year > 9999)
        return false;
    char text[64];
    int n = snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d", time->year, time->month,
                     time->day, time->hour, time->minute);
    if (n != SCHEDULE_LOCAL_CHARS)
        return false;
    memcpy(out, text, SCHEDULE_LOCAL_CHARS + 1);
    return true;
}

int64_t schedule_offset(const struct tzif *zone, int64_t instant)
{
    return zone->types[zone->periods[tzif_period_at(zone, instant)].type].offset_s;
}

int64_t schedule_instant(const struct tzif *zone, struct icaltimetype local)
{
    /* As if it were UTC: the true instant is within a day of it, so the offsets a day before and after are those that can apply. */
    int64_t naive = icaltime_as_timet_with_zone(local, icaltimezone_get_utc_timezone());
    int64_t before = schedule_offset(zone, naive - DAY_S),
            after = schedule_offset(zone, naive + DAY_S);
    int64_t early = naive - (before > after ? before : after);
    int64_t late = naive - (before > after ? after : before);
    if (early + schedule_offset(zone, early) == naive)
        return early;
    if (late + schedule_offset(zone, late) == naive)
        return late;
    return zone->periods[tzif_period_at(zone, late)].at; /* skipped: the change itself */
}

struct icaltimetype schedule_floating(const struct tzif *zone, int64_t instant)
{
    instant += schedule_offset(zone, instant);
    struct icaltimetype time =
        icaltime_from_timet_with_zone((time_t)instant, 0, icaltimezone_get_utc_timezone());
    time.zone = NULL;
    return time;
}

enum council_error schedule_to_utc(const char *local, const char *zone, uint64_t *utc_ms)
{
    struct icaltimetype time;
    schedule_lock();
    const struct tzif *found = schedule_zone(zone);
    bool good = found != NULL && schedule_local_read(local, &time);
    int64_t instant = good ? schedule_instant(found, time) : -1;
    schedule_unlock();
    if (instant < 0)
        return COUNCIL_E_BAD_INPUT;
    *utc_ms = (uint64_t)instant * 1000;
    return COUNCIL_OK;
}

enum council_error schedule_to_local(uint64_t utc_ms, const char *zone,
                                     char out[SCHEDULE_LOCAL_CHARS + 1])
{
    const uint64_t year_10000_s = UINT64_C(253402300800);
    schedule_lock();
    const struct tzif *found = schedule_zone(zone);
    bool good = found != NULL && utc_ms / 1000 < year_10000_s;
    if (good) {
        struct icaltimetype time = schedule_floating(found, (int64_t)(utc_ms / 1000));
        good = schedule_local_write(&time, out);
    }
    schedule_unlock();
    return good ? COUNCIL_OK : COUNCIL_E_BAD_INPUT;
}
