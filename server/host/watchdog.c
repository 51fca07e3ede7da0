/*
 * watchdog.c - heartbeats and systemd. See watchdog.h.
 */
#include "server/host/watchdog.h"

#include <systemd/sd-daemon.h>

#include "server/host/metrics.h"

void host_heartbeat_busy(struct host_heartbeat *heart)
{
    atomic_store_explicit(&heart->since_us, host_mono_us(), memory_order_relaxed);
}

void host_heartbeat_idle(struct host_heartbeat *heart)
{
    atomic_store_explicit(&heart->since_us, 0, memory_order_relaxed);
}

uint64_t host_heartbeat_age_us(const struct host_heartbeat *heart, uint64_t now_us)
{
    uint64_t since = atomic_load_explicit(&heart->since_us, memory_order_relaxed);
    return since != 0 && now_us > since ? now_us - since : 0;
}

void host_watchdog_init(struct host_watchdog *watchdog)
{
    uint64_t allowed_us = 0;
    *watchdog = (struct host_watchdog){.every_us = 0};
    if (sd_watchdog_enabled(0, &allowed_us) > 0) {
        watchdog->every_us = allowed_us / 4;
        watchdog->patience_us = allowed_us / 2;
    }
}

bool host_watchdog_tick(struct host_watchdog *watchdog, uint64_t now_us, uint64_t age_us)
{
    if (watchdog->every_us == 0 || now_us < watchdog->next_us) {
        return true;
    }
    if (age_us > watchdog->patience_us) {
        bool said = watchdog->starving;
        watchdog->starving = true;
        return said;
    }
    watchdog->starving = false;
    watchdog->next_us = now_us + watchdog->every_us;
    (void)sd_notify(0, "WATCHDOG=1");
    return true;
}

void host_notify_ready(void)
{
    (void)sd_notify(0, "READY=1");
}

void host_notify_reloading(void)
{
    (void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)host_mono_us());
}

void host_notify_stopping(void)
{
    (void)sd_notify(0, "STOPPING=1");
}
