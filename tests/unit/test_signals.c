/*
 * test_signals.c - what a signal may say, and who is in a room as signals and the server's hints tell it.
 */
#include "client/model/signals.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define NOW UINT64_C(1800000000000)

static const uint8_t ada[COUNCIL_KEY_BYTES] = {1}, ben[COUNCIL_KEY_BYTES] = {2};
static const uint8_t phone[COUNCIL_KEY_BYTES] = {11}, laptop[COUNCIL_KEY_BYTES] = {12},
                     other[COUNCIL_KEY_BYTES] = {13};

static enum council_error read_text(const char *text, struct model_signal *out)
{
    json_t *content = json_loads(text, JSON_DECODE_ANY, NULL);
    enum council_error error = model_signal_read(content, out);
    json_decref(content);
    return error;
}

static void what_is_written_is_read(void **state)
{
    (void)state;
    for (uint32_t type = 0; type < MODEL_SIGNAL_COUNT; type++) {
        const struct model_signal said = {(enum model_signal_type)type, 1, NOW};
        struct model_signal heard = {0};
        json_t *content = model_signal_write(&said);
        assert_int_equal(model_signal_read(content, &heard), COUNCIL_OK);
        assert_int_equal(heard.type, said.type);
        assert_int_equal(heard.value, 1);
        assert_true(heard.at == NOW);
        json_decref(content);
    }
    assert_string_equal(model_signal_name(MODEL_SIGNAL_HAND), "hand");
}

static void what_nobody_may_send_is_refused(void **state)
{
    static const char *const bad[] = {
        "{\"type\":\"hand\",\"at\":1}",
        "{\"type\":\"hand\",\"up\":2,\"at\":1}",
        "{\"type\":\"hand\",\"up\":-1,\"at\":1}",
        "{\"type\":\"hand\",\"up\":true,\"at\":1}",
        "{\"type\":\"hand\",\"up\":1}",
        "{\"type\":\"hand\",\"up\":1,\"at\":-1}",
        "{\"type\":\"hand\",\"up\":1,\"at\":9007199254740992}",
        "{\"type\":\"hand\",\"up\":1,\"at\":\"1\"}",
        "{\"type\":7,\"up\":1,\"at\":1}",
        "{}",
        "[]",
        "7",
    };
    struct model_signal out;
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(read_text(bad[i], &out), COUNCIL_E_BAD_CONTENT);
    assert_int_equal(read_text("{\"type\":\"wave\",\"at\":1}", &out), COUNCIL_E_NEEDS_NEWER);
    assert_int_equal(read_text("{\"type\":\"hand\",\"up\":1,\"at\":1,\"more\":{}}", &out),
                     COUNCIL_OK);
}

/* Whether somebody's hand is up at `now`, and by how many devices they are here (0: not). */
static bool hand(const struct here *here, const uint8_t *member, uint64_t now, uint32_t *devices)
{
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t count = here_people(here, now, people);
    const struct here_person *person = here_find(people, count, member);
    *devices = person ? person->devices : 0;
    return person && person->since[MODEL_SIGNAL_HAND];
}

static void a_member_is_here_once_by_several_devices(void **state)
{
    static struct here here;
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t devices;
    (void)state;
    memset(&here, 0, sizeof here);
    assert_true(here_come(&here, ada, phone));
    assert_false(here_come(&here, ada, phone));
    assert_true(here_come(&here, ben, other));
    assert_true(here_come(&here, ada, laptop));
    assert_int_equal(here_people(&here, NOW, people), 2);
    assert_memory_equal(people[0].member, ada, sizeof ada);
    (void)hand(&here, ada, NOW, &devices);
    assert_int_equal(devices, 2);
    assert_true(here_go(&here, ada, phone));
    assert_false(here_go(&here, ada, phone));
    assert_false(here_go(&here, ben, phone));
    (void)hand(&here, ada, NOW, &devices);
    assert_int_equal(devices, 1);
    assert_true(here_go(&here, ada, laptop));
    assert_int_equal(here_people(&here, NOW, people), 1);
}

