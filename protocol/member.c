/*
 * member.c - the member log as a fold: active devices, recovery keys, every key that ever entered.
 *
 * Owns the rules of README.md section 4. Must not know councils. The same state is a member's pin in a council log, so
 * it holds nothing but what those rules need.
 */
#include "protocol/member.h"

#include <stdlib.h>
#include <string.h>

/* The keys that an entry brings, decoded from its body once. */
struct news {
    struct council_device device, recovery;
    bool has_device, has_recovery;
    uint8_t accept[COUNCIL_SIG_BYTES], recovery_sig[COUNCIL_SIG_BYTES];
};

enum {
    KEYS_START = 4, /* what a member.create brings; most never get more */
    NEWS_KEYS_MAX = 4
};

void council_member_init(struct council_member *member)
{
    memset(member, 0, sizeof(*member));
}

void council_member_fini(struct council_member *member)
{
    if (member != NULL) {
        free(member->keys);
        memset(member, 0, sizeof(*member));
    }
}

enum council_error council_member_copy(struct council_member *out,
                                       const struct council_member *member)
{
    uint8_t(*keys)[COUNCIL_KEY_BYTES] = NULL;
    memset(out, 0, sizeof(*out));
    if (member->key_count > 0) {
        keys = malloc(member->key_count * sizeof(*keys));
        if (keys == NULL) {
            return COUNCIL_E_NO_MEMORY;
        }
        memcpy(keys, member->keys, member->key_count * sizeof(*keys));
    }
    *out = *member;
    out->keys = keys;
    out->key_size = member->key_count;
    return COUNCIL_OK;
}

const struct council_device *council_member_device(const struct council_member *member,
                                                   const uint8_t sign[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < member->device_count; i++) {
        if (memcmp(member->devices[i].sign, sign, COUNCIL_KEY_BYTES) == 0) {
            return &member->devices[i];
        }
    }
    return NULL;
}

bool council_member_is_recovery(const struct council_member *member,
                                const uint8_t sign[COUNCIL_KEY_BYTES])
{
    return member->seq > 0 && memcmp(member->recovery.sign, sign, COUNCIL_KEY_BYTES) == 0;
}

static void news_read(struct news *news, const struct council_entry *entry)
{
    const struct council_text *text = &entry->text;
    memset(news, 0, sizeof(*news));
    news->has_device = council_body_get(entry, "box") != 0;
    if (news->has_device) {
        council_body_key(entry, "box", news->device.box);
        if (entry->kind == COUNCIL_KIND_MEMBER_CREATE) {
            memcpy(news->device.sign, entry->device, COUNCIL_KEY_BYTES);
        } else {
            council_body_key(entry, "device", news->device.sign);
        }
    }
    uint32_t accept = council_body_get(entry, "accept");
    if (accept != 0 && !council_text_bytes(text, accept, news->accept, COUNCIL_SIG_BYTES)) {
        memset(news->accept, 0, sizeof(news->accept));
    }
    uint32_t recovery = council_body_get(entry, "recovery");
    news->has_recovery = recovery != 0 &&
                         council_text_bytes(text, council_text_get(text, recovery, "box"),
                                            news->recovery.box, COUNCIL_KEY_BYTES) &&
                         council_text_bytes(text, council_text_get(text, recovery, "sign"),
                                            news->recovery.sign, COUNCIL_KEY_BYTES) &&
                         council_text_bytes(text, council_text_get(text, recovery, "sig"),
                                            news->recovery_sig, COUNCIL_SIG_BYTES);
}

/* The keys of the news, at most NEWS_KEYS_MAX. Borrowed from it. */
static uint32_t news_keys(const struct news *news, const uint8_t *keys[NEWS_KEYS_MAX])
{
    uint32_t count = 0;
    if (news->has_device) {
        keys[count++] = news->device.sign;
        keys[count++] = news->device.box;
    }
    if (news->has_recovery) {
        keys[count++] = news->recovery.sign;
        keys[count++] = news->recovery.box;
    }
    return count;
}

