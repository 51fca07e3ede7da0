/*
 * kill.c - a real server under load, killed at random moments; what it acknowledged is looked for after each restart.
 *
 * Owns the rounds: when it is killed, what it is doing then, who comes back. Must not know what has to be there afterwards: known.h.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/setup.h"
#include "tests/crash/ground.h"
#include "tests/crash/known.h"
#include "tests/crash/server.h"
#include "tests/crash/tap.h"

enum {
    SEATS = 2,          /* of each council that are connected: who writes, and who reads */
    ROUND_NOTES = 200,  /* at most, of all councils in one round */
    WORLD_KILLS = 50,   /* with one world */
    FOLDER_KILLS = 500, /* with one folder; then it is verified */
    LOAD_US = 60000,    /* a kill comes within this of the load's beginning, */
    START_US = 30000,   /* of the start, */
    FOUND_US = 150000   /* or while councils are founded */
};

static struct {
    struct server server;
    struct chance chance;
    struct wire wire;
    struct setup setup;
    struct world_seat **seats; /* owned */
    enum entered *entering;
    char url[64];
    uint64_t starts_killed, worlds;
    bool founded;
    uint32_t step; /* of founding */
} run;

static void new_world(void)
{
    char seed[48];
    (void)snprintf(seed, sizeof seed, "kill/%llu/%llu", (unsigned long long)run.chance.state,
                   (unsigned long long)run.worlds++);
    known_new_world(seed);
    run.founded = false;
    run.step = 0;
}

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct world_council *council = world_council_of(conn);
    struct book *book = known_book(council);
    struct council_rpc rpc;
    uint64_t seq = 0;
    (void)ctx;
    if (council_rpc_parse(&rpc, text, len) != COUNCIL_OK) {
        known_wrong("a message that cannot be read");
        return;
    }
    if (rpc.kind == COUNCIL_RPC_RESULT && rpc.id.number > WORLD_ANSWER_BASE) {
        known_acknowledged(council, rpc.id.number - WORLD_ANSWER_BASE, rpc.result);
        council->acked++;
    } else if (rpc.kind == COUNCIL_RPC_NOTIFICATION &&
               rpc.notification == COUNCIL_NOTIFICATION_LOG_ENTRY &&
               council_rpc_int(rpc.params, "seq", 1, COUNCIL_INT_MAX, &seq)) {
        book->delivered = seq > book->delivered ? seq : book->delivered;
    } else if (rpc.kind == COUNCIL_RPC_FAILURE) {
        known_wrong("refused: %.*s", (int)(len < 200 ? len : 200), text);
    }
    council_rpc_fini(&rpc);
}

/* ---- founding, again and again until it went through ---- */

/* The same bytes again, where no answer came: the server says their old place. */
static bool write_founding(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    struct world_council *council = world_council_of(&seat->conn);
    const struct fixture_entry *entry = &council->council.log.entries[run.step];
    if (memcmp(entry->author, fixture_name(seat->member), COUNCIL_KEY_BYTES) != 0) {
        return false;
    }
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(frame, "entry", entry->text, entry->len, entry->sig, NULL, 0);
    return true;
}

static void read_founding(struct world_seat *seat, const json_t *result)
{
    known_acknowledged(world_council_of(&seat->conn), run.step + 1, result);
}

static void close_all(void)
{
    for (uint32_t i = 0; i < known.world.count; i++) {
        for (uint32_t k = 0; k < WORLD_SEATS; k++) {
            wire_close(&run.wire, &known.world.councils[i]->seats[k].conn);
            known.world.councils[i]->seats[k].call = 0;
        }
    }
    run.setup.waiting = 0;
}

/* Members one by one: whoever is refused as known already must have been sent before. */
static void found(void)
{
    uint32_t n = 0;
    struct world_seat **seats = setup_seats(&known.world, WORLD_SEATS, &n);
    run.seats = seats;
    for (uint32_t i = 0; i < n; i++) {
        struct book *book = known_book(world_council_of(&seats[i]->conn));
        run.entering = &book->registered[seats[i]->conn.seat];
        bool fresh = *run.entering == UNKNOWN || *run.entering == TRIED;
        *run.entering = *run.entering == UNKNOWN ? TRIED : *run.entering;
        setup_enter(&run.setup, &seats[i], 1, fresh);
        known.acks += *run.entering != REGISTERED;
        *run.entering = REGISTERED;
    }
    for (run.step = 0; run.step < WORLD_FOUNDING; run.step++) {
        setup_round(&run.setup, seats, n, write_founding, read_founding);
    }
    close_all();
    run.founded = true;
}

/* ---- a round ---- */

static bool write_subscribe(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_SUBSCRIBE);
    council_rpc_field_bytes(frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(frame, "after", known_book(council)->checked);
    return true;
}

static void load_until_killed(void)
{
    uint32_t left = ROUND_NOTES;
    run.wire.on_message = on_message;
    server_kill_in(&run.server, chance_below(&run.chance, LOAD_US));
    for (;;) {
        for (uint32_t i = 0; i < KNOWN_COUNCILS; i++) {
            struct world_council *council = known.world.councils[i];
            known_sign_more(council);
            left -= world_send(council, KNOWN_OUTSTANDING, left, 0);
        }
        wire_poll(&run.wire, 5000000u);
    }
}

