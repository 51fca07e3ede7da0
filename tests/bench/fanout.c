/*
 * fanout.c - throughput and latency: one author of each council writes, all eight receive.
 *
 * Owns the measured loops. Every entry is looked for at every member, in order: a figure that is
 * printed counts nothing that was lost or came twice. The first tenth of a run warms up and counts
 * for nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load.h"

enum {
    WARM_PART = 10,
    PAUSE_NS = 4000000,      /* between two looks, so that many entries are read and sent at once */
    PAUSE_PEER_NS = 1000000, /* (a server that does less needs them sooner), */
    PAUSE_FROM = 256,        /* where so many are under way that nobody waits for it */
    DRAIN_MS = 10000,        /* until everything sent must have arrived */
    PING_NS = 2000000,       /* between two pings */
    PEER_NOTES = 64          /* signed for each council where they are sent again and again */
};

struct counts {
    uint64_t at_ns, appends, deliveries, server_ns, own_ns, busy_ns;
};

struct fanout {
    struct load *load;
    uint64_t appends, deliveries, sent;
    uint64_t *latencies; /* owned: ns from send to the last of the eight */
    size_t latency_count, latency_size;
    bool keep; /* the run is warm: latencies count */
    struct world_council **dirty;
    uint32_t dirty_count;
    struct peer_events events;
    struct pinger {
        struct wire_conn conn;
        uint64_t sent_ns, worst_ns; /* sent_ns 0: no answer is waited for */
        uint64_t next_ns;
    } pinger;
};

/* ---- what comes ---- */

static const char entry_start[] =
    "{\"jsonrpc\":\"2.0\",\"method\":\"log.entry\",\"params\":{\"log\":\"";
static const char answer_start[] = "{\"jsonrpc\":\"2.0\",\"id\":";

static void completed(struct fanout *run, const struct world_note *note)
{
    if (!run->keep) {
        return;
    }
    if (run->latency_count == run->latency_size) {
        run->latency_size = run->latency_size > 0 ? 2 * run->latency_size : 65536;
        run->latencies = bench_realloc(run->latencies, run->latency_size * sizeof *run->latencies);
    }
    run->latencies[run->latency_count++] = run->load->wire.now_ns - note->sent_ns;
}

static void acknowledged(struct fanout *run, struct world_council *council)
{
    council->acked++;
    run->appends++;
    if (!council->dirty) {
        council->dirty = true;
        run->dirty[run->dirty_count++] = council;
    }
}

static void delivered(struct fanout *run, struct wire_conn *conn, const char *text, uint32_t len)
{
    static const char key[] = "\",\"seq\":";
    struct world_council *council = world_council_of(conn);
    struct world_seat *seat = world_seat_of(conn);
    const char *at = text + sizeof entry_start - 1 + COUNCIL_KEY_CHARS;
    uint64_t expected = ++seat->delivered;
    if (len < sizeof entry_start + COUNCIL_KEY_CHARS + sizeof key + 8 ||
        memcmp(at, key, sizeof key - 1) != 0) {
        bench_die("an entry of an unexpected form: %.100s", text);
    }
    if (!council->again && strtoull(at + sizeof key - 1, NULL, 10) != expected) {
        bench_die("entry %llu is missing", (unsigned long long)expected);
    }
    run->deliveries++;
    struct world_note *note = world_note(council, (uint32_t)(expected - council->first_seq));
    if (++note->received == run->load->seats) {
        completed(run, note);
        note->received = 0;
        note->sent_ns = 0;
    }
    if (run->load->peer != NULL && run->load->peer->read == NULL && conn->seat == 0) {
        acknowledged(run, council);
    }
}

/* The same of another server. */
static void peer_delivered(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    delivered(ctx, conn, text, len);
}

static void peer_acknowledged(void *ctx, struct wire_conn *conn)
{
    acknowledged(ctx, world_council_of(conn));
}

static void on_message(void *ctx, struct wire_conn *conn, const char *text, uint32_t len)
{
    struct fanout *run = ctx;
    if (len >= sizeof entry_start && memcmp(text, entry_start, sizeof entry_start - 1) == 0) {
        delivered(run, conn, text, len);
        return;
    }
    if (len < sizeof answer_start || memcmp(text, answer_start, sizeof answer_start - 1) != 0 ||
        memmem(text, len < 60 ? len : 60, "\"result\":", 9) == NULL) {
        bench_die("an answer of an unexpected form: %.*s", (int)(len < 300 ? len : 300), text);
    }
    acknowledged(run, world_council_of(conn));
}

/* ---- the run ---- */

