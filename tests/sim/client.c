/*
 * client.c - a device's life: made, started from its home, turned, stopped, lost. See client.h.
 */
#include "tests/sim/client.h"

#include <stdlib.h>
#include <string.h>

#include "tests/sim/host.h"

enum {
    TRY_AGAIN_MS = 15000 /* after a login that was refused */
};

/* ---- effects ---- */

static void op_connect(void *ctx)
{
    struct sim_client *client = ctx;
    client->conn = sim_conn_open(client->sim, client);
}

static void op_send(void *ctx, const char *text, uint32_t len)
{
    struct sim_client *client = ctx;
    sim_conn_send_up(client->sim, client->conn, text, len);
}

static void op_close(void *ctx)
{
    struct sim_client *client = ctx;
    if (client->conn != NULL) {
        sim_conn_close_client(client->sim, client->conn);
        client->conn = NULL;
    }
    client->hung_up = true;
}

static bool op_sign_login(void *ctx, const struct council_challenge *challenge,
                          enum sync_purpose purpose, uint8_t sig[COUNCIL_SIG_BYTES])
{
    const struct sim_client *client = ctx;
    bool device = purpose == SYNC_LOGIN_DEVICE;
    const struct council_secrets *secrets = device ? &client->secrets : &client->person->recovery;
    return council_login_sign(sig, secrets->sign, challenge, device ? client->person->member : NULL,
                              device ? "device" : "recovery");
}

static void op_login(void *ctx, const uint8_t member[COUNCIL_KEY_BYTES])
{
    struct sim_client *client = ctx;
    if (memcmp(member, client->person->member, COUNCIL_KEY_BYTES) != 0) {
        sim_fail(client->sim, "client %u logs in as somebody else", client->index);
    }
    if (client->life == SIM_WAITING) {
        client->life = SIM_READY;
    }
    client->owns_log = true; /* from now on it is in sync */
    client->list_due = true;
    sim_trace(client->sim, "client %u is logged in", client->index);
}

static bool op_holds(void *ctx, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t epoch)
{
    const struct sim_log *held = sim_home_log(ctx, log);
    return held != NULL && epoch < SIM_EPOCHS && held->epochs[epoch].has_seed;
}

static void op_report(void *ctx, const struct sync_report *report)
{
    struct sim_client *client = ctx;
    sim_trace(client->sim, "client %u reports %s: %s at %llu %s", client->index,
              sync_report_name(report->kind), council_error_name(report->error),
              (unsigned long long)report->seq, report->detail);
    if (report->kind == SYNC_REPORT_LOGIN_REFUSED) {
        sim_client_refused(client);
    } else if (report->kind == SYNC_REPORT_STORE_FAILED) {
        client->reload_at = client->sim->now + 1000;
    } else if (report->error == COUNCIL_E_RECOVERY_ONLY && client->sim->host->restored) {
        /* The phrase brings back no log; its person tries again. */
        client->offline_until = client->sim->now + TRY_AGAIN_MS;
    } else if (!(report->kind == SYNC_REPORT_LOGIN_WAITS && client->sim->host->restored) &&
               !(report->kind == SYNC_REPORT_LOG_REFUSED && report->error == COUNCIL_E_NOT_FOUND)) {
        sim_fail(client->sim, "client %u reports %s: %s at %llu of log %s %s", client->index,
                 sync_report_name(report->kind), council_error_name(report->error),
                 (unsigned long long)report->seq,
                 report->log != NULL ? sim_short(report->log).text : "-", report->detail);
    }
}

static const struct sync_ops ops = {.connect = op_connect,
                                    .send = op_send,
                                    .close = op_close,
                                    .sign_login = op_sign_login,
                                    .login = op_login,
                                    .store_entries = sim_home_store,
                                    .facts = sim_home_facts,
                                    .held = sim_home_held,
                                    .holds = op_holds,
                                    .sign_item = sim_outbox_sign,
                                    .item_acked = sim_outbox_acked,
                                    .item_failed = sim_outbox_failed,
                                    .duty = sim_outbox_duty,
                                    .report = op_report,
                                    .call_result = sim_call_result};

/* ---- life ---- */

