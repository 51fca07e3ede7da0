/*
 * replay.c - logs of vectors in the C implementation.
 *
 * Owns the form of results. Every verdict is the library's; only the order in which a reader opens keys and posts is written here, as
 * sections 6 and 7 of the specification have it.
 */
#include "tests/vectors/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum council_error replay_append(struct fixture_log *log, struct fixture_entry *entry)
{
    enum council_error error = fixture_append(log, entry);
    bool newer = log->log.type == COUNCIL_LOG_IS_COUNCIL && log->log.council.version > 1;
    return error == COUNCIL_E_UNKNOWN_KIND && newer ? COUNCIL_E_NEEDS_NEWER : error;
}

void replay_prefix(struct fixture_log *log, const struct fixture_log *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        json_t *json = vec_entry(&from->entries[i]);
        struct fixture_entry copy;
        vec_entry_read(&copy, json);
        json_decref(json);
        enum council_error error = replay_append(log, &copy);
        if (error) {
            vec_die("entry %u of a valid log is refused: %s", (unsigned)i + 1,
                    council_error_name(error));
        }
    }
}

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, COUNCIL_KEY_BYTES);
}

/* Keys as a sorted array of hex. */
static json_t *key_list(uint8_t (*keys)[COUNCIL_KEY_BYTES], uint32_t count)
{
    json_t *out = json_array();
    qsort(keys, count, COUNCIL_KEY_BYTES, compare_keys);
    for (uint32_t i = 0; i < count; i++) {
        (void)json_array_append_new(out, vec_hex(keys[i], COUNCIL_KEY_BYTES));
    }
    return out;
}

static void member_state(json_t *out, const struct council_member *member)
{
    uint8_t keys[COUNCIL_DEVICES_MAX][COUNCIL_KEY_BYTES];
    for (uint32_t i = 0; i < member->device_count; i++) {
        memcpy(keys[i], member->devices[i].sign, COUNCIL_KEY_BYTES);
    }
    (void)json_object_set_new(out, "devices", key_list(keys, member->device_count));
    (void)json_object_set_new(out, "recovery", vec_hex(member->recovery.sign, COUNCIL_KEY_BYTES));
}

static void council_state(json_t *out, const struct council *council)
{
    struct council_device readers[COUNCIL_RECIPIENTS_MAX];
    uint8_t members[COUNCIL_SIZE_MAX][COUNCIL_KEY_BYTES];
    uint8_t moderators[COUNCIL_SIZE_MAX][COUNCIL_KEY_BYTES];
    char safety[COUNCIL_SAFETY_CHARS + 1];
    uint32_t member_count = 0, moderator_count = 0, reader_count = 0;
    for (uint32_t i = 0; i < council->person_count; i++) {
        const struct council_person *person = &council->people[i];
        if (person->member) {
            memcpy(members[member_count++], person->pin.member, COUNCIL_KEY_BYTES);
        }
        if (person->member && person->moderator) {
            memcpy(moderators[moderator_count++], person->pin.member, COUNCIL_KEY_BYTES);
        }
    }
    council_recipients(council, NULL, NULL, readers, &reader_count);
    council_safety_number(safety, council->log, council->control, council->control_head);
    (void)json_object_set_new(out, "epoch", json_integer((json_int_t)council->epoch));
    (void)json_object_set_new(out, "due", json_integer(council->rotation_due));
    (void)json_object_set_new(out, "members", key_list(members, member_count));
    (void)json_object_set_new(out, "moderators", key_list(moderators, moderator_count));
    (void)json_object_set_new(out, "readers", json_integer(reader_count));
    (void)json_object_set_new(out, "safety", json_string(safety));
}

json_t *replay_state(const struct fixture_log *log)
{
    json_t *out = json_object();
    const struct council_log *state = &log->log;
    (void)json_object_set_new(out, "head", vec_hex(state->tail.head, COUNCIL_HASH_BYTES));
    (void)json_object_set_new(out, "seq", json_integer((json_int_t)state->tail.seq));
    if (state->type == COUNCIL_LOG_IS_MEMBER) {
        member_state(out, &state->member);
    } else {
        council_state(out, &state->council);
    }
    return out;
}

const char *replay_content(const uint8_t *plain, uint32_t len)
{
    json_t *json = json_loadb((const char *)plain, len, JSON_REJECT_DUPLICATES, NULL);
    bool good = json_is_object(json) && json_is_string(json_object_get(json, "type"));
    json_decref(json);
    return good ? "valid" : "bad_content";
}

/* A reader on the way through a log. */
struct reader {
    const struct council_secrets *own;
    uint8_t seeds[FIXTURE_EPOCHS][COUNCIL_SEED_BYTES], commits[FIXTURE_EPOCHS][COUNCIL_HASH_BYTES];
    bool known[FIXTURE_EPOCHS];
};

