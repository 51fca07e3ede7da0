/*
 * world.c - members, councils and presigned notes. See world.h.
 *
 * The author of all notes is the only one who writes, so every head is known before anything is sent.
 */
#include "tests/bench/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol/rpc.h"
#include "protocol/seal.h"
#include "tests/bench/bench.h"

static void must(enum council_error error, const char *what)
{
    if (error != COUNCIL_OK) {
        bench_die("%s: %s", what, council_error_info(error)->name);
    }
}

static void found(struct world_council *council)
{
    const struct fixture_policy policy = {.fast = true, .history_all = true, .size = WORLD_SEATS};
    struct fixture *fixture = &council->fixture;
    struct fixture_member *founder = council->seats[0].member;
    must(fixture_found(fixture, &council->council, founder, policy), "council.create");
    must(fixture_invite(fixture, &council->council, founder, WORLD_SEATS - 1), "invite.open");
    for (uint32_t i = 1; i < WORLD_SEATS; i++) {
        must(fixture_join(fixture, &council->council, council->seats[i].member, 0), "member.join");
    }
}

static struct world_council *create(const char *seed, uint32_t number, uint32_t seats,
                                    uint64_t at_ms, bool founded)
{
    const struct fixture_policy policy = {.fast = true, .history_all = true, .size = WORLD_SEATS};
    struct world_council *council = bench_alloc(sizeof *council);
    council->number = number;
    (void)snprintf(council->name, sizeof council->name, "%s/%u", seed, number);
    fixture_init(&council->fixture, council->name);
    council->fixture.now_ms = at_ms;
    fixture_council_init(&council->council);
    council->founding = seats > 1 ? WORLD_FOUNDING : WORLD_FOUNDING_ALONE;
    for (uint32_t i = 0; i < seats; i++) {
        struct world_seat *seat = &council->seats[i];
        seat->member = fixture_member(&council->fixture, i);
        seat->conn = (struct wire_conn){.fd = -1, .owner = council, .seat = i};
    }
    if (founded && seats > 1) {
        found(council);
    } else {
        must(fixture_create(&council->fixture, &council->council, council->seats[0].member, policy),
             "council.create");
        if (seats == 1) {
            must(fixture_rotate(&council->fixture, &council->council, council->seats[0].member),
                 "key.rotate");
        }
    }
    world_resume(council);
    return council;
}

void world_resume(struct world_council *council)
{
    const struct council_tail *tail = &council->council.log.log.tail;
    council->first_seq = tail->seq + 1;
    memcpy(council->heads[tail->seq % (2 * WORLD_LAG_MAX)], tail->head, COUNCIL_HASH_BYTES);
}

void world_init(struct world *world, uint32_t councils, uint32_t seats, const char *seed,
                uint64_t at_ms, bool founded)
{
    world->count = councils;
    world->seats = seats;
    world->at_ms = at_ms;
    world->councils = bench_alloc(councils * sizeof(struct world_council *));
    for (uint32_t i = 0; i < councils; i++) {
        world->councils[i] = create(seed, i, seats, at_ms, founded);
    }
}

void world_fini(struct world *world)
{
    for (uint32_t i = 0; i < world->count; i++) {
        struct world_council *council = world->councils[i];
        fixture_council_fini(&council->council);
        fixture_fini(&council->fixture);
        free(council->frames);
        free(council->notes);
        free(council);
    }
    free(world->councils);
}

struct world_council *world_council_of(const struct wire_conn *conn)
{
    return conn->owner;
}

struct world_seat *world_seat_of(const struct wire_conn *conn)
{
    return &world_council_of(conn)->seats[conn->seat];
}

/* ---- notes ---- */

struct signed_note {
    char *text;
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint8_t *data;
    uint32_t data_len;
};

/* Readable text, so that whoever opens a note finds what a note is. */
static uint32_t write_plain(char *out, size_t size, uint64_t seq)
{
    static const char words[] =
        "I wrote to two people who do the work that I want, heard back from "
        "one, and practised how to begin. ";
    char text[WORLD_NOTE_BYTES + 1];
    size_t have = (size_t)snprintf(text, sizeof text, "Note %llu. ", (unsigned long long)seq);
    while (have < WORLD_NOTE_BYTES) {
        size_t part =
            sizeof words - 1 < WORLD_NOTE_BYTES - have ? sizeof words - 1 : WORLD_NOTE_BYTES - have;
        memcpy(text + have, words, part);
        have += part;
    }
    text[WORLD_NOTE_BYTES] = '\0';
    return (uint32_t)snprintf(out, size, "{\"text\":\"%s\",\"type\":\"note\"}", text);
}

