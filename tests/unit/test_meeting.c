/*
 * test_meeting.c - the fold of meetings: phases, clock, agenda, who leads, what is written, and logs that say what cannot be.
 */
#include "tests/unit/meeting_world.h"

#define MONDAY   "2026-11-23T18:00"
#define THURSDAY "2026-11-26T18:00"
#define USUAL    "[5,15,30,5,5]"

static struct meeting_clock clock_at(const struct world *w, uint64_t now)
{
    struct meeting_clock clock;
    meeting_clock(meeting_running(w->model), now, &clock);
    return clock;
}

static void a_clock_runs_by_the_servers_word(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    assert_null(meeting_running(w.model));
    opens(&w, 1, MONDAY, 2, "[10,20]");
    const struct model_meeting *meeting = meeting_running(w.model);
    assert_string_equal(meeting->name, MONDAY);
    assert_memory_equal(meeting_holds(meeting, MEETING_FACILITATOR), member(2), COUNCIL_KEY_BYTES);
    struct meeting_clock clock = clock_at(&w, w.now + 3 * MINUTE);
    assert_int_equal(clock.phase, 1);
    assert_int_equal(clock.ends, w.now + 10 * MINUTE);
    assert_int_equal(clock.remaining_ms, 7 * MINUTE);
    assert_int_equal(clock.left_ms, 27 * MINUTE);
    assert_int_equal(clock.behind_ms, 0);

    clock = clock_at(&w, w.now + 14 * MINUTE); /* over time */
    assert_int_equal(clock.remaining_ms, -4 * MINUTE);
    assert_int_equal(clock.left_ms, 20 * MINUTE);
    assert_int_equal(clock.behind_ms, 4 * MINUTE);

    clock = clock_at(&w, w.now - MINUTE); /* a clock that is behind the server's */
    assert_int_equal(clock.remaining_ms, 10 * MINUTE);

    w.now += 14 * MINUTE;
    posts(&w, 2, "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":2,\"minutes\":6}");
    advances(&w, 2, MONDAY, 2);
    clock = clock_at(&w, w.now + MINUTE);
    assert_int_equal(clock.phase, 2);
    assert_int_equal(clock.remaining_ms, 25 * MINUTE);
    assert_int_equal(clock.behind_ms, 10 * MINUTE);
    clock = clock_at(&w, w.now + 30 * MINUTE); /* over time in the last phase */
    assert_int_equal(clock.left_ms, -4 * MINUTE);
    assert_int_equal(clock.behind_ms, 14 * MINUTE);

    w.now += 30 * MINUTE;
    closes(&w, 2, MONDAY);
    assert_null(meeting_running(w.model));
    meeting_clock(meeting_past(w.model, 0), w.now + 1000 * MINUTE, &clock); /* as at its close */
    assert_int_equal(clock.remaining_ms, -4 * MINUTE);
    assert_int_equal(clock.left_ms, 0);
    world_fini(&w);
}

static void a_meeting_that_nobody_closed_is_forgotten(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    opens(&w, 1, MONDAY, 2, "[10,20]");
    const struct model_meeting *meeting = meeting_running(w.model);
    posts(&w, 2, "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":2,\"minutes\":5}");
    assert_false(meeting_forgotten(meeting, w.now));
    assert_false(meeting_forgotten(meeting, w.now + 155 * MINUTE));
    assert_true(meeting_forgotten(meeting, w.now + 155 * MINUTE + 1));
    closes(&w, 2, MONDAY);
    assert_false(meeting_forgotten(meeting, w.now + 1000 * MINUTE));
    world_fini(&w);
}

static void what_is_left_is_shown_as_a_clock(void **state)
{
    (void)state;
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{300000, "5:00"},      {299999, "5:00"},     {299000, "4:59"},
                 {1, "0:01"},           {0, "0:00"},          {-999, "0:00"},
                 {-65000, "+1:05"},     {3723000, "1:02:03"}, {3600000, "1:00:00"},
                 {-3600000, "+1:00:00"}};
    char out[MEETING_CLOCK_CHARS];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        meeting_clock_text(cases[i].ms, out);
        assert_string_equal(out, cases[i].text);
    }
    meeting_clock_text(INT64_MIN, out);
    meeting_clock_text(INT64_MAX, out);
}

