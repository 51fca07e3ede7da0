/*
 * meeting_json.c - a meeting for programs.
 */
#include <string.h>

#include "client/cli/meeting.h"
#include "client/lib/presence.h"

json_t *meeting_person_json(const struct cli_council *c, const uint8_t member[COUNCIL_KEY_BYTES])
{
    char name[MODEL_NAME_MAX];
    model_name(c->model, member, name);
    return json_pack("{s:o, s:s}", "member", cli_json_bytes(member, COUNCIL_KEY_BYTES), "name",
                     name);
}

static json_t *number(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *phases(const struct model_meeting *m)
{
    json_t *list = json_array();
    for (uint32_t i = 0; i < m->phase_count; i++)
        json_array_append_new(
            list, json_pack("{s:s, s:s, s:o, s:o, s:o}", "title", m->phases[i].title, "kind",
                            m->phases[i].kind, "minutes", number(m->phases[i].minutes), "extended",
                            number(m->phases[i].extended), "began", number(m->phases[i].began)));
    return list;
}

static json_t *clock_json(const struct model_meeting *m, uint64_t now_ms)
{
    struct meeting_clock clock;
    meeting_clock(m, now_ms, &clock);
    return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I}", "now", number(now_ms), "ends",
                     number(clock.ends), "elapsed_ms", (json_int_t)clock.elapsed_ms, "remaining_ms",
                     (json_int_t)clock.remaining_ms, "left_ms", (json_int_t)clock.left_ms,
                     "behind_ms", (json_int_t)clock.behind_ms);
}

/* Who holds each role, and everybody who held one. */
static void add_roles(json_t *out, const struct cli_council *c, const struct model_meeting *m)
{
    json_t *roles = json_object(), *held = json_array();
    for (int role = 0; role < MEETING_ROLE_COUNT; role++) {
        const uint8_t *holder = meeting_holds(m, (enum meeting_role)role);
        if (holder)
            json_object_set_new(roles, meeting_role_word((enum meeting_role)role),
                                meeting_person_json(c, holder));
    }
    for (uint32_t i = 0; i < m->holder_count; i++) {
        json_t *one = meeting_person_json(c, m->holders[i].member);
        json_object_set_new(one, "role", json_string(meeting_role_word(m->holders[i].role)));
        json_object_set_new(one, "by", meeting_person_json(c, m->holders[i].by));
        json_object_set_new(one, "since", number(m->holders[i].since));
        json_array_append_new(held, one);
    }
    json_object_set_new(out, "roles", roles);
    json_object_set_new(out, "held", held);
}

static json_t *lines(const struct cli_council *c, const struct meeting_line *list, uint32_t count)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < count; i++) {
        json_t *one = meeting_person_json(c, list[i].member);
        json_object_set_new(one, "seq", number(list[i].seq));
        json_object_set_new(one, "received", number(list[i].received));
        json_object_set_new(one, "text", json_string(list[i].text));
        json_array_append_new(out, one);
    }
    return out;
}

static void add_people(json_t *out, const struct cli_council *c, const struct model_meeting *m)
{
    json_t *attended = json_array(), *seated = json_array();
    for (uint32_t i = 0; i < m->attendee_count; i++) {
        json_t *one = meeting_person_json(c, m->attendees[i].member);
        json_object_set_new(one, "since", number(m->attendees[i].since));
        json_array_append_new(attended, one);
    }
    for (uint32_t i = 0; i < m->seated_count; i++)
        json_array_append_new(seated, meeting_person_json(c, m->seated[i].member));
    json_object_set_new(out, "attended", attended);
    json_object_set_new(out, "seated", seated);
}

static json_t *commitments(const struct cli_council *c, const struct model_meeting *m)
{
    json_t *out = json_array();
    for (uint32_t i = 0; i < c->model->commitment_count; i++) {
        const struct model_commitment *it = &c->model->commitments[i];
        if (!meeting_made(c->model, m, it))
            continue;
        json_t *one = meeting_person_json(c, it->author);
        json_object_set_new(one, "text", json_string(it->text));
        json_object_set_new(one, "measure", it->measure ? json_string(it->measure) : json_null());
        json_object_set_new(one, "due", it->due ? json_string(it->due) : json_null());
        json_object_set_new(one, "state", json_string(model_commitment_word(it->state)));
        json_array_append_new(out, one);
    }
    return out;
}

json_t *meeting_queue_json(struct cli *cli, const struct cli_council *c)
{
    struct queue_place places[COUNCIL_SIZE_MAX];
    struct meeting_week week;
    json_t *out = json_array();
    coming_week(c, client_server_now_ms(cli->client), &week);
    uint32_t count = queue_order(c->model, c->council, &week, places);
    for (uint32_t i = 0; i < count; i++) {
        const struct queue_place *p = &places[i];
        json_t *one = meeting_person_json(c, p->member), *more;
        more = json_pack("{s:b, s:b, s:o, s:s?, s:s?, s:s?}", "urgent", p->urgent, "asked",
                         p->asked, "seated", number(p->seated), "why", p->why, "day", p->day,
                         "reason", p->reason);
        json_object_update(one, more);
        json_decref(more);
        json_array_append_new(out, one);
    }
    return out;
}

json_t *meeting_json(struct cli *cli, const struct cli_council *c, const struct model_meeting *m)
{
    json_t *out = json_pack("{s:s, s:b, s:b, s:o, s:o, s:o, s:o}", "meeting", m->name, "open",
                            m->open, "zero", m->zero, "opened", number(m->opened), "closed",
                            number(m->closed), "phase", number(m->phase), "phases", phases(m));
    json_object_set_new(out, "clock", clock_json(m, client_server_now_ms(cli->client)));
    add_roles(out, c, m);
    add_people(out, c, m);
    json_object_set_new(out, "minutes", lines(c, m->minutes, m->minute_count));
    json_object_set_new(out, "words", lines(c, m->words, m->word_count));
    json_object_set_new(out, "commitments", commitments(c, m));
    if (m->open)
        json_object_set_new(out, "queue", meeting_queue_json(cli, c));
    return out;
}
