/*
 * changes.c - what an entry changes in the store beside its log, in the same transaction.
 *
 * Owns the derivation from an accepted entry: a new log, memberships, recovery keys, erased data, a code's use. Must not judge.
 * Invariant: computed against the fold right before the entry, for which such kinds fly alone.
 */
#include "server/core/append.h"
#include "server/core/recover.h"

#include <stdlib.h>
#include <string.h>

enum {
    CHANGES_FEW = 5,
    ROLE_MEMBER = 1 /* whether somebody moderates is the fold's to know */
};

struct list {
    struct store_change *items;
    uint32_t n;
};

static struct store_change *add(struct list *list, enum store_change_type type)
{
    struct store_change *change = &list->items[list->n++];
    change->type = type;
    return change;
}

static void add_log(struct list *list, enum store_log_kind kind, const uint8_t *creator)
{
    struct store_change *change = add(list, STORE_CHANGE_LOG);
    change->u.log.kind = kind;
    memcpy(change->u.log.creator, creator, COUNCIL_KEY_BYTES);
}

static void add_membership(struct list *list, const uint8_t *member, uint64_t from, uint64_t until)
{
    struct store_change *change = add(list, STORE_CHANGE_MEMBERSHIP);
    memcpy(change->u.membership.member, member, COUNCIL_KEY_BYTES);
    change->u.membership.role = ROLE_MEMBER;
    change->u.membership.from_seq = from;
    change->u.membership.until_seq = until;
}

static void add_recovery(struct list *list, enum store_change_type type, const uint8_t *key,
                         const uint8_t *member)
{
    struct store_change *change = add(list, type);
    memcpy(change->u.recovery.key, key, COUNCIL_KEY_BYTES);
    memcpy(change->u.recovery.member, member, COUNCIL_KEY_BYTES);
}

/* The signing key of the body's `recovery`; false where there is none. */
static bool new_recovery(const struct council_entry *entry, uint8_t key[COUNCIL_KEY_BYTES])
{
    uint32_t recovery = council_body_get(entry, "recovery");
    return recovery != 0 &&
           council_text_bytes(&entry->text, council_text_get(&entry->text, recovery, "sign"), key,
                              COUNCIL_KEY_BYTES);
}

enum store_log_kind core_genesis_kind(const struct council_entry *entry)
{
    if (entry->kind == COUNCIL_KIND_MEMBER_CREATE) {
        return STORE_LOG_MEMBER;
    }
    return council_body_is(entry, "type", "journal") ? STORE_LOG_JOURNAL : STORE_LOG_COUNCIL;
}

static void end_membership(struct list *list, const struct core_fold *fold, const uint8_t *member,
                           uint64_t seq)
{
    const struct council_person *person = council_person(&fold->council, member);
    if (person != NULL) {
        add_membership(list, member, person->joined_seq, seq);
    }
}

static void add_erased(struct list *list, const struct council_entry *entry)
{
    uint32_t posts = council_body_get(entry, "posts");
    uint32_t value = council_text_first(&entry->text, posts);
    for (uint32_t i = 0; i < entry->text.values[posts].count; i++) {
        add(list, STORE_CHANGE_ERASE)->u.erase.seq = entry->text.values[value].integer;
        value = entry->text.values[value].next;
    }
}

/* What the entry says of the log's recovery. */
static void add_recovery_state(struct list *list, const struct core_log *log,
                               const struct core_call *call)
{
    const struct core_append *append = &call->u.append;
    enum store_recovery now = core_recovery_after(log, append);
    if (now == log->recovery) {
        return;
    }
    if (now == STORE_RECOVERED) {
        (void)add(list, STORE_CHANGE_RECOVERED);
        return;
    }
    add(list, STORE_CHANGE_RECOVERING)->u.recovering.state = now;
    if (now == STORE_WAITING) {
        memcpy(add(list, STORE_CHANGE_OFFERED)->u.offered.member, call->member, COUNCIL_KEY_BYTES);
    }
}

static void derive(struct list *list, const struct core_log *log, const struct core_append *append)
{
    const struct council_entry *entry = &append->entry;
    const struct core_fold *fold = log->fold;
    uint64_t seq = fold->tail.seq + 1;
    uint8_t key[COUNCIL_KEY_BYTES];
    switch (entry->kind) {
    case COUNCIL_KIND_MEMBER_CREATE:
        if (append->has_code) {
            memcpy(add(list, STORE_CHANGE_CODE_USE)->u.code.hash, append->code,
                   sizeof append->code);
        }
        add_log(list, STORE_LOG_MEMBER, log->key);
        if (new_recovery(entry, key)) {
            add_recovery(list, STORE_CHANGE_RECOVERY_SET, key, log->key);
        }
        break;
    case COUNCIL_KIND_MEMBER_RECOVER:
        if (new_recovery(entry, key)) {
            add_recovery(list, STORE_CHANGE_RECOVERY_DROP, fold->member.recovery.sign, log->key);
            add_recovery(list, STORE_CHANGE_RECOVERY_SET, key, log->key);
        }
        break;
    case COUNCIL_KIND_COUNCIL_CREATE:
        add_log(list, core_genesis_kind(entry), entry->author);
        add_membership(list, entry->author, 1, 0);
        break;
    case COUNCIL_KIND_MEMBER_JOIN:
        add_membership(list, entry->author, seq, 0);
        break;
    case COUNCIL_KIND_MEMBER_REMOVE:
        council_body_key(entry, "member", key);
        end_membership(list, fold, key, seq);
        break;
    case COUNCIL_KIND_MEMBER_LEAVE:
        end_membership(list, fold, entry->author, seq);
        break;
    case COUNCIL_KIND_ERASE:
        add_erased(list, entry);
        break;
    default:
        break;
    }
}

enum council_error core_append_changes(const struct core_log *log, struct core_call *call,
                                       uint32_t *count)
{
    struct core_append *append = &call->u.append;
    const struct council_entry *entry = &append->entry;
    *count = 0;
    bool plain = !council_kind_has(entry->kind, COUNCIL_FLAG_FOLDS) &&
                 core_recovery_after(log, append) == log->recovery;
    if (plain && entry->kind != COUNCIL_KIND_ERASE) {
        return COUNCIL_OK;
    }
    size_t most = CHANGES_FEW;
    if (entry->kind == COUNCIL_KIND_ERASE) {
        most += entry->text.values[council_body_get(entry, "posts")].count;
    }
    struct list list = {.items = calloc(most, sizeof(struct store_change)), .n = 0};
    if (list.items == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    derive(&list, log, append);
    add_recovery_state(&list, log, call);
    free(append->changes);
    append->changes = list.items;
    *count = list.n;
    return COUNCIL_OK;
}
