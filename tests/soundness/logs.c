/*
 * logs.c - the valid logs that the proof starts from.
 *
 * Owns which they are: those of the vectors (member logs, councils, a journal), and one more for what they lack. Invariant: together
 * they hold every kind of kinds.def with every field of bodies.def, or the program stops.
 */
#include "tests/soundness/soundness.h"
#include "tests/vectors/replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEETING "2026-02-01T09:00"

static void must(enum council_error error)
{
    if (error) {
        vec_die("the log of crossing entries: %s", council_error_name(error));
    }
}

/* An entry by `member` who has seen no more than `seen` entries of the log. */
static void says(struct fixture *fixture, struct fixture_council *council, uint32_t member,
                 uint64_t seen, enum council_kind kind, const char *body)
{
    uint8_t id[COUNCIL_ID_BYTES], device[COUNCIL_KEY_BYTES], hash[COUNCIL_HASH_BYTES];
    struct fixture_member *by = fixture_member(fixture, member);
    struct council_draft draft = fixture_draft(fixture, &council->log, by, kind, id, device);
    struct fixture_entry entry;
    uint8_t data[COUNCIL_PLAIN_MIN + COUNCIL_DATA_OVERHEAD];
    draft.seen_seq = seen;
    draft.seen_head = council->log.entries[seen - 1].head;
    if (council_kind_has(kind, COUNCIL_FLAG_SEALED)) {
        fixture_random_bytes(&fixture->random, data, sizeof data);
        council_hash(hash, data, sizeof data);
        draft.epoch = fixture_fold(council)->epoch;
        draft.data_hash = hash;
    }
    must(fixture_sign(&entry, &draft, fixture_body("%s", body), by->devices[by->use].sign));
    if (draft.data_hash) {
        entry.data_len = sizeof data;
        entry.data = malloc(sizeof data);
        if (!entry.data) {
            vec_die("no memory");
        }
        memcpy(entry.data, data, sizeof data);
    }
    must(fixture_append(&council->log, &entry));
}

/* Three people who write at the same time, so entries have not seen those right before them. */
static void cross(struct fixture_log *out)
{
    static const struct fixture_policy policy = {.history_all = true, .size = 6};
    struct fixture fixture;
    struct fixture_council council;
    fixture_init(&fixture, "crossing");
    fixture_council_init(&council);
    must(fixture_found(&fixture, &council, fixture_member(&fixture, 0), policy));
    fixture_admit(&fixture, &council, fixture_member(&fixture, 0), fixture_member(&fixture, 1));
    fixture_admit(&fixture, &council, fixture_member(&fixture, 0), fixture_member(&fixture, 2));
    says(&fixture, &council, 0, 6, COUNCIL_KIND_SCHEDULE_SET,
         "{\"minutes\":45,\"rrule\":\"FREQ=WEEKLY;INTERVAL=2;BYDAY=SU\",\"start\":\"" MEETING
         "\",\"zone\":\"UTC\"}");
    says(&fixture, &council, 0, 7, COUNCIL_KIND_POST, "{\"meeting\":\"" MEETING "\"}");
    says(&fixture, &council, 1, 7, COUNCIL_KIND_ATTEND, "{\"meeting\":\"" MEETING "\"}");
    says(&fixture, &council, 2, 6, COUNCIL_KIND_RSVP,
         "{\"answer\":\"late\",\"meeting\":\"" MEETING "\"}");
    says(&fixture, &council, 0, 8, COUNCIL_KIND_POST, "{}");
    says(&fixture, &council, 0, 11, COUNCIL_KIND_ERASE, "{\"posts\":[8,11]}");
    says(&fixture, &council, 2, 11, COUNCIL_KIND_POST, "{}");
    *out = council.log;
    fixture_log_init(&council.log);
    fixture_council_fini(&council);
    fixture_fini(&fixture);
}

static void load(struct snd_world *world, const char *name, const json_t *entries)
{
    struct fixture_log *log = &world->logs[world->log_count];
    size_t index;
    json_t *json;
    fixture_log_init(log);
    json_array_foreach(entries, index, json)
    {
        struct fixture_entry entry;
        vec_entry_read(&entry, json);
        enum council_error error = replay_append(log, &entry);
        if (error) {
            vec_die("entry %u of %s is not valid: %s", (unsigned)index + 1, name,
                    council_error_name(error));
        }
    }
    world->names[world->log_count++] = strdup(name);
}

static void check_complete(const struct snd_world *world)
{
    bool seen[COUNCIL_KIND_COUNT][32] = {{false}};
    uint32_t missing = 0;
    for (uint32_t l = 0; l < world->log_count; l++) {
        for (uint32_t i = 0; i < world->logs[l].count; i++) {
            const struct fixture_entry *from = &world->logs[l].entries[i];
            struct council_entry entry;
            uint32_t count;
            const struct council_body_field *fields = council_kind_fields(from->kind, &count);
            if (council_entry_parse(&entry, from->text, from->len)) {
                vec_die("an entry that was taken does not parse");
            }
            seen[from->kind][31] = true;
            for (uint32_t f = 0; f < count; f++) {
                seen[from->kind][f] |= council_body_get(&entry, fields[f].name) != 0;
            }
            council_entry_fini(&entry);
        }
    }
    for (uint32_t kind = 0; kind < COUNCIL_KIND_COUNT; kind++) {
        uint32_t count;
        const struct council_body_field *fields = council_kind_fields(kind, &count);
        for (uint32_t f = 0; f < count; f++) {
            if (!seen[kind][f]) {
                (void)printf("# no log has %s of %s\n", fields[f].name,
                             council_kind_info(kind)->name);
                missing++;
            }
        }
        missing += seen[kind][31] ? 0 : 1;
    }
    if (missing > 0) {
        vec_die("the logs lack kinds or fields");
    }
}

void snd_world_init(struct snd_world *world, const char *folder)
{
    char path[1024];
    size_t index;
    json_t *vector;
    (void)snprintf(path, sizeof path, "%s/logs.json", folder);
    json_t *json = json_load_file(path, JSON_REJECT_DUPLICATES, NULL);
    json_array_foreach(json_object_get(json, "vectors"), index, vector)
    {
        const char *name = vec_string(vector, "name");
        if (strcmp(name, "far") != 0) { /* it is only long */
            load(world, name, json_object_get(vector, "entries"));
        }
    }
    json_decref(json);
    if (world->log_count == 0) {
        vec_die("no logs in %s", path);
    }
    cross(&world->logs[world->log_count]);
    world->names[world->log_count++] = strdup("crossing");
    check_complete(world);
}

void snd_world_fini(struct snd_world *world)
{
    for (uint32_t i = 0; i < world->log_count; i++) {
        fixture_log_fini(&world->logs[i]);
        free((void *)(uintptr_t)world->names[i]);
    }
}
