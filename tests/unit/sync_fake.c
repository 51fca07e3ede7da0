/*
 * sync_fake.c - making the world of sync_fake.h, its clock and its network.
 */
#include "tests/unit/sync_fake.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* ---- making one ---- */

struct sync_config fake_config(struct fake *fake)
{
    struct sync_config config = {.ops = &fake_ops,
                                 .ctx = fake,
                                 .client = "fake/1",
                                 .origin = "https://example.org",
                                 .server_known = true,
                                 .purpose = SYNC_LOGIN_DEVICE};
    struct council_device device;
    fixture_random_bytes(&fake->random, config.seed, sizeof config.seed);
    memcpy(config.server, fake->server_key, sizeof config.server);
    memcpy(config.member, fixture_name(fixture_member(&fake->fixture, 0)), sizeof config.member);
    council_secrets_public(fake->device, &device);
    memcpy(config.device, device.sign, sizeof config.device);
    return config;
}

uint32_t fake_serve(struct fake *fake, struct fixture_log *log)
{
    if (fake->log_count == FAKE_LOGS)
        abort();
    fake->logs[fake->log_count] = (struct fake_log){.log = log, .visible = UINT64_MAX};
    return fake->log_count++;
}

uint32_t fake_serve_foreign(struct fake *fake, struct fixture_log *log)
{
    uint32_t index = fake_serve(fake, log);
    fake->logs[index].foreign = true;
    return index;
}

/* Loads only what the replica asks for, by the rule in replica.h. */
static void load(const struct fake_log *log, struct sync_replica *replica)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    uint64_t after = log->count > 257 ? log->count - 257 : 0;
    sync_replica_init(replica, log->log->entries[0].head);
    sync_replica_begin(replica, after, after ? log->rows[after - 1].head : zeros);
    for (uint32_t i = 0; i < log->count; i++) {
        const struct fake_row *row = &log->rows[i];
        if (i >= after || council_kind_has(row->kind, COUNCIL_FLAG_FOLDS)) {
            if (sync_replica_load(replica, i + 1, row->head, row->text, row->len, row->sig))
                abort();
        }
    }
    if (sync_replica_finish(replica, log->count,
                            log->count ? log->rows[log->count - 1].head : zeros))
        abort();
}

void fake_add_log(struct fake *fake, uint32_t index)
{
    struct sync_replica replica;
    load(&fake->logs[index], &replica);
    if (sync_log_add(fake->sync, &replica))
        abort();
}

void fake_init(struct fake *fake, const char *name, uint32_t members)
{
    memset(fake, 0, sizeof *fake);
    fixture_init(&fake->fixture, name);
    fixture_random_init(&fake->random, "fake");
    fixture_council_init(&fake->council);
    struct fixture_member *founder = fixture_member(&fake->fixture, 0);
    if (fixture_found(&fake->fixture, &fake->council, founder,
                      (struct fixture_policy){.fast = true, .history_all = true, .size = 8}))
        abort();
    for (uint32_t i = 1; i < members; i++)
        fixture_admit(&fake->fixture, &fake->council, founder, fixture_member(&fake->fixture, i));
    fake->device = &founder->devices[0];
    uint8_t seed[32];
    fixture_random_bytes(&fake->random, seed, sizeof seed);
    (void)crypto_sign_seed_keypair(fake->server_key, fake->server_secret, seed);
    memcpy(fake->origin, "https://example.org", sizeof "https://example.org");
    (void)fake_serve(fake, &fake->council.log);
    (void)fake_serve(fake, &founder->log);
    struct sync_config config = fake_config(fake);
    fake_restart(fake, &config);
}

static void drop_frames(struct fake_queue *queue)
{
    for (uint32_t i = 0; i < queue->count; i++)
        free(queue->frames[i].text);
    queue->count = 0;
}

void fake_restart(struct fake *fake, const struct sync_config *config)
{
    sync_destroy(fake->sync);
    drop_frames(&fake->up);
    drop_frames(&fake->down);
    fake_server_closed(fake);
    fake->open = fake->wants_close = fake->wants_connect = false;
    if (sync_create(&fake->sync, config))
        abort();
    sync_tick(fake->sync, fake->now);
    for (uint32_t i = 0; i < fake->log_count; i++) {
        if (config->purpose != SYNC_LOGIN_NONE && !fake->logs[i].foreign)
            fake_add_log(fake, i);
    }
}

void fake_fini(struct fake *fake)
{
    sync_destroy(fake->sync);
    drop_frames(&fake->up);
    drop_frames(&fake->down);
    for (uint32_t i = 0; i < fake->log_count; i++) {
        for (uint32_t j = 0; j < fake->logs[i].count; j++) {
            free(fake->logs[i].rows[j].text);
            free(fake->logs[i].rows[j].blob);
        }
        free(fake->logs[i].rows);
    }
    for (uint32_t i = 0; i < fake->item_count; i++) {
        free(fake->items[i].text);
        free(fake->items[i].data);
    }
    fixture_council_fini(&fake->council);
    fixture_fini(&fake->fixture);
}

