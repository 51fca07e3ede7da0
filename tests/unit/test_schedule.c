/*
 * test_schedule.c - schedules: instants of local times, and the meetings of a rule across changes of the clock.
 *
 * The expected instants were computed with Python's zoneinfo from the same IANA data.
 */
#include "protocol/schedule/offsets.h"
#include "protocol/schedule/schedule.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *zone, *local;
    uint64_t utc_s;
    const char *back; /* the local time of that instant: another one only in a gap */
} instants[] = {
    {"America/New_York", "2026-03-08T01:59", 1772953140, "2026-03-08T01:59"},
    {"America/New_York", "2026-03-08T02:00", 1772953200, "2026-03-08T03:00"}, /* gap */
    {"America/New_York", "2026-03-08T02:30", 1772953200, "2026-03-08T03:00"}, /* gap */
    {"America/New_York", "2026-03-08T03:00", 1772953200, "2026-03-08T03:00"},
    {"America/New_York", "2026-11-01T00:59", 1793509140, "2026-11-01T00:59"},
    {"America/New_York", "2026-11-01T01:30", 1793511000, "2026-11-01T01:30"}, /* overlap */
    {"America/New_York", "2026-11-01T02:00", 1793516400, "2026-11-01T02:00"},
    {"America/New_York", "2026-07-01T18:00", 1782943200, "2026-07-01T18:00"},
    {"Europe/London", "2026-03-29T01:30", 1774746000, "2026-03-29T02:00"}, /* gap */
    {"Europe/London", "2026-10-25T01:30", 1792888200, "2026-10-25T01:30"}, /* overlap */
    {"Europe/London", "2026-10-25T02:00", 1792893600, "2026-10-25T02:00"},
    {"Europe/London", "2026-06-01T12:00", 1780311600, "2026-06-01T12:00"},
    {"Australia/Lord_Howe", "2026-10-04T02:15", 1791041400,
     "2026-10-04T02:30"}, /* gap of 30 minutes */
    {"Australia/Lord_Howe", "2026-10-04T02:30", 1791041400, "2026-10-04T02:30"},
    {"Australia/Lord_Howe", "2026-04-05T01:45", 1775313900, "2026-04-05T01:45"}, /* overlap */
    {"Australia/Lord_Howe", "2026-04-05T01:29", 1775312940, "2026-04-05T01:29"},
    {"Australia/Lord_Howe", "2026-12-24T19:00", 1798099200, "2026-12-24T19:00"},
    {"Africa/Casablanca", "2026-02-15T02:30", 1771119000,
     "2026-02-15T02:30"}, /* overlap: Ramadan begins */
    {"Africa/Casablanca", "2026-03-22T02:30", 1774144800,
     "2026-03-22T03:00"}, /* gap: it has ended */
    {"Africa/Casablanca", "2026-03-01T10:00", 1772359200, "2026-03-01T10:00"},
    {"Africa/Casablanca", "2026-06-01T10:00", 1780304400, "2026-06-01T10:00"},
    {"Pacific/Apia", "2011-12-29T23:59", 1325239140, "2011-12-29T23:59"},
    {"Pacific/Apia", "2011-12-30T00:00", 1325239200, "2011-12-31T00:00"}, /* a day that never was */
    {"Pacific/Apia", "2011-12-30T12:00", 1325239200, "2011-12-31T00:00"},
    {"Pacific/Apia", "2011-12-31T00:00", 1325239200, "2011-12-31T00:00"},
    {"Pacific/Apia", "2026-08-01T09:00", 1785528000, "2026-08-01T09:00"},
    {"America/Santiago", "2026-09-06T00:30", 1788667200, "2026-09-06T01:00"}, /* gap at midnight */
    {"America/Santiago", "2026-04-04T23:30", 1775356200,
     "2026-04-04T23:30"}, /* overlap at midnight */
    {"America/Santiago", "2026-04-05T00:00", 1775361600, "2026-04-05T00:00"},
    {"America/Santiago", "2026-09-06T01:00", 1788667200, "2026-09-06T01:00"},
    {"Asia/Kolkata", "2026-01-01T09:00", 1767238200, "2026-01-01T09:00"},
    {"UTC", "2026-01-01T09:00", 1767258000, "2026-01-01T09:00"},
    {"Europe/Dublin", "2026-10-25T01:15", 1792887300,
     "2026-10-25T01:15"}, /* overlap; negative saving */
    /* beyond the changes that a zone's file lists: its rule */
    {"Australia/Lord_Howe", "2039-10-02T02:15", UINT64_C(2201095800), "2039-10-02T02:30"},
    {"Australia/Lord_Howe", "2040-04-01T01:45", UINT64_C(2216817900), "2040-04-01T01:45"},
    {"America/Santiago", "2039-09-04T00:30", UINT64_C(2198721600), "2039-09-04T01:00"},
    {"America/Santiago", "2040-04-07T23:30", UINT64_C(2217465000), "2040-04-07T23:30"},
    {"America/Santiago", "2040-09-02T12:00", UINT64_C(2230210800), "2040-09-02T12:00"},
    {"Africa/Casablanca", "2040-10-07T02:30", UINT64_C(2233189800), "2040-10-07T02:30"},
    {"America/New_York", "2099-07-01T18:00", UINT64_C(4086626400), "2099-07-01T18:00"},
    {"Asia/Gaza", "2090-10-28T01:30", UINT64_C(3812826600), "2090-10-28T01:30"},
};

