/*
 * test_ics.c - calendars: what entries make of a schedule, and what is written of it.
 *
 * That programs of others read the same meetings out of it is tests/integration/test_calendar_parsers.py.
 */
#include "protocol/feed.h"
#include "protocol/schedule/ics.h"
#include "protocol/schedule/tzif.h"
#include "tests/unit/entry_pieces.h"

#include <libical/ical.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SET(start, zone)                                                       \
    "{\"minutes\":90,\"rrule\":\"FREQ=WEEKLY;BYDAY=TU,FR\",\"start\":\"" start \
    "\",\"zone\":\"" zone "\"}"
#define CANCEL(meeting)   "{\"change\":\"cancel\",\"meeting\":\"" meeting "\"}"
#define MOVE(meeting, to) "{\"change\":\"move\",\"meeting\":\"" meeting "\",\"to\":\"" to "\"}"

static const uint8_t uid[SCHEDULE_ICS_UID_BYTES] = "abcdefghijklmno";
static const struct schedule_ics_style plain = {.uid = uid, .title = "Meeting"};

/* Takes the next entry in; a minute passes. */
static enum council_error add(struct schedule_calendar *calendar, const char *kind,
                              const char *body)
{
    struct council_entry entry;
    char *text = pieces_entry(kind, body);
    uint64_t seq = calendar->seq + 1;
    assert_int_equal(council_entry_parse(&entry, text, (uint32_t)strlen(text)), COUNCIL_OK);
    enum council_error error =
        schedule_calendar_add(calendar, seq, UINT64_C(1767225600000) + seq * 60000, &entry);
    council_entry_fini(&entry);
    free(text);
    return error;
}

static char *written(const struct schedule_calendar *calendar,
                     const struct schedule_ics_style *style)
{
    char *text = NULL;
    uint32_t len = 0;
    assert_int_equal(schedule_ics(calendar, style, &text, &len), COUNCIL_OK);
    assert_int_equal(strlen(text), len);
    return text;
}

static uint32_t times(const char *text, const char *part)
{
    uint32_t n = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        n++;
    return n;
}

static void without_a_schedule_there_is_no_meeting(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false};
    char *text = written(&calendar, &plain);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 0);
    assert_int_equal(times(text, "BEGIN:VTIMEZONE"), 1); /* a calendar holds something */
    free(text);
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "Mars/Olympus")),
                     COUNCIL_OK);
    text = written(&calendar, &plain);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 0);
    free(text);
    schedule_calendar_fini(&calendar);
}

static void a_series_with_moved_and_cancelled_meetings(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false};
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "Europe/London")), 0);
    assert_int_equal(add(&calendar, "attend", "{\"meeting\":\"2026-03-03T18:00\"}"), 0);
    assert_int_equal(add(&calendar, "meeting.change", CANCEL("2026-03-06T18:00")), 0);
    assert_int_equal(add(&calendar, "meeting.change", MOVE("2026-03-10T18:00", "2026-03-11T07:30")),
                     0);
    /* Not a meeting of the rule: anybody may have written it, and it must not be in a calendar. */
    assert_int_equal(add(&calendar, "meeting.change", CANCEL("2026-03-12T18:00")), 0);
    assert_int_equal(add(&calendar, "meeting.change", MOVE("2026-03-12T09:00", "2026-03-13T07:30")),
                     0);
    char *text = written(&calendar, &plain);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 3);
    assert_int_equal(times(text, "UID:YWJjZGVmZ2hpamtsbW5vAA@council\r\n"), 3);
    assert_non_null(strstr(text, "DTSTART;TZID=Europe/London:20260303T180000\r\nDURATION:PT1H30M"));
    assert_non_null(strstr(text, "RRULE:FREQ=WEEKLY;BYDAY=TU,FR\r\n"));
    assert_non_null(
        strstr(text, "RECURRENCE-ID;TZID=Europe/London:20260306T180000\r\nSTATUS:CANCELLED"));
    assert_non_null(strstr(text, "DTSTART;TZID=Europe/London:20260311T073000"));
    assert_non_null(strstr(text, "RECURRENCE-ID;TZID=Europe/London:20260310T180000"));
    assert_null(strstr(text, "20260312"));
    /* Times are those of the log: nothing depends on when it is written. */
    assert_non_null(strstr(text, "DTSTAMP:20260101T000100Z\r\nSEQUENCE:0\r\n"));
    assert_non_null(strstr(text, "DTSTAMP:20260101T000300Z\r\nSEQUENCE:1\r\n"));
    assert_non_null(strstr(text, "DTSTAMP:20260101T000400Z\r\nSEQUENCE:2\r\n"));
    char *again = written(&calendar, &plain);
    assert_string_equal(text, again);
    free(again);
    free(text);
    schedule_calendar_fini(&calendar);
}

