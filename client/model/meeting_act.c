/*
 * meeting_act.c - intents of what is done in a meeting.
 *
 * Owns their form and the words with which something is refused before it is sent; the council's own rules stay protocol/'s, which the
 * replica and the server check again. Invariant: on error `*out` holds nothing.
 */
#include "client/model/meeting_act.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "client/model/model_internal.h"

static enum council_error refuse(struct content_fault *fault, enum council_error error,
                                 const char *format, ...) __attribute__((format(printf, 3, 4)));

static enum council_error refuse(struct content_fault *fault, enum council_error error,
                                 const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(fault->text, sizeof fault->text, format, args);
    va_end(args);
    return error;
}

static json_t *key(const uint8_t member[COUNCIL_KEY_BYTES])
{
    char text[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(text, member, COUNCIL_KEY_BYTES);
    return json_string(text);
}

static enum council_error plain(enum council_kind kind, json_t *intent, struct meeting_act *out)
{
    *out = (struct meeting_act){kind, intent};
    return intent ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
}

/* Takes `content`; what people typed was checked by nobody yet. */
static enum council_error post(json_t *content, struct meeting_act *out,
                               struct content_fault *fault)
{
    if (!content)
        return refuse(fault, COUNCIL_E_BAD_INPUT, "The text is not valid UTF-8.");
    if (content_check(content, fault)) {
        json_decref(content);
        return COUNCIL_E_BAD_INPUT;
    }
    return plain(COUNCIL_KIND_POST, json_pack("{s:o}", "content", content), out);
}

static bool is_member(const struct meeting_view *v, const uint8_t *member)
{
    const struct council_person *person = council_person(v->council, member);
    return person && person->member;
}

static enum council_error need_member(const struct meeting_view *v, const uint8_t *member,
                                      struct content_fault *fault)
{
    return is_member(v, member)
               ? COUNCIL_OK
               : refuse(fault, COUNCIL_E_NO_SUCH_MEMBER, "They are not a member any more.");
}

/* Clears the outputs; then there must be a meeting. */
static enum council_error need_meeting(const struct meeting_view *v, struct meeting_act *out,
                                       struct content_fault *fault)
{
    memset(out, 0, sizeof *out);
    fault->text[0] = '\0';
    return v->council->meeting.open
               ? COUNCIL_OK
               : refuse(fault, COUNCIL_E_NO_MEETING,
                        "No meeting is open; `council meeting open` opens one.");
}

static bool moderates(const struct meeting_view *v)
{
    const struct council_person *me = council_person(v->council, v->me);
    return me && me->member && me->moderator;
}

/* `opener`: whoever opened it may, too. */
static enum council_error need_lead(const struct meeting_view *v, bool opener,
                                    struct content_fault *fault)
{
    char name[MODEL_NAME_MAX];
    const struct model_meeting *meeting = meeting_running(v->model);
    if (moderates(v) || model_same(v->council->meeting.facilitator, v->me) ||
        (opener && meeting && model_same(meeting->opener, v->me)))
        return COUNCIL_OK;
    model_name(v->model, v->council->meeting.facilitator, name);
    return refuse(fault, COUNCIL_E_NOT_FACILITATOR,
                  "%s leads this meeting. If they are gone, `council meeting take-over`.", name);
}

enum council_error meeting_act_open(const struct meeting_view *v, const char *name,
                                    const uint8_t facilitator[COUNCIL_KEY_BYTES],
                                    struct meeting_act *out, struct content_fault *fault)
{
    struct agenda agenda;
    memset(out, 0, sizeof *out);
    fault->text[0] = '\0';
    if (v->council->meeting.open)
        return refuse(fault, COUNCIL_E_MEETING_OPEN,
                      "The meeting of %s is open; `council meeting close` closes it.",
                      v->council->meeting.meeting);
    if (v->council->schedule.seq == 0)
        return refuse(fault, COUNCIL_E_NO_SCHEDULE,
                      "The council has no schedule; `council schedule set` makes one.");
    enum council_error error = need_member(v, facilitator, fault);
    if (error)
        return error;
    agenda_for(v->model, name, &agenda);
    json_t *minutes = json_array();
    for (uint32_t i = 0; i < agenda.count; i++)
        json_array_append_new(minutes, json_integer(agenda.phases[i].minutes));
    return plain(COUNCIL_KIND_MEETING_OPEN,
                 json_pack("{s:o, s:s, s:o}", "facilitator", key(facilitator), "meeting", name,
                           "minutes", minutes),
                 out);
}

enum council_error meeting_act_next(const struct meeting_view *v, struct meeting_act *out,
                                    struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error)
        error = need_lead(v, false, fault);
    if (error)
        return error;
    if (v->council->meeting.phase >= v->council->meeting.phases)
        return refuse(fault, COUNCIL_E_WRONG_PHASE,
                      "This is the last phase; `council meeting close` ends the meeting.");
    return plain(COUNCIL_KIND_MEETING_ADVANCE,
                 json_pack("{s:s, s:i}", "meeting", v->council->meeting.meeting, "phase",
                           (int)v->council->meeting.phase + 1),
                 out);
}

