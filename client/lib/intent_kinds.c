/*
 * intent_kinds.c - from an intent to an entry's body, a row for each kind.
 *
 * A kind without a row of its own has an intent whose fields are those of its body, and is written by bodies.def. Must not judge: what the log refuses is
 * found when the entry is checked. Invariant: a body is made from the replica as it stands, so it is made anew whenever the log moved.
 */
#include "client/lib/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum council_error intent_key(const json_t *intent, const char *name,
                              uint8_t out[COUNCIL_KEY_BYTES])
{
    return council_rpc_bytes(intent, name, out, COUNCIL_KEY_BYTES) ? COUNCIL_OK
                                                                   : COUNCIL_E_BAD_INPUT;
}

static const struct council *council_of(const struct intent_draft *draft)
{
    return &draft->intent->replica->state.council;
}

/* ---- kinds that follow their schema ---- */

/* Canonical text has no escapes: what would need one is no value of any field. */
static bool plain_string(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text > 0x7e || *text == '"' || *text == '\\')
            return false;
    }
    return true;
}

static bool write_value(struct council_writer *w, const char *key, const json_t *value)
{
    size_t index = 0;
    json_t *element = NULL;

    if (json_is_string(value) && plain_string(json_string_value(value)) &&
        strlen(json_string_value(value)) == json_string_length(value)) {
        council_write_string(w, key, json_string_value(value));
    } else if (json_is_integer(value) && json_integer_value(value) >= 0) {
        council_write_int(w, key, (uint64_t)json_integer_value(value));
    } else if (json_is_array(value)) {
        council_write_open(w, key, '[');
        json_array_foreach((json_t *)(uintptr_t)value, index, element)
        {
            if (!json_is_integer(element) || json_integer_value(element) < 0)
                return false;
            council_write_int(w, NULL, (uint64_t)json_integer_value(element));
        }
        council_write_close(w, ']');
    } else {
        return false;
    }
    return true;
}

/* Fields in the order of the table, which is the order of the text. */
static enum council_error build_fields(struct intent_draft *draft)
{
    struct council_writer w;
    uint32_t count = 0;
    size_t used = 0;
    const struct council_body_field *fields = council_kind_fields(draft->intent->kind, &count);
    bool good = true;

    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    for (uint32_t i = 0; i < count && good; i++) {
        const json_t *value = json_object_get(draft->intent->content, fields[i].name);

        if (value == NULL)
            continue; /* whether it may be absent is the schema's to say */
        used++;
        good = write_value(&w, fields[i].name, value);
    }
    council_write_close(&w, '}');
    if (!good || used != json_object_size(draft->intent->content) || w.failed) {
        council_writer_fini(&w);
        return w.failed ? COUNCIL_E_NO_MEMORY : COUNCIL_E_BAD_FIELD;
    }
    draft->body = w.text;
    draft->body_len = w.len;
    return COUNCIL_OK;
}

/* ---- kinds that carry chains, keys or sealed data ---- */

static enum council_error build_create(struct intent_draft *draft)
{
    const json_t *intent = draft->intent->content;
    const char *type = json_string_value(json_object_get(intent, "type"));
    const char *pace = json_string_value(json_object_get(intent, "pace"));
    const char *history = json_string_value(json_object_get(intent, "history"));
    uint64_t size = 0;
    struct chain chain;

    if (type == NULL || pace == NULL || history == NULL ||
        !council_rpc_int(intent, "size", 1, 8, &size))
        return COUNCIL_E_BAD_INPUT;
    enum council_error error = chain_read(draft->client, 0, &chain);

    if (error == COUNCIL_OK)
        error = council_body_create(strcmp(type, "journal") == 0, strcmp(pace, "fast") == 0,
                                    strcmp(history, "all") == 0, (uint32_t)size, chain.links,
                                    chain.count, &draft->body, &draft->body_len);
    chain_fini(&chain);
    return error;
}

static enum council_error build_rotate(struct intent_draft *draft)
{
    uint8_t seed[COUNCIL_SEED_BYTES];

    randombytes_buf(seed, sizeof seed);
    enum council_error error =
        council_body_rotate(council_of(draft), seed, &draft->body, &draft->body_len);

    sodium_memzero(seed, sizeof seed);
    return error;
}

static enum council_error build_remove(struct intent_draft *draft)
{
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t member[COUNCIL_KEY_BYTES];
    enum council_error error = intent_key(draft->intent->content, "member", member);

    randombytes_buf(seed, sizeof seed);
    if (error == COUNCIL_OK)
        error =
            council_body_remove(council_of(draft), member, seed, &draft->body, &draft->body_len);
    sodium_memzero(seed, sizeof seed);
    return error;
}

/* Own pin alone: of other members this home holds no member log. */
static enum council_error build_devices(struct intent_draft *draft)
{
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t member[COUNCIL_KEY_BYTES];
    struct chain chain;
    enum council_error error = intent_key(draft->intent->content, "member", member);

    if (error != COUNCIL_OK)
        return error;
    if (memcmp(member, draft->client->me.member, sizeof member) != 0)
        return COUNCIL_E_BAD_INPUT;
    const struct council_person *self = council_person(council_of(draft), member);