static bool ever_entered(const struct council_member *member, const uint8_t *key)
{
    for (uint32_t i = 0; i < member->key_count; i++) {
        if (memcmp(member->keys[i], key, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
    }
    return false;
}

/* Whether the new keys are new here and differ from each other, and the box keys are sound. */
static enum council_error check_keys(const struct council_member *member, const struct news *news)
{
    const uint8_t *keys[NEWS_KEYS_MAX];
    uint32_t count = news_keys(news, keys);
    for (uint32_t i = 0; i < count; i++) {
        if (ever_entered(member, keys[i])) {
            return COUNCIL_E_KEY_REUSED;
        }
        for (uint32_t j = 0; j < i; j++) {
            if (memcmp(keys[i], keys[j], COUNCIL_KEY_BYTES) == 0) {
                return COUNCIL_E_KEY_REUSED;
            }
        }
    }
    if (council_box_key_weak(news->device.box) ||
        (news->has_recovery && council_box_key_weak(news->recovery.box))) {
        return COUNCIL_E_WEAK_KEY;
    }
    return COUNCIL_OK;
}

/* The new device agrees to enter this member log. */
static enum council_error check_accept(const struct council_member *member, const struct news *news)
{
    const struct council_field fields[] = {COUNCIL_F(member->member), COUNCIL_F(news->device.sign),
                                           COUNCIL_F(news->device.box)};
    bool valid =
        council_verify_p(news->accept, news->device.sign, "council/v1/device-accept", fields, 3);
    return valid ? COUNCIL_OK : COUNCIL_E_BAD_PROOF;
}

/* The new recovery key agrees to stand behind this device; the entry's id makes the agreement serve once. */
static enum council_error check_recovery(const struct news *news, const struct council_entry *entry)
{
    const struct council_field fields[] = {
        COUNCIL_F(news->device.sign), COUNCIL_F(news->device.box), COUNCIL_F(news->recovery.sign),
        COUNCIL_F(news->recovery.box), COUNCIL_F(entry->id)};
    bool valid = council_verify_p(news->recovery_sig, news->recovery.sign,
                                  "council/v1/recovery-create", fields, 5);
    return valid ? COUNCIL_OK : COUNCIL_E_BAD_PROOF;
}

/* Room for one more device when `revoked` have gone, and for `keys` more keys ever. */
static enum council_error check_room(const struct council_member *member, uint32_t revoked,
                                     uint32_t keys)
{
    if (member->device_count - revoked >= COUNCIL_DEVICES_MAX ||
        member->key_count + keys > COUNCIL_KEYS_EVER_MAX) {
        return COUNCIL_E_TOO_MANY_DEVICES;
    }
    return COUNCIL_OK;
}

static enum council_error check_create(const struct council_member *member,
                                       const struct council_entry *entry, const struct news *news)
{
    enum council_error error = check_keys(member, news);
    return error != COUNCIL_OK ? error : check_recovery(news, entry);
}

static enum council_error check_add(const struct council_member *member,
                                    const struct council_entry *entry, const struct news *news)
{
    if (council_member_device(member, entry->device) == NULL) {
        return COUNCIL_E_UNKNOWN_DEVICE;
    }
    enum council_error error = check_room(member, 0, 2);
    if (error == COUNCIL_OK) {
        error = check_keys(member, news);
    }
    return error != COUNCIL_OK ? error : check_accept(member, news);
}

static enum council_error check_revoke(const struct council_member *member,
                                       const struct council_entry *entry, const struct news *news)
{
    uint8_t device[COUNCIL_KEY_BYTES];
    (void)news;
    council_body_key(entry, "device", device);
    if (council_member_device(member, entry->device) == NULL) {
        return COUNCIL_E_UNKNOWN_DEVICE;
    }
    if (memcmp(device, entry->device, sizeof(device)) == 0) {
        return COUNCIL_E_REVOKE_SELF;
    }
    return council_member_device(member, device) == NULL ? COUNCIL_E_UNKNOWN_DEVICE : COUNCIL_OK;
}

static enum council_error check_recover(const struct council_member *member,
                                        const struct council_entry *entry, const struct news *news)
{
    const struct council_text *text = &entry->text;
    uint8_t device[COUNCIL_KEY_BYTES];
    if (!council_member_is_recovery(member, entry->device)) {
        return COUNCIL_E_WRONG_AUTHOR;
    }
    uint32_t revoke = council_body_get(entry, "revoke");
    uint32_t end = text->values[revoke].next;
    for (uint32_t i = revoke + 1; i < end; i = text->values[i].next) {
        if (!council_text_bytes(text, i, device, sizeof(device)) ||
            council_member_device(member, device) == NULL) {
            return COUNCIL_E_UNKNOWN_DEVICE;
        }
    }
    enum council_error error =
        check_room(member, text->values[revoke].count, news->has_recovery ? 4 : 2);
    if (error == COUNCIL_OK) {
        error = check_keys(member, news);
    }
    if (error == COUNCIL_OK) {
        error = check_accept(member, news);
    }
    if (error == COUNCIL_OK && news->has_recovery) {
        error = check_recovery(news, entry);
    }
    return error;
}

/* Position where only the last seq and head are known: README.md section 4.6. */
static enum council_error check_position(const struct council_member *member,
                                         const struct council_entry *entry)
{
    bool genesis = council_kind_has(entry->kind, COUNCIL_FLAG_GENESIS);
    if (member->seq == 0) {
        return genesis ? COUNCIL_OK : COUNCIL_E_GENESIS_EXPECTED;
    }
    if (genesis) {
        return COUNCIL_E_GENESIS_AGAIN;
    }
    if (memcmp(entry->log, member->member, sizeof(entry->log)) != 0) {
        return COUNCIL_E_WRONG_LOG;
    }
    if (entry->seen_seq > member->seq) {
        return COUNCIL_E_BAD_SEEN;
    }
    if (entry->seen_seq < member->seq) {
        return COUNCIL_E_STALE;
    }
    if (memcmp(entry->seen_head, member->head, sizeof(member->head)) != 0) {
        return COUNCIL_E_WRONG_HEAD;
    }
    return COUNCIL_OK;
}

typedef enum council_error rule_fn(const struct council_member *member,
                                   const struct council_entry *entry, const struct news *news);

static rule_fn *const rules[COUNCIL_KIND_COUNT] = {
    [COUNCIL_KIND_MEMBER_CREATE] = check_create,
    [COUNCIL_KIND_DEVICE_ADD] = check_add,
    [COUNCIL_KIND_DEVICE_REVOKE] = check_revoke,
    [COUNCIL_KIND_MEMBER_RECOVER] = check_recover,
};

static enum council_error check(const struct council_member *member,
                                const struct council_entry *entry, struct news *news)
{
    enum council_error error = check_position(member, entry);
    if (error != COUNCIL_OK) {
        return error;
    }
    if (rules[entry->kind] == NULL) {
        return COUNCIL_E_WRONG_LOG_TYPE;
    }
    if (entry->has_author && memcmp(entry->author, entry->log, sizeof(entry->log)) != 0) {
        return COUNCIL_E_WRONG_AUTHOR;
    }
    news_read(news, entry);
    return rules[entry->kind](member, entry, news);
}

enum council_error council_member_check(const struct council_member *member,
                                        const struct council_entry *entry)
{
    struct news news;
    return check(member, entry, &news);
}

static enum council_error reserve_keys(struct council_member *member)
{
    uint32_t need = member->key_count + NEWS_KEYS_MAX;
    if (need <= member->key_size) {
        return COUNCIL_OK;
    }
    uint32_t size = KEYS_START;
    while (size < need) {
        size *= 2;
    }
    uint8_t(*keys)[COUNCIL_KEY_BYTES] = realloc(member->keys, size * sizeof(*keys));
    if (keys == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    member->keys = keys;
    member->key_size = size;
    return COUNCIL_OK;
}

static void drop_device(struct council_member *member, const uint8_t sign[COUNCIL_KEY_BYTES])
{
    uint32_t i = 0;
    while (i < member->device_count &&
           memcmp(member->devices[i].sign, sign, COUNCIL_KEY_BYTES) != 0) {
        i++;
    }
    if (i == member->device_count) {
        return;
    }
    member->device_count--;
    memmove(&member->devices[i], &member->devices[i + 1],
            (member->device_count - i) * sizeof(member->devices[0]));
}

/* Devices that go: the one of device.revoke, the list of member.recover. */
static void fold_revoked(struct council_member *member, const struct council_entry *entry)
{
    const struct council_text *text = &entry->text;
    uint8_t device[COUNCIL_KEY_BYTES];
    if (entry->kind == COUNCIL_KIND_DEVICE_REVOKE) {
        council_body_key(entry, "device", device);
        drop_device(member, device);
    }
    uint32_t revoke = council_body_get(entry, "revoke");
    if (revoke == 0) {
        return;
    }
    uint32_t end = text->values[revoke].next;
    for (uint32_t i = revoke + 1; i < end; i = text->values[i].next) {
        if (council_text_bytes(text, i, device, sizeof(device))) {
            drop_device(member, device);
        }
    }
}

enum council_error council_member_append(struct council_member *member,
                                         const struct council_entry *entry,
                                         const uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct news news;
    const uint8_t *keys[NEWS_KEYS_MAX];
    enum council_error error = check(member, entry, &news);
    if (error == COUNCIL_OK) {
        error = reserve_keys(member);
    }
    if (error != COUNCIL_OK) {
        return error;
    }
    fold_revoked(member, entry);
    uint32_t count = news_keys(&news, keys);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(member->keys[member->key_count++], keys[i], COUNCIL_KEY_BYTES);
    }
    if (news.has_device) {
        member->devices[member->device_count++] = news.device;
    }
    if (news.has_recovery) {
        member->recovery = news.recovery;
    }
    council_entry_head(member->head, member->head, entry->text.text, entry->text.len, sig);
    member->seq++;
    if (member->seq == 1) {
        memcpy(member->member, member->head, sizeof(member->member));
    }
    return COUNCIL_OK;
}
