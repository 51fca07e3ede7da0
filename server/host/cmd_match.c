/*
 * cmd_match.c - the command match: what a search for groups would propose now, and to whom not and why. Nothing is changed.
 *
 * Owns how that is told. The search is the running server's own (server/pool/search.h).
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "protocol/bytes.h"
#include "protocol/pool.h"
#include "server/host/commands.h"
#include "server/host/match_file.h"
#include "server/host/request.h"
#include "server/host/verify_report.h"
#include "server/pool/search.h"

enum {
    LINE_MAX_CHARS = 160
};

/* ---- reading ---- */

static enum host_exit from_store(const struct host_options *options, const char *file,
                                 struct store_pool_round *round)
{
    struct host_datadir dir;
    struct store *store = NULL;
    enum host_exit status =
        file != NULL ? host_backup_open(file, &store)
                     : host_datadir_open(&dir, host_option(options, HOST_OPT_DATA), false);
    if (status != HOST_EXIT_OK) {
        host_hint_backup(status, "match that: councild match --dry-run --from FILE");
        return status;
    }
    if (file == NULL) {
        status = host_store_open(&dir, STORE_OPEN_READ_ONLY, &store);
    }
    if (status == HOST_EXIT_OK) {
        status = host_match_from_store(store, round);
        (void)store_close(store);
    }
    if (file == NULL) {
        host_datadir_close(&dir);
    }
    return status;
}

/* A file is a backup where it says that it is a database; anything else must be JSON. */
static bool is_database(FILE *file)
{
    char begins[16] = "";
    size_t n = fread(begins, 1, sizeof begins, file);
    rewind(file);
    return n == sizeof begins && memcmp(begins, "SQLite format 3", sizeof begins) == 0;
}

static enum host_exit from_file(const struct host_options *options, const char *name,
                                struct store_pool_round *round)
{
    FILE *file = fopen(name, "rbe");
    json_error_t error;
    if (file == NULL) {
        (void)fprintf(stderr, "councild: %s cannot be read\n", name);
        return HOST_EXIT_NO_DATA;
    }
    bool database = is_database(file);
    json_t *json = database ? NULL : json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(file);
    if (database) {
        return from_store(options, name, round);
    }
    if (json == NULL) {
        (void)fprintf(stderr, "councild: %s is neither a backup nor JSON: line %d: %s\n", name,
                      error.line, error.text);
        return HOST_EXIT_DATA;
    }
    enum host_exit status = host_match_from_json(json, round);
    json_decref(json);
    return status;
}

/* ---- telling ---- */

/* Somebody, in words: how an operator may know them. */
static void who(const struct store_pool_round *round, uint32_t index, char out[LINE_MAX_CHARS])
{
    const struct store_pool_person *person = &round->people[index];
    int n = snprintf(out, LINE_MAX_CHARS, "%u %s, %s, %s%s", index, person->zone, person->function,
                     person->level, person->moderates ? ", would moderate" : "");
    if (n < 0) {
        out[0] = '\0';
    }
}

static json_t *slots_json(const struct store_pool_group *group)
{
    json_t *slots = json_array();
    for (uint32_t i = 0; i < group->n_slots; i++) {
        (void)json_array_append_new(slots, json_pack("{s:i,s:i}", "day", group->slots[i].day,
                                                     "minute", group->slots[i].minute));
    }
    return slots;
}

static json_t *group_json(const struct store_pool_group *group)
{
    json_t *people = json_array();
    for (uint32_t i = 0; i < group->n_people; i++) {
        (void)json_array_append_new(people, json_integer(group->people[i]));
    }
    json_t *object =
        json_pack("{s:o,s:s,s:s,s:o,s:s}", "people", people, "zone", group->zone, "language",
                  group->language, "slots", slots_json(group), "why", group->why);
    if (group->refill != STORE_POOL_NEW) {
        (void)json_object_set_new(object, "council", json_integer(group->refill));
    }
    return object;
}

/* Of which person a lack speaks: both lists have one order. */
static uint32_t person_of(const struct store_pool_round *round, const struct store_pool_lack *lack,
                          uint32_t from)
{
    while (from < round->n_people && round->people[from].changed != lack->changed) {
        from++;
    }
    return from;
}