/* Comes back by bench_die alone, or when all is read. `last`: nobody is killed. */
static void talk(bool last)
{
    uint32_t n = 0;
    if (!last && run.founded && chance_below(&run.chance, 4) == 0) {
        server_kill_in(&run.server, chance_below(&run.chance, START_US));
        run.starts_killed++;
    }
    if (run.url[0] == '\0') {
        if (!server_url(&run.server, run.url, sizeof run.url)) {
            bench_die("the server did not start");
        }
        wire_init(&run.wire, run.url);
        run.setup.wire = &run.wire;
    }
    if (!run.founded) {
        if (!last && chance_below(&run.chance, 2) == 0) {
            server_kill_in(&run.server, chance_below(&run.chance, FOUND_US));
        }
        found();
    }
    run.seats = setup_seats(&known.world, SEATS, &n);
    setup_enter(&run.setup, run.seats, n, false);
    known_check(&run.setup, run.seats, n, last || known.kills % WORLD_KILLS == 0);
    if (!last && !known.failed) {
        setup_round(&run.setup, run.seats, n, write_subscribe, NULL);
        load_until_killed();
    }
}

/* What the dead server had sent is still to be read: it counts. */
static void drain(void)
{
    volatile uint32_t open = 1;
    while (open > 0) {
        ground_armed = true;
        if (setjmp(ground_back) == 0) {
            wire_poll(&run.wire, 1000000u);
        }
        ground_armed = false;
        open = 0;
        for (uint32_t i = 0; i < known.world.count; i++) {
            for (uint32_t k = 0; k < WORLD_SEATS; k++) {
                struct wire_conn *conn = &known.world.councils[i]->seats[k].conn;
                char byte = 0;
                ssize_t there =
                    conn->fd < 0 ? 0 : recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
                if (conn->fd >= 0 && there <= 0) {
                    wire_close(&run.wire, conn);
                }
                open = open + (conn->fd >= 0);
            }
        }
    }
}

static void round_over(bool last)
{
    int status = 0;
    if (last || known.failed) {
        server_kill(&run.server);
    }
    bool by_kill = server_reap(&run.server, &status);
    if (run.wire.in != NULL) {
        drain();
        close_all();
        wire_fini(&run.wire);
        memset(&run.wire, 0, sizeof run.wire);
    }
    free(run.seats);
    run.seats = NULL;
    if (!by_kill && !known.failed) {
        char log[2000];
        server_log_tail(&run.server, log, sizeof log);
        known_wrong("the server ended by itself, status %x: %s", (unsigned)status, log);
    }
}

static void play(bool last)
{
    volatile bool again = true;
    run.url[0] = '\0';
    server_start(&run.server);
    while (again) {
        again = false;
        ground_armed = true;
        switch (setjmp(ground_back)) {
        case 0:
            talk(last);
            break;
        case GROUND_KILLED:
            break;
        case GROUND_KNOWN:
            if (run.entering == NULL || *run.entering != TRIED) {
                known_wrong("a member was known to the server who never came");
            } else {
                *run.entering = REGISTERED; /* the answer was lost with the server that gave it */
                again = true;
            }
            close_all();
            break;
        default:
            known_wrong("the server did what it must not");
        }
        ground_armed = false;
    }
    known.kills += !last;
    round_over(last);
}

static void look_at_folder(void)
{
    char said[2000];
    int status = server_verify(&run.server, said, sizeof said);
    said[strcspn(said, "\n")] = '\0';
    tap_note("verify: %s", said);
    if (status != 0) {
        known_wrong("verify: exit status %d", status);
    }
}

/* Kills, in worlds; `until` 0: no time is set. */
static void play_all(uint64_t kills, double until)
{
    uint64_t folder = 0;
    while (!known.failed && known.kills < kills && (until <= 0 || tap_seconds() < until)) {
        new_world();
        for (uint32_t i = 0; i < WORLD_KILLS && known.kills < kills && !known.failed; i++) {
            play(false);
        }
        if (!known.failed) {
            play(true);
        }
        folder += WORLD_KILLS;
        if (folder >= FOLDER_KILLS || known.failed) {
            look_at_folder();
            if (!known.failed) {
                server_forget(&run.server);
            }
            folder = 0;
        }
    }
    if (folder > 0) {
        look_at_folder();
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {{"server", required_argument, NULL, 'p'},
                                            {"kills", required_argument, NULL, 'k'},
                                            {"seed", required_argument, NULL, 's'},
                                            {"minutes", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    uint64_t kills = 200;
    uint64_t seed = 1;
    double minutes = 0;
    const char *program = NULL;
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        program = option == 'p' ? optarg : program;
        kills = option == 'k' ? strtoull(optarg, NULL, 10) : kills;
        seed = option == 's' ? strtoull(optarg, NULL, 10) : seed;
        minutes = option == 'm' ? strtod(optarg, NULL) : minutes;
    }
    if (program == NULL) {
        tap_die("Usage: kill --server COUNCILD [--kills N] [--seed N] [--minutes M]");
    }
    double began = tap_seconds();
    tap_plan(1);
    run.chance.state = seed;
    server_init(&run.server, program);
    play_all(kills, minutes > 0 ? began + minutes * 60 : 0);
    tap_note("%llu kills (%llu while starting), %llu acknowledged, %llu read back, %.1f s",
             (unsigned long long)known.kills, (unsigned long long)run.starts_killed,
             (unsigned long long)known.acks, (unsigned long long)known.entries,
             tap_seconds() - began);
    server_fini(&run.server);
    (void)tap_ok(
        !known.failed && known.acks > 0,
        "what was acknowledged survives kills: there, once, in order, heads right (seed %llu)",
        (unsigned long long)seed);
    /* What a jump out of the depths left behind is nobody's: no leak of the product is looked for here. */
    (void)fflush(stdout);
    _exit(tap_end());
}
