/*
 * step.c - one turn of the loop: the time, what came over the socket, what sync makes of it, and what the shell owes it.
 *
 * Must not know what any message says. Invariant: sync hears tick, then events, then settle, and nothing runs while SQLite holds a lock.
 */
#include "client/lib/pool_internal.h"
#include "client/lib/presence_internal.h"

#include <poll.h>
#include <string.h>
#include <time.h>

enum {
    LIST_MS =
        20000, /* other devices of this member join and found councils, which nobody else tells this one */
    BURST_BYTES = 2 * 1024 * 1024, /* taken from the socket before it is settled */
    ATTEMPTS_MAX = 3               /* connections that failed in a row before a command gives up */
};

uint64_t client_monotonic_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* Hands over what came. Returns the bytes of it. */
static uint64_t hear(struct client *client)
{
    struct net_event event;
    uint64_t bytes = 0;

    for (net_next(client->net, &event); event.kind != NET_NOTHING; net_next(client->net, &event)) {
        switch (event.kind) {
        case NET_CONNECTED:
            sync_connected(client->sync);
            break;
        case NET_FRAME:
            bytes += event.len;
            sync_message(client->sync, event.text, event.len);
            break;
        case NET_CLOSED:
            client->attempts++;
            sync_disconnected(client->sync,
                              event.broken ? COUNCIL_E_BAD_REPLY : COUNCIL_E_NO_NETWORK);
            client->bad_replies += sync_trouble(client->sync) == COUNCIL_E_BAD_REPLY;
            break;
        case NET_NOTHING:
        default:
            break;
        }
    }
    return bytes;
}

static void wait_and_hear(struct client *client, uint64_t timeout_ms)
{
    uint64_t burst = 0;

    if (client->net == NULL) {
        (void)poll(NULL, 0, timeout_ms > INT32_MAX ? INT32_MAX : (int)timeout_ms);
        return;
    }
    net_service(client->net, timeout_ms);
    /* A backlog comes in many frames: as many as are there make one transaction. */
    for (uint64_t bytes = hear(client); bytes > 0 && burst < BURST_BYTES; bytes = hear(client)) {
        burst += bytes;
        net_service(client->net, 0);
    }
}

/* ---- what is owed after a turn ---- */

static void on_list(struct client *client, void *ctx, enum council_error error,
                    const json_t *result, const struct council_rpc_failure *failure)
{
    (void)ctx;
    (void)failure;
    if (error != COUNCIL_OK) {
        client->list_due = error == COUNCIL_E_TIMEOUT;
        client->listed = client->listed || !client->list_due;
        return;
    }
    /* Taken in after the turn: a log cannot be added from inside an answer. */
    client->list_came = json_deep_copy(json_object_get(result, "logs"));
}

/* A subscription ends with a stay: where another device of this member began a new one, the log is taken anew. */
static void take_stay(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct sync_log_view view;
    const struct council *council = client_council(client, log);
    const struct council_person *self =
        council == NULL ? NULL : council_person(council, client->me.member);

    if (self != NULL && !self->member && sync_log_view(client->sync, log, &view) &&
        (view.state == SYNC_LOG_REFUSED || (view.state == SYNC_LOG_LIVE && seq > view.seq)))
        sync_log_remove(client->sync, log);
}

/* Logs that the server has for us and the home has not: of another device, or from before a recovery. */
static void take_list(struct client *client)
{
    size_t index = 0;
    json_t *row = NULL;
    uint8_t log[COUNCIL_KEY_BYTES];

    json_array_foreach(client->list_came, index, row)
    {
        const char *type = council_rpc_string(row, "type", 16);
        bool good = type != NULL && council_rpc_bytes(row, "log", log, sizeof log);
        bool own = good && memcmp(log, client->me.member, sizeof log) == 0;
        uint64_t seq = 0;

        if (good && council_rpc_int(row, "seq", 0, COUNCIL_INT_MAX, &seq))
            take_stay(client, log, seq);
        if (good && (own || strcmp(type, "member") != 0) &&
            session_add_log(client, log) != COUNCIL_OK)
            client->trouble = COUNCIL_E_QUOTA;
    }
    json_decref(client->list_came);
    client->list_came = NULL;
    client->listed = true;
}

/* A writer waits for nobody: keys that are due, or an own pin, are brought by whoever wants to write. */
static void help_writers(struct client *client)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        const struct held *held = &client->items[i];
        bool asked = i > 0 && memcmp(held->log, held[-1].log, COUNCIL_KEY_BYTES) == 0;

        if (!held->direct && !asked)
            duty_help(client, held->log);
    }
}

