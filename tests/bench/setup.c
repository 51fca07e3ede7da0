/*
 * setup.c - everything before the clock starts. See setup.h.
 */
#include "tests/bench/setup.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

enum {
    WINDOW = 256,       /* calls in flight */
    CHUNK = 512,        /* connections that enter together: a challenge lives for 30 s only */
    PATIENCE_MS = 20000 /* without any answer */
};

/* ---- rounds ---- */

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct setup *setup = ctx;
    struct world_seat *seat = world_seat_of(conn);
    struct council_rpc rpc;
    enum council_error error = council_rpc_parse(&rpc, text, len);
    if (error != COUNCIL_OK) {
        bench_die("the server sent what cannot be read: %s", council_error_name(error));
    }
    if (rpc.kind == COUNCIL_RPC_FAILURE) {
        bench_die("refused: %s (%s) %s", rpc.failure.name != NULL ? rpc.failure.name : "?",
                  rpc.failure.message != NULL ? rpc.failure.message : "",
                  rpc.failure.detail != NULL ? rpc.failure.detail : "");
    }
    if (rpc.kind == COUNCIL_RPC_RESULT && seat->call != 0 && rpc.id.number == seat->call) {
        seat->call = 0;
        setup->waiting--;
        if (setup->read != NULL) {
            setup->read(seat, rpc.result);
        }
    }
    council_rpc_fini(&rpc);
}

static void wait_until(struct setup *setup, uint32_t at_most)
{
    uint64_t since = bench_now_ns();
    uint32_t before = setup->waiting;
    while (setup->waiting > at_most) {
        wire_poll(setup->wire, 100000000u);
        if (setup->waiting != before) {
            before = setup->waiting;
            since = bench_now_ns();
        } else if (bench_now_ns() - since > PATIENCE_MS * UINT64_C(1000000)) {
            bench_die("no answer for %d s", PATIENCE_MS / 1000);
        }
    }
}

void setup_round(struct setup *setup, struct world_seat *const *seats, uint32_t n,
                 setup_write *write, setup_read *read)
{
    struct council_frame frame;
    council_frame_init(&frame, 0);
    setup->wire->on_message = on_message;
    setup->wire->ctx = setup;
    setup->read = read;
    for (uint32_t i = 0; i < n; i++) {
        uint64_t id = ++setup->next_id % WORLD_ANSWER_BASE + 1;
        council_frame_reset(&frame);
        if (!write(seats[i], &frame, id)) {
            continue;
        }
        if (council_frame_end(&frame) != COUNCIL_OK) {
            bench_die("a call is too large");
        }
        seats[i]->call = id;
        setup->waiting++;
        wire_send_text(&seats[i]->conn, council_frame_text(&frame), frame.len);
        wait_until(setup, WINDOW - 1);
    }
    wait_until(setup, 0);
    council_frame_fini(&frame);
}

/* ---- entering ---- */

static bool write_hello(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    randombytes_buf(seat->challenge.client_nonce, sizeof seat->challenge.client_nonce);
    council_rpc_write_call(frame, id, COUNCIL_METHOD_SERVER_HELLO);
    council_rpc_field_bytes(frame, "nonce", seat->challenge.client_nonce, COUNCIL_NONCE_BYTES);
    council_rpc_field_int(frame, "protocol", 1);
    council_rpc_field_string(frame, "client", "council-bench/1");
    return true;
}

static void read_hello(struct world_seat *seat, const json_t *result)
{
    struct council_challenge *challenge = &seat->challenge;
    uint8_t sig[COUNCIL_SIG_BYTES];
    const char *origin = council_rpc_string(result, "origin", COUNCIL_ORIGIN_MAX);
    if (origin == NULL ||
        !council_rpc_bytes(result, "server", challenge->server, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(result, "nonce", challenge->server_nonce, COUNCIL_NONCE_BYTES) ||
        !council_rpc_int(result, "expires", 0, COUNCIL_INT_MAX, &challenge->expires) ||
        !council_rpc_bytes(result, "sig", sig, sizeof sig)) {
        bench_die("a hello without what it must have");
    }
    memcpy(challenge->origin, origin, strlen(origin) + 1);
    if (!council_hello_verify(sig, challenge)) {
        bench_die("a hello that the server did not sign");
    }
}

static bool write_register(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct fixture_entry *entry = &seat->member->log.entries[0];
    council_rpc_write_call(frame, id, COUNCIL_METHOD_MEMBER_REGISTER);
    council_rpc_field_entry(frame, "entry", entry->text, entry->len, entry->sig, NULL, 0);
    return true;
}

static bool write_login(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    uint8_t sig[COUNCIL_SIG_BYTES];
    const struct council_device device = fixture_device(seat->member, 0);
    const uint8_t *member = fixture_name(seat->member);
    if (!council_login_sign(sig, seat->member->devices[0].sign, &seat->challenge, member,
                            "device")) {
        bench_die("a login cannot be signed");
    }
    council_rpc_write_call(frame, id, COUNCIL_METHOD_AUTH_LOGIN);
    council_rpc_field_bytes(frame, "device", device.sign, COUNCIL_KEY_BYTES);
    council_rpc_field_string(frame, "purpose", "device");
    council_rpc_field_bytes(frame, "sig", sig, sizeof sig);
    council_rpc_field_bytes(frame, "member", member, COUNCIL_KEY_BYTES);
    return true;
}

void setup_enter(struct setup *setup, struct world_seat *const *seats, uint32_t n, bool fresh)
{
    for (uint32_t from = 0; from < n; from += CHUNK) {
        uint32_t count = n - from < CHUNK ? n - from : CHUNK;
        for (uint32_t i = 0; i < count; i++) {
            wire_open(setup->wire, &seats[from + i]->conn, "/ws");
        }
        setup_round(setup, seats + from, count, write_hello, read_hello);
        if (fresh) {
            setup_round(setup, seats + from, count, write_register, NULL);
        }
        setup_round(setup, seats + from, count, write_login, NULL);
    }
}

/* ---- councils ---- */

static bool write_founding(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    struct world_council *council = world_council_of(&seat->conn);
    const struct fixture_entry *entry = &council->council.log.entries[council->found];
    if (memcmp(entry->author, fixture_name(seat->member), COUNCIL_KEY_BYTES) != 0) {
        return false;
    }
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(frame, "entry", entry->text, entry->len, entry->sig, NULL, 0);
    return true;
}

void setup_found(struct setup *setup, struct world *world)
{
    uint32_t n = 0;
    struct world_seat **seats = setup_seats(world, world->seats, &n);
    for (uint32_t step = 0; step < world->councils[0]->founding; step++) {
        for (uint32_t i = 0; i < world->count; i++) {
            world->councils[i]->found = step;
        }
        setup_round(setup, seats, n, write_founding, NULL);
    }
    free(seats);
}

static bool write_subscribe(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_SUBSCRIBE);
    council_rpc_field_bytes(frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(frame, "after", council->founding);
    return true;
}

void setup_subscribe(struct setup *setup, struct world_seat *const *seats, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        seats[i]->delivered = world_council_of(&seats[i]->conn)->founding;
    }
    setup_round(setup, seats, n, write_subscribe, NULL);
}

struct world_seat **setup_seats(const struct world *world, uint32_t per_council, uint32_t *n)
{
    struct world_seat **seats =
        bench_alloc((size_t)world->count * per_council * sizeof(struct world_seat *));
    *n = 0;
    for (uint32_t i = 0; i < world->count; i++) {
        for (uint32_t k = 0; k < per_council; k++) {
            seats[(*n)++] = &world->councils[i]->seats[k];
        }
    }
    return seats;
}
