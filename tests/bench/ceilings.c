/*
 * ceilings.c - what the parts reach by themselves, on one core, with nothing else to do: Ed25519,
 * the check of an entry, rows committed in groups.
 *
 * Owns the comparison: two things that are to be compared take turns in short slices within one run,
 * so that a busy machine slows both alike. Knows no server.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/rpc.h"
#include "tests/bench/bench.h"
#include "tests/bench/rows.h"
#include "tests/bench/world.h"

enum {
    COUNCILS = 8,
    NOTES = 64, /* of each council */
    SLICE_NS = 100000000,
    SIGNED_MAX = 1024
};

/* A note as it comes to whoever checks it. */
struct sample {
    char *text;
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data;
    uint32_t data_len;
    uint8_t message[SIGNED_MAX]; /* what is signed */
    uint32_t message_len;
    uint8_t key[COUNCIL_KEY_BYTES];
};

static struct sample samples[COUNCILS * NOTES];

/* ---- samples: notes as the load generator signs them ---- */

static void take(struct sample *sample, const char *frame, uint32_t len)
{
    struct council_rpc rpc;
    struct council_wire_entry entry;
    struct council_entry parsed;
    if (council_rpc_parse(&rpc, frame, len) != COUNCIL_OK ||
        council_rpc_entry(rpc.params, &entry) != COUNCIL_OK ||
        council_entry_parse(&parsed, entry.text, entry.len) != COUNCIL_OK) {
        bench_die("a note that cannot be read");
    }
    const struct council_field fields[] = {COUNCIL_FN(entry.text, entry.len)};
    sample->text = bench_alloc((size_t)entry.len + 1);
    memcpy(sample->text, entry.text, entry.len);
    sample->len = entry.len;
    memcpy(sample->sig, entry.sig, sizeof sample->sig);
    sample->data = bench_alloc(entry.data_len);
    memcpy(sample->data, entry.data, entry.data_len);
    sample->data_len = entry.data_len;
    memcpy(sample->key, parsed.device, sizeof sample->key);
    sample->message_len =
        council_p(sample->message, sizeof sample->message, "council/v1/entry", fields, 1);
    council_entry_fini(&parsed);
    council_wire_entry_fini(&entry);
    council_rpc_fini(&rpc);
    if (sample->message_len == 0) {
        bench_die("a note is longer than expected");
    }
}

static uint32_t pack_nothing(const struct world_council *council, uint32_t note, char *out,
                             const char *text, uint32_t len)
{
    (void)council;
    (void)note;
    memcpy(out, text, len);
    return len;
}

static void make_samples(void)
{
    struct world world;
    world_init(&world, COUNCILS, WORLD_SEATS, "ceilings", bench_wall_ms(), true);
    for (uint32_t i = 0; i < COUNCILS; i++) {
        struct world_council *council = world.councils[i];
        uint32_t from = 0;
        world_sign(council, NOTES, 4, pack_nothing);
        for (uint32_t k = 0; k < NOTES; k++) {
            take(&samples[i * NOTES + k], council->frames + from, council->notes[k].end - from);
            from = council->notes[k].end;
        }
    }
    world_fini(&world);
}

static void free_samples(void)
{
    for (uint32_t i = 0; i < COUNCILS * NOTES; i++) {
        free(samples[i].text);
        free(samples[i].data);
    }
}

/* ---- what is compared ---- */

struct contender {
    struct bench_source source;
    const char *figure, *unit;
    void (*step)(void *ctx, uint64_t number); /* does `per_step` of what is counted */
    void *ctx;
    uint64_t per_step, steps, ns;
};

static void verify_bare(void *ctx, uint64_t number)
{
    const struct sample *sample = &samples[number % (COUNCILS * NOTES)];
    (void)ctx;
    if (crypto_sign_verify_detached(sample->sig, sample->message, sample->message_len,
                                    sample->key) != 0) {
        bench_die("a note's signature is wrong");
    }
}

static void check_entry(void *ctx, uint64_t number)
{
    const struct sample *sample = &samples[number % (COUNCILS * NOTES)];
    struct council_entry entry;
    uint8_t *head = ctx;
    if (council_entry_parse(&entry, sample->text, sample->len) != COUNCIL_OK ||
        council_entry_check_data(&entry, sample->data, sample->data_len) != COUNCIL_OK ||
        council_entry_verify(&entry, sample->sig) != COUNCIL_OK) {
        bench_die("a note is not valid");
    }
    council_entry_head(head, head, sample->text, sample->len, sample->sig);
    council_entry_fini(&entry);
}

