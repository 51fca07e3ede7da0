/*
 * match_file.c - people to match, from a store or from JSON. See match_file.h.
 */
#include "server/host/match_file.h"

#include <stdlib.h>
#include <string.h>

#include "protocol/pool.h"
#include "protocol/schedule/schedule.h"
#include "server/match/match.h"

enum {
    PAGE = 256,
    DAY_MINUTES = 24 * 60,
    STEP_MINUTES = 30
};

/* ---- a store ---- */

/* Room for PAGE more after `count`. */
static bool grow(void **rows, size_t row, uint32_t count)
{
    void *grown = realloc(*rows, ((size_t)count + PAGE) * row);
    if (grown != NULL) {
        *rows = grown;
    }
    return grown != NULL;
}

enum host_exit host_match_from_store(struct store *store, struct store_pool_round *round)
{
    enum store_status status = STORE_OK;
    uint64_t cursor = 0;
    uint32_t n = PAGE;
    while (status == STORE_OK && n == PAGE && round->n_people + PAGE <= MATCH_PEOPLE_MAX) {
        if (!grow((void **)&round->people, sizeof *round->people, round->n_people)) {
            return HOST_EXIT_START;
        }
        status = store_pool_people(store, round->now_ms, &cursor, &round->people[round->n_people],
                                   PAGE, &n);
        round->n_people += status == STORE_OK ? n : 0;
    }
    for (cursor = 0, n = PAGE;
         status == STORE_OK && n == PAGE && round->n_refills + PAGE <= MATCH_COUNCILS_MAX;) {
        if (!grow((void **)&round->refills, sizeof *round->refills, round->n_refills)) {
            return HOST_EXIT_START;
        }
        status = store_pool_refills(store, round->now_ms, &cursor,
                                    &round->refills[round->n_refills], PAGE, &n);
        round->n_refills += status == STORE_OK ? n : 0;
    }
    if (status != STORE_OK) {
        (void)fprintf(stderr, "councild: %s: %s\n", store_status_name(status), store_detail(store));
    }
    return host_exit_of(status);
}

/* ---- a file ---- */

/* "mon" or "mon 18:00"; the rest after it. */
static const char *day_of(const char *text, uint32_t *day)
{
    static const char days[7][4] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (*day = 0; *day < 7; ++*day) {
        if (strncmp(text, days[*day], 3) == 0 && text[3] == ' ') {
            return text + 4;
        }
    }
    return NULL;
}

/* "18:30" as minutes, up to 24:00; the rest after it. */
static const char *time_of(const char *text, uint32_t *minutes)
{
    static const char digits[] = "0123456789";
    if (text == NULL || strspn(text, digits) != 2 || text[2] != ':' ||
        strspn(text + 3, digits) != 2) {
        return NULL;
    }
    uint32_t hour = (uint32_t)(text[0] - '0') * 10 + (uint32_t)(text[1] - '0');
    uint32_t minute = (uint32_t)(text[3] - '0') * 10 + (uint32_t)(text[4] - '0');
    *minutes = hour * 60 + minute;
    return minute < 60 && *minutes <= DAY_MINUTES ? text + 5 : NULL;
}

/* "mon 18:00-21:00" */
static bool add_hours(uint8_t hours[STORE_POOL_HOURS], const char *text)
{
    uint32_t day = 0, from = 0, until = 0;
    const char *rest = text != NULL ? day_of(text, &day) : NULL;
    rest = time_of(rest, &from);
    rest = rest != NULL && rest[0] == '-' ? time_of(rest + 1, &until) : NULL;
    if (rest == NULL || rest[0] != '\0' || from % STEP_MINUTES != 0 || until % STEP_MINUTES != 0 ||
        until <= from) {
        return false;
    }
    for (uint32_t at = (day * DAY_MINUTES + from) / STEP_MINUTES;
         at < (day * DAY_MINUTES + until) / STEP_MINUTES; at++) {
        hours[at / 8] |= (uint8_t)(1 << at % 8);
    }
    return true;
}

static bool read_hours(const json_t *value, uint8_t hours[STORE_POOL_HOURS])
{
    const json_t *item;
    size_t i;
    bool good = json_is_array(value);
    if (json_is_string(value)) {
        return council_b64_decode(hours, STORE_POOL_HOURS, json_string_value(value),
                                  (uint32_t)json_string_length(value));
    }
    json_array_foreach(value, i, item)
    {
        good = good && add_hours(hours, json_string_value(item));
    }
    return good;
}

static bool read_text(const json_t *object, const char *name, const char *fallback, char *out,
                      size_t size)
{
    const json_t *value = json_object_get(object, name);
    const char *text = value == NULL ? fallback : json_string_value(value);
    if (text == NULL || strlen(text) >= size) {
        return false;
    }
    memcpy(out, text, strlen(text) + 1);
    return true;
}

static bool read_row(const json_t *object, const char *name, enum council_pool_table table,
                     const char *fallback, char *out, size_t size)
{
    return read_text(object, name, fallback, out, size) && council_pool_find(table, out) >= 0;
}

/* Employers by any name: here a token is a hash of it. */
static bool read_tokens(const json_t *list, struct store_pool_tokens *out)
{
    const json_t *item;
    size_t i;
    if (list != NULL && (!json_is_array(list) || json_array_size(list) > STORE_POOL_AVOID_MAX)) {
        return false;
    }
    json_array_foreach(list, i, item)
    {
        if (!json_is_string(item)) {
            return false;
        }
        council_hash(out->all[out->count++], json_string_value(item),
                     (uint32_t)json_string_length(item));
    }
    return true;
}