static enum council_error open_block(struct reader *reader, const struct council *council,
                                     const struct council_entry *entry)
{
    struct council_device readers[COUNCIL_RECIPIENTS_MAX];
    uint32_t count = 0;
    uint64_t epoch;
    uint8_t commit[COUNCIL_HASH_BYTES], seed[COUNCIL_SEED_BYTES];
    static const uint8_t zeros[COUNCIL_SEED_BYTES];
    council_block_info(entry, &epoch, commit);
    if (epoch >= FIXTURE_EPOCHS) {
        vec_die("more epochs than expected");
    }
    memcpy(reader->commits[epoch], commit, sizeof commit);
    council_recipients(council, NULL, NULL, readers, &count);
    enum council_error error = council_epoch_open(entry, reader->own, true, readers, count, seed);
    if (memcmp(seed, zeros, sizeof seed) != 0) {
        memcpy(reader->seeds[epoch], seed, sizeof seed);
        reader->known[epoch] = true;
    }
    return error;
}

static enum council_error open_history(struct reader *reader, const struct council_entry *entry)
{
    uint8_t seeds[COUNCIL_HISTORY_EPOCHS_MAX][COUNCIL_SEED_BYTES];
    uint8_t commit[COUNCIL_HASH_BYTES];
    uint32_t count;
    uint64_t from = council_body_int(entry, "from");
    enum council_error error = council_history_open(entry, reader->own, seeds, &count);
    for (uint32_t i = 0; i < count; i++) {
        council_epoch_commit(commit, seeds[i], entry->log, from + i);
        if (memcmp(commit, reader->commits[from + i], sizeof commit) == 0) {
            memcpy(reader->seeds[from + i], seeds[i], COUNCIL_SEED_BYTES);
            reader->known[from + i] = true;
        } else {
            error = COUNCIL_E_BAD_COMMIT;
        }
    }
    return error;
}

static json_t *open_post(const struct reader *reader, const struct fixture_entry *from,
                         const struct council_entry *entry)
{
    uint8_t *plain = NULL;
    uint32_t len = 0;
    if (!from->data) {
        return json_string(council_error_name(COUNCIL_E_ERASED));
    }
    if (!reader->known[entry->epoch]) {
        return json_string(council_error_name(COUNCIL_E_NO_KEY));
    }
    const struct council_seal_place place = {.log = entry->log,
                                             .author = entry->author,
                                             .device = entry->device,
                                             .id = entry->id,
                                             .kind = "post",
                                             .epoch = entry->epoch};
    enum council_error error = council_unseal(&place, reader->seeds[entry->epoch], from->data,
                                              from->data_len, &plain, &len);
    if (error) {
        return json_string(council_error_name(error));
    }
    json_t *out = strcmp(replay_content(plain, len), "valid") == 0
                      ? json_stringn((char *)plain, len)
                      : json_string("bad_content");
    free(plain);
    return out;
}

static void note(json_t *out, uint32_t seq, json_t *value)
{
    char number[16];
    (void)snprintf(number, sizeof number, "%u", (unsigned)seq);
    (void)json_object_set_new(out, number, value);
}

/* Keys first, in the order of the log; then posts, since a history may come after them. */
static void read_pass(struct reader *reader, const struct fixture_log *from, bool posts,
                      json_t *out)
{
    struct fixture_log log;
    fixture_log_init(&log);
    for (uint32_t i = 0; i < from->count; i++) {
        struct council_entry entry;
        enum council_error error;
        struct fixture_log one = {.entries = &from->entries[i], .count = 1};
        replay_prefix(&log, &one, 1);
        if (council_entry_parse(&entry, from->entries[i].text, from->entries[i].len)) {
            vec_die("an accepted entry does not parse");
        }
        if (posts && entry.kind == COUNCIL_KIND_POST) {
            note(out, i + 1, open_post(reader, &from->entries[i], &entry));
        } else if (!posts && council_kind_has(entry.kind, COUNCIL_FLAG_BLOCK)) {
            error = open_block(reader, &log.log.council, &entry);
            note(out, i + 1, json_string(council_error_name(error)));
        } else if (!posts && entry.kind == COUNCIL_KIND_KEY_HISTORY) {
            error = open_history(reader, &entry);
            note(out, i + 1, json_string(council_error_name(error)));
        }
        council_entry_fini(&entry);
    }
    fixture_log_fini(&log);
}

json_t *replay_read(const struct fixture_log *log, const struct council_secrets *own)
{
    struct reader *reader = calloc(1, sizeof *reader);
    json_t *out = json_object();
    if (!reader) {
        vec_die("no memory");
    }
    reader->own = own;
    read_pass(reader, log, false, out);
    read_pass(reader, log, true, out);
    free(reader);
    return out;
}