    if (self == NULL)
        return COUNCIL_E_NOT_MEMBER;
    error = chain_read(draft->client, self->pin.seq, &chain);
    randombytes_buf(seed, sizeof seed);
    if (error == COUNCIL_OK)
        error = council_body_devices(council_of(draft), &chain.pin, chain.links, chain.count, seed,
                                     &draft->body, &draft->body_len);
    sodium_memzero(seed, sizeof seed);
    chain_fini(&chain);
    return error;
}

static enum council_error build_history(struct intent_draft *draft)
{
    const json_t *intent = draft->intent->content;
    uint8_t member[COUNCIL_KEY_BYTES];
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint64_t from = 0;
    uint64_t to = 0;
    enum council_error error = intent_key(intent, "member", member);

    if (error == COUNCIL_OK && (!council_rpc_int(intent, "from", 1, COUNCIL_INT_MAX, &from) ||
                                !council_rpc_int(intent, "to", from, COUNCIL_INT_MAX, &to) ||
                                to - from >= COUNCIL_HISTORY_EPOCHS_MAX))
        error = COUNCIL_E_HISTORY_RANGE;
    for (uint64_t epoch = from; error == COUNCIL_OK && epoch <= to; epoch++)
        error = keyring_seed(draft->client->keyring, &draft->client->home, draft->intent->log,
                             epoch, seeds[epoch - from]);
    if (error == COUNCIL_OK)
        error = council_body_history(council_of(draft), member, from, to,
                                     (const uint8_t(*)[COUNCIL_SEED_BYTES])seeds, &draft->body,
                                     &draft->body_len);
    sodium_memzero(seeds, sizeof seeds);
    return error;
}

static enum council_error seal_content(struct intent_draft *draft, const char *plain, size_t len)
{
    struct client *client = draft->client;
    uint8_t seed[COUNCIL_SEED_BYTES];
    uint8_t nonce[24];
    const struct council_seal_place place = {
        .log = draft->intent->log,
        .author = client->me.member,
        .device = client->me.device,
        .id = draft->id,
        .kind = "post",
        .epoch = council_of(draft)->epoch,
    };

    if (len > POST_MAX)
        return COUNCIL_E_TOO_LARGE;
    enum council_error error =
        keyring_seed(client->keyring, &client->home, draft->intent->log, place.epoch, seed);

    randombytes_buf(nonce, sizeof nonce);
    if (error == COUNCIL_OK)
        error =
            council_seal(&place, seed, nonce, plain, (uint32_t)len, &draft->data, &draft->data_len);
    sodium_memzero(seed, sizeof seed);
    if (error == COUNCIL_OK)
        council_hash(draft->hash, draft->data, draft->data_len);
    draft->epoch = place.epoch;
    return error;
}

static enum council_error build_post(struct intent_draft *draft)
{
    const json_t *content = json_object_get(draft->intent->content, "content");
    const json_t *meeting = json_object_get(draft->intent->content, "meeting");
    struct council_writer w;

    if (!json_is_object(content) || !json_is_string(json_object_get(content, "type")))
        return COUNCIL_E_BAD_INPUT;
    char *plain = json_dumps(content, JSON_COMPACT);

    if (plain == NULL)
        return COUNCIL_E_NO_MEMORY;
    enum council_error error = seal_content(draft, plain, strlen(plain));

    sodium_memzero(plain, strlen(plain));
    free(plain);
    if (error != COUNCIL_OK || meeting == NULL)
        return error;
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    council_write_open(&w, NULL, '{');
    bool good = write_value(&w, "meeting", meeting);

    council_write_close(&w, '}');
    if (!good || w.failed) {
        council_writer_fini(&w);
        return good ? COUNCIL_E_NO_MEMORY : COUNCIL_E_BAD_FIELD;
    }
    draft->body = w.text;
    draft->body_len = w.len;
    return COUNCIL_OK;
}

/* Made from the council's texts, which only an invite lets us read: join.c. */
static enum council_error build_join(struct intent_draft *draft)
{
    (void)draft;
    return COUNCIL_E_BAD_INPUT;
}

static const struct {
    enum council_kind kind;
    enum council_error (*build)(struct intent_draft *draft);
} builders[] = {
    {COUNCIL_KIND_COUNCIL_CREATE, build_create},
    {COUNCIL_KIND_MEMBER_JOIN, build_join},
    {COUNCIL_KIND_MEMBER_DEVICES, build_devices},
    {COUNCIL_KIND_MEMBER_REMOVE, build_remove},
    {COUNCIL_KIND_KEY_ROTATE, build_rotate},
    {COUNCIL_KIND_KEY_HISTORY, build_history},
    {COUNCIL_KIND_POST, build_post},
};

enum council_error intent_build(struct intent_draft *draft)
{
    for (size_t i = 0; i < sizeof builders / sizeof *builders; i++) {
        if (builders[i].kind == draft->intent->kind)
            return builders[i].build(draft);
    }
    return build_fields(draft);
}
