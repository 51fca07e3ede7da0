/*
 * kill.c - a real server under load, killed at random moments; what it acknowledged is looked for after each restart.
 *
 * Owns the rounds. All that is written follows from a seed and is chained, so an entry's place and bytes are known before
 * it is sent: a log is sound if it is a beginning of what was signed, and nothing is lost if that beginning holds the last
 * entry that was acknowledged, or delivered to somebody else. Heads are recomputed from the bytes that come back.
 */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/setup.h"
#include "tests/crash/ground.h"
#include "tests/crash/server.h"
#include "tests/crash/tap.h"

enum {
    COUNCILS = 4,
    SEATS = 2, /* of each council that are connected: who writes, and who reads */
    OUTSTANDING = 8,
    CHUNK = 64,         /* notes signed at once */
    NOTES_MAX = 20000,  /* of one council: then there is a new world */
    ROUND_NOTES = 200,  /* at most, of all councils in one round */
    WORLD_KILLS = 50,   /* with one world */
    FOLDER_KILLS = 500, /* with one folder; then it is verified */
    PAGE = 256,
    LOAD_US = 60000,  /* a kill comes within this of the load's beginning, */
    START_US = 30000, /* of the start, */
    FOUND_US = 150000 /* or while councils are founded */
};

enum entered {
    UNKNOWN,
    TRIED, /* sent, and no answer came */
    REGISTERED
};

/* What is known of a council's log beside what tests/bench knows. */
struct book {
    uint8_t heads[NOTES_MAX + WORLD_FOUNDING + 1][COUNCIL_HASH_BYTES]; /* by seq; 0: zeros */
    uint64_t signed_to, checked, acked, delivered;
    bool whole; /* read to its end */
    enum entered registered[WORLD_SEATS];
};

static struct {
    struct server server;
    struct chance chance;
    struct wire wire;
    struct setup setup;
    struct world world;
    struct book books[COUNCILS];
    struct world_seat **seats; /* owned */
    enum entered *entering;
    char url[64];
    uint64_t kills, starts_killed, acks, entries, worlds;
    bool founded, failed;
    uint32_t step; /* of founding */
} run;

static struct book *book_of(const struct world_council *council)
{
    for (uint32_t i = 0; i < run.world.count; i++) {
        if (run.world.councils[i] == council) {
            return &run.books[i];
        }
    }
    tap_die("no such council");
}

static void __attribute__((format(printf, 1, 2))) wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("# ");
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vprintf(format, args);
    (void)printf(" (kill %llu)\n", (unsigned long long)run.kills);
    va_end(args);
    run.failed = true;
}

/* ---- what is sent ---- */

static void sign_more(struct world_council *council)
{
    struct book *book = book_of(council);
    if (council->signed_notes - council->sent >= CHUNK || book->signed_to + CHUNK > NOTES_MAX) {
        return;
    }
    world_sign(council, CHUNK, OUTSTANDING, false);
    for (uint64_t seq = book->signed_to + 1; seq <= book->signed_to + CHUNK; seq++) {
        memcpy(book->heads[seq], council->heads[seq % (2 * (uint64_t)WORLD_LAG_MAX)],
               COUNCIL_HASH_BYTES);
    }
    book->signed_to += CHUNK;
}

static void new_world(void)
{
    char seed[32];
    if (run.world.councils != NULL) {
        world_fini(&run.world);
    }
    (void)snprintf(seed, sizeof seed, "kill/%llu/%llu", (unsigned long long)run.chance.state,
                   (unsigned long long)run.worlds++);
    world_init(&run.world, COUNCILS, WORLD_SEATS, seed, bench_wall_ms(), true);
    memset(run.books, 0, sizeof run.books);
    for (uint32_t i = 0; i < COUNCILS; i++) {
        const struct fixture_log *log = &run.world.councils[i]->council.log;
        for (uint32_t k = 0; k < log->count; k++) {
            memcpy(run.books[i].heads[k + 1], log->entries[k].head, COUNCIL_HASH_BYTES);
        }
        run.books[i].signed_to = log->count;
    }
    run.founded = false;
    run.step = 0;
}

/* ---- answers ---- */

