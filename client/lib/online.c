/*
 * online.c - being connected, for callers: connect, wait for an item, synchronise, duties at the end of a command.
 *
 * Must not know how any of it is done. Invariant: what is waited for in vain stays in the outbox.
 */
#include "client/lib/pool_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

void client_connect(struct client *client)
{
    client->wanted = true;
    if (client->sync != NULL && sync_state(client->sync) == SYNC_IDLE) {
        /* Whatever took its time since the last step, such as an editor, is not the connection's. */
        sync_tick(client->sync, client_monotonic_ms());
        sync_start(client->sync);
    }
}

enum client_state client_state(const struct client *client)
{
    switch (client->sync == NULL ? SYNC_IDLE : sync_state(client->sync)) {
    case SYNC_CONNECTING:
    case SYNC_HELLO:
    case SYNC_GREETED:
    case SYNC_LOGIN:
        return CLIENT_CONNECTING;
    case SYNC_READY:
        return CLIENT_ONLINE;
    case SYNC_BACKOFF:
        return CLIENT_WAITING;
    case SYNC_IDLE:
    case SYNC_CLOSING:
    default:
        return CLIENT_OFFLINE;
    }
}

void client_wake(struct client *client)
{
    if (client->net != NULL)
        net_wake(client->net);
}

/* ---- waiting ---- */

static bool item_settled(struct client *client, void *ctx)
{
    const uint64_t *item = ctx;
    struct client_item state;

    return client_item(client, *item, &state) != COUNCIL_OK ||
           state.state == CLIENT_ITEM_ACKNOWLEDGED || state.state == CLIENT_ITEM_FAILED ||
           offered_item_waits(client, *item, state.log);
}

enum council_error client_wait(struct client *client, uint64_t item, int timeout_ms)
{
    struct client_item state;

    if (client->sync == NULL)
        return COUNCIL_E_NO_HOME;
    client_connect(client);
    enum council_error error =
        client_run(client, item_settled, &item, timeout_ms < 0 ? 0 : (uint64_t)timeout_ms);

    if (error != COUNCIL_OK)
        return error;
    error = client_item(client, item, &state);
    if (error == COUNCIL_OK && state.state == CLIENT_ITEM_FAILED)
        error = state.error;
    else if (error == COUNCIL_OK && state.state != CLIENT_ITEM_ACKNOWLEDGED)
        error = COUNCIL_E_RECOVERING;
    return error;
}

struct progress {
    void (*tell)(void *ctx, uint64_t stored);
    void *ctx;
    uint64_t from, told;
};

static bool all_settled(struct client *client, void *ctx)
{
    struct progress *progress = ctx;
    uint64_t stored = client->stored - progress->from;

    if (progress->tell != NULL && stored != progress->told) {
        progress->told = stored;
        progress->tell(progress->ctx, stored);
    }
    return client->listed && sync_caught_up(client->sync) &&
           (client->item_count == 0 ? !duty_pending(client) || client->waits_changed
                                    : offered_items_wait(client)) &&
           (!client->outbox_more || client->waits_changed);
}

static bool duties_over(struct client *client, void *ctx)
{
    const uint64_t *end = ctx;
    uint64_t now = client_monotonic_ms();

    if (now >= *end)
        return true;
    return !duty_pending(client) && !pool_busy(client) &&
           (client->item_count == 0 || offered_items_wait(client)) &&
           sync_caught_up(client->sync) && client->listed && sync_next_ms(client->sync) >= *end;
}

/* A command's share: whoever holds the lock, an agent, does all of it. */
static enum council_error do_duties(struct client *client, int duties_ms)
{
    bool held = client->holds_duties;
    uint64_t end = client_monotonic_ms() + (uint64_t)duties_ms;

    if (!client_take_duties(client))
        return COUNCIL_OK;
    pool_begin(client);
    sync_settle(client->sync);
    enum council_error error = client_run(client, duties_over, &end, (uint64_t)duties_ms + 1000);

    if (!held) {
        sync_duties(client->sync, false);
        (void)close(client->duties_fd);
        client->duties_fd = -1;
        client->holds_duties = false;
    }
    return error;
}

enum council_error client_sync(struct client *client, int timeout_ms, int duties_ms,
                               void (*progress)(void *ctx, uint64_t stored), void *ctx)
{
    struct progress state = {.tell = progress, .ctx = ctx, .from = client->stored};

    if (client->sync == NULL)
        return COUNCIL_E_NO_HOME;
    client_connect(client);
    enum council_error error =
        client_run(client, all_settled, &state, timeout_ms < 0 ? 0 : (uint64_t)timeout_ms);

    if (error == COUNCIL_OK && duties_ms > 0)
        error = do_duties(client, duties_ms);
    if (error == COUNCIL_OK)
        error = client_home_failed(client, recovery_finish(client));
    return error;
}

/* ---- duties ---- */

bool client_take_duties(struct client *client)
{
    char path[HOME_PATH_MAX];

    if (client->holds_duties)
        return true;
    if (client->sync == NULL || !home_path(&client->home, "duties.lock", path, sizeof path))
        return false;
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd < 0)
        return false;
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return false;
    }
    client->duties_fd = fd;
    client->holds_duties = true;
    sync_duties(client->sync, true);
    return true;
}
