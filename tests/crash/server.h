/*
 * server.h - one councild as a process that is started, killed when a clock says so, and looked at afterwards.
 *
 * Owns the process and its folder. Must not know what is said to it. Invariant: the process dies with this one, and
 * whoever it is asked about was reaped.
 */
#ifndef COUNCIL_TESTS_CRASH_SERVER_H
#define COUNCIL_TESTS_CRASH_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct server {
    const char *program;
    char folder[128]; /* the data folder; its parent is removed by server_fini */
    pid_t pid;        /* 0: none */
    int ready;        /* where it says that it is ready */
};

void server_init(struct server *server, const char *program);
/* Removes the folder, so that the next start begins with nothing. */
void server_forget(struct server *server);
void server_fini(struct server *server);

/* Starts it; returns at once. */
void server_start(struct server *server);
/* The address, once it is ready. False: it ended before. */
bool server_url(struct server *server, char *url, uint32_t size);

/* SIGKILL in so many microseconds, or now. */
void server_kill_in(struct server *server, uint32_t us);
void server_kill(struct server *server);
/* Whether the kill was sent. */
bool server_killed(void);
/* Reaps; true if it died of SIGKILL and of nothing else. */
bool server_reap(struct server *server, int *status);

/* Runs the program's `verify` on the folder; its exit status, and what it printed. */
int server_verify(const struct server *server, char *out, uint32_t size);
/* The end of what it wrote to standard error. */
void server_log_tail(const struct server *server, char *out, uint32_t size);

#endif
