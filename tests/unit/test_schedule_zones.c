/*
 * test_schedule_zones.c - zones from files: the rules of later years, a file that changes, files that are none, and memory that runs out.
 */
#include "protocol/schedule/ics.h"
#include "protocol/schedule/offsets.h"
#include "protocol/schedule/tzif.h"
#include "tests/unit/entry_pieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* The linker puts these before the library's: an allocation of ours fails when its turn comes. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *old, size_t size);
static uint32_t left = UINT32_MAX;

static bool fails(void)
{
    return left != UINT32_MAX && left-- == 0;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    return fails() ? NULL : __real_realloc(old, size);
}

static void rules_of_later_years(void **state)
{
    static const struct {
        const char *rule;
        int64_t begins,
            ends; /* of daylight saving in 2040, by the C library; 0: the rule is not understood */
    } rows[] = {
        {"EST5EDT,M3.2.0,M11.1.0", 2215062000, 2235621600},
        {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", 2233150200, 2216818800},
        {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", 2216250000, 2234998800},
        {"AAA0BBB,60,300/2:30:15", 2214180000, 2234914215},
        {"AAA0BBB,J60,J301", 2214180000, 2234998800},
        {"", 0, 0},
        {"EST5", 0, 0},
        {"EST", 0, 0},
        {"E?T5EDT,M3.2.0,M11.1.0", 0, 0},
        {"EST5EDT", 0, 0},
        {"EST5<EDT,M3.2.0,M11.1.0", 0, 0},
        {"EST5EDT4:99,M3.2.0,M11.1.0", 0, 0},
        {"EST5EDT,M13.2.0,M11.1.0", 0, 0},
        {"EST5EDT,M3.6.0,M11.1.0", 0, 0},
        {"EST5EDT,M3.2.7,M11.1.0", 0, 0},
        {"EST5EDT,M3.2.0/200,M11.1.0", 0, 0},
        {"EST5EDT,M3.2.0,M11.1.0x", 0, 0},
        {"EST5EDT,400,M11.1.0", 0, 0},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZ5EDT,M3.2.0,M11.1.0", 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct tzif tzif = {.type_count = 1, .types = {{0, false, "AAA"}}};
        assert_true(tzif_append(&tzif, INT64_MIN, 0));
        assert_int_equal(tzif_append_rule(&tzif, rows[i].rule),
                         rows[i].begins != 0 ? COUNCIL_OK : COUNCIL_E_BAD_INPUT);
        for (uint32_t p = 1; p < tzif.count; p++) {
            assert_true(tzif.periods[p].at > tzif.periods[p - 1].at);
            if (tzif.periods[p].at < 2208988800 || tzif.periods[p].at >= 2240611200)
                continue; /* 2040 */
            bool daylight = tzif.types[tzif.periods[p].type].daylight;
            if (tzif.periods[p].at != (daylight ? rows[i].begins : rows[i].ends))
                print_error("%s: %s at %lld\n", rows[i].rule, daylight ? "begins" : "ends",
                            (long long)tzif.periods[p].at);
            assert_int_equal(tzif.periods[p].at, daylight ? rows[i].begins : rows[i].ends);
        }
        tzif_fini(&tzif);
    }
}

static void copy_file(const char *from, const char *to)
{
    static char bytes[TZIF_BYTES_MAX];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    assert_non_null(in);
    assert_non_null(out);
    size_t len = fread(bytes, 1, sizeof bytes, in);
    assert_int_equal(fwrite(bytes, 1, len, out), len);
    (void)fclose(in);
    assert_int_equal(fclose(out), 0);
}

static void a_file_that_changes_is_read_again(void **state)
{
    (void)state;
    char folder[] = "/tmp/council-zones-XXXXXX", path[64], next[64];
    uint64_t before = 0, after = 0;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/Town", folder);
    (void)snprintf(next, sizeof next, "%s/Next", folder);
    assert_int_equal(setenv("TZDIR", folder, 1), 0);
    assert_false(schedule_zone_known("Town"));
    copy_file("/usr/share/zoneinfo/Europe/Berlin", path);
    assert_int_equal(schedule_to_utc("2040-07-01T18:00", "Town", &before), COUNCIL_OK);
    assert_int_equal(before, UINT64_C(2224771200000));
    copy_file("/usr/share/zoneinfo/Asia/Kathmandu", next);
    assert_int_equal(rename(next, path), 0);
    assert_int_equal(schedule_to_utc("2040-07-01T18:00", "Town", &after), COUNCIL_OK);
    assert_int_equal(before - after, (3 * 60 + 45) * UINT64_C(60000));
    /* What cannot be read leaves what was known. */
    FILE *file = fopen(next, "wb");
    assert_non_null(file);
    (void)fputs("TZif2 and nothing", file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(next, path), 0);
    assert_int_equal(schedule_to_utc("2040-07-01T18:00", "Town", &before), COUNCIL_OK);
    assert_int_equal(before, after);
    assert_int_equal(mkdir(next, 0700), 0);
    assert_false(schedule_zone_known("Next"));
    assert_true(schedule_zone_known("UTC")); /* also where there are no zones */
    (void)rmdir(next);
    (void)unlink(path);
    (void)rmdir(folder);
    (void)unsetenv("TZDIR");
}

static size_t bytes_of(const char *path, uint8_t *out)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(out, 1, TZIF_BYTES_MAX, file);
    (void)fclose(file);
    return len;
}

static enum council_error read_bytes(uint8_t *bytes, size_t len, struct tzif *out)
{
    FILE *file = fmemopen(bytes, len, "rb");
    assert_non_null(file);
    enum council_error error = tzif_read(file, out);
    (void)fclose(file);
    return error;
}

/* What is read at all is in order, within bounds, and has an offset for each instant. */
static void read_damaged(uint8_t *bytes, size_t len)
{
    struct tzif tzif;
    enum council_error error = read_bytes(bytes, len, &tzif);
    if (error != COUNCIL_OK) {
        assert_int_equal(error, COUNCIL_E_BAD_INPUT);
        assert_null(tzif.periods);
        return;
    }
    assert_true(tzif.count > 0 && tzif.periods[0].at == INT64_MIN);
    for (uint32_t i = 0; i < tzif.count; i++) {
        const struct tzif_period *period = &tzif.periods[i];
        assert_true(period->type < tzif.type_count);
        assert_in_range(tzif.types[period->type].offset_s + 93600, 0, 2 * 93600);
        assert_true(i == 0 || (period->at >= period[-1].at && period->at >= TZIF_FIRST_CHANGE &&
                               period->at <= TZIF_LAST_CHANGE));
    }
    assert_int_equal(tzif_period_at(&tzif, INT64_MIN), 0);
    assert_int_equal(tzif_period_at(&tzif, INT64_MAX), tzif.count - 1);
    tzif_fini(&tzif);
}

static void damaged_files_are_refused_or_in_order(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        size_t step;
    } files[] = {{"/usr/share/zoneinfo/Asia/Kathmandu", 1},
                 {"/usr/share/zoneinfo/Europe/Berlin", 23}};
    static uint8_t bytes[TZIF_BYTES_MAX];
    static const uint8_t others[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t f = 0; f < sizeof files / sizeof files[0]; f++) {
        size_t len = bytes_of(files[f].path, bytes);
        assert_true(len > 100);
        for (size_t at = 0; at < len; at += files[f].step) {
            uint8_t was = bytes[at];
            if (at > 0)
                read_damaged(bytes, at); /* cut off */
            for (size_t k = 0; k < sizeof others; k++) {
                bytes[at] = others[k];
                read_damaged(bytes, len);
            }
            bytes[at] = was;
        }
        read_damaged(bytes, len);
    }
}

