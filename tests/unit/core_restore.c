/*
 * core_restore.c - stores put back, logs offered. See core_restore.h.
 */
#include "tests/unit/core_restore.h"

#include <stdlib.h>
#include <string.h>

static void *copy_of(const void *bytes, size_t len)
{
    if (bytes == NULL) {
        return NULL;
    }
    void *copy = malloc(len + 1);
    if (copy == NULL) {
        abort();
    }
    return memcpy(copy, bytes, len);
}

void core_restore_copy(struct core_fake_store *to, const struct core_fake_store *from)
{
    *to = *from;
    for (uint32_t i = 0; i < to->log_count; i++) {
        struct core_fake_log *log = &to->logs[i];
        log->entries = copy_of(log->entries, log->size * sizeof *log->entries);
        for (uint32_t k = 0; k < log->count; k++) {
            log->entries[k].text = copy_of(log->entries[k].text, log->entries[k].text_len);
            log->entries[k].data = copy_of(log->entries[k].data, log->entries[k].data_len);
        }
    }
}

void core_restore(struct core_world *w, struct core_fake_store *copy, struct core_config config)
{
    struct core_fake *fake = &w->fake;
    core_fake_restart(fake, &config);
    core_destroy(fake->core);
    core_fake_store_fini(&fake->store);
    fake->store = *copy;
    for (uint32_t i = 0; i < fake->store.log_count; i++) {
        fake->store.logs[i].recovery = STORE_WAITING;
        fake->store.logs[i].spoken_count = 0;
        fake->store.logs[i].brought = false;
    }
    config.recovering_logs = config.restored_logs = fake->store.log_count;
    core_fake_start(fake, &config);
}

json_t *core_offer_params(const struct fixture_log *log, uint64_t after, uint64_t upto)
{
    static const uint8_t zeros[COUNCIL_HASH_BYTES];
    json_t *entries = json_array();
    for (uint64_t seq = after + 1; seq <= upto; seq++) {
        if (json_array_append_new(entries, core_fake_entry(&log->entries[seq - 1])) != 0) {
            abort();
        }
    }
    return json_pack(
        "{s:o, s:I, s:o, s:o}", "log", core_fake_bytes(log->log.tail.log, 32), "after",
        (json_int_t)after, "head",
        core_fake_bytes(after > 0 ? log->entries[after - 1].head : zeros, COUNCIL_HASH_BYTES),
        "entries", entries);
}

uint64_t core_offer(struct core_world *w, uint32_t session, const struct fixture_log *log,
                    uint64_t after, uint64_t upto)
{
    return core_fake_call(&w->fake, session, "log.offer", core_offer_params(log, after, upto));
}

uint64_t core_speak(struct core_world *w, uint32_t session, const struct fixture_log *log,
                    uint64_t seq)
{
    return core_offer(w, session, log, seq, seq);
}

uint64_t core_restored(struct core_world *w, const struct fixture_log *log)
{
    const struct core_fake_log *stored = core_fake_log(&w->fake.store, log->log.tail.log);
    uint32_t count = stored != NULL ? stored->count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct store_entry *row = &stored->entries[i];
        const struct fixture_entry *entry = i < log->count ? &log->entries[i] : NULL;
        if (entry == NULL || row->text_len != entry->len ||
            memcmp(row->text, entry->text, entry->len) != 0 ||
            memcmp(row->sig, entry->sig, sizeof entry->sig) != 0 ||
            memcmp(row->head, entry->head, sizeof entry->head) != 0) {
            return UINT64_MAX;
        }
    }
    return count;
}
