/*
 * test_edges.c - ends of ranges that no other test of protocol/ comes to: empty secrets, the last value of a text, bytes that are no characters, years without
 * four digits.
 */
#include "protocol/localtime.h"
#include "protocol/rpc.h"
#include "protocol/schedule/schedule.h"
#include "protocol/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_secrets_of_no_bytes(void **state)
{
    char text[4] = "xyz";
    uint8_t bytes[2] = {7, 7};
    (void)state;
    council_b64_encode_secret(text, bytes, 0);
    assert_string_equal(text, "");
    assert_true(council_b64_decode_secret(bytes, 0, "", 0));
    assert_int_equal(bytes[0], 7);
    assert_false(council_b64_decode_secret(bytes, 2, "AA", 2)); /* one byte */
    assert_false(council_b64_decode_secret(bytes, 1, "A", 1));  /* none */
}

static void test_no_weekday_of_no_date(void **state)
{
    (void)state;
    assert_int_equal(council_local_weekday("2026-02-30T10:00"), 7);
    assert_int_equal(council_local_weekday("2026-02-02T10:00"), 0);
}

/* {"a":["","",...]} of `count` values in all. */
static enum council_error strings(uint32_t count)
{
    static char text[16384];
    struct council_text parsed;
    char *at = stpcpy(text, "{\"a\":[");
    for (uint32_t i = 2; i < count; i++) {
        at = stpcpy(at, i == 2 ? "\"\"" : ",\"\"");
    }
    at = stpcpy(at, "]}");
    enum council_error error = council_text_init(&parsed, text, (uint32_t)(at - text));
    council_text_fini(&parsed);
    return error;
}

static void test_strings_up_to_the_last_value(void **state)
{
    (void)state;
    assert_int_equal(strings(COUNCIL_TEXT_VALUES), COUNCIL_OK);
    assert_int_equal(strings(COUNCIL_TEXT_VALUES + 1), COUNCIL_E_NOT_CANONICAL);
}

static void test_bytes_that_begin_a_character_and_do_not_go_on(void **state)
{
    struct council_frame frame;
    struct council_rpc rpc;
    (void)state;
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_PRESENCE_JOIN);
    council_rpc_field_string(&frame, "log", "\xc3(\xe2\x82(");
    assert_int_equal(council_frame_end(&frame), COUNCIL_OK);
    assert_int_equal(council_rpc_parse(&rpc, council_frame_text(&frame), frame.len), COUNCIL_OK);
    assert_string_equal(json_string_value(json_object_get(rpc.params, "log")),
                        "\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd(");
    council_rpc_fini(&rpc);
    council_frame_fini(&frame);
}

static void test_no_entry_after_a_failure(void **state)
{
    static const uint8_t sig[COUNCIL_SIG_BYTES];
    const struct council_record record = {
        .seq = 1, .received = 1, .text = "{}", .len = 2, .sig = sig};
    struct council_frame frame;
    (void)state;
    council_frame_init(&frame, 0);
    council_rpc_write_call(&frame, 1, COUNCIL_METHOD_LOG_READ);
    assert_true(council_rpc_write_entry(&frame, &record));
    frame.failed = COUNCIL_E_NO_MEMORY;
    assert_false(council_rpc_write_entry(&frame, &record));
    council_frame_fini(&frame);
}

static void test_schedules_beyond_all_zones_and_years(void **state)
{
    const struct schedule_rule rule = {"2026-02-02T10:00", "Nowhere/At_All",
                                       "FREQ=WEEKLY;BYDAY=MO,TU"};
    struct schedule_meeting meeting;
    char local[SCHEDULE_LOCAL_CHARS + 1];
    (void)state;
    assert_int_equal(schedule_next(&rule, 0, &meeting), COUNCIL_E_BAD_INPUT);
    assert_int_equal(schedule_to_local(UINT64_C(253402300800000), "UTC", local),
                     COUNCIL_E_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_of_no_bytes),
        cmocka_unit_test(test_no_weekday_of_no_date),
        cmocka_unit_test(test_strings_up_to_the_last_value),
        cmocka_unit_test(test_bytes_that_begin_a_character_and_do_not_go_on),
        cmocka_unit_test(test_no_entry_after_a_failure),
        cmocka_unit_test(test_schedules_beyond_all_zones_and_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