/* A last change at the end of what 64 bits hold would be a year that nobody counts to. */
static void changes_out_of_all_time_are_refused(void **state)
{
    (void)state;
    static const int64_t times[] = {INT64_MIN,
                                    INT64_MIN + 1,
                                    TZIF_FIRST_CHANGE - 1,
                                    TZIF_LAST_CHANGE + 1,
                                    INT64_C(67768036191676799),
                                    INT64_MAX};
    static const char rule[] = "\nEST5EDT,M3.2.0,M11.1.0\n";
    uint8_t bytes[256] = {0};
    struct tzif tzif;
    size_t header = 44, at = 2 * header + 7;
    for (size_t block = 0; block < 2; block++) {
        uint8_t *head = bytes + block * (header + 7);
        memcpy(head, "TZif2", 5);
        head[20 + 4 * 3 + 3] = block == 1; /* changes */
        head[20 + 4 * 4 + 3] = 1;          /* types */
        head[20 + 4 * 5 + 3] = 1;          /* bytes of names */
    }
    memcpy(bytes + at + 8 + 1 + 7, rule, sizeof rule - 1);
    size_t len = at + 8 + 1 + 7 + sizeof rule - 1;
    assert_int_equal(read_bytes(bytes, len, &tzif), COUNCIL_OK);
    assert_true(tzif.count > 1000);
    tzif_fini(&tzif);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        for (int k = 0; k < 8; k++)
            bytes[at + (size_t)k] = (uint8_t)((uint64_t)times[i] >> (56 - 8 * k));
        assert_int_equal(read_bytes(bytes, len, &tzif), COUNCIL_E_BAD_INPUT);
    }
}

