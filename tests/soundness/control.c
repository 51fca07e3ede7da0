/*
 * control.c - council-soundness-control: the proof against verifiers that lack one check each. Every one must be found out.
 *
 * Owns the broken checks: the linker puts them before the library's own in this program alone. Where a proof finds nothing wrong with a broken verifier, it proves
 * nothing, and the line says so.
 */
#include "protocol/council_internal.h"
#include "protocol/internal.h"
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdio.h>
#include <stdlib.h>

#define BROKEN(X)                                            \
    X(SIGNATURE, "signatures are not checked")               \
    X(DATA, "data is not compared with what the text names") \
    X(HEAD, "the head that an author saw is not compared")   \
    X(ID, "an id may come twice")                            \
    X(BODY, "bodies are not compared with their schema")     \
    X(PROOF, "proofs inside bodies are not checked")         \
    X(BLOCK, "key blocks go to whoever their author likes")  \
    X(DEVICE, "any device may write")

enum broken {
    SOUND,
#define X(symbol, text) BROKEN_##symbol,
    BROKEN(X)
#undef X
    BROKEN_COUNT
};
static const char *const broken_text[] = {"",
#define X(symbol, text) text,
                                          BROKEN(X)
#undef X
};
static enum broken broken;

/* The library's own, and what stands before it. */
#define WRAP(type, name, parameters, arguments, value) \
    type __real_##name parameters;                     \
    type __wrap_##name parameters;                     \
    type __wrap_##name parameters                      \
    {                                                  \
        type result = __real_##name arguments;         \
        return value;                                  \
    }

/* What `check` says, unless it says `error` while `which` is broken. */
static enum council_error unless(enum broken which, enum council_error error,
                                 enum council_error result)
{
    return broken == which && result == error ? COUNCIL_OK : result;
}

WRAP(enum council_error, council_entry_verify,
     (const struct council_entry *entry, const uint8_t *sig), (entry, sig),
     unless(BROKEN_SIGNATURE, COUNCIL_E_BAD_SIGNATURE, result))
WRAP(enum council_error, council_entry_check_data,
     (const struct council_entry *entry, const uint8_t *data, uint32_t len), (entry, data, len),
     unless(BROKEN_DATA, COUNCIL_E_DATA_HASH, result))
WRAP(enum council_error, council_tail_check,
     (const struct council_tail *tail, const struct council_entry *entry), (tail, entry),
     unless(BROKEN_ID, COUNCIL_E_ID_REPEATED, unless(BROKEN_HEAD, COUNCIL_E_WRONG_HEAD, result)))
WRAP(enum council_error, council_entry_check_body, (const struct council_entry *entry), (entry),
     unless(BROKEN_BODY, COUNCIL_E_BAD_FIELD, result))
WRAP(bool, council_verify_p,
     (const uint8_t *sig, const uint8_t *key, const char *label, const struct council_field *fields,
      uint32_t count),
     (sig, key, label, fields, count), result || broken == BROKEN_PROOF)
WRAP(enum council_error, council_block_check,
     (const struct council *council, const struct council_step *step), (council, step),
     unless(BROKEN_BLOCK, COUNCIL_E_WRONG_RECIPIENTS, result))
WRAP(enum council_error, council_check,
     (const struct council *council, const struct council_entry *entry,
      const struct council_fact *facts),
     (council, entry, facts), unless(BROKEN_DEVICE, COUNCIL_E_UNKNOWN_DEVICE, result))

int main(int argc, char **argv)
{
    static struct snd_tally tallies[SND_JOBS_MAX];
    bool good = true;
    if (argc != 2 || council_protocol_init() != COUNCIL_OK) {
        (void)fputs("usage: council-soundness-control FOLDER\n", stderr);
        return 2;
    }
    (void)printf("1..%u\n", (unsigned)BROKEN_COUNT);
    for (enum broken which = SOUND; which < BROKEN_COUNT; which++) {
        /* A small log with every check in it; the sound verifier must pass here, or a failure below says nothing. */
        struct snd_options options = {
            .folder = argv[1], .only = "other", .jobs = 2, .brief = true, .enough = 20};
        broken = which;
        bool whole = snd_run(&options, tallies);
        uint64_t found = 0;
        for (uint32_t c = 0; c < SND_CLASS_COUNT; c++) {
            found += snd_failed(tallies, c);
        }
        bool fine = which == SOUND ? whole && found == 0 : found > 0;
        good = good && fine;
        (void)printf(
            "%s %u - %s%s\n", fine ? "ok" : "not ok", (unsigned)which + 1,
            which == SOUND ? "the verifier as it is passes" : "found out: ", broken_text[which]);
    }
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}
