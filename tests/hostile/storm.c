/*
 * storm.c - many members who all come back at once: `hostile-storm`.
 *
 * Owns the connections of those who come back, each from connect to the answer of its login, all side by side; four of them share an
 * address of 127.0.0.0/8, as the members of a household do. Must not know the server. Commands on standard input, one a line: "register"
 * makes them known to a server, "login" is the storm, "end" or its end is the end. Each answers with a line of JSON. A connection that is
 * refused or cut before it is logged in tries again a little later, which is counted; one that is cut afterwards is a failure.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"
#include "tests/bench/setup.h"

enum {
    PATIENCE_S = 60,
    AGAIN_MS = 200,
    PER_ADDRESS = 4,
    ARRIVE_SOME = 64,
    IN_MAX = 4096,
    OUT_MAX = 2048,
    EVENTS = 512
};

enum stage {
    AWAY,
    CONNECTING,
    UPGRADING,
    GREETING,
    ENTERING,
    IN
};

struct guest {
    struct world_seat *seat;
    int fd;
    enum stage stage;
    uint64_t again_ns; /* AWAY: when to try (again) */
    uint64_t took_ns;  /* from the storm's beginning to the answer */
    char in[IN_MAX];
    uint32_t have;
};

struct storm {
    struct wire wire;
    struct setup setup;
    struct world world;
    struct guest *guests; /* owned */
    uint32_t count, inside;
    int epoll;
    uint64_t start_ns, retries;
};

/* ---- one connection ---- */

static void leave(struct storm *storm, struct guest *guest)
{
    if (guest->stage == IN) {
        bench_die("a member who was logged in was cut off");
    }
    (void)close(guest->fd);
    guest->fd = -1;
    guest->stage = AWAY;
    guest->have = 0;
    guest->again_ns = bench_now_ns() + AGAIN_MS * UINT64_C(1000000);
    storm->retries++;
}

static void arrive(struct storm *storm, struct guest *guest)
{
    uint32_t number = (uint32_t)(guest - storm->guests) / PER_ADDRESS;
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(0x7f010001u + number)};
    int on = 1;
    guest->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (guest->fd < 0) {
        bench_die("socket: %s", strerror(errno));
    }
    (void)setsockopt(guest->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    guest->stage = CONNECTING;
    if (bind(guest->fd, (const struct sockaddr *)&from, sizeof from) != 0) {
        bench_die("bind: %s", strerror(errno));
    }
    if (connect(guest->fd, (const struct sockaddr *)&storm->wire.address,
                sizeof storm->wire.address) != 0 &&
        errno != EINPROGRESS) {
        leave(storm, guest);
        return;
    }
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data = {.ptr = guest}};
    if (epoll_ctl(storm->epoll, EPOLL_CTL_ADD, guest->fd, &event) != 0) {
        bench_die("epoll: %s", strerror(errno));
    }
}

static void say(struct storm *storm, struct guest *guest, const char *bytes, size_t len)
{
    if (send(guest->fd, bytes, len, MSG_NOSIGNAL) != (ssize_t)len) {
        leave(storm, guest);
    }
}

static void say_frame(struct storm *storm, struct guest *guest, struct council_frame *frame)
{
    char out[OUT_MAX];
    if (council_frame_end(frame) != COUNCIL_OK || frame->len + WIRE_HEADER_MAX > sizeof out) {
        bench_die("a call is too large");
    }
    uint32_t len = wire_frame(out, WIRE_TEXT, council_frame_text(frame), frame->len, 0x5bd1e995u);
    council_frame_fini(frame);
    say(storm, guest, out, len);
}

/* ---- what is said, stage by stage ---- */

static void say_upgrade(struct storm *storm, struct guest *guest)
{
    char request[512];
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = guest}};
    int len = snprintf(request, sizeof request,
                       "GET /ws HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\n"
                       "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                       "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                       "Sec-WebSocket-Protocol: council.v1\r\n\r\n",
                       storm->wire.host);
    (void)epoll_ctl(storm->epoll, EPOLL_CTL_MOD, guest->fd, &event);
    guest->stage = UPGRADING;
    say(storm, guest, request, (size_t)len);
}

static void say_hello(struct storm *storm, struct guest *guest)
{
    struct council_frame frame;
    struct council_challenge *challenge = &guest->seat->challenge;
    randombytes_buf(challenge->client_nonce, sizeof challenge->client_nonce);
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_SERVER_HELLO);
    council_rpc_field_bytes(&frame, "nonce", challenge->client_nonce, COUNCIL_NONCE_BYTES);
    council_rpc_field_int(&frame, "protocol", 1);
    council_rpc_field_string(&frame, "client", "storm/1");
    guest->stage = GREETING;
    say_frame(storm, guest, &frame);
}

