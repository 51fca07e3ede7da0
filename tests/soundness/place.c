/*
 * place.c - a place in a valid log, and attempts to append something else there.
 *
 * Owns the state that attempts are made on, and the count. Invariant: between attempts the place's log is exactly the valid one's first `at` entries; the valid
 * entry is appended last and must still fit, so an attempt that was refused has changed nothing.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void *keep(void *memory)
{
    if (!memory) {
        vec_die("no memory");
    }
    return memory;
}

static void must(enum council_error error, const char *what)
{
    if (error) {
        vec_die("%s: %s", what, council_error_name(error));
    }
}

bool snd_mine(struct snd_world *world)
{
    return world->turn++ % world->parts == world->part;
}

static void council_copy(struct council *out, const struct council *from)
{
    *out = *from;
    out->people = keep(malloc((from->person_count + 1U) * 2 * sizeof *out->people));
    out->invites = keep(malloc((from->invite_count + 1U) * 2 * sizeof *out->invites));
    memcpy(out->invites, from->invites, from->invite_count * sizeof *out->invites);
    for (uint32_t i = 0; i < from->person_count; i++) {
        struct council_person *person = &out->people[i];
        const struct council_person *of = &from->people[i];
        *person = *of;
        must(council_member_copy(&person->pin, &of->pin), "a copy of a pin");
        person->stays = keep(malloc((of->stay_count + 1U) * sizeof *person->stays));
        memcpy(person->stays, of->stays, of->stay_count * sizeof *person->stays);
    }
}

void snd_log_copy(struct council_log *out, const struct council_log *log)
{
    *out = *log;
    must(council_tail_copy(&out->tail, &log->tail), "a copy of a tail");
    must(council_member_copy(&out->member, &log->member), "a copy of a member");
    council_copy(&out->council, &log->council);
}

/* What the log so far says of the posts that an erase names; owned. */
static struct council_fact *facts_of(const struct snd_place *place,
                                     const struct council_entry *entry)
{
    uint32_t posts = council_body_get(entry, "posts");
    const struct council_value *values = entry->text.values;
    struct council_fact *facts = keep(calloc(values[posts].count + 1U, sizeof *facts));
    uint32_t n = 0;
    for (uint32_t i = posts + 1; i < values[posts].next; i = values[i].next, n++) {
        uint64_t seq = values[i].integer;
        if (seq >= 1 && seq <= place->at) {
            const struct fixture_entry *named = &place->from->entries[seq - 1];
            facts[n].post = named->kind == COUNCIL_KIND_POST;
            facts[n].erased = place->erased[seq - 1];
            memcpy(facts[n].author, named->author, COUNCIL_KEY_BYTES);
        }
    }
    return facts;
}

static enum council_error append(const struct snd_place *place, struct council_log *log,
                                 const struct snd_try *try)
{
    struct council_entry entry;
    struct council_fact *facts = NULL;
    enum council_error error = council_entry_parse(&entry, try->text, try->len);
    if (error) {
        return error;
    }
    if (entry.kind == COUNCIL_KIND_ERASE) {
        facts = facts_of(place, &entry);
    }
    error =
        council_log_append(log, &entry, try->sig, try->data, try->data_len, facts, try->verified);
    free(facts);
    council_entry_fini(&entry);
    return error;
}

struct snd_try snd_original(const struct snd_place *place)
{
    const struct fixture_entry *entry = &place->from->entries[place->at];
    return (struct snd_try){.text = entry->text,
                            .len = entry->len,
                            .sig = entry->sig,
                            .data = entry->data,
                            .data_len = entry->data_len};
}

/* Remembers the posts that the entry before the place erased. */
static void mark_erased(struct snd_place *place, const struct council_entry *entry)
{
    uint32_t posts = entry->kind == COUNCIL_KIND_ERASE ? council_body_get(entry, "posts") : 0;
    const struct council_value *values = entry->text.values;
    for (uint32_t i = posts + 1; posts != 0 && i < values[posts].next; i++) {
        place->erased[values[i].integer - 1] = true;
    }
}