static void tell_json(const struct store_pool_round *round, uint32_t placed)
{
    json_t *groups = json_array(), *left = json_array();
    uint32_t at = 0;
    for (uint32_t i = 0; i < round->n_groups; i++) {
        (void)json_array_append_new(groups, group_json(&round->groups[i]));
    }
    for (uint32_t i = 0; i < round->n_lacks; i++) {
        at = person_of(round, &round->lacks[i], at);
        (void)json_array_append_new(
            left, json_pack("{s:I,s:s}", "person", (json_int_t)at, "missing",
                            council_pool_name(COUNCIL_POOL_MISS, round->lacks[i].missing - 1u)));
    }
    json_t *all = json_pack("{s:I,s:I,s:o,s:o}", "people", (json_int_t)round->n_people, "placed",
                            (json_int_t)placed, "groups", groups, "left", left);
    host_print_json(all);
    json_decref(all);
}

/* "hours:12 functions:5" as sentences. */
static void tell_why(const char *why)
{
    for (uint32_t row = 0; row < council_pool_rows(COUNCIL_POOL_WHY); row++) {
        char key[32];
        int n = snprintf(key, sizeof key, "%s:", council_pool_name(COUNCIL_POOL_WHY, row));
        const char *found = n > 0 ? strstr(why, key) : NULL;
        const char *sentence = council_pool_title(COUNCIL_POOL_WHY, row);
        const char *gap = found != NULL ? strstr(sentence, "%u") : NULL;
        if (gap != NULL) {
            int digits = (int)strspn(found + n, "0123456789");
            printf("    %.*s%.*s%s\n", (int)(gap - sentence), sentence, digits, found + n, gap + 2);
        }
    }
}

static void tell_group(const struct store_pool_round *round, uint32_t index)
{
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    const struct store_pool_group *group = &round->groups[index];
    if (group->refill == STORE_POOL_NEW) {
        printf("A new council of %u in %s:", group->n_people, group->zone);
    } else {
        printf("%u for council %u in %s:", group->n_people, group->refill, group->zone);
    }
    for (uint32_t i = 0; i < group->n_slots; i++) {
        printf("%s %s %02u:%02u", i > 0 ? "," : "", days[group->slots[i].day % 7],
               group->slots[i].minute / 60u, group->slots[i].minute % 60u);
    }
    printf(", language %s\n", group->language);
    for (uint32_t i = 0; i < group->n_people; i++) {
        char line[LINE_MAX_CHARS];
        who(round, group->people[i], line);
        printf("  %s\n", line);
    }
    tell_why(group->why);
}

static void tell_text(const struct store_pool_round *round, uint32_t placed)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < round->n_groups; i++) {
        tell_group(round, i);
    }
    for (uint32_t i = 0; i < round->n_lacks; i++) {
        char line[LINE_MAX_CHARS];
        at = person_of(round, &round->lacks[i], at);
        if (at < round->n_people) {
            who(round, at, line);
            printf("Left: %s\n    %s\n", line,
                   council_pool_title(COUNCIL_POOL_MISS, round->lacks[i].missing - 1u));
        }
    }
    printf("%u of %u people in %u groups. Nothing was changed.\n", placed, round->n_people,
           round->n_groups);
}

static int match(const struct host_options *options, struct store_pool_round *round)
{
    uint32_t placed = 0;
    /* Who they are is told by their place in the list: that is their version for the search. */
    for (uint32_t i = 0; i < round->n_people; i++) {
        round->people[i].changed = i;
        round->people[i].missing = 0;
    }
    pool_search(round);
    if (round->failed) {
        (void)fprintf(stderr, "councild: there is too little memory, or too many people\n");
        return HOST_EXIT_START;
    }
    for (uint32_t i = 0; i < round->n_groups; i++) {
        placed += round->groups[i].n_people;
    }
    if (host_option_given(options, HOST_OPT_JSON)) {
        tell_json(round, placed);
    } else {
        tell_text(round, placed);
    }
    return HOST_EXIT_OK;
}

int host_match(const struct host_options *options)
{
    struct timespec now;
    struct store_pool_round round = {0};
    const char *file = host_option(options, HOST_OPT_FROM);
    if (!host_option_given(options, HOST_OPT_DRY_RUN)) {
        (void)fprintf(stderr, "councild: match --dry-run is needed: a running server proposes "
                              "groups by itself\n");
        return HOST_EXIT_USAGE;
    }
    (void)clock_gettime(CLOCK_REALTIME, &now);
    round.now_ms = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
    if (!host_option_number(options, HOST_OPT_SEED, 0, UINT64_MAX, &round.seed)) {
        return HOST_EXIT_USAGE;
    }
    int status = (int)(file != NULL && file[0] != '\0' ? from_file(options, file, &round)
                                                       : from_store(options, NULL, &round));
    if (status == HOST_EXIT_OK) {
        status = match(options, &round);
    }
    free(round.people);
    free(round.refills);
    free(round.groups);
    free(round.lacks);
    return status;
}
