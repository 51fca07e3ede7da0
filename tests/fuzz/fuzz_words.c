/*
 * fuzz_words.c - what people paste: links, addresses, phrases, and the texts of a schedule. Input: the text.
 *
 * Whatever is read and written again is read as the same.
 */
#include "protocol/keys.h"
#include "protocol/localtime.h"
#include "protocol/recovery.h"
#include "protocol/schedule/schedule.h"
#include "protocol/session.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

void council_fuzz_init(void)
{
}

static void links(const char *text, uint32_t len)
{
    struct council_link link, again;
    char out[COUNCIL_LINK_MAX], url[COUNCIL_ORIGIN_MAX + 1], url_again[COUNCIL_ORIGIN_MAX + 1];
    memset(&link, 0, sizeof link);
    memset(&again, 0, sizeof again);
    if (council_link_decode(&link, text, len) == COUNCIL_OK) {
        FUZZ_MUST(council_link_encode(out, &link) == COUNCIL_OK);
        FUZZ_MUST(council_link_decode(&again, out, (uint32_t)strlen(out)) == COUNCIL_OK);
        FUZZ_MUST(strcmp(link.url, again.url) == 0 && link.seq == again.seq &&
                  memcmp(link.invite_seed, again.invite_seed, sizeof link.invite_seed) == 0 &&
                  memcmp(link.council, again.council, sizeof link.council) == 0 &&
                  memcmp(link.server, again.server, sizeof link.server) == 0);
    }
    if (council_url_normalise(url, text, len)) {
        FUZZ_MUST(council_url_normalise(url_again, url, (uint32_t)strlen(url)));
        FUZZ_MUST(strcmp(url, url_again) == 0);
    }
}

static void phrases(const char *text, uint32_t len)
{
    uint8_t entropy[COUNCIL_ENTROPY_BYTES], again[COUNCIL_ENTROPY_BYTES];
    char phrase[COUNCIL_PHRASE_MAX];
    uint32_t word = 99;
    enum council_error error = council_phrase_decode(entropy, text, len, &word);
    FUZZ_MUST(error != COUNCIL_E_WRONG_WORD || (word >= 1 && word <= COUNCIL_PHRASE_WORDS));
    if (!error) {
        council_phrase_encode(phrase, entropy);
        FUZZ_MUST(council_phrase_decode(again, phrase, (uint32_t)strlen(phrase), &word) ==
                  COUNCIL_OK);
        FUZZ_MUST(memcmp(entropy, again, sizeof again) == 0);
    }
}

/* The first line is a start, the second a zone, the third a rule. */
static void schedules(char *text)
{
    char *rest = NULL;
    struct schedule_meeting meetings[3];
    uint32_t found, days;
    uint64_t instant;
    bool fast;
    const char *start = strtok_r(text, "\n", &rest), *zone = strtok_r(NULL, "\n", &rest),
               *rrule = strtok_r(NULL, "\n", &rest);
    if (!start || !zone || !rrule) {
        return;
    }
    bool local = council_local_valid(start, (uint32_t)strlen(start));
    FUZZ_MUST((council_local_weekday(start) < 7) >= local);
    bool rule = council_rule_parse(rrule, (uint32_t)strlen(rrule), &fast, &days);
    FUZZ_MUST(!rule || (days != 0 && days < 128));
    if (!local || !rule || strlen(zone) > SCHEDULE_ZONE_MAX || strchr(zone, '.') ||
        !schedule_zone_known(zone)) {
        return; /* whatever else is asked of libical was checked like that before */
    }
    const struct schedule_rule schedule = {start, zone, rrule};
    if (schedule_to_utc(start, zone, &instant) == COUNCIL_OK &&
        schedule_expand(&schedule, instant, 3, meetings, &found) == COUNCIL_OK) {
        FUZZ_MUST(found <= 3);
    }
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint32_t len;
    char *text = (char *)fuzz_take(&in, size, &len);
    char *copy = strndup(text, len), safety[COUNCIL_SAFETY_CHARS + 1];
    uint8_t head[COUNCIL_HASH_BYTES];
    FUZZ_MUST(copy != NULL);
    links(text, len);
    phrases(text, len);
    schedules(copy);
    council_hash(head, text, len);
    council_safety_number(safety, head, len, head);
    FUZZ_MUST(strlen(safety) == COUNCIL_SAFETY_CHARS);
    free(copy);
    free(text);
}
