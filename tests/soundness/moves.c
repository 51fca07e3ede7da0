/*
 * moves.c - whole entries in places that are not theirs, and signatures under other texts.
 *
 * Owns the rules of position (section 3.5 of protocol/README.md) written a second time, over all entries of the valid log instead of the window that tail.c
 * keeps. Swapping, dropping, repeating and moving between logs are all some entry at some place.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <string.h>

enum {
    WINDOW = 256
};

/* What the log's entry `i` says, for as long as `out` is kept. */
static void parse(struct council_entry *out, const struct fixture_entry *entry)
{
    if (council_entry_parse(out, entry->text, entry->len)) {
        vec_die("an entry that was valid does not parse");
    }
}

/* Rules 3, 5 and 6 look at what is in the log already. */
static enum council_error against_before(const struct snd_place *place,
                                         const struct council_entry *entry)
{
    bool back = false, repeated = false, unseen = false;
    for (uint32_t i = 0; i < place->at; i++) {
        struct council_entry before;
        parse(&before, &place->from->entries[i]);
        bool same = memcmp(before.device, entry->device, COUNCIL_KEY_BYTES) == 0;
        uint64_t seq = i + 1U;
        back |= same && place->at - i <= WINDOW && before.seen_seq > entry->seen_seq;
        repeated |=
            same && seq > entry->seen_seq && memcmp(before.id, entry->id, COUNCIL_ID_BYTES) == 0;
        unseen |= seq > entry->seen_seq && council_kind_has(before.kind, COUNCIL_FLAG_CONTROL) &&
                  council_kind_has(entry->kind, COUNCIL_FLAG_CONTROL);
        council_entry_fini(&before);
    }
    if (back) {
        return COUNCIL_E_BAD_SEEN;
    }
    const uint8_t *head = place->from->entries[entry->seen_seq - 1].head;
    if (memcmp(head, entry->seen_head, COUNCIL_HASH_BYTES) != 0) {
        return COUNCIL_E_WRONG_HEAD;
    }
    if (repeated) {
        return COUNCIL_E_ID_REPEATED;
    }
    return unseen ? COUNCIL_E_STALE : COUNCIL_OK;
}

static enum council_error position(const struct snd_place *place, const struct council_entry *entry)
{
    bool genesis = council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS);
    if (place->at == 0) {
        return genesis ? COUNCIL_OK : COUNCIL_E_GENESIS_EXPECTED;
    }
    if (genesis) {
        return COUNCIL_E_GENESIS_AGAIN;
    }
    if (memcmp(entry->log, place->from->entries[0].head, COUNCIL_KEY_BYTES) != 0) {
        return COUNCIL_E_WRONG_LOG;
    }
    if (entry->seen_seq > place->at || place->at - entry->seen_seq > WINDOW) {
        return COUNCIL_E_BAD_SEEN;
    }
    return against_before(place, entry);
}

/* A whole entry in place of the one that belongs here. */
static void move_here(struct snd_place *place, const struct fixture_entry *other)
{
    struct council_entry entry;
    uint8_t head[COUNCIL_HASH_BYTES];
    struct snd_try try = {.text = other->text,
                          .len = other->len,
                          .sig = other->sig,
                          .data = other->data,
                          .data_len = other->data_len};
    parse(&entry, other);
    enum council_error want = position(place, &entry), got;
    if (want) {
        got = snd_refused(place, &try);
        snd_count(place, SND_ENTRIES, got == want, got, "a %s that belongs elsewhere: not %s",
                  council_kind_info(other->kind)->name, council_error_name(want));
    } else {
        /* Nothing forbids it here: it begins another log, or crosses with the one that it replaces. Then the history is another. */
        got = snd_appended(place, &try, head);
        bool differs = got || memcmp(head, place->from->entries[place->at].head, sizeof head) != 0;
        bool may = !got || got == COUNCIL_E_NO_SCHEDULE;
        snd_count(place, SND_ENTRIES, may && differs, got, "a %s that may come earlier or later%s",
                  council_kind_info(other->kind)->name, differs ? "" : ": the head is the same");
    }
    council_entry_fini(&entry);
}

void snd_moves(struct snd_place *place)
{
    const struct fixture_entry *own = &place->from->entries[place->at];
    for (uint32_t l = 0; l < place->world->log_count; l++) {
        for (uint32_t i = 0; i < place->world->logs[l].count; i++) {
            const struct fixture_entry *other = &place->world->logs[l].entries[i];
            struct snd_try try = snd_original(place);
            if (other == own || !snd_mine(place->world)) {
                continue;
            }
            move_here(place, other);
            try.sig = other->sig;
            enum council_error got = snd_refused(place, &try);
            snd_count(place, SND_SIGS, got == COUNCIL_E_BAD_SIGNATURE, got,
                      "another entry's signature");
        }
    }
}
