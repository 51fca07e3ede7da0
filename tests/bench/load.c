/*
 * load.c - the load generator: options, and one mode after the other.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "tests/bench/load.h"

static const struct mode {
    const char *name, *help;
    void (*run)(struct load *load);
    bool founded;   /* needs whole councils, not just their names */
    bool subscribe; /* everybody is logged in and subscribed before */
    bool alone;     /* makes its own connections: at the end of no list of modes */
} modes[] = {
    {"throughput", "as many entries as the server takes; every member of the council receives them",
     load_throughput, true, true, false},
    {"latency", "entries at a steady rate, from when each was due to the last of the eight",
     load_latency, true, true, false},
    {"found", "register members and found their councils, for a later `idle` with the same seed",
     load_found, true, false, true},
    {"idle", "log in the members of an earlier `found` and measure the server's memory", load_idle,
     false, false, true},
    {"catchup", "write one long log, then read it from its beginning", load_catchup, true, false,
     true},
    {"fill", "write one long log for a real client that joins by a link", load_fill, false, false,
     true},
};

enum {
    MODES = sizeof modes / sizeof *modes
};

static void usage(void)
{
    (void)puts("Usage: bench-load MODE[,MODE...] --url http://ADDRESS:PORT [OPTION]...\n");
    for (size_t i = 0; i < MODES; i++) {
        (void)printf("  %-12s %s\n", modes[i].name, modes[i].help);
    }
    (void)puts(
        "\n  --connections N   members, eight to a council (1000)\n"
        "  --seats N         members of a council who are connected: 8, or 1 (8)\n"
        "  --seconds S       of throughput and latency, each (8)\n"
        "  --outstanding N   entries of a council without an answer (4)\n"
        "  --rate N          entries a second, of latency (2000)\n"
        "  --what TEXT       of latency: name its figures cost_per_post_TEXT and so on\n"
        "  --pings           of latency: also how long the server's loop stood still at worst\n"
        "  --budget N        entries signed beforehand for a second of throughput (15000)\n"
        "  --entries N       of the log of catchup and fill (20000)\n"
        "  --rounds N        how often catchup is measured (3)\n"
        "  --pid PID         the server's process, for its memory and processor time\n"
        "  --seed TEXT       what all keys follow from (bench)\n"
        "  --at MS           the time of all that is signed; found and idle: the same\n"
        "  --system NAME     what figures are of (councild)\n"
        "  --ack TEXT        what an acknowledgement guarantees there\n"
        "  --peer NAME       another server: group (all of /group/N get what one sends),\n"
        "                    nats, mqtt\n"
        "\nFigures are lines of JSON on standard output.");
}

