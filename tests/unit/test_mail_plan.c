/*
 * When reminders go out: before meetings, moved and cancelled ones, over daylight saving, outside quiet hours; one event for each. The
 * C library's own reading of the zones is what quiet hours are compared with.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "protocol/bytes.h"
#include "server/mail/plan.h"

#define MINUTE UINT64_C(60000)
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static const uint8_t council[STORE_ID_BYTES] = {7};
static const struct mail_quiet none = {"UTC", 0, 0};

enum {
    BOTH = 1 << (STORE_MAIL_MEETING - 1) | 1 << (STORE_MAIL_CHECKIN - 1),
    MEETING_ONLY = 1 << (STORE_MAIL_MEETING - 1),
    CHECKIN_ONLY = 1 << (STORE_MAIL_CHECKIN - 1),
};

static uint64_t utc(const char *local, const char *zone)
{
    uint64_t ms = 0;
    assert_int_equal(schedule_to_utc(local, zone, &ms), COUNCIL_OK);
    return ms;
}

/* ---- the oracle: minutes of the day by the C library ---- */

static void use_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

static bool oracle_quiet(const struct mail_quiet *quiet, uint64_t at_ms)
{
    time_t seconds = (time_t)(at_ms / 1000);
    struct tm tm;
    assert_non_null(localtime_r(&seconds, &tm));
    uint32_t minute = (uint32_t)(tm.tm_hour * 60 + tm.tm_min);
    if (quiet->from == quiet->to) {
        return false;
    }
    return quiet->from < quiet->to ? minute >= quiet->from && minute < quiet->to
                                   : minute >= quiet->from || minute < quiet->to;
}

static const char *const zones[] = {"UTC",          "America/New_York", "Europe/London",
                                    "Asia/Kolkata", "Asia/Kathmandu",   "Australia/Lord_Howe",
                                    "Pacific/Apia", "America/Santiago", "Africa/Casablanca"};

/* Whatever the window, what goes out is within it and not quiet, and no earlier instant of the window would do. */
static void check_window(const struct mail_quiet *quiet, uint64_t from, uint64_t length)
{
    uint64_t until = from + length;
    uint64_t at = mail_goes_out(quiet, from, until, false);
    uint64_t early = mail_goes_out(quiet, from, until, true);
    uint64_t first = from;
    while (first <= until && oracle_quiet(quiet, first)) {
        first = first - first % MINUTE + MINUTE;
    }
    if (first <= until) {
        assert_int_equal(at, first);
        assert_int_equal(early, first);
        return;
    }
    assert_int_equal(at, 0); /* nothing of the window is loud */
    assert_true(early != 0 && early < from);
    assert_false(oracle_quiet(quiet, early));
    for (uint64_t t = early + MAIL_EARLY_MS; t < from; t += 15 * MINUTE) {
        assert_true(oracle_quiet(quiet, t)); /* as late as that */
    }
}

static void quiet_hours_follow_the_wall(void **state)
{
    static const uint32_t hours[][2] = {{22 * 60, 8 * 60},  {23 * 60 + 15, 7 * 60 + 45},
                                        {60, 3 * 60},       {150, 151},
                                        {12 * 60, 14 * 60}, {8 * 60, 7 * 60}};
    (void)state;
    for (size_t z = 0; z < sizeof zones / sizeof zones[0]; z++) {
        use_zone(zones[z]);
        for (size_t h = 0; h < sizeof hours / sizeof hours[0]; h++) {
            const struct mail_quiet quiet = {zones[z], hours[h][0], hours[h][1]};
            /* Over a year, at a step that is prime to days and hours: every hour of the week, and the days on which clocks change. */
            for (uint64_t t = utc("2027-01-01T00:00", "UTC"); t < utc("2028-01-02T00:00", "UTC");
                 t += 13 * HOUR + 7 * MINUTE) {
                assert_int_equal(mail_is_quiet(&quiet, t), oracle_quiet(&quiet, t));
                if (t % (29 * MINUTE) < 5 * MINUTE) {
                    check_window(&quiet, t, 3 * HOUR);
                }
            }
        }
    }
    use_zone("UTC");
}

/* Each quarter of an hour around the changes of the clock. */
static void quiet_hours_over_changes_of_the_clock(void **state)
{
    static const char *const changes[][2] = {
        {"America/New_York", "2027-03-14T01:00"},    {"America/New_York", "2027-11-07T00:00"},
        {"Europe/London", "2027-03-28T00:00"},       {"Europe/London", "2027-10-31T00:00"},
        {"Australia/Lord_Howe", "2027-04-04T00:00"}, {"Australia/Lord_Howe", "2027-10-03T00:00"},
        {"America/Santiago", "2027-04-03T22:00"},    {"America/Santiago", "2027-09-04T22:00"}};
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
        use_zone(changes[i][0]);
        uint64_t middle = utc(changes[i][1], changes[i][0]);
        for (uint32_t from = 0; from < 24 * 60; from += 190) {
            const struct mail_quiet quiet = {changes[i][0], from, (from + 9 * 60 + 30) % (24 * 60)};
            for (uint64_t t = middle - 12 * HOUR; t < middle + 12 * HOUR; t += 105 * MINUTE) {
                check_window(&quiet, t, 2 * HOUR);
            }
        }
    }
    use_zone("UTC");
}