static void the_last_change_counts_and_a_new_schedule_begins_anew(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false}, copy;
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "UTC")), 0);
    assert_int_equal(add(&calendar, "meeting.change", CANCEL("2026-03-06T18:00")), 0);
    assert_int_equal(add(&calendar, "meeting.change", MOVE("2026-03-06T18:00", "2026-03-07T18:00")),
                     0);
    assert_int_equal(schedule_calendar_copy(&calendar, &copy), COUNCIL_OK);
    assert_int_equal(copy.change_count, 1);
    char *text = written(&copy, &plain);
    assert_null(strstr(text, "STATUS:CANCELLED"));
    assert_non_null(strstr(text, "SEQUENCE:2\r\n"));
    free(text);
    /* The copy goes its own way. */
    assert_int_equal(add(&copy, "schedule.set", SET("2026-05-05T09:00", "Asia/Tokyo")), 0);
    assert_int_equal(calendar.change_count, 1);
    text = written(&copy, &plain);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 1);
    assert_non_null(strstr(text, "SEQUENCE:3\r\n"));
    assert_non_null(strstr(text, "DTSTART;TZID=Asia/Tokyo:20260505T090000"));
    free(text);
    schedule_calendar_fini(&copy);
    schedule_calendar_fini(&calendar);
}

static void a_time_that_the_clock_skips_or_repeats_is_said_in_utc(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = true,
                                         .start = "2026-03-01T02:30",
                                         .zone = "America/New_York",
                                         .rrule = "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU",
                                         .minutes = 60,
                                         .set_ms = 1};
    char *text = written(&calendar, &plain);
    /* 2027-03-14 is in the rhythm, 02:30 is not on the clock that day: 03:00 EDT. */
    assert_non_null(strstr(text, "DTSTART:20270314T070000Z\r\nDURATION:PT1H\r\nSUMMARY:Meeting\r\n"
                                 "RECURRENCE-ID;TZID=America/New_York:20270314T023000"));
    free(text);
    (void)snprintf(calendar.start, sizeof calendar.start, "2026-11-01T01:30");
    text = written(&calendar, &plain);
    assert_non_null(strstr(text, "DTSTART:20261101T053000Z")); /* the first of the two */
    free(text);
}

/* The writer judges by the days between; protocol/schedule walks over the rule: they agree about every hour of a year. */
static void only_meetings_of_the_rule_are_told(void **state)
{
    (void)state;
    static const char *const rules[] = {"FREQ=WEEKLY;BYDAY=TU,FR",
                                        "FREQ=WEEKLY;INTERVAL=2;BYDAY=FR"};
    for (size_t r = 0; r < 2; r++) {
        struct schedule_calendar calendar = {.set = true,
                                             .start = "2026-03-06T18:00",
                                             .zone = "Europe/London",
                                             .minutes = 60,
                                             .set_ms = 1};
        struct schedule_ics_change change = {.cancelled = true};
        (void)snprintf(calendar.rrule, sizeof calendar.rrule, "%s", rules[r]);
        const struct schedule_rule rule = {calendar.start, calendar.zone, calendar.rrule};
        calendar.changes = &change;
        calendar.change_count = 1;
        for (uint32_t day = 0; day < 420; day++) {
            assert_int_equal(schedule_to_local((UINT64_C(1769900400) + day * 86400) * 1000,
                                               day % 7 == 6 ? "Asia/Tokyo" : "UTC", change.meeting),
                             COUNCIL_OK);
            memcpy(change.meeting + 11, day % 11 == 0 ? "18:30" : "18:00", 5);
            char *text = written(&calendar, &plain);
            assert_int_equal(strstr(text, "CANCELLED") != NULL,
                             schedule_is_meeting(&rule, change.meeting));
            free(text);
        }
    }
}