struct sim_client *sim_client_add(struct sim *sim, struct sim_person *person, enum sim_life life)
{
    struct sim_client *client = sim_alloc(sizeof *client);
    client->sim = sim;
    client->person = person;
    client->life = life;
    client->index = sim->client_count;
    client->device = person->client_count;
    client->has_recovery = life == SIM_RECOVERING;
    client->secrets = *sim_keys(person->index, client->device);
    council_secrets_public(&client->secrets, &client->keys);
    client->starts_at = sim->now;
    sim_clock_begin(sim, &client->clock);
    client->born_ms = sim_clock_now(sim, &client->clock);
    if (life == SIM_REGISTERING) {
        struct fixture_entry
            entry; /* its bytes are made again when they are sent: they follow from the keys */
        sim_sign_register(client, &entry);
        static const uint8_t zeros[COUNCIL_HASH_BYTES];
        council_entry_head(person->member, zeros, entry.text, entry.len, entry.sig);
        fixture_entry_fini(&entry);
    }
    sim->clients[sim->client_count++] = client;
    person->clients[person->client_count++] = client;
    return client;
}

void sim_client_stop(struct sim_client *client, uint64_t ms)
{
    sim_joins_end(client);
    if (client->conn != NULL) {
        sim_conn_close_client(client->sim, client->conn);
    }
    client->conn = NULL;
    client->hung_up = false;
    sync_destroy(client->sync);
    client->sync = NULL;
    client->list_due = client->listed = client->asked = client->recover_sent = false;
    client->again_due = client->gone_due = false;
    client->found_count = 0;
    client->reload_at = 0;
    for (uint32_t i = 0; i < client->item_count; i++) {
        struct sim_item *item = client->items[i];
        item->held = item->deferred = false;
        if (item->is_duty && sim_item_open(item)) {
            item->state = SIM_ITEM_DROPPED; /* duties live in memory: found anew */
        }
    }
    client->starts_at = client->sim->now + ms;
}

void sim_client_lose(struct sim_client *client)
{
    sim_trace(client->sim, "client %u is gone", client->index);
    sim_client_stop(client, 0);
    client->life = SIM_GONE;
    client->starts_at = SIM_NEVER;
}

void sim_client_free(struct sim_client *client)
{
    sim_joins_end(client);
    sync_destroy(client->sync);
    sim_home_free(client);
    free(client);
}

static void start(struct sim_client *client)
{
    struct sim *sim = client->sim;
    struct sync_config config = {.ops = &ops,
                                 .ctx = client,
                                 .client = "sim/1",
                                 .origin = "https://council.test",
                                 .server_known = true,
                                 .purpose = SYNC_LOGIN_DEVICE};
    memcpy(config.server, sim->host->key, sizeof config.server);
    memcpy(config.member, client->person->member, sizeof config.member);
    memcpy(config.device, client->keys.sign, sizeof config.device);
    fixture_random_bytes(&sim->random, config.seed, sizeof config.seed);
    if (client->life == SIM_REGISTERING) {
        config.purpose = SYNC_LOGIN_NONE;
    } else if (client->life == SIM_RECOVERING && !client->recovered) {
        struct council_device recovery;
        council_secrets_public(&client->person->recovery, &recovery);
        config.purpose = SYNC_LOGIN_RECOVERY;
        memset(config.member, 0, sizeof config.member);
        memcpy(config.device, recovery.sign, sizeof config.device);
    }
    if (sync_create(&client->sync, &config)) {
        abort();
    }
    sync_tick(client->sync, sim->now);
    if (client->owns_log) {
        sim_client_add_log(client, client->person->member);
    }
    for (uint32_t i = 0; i < client->log_count; i++) {
        sim_client_add_log(client, client->logs[i]->log);
    }
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (sim_item_open(client->items[i])) {
            sim_item_hand_over(client, client->items[i]);
        }
    }
    sync_duties(client->sync, true);
    sim_trace(sim, "client %u (person %u) starts", client->index, client->person->index);
    client->starts_at = 0;
}

void sim_client_add_log(struct sim_client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sync_log_view view;
    struct sync_replica replica;
    const struct sim_log *held = sim_home_log(client, log);
    if (sync_log_view(client->sync, log, &view)) {
        return;
    }
    if (held != NULL) {
        sim_home_load(held, &replica);
    } else {
        sync_replica_init(&replica, log);
    }
    if (sync_log_add(client->sync, &replica)) {
        abort();
    }
}

struct sim_item *sim_client_write(struct sim_client *client, const struct sim_intent *intent)
{
    struct sim_item *item = sim_item_new(client, intent);
    if (client->sync != NULL) {
        sync_tick(client->sync, client->sim->now);
        sim_item_hand_over(client, item);
    }
    return item;
}

const struct sync_replica *sim_client_replica(const struct sim_client *client,
                                              const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sync_log_view view;
    return client->sync != NULL && sync_log_view(client->sync, log, &view) ? view.replica : NULL;
}

const struct council *sim_client_council(const struct sim_client *client,
                                         const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct sync_replica *replica = sim_client_replica(client, log);
    return replica != NULL && replica->state.type == COUNCIL_LOG_IS_COUNCIL
               ? &replica->state.council
               : NULL;
}

