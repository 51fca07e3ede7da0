/*
 * members.c - members who do nothing but write and read, and how long that takes them: `hostile-members`.
 *
 * Owns a steady load and its verdict: every entry reaches all eight of its council, in order; a connection that ends, an answer that is an
 * error, an entry that is missing end the program with 1. Must not know what is done to the server meanwhile. A line "phase NAME" on
 * standard input begins a phase, "end" or its end is the end; each phase ends with a line of JSON on standard output.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/setup.h"

enum {
    DRAIN_MS = 20000, /* until all that was written must have come */
    LAG = 16,         /* entries of a council without an answer */
    LINE_MAX_BYTES = 64
};

struct run {
    struct wire wire;
    struct setup setup;
    struct world world;
    const char *url, *seed;
    uint64_t at_ms;
    uint32_t councils, rate, seconds;
    bool again;                            /* an earlier run has registered and founded */
    uint64_t sent, acked, delivered, next; /* `next`: notes that were due so far */
    uint64_t start_ns, from_sent;          /* of the phase */
    uint64_t *latencies; /* owned: ns from when it was due to the last of the eight */
    size_t latency_count, latency_size;
    char phase[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    size_t line_len;
    bool begun, over; /* the first phase, and the end, were asked for */
};

/* ---- what comes ---- */

static void completed(struct run *run, const struct world_note *note)
{
    if (run->latency_count == run->latency_size) {
        run->latency_size = run->latency_size > 0 ? 2 * run->latency_size : 4096;
        run->latencies = bench_realloc(run->latencies, run->latency_size * sizeof *run->latencies);
    }
    run->latencies[run->latency_count++] = run->wire.now_ns - note->sent_ns;
}

static void delivered(struct run *run, struct wire_conn *conn, const json_t *params)
{
    struct world_council *council = world_council_of(conn);
    struct world_seat *seat = world_seat_of(conn);
    uint64_t seq = 0;
    if (!council_rpc_int(params, "seq", 1, COUNCIL_INT_MAX, &seq) || seq != seat->delivered + 1) {
        bench_die("entry %llu came, not %llu", (unsigned long long)seq,
                  (unsigned long long)seat->delivered + 1);
    }
    seat->delivered = seq;
    run->delivered++;
    struct world_note *note = world_note(council, (uint32_t)(seq - council->first_seq));
    if (++note->received == WORLD_SEATS) {
        completed(run, note);
    }
}

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct run *run = ctx;
    struct council_rpc rpc;
    if (council_rpc_parse(&rpc, text, len) != COUNCIL_OK) {
        bench_die("the server sent what cannot be read: %.*s", (int)(len < 200 ? len : 200), text);
    }
    if (rpc.kind == COUNCIL_RPC_FAILURE) {
        bench_die("a member was refused: %s", rpc.failure.name != NULL ? rpc.failure.name : "?");
    }
    if (rpc.kind == COUNCIL_RPC_RESULT) {
        world_council_of(conn)->acked++;
        run->acked++;
    } else if (rpc.kind == COUNCIL_RPC_NOTIFICATION &&
               rpc.notification == COUNCIL_NOTIFICATION_LOG_ENTRY) {
        delivered(run, conn, rpc.params);
    }
    council_rpc_fini(&rpc);
}

/* ---- phases ---- */

static void begin(struct run *run, const char *name)
{
    (void)snprintf(run->phase, sizeof run->phase, "%s", name);
    run->latency_count = 0;
    run->from_sent = run->sent;
    run->start_ns = bench_now_ns();
    run->next = 0;
}

static void send_waiting(struct run *run)
{
    for (uint32_t i = 0; i < run->world.count; i++) {
        struct world_council *council = run->world.councils[i];
        if (council->waiting > 0) {
            uint32_t n = world_send(council, LAG, council->waiting, 0);
            council->waiting -= n;
            run->sent += n;
        }
    }
}

static bool waiting(const struct run *run)
{
    bool any = run->acked < run->sent || run->delivered < run->sent * WORLD_SEATS;
    for (uint32_t i = 0; i < run->world.count; i++) {
        any = any || run->world.councils[i]->waiting > 0;
    }
    return any;
}

/* What was written in the phase arrives, and counts for it. */
static void finish(struct run *run)
{
    uint64_t until = bench_now_ns() + DRAIN_MS * UINT64_C(1000000);
    while (waiting(run)) {
        if (bench_now_ns() > until) {
            bench_die("of %llu entries sent, %llu were acknowledged and %llu delivered",
                      (unsigned long long)run->sent, (unsigned long long)run->acked,
                      (unsigned long long)run->delivered);
        }
        wire_poll(&run->wire, 1000000u);
        send_waiting(run);
    }
    double ms[4];
    static const double shares[] = {0.5, 0.9, 0.99, 1.0};
    for (int i = 0; i < 4; i++) {
        ms[i] = (double)bench_percentile(run->latencies, run->latency_count, shares[i]) / 1e6;
    }
    printf("{\"phase\":\"%s\",\"sent\":%llu,\"delivered\":%zu,\"p50_ms\":%.3f,\"p90_ms\":%.3f,"
           "\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
           run->phase, (unsigned long long)(run->sent - run->from_sent),
           run->latency_count * WORLD_SEATS, ms[0], ms[1], ms[2], ms[3]);
    (void)fflush(stdout);
}