static void say_login(struct storm *storm, struct guest *guest, const json_t *hello)
{
    struct council_challenge *challenge = &guest->seat->challenge;
    const struct fixture_member *member = guest->seat->member;
    const struct council_device device = fixture_device(member, 0);
    const char *origin = council_rpc_string(hello, "origin", COUNCIL_ORIGIN_MAX);
    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_frame frame;
    if (origin == NULL ||
        !council_rpc_bytes(hello, "server", challenge->server, COUNCIL_KEY_BYTES) ||
        !council_rpc_bytes(hello, "nonce", challenge->server_nonce, COUNCIL_NONCE_BYTES) ||
        !council_rpc_int(hello, "expires", 0, COUNCIL_INT_MAX, &challenge->expires)) {
        bench_die("a hello without what it must have");
    }
    memcpy(challenge->origin, origin, strlen(origin) + 1);
    if (!council_login_sign(sig, member->devices[0].sign, challenge, fixture_name(member),
                            "device")) {
        bench_die("a login cannot be signed");
    }
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 2, COUNCIL_METHOD_AUTH_LOGIN);
    council_rpc_field_bytes(&frame, "device", device.sign, COUNCIL_KEY_BYTES);
    council_rpc_field_string(&frame, "purpose", "device");
    council_rpc_field_bytes(&frame, "sig", sig, sizeof sig);
    council_rpc_field_bytes(&frame, "member", fixture_name(member), COUNCIL_KEY_BYTES);
    guest->stage = ENTERING;
    say_frame(storm, guest, &frame);
}

static void answered(struct storm *storm, struct guest *guest, const char *text, uint32_t len)
{
    struct council_rpc rpc;
    if (guest->stage == IN) {
        return;
    }
    if (council_rpc_parse(&rpc, text, len) != COUNCIL_OK || rpc.kind != COUNCIL_RPC_RESULT) {
        bench_die("a member was answered: %.*s", (int)len, text);
    }
    if (guest->stage == GREETING) {
        say_login(storm, guest, rpc.result);
    } else {
        guest->stage = IN;
        guest->took_ns = bench_now_ns() - storm->start_ns;
        storm->inside++;
    }
    council_rpc_fini(&rpc);
}

/* ---- what comes ---- */

static void eat(struct guest *guest, uint32_t len)
{
    guest->have -= len;
    memmove(guest->in, guest->in + len, guest->have);
}

/* Takes whole frames from what has come; all of the server's are short here. */
static void take_frames(struct storm *storm, struct guest *guest)
{
    while (guest->stage >= GREETING && guest->have >= 2) {
        const unsigned char *at = (const unsigned char *)guest->in;
        uint32_t header = at[1] < 126 ? 2 : 4;
        uint32_t len = at[1] < 126 ? at[1] : (uint32_t)at[2] << 8 | at[3];
        if (guest->have < header || guest->have - header < len) {
            return;
        }
        if ((at[0] & 15) == 8) {
            leave(storm, guest);
            return;
        }
        if ((at[0] & 15) == 1) {
            char text[IN_MAX];
            memcpy(text, guest->in + header, len);
            eat(guest, header + len);
            answered(storm, guest, text, len);
        } else {
            eat(guest, header + len);
        }
    }
}

static void receive(struct storm *storm, struct guest *guest)
{
    ssize_t n = recv(guest->fd, guest->in + guest->have, sizeof guest->in - 1 - guest->have, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        leave(storm, guest);
        return;
    }
    guest->have += (uint32_t)n;
    if (guest->stage == UPGRADING) {
        guest->in[guest->have] = '\0';
        const char *end = strstr(guest->in, "\r\n\r\n");
        if (end == NULL) {
            return;
        }
        if (strncmp(guest->in, "HTTP/1.1 101", 12) != 0) {
            leave(storm, guest);
            return;
        }
        eat(guest, (uint32_t)(end + 4 - guest->in));
        say_hello(storm, guest);
    }
    take_frames(storm, guest);
}

static void happened(struct storm *storm, struct guest *guest, uint32_t events)
{
    if (guest->stage == CONNECTING && (events & (EPOLLERR | EPOLLHUP)) != 0) {
        leave(storm, guest);
    } else if (guest->stage == CONNECTING && (events & EPOLLOUT) != 0) {
        say_upgrade(storm, guest);
    } else if (guest->stage > CONNECTING && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
        receive(storm, guest);
    }
}

