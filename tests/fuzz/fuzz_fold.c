/*
 * fuzz_fold.c - sequences of entries, in council and member logs. Input: pieces of text, each an entry.
 *
 * Position is repaired and every signature holds (the linker puts one that says yes before libsodium's), so that inputs come as deep as an author could. What was
 * refused must have changed nothing, and a council keeps to its bounds whatever was accepted.
 */
#include "protocol/log.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {
    ENTRIES_MAX = 96
};

int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key);
int __wrap_crypto_sign_verify_detached(const uint8_t *sig, const uint8_t *bytes,
                                       unsigned long long len, const uint8_t *key)
{
    (void)sig;
    (void)bytes;
    (void)len;
    (void)key;
    return 0;
}

struct past {
    bool post[ENTRIES_MAX], erased[ENTRIES_MAX];
    uint8_t author[ENTRIES_MAX][COUNCIL_KEY_BYTES];
};

void council_fuzz_init(void)
{
}

static void repair(const struct council_log *log, struct council_entry *entry, uint32_t number)
{
    if (entry->has_log && log->tail.seq > 0) {
        memcpy(entry->log, log->tail.log, sizeof entry->log);
        entry->seen_seq = log->tail.seq;
        memcpy(entry->seen_head, log->tail.head, sizeof entry->seen_head);
        memcpy(entry->id, &number, sizeof number);
        if (log->type == COUNCIL_LOG_IS_MEMBER) {
            memcpy(entry->author, entry->log, sizeof entry->author);
        }
    }
}

static void facts_of(const struct past *past, const struct council_log *log,
                     const struct council_entry *entry, struct council_fact facts[64], bool erase)
{
    uint32_t posts = council_body_get(entry, "posts"), n = 0;
    const struct council_value *values = entry->text.values;
    (void)erase;
    for (uint32_t i = posts + 1; i < values[posts].next && n < 64; i++, n++) {
        uint64_t seq = values[i].integer;
        memset(&facts[n], 0, sizeof facts[n]);
        if (seq >= 1 && seq <= log->tail.seq) {
            facts[n].post = past->post[seq - 1];
            facts[n].erased = past->erased[seq - 1];
            memcpy(facts[n].author, past->author[seq - 1], COUNCIL_KEY_BYTES);
        }
    }
}

static void check_bounds(const struct council_log *log)
{
    const struct council *council = &log->council;
    struct council_device readers[COUNCIL_RECIPIENTS_MAX];
    uint32_t count = 0, moderators = 0;
    if (log->type == COUNCIL_LOG_IS_MEMBER) {
        FUZZ_MUST(log->member.device_count <= COUNCIL_DEVICES_MAX);
        FUZZ_MUST(log->member.key_count <= COUNCIL_KEYS_EVER_MAX);
        FUZZ_MUST(log->member.seq == log->tail.seq);
        return;
    }
    FUZZ_MUST(council->seq == log->tail.seq && council->control <= council->seq);
    FUZZ_MUST(council_member_count(council) <= council->size);
    moderators = council_moderator_count(council);
    FUZZ_MUST(moderators > 0 || council_member_count(council) == 0);
    council_recipients(council, NULL, NULL, readers, &count);
    FUZZ_MUST(count <= COUNCIL_RECIPIENTS_MAX);
    for (uint32_t i = 1; i < count; i++) {
        FUZZ_MUST(memcmp(readers[i - 1].sign, readers[i].sign, COUNCIL_KEY_BYTES) <= 0);
    }
    for (uint32_t i = 0; i < council->invite_count; i++) {
        FUZZ_MUST(council->invites[i].used <= council->invites[i].uses);
    }
}

static void append(struct council_log *log, struct past *past, struct council_entry *entry,
                   uint32_t number)
{
    struct council_fact facts[64];
    uint8_t sig[COUNCIL_SIG_BYTES] = {0}, head[COUNCIL_HASH_BYTES];
    repair(log, entry, number);
    if (entry->kind == COUNCIL_KIND_ERASE) {
        facts_of(past, log, entry, facts, false);
    }
    uint64_t seq = log->tail.seq, epoch = log->council.epoch;
    memcpy(head, log->tail.head, sizeof head);
    enum council_error check = council_log_check(log, entry, sig, NULL, 0, facts);
    enum council_error error = council_log_append(log, entry, sig, NULL, 0, facts, false);
    FUZZ_MUST(check == error);
    if (error) {
        FUZZ_MUST(log->tail.seq == seq && log->council.epoch == epoch);
        FUZZ_MUST(memcmp(head, log->tail.head, sizeof head) == 0);
        return;
    }
    FUZZ_MUST(log->tail.seq == seq + 1);
    past->post[seq] = entry->kind == COUNCIL_KIND_POST;
    past->erased[seq] = false;
    memcpy(past->author[seq], entry->author, COUNCIL_KEY_BYTES);
    uint32_t posts = entry->kind == COUNCIL_KIND_ERASE ? council_body_get(entry, "posts") : 0;
    for (uint32_t i = posts + 1; posts != 0 && i < entry->text.values[posts].next; i++) {
        past->erased[entry->text.values[i].integer - 1] = true;
    }
    check_bounds(log);
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    struct council_log log;
    struct past past;
    council_log_init(&log);
    for (uint32_t i = 0; i < ENTRIES_MAX && in.left > 0; i++) {
        struct council_entry entry;
        uint32_t len;
        char *text = (char *)fuzz_piece(&in, &len);
        if (council_entry_parse(&entry, text, len) == COUNCIL_OK) {
            append(&log, &past, &entry, i);
            council_entry_fini(&entry);
        }
        free(text);
    }
    council_log_fini(&log);
}