/* The next note is due: sent now, or as soon as the council may have one more under way. */
static void send_due(struct run *run, uint64_t due_ns)
{
    struct world_council *council = run->world.councils[run->next++ % run->world.count];
    if (council->sent + council->waiting >= council->signed_notes) {
        bench_die("out of signed notes: give more --seconds");
    }
    world_note(council, council->sent + council->waiting)->sent_ns = due_ns;
    council->waiting++;
}

static void command(struct run *run, char *line)
{
    if (run->begun) {
        finish(run);
    }
    run->over = strncmp(line, "phase ", 6) != 0;
    if (!run->over) {
        begin(run, line + 6);
        run->begun = true;
    }
}

/* Reads what is asked for; waits for it where nothing has begun. */
static void listen_in(struct run *run)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, run->begun ? 0 : 50) <= 0) {
        return;
    }
    char c = 0;
    ssize_t n = read(STDIN_FILENO, &c, 1);
    for (; n == 1 && c != '\n' && run->line_len < sizeof run->line - 1;
         n = read(STDIN_FILENO, &c, 1)) {
        run->line[run->line_len++] = c;
    }
    run->line[run->line_len] = '\0';
    run->line_len = 0;
    command(run, n == 1 ? run->line : (char[]){"end"});
}

static void play(struct run *run)
{
    run->wire.on_message = on_message;
    run->wire.ctx = run;
    (void)puts("{\"ready\":true}");
    (void)fflush(stdout);
    while (!run->over) {
        listen_in(run);
        uint64_t now = bench_now_ns(), due = now + 20000000u;
        if (run->begun) {
            due = run->start_ns + (uint64_t)((double)run->next * 1e9 / run->rate);
            while (due <= now) {
                send_due(run, due);
                due = run->start_ns + (uint64_t)((double)run->next * 1e9 / run->rate);
            }
            send_waiting(run);
        }
        wire_poll(&run->wire, due - now < 5000000u ? due - now : 5000000u);
    }
}

/* ---- before ---- */

static uint32_t number(const char *text, uint32_t max)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 1 || value > max) {
        bench_die("%s: expected a number between 1 and %u", text, max);
    }
    return (uint32_t)value;
}

static void read_options(struct run *run, int argc, char **argv)
{
    static const struct option options[] = {
        {"url", required_argument, NULL, 'u'},  {"councils", required_argument, NULL, 'c'},
        {"rate", required_argument, NULL, 'r'}, {"seconds", required_argument, NULL, 's'},
        {"seed", required_argument, NULL, 'k'}, {"at", required_argument, NULL, 't'},
        {"again", no_argument, NULL, 'a'},      {NULL, 0, NULL, 0},
    };
    int option = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'u':
            run->url = optarg;
            break;
        case 'c':
            run->councils = number(optarg, 1000);
            break;
        case 'r':
            run->rate = number(optarg, 100000);
            break;
        case 's':
            run->seconds = number(optarg, 3600);
            break;
        case 'k':
            run->seed = optarg;
            break;
        case 't':
            run->at_ms = strtoull(optarg, NULL, 10);
            break;
        case 'a':
            run->again = true;
            break;
        default:
            bench_die("see members.c");
        }
    }
    if (run->url == NULL) {
        bench_die("Usage: hostile-members --url http://ADDRESS:PORT [--councils N] [--rate N] "
                  "[--seconds N] [--seed TEXT] [--at MS] [--again]");
    }
}

static void enter(struct run *run)
{
    uint32_t n = 0;
    world_init(&run->world, run->councils, WORLD_SEATS, run->seed, run->at_ms, true);
    struct world_seat **seats = setup_seats(&run->world, WORLD_SEATS, &n);
    setup_enter(&run->setup, seats, n, !run->again);
    if (!run->again) {
        setup_found(&run->setup, &run->world);
    }
    setup_subscribe(&run->setup, seats, n);
    free(seats);
    for (uint32_t i = 0; i < run->world.count; i++) {
        world_sign(run->world.councils[i], run->rate * run->seconds / run->world.count + 2, LAG,
                   false);
    }
}

int main(int argc, char **argv)
{
    static struct run run = {.councils = 8, .rate = 160, .seconds = 60, .seed = "members"};
    run.at_ms = bench_wall_ms();
    read_options(&run, argc, argv);
    bench_need_files(run.councils * WORLD_SEATS + 64);
    wire_init(&run.wire, run.url);
    run.setup.wire = &run.wire;
    enter(&run);
    play(&run);
    world_fini(&run.world);
    wire_fini(&run.wire);
    free(run.latencies);
    return 0;
}
