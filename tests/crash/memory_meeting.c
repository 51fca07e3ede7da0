/*
 * memory_meeting.c - the model's meetings: opened, attended, handed over, written in.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/meeting.h"
#include "tests/crash/memory.h"
#include "tests/crash/tap.h"

#define NAME  "2026-11-23T18:00"
#define KEY_0 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_1 "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

/* A plain entry (a kind and its body), or a post (no kind). The first opens the meeting that the others are of. */
static const struct {
    enum council_kind kind;
    const char *text;
} acts[] = {
    {COUNCIL_KIND_MEETING_OPEN,
     "{\"facilitator\":\"" KEY_0 "\",\"meeting\":\"" NAME "\",\"minutes\":[5,10]}"},
    {COUNCIL_KIND_MEETING_HAND,
     "{\"from\":\"" KEY_0 "\",\"meeting\":\"" NAME "\",\"member\":\"" KEY_1 "\"}"},
    {COUNCIL_KIND_ATTEND, "{\"meeting\":\"" NAME "\"}"},
    {COUNCIL_KIND_COUNT, "{\"type\":\"roles\",\"meeting\":\"" NAME "\",\"scribe\":\"" KEY_1
                         "\",\"timekeeper\":\"" KEY_0 "\"}"},
    {COUNCIL_KIND_COUNT,
     "{\"type\":\"agenda\",\"meeting\":\"" NAME "\",\"phases\":[{\"title\":\"a\",\"minutes\":5}]}"},
    {COUNCIL_KIND_COUNT, "{\"type\":\"seat\",\"want\":\"in\"}"},
    {COUNCIL_KIND_COUNT, "{\"type\":\"seated\",\"meeting\":\"" NAME "\",\"member\":\"" KEY_1 "\"}"},
    {COUNCIL_KIND_COUNT, "{\"type\":\"minutes\",\"meeting\":\"" NAME "\",\"text\":\"a line\"}"},
    {COUNCIL_KIND_COUNT, "{\"type\":\"word\",\"meeting\":\"" NAME "\",\"text\":\"calm\"}"},
};

static struct model *model;
static struct council_entry entry;
static json_t *content;

static void read_entry(uint32_t which)
{
    static char text[1024]; /* the entry borrows it */
    snprintf(text, sizeof text,
             "{\"at\":1,\"author\":\"" KEY_1 "\",\"body\":%s,\"device\":\"" KEY_1
             "\",\"id\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"kind\":\"%s\",\"log\":\"" KEY_0
             "\",\"seen\":{\"head\":\"" KEY_0 "\",\"seq\":1},\"v\":1}",
             acts[which].text, council_kind_info(acts[which].kind)->name);
    if (council_entry_parse(&entry, text, (uint32_t)strlen(text))) {
        tap_die("an entry does not parse: %s", text);
    }
}

static void make(uint32_t which)
{
    model = model_create();
    if (model == NULL) {
        tap_die("no model");
    }
    content = NULL;
    read_entry(0);
    if (which > 0) {
        if (model_add_entry(model, 1, 1000, &entry)) {
            tap_die("the meeting was not opened");
        }
        council_entry_fini(&entry);
        if (acts[which].kind != COUNCIL_KIND_COUNT) {
            read_entry(which);
        } else {
            content = json_loads(acts[which].text, 0, NULL);
        }
    }
}

static void drop(void)
{
    model_destroy(model);
    if (content == NULL) {
        council_entry_fini(&entry);
    }
    json_decref(content);
}

static enum memory_outcome run(uint32_t which)
{
    static const uint8_t author[COUNCIL_KEY_BYTES] = {1};
    const struct model_post post = {.seq = which + 2,
                                    .at = 1,
                                    .received = 2000,
                                    .author = author,
                                    .content = content,
                                    .moderator = true};
    enum council_error error =
        content == NULL ? model_add_entry(model, which + 2, 2000, &entry) : model_add(model, &post);
    return memory_outcome(council_error_name(error));
}

static void digest(uint8_t out[MEMORY_DIGEST])
{
    const struct model_meeting *m = model->meeting_count ? &model->meetings[0] : NULL;
    const uint32_t counts[] = {model->meeting_count,
                               model->agenda_count,
                               model->seat_count,
                               model->answer_count,
                               m ? m->holder_count : 0,
                               m ? m->attendee_count : 0,
                               m ? m->minute_count : 0,
                               m ? m->word_count + 100 * m->seated_count + 10000 * m->openings : 0};
    memcpy(out, counts, sizeof counts);
}

static const struct memory_script scripts[] = {
    {.name = "a meeting opens",
     .which = 0,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "it is handed over",
     .which = 1,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "somebody is there",
     .which = 2,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "two get a role",
     .which = 3,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "an agenda", .which = 4, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "into the queue",
     .which = 5,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "the hot seat", .which = 6, .make = make, .drop = drop, .run = run, .digest = digest},
    {.name = "a line of the minutes",
     .which = 7,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
    {.name = "a word at the end",
     .which = 8,
     .make = make,
     .drop = drop,
     .run = run,
     .digest = digest},
};

const struct memory_group memory_meeting = {"meeting", scripts, sizeof scripts / sizeof *scripts};