static void a_zone_has_one_name(void **state)
{
    (void)state;
    assert_true(schedule_zone_known("Europe/Berlin"));
    assert_false(schedule_zone_known("Europe//Berlin"));
    assert_false(schedule_zone_known("Europe/Berlin/"));
    assert_false(schedule_zone_known("/Europe/Berlin"));
}

static void more_zones_than_are_kept(void **state)
{
    (void)state;
    char name[SCHEDULE_ZONE_MAX + 1], local[SCHEDULE_LOCAL_CHARS + 1];
    for (int round = 0; round < 2; round++)
        for (int i = -14; i <= 12; i++)
            for (int k = 0; k < 3; k++) {
                static const char *const forms[] = {"Etc/GMT%+d", "posix/Etc/GMT%+d",
                                                    "right/Etc/GMT%+d"};
                char *at = name;
                (void)snprintf(at, sizeof name, forms[k], i);
                if (!schedule_zone_known(name))
                    continue;
                assert_int_equal(schedule_to_local(UINT64_C(1767268800000), name, local),
                                 COUNCIL_OK);
                assert_int_equal(strtol(local + 11, NULL, 10), (36 - i) % 24);
            }
    assert_int_equal(schedule_to_local(0, "America/New_York", local),
                     COUNCIL_E_BAD_INPUT); /* 1969 */
}

static void more_changes_than_a_table_has_room_for(void **state)
{
    (void)state;
    struct schedule_offsets offsets;
    /* A year of double summer time, and of a change of name alone. */
    assert_int_equal(schedule_offsets("Africa/Casablanca", 0, INT64_C(90000000), &offsets),
                     COUNCIL_OK);
    assert_int_equal(
        schedule_offsets("Africa/Cairo", INT64_C(1388534400), INT64_C(1420070400), &offsets),
        COUNCIL_OK);
    assert_int_equal(offsets.count, 4);
}

/* One after the other each allocation fails; what is left is freed, and the outcome is an error or the whole. */
static void memory_runs_out(void **state)
{
    (void)state;
    static const struct schedule_ics_style style = {
        .uid = (const uint8_t *)"abcdefghijklmnop", .title = "Meeting", .description = "x"};
    const char *const bodies[] = {
        "{\"minutes\":60,\"rrule\":\"FREQ=WEEKLY;BYDAY=TU,FR\",\"start\":\"2026-03-03T18:00\","
        "\"zone\":\"Indian/Chagos\"}",
        "{\"change\":\"cancel\",\"meeting\":\"2026-03-06T18:00\"}"};
    struct council_entry entries[2];
    char *texts[2];
    for (int i = 0; i < 2; i++) {
        texts[i] = pieces_entry(i == 0 ? "schedule.set" : "meeting.change", bodies[i]);
        assert_int_equal(council_entry_parse(&entries[i], texts[i], (uint32_t)strlen(texts[i])),
                         COUNCIL_OK);
    }
    uint32_t failed = 0;
    for (bool whole = false; !whole; failed++) {
        struct schedule_calendar calendar = {.set = false}, copy = {.set = false};
        char *text = NULL;
        uint32_t len = 0;
        assert_true(failed < 100);
        left = failed;
        enum council_error error = schedule_calendar_add(&calendar, 1, 1000, &entries[0]);
        error = error ? error : schedule_calendar_add(&calendar, 2, 2000, &entries[1]);
        error = error ? error : schedule_calendar_copy(&calendar, &copy);
        error = error ? error : schedule_ics(&copy, &style, &text, &len);
        whole = left != 0 && left != UINT32_MAX && error == COUNCIL_OK &&
                strstr(text, "CANCELLED") != NULL;
        left = UINT32_MAX;
        /* Never a calendar without the meetings: programs would drop those that they have. */
        assert_true(error == COUNCIL_E_NO_MEMORY ||
                    (error == COUNCIL_OK && strstr(text, "CANCELLED") != NULL));
        free(text);
        schedule_calendar_fini(&copy);
        schedule_calendar_fini(&calendar);
    }
    assert_in_range(failed, 5, 99);
    for (int i = 0; i < 2; i++) {
        council_entry_fini(&entries[i]);
        free(texts[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_of_later_years),
        cmocka_unit_test(memory_runs_out),
        cmocka_unit_test(damaged_files_are_refused_or_in_order),
        cmocka_unit_test(changes_out_of_all_time_are_refused),
        cmocka_unit_test(a_zone_has_one_name),
        cmocka_unit_test(a_file_that_changes_is_read_again),
        cmocka_unit_test(more_zones_than_are_kept),
        cmocka_unit_test(more_changes_than_a_table_has_room_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
