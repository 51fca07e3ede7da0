/*
 * meeting_world.h - what the tests of meetings share: a model fed with entries and posts of made-up members and times, without signatures.
 *
 * Owns no state between tests. A member is a number; 0 founded the council and moderates it, and they joined in order.
 */
#ifndef COUNCIL_TESTS_MEETING_WORLD_H
#define COUNCIL_TESTS_MEETING_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "client/model/meeting.h"

enum {
    PEOPLE = 8,
    MINUTE = 60000,
    START = 1700000000 /* seconds; the server's clock begins here */
};

struct world {
    struct model *model;
    struct council_person people[PEOPLE];
    struct council council;
    uint64_t seq, now; /* ms */
};

static inline const uint8_t *member(uint32_t i)
{
    static uint8_t keys[PEOPLE][COUNCIL_KEY_BYTES];
    keys[i][0] = (uint8_t)(i + 1);
    return keys[i];
}

static inline const char *b64(const uint8_t *key)
{
    static char text[8][COUNCIL_KEY_CHARS + 1];
    static uint32_t next;
    char *out = text[next++ % 8];
    council_b64_encode(out, key, COUNCIL_KEY_BYTES);
    return out;
}

static inline void world_init(struct world *w, uint32_t count)
{
    memset(w, 0, sizeof *w);
    w->model = model_create();
    w->now = (uint64_t)START * 1000;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(w->people[i].pin.member, member(i), COUNCIL_KEY_BYTES);
        w->people[i].member = true;
        w->people[i].moderator = i == 0;
        w->people[i].joined_seq = i + 1;
    }
    w->council.people = w->people;
    w->council.person_count = count;
    w->seq = 100;
}

static inline void world_fini(struct world *w)
{
    model_destroy(w->model);
}

static inline void says(struct world *w, uint32_t who, enum council_kind kind, const char *format,
                        ...) __attribute__((format(printf, 4, 5)));

static inline void says(struct world *w, uint32_t who, enum council_kind kind, const char *format,
                        ...)
{
    char body[512], text[1024], zeros[COUNCIL_KEY_CHARS + 1];
    uint8_t none[COUNCIL_KEY_BYTES] = {0};
    struct council_entry entry;
    va_list args;
    va_start(args, format);
    vsnprintf(body, sizeof body, format, args);
    va_end(args);
    council_b64_encode(zeros, none, sizeof none);
    snprintf(text, sizeof text,
             "{\"at\":1,\"author\":\"%s\",\"body\":%s,\"device\":\"%s\",\"id\":"
             "\"AAAAAAAAAAAAAAAAAAAAAA\",\"kind\":\"%s\",\"log\":\"%s\",\"seen\":{\"head\":\"%s\","
             "\"seq\":1},\"v\":1}",
             b64(member(who)), body, zeros, council_kind_info(kind)->name, zeros, zeros);
    assert_int_equal(council_entry_parse(&entry, text, (uint32_t)strlen(text)), COUNCIL_OK);
    assert_int_equal(model_add_entry(w->model, ++w->seq, w->now, &entry), COUNCIL_OK);
    council_entry_fini(&entry);
}

static inline void posts(struct world *w, uint32_t who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static inline void posts(struct world *w, uint32_t who, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    json_t *content = json_loads(text, 0, NULL);
    assert_non_null(content);
    struct model_post post = {.seq = ++w->seq,
                              .at = 1,
                              .received = w->now,
                              .author = member(who),
                              .content = content,
                              .moderator = who == 0};
    assert_int_equal(model_add(w->model, &post), COUNCIL_OK);
    json_decref(content);
}

static inline void opens(struct world *w, uint32_t who, const char *name, uint32_t leader,
                         const char *minutes)
{
    says(w, who, COUNCIL_KIND_MEETING_OPEN,
         "{\"facilitator\":\"%s\",\"meeting\":\"%s\",\"minutes\":%s}", b64(member(leader)), name,
         minutes);
}

static inline void closes(struct world *w, uint32_t who, const char *name)
{
    says(w, who, COUNCIL_KIND_MEETING_CLOSE, "{\"meeting\":\"%s\"}", name);
}

static inline void attends(struct world *w, uint32_t who, const char *name)
{
    says(w, who, COUNCIL_KIND_ATTEND, "{\"meeting\":\"%s\"}", name);
}

static inline void advances(struct world *w, uint32_t who, const char *name, uint32_t phase)
{
    says(w, who, COUNCIL_KIND_MEETING_ADVANCE, "{\"meeting\":\"%s\",\"phase\":%u}", name, phase);
}

static inline void hands(struct world *w, uint32_t who, const char *name, uint32_t from,
                         uint32_t to)
{
    says(w, who, COUNCIL_KIND_MEETING_HAND,
         "{\"from\":\"%s\",\"meeting\":\"%s\",\"member\":\"%s\"}", b64(member(from)), name,
         b64(member(to)));
}

#endif
