/*
 * fixture.c - seeded randomness, signed entries, logs, bodies.
 *
 * Owns what every log needs, of members and councils alike. Must not know a council's rules.
 * Invariant: the same name and the same calls give the same bytes.
 */
#include "tests/unit/fixture.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fixture_random_init(struct fixture_random *random, const char *name)
{
    council_hash(random->seed, name, (uint32_t)strlen(name));
    random->counter = 0;
}

void fixture_random_bytes(struct fixture_random *random, void *out, uint32_t len)
{
    uint8_t *at = out;
    while (len > 0) {
        uint8_t number[8];
        uint8_t block[COUNCIL_HASH_BYTES];
        council_u64be(number, random->counter++);
        const struct council_field fields[] = {COUNCIL_F(number)};
        council_hash_p_keyed(block, random->seed, sizeof random->seed, "fixture", fields, 1);
        uint32_t part = len < sizeof block ? len : (uint32_t)sizeof block;
        memcpy(at, block, part);
        at += part;
        len -= part;
    }
}

void fixture_entry_fini(struct fixture_entry *entry)
{
    free(entry->text);
    free(entry->data);
    memset(entry, 0, sizeof *entry);
}

void fixture_log_init(struct fixture_log *log)
{
    memset(log, 0, sizeof *log);
    council_log_init(&log->log);
}

void fixture_log_fini(struct fixture_log *log)
{
    for (uint32_t i = 0; i < log->count; i++) {
        fixture_entry_fini(&log->entries[i]);
    }
    free(log->entries);
    council_log_fini(&log->log);
    fixture_log_init(log);
}

/* What the log's own entries say of each seq that an erase names. */
static struct council_fact *facts_of(const struct fixture_log *log,
                                     const struct council_entry *entry)
{
    uint32_t posts = council_body_get(entry, "posts");
    uint32_t count = entry->text.values[posts].count;
    struct council_fact *facts = calloc(count + (size_t)1, sizeof *facts);
    uint32_t value = council_text_first(&entry->text, posts);
    if (!facts) {
        abort();
    }
    for (uint32_t i = 0; i < count; i++) {
        uint64_t seq = entry->text.values[value].integer;
        if (seq >= 1 && seq <= log->count) {
            const struct fixture_entry *named = &log->entries[seq - 1];
            facts[i].post = named->kind == COUNCIL_KIND_POST;
            facts[i].erased = named->erased;
            memcpy(facts[i].author, named->author, COUNCIL_KEY_BYTES);
        }
        value = entry->text.values[value].next;
    }
    return facts;
}

/* The posts that an accepted erase names lose their data. */
static void erase(struct fixture_log *log, const struct council_entry *entry)
{
    uint32_t posts = council_body_get(entry, "posts");
    uint32_t value = council_text_first(&entry->text, posts);
    for (uint32_t i = 0; i < entry->text.values[posts].count; i++) {
        struct fixture_entry *named = &log->entries[entry->text.values[value].integer - 1];
        free(named->data);
        named->data = NULL;
        named->data_len = 0;
        named->erased = true;
        value = entry->text.values[value].next;
    }
}

static void keep(struct fixture_log *log, const struct council_entry *parsed,
                 struct fixture_entry *entry)
{
    if (log->count == log->size) {
        log->size = log->size ? 2 * log->size : 16;
        log->entries = realloc(log->entries, log->size * sizeof *log->entries);
        if (!log->entries) {
            abort();
        }
    }
    entry->kind = parsed->kind;
    memcpy(entry->author, parsed->author, COUNCIL_KEY_BYTES);
    memcpy(entry->head, log->log.tail.head, COUNCIL_HASH_BYTES);
    log->entries[log->count++] = *entry;
    memset(entry, 0, sizeof *entry);
}

