/*
 * oversight_world.c - see oversight_world.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "client/model/course.h"
#include "tests/unit/oversight_world.h"

/* The council of these tests lives in UTC. */
static uint64_t day_ms(const struct oversight_given *given, const char *day)
{
    struct tm tm = {0};
    (void)given;
    return strptime(day, "%Y-%m-%d", &tm) ? (uint64_t)timegm(&tm) * 1000 : 0;
}

void begin(struct world *w, uint32_t count)
{
    memset(w, 0, sizeof *w);
    w->model = model_create();
    assert_non_null(w->model);
    for (uint32_t i = 0; i < count; i++) {
        w->people[i].pin.member[0] = (uint8_t)(i + 1);
        w->people[i].member = true;
        w->people[i].joined_seq = i + 1;
    }
    w->people[0].moderator = true;
    w->council.people = w->people;
    w->council.person_count = count;
    w->council.size = 8;
    w->council.fast = true;
    w->council.control = 10;
    w->seq = 10;
    w->given = (struct oversight_given){.council = &w->council,
                                        .model = w->model,
                                        .self = w->people[0].pin.member,
                                        .now_ms = NOW,
                                        .today = "2026-11-23",
                                        .day_ms = day_ms};
}

void end(struct world *w)
{
    model_destroy(w->model);
}

void post(struct world *w, uint32_t i, uint64_t days, const char *text)
{
    json_t *content = json_loads(text, 0, NULL);
    const struct model_post p = {.seq = ++w->seq,
                                 .at = NOW - days * DAY,
                                 .received = NOW - days * DAY,
                                 .author = w->people[i].pin.member,
                                 .content = content,
                                 .moderator = w->people[i].moderator};
    assert_non_null(content);
    assert_int_equal(model_add(w->model, &p), COUNCIL_OK);
    json_decref(content);
}

static void says(struct world *w, uint32_t i, enum council_kind kind, const char *body)
{
    char text[1024], author[COUNCIL_KEY_CHARS + 1], zeros[COUNCIL_KEY_CHARS + 1];
    const uint8_t none[COUNCIL_KEY_BYTES] = {0};
    struct council_entry entry;
    council_b64_encode(author, w->people[i].pin.member, COUNCIL_KEY_BYTES);
    council_b64_encode(zeros, none, sizeof none);
    snprintf(text, sizeof text,
             "{\"at\":1,\"author\":\"%s\",\"body\":%s,\"device\":\"%s\",\"id\":"
             "\"AAAAAAAAAAAAAAAAAAAAAA\",\"kind\":\"%s\",\"log\":\"%s\",\"seen\":{\"head\":\"%s\","
             "\"seq\":1},\"v\":1}",
             author, body, zeros, council_kind_info(kind)->name, zeros, zeros);
    assert_int_equal(council_entry_parse(&entry, text, (uint32_t)strlen(text)), COUNCIL_OK);
    assert_int_equal(model_add_entry(w->model, ++w->seq, NOW, &entry), COUNCIL_OK);
    council_entry_fini(&entry);
}

void rsvp(struct world *w, uint32_t i, const char *meeting, const char *said)
{
    char body[128];
    snprintf(body, sizeof body, "{\"answer\":\"%s\",\"meeting\":\"%s\"}", said, meeting);
    says(w, i, COUNCIL_KIND_RSVP, body);
}

void attend(struct world *w, uint32_t i, const char *meeting)
{
    char body[128];
    snprintf(body, sizeof body, "{\"meeting\":\"%s\"}", meeting);
    says(w, i, COUNCIL_KIND_ATTEND, body);
}

void meet(struct world *w, const char *meeting, uint32_t people)
{
    char body[256], leader[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(leader, w->people[0].pin.member, COUNCIL_KEY_BYTES);
    snprintf(body, sizeof body,
             "{\"facilitator\":\"%s\",\"meeting\":\"%s\",\"minutes\":[5,15,30,5,5]}", leader,
             meeting);
    says(w, 0, COUNCIL_KIND_MEETING_OPEN, body);
    for (uint32_t i = 0; i < PEOPLE; i++)
        if (people & 1u << i)
            attend(w, i, meeting);
    snprintf(body, sizeof body, "{\"meeting\":\"%s\"}", meeting);
    says(w, 0, COUNCIL_KIND_MEETING_CLOSE, body);
}

void look(struct world *w)
{
    oversight_look(&w->given, &w->seen);
}

const struct oversight_line *line(const struct world *w, enum oversight_what what, uint32_t i)
{
    for (uint32_t k = 0; k < w->seen.count; k++) {
        const struct oversight_line *l = &w->seen.lines[k];
        if (l->what == what &&
            (i == PEOPLE ? !l->member
                         : l->member && memcmp(l->member, w->people[i].pin.member, 32) == 0))
            return l;
    }
    return NULL;
}

void settle(struct world *w)
{
    const struct course *course = course_info(COURSE_ORIENTATION);
    char text[256];
    for (uint32_t i = 0; i < w->council.person_count; i++) {
        for (uint32_t s = 0; s < course->count; s++) {
            snprintf(text, sizeof text,
                     "{\"type\":\"step\",\"course\":\"orientation\",\"step\":\"%s\"}",
                     course->steps[s].name);
            post(w, i, 1, text);
        }
        snprintf(text, sizeof text, "{\"type\":\"verified\",\"seq\":10,\"number\":\"%049d\"}", 0);
        post(w, i, 1, text);
    }
}