static void many_changes_stay_bounded(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false};
    char body[256];
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "UTC")), 0);
    for (uint32_t i = 0; i < 1000; i++) {
        (void)snprintf(body, sizeof body, CANCEL("20%02u-%02u-%02uT18:00"), 30 + i / 336,
                       1 + i / 28 % 12, 1 + i % 28);
        assert_int_equal(add(&calendar, "meeting.change", body), 0);
    }
    assert_int_equal(calendar.change_count, SCHEDULE_ICS_CHANGES_MAX);
    assert_int_equal(calendar.sequence, 1000);
    for (uint32_t i = 0; i < calendar.change_count; i++)
        assert_true(strcmp(calendar.changes[i].meeting, "2031-06-01T18:00") >
                    0); /* the latest stay */
    char *text = written(&calendar, &plain);
    assert_in_range(times(text, "STATUS:CANCELLED"), 100, SCHEDULE_ICS_CHANGES_MAX);
    assert_true(strlen(text) < 256 * 1024);
    free(text);
    /* A rule that began long ago and a change far away cost no more. */
    (void)snprintf(calendar.start, sizeof calendar.start, "1970-01-02T18:00");
    (void)snprintf(calendar.changes[0].meeting, sizeof calendar.changes[0].meeting,
                   "9999-12-31T18:00");
    free(written(&calendar, &plain));
    schedule_calendar_fini(&calendar);
}

static void titles_and_notes_are_text_and_nothing_else(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false};
    const struct schedule_ics_note note = {"2026-03-10T18:00", "Coming: Ada,\nBen;\x1b[2J \\o/"};
    const struct schedule_ics_style style = {.uid = uid,
                                             .title = "A\r\nEND:VCALENDAR\x7f",
                                             .description = "one\ntwo",
                                             .notes = &note,
                                             .note_count = 1};
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "UTC")), 0);
    char *text = written(&calendar, &style);
    assert_int_equal(times(text, "END:VCALENDAR\r\n"), 1);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 2);
    assert_non_null(strstr(text, "SUMMARY:A  END:VCALENDAR \r\n"));
    assert_non_null(strstr(text, "DESCRIPTION:one\\ntwo\r\n"));
    assert_non_null(strstr(text, "DESCRIPTION:Coming: Ada\\,\\nBen\\; [2J \\\\o/\r\n"));
    free(text);
    /* Longer than anybody reads: cut between characters. */
    char *title = calloc(1, 301);
    assert_non_null(title);
    for (int i = 0; i < 300; i += 3)
        memcpy(title + i, "\xE2\x82\xAC", 3);
    const struct schedule_ics_style long_style = {.uid = uid, .title = title};
    text = written(&calendar, &long_style);
    assert_int_equal(times(text, "\xE2\x82\xAC"), 2 * 42); /* 126 bytes, twice */
    free(text);
    free(title);
    schedule_calendar_fini(&calendar);
}

static void paths_are_read_back_and_no_others(void **state)
{
    (void)state;
    uint8_t secret[COUNCIL_SEED_BYTES], back[COUNCIL_SEED_BYTES], hash[2][COUNCIL_HASH_BYTES];
    uint8_t name[2][COUNCIL_FEED_UID_BYTES];
    char path[COUNCIL_FEED_PATH_CHARS + 1];
    memset(secret, 0xA5, sizeof secret);
    council_feed_path(path, secret);
    assert_int_equal(strlen(path), COUNCIL_FEED_PATH_CHARS);
    assert_true(council_feed_path_read(back, path, COUNCIL_FEED_PATH_CHARS));
    assert_memory_equal(back, secret, sizeof secret);
    assert_false(council_feed_path_read(back, path, COUNCIL_FEED_PATH_CHARS - 1));
    for (uint32_t i = 0; i < COUNCIL_FEED_PATH_CHARS; i++) {
        char kept = path[i];
        path[i] = '.';
        assert_true(kept == '.' || !council_feed_path_read(back, path, COUNCIL_FEED_PATH_CHARS));
        path[i] = kept;
    }
    council_feed_hash(hash[0], secret);
    secret[0] ^= 1;
    council_feed_hash(hash[1], secret);
    assert_memory_not_equal(hash[0], hash[1], sizeof hash[0]);
    council_feed_uid(name[0], hash[0], secret);
    council_feed_uid(name[1], hash[1], secret);
    assert_memory_not_equal(name[0], name[1], sizeof name[0]);
}