static void acknowledged(struct world_council *council, uint64_t seq, const json_t *result)
{
    struct book *book = book_of(council);
    uint8_t head[COUNCIL_HASH_BYTES];
    uint64_t said = 0;
    if (!council_rpc_int(result, "seq", 1, COUNCIL_INT_MAX, &said) ||
        !council_rpc_bytes(result, "head", head, sizeof head) || said != seq ||
        seq > book->signed_to || memcmp(head, book->heads[seq], sizeof head) != 0) {
        wrong("entry %llu was acknowledged as another (%llu)", (unsigned long long)seq,
              (unsigned long long)said);
        return;
    }
    run.acks++;
    book->acked = seq > book->acked ? seq : book->acked;
}

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct world_council *council = world_council_of(conn);
    struct book *book = book_of(council);
    struct council_rpc rpc;
    uint64_t seq = 0;
    (void)ctx;
    if (council_rpc_parse(&rpc, text, len) != COUNCIL_OK) {
        wrong("a message that cannot be read");
        return;
    }
    if (rpc.kind == COUNCIL_RPC_RESULT && rpc.id.number > WORLD_ANSWER_BASE) {
        acknowledged(council, rpc.id.number - WORLD_ANSWER_BASE, rpc.result);
        council->acked++;
    } else if (rpc.kind == COUNCIL_RPC_NOTIFICATION &&
               rpc.notification == COUNCIL_NOTIFICATION_LOG_ENTRY &&
               council_rpc_int(rpc.params, "seq", 1, COUNCIL_INT_MAX, &seq)) {
        book->delivered = seq > book->delivered ? seq : book->delivered;
    } else if (rpc.kind == COUNCIL_RPC_FAILURE) {
        wrong("refused: %.*s", (int)(len < 200 ? len : 200), text);
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
    acknowledged(world_council_of(&seat->conn), run.step + 1, result);
}

static void close_all(void)
{
    for (uint32_t i = 0; i < run.world.count; i++) {
        for (uint32_t k = 0; k < WORLD_SEATS; k++) {
            wire_close(&run.wire, &run.world.councils[i]->seats[k].conn);
            run.world.councils[i]->seats[k].call = 0;
        }
    }
    run.setup.waiting = 0;
}

/* Members one by one: whoever is refused as known already must have been sent before. */
static void found(void)
{
    uint32_t n = 0;
    struct world_seat **seats = setup_seats(&run.world, WORLD_SEATS, &n);
    run.seats = seats;
    for (uint32_t i = 0; i < n; i++) {
        struct book *book = book_of(world_council_of(&seats[i]->conn));
        run.entering = &book->registered[seats[i]->conn.seat];
        bool fresh = *run.entering == UNKNOWN || *run.entering == TRIED;
        *run.entering = *run.entering == UNKNOWN ? TRIED : *run.entering;
        setup_enter(&run.setup, &seats[i], 1, fresh);
        run.acks += *run.entering != REGISTERED;
        *run.entering = REGISTERED;
    }
    for (run.step = 0; run.step < WORLD_FOUNDING; run.step++) {
        setup_round(&run.setup, seats, n, write_founding, read_founding);
    }
    close_all();
    run.founded = true;
}

/* ---- what is there after a restart ---- */

static bool write_read(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    const struct book *book = book_of(council);
    if (book->whole || seat->conn.seat != 0) {
        return false;
    }
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_READ);
    council_rpc_field_bytes(frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(frame, "after", book->checked);
    council_rpc_field_int(frame, "limit", PAGE);
    return true;
}

/* Its place, its head from its bytes, its data by the hash that was signed. */
static bool entry_is_sound(const struct book *book, const struct council_wire_entry *entry)
{
    uint8_t head[COUNCIL_HASH_BYTES];
    uint8_t hash[COUNCIL_HASH_BYTES];
    char name[COUNCIL_KEY_CHARS + 1];
    uint64_t seq = book->checked + 1;
    if (entry->seq != seq || seq > book->signed_to || entry->erased) {
        return false;
    }
    council_entry_head(head, book->heads[seq - 1], entry->text, entry->len, entry->sig);
    if (memcmp(head, book->heads[seq], sizeof head) != 0) {
        return false;
    }
    council_hash(hash, entry->data, entry->data_len);
    council_b64_encode(name, hash, sizeof hash);
    return seq <= WORLD_FOUNDING ||
           (entry->has_data && memmem(entry->text, entry->len, name, COUNCIL_KEY_CHARS) != NULL);
}

static void read_page(struct world_seat *seat, const json_t *result)
{
    struct book *book = book_of(world_council_of(&seat->conn));
    const json_t *entries = json_object_get(result, "entries");
    uint64_t tail = 0;
    uint8_t head[COUNCIL_HASH_BYTES];
    bool good = council_rpc_int(result, "seq", 1, COUNCIL_INT_MAX, &tail) &&
                council_rpc_bytes(result, "head", head, sizeof head);
    for (size_t i = 0; good && i < json_array_size(entries); i++) {
        struct council_wire_entry entry;
        if (council_rpc_entry(json_array_get(entries, i), &entry) != COUNCIL_OK) {
            good = false;
            break;
        }
        good = entry_is_sound(book, &entry);
        book->checked += good;
        run.entries += good;
        council_wire_entry_fini(&entry);
    }
    if (!good || tail > book->signed_to || memcmp(head, book->heads[tail], sizeof head) != 0) {
        wrong("DAMAGED: entry %llu is not what was sent", (unsigned long long)book->checked + 1);
    }
    book->whole = book->checked >= tail || !good || json_array_size(entries) == 0;
}

