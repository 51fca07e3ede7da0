/*
 * soundness.h - the proof that the verifier is sound: whatever is done to a valid log is refused by the error that the protocol names.
 *
 * Owns the logs that are tried, the places in them and the count of what was tried. A mutation is one attempt to append something else at a
 * place of a valid log; what it must give is derived here from README.md of protocol/ (shape.c, flips.c, moves.c) or stands in verdicts.def, and never
 * comes from the code that is proven.
 */
#ifndef COUNCIL_TESTS_SOUNDNESS_H
#define COUNCIL_TESTS_SOUNDNESS_H

#include "tests/unit/fixture.h"

enum snd_class {
#define SND_CLASS(symbol, text) SND_##symbol,
#include "tests/soundness/classes.def"
#undef SND_CLASS
    SND_CLASS_COUNT
};

enum {
    SND_LOGS_MAX = 16,
    SND_ENTRIES_MAX = 320,
    SND_RULES_MAX = 512,
    SND_SAID_MAX = 12 /* failures of a class that are told one by one */
};

/* What one process counts; plain memory that the parent reads. */
struct snd_tally {
    uint64_t tried[SND_CLASS_COUNT], failed[SND_CLASS_COUNT];
    uint32_t rule_seen
        [SND_RULES_MAX]; /* by row of verdicts.def: a bit for each of its errors that came */
};

struct snd_world {
    const char *names[SND_LOGS_MAX];
    struct fixture_log logs[SND_LOGS_MAX];
    uint32_t log_count;
    uint32_t part, parts; /* this process tries every parts-th mutation */
    uint64_t turn;
    struct snd_tally *tally;
    bool quiet;      /* tells no failure one by one */
    uint64_t enough; /* failures after which a process ends; 0: it goes on */
};

/* After `at` entries of a log, before the next. */
struct snd_place {
    struct snd_world *world;
    const struct fixture_log *from;
    const char *name;
    uint32_t at;
    struct council_log log;
    bool erased[SND_ENTRIES_MAX]; /* by index: an erase before this place named it */
    struct council_text text;     /* of the entry that follows here */
    struct council_entry entry;
};

/* What is appended. Nothing is owned. `verified`: as by somebody who holds the key, so the signature is not asked. */
struct snd_try {
    const char *text;
    uint32_t len;
    const uint8_t *sig, *data;
    uint32_t data_len;
    bool verified;
};

/* The valid entry at the place, to be changed. */
struct snd_try snd_original(const struct snd_place *place);

/* ---- logs.c ---- */

/* The logs of logs.json in `folder`, but those that only are long, and one whose entries cross. Stops the program where one is not valid. */
void snd_world_init(struct snd_world *world, const char *folder);
void snd_world_fini(struct snd_world *world);

/* ---- place.c ---- */

void snd_place_init(struct snd_place *place, struct snd_world *world, uint32_t log);
void snd_place_fini(struct snd_place *place);
/* Goes over the entry, which must be accepted and give the head it had. False at the end of the log. */
bool snd_place_next(struct snd_place *place);
/* Whether this process is to try the next mutation. */
bool snd_mine(struct snd_world *world);

/* Appends to the place's own log, which must refuse: COUNCIL_OK is a failure, and the place is made anew. */
enum council_error snd_refused(struct snd_place *place, const struct snd_try *try);
/* Appends to a copy of it; `head` (may be NULL) is the new head where it is accepted. If it is, and the next entry of the log saw this one, that must be WRONG_HEAD. */
enum council_error snd_appended(struct snd_place *place, const struct snd_try *try,
                                uint8_t head[COUNCIL_HASH_BYTES]);

/* Counts one attempt; tells what happened where `good` is false. */
void snd_count(struct snd_place *place, enum snd_class class, bool good, enum council_error got,
               const char *format, ...) __attribute__((format(printf, 5, 6)));

/* A deep copy of a log's state, for one attempt. */
void snd_log_copy(struct council_log *out, const struct council_log *log);

/* ---- the classes ---- */

void snd_flips(struct snd_place *place);  /* flips.c: bits of text, signature and data */
void snd_chains(struct snd_place *place); /* chains.c: bits of carried entries */
void snd_fields(struct snd_place *place); /* fields.c */
void snd_moves(struct snd_place *place);  /* moves.c */

/* ---- run.c ---- */

enum {
    SND_JOBS_MAX = 16
};

struct snd_options {
    const char *folder, *only; /* of the vectors; one log alone, NULL for all */
    uint32_t jobs;
    bool brief; /* fields and moves alone, told by their count alone */
    uint64_t enough;
};

/* Everything, shared by that many processes; `tallies` has room for one each. False where a process did not come to its end. */
bool snd_run(const struct snd_options *options, struct snd_tally tallies[SND_JOBS_MAX]);
uint64_t snd_tried(const struct snd_tally *tallies, enum snd_class class);
uint64_t snd_failed(const struct snd_tally *tallies, enum snd_class class);

/* ---- verdicts.c ---- */

/* Judges what came of a signed mutation of the field at `path` ("body.block.epoch", "body.chain[]"). */
void snd_judge(struct snd_place *place, const char *path, const char *what,
               enum council_error error, const uint8_t head[COUNCIL_HASH_BYTES]);
/* Rows, and errors in rows, that nothing gave: how many, and which (printed). */
uint32_t snd_verdicts_unused(const struct snd_tally *tallies, uint32_t count);

#endif
