/*
 * fuzz_sync.c - what a server may answer: a client's sync against a server that is honest but for what the input says. Input: commands of one byte, some with a
 * piece.
 *
 * Every signature holds (the linker puts one that says yes before libsodium's), so that answers go as deep as a server with keys could bring them. The shell of sync_fake.h stops the
 * program where entries are stored out of order or an answer comes twice.
 */
#include "tests/fuzz/fuzz.h"
#include "tests/unit/sync_fake.h"

#include <stdlib.h>
#include <string.h>

enum {
    COMMANDS_MAX = 24,
    HEARD_ENOUGH = 200
};

static bool playing; /* the library is what it is until everything is set up */

int __real_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key);
int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key);
int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key)
{
    return playing ? 0 : __real_crypto_sign_verify_detached(sig, bytes, len, key);
}

static struct fake fake;
static struct fixture_random unused;
/* What is done to an honest frame on its way: the n-th from now is cut, or pieces of it are written over. */
static struct {
    uint32_t frames, at, len;
    uint8_t *bytes; /* owned */
    bool armed, cut;
} change;

void __real_sync_message(struct sync *sync, const char *text, uint32_t len);
void __wrap_sync_message(struct sync *sync, const char *text, uint32_t len);
void __wrap_sync_message(struct sync *sync, const char *text, uint32_t len)
{
    if (!change.armed || change.frames-- > 0) {
        __real_sync_message(sync, text, len);
        return;
    }
    char *copy = malloc(len + 1U);
    FUZZ_MUST(copy != NULL);
    memcpy(copy, text, len);
    uint32_t at = len > 0 ? change.at % len : 0;
    for (uint32_t i = 0; i < change.len && at + i < len; i++) {
        copy[at + i] = (char)change.bytes[i];
    }
    change.armed = false;
    __real_sync_message(sync, copy, change.cut ? at : len);
    free(copy);
}

void council_fuzz_init(void)
{
    fake_init(&fake, "fuzz", 3);
    unused = fake.random;
    if (fixture_post(&fake.fixture, &fake.council, fixture_member(&fake.fixture, 1),
                     "{\"type\":\"note\"}", 0)) {
        abort();
    }
    playing = true;
}

/* A new home, and the server as it was. */
static void begin(void)
{
    for (uint32_t i = 0; i < fake.log_count; i++) {
        struct fake_log *log = &fake.logs[i];
        for (uint32_t j = 0; j < log->count; j++) {
            free(log->rows[j].text);
            free(log->rows[j].blob);
        }
        log->count = log->batches = log->caught_up = log->offers = log->offered = 0;
        log->visible = UINT64_MAX;
        log->hold = log->recovering = log->spoken = false;
    }
    for (uint32_t i = 0; i < fake.item_count; i++) {
        free(fake.items[i].text);
        free(fake.items[i].data);
        memset(&fake.items[i], 0, sizeof fake.items[i]);
    }
    fake.item_count = fake.report_count = fake.duty_count = fake.call_count = 0;
    fake.silent = fake.hold_pushes = fake.twice = fake.recovers = false;
    fake.damage_seq = 0;
    fake.now = 0;
    fake.random = unused;
    /* A post that was accepted on the way stays in the server's log: it is as good a beginning as any. */
    struct sync_config config = fake_config(&fake);
    fake_restart(&fake, &config);
}

static void command(struct fuzz_in *in)
{
    uint32_t len;
    char *text;
    switch (fuzz_byte(in) % 8) {
    case 0:
    case 1:
        text = (char *)fuzz_piece(in, &len);
        fake_queue_put(&fake.down, text, len);
        free(text);
        break;
    case 2:
        fake.silent = !fake.silent;
        break;
    case 3:
        fake_sleep(&fake, fuzz_number(in) % 4096);
        break;
    case 4:
        fake_cut(&fake);
        break;
    case 5:
        change.frames = fuzz_byte(in) % 8;
        change.at = fuzz_number(in);
        change.cut = fuzz_byte(in) % 4 == 3;
        free(change.bytes);
        change.bytes = fuzz_piece(in, &change.len);
        change.armed = true;
        break;
    case 6:
        fake.logs[0].visible = fuzz_byte(in);
        fake.twice = fuzz_byte(in) % 2 == 1;
        break;
    default:
        fake.damage_seq = fuzz_byte(in);
        break;
    }
    fake_run(&fake);
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    change.armed = false;
    begin();
    sync_start(fake.sync);
    for (uint32_t i = 0; i < COMMANDS_MAX && in.left > 0 && fake.report_count < HEARD_ENOUGH &&
                         fake.duty_count < HEARD_ENOUGH && fake.call_count < HEARD_ENOUGH;
         i++) {
        command(&in);
    }
    change.armed = false;
    fake_run(&fake);
}
