/*
 * offer_page.c - the entries of one log.offer: read from the shell, as many as fit, with the head that they follow.
 *
 * Owns the size of a page and how a member log is put together out of the chains that a council's entries carry. Must not know what a server does
 * with it. Invariant: a page holds whole entries in order without a gap; one that is larger than a page goes alone.
 */
#include "client/sync/internal.h"

struct page {
    struct sync *sync;
    uint64_t last; /* seq of the last entry written, or that the page begins after */
    uint32_t count;
    /* member logs alone */
    const uint8_t *member;
    uint64_t after, seq; /* seq: of the last element of a chain that was met */
    uint8_t at[COUNCIL_HASH_BYTES], head[COUNCIL_HASH_BYTES]; /* at seq; at `after` */
    enum council_error error;
};

/* What it takes in a message; quotes are escaped. */
static uint64_t size_of(const struct sync_held *held)
{
    uint64_t size = 256 + (uint64_t)held->len + (uint64_t)held->data_len / 3 * 4;
    for (uint32_t i = 0; i < held->len; i++)
        size += held->text[i] == '"';
    return size;
}

static bool put(struct page *page, const struct sync_held *held)
{
    struct council_frame *frame = &page->sync->frame;
    if (page->count == OFFER_ENTRIES ||
        (page->count > 0 && frame->len + size_of(held) > OFFER_BYTES))
        return false;
    council_rpc_field_entry(frame, NULL, held->text, held->len, held->sig, held->data,
                            held->data_len);
    page->last = held->seq;
    page->count++;
    return true;
}

static bool take(void *to, const struct sync_held *held)
{
    struct page *page = to;
    return held->seq == page->last + 1 && put(page, held);
}

enum council_error sync_offer_page(struct sync *sync, const struct sync_log *log, uint64_t after,
                                   uint8_t head[COUNCIL_HASH_BYTES], uint64_t *last)
{
    struct page page = {.sync = sync, .last = after};
    enum council_error error =
        sync->ops->held(sync->ctx, log->log, after, false, head, take, &page);
    *last = page.last;
    return error;
}

/* ---- out of chains ---- */

/* One element: counted, its head computed, and written where it lies beyond `after`. False: the page is full, or it cannot be read. */
static bool take_link(struct page *page, const struct council_text *text, uint32_t element)
{
    uint8_t sig[COUNCIL_SIG_BYTES];
    uint32_t value = council_text_get(text, element, "text");
    uint32_t at = council_text_get(text, element, "sig");
    uint32_t len = value ? council_b64_bytes(text->values[value].len) : UINT32_MAX;
    if (!at || len == UINT32_MAX || !council_text_bytes(text, at, sig, sizeof(sig))) {
        page->error = COUNCIL_E_HOME_DAMAGED;
        return false;
    }
    char *own = malloc((size_t)len + 1);
    if (!own || !council_text_bytes(text, value, (uint8_t *)own, len)) {
        page->error = own ? COUNCIL_E_HOME_DAMAGED : COUNCIL_E_NO_MEMORY;
        free(own);
        return false;
    }
    own[len] = '\0';
    struct sync_held held = {.seq = ++page->seq, .text = own, .len = len, .sig = sig};
    council_entry_head(page->at, page->at, own, len, sig);
    if (page->seq == page->after)
        memcpy(page->head, page->at, sizeof(page->head));
    bool more = page->seq <= page->after || put(page, &held);
    free(own);
    return more;
}

/* Whose member log the entry carries entries of. */
static bool moves(const struct council_entry *entry, const uint8_t member[COUNCIL_KEY_BYTES])
{
    uint8_t named[COUNCIL_KEY_BYTES];
    if (!council_kind_has(entry->kind, COUNCIL_FLAG_CHAIN))
        return false;
    if (entry->kind == COUNCIL_KIND_MEMBER_DEVICES)
        council_body_key(entry, "member", named);
    else
        memcpy(named, entry->author, sizeof(named));
    return memcmp(named, member, sizeof(named)) == 0;
}

static bool take_chain(void *to, const struct sync_held *held)
{
    struct page *page = to;
    struct council_entry entry;
    bool more = true;
    page->error = council_entry_parse(&entry, held->text, held->len);
    if (page->error)
        return false;
    if (moves(&entry, page->member)) {
        const struct council_text *text = &entry.text;
        uint32_t chain = council_body_get(&entry, "chain");
        uint32_t element = chain ? council_text_first(text, chain) : 0;
        for (uint32_t i = chain ? text->values[chain].count : 0; i > 0 && more; i--) {
            more = take_link(page, text, element);
            element = text->values[element].next;
        }
    }
    council_entry_fini(&entry);
    return more;
}

enum council_error sync_offer_member_page(struct sync *sync, const struct sync_log *log,
                                          const uint8_t member[COUNCIL_KEY_BYTES], uint64_t after,
                                          uint8_t head[COUNCIL_HASH_BYTES], uint64_t *last)
{
    uint8_t from[COUNCIL_HASH_BYTES];
    struct page page = {.sync = sync, .last = after, .member = member, .after = after};
    enum council_error error =
        sync->ops->held(sync->ctx, log->log, 0, true, from, take_chain, &page);
    memcpy(head, page.head, COUNCIL_HASH_BYTES);
    *last = page.last;
    return error ? error : page.error;
}