static void begin(struct fanout *run, struct load *load, uint32_t notes)
{
    memset(run, 0, sizeof *run);
    run->pinger.conn.fd = -1;
    run->load = load;
    run->dirty = bench_alloc(load->world.count * sizeof(struct world_council *));
    uint64_t since = bench_now_ns();
    for (uint32_t i = 0; i < load->world.count; i++) {
        struct world_council *council = load->world.councils[i];
        council->again = load->peer != NULL;
        uint32_t left = council->signed_notes - council->sent;
        uint32_t wanted = load->peer != NULL ? PEER_NOTES : notes;
        if (left < wanted) {
            world_sign(council, wanted - left, load->outstanding,
                       load->peer != NULL ? load->peer->pack : NULL);
        }
    }
    bench_say("signed up to %u notes for each of %u councils in %.1f s", notes, load->world.count,
              (double)(bench_now_ns() - since) / 1e9);
    run->events = (struct peer_events){
        .ctx = run, .delivered = peer_delivered, .acknowledged = peer_acknowledged};
    load->wire.on_message = on_message;
    load->wire.ctx = load->peer != NULL && load->peer->read != NULL ? (void *)&run->events : run;
}

static void end(struct fanout *run)
{
    free(run->latencies);
    free(run->dirty);
}

static struct counts count(const struct fanout *run)
{
    return (struct counts){.at_ns = bench_now_ns(),
                           .appends = run->appends,
                           .deliveries = run->deliveries,
                           .server_ns = run->load->pid > 0 ? bench_cpu_ns(run->load->pid) : 0,
                           .own_ns = bench_cpu_ns(0),
                           .busy_ns = bench_busy_ns()};
}

/* Everything that was sent arrives everywhere. */
static void drain(struct fanout *run)
{
    uint64_t until = bench_now_ns() + DRAIN_MS * UINT64_C(1000000);
    while (run->appends < run->sent || run->deliveries < run->sent * run->load->seats) {
        if (bench_now_ns() > until) {
            bench_die("of %llu entries sent, %llu were acknowledged and %llu delivered",
                      (unsigned long long)run->sent, (unsigned long long)run->appends,
                      (unsigned long long)run->deliveries);
        }
        wire_poll(&run->load->wire, 10000000u);
    }
}

static void say_rates(const struct fanout *run, const struct counts *from, const struct counts *to)
{
    const struct bench_source *source = &run->load->source;
    double seconds = (double)(to->at_ns - from->at_ns) / 1e9;
    double appends = (double)(to->appends - from->appends);
    bench_figure(source, "appends", appends / seconds, "1/s");
    bench_figure(source, "deliveries", (double)(to->deliveries - from->deliveries) / seconds,
                 "1/s");
    if (run->load->pid > 0 && appends > 0) {
        bench_figure(source, "server_cpu",
                     (double)(to->server_ns - from->server_ns) / 1e3 / appends, "us/append");
    }
    if (appends > 0) {
        bench_figure(source, "generator_cpu", (double)(to->own_ns - from->own_ns) / 1e3 / appends,
                     "us/append");
    }
}

/* How much of the machine somebody else had meanwhile: above a few percent, figures are too low. */
static void say_others(const struct fanout *run, const char *figure, const struct counts *from,
                       const struct counts *to)
{
    double busy = (double)(to->busy_ns - from->busy_ns);
    double ours = (double)(to->server_ns - from->server_ns + to->own_ns - from->own_ns);
    double all = (double)(to->at_ns - from->at_ns) * (double)sysconf(_SC_NPROCESSORS_ONLN);
    if (run->load->pid > 0) {
        bench_figure(&run->load->source, figure, 100 * (busy > ours ? busy - ours : 0) / all,
                     "% of the machine");
    }
}

static double percentile_ms(struct fanout *run, double p)
{
    return (double)bench_percentile(run->latencies, run->latency_count, p) / 1e6;
}

/* Sends what those may send whose entries were acknowledged; false once one of them has no more. */
static bool refill(struct fanout *run)
{
    bool left = true;
    uint64_t now = bench_now_ns();
    for (uint32_t i = 0; i < run->dirty_count; i++) {
        struct world_council *council = run->dirty[i];
        council->dirty = false;
        run->sent += world_send(council, run->load->outstanding, UINT32_MAX, now);
        left = left && (council->again || council->sent < council->signed_notes);
    }
    run->dirty_count = 0;
    return left;
}

void load_throughput(struct load *load)
{
    struct fanout run;
    begin(&run, load,
          (uint32_t)(load->budget * load->seconds) / load->world.count + load->outstanding);
    const struct timespec pause = {.tv_nsec = load->peer != NULL ? PAUSE_PEER_NS : PAUSE_NS};
    uint64_t start = bench_now_ns();
    uint64_t warm = start + (uint64_t)(load->seconds * 1e9) / WARM_PART;
    uint64_t until = start + (uint64_t)(load->seconds * 1e9);
    for (uint32_t i = 0; i < load->world.count; i++) {
        run.dirty[run.dirty_count++] = load->world.councils[i];
    }
    struct counts from = count(&run);
    while (refill(&run) && bench_now_ns() < until) {
        if (!run.keep && bench_now_ns() >= warm) {
            run.keep = true;
            from = count(&run);
        }
        if (load->outstanding * load->world.count >= PAUSE_FROM) {
            (void)nanosleep(&pause, NULL);
        }
        wire_poll(&load->wire, 10000000u);
    }
    struct counts to = count(&run);
    if (to.at_ns < until) {
        bench_say("out of signed notes after %.1f s: give a higher --budget",
                  (double)(to.at_ns - start) / 1e9);
    }
    drain(&run);
    say_rates(&run, &from, &to);
    say_others(&run, "others_meanwhile", &from, &to);
    bench_figure(&load->source, "latency_p50_saturated", percentile_ms(&run, 0.5), "ms");
    bench_figure(&load->source, "latency_p99_saturated", percentile_ms(&run, 0.99), "ms");
    end(&run);
}

