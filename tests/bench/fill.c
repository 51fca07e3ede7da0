/*
 * fill.c - a long log for a real client: found a council, print an invite's link, follow what happens
 * until a line comes on standard input, then write notes as fast as they are taken.
 *
 * Owns the founder's reader: it folds what others append, and opens the epochs they bring, because
 * its notes must be readable to whoever joined.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "protocol/keys.h"
#include "tests/bench/load.h"

static void must(enum council_error error, const char *what)
{
    if (error != COUNCIL_OK) {
        bench_die("%s: %s", what, council_error_name(error));
    }
}

/* The seed of a new epoch, where this entry brings one. */
static void learn_epoch(struct world_council *council, const struct fixture_entry *appended)
{
    struct council_entry entry;
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint64_t epoch = fixture_fold(&council->council)->epoch;
    must(council_entry_parse(&entry, appended->text, appended->len), "an entry");
    if (entry.kind == COUNCIL_KIND_MEMBER_JOIN || entry.kind == COUNCIL_KIND_MEMBER_DEVICES ||
        entry.kind == COUNCIL_KIND_KEY_ROTATE) {
        must(
            council_epoch_open(&entry, &council->seats[0].member->devices[0], false, NULL, 0, seed),
            "an epoch's box");
        memcpy(council->council.seeds[epoch], seed, sizeof seed);
    }
    council_entry_fini(&entry);
}

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct world_council *council = world_council_of(conn);
    struct council_rpc rpc;
    struct council_wire_entry wire;
    (void)ctx;
    must(council_rpc_parse(&rpc, text, len), "a message");
    if (rpc.kind == COUNCIL_RPC_NOTIFICATION &&
        rpc.notification == COUNCIL_NOTIFICATION_LOG_ENTRY) {
        struct fixture_log *log = &council->council.log;
        must(council_rpc_entry(rpc.params, &wire), "an entry");
        struct fixture_entry entry = {.text = bench_alloc((size_t)wire.len + 1),
                                      .len = wire.len,
                                      .data = wire.data,
                                      .data_len = wire.data_len};
        memcpy(entry.text, wire.text, wire.len);
        memcpy(entry.sig, wire.sig, sizeof entry.sig);
        wire.data = NULL;
        must(fixture_append(log, &entry), "an entry");
        learn_epoch(council, &log->entries[log->count - 1]);
        council->seats[0].delivered = log->count;
        council_wire_entry_fini(&wire);
    }
    council_rpc_fini(&rpc);
}

static bool write_next(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    const struct fixture_entry *entry = &council->council.log.entries[council->found];
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(frame, "entry", entry->text, entry->len, entry->sig, NULL, 0);
    return true;
}

static bool write_follow(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_SUBSCRIBE);
    council_rpc_field_bytes(frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(frame, "after", council->council.log.count);
    return true;
}

static void found(struct load *load, struct world_council *council)
{
    struct world_seat *founder = &council->seats[0];
    must(fixture_rotate(&council->fixture, &council->council, founder->member), "key.rotate");
    must(fixture_invite(&council->fixture, &council->council, founder->member, WORLD_SEATS - 1),
         "invite.open");
    setup_enter(&load->setup, &founder, 1, true);
    for (council->found = 0; council->found < council->council.log.count; council->found++) {
        setup_round(&load->setup, &founder, 1, write_next, NULL);
    }
    setup_round(&load->setup, &founder, 1, write_follow, NULL);
}

static void print_link(const struct world_council *council)
{
    char text[COUNCIL_LINK_MAX];
    const struct council_tail *tail = &council->council.log.log.tail;
    const struct council_challenge *challenge = &council->seats[0].challenge;
    struct council_link link = {.seq = tail->seq};
    (void)snprintf(link.url, sizeof link.url, "%s", challenge->origin);
    /* The first half of libsodium's secret key is the seed. */
    memcpy(link.invite_seed, council->council.invites[0].secret, sizeof link.invite_seed);
    memcpy(link.council, tail->log, sizeof link.council);
    memcpy(link.head, tail->head, sizeof link.head);
    memcpy(link.server, challenge->server, sizeof link.server);
    must(council_link_encode(text, &link), "a link");
    (void)printf("{\"link\":\"%s\"}\n", text);
    (void)fflush(stdout);
}

void load_fill(struct load *load)
{
    struct world_council *council = load->world.councils[0];
    char line[16];
    found(load, council);
    print_link(council);
    load->wire.on_message = on_message;
    load->wire.ctx = load;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    while (poll(&input, 1, 0) == 0) {
        wire_poll(&load->wire, 20000000u);
    }
    if (read(STDIN_FILENO, line, sizeof line) <= 0) {
        bench_die("nobody said that the log is to be written");
    }
    world_resume(council);
    catchup_write(load, council);
    (void)printf("{\"filled\":%u}\n", load->entries);
}