static const struct option options[] = {
    {"url", required_argument, NULL, 'u'},
    {"connections", required_argument, NULL, 'c'},
    {"seconds", required_argument, NULL, 's'},
    {"outstanding", required_argument, NULL, 'o'},
    {"rate", required_argument, NULL, 'r'},
    {"entries", required_argument, NULL, 'e'},
    {"rounds", required_argument, NULL, 'n'},
    {"pid", required_argument, NULL, 'p'},
    {"budget", required_argument, NULL, 'B'},
    {"seed", required_argument, NULL, 'k'},
    {"at", required_argument, NULL, 't'},
    {"system", required_argument, NULL, 'S'},
    {"ack", required_argument, NULL, 'A'},
    {"peer", required_argument, NULL, 'b'},
    {"seats", required_argument, NULL, 'E'},
    {"what", required_argument, NULL, 'w'},
    {"pings", no_argument, NULL, 'P'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static uint32_t number(const char *text, uint32_t max)
{
    char *end = NULL;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text == '\0' || *end != '\0' || value < 1 || value > max) {
        bench_die("%s: expected a number between 1 and %u", text, max);
    }
    return (uint32_t)value;
}

static void read_option(struct load *load, int option)
{
    switch (option) {
    case 'u':
        load->url = optarg;
        break;
    case 'c':
        load->connections = number(optarg, 100000);
        break;
    case 's':
        load->seconds = number(optarg, 600);
        break;
    case 'o':
        load->outstanding = number(optarg, WORLD_LAG_MAX);
        break;
    case 'r':
        load->rate = number(optarg, 1000000);
        break;
    case 'B':
        load->budget = number(optarg, 1000000);
        break;
    case 'e':
        load->entries = number(optarg, 1000000);
        break;
    case 'n':
        load->rounds = number(optarg, 100);
        break;
    case 'p':
        load->pid = (int)number(optarg, INT32_MAX);
        break;
    case 'k':
        load->seed = optarg;
        break;
    case 't':
        load->at_ms = strtoull(optarg, NULL, 10);
        break;
    case 'S':
        load->source.system = optarg;
        break;
    case 'A':
        load->source.ack = optarg;
        break;
    case 'b':
        load->peer = peer_find(optarg);
        if (load->peer == NULL) {
            bench_die("%s: no such peer", optarg);
        }
        break;
    case 'E':
        load->seats = number(optarg, WORLD_SEATS) == 1 ? 1 : WORLD_SEATS;
        break;
    case 'w':
        load->what = optarg;
        break;
    case 'P':
        load->pings = true;
        break;
    case 'h':
        usage();
        exit(0);
    default:
        bench_die("see bench-load --help");
    }
}

static const struct mode *find(const char *name)
{
    for (size_t i = 0; i < MODES; i++) {
        if (strcmp(modes[i].name, name) == 0) {
            return &modes[i];
        }
    }
    bench_die("no mode %s; see bench-load --help", name);
}

static void on_ready(void *ctx, struct wire_conn *conn)
{
    (void)conn;
    ++*(uint32_t *)ctx;
}

static void wait_ready(struct load *load, const uint32_t *ready, uint32_t n)
{
    uint64_t until = bench_now_ns() + 20 * UINT64_C(1000000000);
    while (*ready < n) {
        if (bench_now_ns() > until) {
            bench_die("%s does not answer", load->source.system);
        }
        wire_poll(&load->wire, 10000000u);
    }
}

/* Other servers: nobody registers, a name says who belongs together. */
static void enter_peer(struct load *load, struct world_seat *const *seats, uint32_t n)
{
    uint32_t ready = 0;
    struct peer_events events = {.ctx = &ready, .ready = on_ready};
    struct wire_conn first = {.fd = -1};
    const struct peer *peer = load->peer;
    load->wire.on_stream = peer->read;
    load->wire.ctx = &events;
    if (peer->prepare != NULL) {
        wire_open(&load->wire, &first, "/");
        peer->prepare(&load->wire, &first);
        wait_ready(load, &ready, 1);
        wire_close(&load->wire, &first);
        ready = 0;
    }
    for (uint32_t i = 0; i < n; i++) {
        char path[32] = "/";
        if (peer->read == NULL) {
            (void)snprintf(path, sizeof path, "/group/%u", i / WORLD_SEATS);
        }
        wire_open(&load->wire, &seats[i]->conn, path);
        seats[i]->delivered = WORLD_FOUNDING;
        if (peer->enter != NULL) {
            peer->enter(seats[i]);
            wait_ready(load, &ready, i > 64 ? i - 64 : 0);
        }
    }
    wait_ready(load, &ready, peer->enter != NULL ? n : 0);
}

static void enter(struct load *load)
{
    uint32_t n = 0;
    struct world_seat **seats = setup_seats(&load->world, load->seats, &n);
    uint64_t since = bench_now_ns();
    if (load->peer != NULL) {
        enter_peer(load, seats, n);
    } else {
        setup_enter(&load->setup, seats, n, true);
        setup_found(&load->setup, &load->world);
        setup_subscribe(&load->setup, seats, n);
    }
    bench_say("%u connections in %.1f s", n, (double)(bench_now_ns() - since) / 1e9);
    free(seats);
}

static void run(struct load *load, char *names)
{
    char *rest = NULL;
    bool entered = false;
    for (char *name = strtok_r(names, ",", &rest); name != NULL;
         name = strtok_r(NULL, ",", &rest)) {
        const struct mode *mode = find(name);
        if (mode->alone && entered) {
            bench_die("%s stands alone", name);
        }
        if (!entered) {
            uint32_t councils = (load->connections + load->seats - 1) / load->seats;
            world_init(&load->world, councils, load->seats, load->seed, load->at_ms, mode->founded);
            entered = true;
            if (mode->subscribe) {
                enter(load);
            }
        }
        mode->run(load);
    }
}

int main(int argc, char **argv)
{
    static struct load load = {
        .seed = "bench",
        .source = {"councild", "on disk (fdatasync), verified"},
        .connections = 1000,
        .seats = WORLD_SEATS,
        .outstanding = 4,
        .rate = 2000,
        .budget = 15000,
        .entries = 20000,
        .rounds = 3,
        .seconds = 8,
    };
    int option = 0;
    load.at_ms = bench_wall_ms();
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        read_option(&load, option);
    }
    if (optind + 1 != argc || load.url == NULL) {
        usage();
        return 2;
    }
    (void)prctl(PR_SET_TIMERSLACK, 1000UL, 0UL, 0UL, 0UL);
    bench_need_files(load.connections + 64);
    wire_init(&load.wire, load.url);
    load.wire.transport = load.peer != NULL ? load.peer->transport : WIRE_MESSAGES;
    load.setup.wire = &load.wire;
    run(&load, argv[optind]);
    if (load.world.councils != NULL) {
        world_fini(&load.world);
    }
    wire_fini(&load.wire);
    return 0;
}
