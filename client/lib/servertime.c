/*
 * servertime.c - what time it is for everybody: the server's clock, as it was last told, and the time that passed since.
 *
 * Must not know what the time is for. Invariant: between two hellos it runs as fast as time does, however often this machine's clock is set,
 * and while the machine sleeps.
 */
#include "client/lib/presence_internal.h"

#include <time.h>

static uint64_t passed_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void servertime_asked(struct client *client)
{
    client->hello_at = passed_ms();
}

void servertime_told(struct client *client, uint64_t unix_ms)
{
    uint64_t now = passed_ms();

    if (unix_ms == 0 || client->hello_at == 0 || now < client->hello_at)
        return;
    /* The answer was half a round trip old when it came. */
    client->server_at = now;
    client->server_ms = unix_ms + (now - client->hello_at) / 2;
}

bool client_server_clock(const struct client *client)
{
    return client->server_ms != 0;
}

uint64_t client_server_now_ms(const struct client *client)
{
    return client->server_ms != 0 ? client->server_ms + (passed_ms() - client->server_at)
                                  : client_now_ms();
}
