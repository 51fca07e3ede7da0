/*
 * memory_sync.c - a client's sync before a fake server and shell, each with memory running out on the way.
 *
 * Server and shell are part of the test, and told of as in memory_core.c. Nothing that sync does is an act with an answer: it is let run, over as many connections as it
 * wants, and must come to the end that it comes to with memory. Where it stopped a log for want of memory, the shell does what it has to: it begins
 * anew with what was stored. What was stored is at all times a beginning of the server's log.
 */
#include <string.h>

#include "tests/crash/memory.h"
#include "tests/crash/tap.h"
#include "tests/unit/sync_fake.h"

enum {
    COUNCIL_LOG = 0,
    OWN_LOG = 1,
    POSTS = 3,
    LONG_MS = 200000 /* all that waits has been tried again by then */
};

static struct fake fake;
static uint64_t written; /* the item in the outbox; 0: none */

MEMORY_WRAP(sync_tick, (struct sync * sync, uint64_t now_ms), (sync, now_ms))
MEMORY_WRAP(sync_settle, (struct sync * sync), (sync))
MEMORY_WRAP(sync_start, (struct sync * sync), (sync))
MEMORY_WRAP(sync_connected, (struct sync * sync), (sync))
MEMORY_WRAP(sync_disconnected, (struct sync * sync, enum council_error why), (sync, why))
MEMORY_WRAP(sync_message, (struct sync * sync, const char *text, uint32_t len), (sync, text, len))

/* The shell's answer, from inside sign_item. */
enum council_error __real_sync_outbox_signed(struct sync *sync, uint64_t item, const char *text,
                                             uint32_t len, const uint8_t *sig, const uint8_t *data,
                                             uint32_t data_len);
enum council_error __wrap_sync_outbox_signed(struct sync *sync, uint64_t item, const char *text,
                                             uint32_t len, const uint8_t *sig, const uint8_t *data,
                                             uint32_t data_len);
enum council_error __wrap_sync_outbox_signed(struct sync *sync, uint64_t item, const char *text,
                                             uint32_t len, const uint8_t *sig, const uint8_t *data,
                                             uint32_t data_len)
{
    uint64_t depth = memory_swap_steady(0);
    enum council_error error =
        __real_sync_outbox_signed(sync, item, text, len, sig, data, data_len);
    (void)memory_swap_steady(depth);
    return error;
}

/*
 * jansson reads on where its buffer cannot grow, and leaves out a character without a word. To sync that is a server that says something else, and told of as that; here it is
 * spared, so that what is told is sync's own.
 */
json_t *__real_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error);
json_t *__wrap_json_loadb(const char *text, size_t len, size_t flags, json_error_t *error)
{
    bool spared = fake.sync != NULL;
    if (spared) {
        memory_steady();
    }
    json_t *read = __real_json_loadb(text, len, flags, error);
    if (spared) {
        memory_unsteady();
    }
    return read;
}

enum act {
    CATCH_UP,
    WRITE,
    OFFER
};

static void must(enum council_error error)
{
    if (error != COUNCIL_OK) {
        tap_die("the fixture: %s", council_error_name(error));
    }
}

static void post(uint32_t by)
{
    must(fixture_post(&fake.fixture, &fake.council, fixture_member(&fake.fixture, by),
                      "{\"type\":\"note\"}", 0));
}

static void make(uint32_t which)
{
    memory_steady();
    fake_init(&fake, "memory", 2);
    (void)fake_serve_foreign(&fake, &fixture_member(&fake.fixture, 1)->log);
    for (uint32_t i = 0; i < POSTS; i++) {
        post(i % 2);
    }
    if (which != CATCH_UP) {
        fake_start(&fake);
        fake_sleep(&fake, 1000);
    }
    if (which == OFFER) {
        fake.recovers = true;
        for (uint32_t i = 0; i < fake.log_count; i++) {
            fake.logs[i].recovering = true;
            fake.logs[i].visible = fake.logs[i].log->count;
        }
        fake.logs[COUNCIL_LOG].visible = fake.council.log.count - 2;
    }
    written = which == WRITE ? fake_draft(&fake, "{\"type\":\"note\"}") : 0;
    memory_unsteady();
}

static void drop(void)
{
    memory_steady();
    fake_fini(&fake);
    fake.sync = NULL;
    memory_unsteady();
}