/* ---- turns ---- */

uint64_t sim_client_next(const struct sim_client *client)
{
    if (client->sync == NULL) {
        return client->starts_at;
    }
    if (client->hung_up || client->again_due || client->gone_due || client->found_count > 0) {
        return client->sim->now;
    }
    uint64_t next = sync_next_ms(client->sync);
    if (client->offline_until > 0 && client->offline_until < next) {
        next = client->offline_until;
    }
    if (client->starts_at > 0 && client->starts_at < next && client->offline_until == 0) {
        next = client->starts_at;
    }
    if (client->reload_at > 0 && client->reload_at < next) {
        next = client->reload_at;
    }
    bool asks = client->listed && sync_state(client->sync) == SYNC_READY;
    next = asks && client->list_at < next ? client->list_at : next;
    if (client->recover_at > 0 && client->recover_at < next) {
        next = client->recover_at;
    }
    return next;
}

/* Whoever should be connected and is not tries again: a person would. */
static void keep_trying(struct sim_client *client)
{
    struct sim *sim = client->sim;
    bool idle = sync_state(client->sync) == SYNC_IDLE;
    if (client->offline_until > sim->now || !idle) {
        return;
    }
    client->offline_until = 0;
    if (sync_trouble(client->sync) == COUNCIL_E_LOGIN_REFUSED && client->starts_at == 0) {
        client->starts_at = sim->now + TRY_AGAIN_MS;
    } else if (client->starts_at <= sim->now) {
        client->starts_at = 0;
        sync_start(client->sync);
    }
}

static void reload(struct sim_client *client)
{
    client->reload_at = 0;
    for (uint32_t i = 0; i < client->log_count; i++) {
        struct sync_log_view view;
        if (sync_log_view(client->sync, client->logs[i]->log, &view) &&
            view.state == SYNC_LOG_STOPPED) {
            sync_log_remove(client->sync, client->logs[i]->log);
            sim_client_add_log(client, client->logs[i]->log);
        }
    }
    /* One that was empty has no rows yet. */
    for (uint32_t i = 0; i < client->item_count; i++) {
        struct sync_log_view view;
        const uint8_t *log = client->items[i]->intent.log;
        if (sync_log_view(client->sync, log, &view) && view.state == SYNC_LOG_STOPPED) {
            sync_log_remove(client->sync, log);
            sim_client_add_log(client, log);
        }
    }
    client->list_due = true;
}

/* A log that the server named. A subscription ends with a stay: where another device of the member began a new one, it is taken anew. */
static void take_found(struct sim_client *client, const uint8_t *log, uint64_t seq)
{
    const struct council *council = sim_client_council(client, log);
    const struct council_person *self =
        council != NULL ? council_person(council, client->person->member) : NULL;
    struct sync_log_view view;
    bool refused = sync_log_view(client->sync, log, &view) && view.state == SYNC_LOG_REFUSED;
    if (self != NULL && !self->member && (refused || seq > council->seq)) {
        sync_log_remove(client->sync, log);
    }
    sim_client_add_log(client, log);
}

static void after_turn(struct sim_client *client)
{
    if (client->again_due) {
        client->again_due = false;
        sync_log_remove(client->sync, client->again);
        sim_client_add_log(client, client->again);
    }
    if (client->gone_due) {
        const struct sync_replica *replica = sim_client_replica(client, client->gone);
        client->gone_due = false;
        if (replica != NULL && replica->state.tail.seq == 0) {
            sync_log_remove(client->sync, client->gone);
            client->list_due = true; /* another item, or another device, may have brought us in */
        }
    }
    while (client->found_count > 0) {
        client->found_count--;
        take_found(client, client->found[client->found_count].log,
                   client->found[client->found_count].seq);
    }
    if (client->reload_at > 0 && client->reload_at <= client->sim->now) {
        reload(client);
    }
    sim_calls_pump(client);
    sim_outbox_retry(client);
}

void sim_client_turn(struct sim_client *client)
{
    struct sim *sim = client->sim;
    if (client->sync == NULL) {
        start(client);
    }
    sync_tick(client->sync, sim->now);
    if (client->hung_up) {
        client->hung_up = false;
        sync_disconnected(client->sync, COUNCIL_E_NO_NETWORK);
    }
    if (client->offline_until > sim->now && sync_state(client->sync) != SYNC_IDLE) {
        sync_stop(client->sync);
    }
    keep_trying(client);
    sync_settle(client->sync);
    after_turn(client);
    if (client->refused) {
        client->refused = false;
        sim->counts->revoked++;
        sim_client_lose(client);
    }
}
