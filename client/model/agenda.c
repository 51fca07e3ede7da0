/*
 * agenda.c - which phases a meeting has: the program's own, the council's, or this meeting's.
 *
 * Owns the fold of `agenda` posts. Knows no clock; the running meeting's phases are meeting.c's. Invariant: one agenda for each
 * meeting and one for the council, the latest whose author may set it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"

static const struct {
    const char *kind, *hint;
} kinds[] = {
#define AGENDA_KIND(kind, hint) {kind, hint},
#include "client/model/agenda.def"
#undef AGENDA_KIND
};

static const struct {
    enum agenda_source source;
    struct agenda_phase phase;
} built_in[] = {
#define AGENDA_PHASE(agenda, title, minutes, kind) {AGENDA_##agenda, {title, kind, minutes}},
#include "client/model/agenda.def"
#undef AGENDA_PHASE
};

static const char *const sources[] = {[AGENDA_DEFAULT] = "default",
                                      [AGENDA_ZERO] = "zero",
                                      [AGENDA_COUNCIL] = "council",
                                      [AGENDA_MEETING] = "meeting"};

const char *agenda_source_word(enum agenda_source source)
{
    return sources[source];
}

const char *agenda_hint(const char *kind)
{
    for (size_t i = 0; kind && i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i].kind, kind) == 0)
            return kinds[i].hint;
    return "";
}

static bool known_kind(const char *kind)
{
    return agenda_hint(kind)[0] != '\0';
}

/* ---- the fold ---- */

static struct model_agenda *find(const struct model *m, const char *meeting)
{
    for (uint32_t i = 0; i < m->agenda_count; i++)
        if (strcmp(m->agendas[i].meeting, meeting) == 0)
            return &m->agendas[i];
    return NULL;
}

enum council_error model_add_agenda(struct model *m, const struct model_post *p)
{
    const char *meeting = content_text(p->content, "meeting");
    struct model_agenda *agenda = find(m, meeting ? meeting : "");
    if (!p->moderator && !(meeting && meeting_led_by(meeting_find(m, meeting), p->author)))
        return COUNCIL_OK;
    if (!agenda) {
        enum council_error error =
            model_grow((void **)&m->agendas, m->agenda_count, &m->agenda_size, sizeof *m->agendas);
        if (error)
            return error;
        agenda = &m->agendas[m->agenda_count++];
    }
    memset(agenda, 0, sizeof *agenda);
    snprintf(agenda->meeting, sizeof agenda->meeting, "%s", meeting ? meeting : "");
    agenda->phases = json_object_get(p->content, "phases");
    if (meeting)
        meeting_replan(m, meeting);
    return COUNCIL_OK;
}

/* ---- which one is in force ---- */

static void from_table(enum agenda_source source, struct agenda *out)
{
    memset(out, 0, sizeof *out);
    out->source = source;
    for (size_t i = 0; i < sizeof built_in / sizeof built_in[0]; i++)
        if (built_in[i].source == source && out->count < MEETING_PHASES_MAX)
            out->phases[out->count++] = built_in[i].phase;
}

/* False where there is none, or it was taken back. */
static bool from_post(const struct model_agenda *agenda, enum agenda_source source,
                      struct agenda *out)
{
    size_t count = agenda ? json_array_size(agenda->phases) : 0;
    memset(out, 0, sizeof *out);
    out->source = source;
    for (size_t i = 0; i < count && i < MEETING_PHASES_MAX; i++) {
        const json_t *phase = json_array_get(agenda->phases, i);
        const char *kind = content_text(phase, "kind");
        out->phases[out->count++] =
            (struct agenda_phase){.title = content_text(phase, "title"),
                                  .kind = kind && known_kind(kind) ? kind : "",
                                  .minutes = (uint32_t)content_number(phase, "minutes")};
    }
    return out->count > 0;
}

void agenda_for(const struct model *m, const char *meeting, struct agenda *out)
{
    bool zero = meeting && (m->meeting_count == 0 || strcmp(m->meetings[0].name, meeting) == 0);
    if (meeting && from_post(find(m, meeting), AGENDA_MEETING, out))
        return;
    if (zero)
        from_table(AGENDA_ZERO, out);
    else if (!from_post(find(m, ""), AGENDA_COUNCIL, out))
        from_table(AGENDA_DEFAULT, out);
}

uint32_t agenda_minutes(const struct agenda *agenda)
{
    uint32_t minutes = 0;
    for (uint32_t i = 0; i < agenda->count; i++)
        minutes += agenda->phases[i].minutes;
    return minutes;
}

/* ---- writing one ---- */

static enum council_error bad(struct content_fault *fault, const char *word, const char *why)
{
    snprintf(fault->text, sizeof fault->text, "`%.80s`: %s", word, why);
    return COUNCIL_E_BAD_INPUT;
}

/* "TITLE=MINUTES" or "TITLE=MINUTES=KIND" */
static enum council_error add_phase(json_t *phases, const char *word, struct content_fault *fault)
{
    const char *equals = strchr(word, '=');
    char *end = NULL;
    unsigned long minutes = equals ? strtoul(equals + 1, &end, 10) : 0;
    if (!equals || equals == word || end == equals + 1 || (*end != '\0' && *end != '='))
        return bad(fault, word, "a phase is TITLE=MINUTES, or TITLE=MINUTES=KIND");
    if (minutes < 1 || minutes > MEETING_MINUTES_MAX)
        return bad(fault, word, "a phase takes 1 to 240 minutes");
    if (equals - word > 100)
        return bad(fault, word, "a title has at most 100 bytes");
    if (*end == '=' && !known_kind(end + 1))
        return bad(
            fault, word,
            "a kind is checkin, exercise, hotseat, commitments, checkout, welcome or stories");
    json_t *phase = json_pack("{s:s%, s:I}", "title", word, (size_t)(equals - word), "minutes",
                              (json_int_t)minutes);
    if (!phase)
        return bad(fault, word, "this is not valid UTF-8");
    if (*end == '=' && json_object_set_new(phase, "kind", json_string(end + 1))) {
        json_decref(phase);
        return COUNCIL_E_NO_MEMORY;
    }
    return json_array_append_new(phases, phase) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

enum council_error agenda_content(const char *meeting, const char *const *words, uint32_t count,
                                  json_t **content, struct content_fault *fault)
{
    json_t *phases = json_array();
    enum council_error error = phases ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
    if (count > MEETING_PHASES_MAX)
        error = bad(fault, words[MEETING_PHASES_MAX], "an agenda has at most 16 phases");
    for (uint32_t i = 0; !error && i < count; i++)
        error = add_phase(phases, words[i], fault);
    if (error) {
        json_decref(phases);
        return error;
    }
    *content =
        json_pack("{s:s, s:s*, s:o}", "type", "agenda", "meeting", meeting, "phases", phases);
    return *content ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
}
