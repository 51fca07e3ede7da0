/*
 * verdicts.c - the judgement on changed fields that were signed: the table verdicts.def, and how much of it was used.
 *
 * Owns the matching: the first row that fits decides. A row that nothing met, or an error of a row that nothing gave, is a defect of the table: it allows more than it
 * must.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *kinds, *path, *what, *errors; /* lists of words; "*" is any */
} rows[] = {
#define SND_VERDICT(kinds, path, what, errors) {kinds, path, what, errors},
#include "tests/soundness/verdicts.def"
#undef SND_VERDICT
};
enum {
    ROWS = sizeof rows / sizeof rows[0]
};
_Static_assert((int)ROWS <= (int)SND_RULES_MAX, "a count for each row");

/* The number of the word in the list, from 1; 0 where it is not. */
static unsigned listed(const char *list, const char *word)
{
    size_t len = strlen(word);
    unsigned number = 0;
    if (strcmp(list, "*") == 0) {
        return 1;
    }
    while (*list) {
        size_t here = strcspn(list, " ");
        number++;
        if (here == len && memcmp(list, word, len) == 0) {
            return number;
        }
        list += here + (list[here] == ' ' ? 1 : 0);
    }
    return 0;
}

void snd_judge(struct snd_place *place, const char *path, const char *what,
               enum council_error error, const uint8_t head[COUNCIL_HASH_BYTES])
{
    const struct fixture_entry *entry = &place->from->entries[place->at];
    const char *kind = council_kind_info(entry->kind)->name;
    const char *name = error ? council_error_name(error) : "accepted";
    bool differs = error || memcmp(head, entry->head, COUNCIL_HASH_BYTES) != 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        if (listed(rows[i].kinds, kind) && listed(rows[i].path, path) &&
            listed(rows[i].what, what)) {
            unsigned which = listed(rows[i].errors, name);
            place->world->tally->rule_seen[i] |= which ? 1U << (which - 1) : 0;
            snd_count(place, SND_SIGNED, which != 0 && differs, error,
                      "%s %s, signed: not \"%s\"%s", path, what, rows[i].errors,
                      differs ? "" : "; the head is the same");
            return;
        }
    }
    snd_count(place, SND_SIGNED, false, error, "%s %s, signed: no row of verdicts.def", path, what);
}

uint32_t snd_verdicts_unused(const struct snd_tally *tallies, uint32_t count)
{
    uint32_t unused = 0;
    for (uint32_t i = 0; i < ROWS; i++) {
        uint32_t seen = 0, words = 1;
        for (uint32_t t = 0; t < count; t++) {
            seen |= tallies[t].rule_seen[i];
        }
        for (const char *c = rows[i].errors; *c; c++) {
            words += *c == ' ' ? 1 : 0;
        }
        if (seen != (1U << words) - 1) {
            (void)printf("# verdicts.def: %s %s %s allows more than came: %s (%x)\n", rows[i].kinds,
                         rows[i].path, rows[i].what, rows[i].errors, (unsigned)seen);
            unused++;
        }
    }
    return unused;
}