enum council_error fixture_append(struct fixture_log *log, struct fixture_entry *entry)
{
    struct council_entry parsed;
    struct council_fact *facts = NULL;
    enum council_error error = council_entry_parse(&parsed, entry->text, entry->len);
    if (error) {
        fixture_entry_fini(entry);
        return error;
    }
    if (parsed.kind == COUNCIL_KIND_ERASE) {
        facts = facts_of(log, &parsed);
    }
    error = council_log_append(&log->log, &parsed, entry->sig, entry->data, entry->data_len, facts,
                               false);
    if (error) {
        fixture_entry_fini(entry);
    } else {
        if (parsed.kind == COUNCIL_KIND_ERASE) {
            erase(log, &parsed);
        }
        keep(log, &parsed, entry);
    }
    free(facts);
    council_entry_fini(&parsed);
    return error;
}

void fixture_sign_text(struct fixture_entry *out, const char *text, uint32_t len,
                       const uint8_t sign_secret[64])
{
    const struct council_field fields[] = {COUNCIL_FN(text, len)};
    uint32_t size = council_p_len("council/v1/entry", fields, 1);
    uint8_t *signed_bytes = malloc(size);
    memset(out, 0, sizeof *out);
    out->text = malloc(len + (size_t)1);
    if (!signed_bytes || !out->text ||
        council_p(signed_bytes, size, "council/v1/entry", fields, 1) != size) {
        abort();
    }
    memcpy(out->text, text, len);
    out->text[len] = '\0';
    out->len = len;
    (void)crypto_sign_detached(out->sig, NULL, signed_bytes, size, sign_secret);
    free(signed_bytes);
}

struct fixture_body fixture_body(const char *format, ...)
{
    struct fixture_body body = {NULL, 0};
    va_list args;
    va_start(args, format);
    int len = vasprintf(&body.text, format, args);
    va_end(args);
    if (len < 0) {
        abort();
    }
    body.len = (uint32_t)len;
    return body;
}

struct fixture_text fixture_key(const uint8_t key[COUNCIL_KEY_BYTES])
{
    struct fixture_text out;
    council_b64_encode(out.text, key, COUNCIL_KEY_BYTES);
    return out;
}

struct fixture_text fixture_sig(const uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct fixture_text out;
    council_b64_encode(out.text, sig, COUNCIL_SIG_BYTES);
    return out;
}

struct council_draft fixture_draft(struct fixture *fixture, const struct fixture_log *log,
                                   const struct fixture_member *member, enum council_kind kind,
                                   uint8_t id[COUNCIL_ID_BYTES], uint8_t device[COUNCIL_KEY_BYTES])
{
    struct council_draft draft = {.kind = kind, .at = fixture->now_ms, .id = id};
    const struct council_tail *tail = &log->log.tail;
    fixture->now_ms += 1000;
    fixture_random_bytes(&fixture->random, id, COUNCIL_ID_BYTES);
    if (tail->seq > 0) {
        draft.log = tail->log;
        draft.seen_seq = tail->seq;
        draft.seen_head = tail->head;
    }
    if (member) {
        struct council_device keys = fixture_device(member, member->use);
        memcpy(device, keys.sign, COUNCIL_KEY_BYTES);
        draft.device = device;
        draft.author = fixture_name(member);
    }
    return draft;
}

enum council_error fixture_sign(struct fixture_entry *out, struct council_draft *draft,
                                struct fixture_body body, const uint8_t sign_secret[64])
{
    memset(out, 0, sizeof *out);
    draft->body = body.text;
    draft->body_len = body.len;
    enum council_error error =
        council_entry_sign(draft, sign_secret, &out->text, &out->len, out->sig);
    draft->body = NULL;
    free(body.text);
    return error;
}

enum council_error fixture_try(struct fixture *fixture, struct fixture_log *log,
                               const struct fixture_member *member, enum council_kind kind,
                               struct fixture_body body)
{
    uint8_t id[COUNCIL_ID_BYTES];
    uint8_t device[COUNCIL_KEY_BYTES];
    struct fixture_entry entry;
    struct council_draft draft = fixture_draft(fixture, log, member, kind, id, device);
    enum council_error error =
        fixture_sign(&entry, &draft, body, member->devices[member->use].sign);
    return error ? error : fixture_append(log, &entry);
}
