/*
 * log.c - lines are made where something happens and written by a thread of their own: where they go may be a pipe that
 * nobody empties, and the loop must not wait for it. See log.h.
 */
#include "server/host/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    EVENTS_MAX = 64
};

/* How often an event was logged in this window. */
struct counter {
    const char *event;
    uint64_t window;
    uint32_t lines, left_out;
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t more, written;
    pthread_t writer;
    bool running, stop, json;
    bool at_it; /* the writer has lines that are not written yet */
    _Atomic enum host_log_level least;
    const char *file; /* NULL: standard error */
    int fd;
    char waiting[HOST_LOG_BUFFER], writing[HOST_LOG_BUFFER];
    uint32_t len;
    uint64_t dropped;
    struct counter counters[EVENTS_MAX];
} log_state = {.lock = PTHREAD_MUTEX_INITIALIZER,
               .more = PTHREAD_COND_INITIALIZER,
               .written = PTHREAD_COND_INITIALIZER,
               .least = HOST_LOG_WARN,
               .json = false,
               .fd = STDERR_FILENO};

static const char *const level_names[] = {"debug", "info", "warn", "error"};

struct line {
    char text[HOST_LOG_LINE];
    uint32_t len;
};

__attribute__((format(printf, 2, 3))) static void put(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line->text + line->len, sizeof line->text - line->len, format, args);
    va_end(args);
    if (n > 0 && (uint32_t)n < sizeof line->text - line->len) {
        line->len += (uint32_t)n;
    }
}

/* A JSON string of what may be any bytes: whatever is not plain ASCII becomes a question mark. */
static void put_string(struct line *line, const char *string)
{
    char clean[HOST_LOG_LINE / 2];
    uint32_t n = 0;
    for (; string[n] != '\0' && n < sizeof clean - 1; n++) {
        char c = string[n];
        if (c < ' ' || c > '~' || c == '"' || c == '\\') {
            c = '?';
        }
        clean[n] = c;
    }
    clean[n] = '\0';
    put(line, "\"%s\"", clean);
}

static void put_field(struct line *line, const struct host_log_field *field)
{
    put(line, log_state.json ? ",\"%s\":" : " %s=", field->key);
    if (field->string != NULL) {
        put_string(line, field->string);
    } else {
        put(line, "%llu", (unsigned long long)field->number);
    }
}

static void put_line(struct line *line, enum host_log_level level, const char *event,
                     const struct host_log_field *fields)
{
    struct timespec now;
    struct tm utc;
    char stamp[32] = "";
    (void)clock_gettime(CLOCK_REALTIME, &now);
    if (gmtime_r(&now.tv_sec, &utc) != NULL) {
        (void)strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &utc);
    }
    line->len = 0;
    put(line,
        log_state.json ? "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\",\"event\":\"%s\""
                       : "%s.%03ldZ %s %s",
        stamp, now.tv_nsec / 1000000, level_names[level], event);
    /* Room is kept for the end of the line. */
    for (; fields != NULL && fields->key != NULL && line->len < sizeof line->text / 2; fields++) {
        if (fields->string == NULL || fields->string[0] != '\0') {
            put_field(line, fields);
        }
    }
    put(line, log_state.json ? "}\n" : "\n");
}

/* With the lock held, or by the writer, which looks up the descriptor with it. */
static void write_all(int fd, const char *bytes, uint32_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n <= 0) {
            return;
        }
        bytes += n;
        len -= (uint32_t)n;
    }
}

/* With the lock held. */
static void queue(enum host_log_level level, const char *event, const struct host_log_field *fields)
{
    struct line line;
    put_line(&line, level, event, fields);
    if (!log_state.running) {
        write_all(log_state.fd, line.text, line.len);
        return;
    }
    if (log_state.len + line.len > sizeof log_state.waiting) {
        log_state.dropped++;
        return;
    }
    memcpy(log_state.waiting + log_state.len, line.text, line.len);
    log_state.len += line.len;
    (void)pthread_cond_signal(&log_state.more);
}

static void tell_left_out(struct counter *counter)
{
    if (counter->left_out > 0) {
        const struct host_log_field fields[] = {HOST_LOG_S("of", counter->event),
                                                HOST_LOG_N("lines", counter->left_out),
                                                {NULL, NULL, 0}};
        counter->left_out = 0;
        queue(HOST_LOG_WARN, "log_left_out", fields);
    }
}

