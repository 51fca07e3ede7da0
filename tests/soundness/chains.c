/*
 * chains.c - every bit of the member-log entries that a council entry carries, flipped, with the entry around them signed anew.
 *
 * Owns what that must give, by section 5.2 of protocol/README.md: form first, then how the first element joins the pin, then the signature. A pin is known
 * where the first element is no member.create.
 */
#include "tests/soundness/flips.h"
#include "tests/soundness/soundness.h"
#include "tests/vectors/values.h"

#include <stdlib.h>
#include <string.h>

/* One element while its bits are flipped. */
struct element {
    struct snd_place *place;
    char *outer; /* owned: the entry's text, in which the element is written anew */
    uint32_t text_at, text_chars, sig_at;
    char *inner; /* owned */
    uint32_t len;
    uint8_t sig[COUNCIL_SIG_BYTES];
    struct council_entry entry; /* of the unchanged inner text, which it borrows */
    char *unchanged;            /* owned */
    bool first;
};

static void element_init(struct element *e, struct snd_place *place, uint32_t index, bool first)
{
    const struct council_text *text = &place->text;
    uint32_t sig = council_text_get(text, index, "sig"),
             value = council_text_get(text, index, "text");
    memset(e, 0, sizeof *e);
    e->place = place;
    e->first = first;
    e->text_at = text->values[value].start;
    e->text_chars = text->values[value].len;
    e->sig_at = text->values[sig].start;
    e->len = council_b64_bytes(e->text_chars);
    e->outer = malloc(text->len + 1U);
    e->inner = malloc(e->len + 1U);
    e->unchanged = malloc(e->len + 1U);
    if (!e->outer || !e->inner || !e->unchanged ||
        !council_text_bytes(text, value, (uint8_t *)e->inner, e->len) ||
        !council_text_bytes(text, sig, e->sig, sizeof e->sig)) {
        vec_die("a chain that was valid cannot be read");
    }
    memcpy(e->outer, text->text, text->len);
    e->outer[text->len] = '\0';
    memcpy(e->unchanged, e->inner, e->len);
    if (council_entry_parse(&e->entry, e->unchanged, e->len)) {
        vec_die("a carried entry that was valid does not parse");
    }
}

static void element_fini(struct element *e)
{
    council_entry_fini(&e->entry);
    free(e->outer);
    free(e->inner);
    free(e->unchanged);
}

/* Writes base64url where it stood before, without a NUL at its end. */
static void write_b64(char *at, const void *bytes, uint32_t len)
{
    static char chars[COUNCIL_TEXT_MAX + 1];
    council_b64_encode(chars, bytes, len);
    memcpy(at, chars, strlen(chars));
}

static void attempt(struct element *e, enum council_error want, const char *what, uint32_t bit)
{
    struct snd_try try = snd_original(e->place);
    write_b64(e->outer + e->text_at, e->inner, e->len);
    write_b64(e->outer + e->sig_at, e->sig, sizeof e->sig);
    try.text = e->outer;
    try.verified = true;
    enum council_error got = snd_refused(e->place, &try);
    snd_count(e->place, SND_CHAIN_BITS, got == want, got, "bit %u of a carried %s: not %s", bit,
              what, council_error_name(want));
}

/* What joins the first element to the pin is asked before its signature. */
static enum council_error joined(const struct element *e, const struct flips *flips, uint32_t pos)
{
    const struct council_text *text = flips->text;
    uint32_t log = council_text_get(text, 0, "log"), seen = council_text_get(text, 0, "seen");
    uint32_t value = flips->owner[pos].value;
    if (!e->first) {
        return COUNCIL_E_BAD_SIGNATURE;
    }
    if (e->entry.kind == COUNCIL_KIND_MEMBER_CREATE) {
        return COUNCIL_E_CHAIN_FOREIGN; /* its hash names the member */
    }
    if (value == log) {
        return COUNCIL_E_CHAIN_FOREIGN;
    }
    if (value == council_text_get(text, seen, "seq")) {
        return COUNCIL_E_CHAIN_GAP;
    }
    return value == council_text_get(text, seen, "head") ? COUNCIL_E_CHAIN_FORK
                                                         : COUNCIL_E_BAD_SIGNATURE;
}

static void flip_text(struct element *e)
{
    struct flips flips;
    flips_init(&flips, &e->entry.text, e->entry.kind);
    for (uint32_t bit = 0; bit < 8 * e->len; bit++) {
        if (snd_mine(e->place->world)) {
            uint32_t pos = bit / 8;
            e->inner[pos] = (char)(e->inner[pos] ^ (1 << bit % 8));
            enum council_error want = flips_form(&flips, e->inner, pos);
            attempt(e, want ? want : joined(e, &flips, pos), "text", bit);
            e->inner[pos] = (char)(e->inner[pos] ^ (1 << bit % 8));
        }
    }
    flips_fini(&flips);
}

static void flip_sig(struct element *e)
{
    bool names = e->first && e->entry.kind == COUNCIL_KIND_MEMBER_CREATE;
    enum council_error want = names ? COUNCIL_E_CHAIN_FOREIGN : COUNCIL_E_BAD_SIGNATURE;
    for (uint32_t bit = 0; bit < 8 * COUNCIL_SIG_BYTES; bit++) {
        if (snd_mine(e->place->world)) {
            e->sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
            attempt(e, want, "signature", bit);
            e->sig[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

void snd_chains(struct snd_place *place)
{
    const struct council_value *values = place->text.values;
    uint32_t chain = council_body_get(&place->entry, "chain");
    if (chain == 0) {
        return;
    }
    for (uint32_t i = chain + 1; i < values[chain].next; i = values[i].next) {
        struct element e;
        element_init(&e, place, i, i == chain + 1);
        flip_text(&e);
        flip_sig(&e);
        element_fini(&e);
    }
}
