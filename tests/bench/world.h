/*
 * world.h - the councils of a benchmark: eight members each, founded by real signed entries, and
 * notes signed before the clock starts.
 *
 * Owns members' secrets, the entries that found a council, and presigned notes as whole WebSocket
 * frames. Must not know connections' states. The same seed and time give the same world, so a second
 * program can come back to a server as the same members.
 */
#ifndef COUNCIL_TESTS_BENCH_WORLD_H
#define COUNCIL_TESTS_BENCH_WORLD_H

#include "protocol/session.h"
#include "tests/bench/wire.h"
#include "tests/unit/fixture.h"

enum {
    WORLD_SEATS = 8,        /* members of a council */
    WORLD_NOTE_BYTES = 400, /* of a note's text */
    WORLD_LAG_MAX = 64,     /* notes of one council without an answer */
    WORLD_PACK_MAX = 128,   /* what surrounds an entry on its way to another server */
    WORLD_FOUNDING = 10,    /* entries that found a council: create, rotate, invite, seven joins */
    WORLD_FOUNDING_ALONE = 2, /* create, rotate: a founder without others */
    WORLD_ANSWER_BASE = 1000  /* ids of calls below this are not appends of notes */
};

/* A member on their connection. */
struct world_seat {
    struct wire_conn conn;
    struct fixture_member *member; /* borrowed from the council's fixture */
    struct council_challenge challenge;
    uint64_t delivered; /* seq of the last entry that came */
    uint64_t call;      /* id of the call whose answer is waited for; 0: none */
};

/* What became of one note. */
struct world_note {
    uint64_t sent_ns;
    uint32_t end;     /* where its frame ends in `frames` */
    uint8_t received; /* by how many of the eight */
};

struct world_council {
    char name[64];
    uint32_t number;
    struct fixture fixture;
    struct fixture_council council;
    struct world_seat seats[WORLD_SEATS]; /* the first is the founder and author of all notes */
    uint64_t first_seq;                   /* of the first note */
    uint32_t founding;                    /* entries that found it */
    uint8_t heads[2 * WORLD_LAG_MAX][COUNCIL_HASH_BYTES]; /* by seq modulo their number */
    char *frames;                                         /* owned: every note's frame in a row */
    uint32_t frames_len, frames_size;
    struct world_note *notes; /* owned */
    uint32_t signed_notes, notes_size, sent, acked;
    uint32_t waiting; /* notes that are due and could not be sent yet */
    bool again;     /* notes are sent again and again: a server that looks at none does not mind */
    bool dirty;     /* answers came: more may be sent */
    uint32_t found; /* founding entries that the server has */
};

struct world {
    struct world_council **councils; /* owned */
    uint32_t count;
    uint32_t seats; /* of each council: WORLD_SEATS, or 1 for its founder alone */
    uint64_t at_ms; /* the time of all that is signed */
};

/*
 * Makes `councils` councils of `seats` members. `founded`: with all their founding entries; else only with what is
 * needed to log in and to name the log, which is quicker. `at_ms` must be near the server's clock
 * for invites to be open.
 */
void world_init(struct world *world, uint32_t councils, uint32_t seats, const char *seed,
                uint64_t at_ms, bool founded);
void world_fini(struct world *world);

/* The council that a connection belongs to. */
struct world_council *world_council_of(const struct wire_conn *conn);
struct world_seat *world_seat_of(const struct wire_conn *conn);

/* The next note follows the log's last entry as the council's fixture knows it. */
void world_resume(struct world_council *council);

/*
 * How a log.entry becomes what another server is sent to pass it on to the council: writes at most len + WORLD_PACK_MAX
 * bytes to `out`, returns how many. `note` counts from 0.
 */
typedef uint32_t world_pack(const struct world_council *council, uint32_t note, char *out,
                            const char *text, uint32_t len);

/*
 * Signs `count` more notes of the founder; each has seen the entry `lag` before it, so it may be sent
 * as soon as that one was acknowledged. `pack`: for another server than councild, else NULL.
 */
void world_sign(struct world_council *council, uint32_t count, uint32_t lag, world_pack *pack);

/* The note that was or will be sent as number `i`, from 0. */
struct world_note *world_note(struct world_council *council, uint32_t i);

/* Sends as many of the signed notes as fit under `outstanding`, at most `count`, in one piece;
 * returns how many. */
uint32_t world_send(struct world_council *council, uint32_t outstanding, uint32_t count,
                    uint64_t now_ns);

#endif
