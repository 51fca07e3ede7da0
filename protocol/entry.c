/*
 * entry.c - one entry by itself: envelope, data, signature, head.
 *
 * Owns stage one to three of README.md section 3.4. Must not know any log's state.
 * Invariant: an entry that was parsed has every field of its envelope decoded and a body of its kind's schema.
 */
#include "protocol/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

/* Reads value `index` of the text into the entry. */
typedef bool read_fn(struct council_entry *entry, uint32_t index);

static bool read_integer(const struct council_text *text, uint32_t index, uint64_t min,
                         uint64_t *out)
{
    if (text->values[index].type != COUNCIL_INTEGER || text->values[index].integer < min) {
        return false;
    }
    *out = text->values[index].integer;
    return true;
}

static bool read_at(struct council_entry *entry, uint32_t index)
{
    return read_integer(&entry->text, index, 0, &entry->at);
}

static bool read_author(struct council_entry *entry, uint32_t index)
{
    entry->has_author = true;
    return council_text_bytes(&entry->text, index, entry->author, COUNCIL_KEY_BYTES);
}

static bool read_body(struct council_entry *entry, uint32_t index)
{
    entry->body = index;
    return entry->text.values[index].type == COUNCIL_OBJECT;
}

static bool read_device(struct council_entry *entry, uint32_t index)
{
    return council_text_bytes(&entry->text, index, entry->device, COUNCIL_KEY_BYTES);
}

static bool read_id(struct council_entry *entry, uint32_t index)
{
    return council_text_bytes(&entry->text, index, entry->id, COUNCIL_ID_BYTES);
}

/* The kind is found before the envelope is read. */
static bool read_kind(struct council_entry *entry, uint32_t index)
{
    (void)entry;
    (void)index;
    return true;
}

static bool read_log(struct council_entry *entry, uint32_t index)
{
    entry->has_log = true;
    return council_text_bytes(&entry->text, index, entry->log, COUNCIL_KEY_BYTES);
}

/* An object of exactly an integer >= 1 and 32 bytes, as `sealed` and `seen` are. */
static bool read_pair(const struct council_text *text, uint32_t index, const char *integer_key,
                      uint64_t *integer, const char *bytes_key, uint8_t bytes[COUNCIL_HASH_BYTES])
{
    uint32_t integer_at = council_text_get(text, index, integer_key);
    uint32_t bytes_at = council_text_get(text, index, bytes_key);
    return integer_at != 0 && bytes_at != 0 && text->values[index].count == 2 &&
           read_integer(text, integer_at, 1, integer) &&
           council_text_bytes(text, bytes_at, bytes, COUNCIL_HASH_BYTES);
}

static bool read_sealed(struct council_entry *entry, uint32_t index)
{
    return read_pair(&entry->text, index, "epoch", &entry->epoch, "hash", entry->data_hash);
}

static bool read_seen(struct council_entry *entry, uint32_t index)
{
    return read_pair(&entry->text, index, "seq", &entry->seen_seq, "head", entry->seen_head);
}

static bool read_version(struct council_entry *entry, uint32_t index)
{
    uint64_t version;
    return read_integer(&entry->text, index, 1, &version) && version == 1;
}

enum where {
    EVERYWHERE,
    NOT_MEMBER_CREATE,
    NOT_GENESIS,
    SEALED_ONLY
};

/* README.md section 3.1, in the order in which canonical text has the names. */
static const struct {
    const char *name;
    enum where where;
    read_fn *read;
} envelope[] = {
    {"at", EVERYWHERE, read_at},      {"author", NOT_MEMBER_CREATE, read_author},
    {"body", EVERYWHERE, read_body},  {"device", EVERYWHERE, read_device},
    {"id", EVERYWHERE, read_id},      {"kind", EVERYWHERE, read_kind},
    {"log", NOT_GENESIS, read_log},   {"sealed", SEALED_ONLY, read_sealed},
    {"seen", NOT_GENESIS, read_seen}, {"v", EVERYWHERE, read_version},
};

static bool has_field(enum council_kind kind, enum where where)
{
    switch (where) {
    case EVERYWHERE:
        return true;
    case NOT_MEMBER_CREATE:
        return kind != COUNCIL_KIND_MEMBER_CREATE;
    case NOT_GENESIS:
        return !council_kind_has(kind, COUNCIL_FLAG_GENESIS);
    case SEALED_ONLY:
        return council_kind_has(kind, COUNCIL_FLAG_SEALED);
    }
    return false;
}

