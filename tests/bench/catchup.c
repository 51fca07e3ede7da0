/*
 * catchup.c - a long log to clients who know nothing of it yet.
 *
 * Owns the measurement of reading. The log is written by its founder just before, so the server's
 * caches are warm. A client counts entries and looks whether one is missing, nothing else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/load.h"

struct reading {
    struct load *load;
    uint64_t last;    /* seq of the log's end */
    uint32_t done;    /* clients that have all of it */
    uint32_t answers; /* while it is being written */
};

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    static const char key[] = "\",\"seq\":";
    struct reading *reading = ctx;
    struct world_seat *seat = world_seat_of(conn);
    /* After the log's name, which stands at the same place in every entry. */
    const char *at = memmem(text, len < 160 ? len : 160, key, sizeof key - 1);
    if (memmem(text, len < 60 ? len : 60, "\"error\":", 8) != NULL) {
        bench_die("refused: %.*s", (int)(len < 300 ? len : 300), text);
    }
    if (memmem(text, len < 60 ? len : 60, "\"log.entry\"", 11) == NULL) {
        reading->answers++;
        return;
    }
    if (at == NULL || strtoull(at + sizeof key - 1, NULL, 10) != seat->delivered + 1) {
        bench_die("entry %llu is missing", (unsigned long long)seat->delivered + 1);
    }
    seat->delivered++;
    reading->done += seat->delivered == reading->last;
}

void catchup_write(struct load *load, struct world_council *council)
{
    struct reading reading = {.load = load};
    load->wire.on_message = on_message;
    load->wire.ctx = &reading;
    world_sign(council, load->entries, WORLD_LAG_MAX, NULL);
    uint64_t since = bench_now_ns();
    while (council->acked < load->entries) {
        (void)world_send(council, WORLD_LAG_MAX, UINT32_MAX, 0);
        wire_poll(&load->wire, 100000000u);
        if (reading.answers == council->acked && bench_now_ns() - since > UINT64_C(120000000000)) {
            bench_die("the log could not be written");
        }
        council->acked = reading.answers;
    }
    bench_say("wrote a log of %u entries in %.1f s", load->entries,
              (double)(bench_now_ns() - since) / 1e9);
}

static void ask(struct world_seat *seat)
{
    struct council_frame frame;
    const struct world_council *council = world_council_of(&seat->conn);
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_LOG_SUBSCRIBE);
    council_rpc_field_bytes(&frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(&frame, "after", 0);
    if (council_frame_end(&frame) != COUNCIL_OK) {
        bench_die("out of memory");
    }
    wire_send_text(&seat->conn, council_frame_text(&frame), frame.len);
    council_frame_fini(&frame);
}

/* Entries a second, all clients together. */
static double read_once(struct load *load, struct world_council *council, uint32_t clients,
                        double *server_us)
{
    struct world_seat *seats[WORLD_SEATS] = {NULL};
    struct reading reading = {.load = load, .last = WORLD_FOUNDING + load->entries};
    for (uint32_t i = 0; i < clients; i++) {
        seats[i] = &council->seats[i];
        seats[i]->delivered = 0;
    }
    setup_enter(&load->setup, seats, clients, false);
    load->wire.on_message = on_message;
    load->wire.ctx = &reading;
    uint64_t cpu = load->pid > 0 ? bench_cpu_ns(load->pid) : 0;
    uint64_t since = bench_now_ns();
    for (uint32_t i = 0; i < clients; i++) {
        ask(seats[i]);
    }
    while (reading.done < clients) {
        wire_poll(&load->wire, 100000000u);
        if (bench_now_ns() - since > UINT64_C(60000000000)) {
            bench_die("the log did not come whole");
        }
    }
    double seconds = (double)(bench_now_ns() - since) / 1e9;
    double entries = (double)clients * (double)reading.last;
    cpu = load->pid > 0 ? bench_cpu_ns(load->pid) - cpu : 0;
    *server_us = (double)cpu / 1e3 / entries;
    for (uint32_t i = 0; i < clients; i++) {
        wire_close(&load->wire, &seats[i]->conn);
    }
    return entries / seconds;
}

void load_catchup(struct load *load)
{
    static const uint32_t clients[] = {1, WORLD_SEATS};
    struct world_council *council = load->world.councils[0];
    uint32_t n = 0;
    struct world_seat **seats = setup_seats(&load->world, WORLD_SEATS, &n);
    setup_enter(&load->setup, seats, n, true);
    setup_found(&load->setup, &load->world);
    catchup_write(load, council);
    for (uint32_t i = 0; i < n; i++) {
        wire_close(&load->wire, &seats[i]->conn);
    }
    for (size_t k = 0; k < sizeof clients / sizeof *clients; k++) {
        double server_us = 0;
        char figure[64];
        (void)read_once(load, council, clients[k], &server_us); /* warms up */
        for (uint32_t i = 0; i < load->rounds; i++) {
            (void)snprintf(figure, sizeof figure, "catchup_served_%u", clients[k]);
            bench_figure(&load->source, figure, read_once(load, council, clients[k], &server_us),
                         "entries/s");
            if (load->pid > 0) {
                (void)snprintf(figure, sizeof figure, "catchup_server_cpu_%u", clients[k]);
                bench_figure(&load->source, figure, server_us, "us/entry");
            }
        }
    }
    free(seats);
}