static void no_quiet_hours_and_unknown_zones(void **state)
{
    (void)state;
    uint64_t t = utc("2027-05-05T03:00", "UTC");
    const struct mail_quiet unknown = {"Mars/Olympus", 2 * 60, 4 * 60};
    assert_false(mail_is_quiet(&none, t));
    assert_int_equal(mail_goes_out(&none, t, t + HOUR, true), t);
    assert_true(mail_is_quiet(&unknown, t)); /* as if it were UTC */
    assert_false(mail_is_quiet(&unknown, t + 2 * HOUR));
    assert_int_equal(mail_goes_out(&none, t, t - 1, true), 0);
}

/* ---- meetings ---- */

static struct mail_calendar berlin(void)
{
    struct mail_calendar calendar;
    mail_calendar_set(&calendar, "2027-03-02T18:00", "Europe/Berlin", "FREQ=WEEKLY;BYDAY=TU,FR");
    return calendar;
}

static uint32_t meetings_of(const struct mail_calendar *calendar, const char *from, uint32_t days,
                            struct mail_meeting out[MAIL_MEETINGS_MAX])
{
    uint64_t at = utc(from, "UTC");
    return mail_meetings(calendar, at, at + days * DAY, out);
}

static void meetings_move_with_the_wall_and_with_changes(void **state)
{
    struct mail_calendar calendar = berlin();
    struct mail_meeting list[MAIL_MEETINGS_MAX];
    (void)state;
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 2);
    assert_int_equal(list[0].starts_ms, utc("2027-03-26T17:00", "UTC"));
    assert_int_equal(list[1].starts_ms, utc("2027-03-30T16:00", "UTC")); /* summer time */
    mail_calendar_change(&calendar, "2027-03-26T18:00", NULL);
    mail_calendar_change(&calendar, "2027-03-30T18:00", "2027-03-29T09:00");
    mail_calendar_change(&calendar, "2027-05-04T18:00", "2027-03-28T12:00"); /* from far away */
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 2);
    assert_string_equal(list[0].name, "2027-03-30T18:00");
    assert_int_equal(list[0].starts_ms, utc("2027-03-29T07:00", "UTC"));
    assert_string_equal(list[1].name, "2027-05-04T18:00");
    assert_int_equal(list[1].starts_ms, utc("2027-03-28T10:00", "UTC"));
    mail_calendar_change(&calendar, "2027-03-30T18:00", NULL); /* the latest word counts */
    mail_calendar_change(&calendar, "2027-03-27T18:00", "2027-03-29T18:00"); /* no meeting */
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 1);
    mail_calendar_set(&calendar, "2027-03-02T18:00", "Europe/Berlin", "FREQ=WEEKLY;BYDAY=TU,FR");
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 2); /* begins anew */
}

static void no_meetings_where_nothing_is_known(void **state)
{
    struct mail_calendar calendar = {.change_count = 0};
    struct mail_meeting list[MAIL_MEETINGS_MAX];
    (void)state;
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 0);
    mail_calendar_set(&calendar, "2027-03-02T18:00", "Mars/Olympus", "FREQ=WEEKLY;BYDAY=TU,FR");
    assert_int_equal(meetings_of(&calendar, "2027-03-26T00:00", 7, list), 0);
}

/* More changes than are kept: the latest meetings' are. */
static void a_flood_of_changes_keeps_the_latest(void **state)
{
    struct mail_calendar calendar = berlin();
    struct mail_meeting list[MAIL_MEETINGS_MAX];
    char local[SCHEDULE_LOCAL_CHARS + 1];
    (void)state;
    for (uint32_t week = 0; week < 3 * MAIL_CHANGES_MAX; week++) {
        uint64_t at = utc("2027-03-02T12:00", "UTC") + week * 7 * DAY;
        assert_int_equal(schedule_to_local(at, "UTC", local), COUNCIL_OK);
        memcpy(local + 11, "18:00", 5);
        mail_calendar_change(&calendar, local, NULL);
    }
    assert_int_equal(calendar.change_count, MAIL_CHANGES_MAX);
    uint64_t last = utc("2027-03-02T12:00", "UTC") + (3 * MAIL_CHANGES_MAX - 1) * 7 * DAY;
    assert_int_equal(mail_meetings(&calendar, last, last + DAY, list), 0);
    assert_int_equal(mail_meetings(&calendar, last + 3 * DAY, last + 4 * DAY, list), 1);
}