static void sign_note(struct world_council *council, uint64_t seq, uint64_t seen,
                      struct signed_note *out)
{
    char plain[WORLD_NOTE_BYTES + 64];
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t nonce[24];
    uint8_t hash[COUNCIL_HASH_BYTES];
    const struct fixture_member *author = council->seats[0].member;
    const struct council_device device = fixture_device(author, 0);
    const struct council *fold = fixture_fold(&council->council);
    fixture_random_bytes(&council->fixture.random, id, sizeof id);
    fixture_random_bytes(&council->fixture.random, nonce, sizeof nonce);
    const struct council_seal_place place = {.log = fold->log,
                                             .author = fixture_name(author),
                                             .device = device.sign,
                                             .id = id,
                                             .kind = "post",
                                             .epoch = fold->epoch};
    uint32_t plain_len = write_plain(plain, sizeof plain, seq);
    must(council_seal(&place, council->council.seeds[fold->epoch], nonce, plain, plain_len,
                      &out->data, &out->data_len),
         "seal");
    council_hash(hash, out->data, out->data_len);
    const struct council_draft draft = {.kind = COUNCIL_KIND_POST,
                                        .at = council->fixture.now_ms,
                                        .author = place.author,
                                        .device = device.sign,
                                        .id = id,
                                        .log = fold->log,
                                        .seen_seq = seen,
                                        .seen_head = council->heads[seen % (2 * WORLD_LAG_MAX)],
                                        .epoch = fold->epoch,
                                        .data_hash = hash};
    must(council_entry_sign(&draft, author->devices[0].sign, &out->text, &out->len, out->sig),
         "sign");
}

/* The frame as this server wants it: a log.append, or the log.entry that becomes of it. */
static void write_frame(struct world_council *council, struct council_frame *frame, uint64_t seq,
                        const struct signed_note *note, bool entry)
{
    if (entry) {
        const struct council_record record = {.seq = seq,
                                              .received = council->fixture.now_ms,
                                              .text = note->text,
                                              .len = note->len,
                                              .sig = note->sig,
                                              .data = note->data,
                                              .data_len = note->data_len};
        must(council_rpc_write_log_entry(frame, fixture_fold(&council->council)->log, &record),
             "log.entry");
        return;
    }
    council_rpc_write_call(frame, WORLD_ANSWER_BASE + seq, COUNCIL_METHOD_LOG_APPEND);
    council_rpc_field_entry(frame, "entry", note->text, note->len, note->sig, note->data,
                            note->data_len);
    must(council_frame_end(frame), "log.append");
}

static uint32_t pack_append(const struct world_council *council, uint32_t note, char *out,
                            const char *text, uint32_t len)
{
    (void)council;
    (void)note;
    return wire_frame(out, WIRE_TEXT, text, len, 0x9e3779b9u);
}

static void keep_frame(struct world_council *council, const struct council_frame *frame,
                       world_pack *pack)
{
    uint32_t need = council->frames_len + frame->len + WORLD_PACK_MAX;
    if (need > council->frames_size) {
        council->frames_size = need + need / 2;
        council->frames = bench_realloc(council->frames, council->frames_size);
    }
    if (council->signed_notes == council->notes_size) {
        council->notes_size = council->notes_size > 0 ? 2 * council->notes_size : 64;
        council->notes =
            bench_realloc(council->notes, council->notes_size * sizeof *council->notes);
    }
    council->frames_len +=
        pack(council, council->signed_notes, council->frames + council->frames_len,
             council_frame_text(frame), frame->len);
    council->notes[council->signed_notes++] = (struct world_note){.end = council->frames_len};
}

void world_sign(struct world_council *council, uint32_t count, uint32_t lag, world_pack *pack)
{
    struct council_frame frame;
    if (lag < 1 || lag > WORLD_LAG_MAX) {
        bench_die("between 1 and %d notes may be outstanding", WORLD_LAG_MAX);
    }
    council_frame_init(&frame, 0);
    for (uint32_t i = 0; i < count; i++) {
        struct signed_note note;
        uint64_t seq = council->first_seq + council->signed_notes;
        uint64_t seen = seq >= council->first_seq + lag ? seq - lag : council->first_seq - 1;
        const uint8_t *last = council->heads[(seq - 1) % (2 * WORLD_LAG_MAX)];
        sign_note(council, seq, seen, &note);
        council_entry_head(council->heads[seq % (2 * WORLD_LAG_MAX)], last, note.text, note.len,
                           note.sig);
        write_frame(council, &frame, seq, &note, pack != NULL);
        keep_frame(council, &frame, pack != NULL ? pack : pack_append);
        free(note.text);
        free(note.data);
    }
    council_frame_fini(&frame);
}

struct world_note *world_note(struct world_council *council, uint32_t i)
{
    return &council->notes[i % council->signed_notes];
}

uint32_t world_send(struct world_council *council, uint32_t outstanding, uint32_t count,
                    uint64_t now_ns)
{
    uint32_t done = council->again ? council->sent % council->signed_notes : council->sent;
    uint32_t room = outstanding - (council->sent - council->acked);
    uint32_t left = council->signed_notes - done;
    count = count < room ? count : room;
    count = count < left ? count : left;
    if (count == 0) {
        return 0;
    }
    uint32_t from = done > 0 ? council->notes[done - 1].end : 0;
    for (uint32_t i = 0; i < count; i++) {
        struct world_note *note = &council->notes[done + i];
        note->sent_ns = note->sent_ns != 0 ? note->sent_ns : now_ns;
    }
    council->sent += count;
    wire_send(&council->seats[0].conn, council->frames + from,
              council->notes[done + count - 1].end - from);
    return count;
}
