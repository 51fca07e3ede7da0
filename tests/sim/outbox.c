/*
 * outbox.c - a client's outbox: from draft to acknowledged, as the shell keeps it. See client.h.
 *
 * Invariant: bytes are in the home before sync gets them; an item is settled once.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/sim/client.h"
#include "tests/sim/host.h"

bool sim_item_open(const struct sim_item *item)
{
    return item->state == SIM_ITEM_DRAFT || item->state == SIM_ITEM_SEALED;
}

struct sim_item *sim_item_find(const struct sim_client *client, uint64_t name)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        if (client->items[i]->item == name) {
            return client->items[i];
        }
    }
    abort(); /* nobody else names items */
}

struct sim_item *sim_item_new(struct sim_client *client, const struct sim_intent *intent)
{
    if (client->item_count == client->item_size) {
        client->item_size = client->item_size == 0 ? 16 : 2 * client->item_size;
        client->items = realloc(client->items, client->item_size * sizeof(struct sim_item *));
        if (client->items == NULL) {
            abort();
        }
    }
    struct sim_item *item = sim_alloc(sizeof *item);
    client->items[client->item_count++] = item;
    item->item = ++client->sim->items;
    item->intent = *intent;
    item->intent.created = sim_clock_now(client->sim, &client->clock);
    item->direct =
        intent->kind == COUNCIL_KIND_COUNCIL_CREATE || intent->kind == COUNCIL_KIND_MEMBER_JOIN;
    sim_trace(client->sim, "client %u drafts %s: item %llu", client->index,
              council_kind_info(intent->kind)->name, (unsigned long long)item->item);
    return item;
}

void sim_item_hand_over(struct sim_client *client, struct sim_item *item)
{
    struct sync_item add = {.item = item->item,
                            .kind = item->intent.kind,
                            .direct = item->direct,
                            .text = item->text,
                            .len = item->len,
                            .sig = item->sig,
                            .data = item->data,
                            .data_len = item->data_len};
    memcpy(add.log, item->intent.log, COUNCIL_KEY_BYTES);
    if (item->direct) {
        sim_client_add_log(client, add.log);
    }
    if (sync_outbox_add(client->sync, &add)) {
        abort();
    }
    item->held = true;
}

static void set_bytes(struct sim_item *item, struct fixture_entry *made)
{
    free(item->text);
    free(item->data);
    item->text = made->text;
    item->len = made->len;
    item->data = made->data;
    item->data_len = made->data_len;
    memcpy(item->sig, made->sig, sizeof item->sig);
    item->state = SIM_ITEM_SEALED;
    memset(made, 0, sizeof *made);
}

void sim_item_sealed(struct sim_client *client, struct sim_item *item, struct fixture_entry *made)
{
    set_bytes(item, made);
    sim_races_note(client, item);
    if (client->sync != NULL && item->held &&
        sync_outbox_signed(client->sync, item->item, item->text, item->len, item->sig, item->data,
                           item->data_len)) {
        abort();
    }
}

/* ---- signing ---- */

/* What passes by itself. An unknown device does in a council, whose pin will move; a member log says who is there. */
static bool waits(enum council_kind kind, enum council_error error)
{
    return error == COUNCIL_E_ROTATION_DUE || error == COUNCIL_E_NO_KEY ||
           error == COUNCIL_E_STALE ||
           (error == COUNCIL_E_UNKNOWN_DEVICE &&
            council_kind_info(kind)->log != COUNCIL_LOG_MEMBER);
}

static void drop(struct sim_client *client, struct sim_item *item)
{
    sync_outbox_drop(client->sync, item->item);
    item->state = SIM_ITEM_DROPPED;
    item->held = false;
}

static void sign(struct sim_client *client, struct sim_item *item, enum council_error why)
{
    struct fixture_entry made;
    const struct sync_replica *replica = sim_client_replica(client, item->intent.log);
    item->deferred = false;
    if (item->is_duty && !sync_duty_due(client->sync, &item->duty)) {
        drop(client, item);
        return;
    }
    struct sim_intent intent = item->intent;
    intent.created = why == COUNCIL_E_CLOCK_SKEW ? 0 : intent.created;
    enum council_error error = sim_sign(client, &intent, replica, &made);
    if (error == COUNCIL_OK) {
        sim_item_sealed(client, item, &made);
    } else if (item->is_duty) {
        sim_trace(client->sim, "client %u cannot do its duty: %s", client->index,
                  council_error_name(error));
        drop(client, item);
    } else if (waits(item->intent.kind, error)) {
        item->deferred = true;
        item->deferred_seq = replica != NULL ? replica->state.tail.seq : 0;
    } else {
        sim_item_refuse(client, item, error);
    }
}