/* The next note of the council is due; it is sent now or as soon as it may be. */
static void send_due(struct fanout *run, struct world_council *council, uint64_t due_ns)
{
    world_note(council, council->sent + council->waiting)->sent_ns = due_ns;
    council->waiting++;
    uint32_t n = world_send(council, run->load->outstanding, council->waiting, due_ns);
    council->waiting -= n;
    run->sent += n;
}

static void send_waiting(struct fanout *run)
{
    for (uint32_t i = 0; i < run->dirty_count; i++) {
        struct world_council *council = run->dirty[i];
        uint32_t n = world_send(council, run->load->outstanding, council->waiting, 0);
        council->dirty = false;
        council->waiting -= n;
        run->sent += n;
    }
    run->dirty_count = 0;
}

/* ---- how long the loop stands still ---- */

static void on_pong(void *ctx, struct wire_conn *conn)
{
    struct pinger *pinger = &((struct fanout *)ctx)->pinger;
    uint64_t took = ((struct fanout *)ctx)->load->wire.now_ns - pinger->sent_ns;
    if (conn == &pinger->conn && pinger->sent_ns != 0) {
        pinger->worst_ns =
            ((struct fanout *)ctx)->keep && took > pinger->worst_ns ? took : pinger->worst_ns;
        pinger->sent_ns = 0;
    }
}

static void ping(struct fanout *run, uint64_t now)
{
    if (run->load->pings && run->pinger.sent_ns == 0 && now >= run->pinger.next_ns) {
        run->pinger.sent_ns = now;
        run->pinger.next_ns = now + PING_NS;
        wire_ping(&run->pinger.conn);
    }
}

static void say_latency(struct fanout *run, const char *name, double p)
{
    struct load *load = run->load;
    char figure[128];
    if (load->what != NULL) {
        (void)snprintf(figure, sizeof figure, "latency_%s_%s", name, load->what);
    } else {
        (void)snprintf(figure, sizeof figure, "latency_%s_at_%u_per_s", name, load->rate);
    }
    bench_figure(&load->source, figure, percentile_ms(run, p), "ms");
}

static void say_steady(struct fanout *run, const struct counts *from, const struct counts *to)
{
    struct load *load = run->load;
    char figure[128];
    say_latency(run, "p50", 0.5);
    say_latency(run, "p99", 0.99);
    double server_us = (double)(to->server_ns - from->server_ns) / 1e3;
    if (load->pings) {
        say_latency(run, "worst", 1);
        bench_figure(&load->source, "stall_loop_worst", (double)run->pinger.worst_ns / 1e6, "ms");
    }
    if (load->pid > 0 && load->what != NULL) {
        (void)snprintf(figure, sizeof figure, "cost_per_post_%s", load->what);
        bench_figure(&load->source, figure, server_us / (double)(to->appends - from->appends),
                     "us");
    } else if (load->pid > 0) {
        (void)snprintf(figure, sizeof figure, "server_cpu_at_%u_per_s", load->rate);
        bench_figure(&load->source, figure,
                     100.0 * 1e3 * server_us / (double)(to->at_ns - from->at_ns), "% of a core");
        (void)snprintf(figure, sizeof figure, "others_meanwhile_at_%u_per_s", load->rate);
        say_others(run, figure, from, to);
    }
}

void load_latency(struct load *load)
{
    struct fanout run;
    uint64_t total = (uint64_t)(load->rate * load->seconds);
    begin(&run, load, (uint32_t)(total / load->world.count) + 1);
    if (load->pings) {
        run.pinger.conn = (struct wire_conn){.fd = -1};
        wire_open(&load->wire, &run.pinger.conn, "/ws");
        load->wire.on_pong = on_pong;
    }
    uint64_t start = bench_now_ns();
    struct counts from = count(&run);
    for (uint64_t i = 0; i < total;) {
        uint64_t due = start + (uint64_t)((double)i * 1e9 / load->rate);
        uint64_t now = bench_now_ns();
        ping(&run, now);
        if (due <= now) {
            send_due(&run, load->world.councils[i % load->world.count], due);
            i++;
            continue;
        }
        if (!run.keep && i >= total / WARM_PART) {
            run.keep = true;
            from = count(&run);
        }
        wire_poll(&load->wire, due - now);
        send_waiting(&run);
    }
    struct counts to = count(&run);
    for (uint64_t until = to.at_ns + DRAIN_MS * UINT64_C(1000000);
         run.sent < total && bench_now_ns() < until;) {
        wire_poll(&load->wire, 1000000u);
        send_waiting(&run);
    }
    drain(&run);
    say_steady(&run, &from, &to);
    wire_close(&load->wire, &run.pinger.conn);
    end(&run);
}
