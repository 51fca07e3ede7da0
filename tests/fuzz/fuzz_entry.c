/*
 * fuzz_entry.c - one entry: envelope, body, data, boxes. Input: a piece of data, then the text.
 *
 * What is accepted must have the form that a second reading of the specification gives it (tests/soundness/shape.h), and what is refused must not.
 */
#include "protocol/keys.h"
#include "tests/fuzz/fuzz.h"
#include "tests/soundness/shape.h"

#include <stdlib.h>
#include <string.h>

static struct council_secrets own;

void council_fuzz_init(void)
{
    static const uint8_t sign[32] = {1}, box[32] = {2};
    council_secrets_from_seeds(&own, sign, box);
}

/* What readers of an accepted entry ask of its body. */
static void read_body(const struct council_entry *entry)
{
    uint8_t key[COUNCIL_KEY_BYTES], seed[COUNCIL_SEED_BYTES], commit[COUNCIL_HASH_BYTES];
    static uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    struct council_device device;
    char string[80];
    uint32_t count;
    uint64_t epoch;
    const struct council_body_field *fields = council_kind_fields(entry->kind, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (fields[i].type == COUNCIL_TYPE_KEY) {
            council_body_key(entry, fields[i].name, key);
        } else if (fields[i].type == COUNCIL_TYPE_INT) {
            FUZZ_MUST(council_body_int(entry, fields[i].name) <= fields[i].max);
        } else {
            (void)!council_body_string(entry, fields[i].name, string, sizeof string);
        }
        (void)council_body_is(entry, fields[i].name, "moderator");
    }
    council_secrets_public(&own, &device);
    if (council_kind_has(entry->kind, COUNCIL_FLAG_BLOCK)) {
        council_block_info(entry, &epoch, commit);
        (void)!council_epoch_open(entry, &own, true, &device, 1, seed);
    }
    if (entry->kind == COUNCIL_KIND_KEY_HISTORY) {
        (void)!council_history_open(entry, &own, seeds, &count);
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    struct council_entry entry;
    struct council_text text;
    uint32_t sealed_len, len;
    uint8_t *sealed = fuzz_piece(&in, &sealed_len);
    char *bytes = (char *)fuzz_take(&in, in.left, &len);
    enum council_error error = council_entry_parse(&entry, bytes, len);
    enum council_error form = council_text_init(&text, bytes, len);
    if (!form) {
        form = shape_form(&text);
        council_text_fini(&text);
    }
    FUZZ_MUST(error == form);
    if (!error) {
        enum council_error fits = council_entry_check_data(&entry, sealed, sealed_len);
        uint8_t head[COUNCIL_HASH_BYTES] = {0}, sig[COUNCIL_SIG_BYTES] = {0};
        FUZZ_MUST(fits || council_kind_has(entry.kind, COUNCIL_FLAG_SEALED));
        FUZZ_MUST(council_entry_verify(&entry, sig) == COUNCIL_E_BAD_SIGNATURE);
        council_entry_head(head, head, bytes, len, sig);
        read_body(&entry);
        council_entry_fini(&entry);
    }
    free(bytes);
    free(sealed);
}