/* Text and table are both sorted, so they are walked side by side: whatever is left over on either side is refused. */
static bool read_envelope(struct council_entry *entry)
{
    const struct council_text *text = &entry->text;
    uint32_t index = 1;
    for (size_t f = 0; f < sizeof(envelope) / sizeof(envelope[0]); f++) {
        if (!has_field(entry->kind, envelope[f].where)) {
            continue;
        }
        if (index >= text->count) {
            return false;
        }
        const struct council_value *value = &text->values[index];
        if (strlen(envelope[f].name) != value->key_len ||
            memcmp(envelope[f].name, text->text + value->key, value->key_len) != 0 ||
            !envelope[f].read(entry, index)) {
            return false;
        }
        index = value->next;
    }
    return index == text->count;
}

static enum council_error read_form(struct council_entry *entry)
{
    uint32_t kind = council_text_get(&entry->text, 0, "kind");
    if (kind == 0 || entry->text.values[kind].type != COUNCIL_STRING) {
        return COUNCIL_E_BAD_FIELD;
    }
    const struct council_value *value = &entry->text.values[kind];
    entry->kind = council_kind_find(entry->text.text + value->start, value->len);
    if (entry->kind == COUNCIL_KIND_COUNT) {
        return COUNCIL_E_UNKNOWN_KIND;
    }
    if (!read_envelope(entry)) {
        return COUNCIL_E_BAD_FIELD;
    }
    if (entry->text.len > council_kind_info(entry->kind)->max) {
        return COUNCIL_E_TOO_LARGE;
    }
    return council_entry_check_body(entry);
}

enum council_error council_entry_parse(struct council_entry *entry, const char *text, uint32_t len)
{
    memset(entry, 0, sizeof(*entry));
    enum council_error error = council_text_init(&entry->text, text, len);
    if (error != COUNCIL_OK) {
        return error;
    }
    error = read_form(entry);
    if (error != COUNCIL_OK) {
        council_entry_fini(entry);
    }
    return error;
}

void council_entry_fini(struct council_entry *entry)
{
    if (entry != NULL) {
        council_text_fini(&entry->text);
        memset(entry, 0, sizeof(*entry));
    }
}

enum council_error council_entry_check_data(const struct council_entry *entry, const uint8_t *data,
                                            uint32_t len)
{
    uint8_t hash[COUNCIL_HASH_BYTES];
    if (data == NULL) {
        return COUNCIL_OK;
    }
    if (!council_kind_has(entry->kind, COUNCIL_FLAG_SEALED)) {
        return COUNCIL_E_DATA_UNEXPECTED;
    }
    if (len < COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD || len > COUNCIL_DATA_MAX) {
        return COUNCIL_E_DATA_SIZE;
    }
    uint32_t padded = len - COUNCIL_DATA_OVERHEAD;
    if ((padded & (padded - 1)) != 0) {
        return COUNCIL_E_DATA_SIZE;
    }
    council_hash(hash, data, len);
    return memcmp(hash, entry->data_hash, sizeof(hash)) == 0 ? COUNCIL_OK : COUNCIL_E_DATA_HASH;
}

enum council_error council_entry_verify(const struct council_entry *entry,
                                        const uint8_t sig[COUNCIL_SIG_BYTES])
{
    uint8_t small[COUNCIL_ENTRY_P_SMALL];
    uint32_t len;
    uint8_t *p = council_entry_p(small, entry->text.text, entry->text.len, &len);
    if (p == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    bool valid = crypto_sign_verify_detached(sig, p, len, entry->device) == 0;
    if (p != small) {
        free(p);
    }
    return valid ? COUNCIL_OK : COUNCIL_E_BAD_SIGNATURE;
}

void council_entry_head(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t prev[COUNCIL_HASH_BYTES],
                        const char *text, uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES])
{
    const struct council_field fields[] = {
        COUNCIL_FN(prev, COUNCIL_HASH_BYTES),
        COUNCIL_FN(text, len),
        COUNCIL_FN(sig, COUNCIL_SIG_BYTES),
    };
    council_hash_p(out, "council/v1/head", fields, 3);
}