/* ---- running ---- */

void fake_cut(struct fake *fake)
{
    fake->wants_close = true;
}

void fake_push(struct fake *fake, const char *text)
{
    fake_queue_put(&fake->down, text, (uint32_t)strlen(text));
}

static struct fake_queue take_queue(struct fake_queue *queue)
{
    struct fake_queue taken = *queue;
    queue->count = 0;
    return taken;
}

static bool carry(struct fake *fake)
{
    static struct fake_queue up, down; /* too large for a stack */
    up = take_queue(&fake->up);
    for (uint32_t i = 0; i < up.count; i++) {
        if (fake->open && !fake->wants_close)
            fake_server_frame(fake, up.frames[i].text, up.frames[i].len);
    }
    if (fake->open && !fake->wants_close)
        fake_server_pushes(fake);
    down = take_queue(&fake->down);
    for (uint32_t i = 0; i < down.count; i++) {
        if (fake->open)
            sync_message(fake->sync, down.frames[i].text, down.frames[i].len);
    }
    bool moved = up.count + down.count > 0;
    drop_frames(&up);
    drop_frames(&down);
    return moved;
}

void fake_run(struct fake *fake)
{
    bool moved = true;
    for (int turn = 0; moved; turn++) {
        if (turn > 10000)
            abort(); /* it never comes to rest */
        moved = false;
        sync_tick(fake->sync, fake->now);
        if (fake->wants_connect) {
            fake->wants_connect = false;
            fake->open = !fake->unreachable;
            moved = true;
            if (fake->open)
                sync_connected(fake->sync);
            else
                sync_disconnected(fake->sync, COUNCIL_E_NO_NETWORK);
        }
        moved = carry(fake) || moved;
        if (fake->wants_close) {
            fake->wants_close = fake->open = fake->wants_connect = false;
            drop_frames(&fake->up);
            drop_frames(&fake->down);
            fake_server_closed(fake);
            sync_disconnected(fake->sync, COUNCIL_E_NO_NETWORK);
            moved = true;
        }
        sync_settle(fake->sync);
        moved = moved || fake->up.count > 0 || sync_next_ms(fake->sync) <= fake->now;
    }
}

void fake_sleep(struct fake *fake, uint64_t ms)
{
    uint64_t end = fake->now + ms;
    fake_run(fake);
    while (fake->now < end) {
        uint64_t next = sync_next_ms(fake->sync);
        fake->now = next < end ? next : end;
        fake_run(fake);
    }
}

void fake_start(struct fake *fake)
{
    sync_start(fake->sync);
    fake_run(fake);
}

/* ---- asking ---- */

uint64_t fake_draft(struct fake *fake, const char *plain)
{
    if (fake->item_count == FAKE_ITEMS)
        abort();
    struct fake_item *item = &fake->items[fake->item_count++];
    item->item = fake->item_count;
    item->plain = plain;
    struct sync_item add = {.item = item->item,
                            .kind = plain ? COUNCIL_KIND_POST : COUNCIL_KIND_KEY_ROTATE};
    memcpy(add.log, fake->council.log.entries[0].head, sizeof add.log);
    if (sync_outbox_add(fake->sync, &add))
        abort();
    return item->item;
}

void fake_readd(struct fake *fake, uint64_t name)
{
    const struct fake_item *item = fake_item(fake, name);
    struct sync_item add = {.item = name,
                            .kind = item->plain ? COUNCIL_KIND_POST : COUNCIL_KIND_KEY_ROTATE,
                            .text = item->text,
                            .len = item->len,
                            .sig = item->sig,
                            .data = item->data,
                            .data_len = item->data_len};
    memcpy(add.log, fake->council.log.entries[0].head, sizeof add.log);
    if (sync_outbox_add(fake->sync, &add))
        abort();
}

uint32_t fake_reports(const struct fake *fake, enum sync_report_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake->report_count; i++)
        count += fake->reports[i] == kind;
    return count;
}

uint32_t fake_duties(const struct fake *fake, enum sync_duty_kind kind)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fake->duty_count; i++)
        count += fake->duties[i].kind == kind;
    return count;
}

struct sync_log_view fake_view(const struct fake *fake, uint32_t index)
{
    struct sync_log_view view;
    if (!sync_log_view(fake->sync, fake->logs[index].log->entries[0].head, &view))
        abort();
    return view;
}

uint32_t fake_entries_of_device(const struct fake *fake, enum council_kind kind)
{
    uint32_t count = 0;
    const struct fixture_log *log = fake->logs[0].log;
    for (uint32_t i = 0; i < log->count; i++)
        count += log->entries[i].kind == kind &&
                 memcmp(log->entries[i].author, fixture_name(fake->fixture.members[0]), 32) == 0;
    return count;
}