static void instants_of_local_times(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(instants) / sizeof(instants[0]); i++) {
        uint64_t utc_ms = 0;
        char local[SCHEDULE_LOCAL_CHARS + 1];
        assert_int_equal(schedule_to_utc(instants[i].local, instants[i].zone, &utc_ms), COUNCIL_OK);
        if (utc_ms != instants[i].utc_s * 1000)
            print_error("%s %s\n", instants[i].zone, instants[i].local);
        assert_int_equal(utc_ms, instants[i].utc_s * 1000);
        assert_int_equal(schedule_to_local(utc_ms, instants[i].zone, local), COUNCIL_OK);
        assert_string_equal(local, instants[i].back);
    }
}

static void every_minute_of_a_year_comes_back(void **state)
{
    static const char *const zones[] = {"America/New_York",  "Europe/London",
                                        "Africa/Casablanca", "Australia/Lord_Howe",
                                        "America/Santiago",  "Asia/Kathmandu"};
    (void)state;
    for (size_t z = 0; z < sizeof(zones) / sizeof(zones[0]); z++)
        for (uint64_t t = 1767225600; t < 1798761600; t += 29 * 60) {
            char local[SCHEDULE_LOCAL_CHARS + 1], again[SCHEDULE_LOCAL_CHARS + 1];
            uint64_t first = 0;
            assert_int_equal(schedule_to_local(t * 1000, zones[z], local), COUNCIL_OK);
            assert_int_equal(schedule_to_utc(local, zones[z], &first), COUNCIL_OK);
            assert_int_equal(schedule_to_local(first, zones[z], again), COUNCIL_OK);
            assert_string_equal(local, again);
            /* Itself, or the earlier of two. */
            assert_true(first == t / 60 * 60 * 1000 || first == (t - 3600) * 1000 ||
                        first == (t - 1800) * 1000);
        }
}

static void refuses_zones_and_times(void **state)
{
    (void)state;
    uint64_t utc_ms = 7;
    char out[SCHEDULE_LOCAL_CHARS + 1];
    static const char *const bad_zones[] = {
        "",       "Mars/Olympus",   "../../etc/passwd", "/etc/localtime",
        "Europe", "Europe/Berlin ", "Europe/Ber\nlin"};
    for (size_t i = 0; i < sizeof(bad_zones) / sizeof(bad_zones[0]); i++) {
        assert_false(schedule_zone_known(bad_zones[i]));
        assert_int_equal(schedule_to_utc("2026-01-01T10:00", bad_zones[i], &utc_ms),
                         COUNCIL_E_BAD_INPUT);
        assert_int_equal(schedule_to_local(0, bad_zones[i], out), COUNCIL_E_BAD_INPUT);
    }
    static const char *const bad_times[] = {"",
                                            "2026-01-01",
                                            "2026-02-29T10:00",
                                            "2026-01-01T24:00",
                                            "2026-01-01T10:00Z",
                                            "2026-13-01T10:00",
                                            "1970-01-01T00:00"};
    for (size_t i = 0; i < sizeof(bad_times) / sizeof(bad_times[0]); i++)
        assert_int_equal(schedule_to_utc(bad_times[i], "Europe/Berlin", &utc_ms),
                         COUNCIL_E_BAD_INPUT);
    assert_int_equal(utc_ms, 7);
    assert_true(schedule_zone_known("Europe/Berlin"));
    assert_true(schedule_zone_known("America/Argentina/Buenos_Aires"));
    assert_true(schedule_zone_known("Etc/GMT+5"));
    assert_true(schedule_zone_known("UTC"));
    assert_int_equal(schedule_to_local(UINT64_MAX, "UTC", out), COUNCIL_E_BAD_INPUT);
    assert_int_equal(schedule_to_local(UINT64_C(253402300799999), "UTC", out), COUNCIL_OK);
    assert_string_equal(out, "9999-12-31T23:59");
}

