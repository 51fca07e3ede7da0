/*
 * entry.h - one entry by itself: parsing, signing, verifying and chaining it.
 *
 * Owns everything that can be said of an entry without its log: form, envelope, body schema, data hash, signature,
 * head. Must not know any folded state. An entry that council_entry_parse accepted has every envelope field decoded and a
 * body that satisfies bodies.def. Rules: README.md section 3.
 */
#ifndef COUNCIL_PROTOCOL_ENTRY_H
#define COUNCIL_PROTOCOL_ENTRY_H

#include "protocol/kinds.h"
#include "protocol/text.h"

enum {
    COUNCIL_DATA_OVERHEAD = 24 + 16, /* nonce and tag */
    COUNCIL_PLAIN_MIN = 256,
    COUNCIL_PLAIN_MAX = 262144,
    COUNCIL_DATA_MAX = COUNCIL_PLAIN_MAX + COUNCIL_DATA_OVERHEAD
};

struct council_entry {
    struct council_text text; /* the text is borrowed, its index owned */
    enum council_kind kind;
    uint64_t at; /* unix ms, the author's word */
    uint8_t author[COUNCIL_KEY_BYTES], device[COUNCIL_KEY_BYTES], id[COUNCIL_ID_BYTES],
        log[COUNCIL_KEY_BYTES];
    bool has_author, has_log; /* false for geneses as README.md section 3.1 says */
    uint64_t seen_seq;        /* 0 for a genesis */
    uint8_t seen_head[COUNCIL_HASH_BYTES];
    uint64_t epoch; /* of sealed kinds */
    uint8_t data_hash[COUNCIL_HASH_BYTES];
    uint32_t body; /* index of the body in text.values */
};

/*
 * Stage one of README.md section 3.4, in its order: size, canonical, kind, envelope, size of the kind, body. Errors: TOO_LARGE, NOT_CANONICAL,
 * UNKNOWN_KIND, BAD_FIELD, NO_MEMORY. Borrows `text`, which must outlive the entry; on error nothing is to be freed.
 */
COUNCIL_MUST_USE enum council_error council_entry_parse(struct council_entry *entry,
                                                        const char *text, uint32_t len);
void council_entry_fini(struct council_entry *entry);

/*
 * The sealed data against the text: DATA_UNEXPECTED, DATA_SIZE, DATA_HASH. `data` NULL means erased or left out, which is
 * valid for a sealed kind (who takes new entries asks for it first: DATA_MISSING is theirs to say).
 */
COUNCIL_MUST_USE enum council_error council_entry_check_data(const struct council_entry *entry,
                                                             const uint8_t *data, uint32_t len);

/* The signature over P("council/v1/entry", text): BAD_SIGNATURE, NO_MEMORY. The costly step; needs nothing but its arguments. */
COUNCIL_MUST_USE enum council_error council_entry_verify(const struct council_entry *entry,
                                                         const uint8_t sig[COUNCIL_SIG_BYTES]);

/* head_n = H(P("council/v1/head", head_{n-1}, text, sig)); `prev` is zeros for n = 1. `out` may be `prev`. */
void council_entry_head(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t prev[COUNCIL_HASH_BYTES],
                        const char *text, uint32_t len, const uint8_t sig[COUNCIL_SIG_BYTES]);

/* What an author fills in to have an entry written. Pointers are borrowed. */
struct council_draft {
    enum council_kind kind;
    uint64_t at;
    const uint8_t *author; /* 32 bytes, or NULL for member.create */
    const uint8_t *device; /* 32 bytes */
    const uint8_t *id;     /* 16 bytes */
    const uint8_t *log;    /* 32 bytes, or NULL for a genesis */
    uint64_t seen_seq;
    const uint8_t *seen_head; /* 32 bytes, or NULL for a genesis */
    uint64_t epoch;           /* sealed kinds */
    const uint8_t *data_hash; /* sealed kinds: 32 bytes, else NULL */
    const char *body;         /* canonical text of the body; NULL means {} */
    uint32_t body_len;
};

/*
 * Writes the draft as canonical text and signs it. `*text` is owned by the caller (free). The result is parsed once more:
 * a body that the schema refuses gives that error and nothing is returned. BAD_SIGNATURE where `sign_secret` is not the secret of
 * `device`; NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error council_entry_sign(const struct council_draft *draft,
                                                       const uint8_t sign_secret[64], char **text,
                                                       uint32_t *len,
                                                       uint8_t sig[COUNCIL_SIG_BYTES]);

/* Body accessors for the folds and clients; index arguments are of entry->text. All fields were checked by the parser. */
uint32_t council_body_get(const struct council_entry *entry, const char *name); /* 0 where absent */
void council_body_key(const struct council_entry *entry, const char *name,
                      uint8_t out[COUNCIL_KEY_BYTES]); /* zeros where absent */
uint64_t council_body_int(const struct council_entry *entry, const char *name);
bool council_body_is(const struct council_entry *entry, const char *name, const char *word);
/* Copies a string field with a final NUL; false if absent or longer than size - 1. */
COUNCIL_MUST_USE bool council_body_string(const struct council_entry *entry, const char *name,
                                          char *out, uint32_t size);

#endif