/* A zone's file is the system's; whatever is in it, reading ends well. */
static void damaged_zone_files_are_refused_or_read(void **state)
{
    (void)state;
    static uint8_t bytes[TZIF_BYTES_MAX], wrong[TZIF_BYTES_MAX];
    FILE *file = fopen("/usr/share/zoneinfo/Australia/Lord_Howe", "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, sizeof bytes, file);
    (void)fclose(file);
    assert_in_range(len, 100, sizeof bytes - 1);
    uint32_t read = 0;
    for (size_t i = 0; i < 2 * len; i++) {
        size_t size = i < len ? len : i - len + 1;
        struct tzif tzif;
        memcpy(wrong, bytes, size);
        wrong[i % len % size] ^= i < len ? 0xFF : 0;
        file = fmemopen(wrong, size, "rb");
        assert_non_null(file);
        if (tzif_read(file, &tzif) == COUNCIL_OK) {
            assert_true(tzif_period_at(&tzif, 0) < tzif.count);
            tzif_fini(&tzif);
            read++;
        }
        (void)fclose(file);
    }
    assert_in_range(read, 1, 2 * len - 1);
}

/* The linker puts these before libical's: as where it has no memory. */
enum {
    SUMMARY = 1,
    RRULE,
    OFFSET
};
static int lacks;
icalproperty *__real_icalproperty_new_summary(const char *text);
icalproperty *__real_icalproperty_new_rrule(struct icalrecurrencetype rule);
icalproperty *__real_icalproperty_new_tzoffsetto(int offset_s);
icalproperty *__wrap_icalproperty_new_summary(const char *text);
icalproperty *__wrap_icalproperty_new_rrule(struct icalrecurrencetype rule);
icalproperty *__wrap_icalproperty_new_tzoffsetto(int offset_s);

icalproperty *__wrap_icalproperty_new_summary(const char *text)
{
    return lacks == SUMMARY ? NULL : __real_icalproperty_new_summary(text);
}

icalproperty *__wrap_icalproperty_new_rrule(struct icalrecurrencetype rule)
{
    return lacks == RRULE ? NULL : __real_icalproperty_new_rrule(rule);
}

icalproperty *__wrap_icalproperty_new_tzoffsetto(int offset_s)
{
    return lacks == OFFSET ? NULL : __real_icalproperty_new_tzoffsetto(offset_s);
}

static void a_calendar_is_whole_or_there_is_none(void **state)
{
    (void)state;
    struct schedule_calendar calendar = {.set = false};
    char *text = NULL;
    uint32_t len = 0;
    assert_int_equal(add(&calendar, "schedule.set", SET("2026-03-03T18:00", "Europe/London")), 0);
    for (lacks = SUMMARY; lacks <= OFFSET; lacks++)
        assert_int_equal(schedule_ics(&calendar, &plain, &text, &len), COUNCIL_E_NO_MEMORY);
    lacks = 0; /* and what failed once is not held against the next */
    text = written(&calendar, &plain);
    assert_int_equal(times(text, "BEGIN:VEVENT"), 1);
    free(text);
    schedule_calendar_fini(&calendar);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_schedule_there_is_no_meeting),
        cmocka_unit_test(a_series_with_moved_and_cancelled_meetings),
        cmocka_unit_test(the_last_change_counts_and_a_new_schedule_begins_anew),
        cmocka_unit_test(a_time_that_the_clock_skips_or_repeats_is_said_in_utc),
        cmocka_unit_test(only_meetings_of_the_rule_are_told),
        cmocka_unit_test(many_changes_stay_bounded),
        cmocka_unit_test(titles_and_notes_are_text_and_nothing_else),
        cmocka_unit_test(a_calendar_is_whole_or_there_is_none),
        cmocka_unit_test(paths_are_read_back_and_no_others),
        cmocka_unit_test(damaged_zone_files_are_refused_or_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