static void only_who_leads_makes_a_phase_longer(void **state)
{
    (void)state;
    static const char more[] =
        "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":2,\"minutes\":3}";
    struct world w;
    world_init(&w, 5);
    opens(&w, 1, MONDAY, 2, "[10,20]");
    const struct model_meeting *meeting = meeting_running(w.model);
    posts(&w, 3, "%s", more); /* neither leads nor opened it */
    assert_int_equal(meeting->phases[1].extended, 0);
    posts(&w, 2, "%s", more);
    posts(&w, 1, "%s", more);
    posts(&w, 0, "%s", more);
    assert_int_equal(meeting->phases[1].extended, 9);
    hands(&w, 4, MONDAY, 2, 4);
    posts(&w, 2, "%s", more); /* led before */
    posts(&w, 4, "%s", more);
    assert_int_equal(meeting->phases[1].extended, 12);
    advances(&w, 4, MONDAY, 2);
    posts(&w, 4, "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":1,\"minutes\":3}");
    assert_int_equal(meeting->phases[0].extended, 0); /* is over */
    posts(&w, 4, "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":7,\"minutes\":3}");
    for (int i = 0; i < 3; i++)
        posts(&w, 4,
              "{\"type\":\"extend\",\"meeting\":\"" MONDAY "\",\"phase\":2,\"minutes\":240}");
    assert_int_equal(meeting->phases[1].extended, MEETING_MINUTES_MAX);
    closes(&w, 4, MONDAY);
    world_fini(&w);
}

static void agendas_are_the_meetings_the_councils_or_the_usual_one(void **state)
{
    (void)state;
    struct world w;
    struct agenda agenda;
    world_init(&w, 3);
    agenda_for(w.model, NULL, &agenda);
    assert_int_equal(agenda.source, AGENDA_DEFAULT);
    assert_int_equal(agenda_minutes(&agenda), 60);
    assert_int_equal(agenda.count, 5);
    agenda_for(w.model, MONDAY, &agenda);
    assert_int_equal(agenda.source, AGENDA_ZERO);
    assert_int_equal(agenda_minutes(&agenda), 60);
    assert_string_equal(agenda.phases[1].kind, "stories");

    static const char own[] = "{\"type\":\"agenda\",\"phases\":[{\"title\":\"All\",\"minutes\":90,"
                              "\"kind\":\"hotseat\"}]}";
    posts(&w, 1, "%s", own); /* a member's counts for nothing */
    agenda_for(w.model, NULL, &agenda);
    assert_int_equal(agenda.source, AGENDA_DEFAULT);
    posts(&w, 0, "%s", own);
    agenda_for(w.model, NULL, &agenda);
    assert_int_equal(agenda.source, AGENDA_COUNCIL);
    agenda_for(w.model, MONDAY, &agenda); /* meeting zero has its own all the same */
    assert_int_equal(agenda.source, AGENDA_ZERO);
    opens(&w, 0, MONDAY, 0, "[10,40,5,5]");
    assert_true(meeting_running(w.model)->zero);
    assert_string_equal(meeting_running(w.model)->phases[1].title, "Personal stories");
    closes(&w, 0, MONDAY);
    agenda_for(w.model, THURSDAY, &agenda);
    assert_int_equal(agenda.source, AGENDA_COUNCIL);
    assert_string_equal(agenda.phases[0].title, "All");

    posts(&w, 0,
          "{\"type\":\"agenda\",\"meeting\":\"" THURSDAY "\",\"phases\":[{\"title\":\"x\","
          "\"minutes\":7,\"kind\":\"later\"}]}");
    agenda_for(w.model, THURSDAY, &agenda);
    assert_int_equal(agenda.source, AGENDA_MEETING);
    assert_string_equal(agenda.phases[0].kind, "");
    posts(&w, 0, "{\"type\":\"agenda\",\"meeting\":\"" THURSDAY "\",\"phases\":[]}");
    posts(&w, 0, "{\"type\":\"agenda\",\"phases\":[]}");
    agenda_for(w.model, THURSDAY, &agenda);
    assert_int_equal(agenda.source, AGENDA_DEFAULT);
    world_fini(&w);
}