/* ---- the plan ---- */

/* Looks every `step` from two days before the meeting until an hour after it; what is due counts once for each key. */
static uint32_t count_due(const struct mail_quiet *quiet, uint32_t kinds, uint64_t starts,
                          uint64_t step, uint64_t *first)
{
    const struct mail_meeting meeting = {.name = "2027-03-30T18:00", .starts_ms = starts};
    uint8_t seen[4][STORE_ID_BYTES];
    uint32_t n = 0;
    *first = 0;
    for (uint64_t now = starts - 2 * DAY; now < starts + HOUR; now += step) {
        struct mail_due due[MAIL_DUE_MAX];
        uint32_t found = mail_plan(quiet, kinds, council, &meeting, 1, now, due);
        assert_true(found == 0 || !mail_is_quiet(quiet, now));
        for (uint32_t i = 0; i < found; i++) {
            uint32_t k = 0;
            while (k < n && memcmp(seen[k], due[i].key, STORE_ID_BYTES) != 0) {
                k++;
            }
            assert_true(k < 4 && due[i].until_ms < starts);
            if (k == n) {
                memcpy(seen[n++], due[i].key, STORE_ID_BYTES);
                *first = *first == 0 ? now : *first;
            }
        }
    }
    return n;
}

static void each_meeting_is_one_event_of_each_kind(void **state)
{
    uint64_t starts = utc("2027-03-30T16:00", "UTC"), first = 0;
    (void)state;
    assert_int_equal(count_due(&none, BOTH, starts, 7 * MINUTE, &first), 2);
    assert_int_equal(count_due(&none, MEETING_ONLY, starts, MINUTE, &first), 1);
    assert_int_equal(first, starts - MAIL_MEETING_FROM_MS);
    assert_int_equal(count_due(&none, CHECKIN_ONLY, starts, MINUTE, &first), 1);
    assert_int_equal(first, starts - MAIL_CHECKIN_FROM_MS);
    assert_int_equal(count_due(&none, 0, starts, MINUTE, &first), 0);
}

/* At every hour of the day, with long nights: nobody is left without a reminder, and nobody is woken. */
static void every_meeting_is_told_of_outside_quiet_hours(void **state)
{
    const struct mail_quiet night = {"Asia/Tokyo", 20 * 60, 11 * 60};
    (void)state;
    for (uint32_t hour = 0; hour < 24; hour++) {
        uint64_t starts = utc("2027-03-30T00:00", "UTC") + hour * HOUR, first = 0;
        assert_int_equal(count_due(&night, MEETING_ONLY, starts, 5 * MINUTE, &first), 1);
        assert_true(first < starts && starts - first < 16 * HOUR);
    }
}

static void a_moved_meeting_is_another_event(void **state)
{
    struct mail_meeting meeting = {.name = "2027-03-30T18:00",
                                   .starts_ms = utc("2027-03-30T16:00", "UTC")};
    struct mail_due one[MAIL_DUE_MAX], other[MAIL_DUE_MAX];
    (void)state;
    uint64_t now = meeting.starts_ms - HOUR;
    assert_int_equal(mail_plan(&none, MEETING_ONLY, council, &meeting, 1, now, one), 1);
    meeting.starts_ms += HOUR;
    assert_int_equal(mail_plan(&none, MEETING_ONLY, council, &meeting, 1, now, other), 1);
    assert_memory_not_equal(one[0].key, other[0].key, STORE_ID_BYTES);
    const uint8_t elsewhere[STORE_ID_BYTES] = {8};
    assert_int_equal(mail_plan(&none, MEETING_ONLY, elsewhere, &meeting, 1, now, one), 1);
    assert_memory_not_equal(one[0].key, other[0].key, STORE_ID_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_hours_follow_the_wall),
        cmocka_unit_test(quiet_hours_over_changes_of_the_clock),
        cmocka_unit_test(no_quiet_hours_and_unknown_zones),
        cmocka_unit_test(meetings_move_with_the_wall_and_with_changes),
        cmocka_unit_test(no_meetings_where_nothing_is_known),
        cmocka_unit_test(a_flood_of_changes_keeps_the_latest),
        cmocka_unit_test(each_meeting_is_one_event_of_each_kind),
        cmocka_unit_test(every_meeting_is_told_of_outside_quiet_hours),
        cmocka_unit_test(a_moved_meeting_is_another_event),
    };
    return council_protocol_init() != COUNCIL_OK || cmocka_run_group_tests(tests, NULL, NULL);
}