static void turn(struct storm *storm, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(storm->epoll, events, EVENTS, timeout_ms);
    for (int i = 0; i < n; i++) {
        happened(storm, events[i].data.ptr, events[i].events);
    }
}

/* ---- commands ---- */

/* Those whose time has come, a few in a turn: who comes first goes on before the last has come, as members on machines of their own do. */
static void arrive_some(struct storm *storm, uint64_t now)
{
    uint32_t some = 0;
    for (uint32_t i = 0; i < storm->count && some < ARRIVE_SOME; i++) {
        struct guest *guest = &storm->guests[i];
        if (guest->stage == AWAY && guest->again_ns <= now) {
            arrive(storm, guest);
            some++;
        }
    }
}

static void do_login(struct storm *storm)
{
    storm->start_ns = bench_now_ns();
    storm->inside = 0;
    storm->retries = 0;
    while (storm->inside < storm->count) {
        uint64_t now = bench_now_ns();
        if (now - storm->start_ns > PATIENCE_S * UINT64_C(1000000000)) {
            bench_die("%u of %u are logged in", storm->inside, storm->count);
        }
        arrive_some(storm, now);
        turn(storm, 1);
    }
    uint64_t *took = bench_alloc(storm->count * sizeof *took);
    for (uint32_t i = 0; i < storm->count; i++) {
        took[i] = storm->guests[i].took_ns;
    }
    printf("{\"logins\":%u,\"seconds\":%.3f,\"p50_s\":%.3f,\"p99_s\":%.3f,\"tries_again\":%llu}\n",
           storm->count, (double)bench_percentile(took, storm->count, 1.0) / 1e9,
           (double)bench_percentile(took, storm->count, 0.5) / 1e9,
           (double)bench_percentile(took, storm->count, 0.99) / 1e9,
           (unsigned long long)storm->retries);
    free(took);
}

static void do_register(struct storm *storm)
{
    uint32_t n = 0;
    uint64_t since = bench_now_ns();
    struct world_seat **seats = setup_seats(&storm->world, WORLD_SEATS, &n);
    setup_enter(&storm->setup, seats, storm->count, true);
    for (uint32_t i = 0; i < storm->count; i++) {
        wire_close(&storm->wire, &seats[i]->conn);
        storm->guests[i] = (struct guest){.seat = seats[i], .fd = -1};
    }
    free(seats);
    printf("{\"registered\":%u,\"seconds\":%.3f}\n", storm->count,
           (double)(bench_now_ns() - since) / 1e9);
}

static void play(struct storm *storm)
{
    char line[32];
    for (;;) {
        struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
        if (poll(&in, 1, 10) == 0) {
            turn(storm, 0);
            continue;
        }
        if (fgets(line, sizeof line, stdin) == NULL || strcmp(line, "end\n") == 0) {
            return;
        }
        if (strcmp(line, "register\n") == 0) {
            do_register(storm);
        } else if (strcmp(line, "login\n") == 0) {
            do_login(storm);
        } else {
            bench_die("what is %s", line);
        }
        (void)fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static struct storm storm;
    static const struct option options[] = {{"url", required_argument, NULL, 'u'},
                                            {"members", required_argument, NULL, 'm'},
                                            {NULL, 0, NULL, 0}};
    const char *url = NULL;
    int option = 0;
    storm.count = 1000;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'u') {
            url = optarg;
        } else if (option == 'm') {
            storm.count = (uint32_t)strtoul(optarg, NULL, 10);
        }
    }
    if (url == NULL || storm.count < 1 || storm.count > 100000) {
        bench_die("Usage: hostile-storm --url http://ADDRESS:PORT [--members N]");
    }
    bench_need_files(storm.count + 64);
    (void)setvbuf(stdin, NULL, _IONBF, 0);
    wire_init(&storm.wire, url);
    storm.setup.wire = &storm.wire;
    storm.epoll = epoll_create1(EPOLL_CLOEXEC);
    storm.guests = bench_alloc(storm.count * sizeof *storm.guests);
    world_init(&storm.world, (storm.count + WORLD_SEATS - 1) / WORLD_SEATS, WORLD_SEATS, "storm",
               bench_wall_ms(), false);
    play(&storm);
    for (uint32_t i = 0; i < storm.count; i++) {
        if (storm.guests[i].fd > 0) {
            (void)close(storm.guests[i].fd);
        }
    }
    (void)close(storm.epoll);
    free(storm.guests);
    world_fini(&storm.world);
    wire_fini(&storm.wire);
    return 0;
}