static void an_agenda_changes_what_is_still_to_come(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    opens(&w, 1, MONDAY, 2, "[10,40,5,5]");
    const struct model_meeting *meeting = meeting_running(w.model);
    advances(&w, 2, MONDAY, 2);
    posts(&w, 3,
          "{\"type\":\"agenda\",\"meeting\":\"" MONDAY
          "\",\"phases\":[{\"title\":\"a\",\"minutes\":1},"
          "{\"title\":\"b\",\"minutes\":2},{\"title\":\"c\",\"minutes\":3},{\"title\":\"d\","
          "\"minutes\":4}]}");
    assert_string_equal(meeting->phases[0].title, "Welcome and ground rules");
    posts(&w, 2,
          "{\"type\":\"agenda\",\"meeting\":\"" MONDAY
          "\",\"phases\":[{\"title\":\"a\",\"minutes\":1},"
          "{\"title\":\"b\",\"minutes\":2},{\"title\":\"c\",\"minutes\":3},{\"title\":\"d\","
          "\"minutes\":4}]}");
    assert_string_equal(meeting->phases[0].title, "a");
    assert_int_equal(meeting->phases[0].minutes, 10); /* what began keeps its minutes */
    assert_int_equal(meeting->phases[1].minutes, 40);
    assert_int_equal(meeting->phases[2].minutes, 3);
    posts(&w, 2,
          "{\"type\":\"agenda\",\"meeting\":\"" MONDAY
          "\",\"phases\":[{\"title\":\"z\",\"minutes\":9}]}");
    assert_string_equal(meeting->phases[0].title,
                        "a"); /* another number of phases: not this one's */
    assert_int_equal(meeting->phase_count, 4);
    closes(&w, 2, MONDAY);

    opens(&w, 1, THURSDAY, 2, "[1,2,3]"); /* no agenda has three */
    assert_string_equal(meeting_running(w.model)->phases[2].title, "Phase 3");
    world_fini(&w);
}

static void agendas_are_read_from_words(void **state)
{
    (void)state;
    static const char *const good[] = {"Check-in=5", "Hot seat=45=hotseat"};
    static const char *const bad[] = {"x", "=5", "x=", "x=0", "x=y", "x=241", "x=5=nosuch", "x=5x"};
    struct content_fault fault;
    json_t *content;
    assert_int_equal(agenda_content(MONDAY, good, 2, &content, &fault), COUNCIL_OK);
    assert_int_equal(content_check(content, &fault), COUNCIL_OK);
    assert_int_equal(json_array_size(json_object_get(content, "phases")), 2);
    json_decref(content);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(agenda_content(NULL, &bad[i], 1, &content, &fault), COUNCIL_E_BAD_INPUT);
}

static void attendance_is_everybodys_own_word(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    attends(&w, 3, MONDAY); /* early */
    opens(&w, 1, MONDAY, 2, USUAL);
    const struct model_meeting *meeting = meeting_running(w.model);
    assert_true(meeting_attended(meeting, member(3)));
    assert_false(meeting_attended(meeting, member(2)));
    attends(&w, 2, MONDAY);
    attends(&w, 2, MONDAY);
    attends(&w, 1, THURSDAY); /* another one, that nobody opened */
    assert_int_equal(meeting->attendee_count, 2);
    assert_null(meeting_find(w.model, THURSDAY));
    world_fini(&w);
}

static void what_is_written_belongs_to_its_meeting(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    posts(&w, 1, "{\"type\":\"minutes\",\"meeting\":\"" MONDAY "\",\"text\":\"never opened\"}");
    opens(&w, 1, MONDAY, 2, USUAL);
    const struct model_meeting *meeting = meeting_running(w.model);
    posts(&w, 1, "{\"type\":\"minutes\",\"meeting\":\"" MONDAY "\",\"text\":\"one\"}");
    posts(&w, 2, "{\"type\":\"word\",\"meeting\":\"" MONDAY "\",\"text\":\"tired\"}");
    posts(&w, 3, "{\"type\":\"word\",\"meeting\":\"" MONDAY "\",\"text\":\"calm\"}");
    posts(&w, 2, "{\"type\":\"word\",\"meeting\":\"" MONDAY "\",\"text\":\"awake\"}");
    posts(&w, 2, "{\"type\":\"seated\",\"meeting\":\"" MONDAY "\",\"member\":\"%s\"}",
          b64(member(3)));
    posts(&w, 1, "{\"type\":\"seated\",\"meeting\":\"" MONDAY "\",\"member\":\"%s\"}",
          b64(member(3)));
    posts(&w, 3,
          "{\"type\":\"checkin\",\"commitments\":[{\"id\":\"AAAAAAAAAAAAAAAAAAAAAQ\",\"text\":\"in "
          "it\"}]}");
    closes(&w, 2, MONDAY);
    posts(&w, 0, "{\"type\":\"minutes\",\"meeting\":\"" MONDAY "\",\"text\":\"afterwards\"}");
    posts(&w, 0, "{\"type\":\"roles\",\"meeting\":\"" MONDAY "\",\"scribe\":\"%s\"}",
          b64(member(0)));
    posts(&w, 3,
          "{\"type\":\"checkin\",\"commitments\":[{\"id\":\"AAAAAAAAAAAAAAAAAAAAAg\",\"text\":"
          "\"after it\"}]}");
    posts(&w, 1,
          "{\"type\":\"checkin\",\"meeting\":\"" MONDAY
          "\",\"commitments\":[{\"id\":\"AAAAAAAAAAAAAAAAAAAAAw\",\"text\":\"for it\"}]}");
    assert_int_equal(meeting->minute_count, 2);
    assert_string_equal(meeting->minutes[1].text, "afterwards");
    assert_int_equal(meeting->word_count, 2);
    assert_string_equal(meeting->words[0].text, "calm");
    assert_string_equal(meeting->words[1].text, "awake");
    assert_int_equal(meeting->seated_count, 1);
    assert_null(meeting_holds(meeting, MEETING_SCRIBE)); /* nobody gets a role in what is over */
    assert_true(meeting_made(w.model, meeting, &w.model->commitments[0]));
    assert_false(meeting_made(w.model, meeting, &w.model->commitments[1]));
    assert_true(meeting_made(w.model, meeting, &w.model->commitments[2]));
    assert_non_null(meeting_checkin(w.model, meeting, member(1)));
    assert_null(meeting_checkin(w.model, meeting, member(2)));
    world_fini(&w);
}