/* The state after the first `at` entries once more. */
static void rebuild(struct snd_place *place)
{
    uint32_t at = place->at;
    council_log_fini(&place->log);
    council_log_init(&place->log);
    memset(place->erased, 0, sizeof place->erased);
    for (place->at = 0; place->at < at; place->at++) {
        struct council_entry entry;
        struct snd_try try = snd_original(place);
        try.verified = true;
        must(append(place, &place->log, &try), "an entry that was valid");
        must(council_entry_parse(&entry, try.text, try.len), "an entry that was valid");
        mark_erased(place, &entry);
        council_entry_fini(&entry);
    }
}

enum council_error snd_refused(struct snd_place *place, const struct snd_try *try)
{
    enum council_error error = append(place, &place->log, try);
    if (!error) {
        rebuild(place);
    }
    return error;
}

enum council_error snd_appended(struct snd_place *place, const struct snd_try *try,
                                uint8_t head[COUNCIL_HASH_BYTES])
{
    struct council_log log;
    snd_log_copy(&log, &place->log);
    enum council_error error = append(place, &log, try);
    if (!error && head) {
        memcpy(head, log.tail.head, COUNCIL_HASH_BYTES);
    }
    if (!error && place->at + 1 < place->from->count && place->at > 0 &&
        memcmp(log.tail.head, place->from->entries[place->at].head, COUNCIL_HASH_BYTES) != 0) {
        const struct fixture_entry *next = &place->from->entries[place->at + 1];
        struct council_entry entry;
        must(council_entry_parse(&entry, next->text, next->len), "the next entry");
        bool saw = entry.seen_seq == place->at + 1U;
        enum council_error after = council_log_append(&log, &entry, next->sig, NULL, 0, NULL, true);
        if (saw && after != COUNCIL_E_WRONG_HEAD) {
            snd_count(place, SND_VALID, false, after, "an entry that saw another history is taken");
        }
        council_entry_fini(&entry);
    }
    council_log_fini(&log);
    return error;
}

void snd_count(struct snd_place *place, enum snd_class class, bool good, enum council_error got,
               const char *format, ...)
{
    struct snd_tally *tally = place->world->tally;
    tally->tried[class]++;
    if (good) {
        return;
    }
    tally->failed[class]++;
    if (tally->failed[class] == place->world->enough) {
        _exit(0);
    }
    if (tally->failed[class] <= SND_SAID_MAX && !place->world->quiet) {
        char said[256];
        va_list args;
        va_start(args, format);
        (void)vsnprintf(said, sizeof said, format, args);
        va_end(args);
        (void)printf("# %s, entry %u (%s): %s: %s\n", place->name, (unsigned)place->at + 1,
                     council_kind_info(place->from->entries[place->at].kind)->name, said,
                     got ? council_error_name(got) : "accepted");
    }
}

static void look(struct snd_place *place)
{
    if (place->at < place->from->count) {
        const struct fixture_entry *next = &place->from->entries[place->at];
        must(council_entry_parse(&place->entry, next->text, next->len), "a valid entry");
        place->text = place->entry.text;
    }
}

void snd_place_init(struct snd_place *place, struct snd_world *world, uint32_t log)
{
    memset(place, 0, sizeof *place);
    place->world = world;
    place->from = &world->logs[log];
    place->name = world->names[log];
    council_log_init(&place->log);
    look(place);
}

void snd_place_fini(struct snd_place *place)
{
    council_entry_fini(&place->entry);
    council_log_fini(&place->log);
}

bool snd_place_next(struct snd_place *place)
{
    const struct fixture_entry *entry = &place->from->entries[place->at];
    struct snd_try try = snd_original(place);
    enum council_error error = append(place, &place->log, &try);
    bool same = memcmp(place->log.tail.head, entry->head, COUNCIL_HASH_BYTES) == 0;
    snd_count(place, SND_VALID, !error && same, error, "the valid entry");
    mark_erased(place, &place->entry);
    council_entry_fini(&place->entry);
    place->at++;
    look(place);
    return place->at < place->from->count;
}