static bool read_pace(const json_t *object, bool *fast)
{
    const char *pace = json_string_value(json_object_get(object, "pace"));
    *fast = pace != NULL && strcmp(pace, "fast") == 0;
    return *fast || (pace != NULL && strcmp(pace, "slow") == 0);
}

static const char *read_person(const json_t *object, struct store_pool_person *out)
{
    json_int_t since = json_integer_value(json_object_get(object, "since"));
    out->since_ms = since > 0 ? (uint64_t)since : 0;
    out->moderates = json_is_true(json_object_get(object, "moderates"));
    if (!read_pace(object, &out->fast)) {
        return "pace";
    }
    if (!read_row(object, "function", COUNCIL_POOL_FUNCTION, "other", out->function,
                  sizeof out->function)) {
        return "function";
    }
    if (!read_row(object, "level", COUNCIL_POOL_LEVEL, "middle", out->level, sizeof out->level)) {
        return "level";
    }
    if (!read_row(object, "industry", COUNCIL_POOL_INDUSTRY, "other", out->industry,
                  sizeof out->industry)) {
        return "industry";
    }
    if (!read_text(object, "zone", NULL, out->zone, sizeof out->zone) ||
        !schedule_zone_known(out->zone)) {
        return "zone";
    }
    if (!read_text(object, "languages", "en", out->languages, sizeof out->languages) ||
        !council_pool_languages(out->languages, NULL)) {
        return "languages";
    }
    if (!read_text(object, "name", "", out->name, sizeof out->name)) {
        return "name";
    }
    if (!read_hours(json_object_get(object, "hours"), out->hours)) {
        return "hours";
    }
    return read_tokens(json_object_get(object, "avoid"), &out->avoid) &&
                   read_tokens(json_object_get(object, "employers"), &out->employers)
               ? NULL
               : "avoid or employers";
}

static bool read_slot(const char *text, struct store_pool_slot *out)
{
    uint32_t day = 0, minute = 0;
    const char *rest = text != NULL ? time_of(day_of(text, &day), &minute) : NULL;
    *out = (struct store_pool_slot){.day = (uint8_t)day, .minute = (uint16_t)minute};
    return rest != NULL && rest[0] == '\0' && minute < DAY_MINUTES;
}

static const char *read_council(const json_t *object, struct store_pool_refill *out)
{
    const json_t *slots = json_object_get(object, "slots"), *item;
    json_int_t places = json_integer_value(json_object_get(object, "places"));
    size_t i;
    if (!read_pace(object, &out->fast)) {
        return "pace";
    }
    if (places < 1 || places >= STORE_POOL_GROUP_MAX) {
        return "places";
    }
    out->places = (uint32_t)places;
    if (!read_text(object, "zone", NULL, out->zone, sizeof out->zone) ||
        !schedule_zone_known(out->zone)) {
        return "zone";
    }
    if (!read_row(object, "language", COUNCIL_POOL_LANGUAGE, "en", out->language,
                  sizeof out->language)) {
        return "language";
    }
    if (json_array_size(slots) < 1 || json_array_size(slots) > STORE_POOL_SLOTS_MAX) {
        return "slots";
    }
    json_array_foreach(slots, i, item)
    {
        if (!read_slot(json_string_value(item), &out->slots[out->n_slots++])) {
            return "slots";
        }
    }
    return read_tokens(json_object_get(object, "avoid"), &out->avoid) &&
                   read_tokens(json_object_get(object, "employers"), &out->employers)
               ? NULL
               : "avoid or employers";
}

static enum host_exit refuse(const char *list, size_t index, const char *field)
{
    (void)fprintf(stderr, "councild: %s %zu: %s is missing or wrong; see docs/matching.md\n", list,
                  index, field);
    return HOST_EXIT_DATA;
}

enum host_exit host_match_from_json(const json_t *file, struct store_pool_round *round)
{
    const json_t *people = json_object_get(file, "people"), *item;
    const json_t *councils = json_object_get(file, "councils");
    json_int_t now = json_integer_value(json_object_get(file, "now"));
    size_t i;
    if (!json_is_array(people) || json_array_size(people) > MATCH_PEOPLE_MAX ||
        (councils != NULL &&
         (!json_is_array(councils) || json_array_size(councils) > MATCH_COUNCILS_MAX))) {
        (void)fprintf(stderr,
                      "councild: the file needs a list of people, at most %d, and may have "
                      "one of councils, at most %d; see docs/matching.md\n",
                      MATCH_PEOPLE_MAX, MATCH_COUNCILS_MAX);
        return HOST_EXIT_DATA;
    }
    round->now_ms = now > 0 ? (uint64_t)now : round->now_ms;
    round->people = calloc(json_array_size(people) + 1, sizeof *round->people);
    round->refills = calloc(json_array_size(councils) + 1, sizeof *round->refills);
    if (round->people == NULL || round->refills == NULL) {
        return HOST_EXIT_START;
    }
    json_array_foreach(people, i, item)
    {
        const char *wrong = read_person(item, &round->people[round->n_people++]);
        if (wrong != NULL) {
            return refuse("person", i, wrong);
        }
    }
    json_array_foreach(councils, i, item)
    {
        const char *wrong = read_council(item, &round->refills[round->n_refills++]);
        if (wrong != NULL) {
            return refuse("council", i, wrong);
        }
    }
    return HOST_EXIT_OK;
}