static void a_meeting_closed_by_mistake_is_the_same_one_again(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    opens(&w, 1, MONDAY, 2, "[10,20]");
    attends(&w, 2, MONDAY);
    advances(&w, 2, MONDAY, 2);
    posts(&w, 2, "{\"type\":\"roles\",\"meeting\":\"" MONDAY "\",\"scribe\":\"%s\"}",
          b64(member(3)));
    posts(&w, 1, "{\"type\":\"minutes\",\"meeting\":\"" MONDAY "\",\"text\":\"one\"}");
    closes(&w, 2, MONDAY);
    w.now += 5 * MINUTE;
    opens(&w, 1, MONDAY, 1, "[30]");
    assert_int_equal(w.model->meeting_count, 1);
    const struct model_meeting *meeting = meeting_running(w.model);
    assert_int_equal(meeting->openings, 2);
    assert_true(meeting->zero);
    assert_int_equal(meeting->phase, 1);
    assert_int_equal(meeting->closed, 0);
    assert_int_equal(meeting->minute_count, 1);
    assert_int_equal(meeting->attendee_count, 1);
    assert_null(meeting_holds(meeting, MEETING_SCRIBE));
    assert_int_equal(clock_at(&w, w.now).remaining_ms, 30 * MINUTE);
    world_fini(&w);
}

/* The rules forbid it all; a model that meets it all the same says something sensible. */
static void logs_that_cannot_be_stay_sane(void **state)
{
    (void)state;
    struct world w;
    world_init(&w, 4);
    closes(&w, 1, MONDAY);
    advances(&w, 1, MONDAY, 2);
    hands(&w, 1, MONDAY, 1, 2);
    assert_int_equal(w.model->meeting_count, 0);
    opens(&w, 1, MONDAY, 2, "[10,20]");
    says(&w, 0, COUNCIL_KIND_MEETING_CHANGE,
         "{\"change\":\"move\",\"meeting\":\"" MONDAY "\",\"to\":\"" THURSDAY "\"}");
    opens(&w, 1, THURSDAY, 3, "[5]"); /* moved onto another, and both opened */
    assert_string_equal(meeting_running(w.model)->name, THURSDAY);
    assert_false(meeting_find(w.model, MONDAY)->open);
    advances(&w, 1, THURSDAY, 9);
    assert_int_equal(meeting_running(w.model)->phase, 1);
    advances(&w, 1, MONDAY, 2);
    assert_int_equal(meeting_find(w.model, MONDAY)->phase, 1);
    closes(&w, 1, THURSDAY);
    closes(&w, 1, THURSDAY);
    assert_string_equal(meeting_past(w.model, 0)->name, THURSDAY);
    assert_string_equal(meeting_past(w.model, 1)->name, MONDAY);
    assert_null(meeting_past(w.model, 2));
    world_fini(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_clock_runs_by_the_servers_word),
        cmocka_unit_test(a_meeting_that_nobody_closed_is_forgotten),
        cmocka_unit_test(what_is_left_is_shown_as_a_clock),
        cmocka_unit_test(only_who_leads_makes_a_phase_longer),
        cmocka_unit_test(agendas_are_the_meetings_the_councils_or_the_usual_one),
        cmocka_unit_test(an_agenda_changes_what_is_still_to_come),
        cmocka_unit_test(agendas_are_read_from_words),
        cmocka_unit_test(attendance_is_everybodys_own_word),
        cmocka_unit_test(what_is_written_belongs_to_its_meeting),
        cmocka_unit_test(a_meeting_closed_by_mistake_is_the_same_one_again),
        cmocka_unit_test(logs_that_cannot_be_stay_sane),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