static void look_around(struct client *client, uint64_t now)
{
    enum council_error error = COUNCIL_OK;
    bool reload = client->reload_due && now >= client->reload_at;

    if ((now >= client->look_at || reload) && client->moving == NULL) {
        client->look_at = now + WATCH_MS;
        if (home_changed(&client->home) || reload) {
            client->announce_due = true;
            pool_changed(client);
            error = session_refresh(client);
            client->reload_due = client->reload_due && !reload;
        }
        if (sync_state(client->sync) == SYNC_READY)
            help_writers(client);
    }
    if (error != COUNCIL_OK)
        client->trouble = error;
}

static void after_turn(struct client *client, uint64_t now)
{
    bool asked_long_ago = client->listed && now >= client->list_at && client->moving == NULL;

    if ((client->list_due || asked_long_ago) && sync_state(client->sync) == SYNC_READY) {
        client->listed = client->listed && !client->list_due;
        client->list_due = false;
        client->list_at = now + LIST_MS;
        if (client_call(client, COUNCIL_METHOD_COUNCIL_LIST, NULL, 0, on_list, NULL) != COUNCIL_OK)
            client->list_due = true;
    }
    if (client->list_came != NULL)
        take_list(client);
    if (client->again_due) {
        client->again_due = false;
        sync_log_remove(client->sync, client->again_log);
        if (session_add_log(client, client->again_log) != COUNCIL_OK)
            client->trouble = COUNCIL_E_HOME_IO;
    }
    if (client->gone_due) {
        const struct sync_replica *replica = session_replica(client, client->gone_log);

        client->gone_due = false;
        if (replica != NULL && replica->state.tail.seq == 0)
            sync_log_remove(client->sync, client->gone_log);
        outbox_check(client);
    }
    outbox_retry(client);
    presence_turn(client);
    pool_turn(client, now);
    look_around(client, now);
    if (client->outbox_more && sync_outbox_count(client->sync) < SYNC_OUTBOX_MAX / 2 &&
        outbox_load(client, 0) != COUNCIL_OK)
        client->trouble = COUNCIL_E_HOME_IO;
    announce(client);
}

enum council_error client_step(struct client *client, int timeout_ms)
{
    uint64_t now = client_monotonic_ms();
    uint64_t wait = timeout_ms < 0 ? 0 : (uint64_t)timeout_ms;

    if (client->sync == NULL)
        return COUNCIL_E_NO_HOME;
    sync_tick(client->sync, now);
    uint64_t next = sync_next_ms(client->sync);

    if (next <= now)
        wait = 0;
    else if (next - now < wait)
        wait = next - now;
    if (client->reload_due && wait > RELOAD_MS)
        wait = RELOAD_MS;
    wait_and_hear(client, wait);
    now = client_monotonic_ms();
    sync_tick(client->sync, now);
    sync_settle(client->sync);
    after_turn(client, now);
    enum council_error trouble = client->trouble;

    client->trouble = COUNCIL_OK;
    return trouble;
}

/* Nobody was there, or somebody who has to hear of this member from others first. */
static enum council_error gave_up(struct client *client)
{
    if (sync_trouble(client->sync) == COUNCIL_E_LOGIN_REFUSED)
        return client_fail(client, COUNCIL_E_LOGIN_REFUSED, "%s",
                           sync_report_what(SYNC_REPORT_LOGIN_WAITS));
    return client_fail(client, COUNCIL_E_NO_NETWORK, "%s: %s", client->me.url,
                       client->net == NULL ? "" : net_detail(client->net));
}

enum council_error client_run(struct client *client, bool (*done)(struct client *client, void *ctx),
                              void *ctx, uint64_t timeout_ms)
{
    uint64_t end = client_monotonic_ms() + timeout_ms;

    client->attempts = client->bad_replies = 0;
    while (!done(client, ctx)) {
        uint64_t now = client_monotonic_ms();
        bool online =
            sync_state(client->sync) == SYNC_READY || sync_state(client->sync) == SYNC_GREETED;

        if (now >= end)
            return online ? COUNCIL_E_TIMEOUT : COUNCIL_E_NO_NETWORK;
        if (client->wanted && client->bad_replies >= ATTEMPTS_MAX)
            return COUNCIL_E_BAD_REPLY;
        if (client->wanted && client->attempts >= ATTEMPTS_MAX)
            return gave_up(client);
        if (client->wanted && sync_state(client->sync) == SYNC_IDLE) {
            enum council_error why = sync_trouble(client->sync);

            if (why != COUNCIL_OK)
                return why;
        }
        enum council_error error = client_step(client, end - now > 100 ? 100 : (int)(end - now));

        if (error != COUNCIL_OK)
            return error;
    }
    return COUNCIL_OK;
}