static void fast_meets_twice_a_week_at_the_same_local_time(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-03-03T18:00", "America/New_York",
                                       "FREQ=WEEKLY;BYDAY=TU,FR"};
    struct schedule_meeting meetings[5];
    uint32_t found = 0;
    assert_int_equal(schedule_expand(&rule, 0, 5, meetings, &found), COUNCIL_OK);
    assert_int_equal(found, 5);
    static const char *const locals[] = {"2026-03-03T18:00", "2026-03-06T18:00", "2026-03-10T18:00",
                                         "2026-03-13T18:00", "2026-03-17T18:00"};
    for (uint32_t i = 0; i < 5; i++)
        assert_string_equal(meetings[i].local, locals[i]);
    /* The clock goes forward on the 8th: 23:00 UTC before, 22:00 after. */
    assert_int_equal(meetings[1].utc_ms, UINT64_C(1772838000000));
    assert_int_equal(meetings[2].utc_ms, UINT64_C(1773180000000));
}

static void the_first_day_may_be_the_later_of_the_two(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-03-06T18:00", "UTC", "FREQ=WEEKLY;BYDAY=TU,FR"};
    struct schedule_meeting meetings[2];
    uint32_t found = 0;
    assert_int_equal(schedule_expand(&rule, 0, 2, meetings, &found), COUNCIL_OK);
    assert_string_equal(meetings[0].local, "2026-03-06T18:00");
    assert_string_equal(meetings[1].local, "2026-03-10T18:00");
}

static void slow_meets_every_two_weeks(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-10-15T09:30", "Europe/London",
                                       "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH"};
    struct schedule_meeting meetings[3], next;
    uint32_t found = 0;
    assert_int_equal(schedule_expand(&rule, 0, 3, meetings, &found), COUNCIL_OK);
    assert_string_equal(meetings[0].local, "2026-10-15T09:30");
    assert_string_equal(meetings[1].local, "2026-10-29T09:30");
    assert_string_equal(meetings[2].local, "2026-11-12T09:30");
    assert_int_equal(meetings[1].utc_ms - meetings[0].utc_ms, (14 * 24 + 1) * UINT64_C(3600000));
    assert_int_equal(schedule_next(&rule, meetings[1].utc_ms, &next), COUNCIL_OK);
    assert_string_equal(next.local, "2026-10-29T09:30");
    assert_int_equal(schedule_next(&rule, meetings[1].utc_ms + 1, &next), COUNCIL_OK);
    assert_string_equal(next.local, "2026-11-12T09:30");
}

static void a_meeting_in_a_gap_keeps_its_name(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-03-04T02:30", "America/New_York",
                                       "FREQ=WEEKLY;BYDAY=WE,SU"};
    struct schedule_meeting meetings[3];
    uint32_t found = 0;
    assert_int_equal(schedule_expand(&rule, 0, 3, meetings, &found), COUNCIL_OK);
    assert_string_equal(meetings[1].local, "2026-03-08T02:30");
    assert_int_equal(meetings[1].utc_ms, UINT64_C(1772953200000));
    assert_string_equal(meetings[2].local, "2026-03-11T02:30");
}

static void a_far_future_is_reached_and_the_calendar_ends(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-03-03T18:00", "UTC", "FREQ=WEEKLY;BYDAY=TU,FR"};
    struct schedule_meeting next;
    assert_int_equal(schedule_next(&rule, UINT64_C(4102444800000), &next), COUNCIL_OK);
    assert_string_equal(next.local, "2100-01-01T18:00");
    assert_int_equal(schedule_next(&rule, UINT64_MAX, &next), COUNCIL_E_NO_SCHEDULE);
}

