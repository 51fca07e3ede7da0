/*
 * duty.c - what sync finds to be due, as items of its outbox that live in memory alone.
 *
 * A duty is found anew after a restart and by every other process, so nothing of it is kept in the home. Must not decide what is due. Invariant: at most one
 * item for each duty; one that is no longer due when it is to be signed is dropped without a word.
 */
#include "client/lib/internal.h"

#include <string.h>

static const enum council_kind kinds[] = {
    [SYNC_DUTY_ROTATE] = COUNCIL_KIND_KEY_ROTATE,
    [SYNC_DUTY_HISTORY] = COUNCIL_KIND_KEY_HISTORY,
    [SYNC_DUTY_PIN] = COUNCIL_KIND_MEMBER_DEVICES,
};

static bool same(const struct sync_duty *a, const struct sync_duty *b)
{
    return a->kind == b->kind && memcmp(a->log, b->log, COUNCIL_KEY_BYTES) == 0 &&
           (a->kind != SYNC_DUTY_HISTORY || memcmp(a->member, b->member, COUNCIL_KEY_BYTES) == 0);
}

static struct duty_item *find(struct client *client, uint64_t item)
{
    for (uint32_t i = 0; i < DUTIES_MAX; i++) {
        if (item != 0 && client->duties[i].item == item)
            return &client->duties[i];
    }
    return NULL;
}

bool duty_pending(const struct client *client)
{
    for (uint32_t i = 0; i < DUTIES_MAX; i++) {
        if (client->duties[i].item != 0)
            return true;
    }
    return false;
}

/* True if the home's outbox has such an item itself: the first keys of a new council. */
static bool in_outbox(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                      enum council_kind kind)
{
    sqlite3_stmt *stmt = home_prepare(&client->home, HOME_OUTBOX_KIND);
    bool row = false;

    home_bind(stmt, 1, log, COUNCIL_KEY_BYTES);
    home_bind_text(stmt, 2, council_kind_info(kind)->name);
    bool there = home_step(&client->home, HOME_OUTBOX_KIND, &row) == COUNCIL_OK && row &&
                 home_column_int(stmt, 0) > 0;

    home_reset(&client->home, HOME_OUTBOX_KIND);
    return there;
}

void duty_due(void *ctx, const struct sync_duty *duty)
{
    struct client *client = ctx;
    struct duty_item *place = NULL;
    struct sync_item item = {.kind = kinds[duty->kind]};

    for (uint32_t i = 0; i < DUTIES_MAX; i++) {
        if (client->duties[i].item != 0 && same(&client->duties[i].duty, duty))
            return;
        if (client->duties[i].item == 0 && place == NULL)
            place = &client->duties[i];
    }
    if (place == NULL || in_outbox(client, duty->log, item.kind))
        return;
    place->duty = *duty;
    place->item = ((uint64_t)DUTY_ITEM_BASE << 20) + ++client->last_duty;
    item.item = place->item;
    memcpy(item.log, duty->log, COUNCIL_KEY_BYTES);
    if (sync_outbox_add(client->sync, &item) != COUNCIL_OK)
        place->item = 0; /* told again later */
}

/* The same fields as an intent of the outbox has. */
static json_t *intent_of(const struct sync_duty *duty, const uint8_t self[COUNCIL_KEY_BYTES])
{
    char name[COUNCIL_KEY_CHARS + 1];

    council_b64_encode(name, duty->kind == SYNC_DUTY_PIN ? self : duty->member, COUNCIL_KEY_BYTES);
    switch (duty->kind) {
    case SYNC_DUTY_PIN:
        return json_pack("{s:s}", "member", name);
    case SYNC_DUTY_HISTORY:
        return json_pack("{s:s, s:I, s:I}", "member", name, "from", (json_int_t)duty->from, "to",
                         (json_int_t)duty->to);
    case SYNC_DUTY_ROTATE:
    default:
        return json_object();
    }
}

bool duty_sign(struct client *client, uint64_t item)
{
    struct duty_item *place = find(client, item);
    struct signed_entry bytes = {0};
    enum council_error error = COUNCIL_E_BAD_INPUT;

    if (place == NULL)
        return false;
    if (sync_duty_due(client->sync, &place->duty)) {
        json_t *content = intent_of(&place->duty, client->me.member);
        const struct intent intent = {
            .kind = kinds[place->duty.kind],
            .log = place->duty.log,
            .content = content,
            .at = client_now_ms(),
            .replica = session_replica(client, place->duty.log),
        };

        error = intent_sign(client, &intent, &bytes);
        json_decref(content);
    }
    if (error == COUNCIL_OK)
        error = sync_outbox_signed(client->sync, item, bytes.text, bytes.len, bytes.sig, bytes.data,
                                   bytes.data_len);
    if (error != COUNCIL_OK) {
        sync_outbox_drop(client->sync, item);
        place->item = 0;
    }
    signed_entry_fini(&bytes);
    return true;
}

/* Names the entry with the wrong box to everybody, and so its author (protocol/README.md section 6.3). */
static void flag(struct client *client, const struct sync_duty *duty)
{
    json_t *intent =
        json_pack("{s:{s:s, s:I}}", "content", "type", "flag", "seq", (json_int_t)duty->seq);
    uint64_t item = 0;

    if (intent !=
        NULL) /* the keys are there either way, so a flag that cannot be written is no trouble */
        (void)!client_submit(client, duty->log, COUNCIL_KIND_POST, intent, &item);
    json_decref(intent);
}

bool duty_done(struct client *client, uint64_t item)
{
    const struct duty_item *place = find(client, item);

    if (place == NULL)
        return false;
    const struct sync_duty duty = place->duty;

    (void)duty_over(client, item);
    if (duty.kind == SYNC_DUTY_ROTATE && duty.seq != 0)
        flag(client, &duty);
    return true;
}

bool duty_over(struct client *client, uint64_t item)
{
    struct duty_item *place = find(client, item);

    if (place == NULL)
        return false;
    place->item = 0;
    return true;
}

void duty_help(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    struct sync_log_view view;
    struct sync_duty duty = {.kind = SYNC_DUTY_PIN};

    if (!sync_log_view(client->sync, log, &view) || view.state != SYNC_LOG_LIVE ||
        view.recovering || view.replica->state.type != COUNCIL_LOG_IS_COUNCIL)
        return;
    memcpy(duty.log, log, COUNCIL_KEY_BYTES);
    if (sync_duty_due(client->sync, &duty)) {
        duty_due(client, &duty);
        return;
    }
    duty.kind = SYNC_DUTY_ROTATE;
    if (sync_duty_due(client->sync, &duty))
        duty_due(client, &duty);
}