enum council_error meeting_act_extend(const struct meeting_view *v, uint64_t minutes,
                                      struct meeting_act *out, struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error)
        error = need_lead(v, true, fault);
    if (error)
        return error;
    const struct model_meeting *meeting = meeting_running(v->model);
    if (minutes < 1 || minutes > MEETING_MINUTES_MAX)
        return refuse(fault, COUNCIL_E_BAD_INPUT, "A phase is extended by 1 to 240 minutes.");
    if (meeting && meeting->phase > 0 &&
        meeting->phases[meeting->phase - 1].extended + minutes > MEETING_MINUTES_MAX)
        return refuse(fault, COUNCIL_E_BAD_INPUT,
                      "A phase is extended by 240 minutes at most, all together.");
    return post(json_pack("{s:s, s:s, s:i, s:I}", "type", "extend", "meeting",
                          v->council->meeting.meeting, "phase", (int)v->council->meeting.phase,
                          "minutes", (json_int_t)minutes),
                out, fault);
}

enum council_error meeting_act_hand(const struct meeting_view *v,
                                    const uint8_t member[COUNCIL_KEY_BYTES],
                                    struct meeting_act *out, struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error)
        error = need_member(v, member, fault);
    if (error)
        return error;
    if (model_same(v->council->meeting.facilitator, member))
        return refuse(fault, COUNCIL_E_BAD_INPUT, "%s this meeting already.",
                      model_same(member, v->me) ? "You lead" : "They lead");
    return plain(COUNCIL_KIND_MEETING_HAND,
                 json_pack("{s:o, s:s, s:o}", "from", key(v->council->meeting.facilitator),
                           "meeting", v->council->meeting.meeting, "member", key(member)),
                 out);
}

enum council_error meeting_act_roles(const struct meeting_view *v, const uint8_t *timekeeper,
                                     const uint8_t *scribe, struct meeting_act *out,
                                     struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error && timekeeper)
        error = need_member(v, timekeeper, fault);
    if (!error && scribe)
        error = need_member(v, scribe, fault);
    if (error)
        return error;
    return post(json_pack("{s:s, s:s, s:o*, s:o*}", "type", "roles", "meeting",
                          v->council->meeting.meeting, "timekeeper",
                          timekeeper ? key(timekeeper) : NULL, "scribe",
                          scribe ? key(scribe) : NULL),
                out, fault);
}

enum council_error meeting_act_attend(const struct meeting_view *v, struct meeting_act *out,
                                      struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (error)
        return error;
    const struct model_meeting *meeting = meeting_running(v->model);
    if (v->council->schedule.seq == 0 || (meeting && meeting_attended(meeting, v->me)))
        return COUNCIL_OK;
    return plain(COUNCIL_KIND_ATTEND, json_pack("{s:s}", "meeting", v->council->meeting.meeting),
                 out);
}

enum council_error meeting_act_seat(const struct meeting_view *v, bool in, const char *why,
                                    const char *day, const char *reason, struct meeting_act *out,
                                    struct content_fault *fault)
{
    (void)v;
    memset(out, 0, sizeof *out);
    fault->text[0] = '\0';
    return post(json_pack("{s:s, s:s, s:s*, s:s*, s:s*}", "type", "seat", "want", in ? "in" : "out",
                          "why", why, "day", day, "reason", reason),
                out, fault);
}

enum council_error meeting_act_seated(const struct meeting_view *v,
                                      const uint8_t member[COUNCIL_KEY_BYTES],
                                      struct meeting_act *out, struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error)
        error = need_member(v, member, fault);
    if (error)
        return error;
    const struct model_meeting *meeting = meeting_running(v->model);
    for (uint32_t i = 0; meeting && i < meeting->seated_count; i++)
        if (model_same(meeting->seated[i].member, member))
            return refuse(fault, COUNCIL_E_BAD_INPUT,
                          "They had the hot seat in this meeting already.");
    return post(json_pack("{s:s, s:s, s:o}", "type", "seated", "meeting",
                          v->council->meeting.meeting, "member", key(member)),
                out, fault);
}

enum council_error meeting_act_minute(const struct meeting_view *v, const char *name,
                                      const char *text, struct meeting_act *out,
                                      struct content_fault *fault)
{
    enum council_error error = name ? COUNCIL_OK : need_meeting(v, out, fault);
    if (error)
        return error;
    memset(out, 0, sizeof *out);
    fault->text[0] = '\0';
    if (name && !meeting_find(v->model, name))
        return refuse(fault, COUNCIL_E_NO_MEETING, "There was no meeting of %.16s.", name);
    return post(json_pack("{s:s, s:s, s:s}", "type", "minutes", "meeting",
                          name ? name : v->council->meeting.meeting, "text", text),
                out, fault);
}

enum council_error meeting_act_word(const struct meeting_view *v, const char *text,
                                    struct meeting_act *out, struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (error)
        return error;
    return post(json_pack("{s:s, s:s, s:s}", "type", "word", "meeting", v->council->meeting.meeting,
                          "text", text),
                out, fault);
}

enum council_error meeting_act_close(const struct meeting_view *v, struct meeting_act *out,
                                     struct content_fault *fault)
{
    enum council_error error = need_meeting(v, out, fault);
    if (!error)
        error = need_lead(v, false, fault);
    if (error)
        return error;
    return plain(COUNCIL_KIND_MEETING_CLOSE,
                 json_pack("{s:s}", "meeting", v->council->meeting.meeting), out);
}
