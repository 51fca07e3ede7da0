/*
 * session.c - the sync of this home: made with every log and open item, and kept in step with what other processes of the home do.
 *
 * Must not know what sync decides. Invariant: a log that the home holds is in sync, with the entries that are stored or more.
 */
#include "client/lib/pool_internal.h"
#include "client/lib/presence_internal.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef COUNCIL_VERSION
#define COUNCIL_VERSION "0.1.0"
#endif

const struct sync_replica *session_replica(struct client *client,
                                           const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sync_log_view view;

    return client->sync != NULL && sync_log_view(client->sync, log, &view) ? view.replica : NULL;
}

static enum council_error add_row(struct client *client, const struct row_log *row)
{
    struct sync_replica replica;
    enum council_error error = rows_replica(&client->home, row, &replica);

    if (error != COUNCIL_OK)
        return client_home_failed(client, error);
    error = sync_log_add(client->sync, &replica);
    if (error != COUNCIL_OK) {
        sync_replica_fini(&replica);
        return error;
    }
    error = report_recall(client, row);
    return error == COUNCIL_OK ? COUNCIL_OK : client_home_failed(client, error);
}

enum council_error session_add_log(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct row_log row;
    struct sync_log_view view;
    bool found = false;

    if (sync_log_view(client->sync, log, &view))
        return COUNCIL_OK;
    enum council_error error = rows_log(&client->home, log, &row, &found);

    return error == COUNCIL_OK ? add_row(client, &row) : client_home_failed(client, error);
}

/* Own member log first: pins are checked against it. */
static enum council_error add_all(struct client *client)
{
    struct row_log *rows = NULL;
    uint32_t count = 0;
    enum council_error error =
        client->me.state == IDENTITY_RECOVERING || client->me.state == IDENTITY_REGISTERING
            ? COUNCIL_OK
            : session_add_log(client, client->me.member);

    if (error == COUNCIL_OK)
        error = rows_logs(&client->home, &rows, &count);
    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++)
        error = session_add_log(client, rows[i].log);
    free(rows);
    return error;
}

enum council_error session_start(struct client *client, enum sync_purpose purpose)
{
    struct sync_config config = {
        .ops = &client_ops,
        .ctx = client,
        .client = "council/" COUNCIL_VERSION,
        .server_known = client->me.server_known,
        .purpose = purpose,
        .duty_step_ms = DUTY_STEP_MS,
        .bring = client->moving != NULL,
    };
    const uint8_t *device = client->me.device;

    session_end(client);
    if (net_address(&client->address, client->me.url) != COUNCIL_OK)
        return client_fail(client, COUNCIL_E_BAD_INPUT, "no server address: %s", client->me.url);
    if (purpose == SYNC_LOGIN_RECOVERY)
        device = client->keyring->recovery.sign + COUNCIL_SEED_BYTES;
    randombytes_buf(config.seed, sizeof config.seed);
    config.origin = client->address.origin;
    memcpy(config.server, client->me.server, COUNCIL_KEY_BYTES);
    memcpy(config.member, client->me.member, COUNCIL_KEY_BYTES);
    memcpy(config.device, device, COUNCIL_KEY_BYTES);
    enum council_error error = sync_create(&client->sync, &config);

    sodium_memzero(config.seed, sizeof config.seed);
    if (error == COUNCIL_OK) /* before anything has a deadline */
        sync_tick(client->sync, client_monotonic_ms());
    if (error == COUNCIL_OK)
        error = add_all(client);
    if (error == COUNCIL_OK && client->me.state == IDENTITY_READY && client->moving == NULL)
        error = outbox_load(client, 0);
    if (error == COUNCIL_OK && client->holds_duties)
        sync_duties(client->sync, true);
    if (error == COUNCIL_OK && client->wanted)
        sync_start(client->sync);
    if (error != COUNCIL_OK)
        session_end(client);
    return error;
}

void session_end(struct client *client)
{
    join_end_all(client);
    presence_offline(client);
    pool_offline(client);
    sync_destroy(client->sync);
    client->sync = NULL;
    memset(client->calls, 0, sizeof client->calls);
    memset(client->duties, 0, sizeof client->duties);
    client->item_count = 0;
    client->deferred_count = 0;
    client->list_due = false;
    client->listed = false;
    client->waits_changed = false;
    client->gone_due = false;
    client->again_due = false;
    net_destroy(client->net);
    client->net = NULL;
}

/* Taken out and loaded again: the home has more than sync has. */
static enum council_error reload_log(struct client *client, const struct row_log *row)
{
    sync_log_remove(client->sync, row->log);
    return add_row(client, row);
}

enum council_error session_refresh(struct client *client)
{
    struct row_log *rows = NULL;
    uint32_t count = 0;
    bool online = sync_state(client->sync) == SYNC_READY;
    enum council_error error = rows_logs(&client->home, &rows, &count);

    for (uint32_t i = 0; i < count && error == COUNCIL_OK; i++) {
        struct sync_log_view view;

        if (!sync_log_view(client->sync, rows[i].log, &view))
            error = add_row(client, &rows[i]);
        else if (view.state == SYNC_LOG_STOPPED ? client->reload_due
                                                : !online && view.seq < rows[i].seq)
            error = reload_log(client, &rows[i]);
        if (rows[i].type == ROWS_JOURNAL && session_replica(client, rows[i].log) != NULL &&
            council_person(&session_replica(client, rows[i].log)->state.council,
                           client->me.member) != NULL)
            memcpy(client->me.journal, rows[i].log, COUNCIL_KEY_BYTES);
    }
    free(rows);
    if (error == COUNCIL_OK)
        outbox_check(client);
    if (error == COUNCIL_OK && client->me.state == IDENTITY_READY)
        error = outbox_load(client, 0);
    return error;
}