static const char *told_wrong(void)
{
    for (uint32_t i = 0; i < fake.report_count; i++) {
        if (fake.report_errors[i] != COUNCIL_E_NO_MEMORY) {
            return sync_report_name(fake.reports[i]);
        }
    }
    return NULL;
}

static bool same(const struct fake_log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        const struct fake_row *row = &log->rows[i];
        bool boxes = council_kind_has(row->kind, COUNCIL_FLAG_BLOCK);
        if (memcmp(row->head, log->log->entries[i].head, COUNCIL_HASH_BYTES) != 0 ||
            (row->recipients > 0) != boxes) {
            return false;
        }
    }
    return true;
}

static bool whole(uint32_t index)
{
    const struct fake_log *log = &fake.logs[index];
    return log->count == log->log->count && fake_view(&fake, index).state == SYNC_LOG_LIVE;
}

static bool stopped(void)
{
    return fake_view(&fake, COUNCIL_LOG).state == SYNC_LOG_STOPPED ||
           fake_view(&fake, OWN_LOG).state == SYNC_LOG_STOPPED;
}

/* As another process of the home would, which has the item with the bytes that it had, if it had any. */
static void begin_anew(void)
{
    struct sync_config config = fake_config(&fake);
    fake_restart(&fake, &config);
    if (written != 0 && fake_item(&fake, written)->acked == 0) {
        fake_readd(&fake, written);
    }
}

static const char *wrong_with(uint32_t which)
{
    const struct fake_item *item = written != 0 ? fake_item(&fake, written) : NULL;
    uint32_t own = fake_entries_of_device(&fake, COUNCIL_KIND_POST);
    if (told_wrong() != NULL) {
        return told_wrong();
    }
    if (!same(&fake.logs[COUNCIL_LOG]) || !same(&fake.logs[OWN_LOG])) {
        return "what is stored is not what the server has";
    }
    if (!whole(COUNCIL_LOG) || !whole(OWN_LOG)) {
        return "it did not catch up";
    }
    if (item != NULL && (item->acked != 1 || item->failed > 0 || own != (POSTS + 1) / 2 + 1)) {
        return item->acked == 1 ? "what was written is there twice, or not"
                                : "what was written is not acknowledged";
    }
    return which != OFFER || (fake.logs[COUNCIL_LOG].visible == fake.council.log.count &&
                              fake.logs[COUNCIL_LOG].spoken && fake.logs[OWN_LOG].spoken)
               ? NULL
               : "the server did not get back what it lacks";
}

static enum memory_outcome run(uint32_t which)
{
    memory_steady();
    if (which == OFFER) {
        fake_cut(&fake);
    }
    fake_start(&fake);
    fake_sleep(&fake, LONG_MS);
    if (stopped() && told_wrong() == NULL) {
        begin_anew();
        fake_start(&fake);
        fake_sleep(&fake, LONG_MS);
    }
    memory_why = wrong_with(which);
    memory_unsteady();
    return memory_why == NULL ? MEMORY_OK : MEMORY_WRONG;
}

/* Bytes that do not fit: nothing of the item stays, and it is taken later. */
static enum memory_outcome run_add(uint32_t which)
{
    static const uint8_t sig[COUNCIL_SIG_BYTES] = {1}, data[100] = {2};
    struct sync_item add = {.item = 77,
                            .kind = COUNCIL_KIND_POST,
                            .text = "{}",
                            .len = 2,
                            .sig = sig,
                            .data = data,
                            .data_len = sizeof data};
    (void)which;
    return memory_outcome(council_error_name(sync_outbox_add(fake.sync, &add)));
}

static void digest(uint8_t out[MEMORY_DIGEST])
{
    uint32_t count = sync_outbox_count(fake.sync);
    memcpy(out, &count, sizeof count);
}

static const struct memory_script scripts[] = {
    {.name = "catch up", .which = CATCH_UP, .make = make, .drop = drop, .run = run},
    {.name = "write", .which = WRITE, .make = make, .drop = drop, .run = run},
    {.name = "bring back", .which = OFFER, .make = make, .drop = drop, .run = run},
    {.name = "into the outbox",
     .which = CATCH_UP,
     .make = make,
     .drop = drop,
     .run = run_add,
     .digest = digest},
};

const struct memory_group memory_sync = {"sync", scripts, sizeof scripts / sizeof *scripts};