static void refuses_rules(void **state)
{
    (void)state;
    static const struct schedule_rule bad[] = {
        {"2026-03-03T18:00", "UTC", "FREQ=DAILY"},
        {"2026-03-03T18:00", "UTC", "FREQ=WEEKLY;BYDAY=FR,TU"},
        {"2026-03-03T18:00", "UTC", "FREQ=WEEKLY;BYDAY=TU,FR;COUNT=2"},
        {"2026-03-03T18:00", "UTC", ""},
        {"2026-03-04T18:00", "UTC", "FREQ=WEEKLY;BYDAY=TU,FR"}, /* a Wednesday */
        {"2026-03-03 18:00", "UTC", "FREQ=WEEKLY;BYDAY=TU,FR"},
        {"2026-03-03T18:00", "Nowhere", "FREQ=WEEKLY;BYDAY=TU,FR"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct schedule_meeting meeting;
        uint32_t found = 9;
        assert_int_equal(schedule_expand(&bad[i], 0, 1, &meeting, &found), COUNCIL_E_BAD_INPUT);
        assert_int_equal(found, 0);
        assert_false(schedule_is_meeting(&bad[i], "2026-03-03T18:00"));
    }
}

static void stretches_of_a_zone(void **state)
{
    (void)state;
    struct schedule_offsets offsets;
    /* 2040: Lord Howe's clocks go back half an hour in April and forth in October. */
    assert_int_equal(
        schedule_offsets("Australia/Lord_Howe", INT64_C(2208988800), INT64_C(2240611200), &offsets),
        COUNCIL_OK);
    assert_int_equal(offsets.first_s, 39600);
    assert_int_equal(offsets.count, 2);
    assert_int_equal(offsets.changes[0].offset_s, 37800);
    assert_int_equal(offsets.changes[1].offset_s, 39600);
    assert_int_equal(schedule_offsets("Nowhere", 0, 1, &offsets), COUNCIL_E_BAD_INPUT);
    assert_int_equal(schedule_offsets("UTC", 1, 1, &offsets), COUNCIL_E_BAD_INPUT);
    assert_int_equal(schedule_offsets("UTC", 0, 100 * INT64_C(31557600), &offsets),
                     COUNCIL_E_BAD_INPUT);
}

static void names_of_meetings(void **state)
{
    (void)state;
    const struct schedule_rule rule = {"2026-03-03T18:00", "America/New_York",
                                       "FREQ=WEEKLY;BYDAY=TU,FR"};
    assert_true(schedule_is_meeting(&rule, "2026-03-03T18:00"));
    assert_true(schedule_is_meeting(&rule, "2026-12-25T18:00"));
    assert_false(schedule_is_meeting(&rule, "2026-12-25T18:01"));
    assert_false(schedule_is_meeting(&rule, "2026-12-24T18:00"));
    assert_false(schedule_is_meeting(&rule, "2026-02-27T18:00"));
    assert_false(schedule_is_meeting(&rule, ""));
}

/* Every day of four years is a meeting where libical, walking over them, comes to it. */
static void names_are_those_that_the_rule_comes_to(void **state)
{
    (void)state;
    static const struct schedule_rule rules[] = {
        {"2026-03-03T18:00", "America/New_York", "FREQ=WEEKLY;BYDAY=TU,FR"},
        {"2026-03-06T02:30", "Europe/Berlin", "FREQ=WEEKLY;BYDAY=TU,FR"},
        {"2026-12-27T23:30", "Australia/Lord_Howe", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU"}};
    for (size_t r = 0; r < sizeof rules / sizeof rules[0]; r++) {
        static struct schedule_meeting meetings[512];
        uint32_t found = 0, met = 0;
        uint64_t noon_ms = UINT64_C(1767268800000); /* 1 January 2026 in UTC */
        assert_int_equal(schedule_expand(&rules[r], 0, 512, meetings, &found), COUNCIL_OK);
        assert_int_equal(found, 512);
        for (uint32_t day = 0; day < 4 * 365; day++) {
            char local[SCHEDULE_LOCAL_CHARS + 1];
            assert_int_equal(schedule_to_local(noon_ms + UINT64_C(86400000) * day, "UTC", local),
                             COUNCIL_OK);
            memcpy(local + 10, rules[r].start + 10, 6);
            bool planned = strcmp(meetings[met].local, local) == 0;
            assert_int_equal(schedule_is_meeting(&rules[r], local), planned);
            met += planned;
        }
        assert_in_range(met, 70, 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instants_of_local_times),
        cmocka_unit_test(every_minute_of_a_year_comes_back),
        cmocka_unit_test(refuses_zones_and_times),
        cmocka_unit_test(fast_meets_twice_a_week_at_the_same_local_time),
        cmocka_unit_test(the_first_day_may_be_the_later_of_the_two),
        cmocka_unit_test(slow_meets_every_two_weeks),
        cmocka_unit_test(a_meeting_in_a_gap_keeps_its_name),
        cmocka_unit_test(a_far_future_is_reached_and_the_calendar_ends),
        cmocka_unit_test(refuses_rules),
        cmocka_unit_test(stretches_of_a_zone),
        cmocka_unit_test(names_of_meetings),
        cmocka_unit_test(names_are_those_that_the_rule_comes_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