void sim_outbox_sign(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES],
                     enum council_error why)
{
    struct sim_client *client = ctx;
    struct sim_item *item = sim_item_find(client, name);
    (void)log;
    if (!sim_item_open(item)) {
        sim_fail(client->sim, "client %u: settled item %llu is to be signed", client->index,
                 (unsigned long long)name);
    } else if (why == COUNCIL_OK && item->text != NULL) {
        sim_fail(client->sim, "client %u: item %llu has bytes and is signed as a draft",
                 client->index, (unsigned long long)name);
    } else if (item->intent.kind == COUNCIL_KIND_MEMBER_JOIN) {
        sim_join_begin(client, item);
    } else {
        sign(client, item, why);
    }
}

void sim_outbox_retry(struct sim_client *client)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        struct sim_item *item = client->items[i];
        const struct sync_replica *replica =
            item->deferred ? sim_client_replica(client, item->intent.log) : NULL;
        if (replica != NULL && replica->state.tail.seq != item->deferred_seq) {
            sign(client, item, COUNCIL_OK);
        }
    }
}

/* ---- settling ---- */

static void let_go(struct sim_item *item)
{
    item->held = false;
    item->deferred = false;
}

/* An own entry is in the log: with the very commit that stores it its item is done. */
void sim_item_came(struct sim_client *client, const uint8_t *log, const char *text, uint32_t len,
                   uint64_t seq)
{
    for (uint32_t i = 0; i < client->item_count; i++) {
        struct sim_item *item = client->items[i];
        if (sim_item_open(item) && item->text != NULL && item->len == len &&
            memcmp(item->intent.log, log, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(item->text, text, len) == 0) {
            item->state = SIM_ITEM_ACKED;
            item->seq = seq;
        }
    }
}

static void consequences(struct sim_client *client, const struct sim_item *item)
{
    struct sim *sim = client->sim;
    const struct sim_log *log = sim_home_log(client, item->intent.log);
    if (item->intent.kind == COUNCIL_KIND_INVITE_OPEN && log != NULL && item->seq <= log->count) {
        sim_invite_open(sim, item->intent.log, item->intent.seed, item->seq,
                        log->rows[item->seq - 1].head);
    }
    sim->counts->joins += item->intent.kind == COUNCIL_KIND_MEMBER_JOIN;
    sim->counts->leaves += item->intent.kind == COUNCIL_KIND_MEMBER_LEAVE;
    sim->counts->removes += item->intent.kind == COUNCIL_KIND_MEMBER_REMOVE;
    sim->counts->erases += item->intent.kind == COUNCIL_KIND_ERASE;
}

void sim_outbox_acked(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES], uint64_t seq)
{
    struct sim_client *client = ctx;
    struct sim_item *item = sim_item_find(client, name);
    const struct sync_replica *replica = sim_client_replica(client, log);
    sim_trace(client->sim, "client %u: item %llu is acknowledged as %llu", client->index,
              (unsigned long long)name, (unsigned long long)seq);
    if (item->state == SIM_ITEM_FAILED || item->state == SIM_ITEM_DROPPED ||
        (item->state == SIM_ITEM_ACKED && item->seq != seq)) {
        sim_fail(client->sim, "client %u: item %llu is settled twice", client->index,
                 (unsigned long long)name);
    }
    item->state = SIM_ITEM_ACKED;
    item->seq = seq;
    let_go(item);
    if (item->direct && replica != NULL && replica->state.tail.seq > 0) {
        memcpy(client->again, log, COUNCIL_KEY_BYTES);
        client->again_due = true;
    }
    consequences(client, item);
}

static void fail_one(struct sim_client *client, struct sim_item *item, enum council_error error)
{
    sim_trace(client->sim, "client %u: item %llu (%s) failed: %s", client->index,
              (unsigned long long)item->item, council_kind_info(item->intent.kind)->name,
              council_error_name(error));
    item->state = SIM_ITEM_FAILED;
    item->error = error;
    let_go(item);
    client->sim->counts->failed_items++;
    client->sim->counts->failed_with[error]++;
    for (uint32_t i = 0; i < SIM_COUNCILS && item->intent.kind == COUNCIL_KIND_COUNCIL_CREATE;
         i++) {
        struct sim_council *council = &client->sim->councils[i];
        if (memcmp(council->log, item->intent.log, COUNCIL_KEY_BYTES) == 0) {
            council->founded = false; /* by somebody else, or again */
        }
    }
}

bool sim_outbox_again(struct sim *sim)
{
    bool any = false;
    for (uint32_t i = 0; i < sim->client_count; i++) {
        struct sim_client *client = sim->clients[i];
        uint32_t count = client->life == SIM_READY && client->sync != NULL ? client->item_count : 0;
        for (uint32_t k = 0; k < count; k++) {
            struct sim_item *item = client->items[k];
            if (item->state == SIM_ITEM_FAILED && item->error == COUNCIL_E_CLOCK_SKEW &&
                !item->again && !item->is_duty &&
                item->intent.kind != COUNCIL_KIND_COUNCIL_CREATE && !item->gone) {
                item->again = any = true;
                struct sim_intent intent = item->intent;
                (void)sim_client_write(client, &intent);
            }
        }
    }
    return any;
}

