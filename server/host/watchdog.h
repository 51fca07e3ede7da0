/*
 * watchdog.h - whether the threads of a server get on, and telling systemd so.
 *
 * Owns heartbeats and the datagrams of sd_notify(3). Must not know what the threads do. Invariant: the watchdog is fed by the loop's
 * thread alone, and only while no other thread has been at one thing for longer than half of the time that systemd allows.
 */
#ifndef COUNCIL_SERVER_HOST_WATCHDOG_H
#define COUNCIL_SERVER_HOST_WATCHDOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* When a thread began what it is at (microseconds of host_mono_us), or 0 while it waits for work. */
struct host_heartbeat {
    atomic_uint_fast64_t since_us;
};

/* The thread itself: it begins something, or waits. */
void host_heartbeat_busy(struct host_heartbeat *heart);
void host_heartbeat_idle(struct host_heartbeat *heart);
/* Any thread: microseconds that it has been at one thing; 0 while it waits. */
uint64_t host_heartbeat_age_us(const struct host_heartbeat *heart, uint64_t now_us);

struct host_watchdog {
    uint64_t every_us;    /* how often systemd is fed; 0: it does not watch */
    uint64_t patience_us; /* for one thing */
    uint64_t next_us;
    bool starving; /* it was said that the watchdog is not fed any more */
};

/* Looks at what systemd asks for in the environment. */
void host_watchdog_init(struct host_watchdog *watchdog);
/* On the loop's thread, a few times a second: `age_us` is the oldest that any thread is at. Feeds when it is time. False, once, when it
 * stops feeding because of that thread. */
bool host_watchdog_tick(struct host_watchdog *watchdog, uint64_t now_us, uint64_t age_us);

/* READY=1, RELOADING=1 (with MONOTONIC_USEC), STOPPING=1; nothing where systemd does not listen. */
void host_notify_ready(void);
void host_notify_reloading(void);
void host_notify_stopping(void);

#endif
