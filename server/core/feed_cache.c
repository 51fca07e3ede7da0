/*
 * feed_cache.c - calendars that were written lately. See feed.h.
 *
 * Must not know who may see one. Invariant: count and bytes are of what is in the list, within their ceilings.
 */
#include "server/core/feed.h"

#include <stdlib.h>
#include <string.h>

void core_calendar_ref(struct core_calendar *calendar)
{
    calendar->refs++;
}

void core_calendar_unref(struct core_calendar *calendar)
{
    if (calendar == NULL || --calendar->refs > 0) {
        return;
    }
    free(calendar->text);
    free(calendar);
}

static void unlink_cached(struct core_feeds *feeds, struct core_cached *cached)
{
    if (feeds->first == cached) {
        feeds->first = cached->next;
    } else {
        cached->prev->next = cached->next;
    }
    if (feeds->last == cached) {
        feeds->last = cached->prev;
    } else {
        cached->next->prev = cached->prev;
    }
}

static void link_last(struct core_feeds *feeds, struct core_cached *cached)
{
    cached->prev = feeds->last;
    cached->next = NULL;
    if (feeds->last != NULL) {
        feeds->last->next = cached;
    } else {
        feeds->first = cached;
    }
    feeds->last = cached;
}

/* It is in no list any more. */
static void release(struct core_feeds *feeds, struct core_cached *cached)
{
    feeds->count--;
    feeds->bytes -= cached->bytes;
    schedule_calendar_fini(&cached->calendar);
    core_calendar_unref(cached->text);
    free(cached);
}

/* The list is not empty. */
/* NOLINTBEGIN(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference): the analyser does not follow both ends of the list */
static void forget_first(struct core_feeds *feeds)
{
    struct core_cached *cached = feeds->first;
    feeds->first = cached->next;
    if (feeds->first != NULL) {
        feeds->first->prev = NULL;
    } else {
        feeds->last = NULL;
    }
    release(feeds, cached);
}
/* NOLINTEND(clang-analyzer-unix.Malloc,clang-analyzer-core.NullDereference) */

struct core_cached *core_cache_find(struct core *core, const uint8_t hash[COUNCIL_HASH_BYTES])
{
    struct core_feeds *feeds = &core->feeds;
    for (struct core_cached *cached = feeds->first; cached != NULL; cached = cached->next) {
        if (memcmp(cached->feed.hash, hash, COUNCIL_HASH_BYTES) == 0) {
            unlink_cached(feeds, cached);
            link_last(feeds, cached);
            return cached;
        }
    }
    return NULL;
}

void core_cache_drop(struct core *core, const uint8_t hash[COUNCIL_HASH_BYTES])
{
    struct core_cached *cached = core_cache_find(core, hash);
    if (cached != NULL) {
        unlink_cached(&core->feeds, cached);
        release(&core->feeds, cached);
    }
}

void core_cache_put(struct core *core, const struct store_feed *feed, uint64_t seq,
                    struct schedule_calendar *calendar, struct core_calendar *text)
{
    struct core_feeds *feeds = &core->feeds;
    core_cache_drop(core, feed->hash);
    struct core_cached *cached = calloc(1, sizeof *cached);
    if (cached == NULL) {
        schedule_calendar_fini(calendar);
        return;
    }
    cached->feed = *feed;
    cached->seq = seq;
    cached->written_ms = core->mono_ms;
    cached->calendar = *calendar;
    memset(calendar, 0, sizeof *calendar);
    cached->text = text;
    core_calendar_ref(text);
    cached->bytes = sizeof *cached + text->len +
                    cached->calendar.change_size * sizeof *cached->calendar.changes;
    link_last(feeds, cached);
    feeds->count++;
    feeds->bytes += cached->bytes;
    while (feeds->first != cached &&
           (feeds->count > CORE_CALENDARS_MAX || feeds->bytes > CORE_CALENDARS_BYTES)) {
        forget_first(feeds);
    }
}

void core_cache_fini(struct core *core)
{
    while (core->feeds.first != NULL) {
        forget_first(&core->feeds);
    }
}