/* Errors that come of what others did meanwhile; any other says that a client writes what it should not. */
static bool may_fail(const struct sim *sim, const struct sim_item *item, enum council_error error)
{
    static const enum council_error fair[] = {
        COUNCIL_E_NOT_MEMBER,     COUNCIL_E_NO_SUCH_MEMBER,  COUNCIL_E_NOT_MODERATOR,
        COUNCIL_E_LAST_MODERATOR, COUNCIL_E_ALREADY_MEMBER,  COUNCIL_E_INVITE_CLOSED,
        COUNCIL_E_COUNCIL_FULL,   COUNCIL_E_INVITE_REPEATED, COUNCIL_E_ALREADY_ERASED,
        COUNCIL_E_NOT_YOURS,      COUNCIL_E_NOT_FOUND,
    };
    for (size_t i = 0; i < sizeof fair / sizeof *fair; i++) {
        if (fair[i] == error) {
            return true;
        }
    }
    /* Whatever was signed while a clock was wrong is signed anew, but for a genesis: its bytes are the log's name. */
    bool skewed = error == COUNCIL_E_CLOCK_SKEW &&
                  (!sim->healed || item->intent.kind == COUNCIL_KIND_COUNCIL_CREATE);
    if (skewed || error == COUNCIL_E_INVITE_EXPIRED) {
        return sim->plan.clocks;
    }
    /* What the link names may be gone with those who held it. */
    if (item->intent.kind == COUNCIL_KIND_MEMBER_JOIN && error == COUNCIL_E_HISTORY_CHANGED) {
        return sim->host->restored;
    }
    /* Devices of one member that change their own log at the same time. */
    return council_kind_info(item->intent.kind)->log == COUNCIL_LOG_MEMBER &&
           (error == COUNCIL_E_UNKNOWN_DEVICE || error == COUNCIL_E_REVOKE_SELF);
}

void sim_outbox_failed(void *ctx, uint64_t name, const uint8_t log[COUNCIL_KEY_BYTES],
                       enum council_error error, const char *detail)
{
    struct sim_client *client = ctx;
    struct sim_item *item = sim_item_find(client, name);
    if (!sim_item_open(item)) {
        sim_fail(client->sim, "client %u: settled item %llu fails", client->index,
                 (unsigned long long)name);
        return;
    }
    fail_one(client, item, error);
    if (!may_fail(client->sim, item, error)) {
        sim_fail(client->sim, "client %u: item %llu (%s) failed: %s %s", client->index,
                 (unsigned long long)name, council_kind_info(item->intent.kind)->name,
                 council_error_name(error), detail);
    }
    /* A log that never came to be: what was queued behind its first entry is settled too. */
    const struct sync_replica *replica = sim_client_replica(client, log);
    if (item->direct && replica != NULL && replica->state.tail.seq == 0) {
        for (uint32_t i = 0; i < client->item_count; i++) {
            struct sim_item *other = client->items[i];
            if (sim_item_open(other) && memcmp(other->intent.log, log, COUNCIL_KEY_BYTES) == 0) {
                sync_outbox_drop(client->sync, other->item);
                fail_one(client, other, error);
                other->gone = true;
            }
        }
        memcpy(client->gone, log, COUNCIL_KEY_BYTES);
        client->gone_due = true;
    }
}

void sim_item_refuse(struct sim_client *client, struct sim_item *item, enum council_error error)
{
    sync_outbox_drop(client->sync, item->item);
    sim_outbox_failed(client, item->item, item->intent.log, error, "");
}

/* ---- duties ---- */

void sim_outbox_duty(void *ctx, const struct sync_duty *duty)
{
    static const enum council_kind kinds[] = {
        [SYNC_DUTY_ROTATE] = COUNCIL_KIND_KEY_ROTATE,
        [SYNC_DUTY_HISTORY] = COUNCIL_KIND_KEY_HISTORY,
        [SYNC_DUTY_PIN] = COUNCIL_KIND_MEMBER_DEVICES,
    };
    struct sim_client *client = ctx;
    struct sim_intent intent = {.kind = kinds[duty->kind], .from = duty->from, .to = duty->to};
    memcpy(intent.log, duty->log, COUNCIL_KEY_BYTES);
    memcpy(intent.who, duty->member, COUNCIL_KEY_BYTES);
    for (uint32_t i = 0; i < client->item_count; i++) {
        const struct sim_item *other = client->items[i];
        if (sim_item_open(other) && other->intent.kind == intent.kind &&
            memcmp(other->intent.log, intent.log, COUNCIL_KEY_BYTES) == 0 &&
            memcmp(other->intent.who, intent.who, COUNCIL_KEY_BYTES) == 0) {
            return;
        }
    }
    struct sim_item *item = sim_item_new(client, &intent);
    item->is_duty = true;
    item->duty = *duty;
    sim_item_hand_over(client, item);
}