static void append_rows(void *ctx, uint64_t number)
{
    (void)number;
    rows_append(ctx);
}

/* Turn by turn until each has had `seconds`. */
static void compare(struct contender *list, uint32_t n, double seconds)
{
    uint64_t rounds = (uint64_t)(seconds * 1e9) / SLICE_NS + 1;
    for (uint64_t round = 0; round < rounds; round++) {
        for (uint32_t i = 0; i < n; i++) {
            uint64_t since = bench_now_ns();
            uint64_t now = since;
            while (now - since < SLICE_NS) {
                list[i].step(list[i].ctx, list[i].steps++);
                now = bench_now_ns();
            }
            list[i].ns += now - since;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        bench_figure(&list[i].source, list[i].figure,
                     (double)(list[i].steps * list[i].per_step) * 1e9 / (double)list[i].ns,
                     list[i].unit);
    }
}

static void run_entry(double seconds, const char *folder)
{
    static uint8_t head[COUNCIL_HASH_BYTES];
    struct contender list[] = {
        {{"ed25519", "nothing: signatures checked by one core"},
         "verifications",
         "1/s",
         verify_bare,
         NULL,
         1,
         0,
         0},
        {{"entry-check", "nothing: entries checked by one core"},
         "entries_checked",
         "1/s",
         check_entry,
         head,
         1,
         0,
         0},
    };
    (void)folder;
    make_samples();
    compare(list, sizeof list / sizeof *list, seconds);
    free_samples();
}

static void run_rows(double seconds, const char *folder)
{
    static const uint32_t batches[] = {64, 512};
    for (size_t i = 0; i < sizeof batches / sizeof *batches; i++) {
        char figure[32];
        (void)snprintf(figure, sizeof figure, "rows_by_%u", batches[i]);
        struct contender list[] = {
            {{"sqlite", "on disk (fdatasync), not verified"},
             figure,
             "rows/s",
             append_rows,
             NULL,
             batches[i],
             0,
             0},
            {{"council-store", "on disk (fdatasync), not verified"},
             figure,
             "rows/s",
             append_rows,
             NULL,
             batches[i],
             0,
             0},
        };
        list[0].ctx = rows_open(folder, ROWS_BARE, batches[i]);
        list[1].ctx = rows_open(folder, ROWS_STORE, batches[i]);
        compare(list, 2, seconds);
        rows_close(list[0].ctx);
        rows_close(list[1].ctx);
    }
}

/* Not a measurement: a store with this many entries, for a server to start with. */
static void run_stored(double entries, const char *path)
{
    uint64_t since = bench_now_ns();
    rows_fill(path, (uint64_t)entries);
    bench_say("stored %.0f entries in %.1f s", entries, (double)(bench_now_ns() - since) / 1e9);
}

static const struct {
    const char *name;
    void (*run)(double number, const char *folder);
    double max;
} modes[] = {{"entry", run_entry, 600}, {"rows", run_rows, 600}, {"stored", run_stored, 1e9}};

int main(int argc, char **argv)
{
    double seconds = argc > 2 ? strtod(argv[2], NULL) : 2;
    if (council_protocol_init() != COUNCIL_OK) {
        bench_die("this libsodium is not the one the protocol means");
    }
    for (size_t i = 0; argc > 1 && i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(argv[1], modes[i].name) == 0 && seconds > 0 && seconds <= modes[i].max) {
            modes[i].run(seconds, argc > 3 ? argv[3] : ".");
            return 0;
        }
    }
    (void)puts(
        "Usage: bench-ceilings entry [SECONDS]\n"
        "       bench-ceilings rows [SECONDS [FOLDER]]\n"
        "       bench-ceilings stored ENTRIES FILE\n\n"
        "  entry   Ed25519 verifications and whole checks of an entry, of one core\n"
        "  rows    rows of a note's size committed in groups, by bare SQLite and by the\n"
        "          server's store, in FOLDER (.)\n"
        "  stored  measures nothing: makes a store with so many entries, for a server to open");
    return argc > 1 && strcmp(argv[1], "--help") == 0 ? 0 : 2;
}