/* Reads on after what was checked before (`again`: from the beginning), and begins anew behind the last entry. */
static void check_logs(struct world_seat *const *seats, uint32_t n, bool again)
{
    for (uint32_t i = 0; i < COUNCILS; i++) {
        run.books[i].whole = false;
        run.books[i].checked = again ? 0 : run.books[i].checked;
    }
    for (bool more = true; more;) {
        setup_round(&run.setup, seats, n, write_read, read_page);
        more = false;
        for (uint32_t i = 0; i < COUNCILS; i++) {
            more = more || !run.books[i].whole;
        }
    }
    for (uint32_t i = 0; i < COUNCILS; i++) {
        const struct book *book = &run.books[i];
        struct world_council *council = run.world.councils[i];
        if (book->checked < book->acked || book->checked < book->delivered) {
            wrong("LOST: council %u ends at %llu; %llu was acknowledged, %llu delivered", i,
                  (unsigned long long)book->checked, (unsigned long long)book->acked,
                  (unsigned long long)book->delivered);
        }
        council->sent = council->acked = (uint32_t)(book->checked - WORLD_FOUNDING);
    }
}

/* ---- a round ---- */

static bool write_subscribe(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    council_rpc_write_call(frame, id, COUNCIL_METHOD_LOG_SUBSCRIBE);
    council_rpc_field_bytes(frame, "log", fixture_fold(&council->council)->log, COUNCIL_KEY_BYTES);
    council_rpc_field_int(frame, "after", book_of(council)->checked);
    return true;
}

static void load_until_killed(void)
{
    uint32_t left = ROUND_NOTES;
    run.wire.on_message = on_message;
    server_kill_in(&run.server, chance_below(&run.chance, LOAD_US));
    for (;;) {
        for (uint32_t i = 0; i < COUNCILS; i++) {
            struct world_council *council = run.world.councils[i];
            sign_more(council);
            left -= world_send(council, OUTSTANDING, left, 0);
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
    run.seats = setup_seats(&run.world, SEATS, &n);
    setup_enter(&run.setup, run.seats, n, false);
    check_logs(run.seats, n, last || run.kills % WORLD_KILLS == 0);
    if (!last && !run.failed) {
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
        for (uint32_t i = 0; i < run.world.count; i++) {
            for (uint32_t k = 0; k < WORLD_SEATS; k++) {
                struct wire_conn *conn = &run.world.councils[i]->seats[k].conn;
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
    if (last || run.failed) {
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
    if (!by_kill && !run.failed) {
        char log[2000];
        server_log_tail(&run.server, log, sizeof log);
        wrong("the server ended by itself, status %x: %s", (unsigned)status, log);
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
                wrong("a member was known to the server who never came");
            } else {
                *run.entering = REGISTERED; /* the answer was lost with the server that gave it */
                again = true;
            }
            close_all();
            break;
        default:
            wrong("the server did what it must not");
        }
        ground_armed = false;
    }
    run.kills += !last;
    round_over(last);
}

static void look_at_folder(void)
{
    char said[2000];
    int status = server_verify(&run.server, said, sizeof said);
    said[strcspn(said, "\n")] = '\0';
    tap_note("verify: %s", said);
    if (status != 0) {
        wrong("verify: exit status %d", status);
    }
}

/* Kills, in worlds; `until` 0: no time is set. */
static void play_all(uint64_t kills, double until)
{
    uint64_t folder = 0;
    while (!run.failed && run.kills < kills && (until <= 0 || tap_seconds() < until)) {
        new_world();
        for (uint32_t i = 0; i < WORLD_KILLS && run.kills < kills && !run.failed; i++) {
            play(false);
        }
        if (!run.failed) {
            play(true);
        }
        folder += WORLD_KILLS;
        if (folder >= FOLDER_KILLS || run.failed) {
            look_at_folder();
            if (!run.failed) {
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
             (unsigned long long)run.kills, (unsigned long long)run.starts_killed,
             (unsigned long long)run.acks, (unsigned long long)run.entries, tap_seconds() - began);
    server_fini(&run.server);
    (void)tap_ok(
        !run.failed && run.acks > 0,
        "what was acknowledged survives kills: there, once, in order, heads right (seed %llu)",
        (unsigned long long)seed);
    /* What a jump out of the depths left behind is nobody's: no leak of the product is looked for here. */
    (void)fflush(stdout);
    _exit(tap_end());
}