/* With the lock held. Whether one more line of the event is too much in this window. */
static bool too_much(const char *event)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t window =
        ((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000) / HOST_LOG_WINDOW_MS;
    struct counter *counter = NULL;
    for (unsigned i = 0; i < EVENTS_MAX; i++) {
        struct counter *one = &log_state.counters[i];
        if (one->event != NULL && one->window != window) {
            one->window = window;
            one->lines = 0;
            tell_left_out(one);
        }
        if (counter == NULL && (one->event == NULL || strcmp(one->event, event) == 0)) {
            counter = one;
        }
    }
    if (counter == NULL) {
        return false;
    }
    if (counter->event == NULL) {
        *counter = (struct counter){.event = event, .window = window};
    }
    if (counter->lines < HOST_LOG_BURST) {
        counter->lines++;
        return false;
    }
    counter->left_out++;
    return true;
}

void host_log(enum host_log_level level, const char *event, const struct host_log_field *fields)
{
    if (level < log_state.least) {
        return;
    }
    (void)pthread_mutex_lock(&log_state.lock);
    if (level == HOST_LOG_ERROR || !too_much(event)) {
        queue(level, event, fields);
    }
    (void)pthread_mutex_unlock(&log_state.lock);
}

static void *writer(void *unused)
{
    (void)unused;
    (void)pthread_mutex_lock(&log_state.lock);
    while (!log_state.stop || log_state.len > 0) {
        if (log_state.len == 0) {
            (void)pthread_cond_wait(&log_state.more, &log_state.lock);
            continue;
        }
        uint32_t len = log_state.len;
        memcpy(log_state.writing, log_state.waiting, len);
        log_state.len = 0;
        int fd = log_state.fd;
        log_state.at_it = true;
        (void)pthread_mutex_unlock(&log_state.lock);
        write_all(fd, log_state.writing, len);
        (void)pthread_mutex_lock(&log_state.lock);
        log_state.at_it = false;
        (void)pthread_cond_broadcast(&log_state.written);
        if (log_state.dropped > 0 && log_state.len == 0) {
            const struct host_log_field fields[] = {HOST_LOG_N("lines", log_state.dropped),
                                                    {NULL, NULL, 0}};
            log_state.dropped = 0;
            queue(HOST_LOG_WARN, "log_dropped", fields);
        }
    }
    (void)pthread_mutex_unlock(&log_state.lock);
    return NULL;
}

bool host_log_level_of(const char *name, enum host_log_level *out)
{
    for (unsigned i = 0; i < sizeof level_names / sizeof level_names[0]; i++) {
        if (strcmp(level_names[i], name) == 0) {
            *out = (enum host_log_level)i;
            return true;
        }
    }
    return false;
}

void host_log_set_level(enum host_log_level least)
{
    log_state.least = least;
}

bool host_log_reopen(void)
{
    if (log_state.file == NULL) {
        return true;
    }
    int fd = open(log_state.file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0) {
        return false;
    }
    (void)pthread_mutex_lock(&log_state.lock);
    if (log_state.fd == STDERR_FILENO) {
        log_state.fd = fd;
    } else {
        /* The writer may be at it: the old descriptor becomes the new file, in one step. */
        (void)dup3(fd, log_state.fd, O_CLOEXEC);
        close(fd);
    }
    (void)pthread_mutex_unlock(&log_state.lock);
    return true;
}

bool host_log_start(enum host_log_level least, bool json, const char *file)
{
    sigset_t all, before;
    log_state.least = least;
    log_state.json = json;
    log_state.stop = false;
    log_state.file = file;
    if (!host_log_reopen()) {
        return false;
    }
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    log_state.running = pthread_create(&log_state.writer, NULL, writer, NULL) == 0;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return true;
}

void host_log_stop(void)
{
    if (!log_state.running) {
        return;
    }
    (void)pthread_mutex_lock(&log_state.lock);
    log_state.stop = true;
    (void)pthread_cond_signal(&log_state.more);
    (void)pthread_mutex_unlock(&log_state.lock);
    (void)pthread_join(log_state.writer, NULL);
    log_state.running = false;
}

void host_log_flush(void)
{
    struct timespec until;
    int rc = 0;
    (void)clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += HOST_LOG_FLUSH_S;
    (void)pthread_mutex_lock(&log_state.lock);
    while (log_state.at_it && rc == 0) {
        rc = pthread_cond_timedwait(&log_state.written, &log_state.lock, &until);
    }
    if (rc != 0) {
        (void)pthread_mutex_unlock(&log_state.lock);
        return; /* nobody empties the pipe, and who calls wants to end */
    }
    write_all(log_state.fd, log_state.waiting, log_state.len);
    log_state.len = 0;
    (void)pthread_mutex_unlock(&log_state.lock);
}