static void a_signal_counts_once_and_in_order(void **state)
{
    static struct here here;
    const struct model_signal up = {MODEL_SIGNAL_HAND, 1, NOW},
                              down = {MODEL_SIGNAL_HAND, 0, NOW + 10};
    uint32_t devices;
    (void)state;
    memset(&here, 0, sizeof here);
    assert_false(here_signal(&here, ada, phone, &up, NOW)); /* who is not here says nothing */
    here_come(&here, ada, phone);
    assert_false(here_signal(&here, ben, phone, &up, NOW)); /* nor a device for somebody else */
    assert_true(here_signal(&here, ada, phone, &up, NOW));
    assert_true(hand(&here, ada, NOW, &devices));
    assert_true(here_signal(&here, ada, phone, &down, NOW));
    assert_false(hand(&here, ada, NOW, &devices));
    assert_false(here_signal(&here, ada, phone, &up, NOW)); /* repeated */
    assert_false(here_signal(&here, ada, phone, &down, NOW));
    /* leaving and coming back makes nothing of it new */
    here_go(&here, ada, phone);
    here_come(&here, ada, phone);
    assert_false(here_signal(&here, ada, phone, &up, NOW));
    here_empty(&here);
    here_come(&here, ada, phone);
    assert_false(here_signal(&here, ada, phone, &up, NOW));
    assert_false(hand(&here, ada, NOW, &devices));
}

static void an_old_signal_or_one_from_the_future_says_nothing(void **state)
{
    static struct here here;
    struct model_signal signal = {MODEL_SIGNAL_HAND, 1, NOW - HERE_WINDOW_MS - 1};
    (void)state;
    memset(&here, 0, sizeof here);
    here_come(&here, ada, phone);
    assert_false(here_signal(&here, ada, phone, &signal, NOW));
    signal.at = NOW + HERE_WINDOW_MS + 1;
    assert_false(here_signal(&here, ada, phone, &signal, NOW));
    signal.at = NOW - HERE_WINDOW_MS;
    assert_true(here_signal(&here, ada, phone, &signal, NOW));
    signal.at = NOW + HERE_WINDOW_MS;
    assert_true(here_signal(&here, ada, phone, &signal, NOW));
}

static void a_hand_stays_up_and_typing_ends_by_itself(void **state)
{
    static struct here here;
    struct here_person people[HERE_PEOPLE_MAX];
    struct model_signal typing = {MODEL_SIGNAL_TYPING, 1, NOW};
    const struct model_signal up = {MODEL_SIGNAL_HAND, 1, NOW + 1};
    uint64_t lasts = model_signal_lasts_ms(MODEL_SIGNAL_TYPING);
    (void)state;
    memset(&here, 0, sizeof here);
    here_come(&here, ada, phone);
    assert_true(here_signal(&here, ada, phone, &typing, NOW));
    assert_true(here_signal(&here, ada, phone, &up, NOW));
    assert_int_equal(here_people(&here, NOW + lasts - 1, people), 1);
    assert_true(people[0].since[MODEL_SIGNAL_TYPING] == NOW);
    here_people(&here, NOW + lasts, people);
    assert_true(people[0].since[MODEL_SIGNAL_TYPING] == 0);
    typing.at = NOW + 5000; /* said again in time */
    assert_true(here_signal(&here, ada, phone, &typing, NOW + 5000));
    here_people(&here, NOW + lasts, people);
    assert_true(people[0].since[MODEL_SIGNAL_TYPING] == NOW);
    here_people(&here, NOW + 1000000, people);
    assert_true(people[0].since[MODEL_SIGNAL_HAND] == NOW + 1);
    assert_true(people[0].since[MODEL_SIGNAL_TYPING] == 0);
    here_go(&here, ada, phone);
    here_come(&here, ada, phone);
    here_people(&here, NOW, people);
    assert_true(people[0].since[MODEL_SIGNAL_HAND] == 0);
}

static void a_crowd_is_bounded(void **state)
{
    static struct here here;
    struct here_person people[HERE_PEOPLE_MAX];
    uint8_t member[COUNCIL_KEY_BYTES] = {0}, device[COUNCIL_KEY_BYTES] = {0};
    (void)state;
    memset(&here, 0, sizeof here);
    for (uint32_t i = 0; i < HERE_DEVICES_MAX; i++) {
        member[0] = device[1] = (uint8_t)i;
        assert_true(here_come(&here, member, device));
    }
    assert_false(here_come(&here, ada, laptop));
    assert_int_equal(here_people(&here, NOW, people), HERE_PEOPLE_MAX);
    member[0] = device[1] = 3;
    assert_true(here_go(&here, member, device));
    assert_true(here_come(&here, ada, laptop)); /* in the place of one that is gone */
    assert_int_equal(here.count, HERE_DEVICES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(what_nobody_may_send_is_refused),
        cmocka_unit_test(a_member_is_here_once_by_several_devices),
        cmocka_unit_test(a_signal_counts_once_and_in_order),
        cmocka_unit_test(an_old_signal_or_one_from_the_future_says_nothing),
        cmocka_unit_test(a_hand_stays_up_and_typing_ends_by_itself),
        cmocka_unit_test(a_crowd_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
