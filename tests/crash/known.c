/*
 * known.c - what a killed server must still have. See known.h. Heads are recomputed from the bytes that come back.
 */
#include "tests/crash/known.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/crash/tap.h"

enum {
    CHUNK = 64, /* notes signed at once */
    PAGE = 256
};

struct known known;

struct book *known_book(const struct world_council *council)
{
    for (uint32_t i = 0; i < known.world.count; i++) {
        if (known.world.councils[i] == council) {
            return &known.books[i];
        }
    }
    tap_die("no such council");
}

void known_wrong(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)printf("# ");
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on a line above */
    (void)vprintf(format, args);
    (void)printf(" (kill %llu)\n", (unsigned long long)known.kills);
    va_end(args);
    known.failed = true;
}

void known_sign_more(struct world_council *council)
{
    struct book *book = known_book(council);
    if (council->signed_notes - council->sent >= CHUNK ||
        book->signed_to + CHUNK > KNOWN_NOTES_MAX) {
        return;
    }
    world_sign(council, CHUNK, KNOWN_OUTSTANDING, false);
    for (uint64_t seq = book->signed_to + 1; seq <= book->signed_to + CHUNK; seq++) {
        memcpy(book->heads[seq], council->heads[seq % (2 * (uint64_t)WORLD_LAG_MAX)],
               COUNCIL_HASH_BYTES);
    }
    book->signed_to += CHUNK;
}

void known_new_world(const char *seed)
{
    if (known.world.councils != NULL) {
        world_fini(&known.world);
    }
    world_init(&known.world, KNOWN_COUNCILS, WORLD_SEATS, seed, bench_wall_ms(), true);
    memset(known.books, 0, sizeof known.books);
    for (uint32_t i = 0; i < KNOWN_COUNCILS; i++) {
        const struct fixture_log *log = &known.world.councils[i]->council.log;
        for (uint32_t k = 0; k < log->count; k++) {
            memcpy(known.books[i].heads[k + 1], log->entries[k].head, COUNCIL_HASH_BYTES);
        }
        known.books[i].signed_to = log->count;
    }
}

void known_acknowledged(struct world_council *council, uint64_t seq, const json_t *result)
{
    struct book *book = known_book(council);
    uint8_t head[COUNCIL_HASH_BYTES];
    uint64_t said = 0;
    if (!council_rpc_int(result, "seq", 1, COUNCIL_INT_MAX, &said) ||
        !council_rpc_bytes(result, "head", head, sizeof head) || said != seq ||
        seq > book->signed_to || memcmp(head, book->heads[seq], sizeof head) != 0) {
        known_wrong("entry %llu was acknowledged as another (%llu)", (unsigned long long)seq,
                    (unsigned long long)said);
        return;
    }
    known.acks++;
    book->acked = seq > book->acked ? seq : book->acked;
}

/* ---- what is there after a restart ---- */

static bool write_read(struct world_seat *seat, struct council_frame *frame, uint64_t id)
{
    const struct world_council *council = world_council_of(&seat->conn);
    const struct book *book = known_book(council);
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
    struct book *book = known_book(world_council_of(&seat->conn));
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
        known.entries += good;
        council_wire_entry_fini(&entry);
    }
    if (!good || tail > book->signed_to || memcmp(head, book->heads[tail], sizeof head) != 0) {
        known_wrong("DAMAGED: entry %llu is not what was sent",
                    (unsigned long long)book->checked + 1);
    }
    book->whole = book->checked >= tail || !good || json_array_size(entries) == 0;
}

void known_check(struct setup *setup, struct world_seat *const *seats, uint32_t n, bool again)
{
    for (uint32_t i = 0; i < KNOWN_COUNCILS; i++) {
        known.books[i].whole = false;
        known.books[i].checked = again ? 0 : known.books[i].checked;
    }
    for (bool more = true; more;) {
        setup_round(setup, seats, n, write_read, read_page);
        more = false;
        for (uint32_t i = 0; i < KNOWN_COUNCILS; i++) {
            more = more || !known.books[i].whole;
        }
    }
    for (uint32_t i = 0; i < KNOWN_COUNCILS; i++) {
        const struct book *book = &known.books[i];
        struct world_council *council = known.world.councils[i];
        if (book->checked < book->acked || book->checked < book->delivered) {
            known_wrong("LOST: council %u ends at %llu; %llu was acknowledged, %llu delivered", i,
                        (unsigned long long)book->checked, (unsigned long long)book->acked,
                        (unsigned long long)book->delivered);
        }
        council->sent = council->acked = (uint32_t)(book->checked - WORLD_FOUNDING);
    }
}
