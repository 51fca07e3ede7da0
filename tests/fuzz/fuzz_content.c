/*
 * fuzz_content.c - opened posts and edited texts. Input: lines; a line is a post of JSON (its author by its number), "=two-pager", "=weekly-update" or "=checkin" makes the rest a
 * text that was edited; "+" makes the rest of a line the text of a plain entry (meetings).
 *
 * The same posts must give the same model, and every template must be readable again.
 */
#include "client/model/checkin.h"
#include "client/model/meeting.h"
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

enum {
    POSTS_MAX = 64
};

void council_fuzz_init(void)
{
}

static void read_model(const struct model *model)
{
    char name[MODEL_NAME_MAX];
    for (uint32_t i = 0; i < model->profile_count; i++) {
        model_name(model, model->profiles[i].member, name);
        FUZZ_MUST(strlen(name) < sizeof name);
    }
    for (uint32_t i = 0; i < model->document_count; i++) {
        const struct model_document *document = &model->documents[i];
        FUZZ_MUST(document->revision_count > 0 && model_revision(document, 0) != NULL);
        char *text = form_template(document->form, model_revision(document, 0)->fields);
        FUZZ_MUST(text != NULL);
        free(text);
    }
    for (uint32_t i = 0; i < model->commitment_count; i++) {
        FUZZ_MUST(model_commitment_word(model->commitments[i].state) != NULL);
    }
}

/* One meeting runs at most, and a clock and an agenda can be read at any time. */
static void read_meetings(const struct model *model)
{
    struct meeting_clock clock;
    struct agenda agenda;
    char text[MEETING_CLOCK_CHARS];
    uint32_t open = 0;
    for (uint32_t i = 0; i < model->meeting_count; i++) {
        const struct model_meeting *meeting = &model->meetings[i];
        open += meeting->open;
        meeting_clock(meeting, i % 2 ? UINT64_MAX : 1, &clock);
        meeting_clock_text(clock.remaining_ms, text);
        agenda_for(model, meeting->name, &agenda);
        FUZZ_MUST(agenda.count > 0 && meeting->phase <= meeting->phase_count);
        FUZZ_MUST(meeting_find(model, meeting->name) == meeting);
        FUZZ_MUST(meeting_holds(meeting, MEETING_FACILITATOR) != NULL);
        for (uint32_t k = 0; k < meeting->phase_count; k++) {
            FUZZ_MUST(meeting->phases[k].title && meeting->phases[k].kind);
        }
    }
    FUZZ_MUST(open <= 1 && (open == 1) == (meeting_running(model) != NULL));
}

static void plain_entry(struct model *model, const char *text, uint32_t number)
{
    struct council_entry entry;
    if (council_entry_parse(&entry, text, (uint32_t)strlen(text)) == COUNCIL_OK) {
        FUZZ_MUST(model_add_entry(model, number + 1, number, &entry) == COUNCIL_OK);
        council_entry_fini(&entry);
    }
}

static void edited(const struct model *model, const char *name, const char *text, uint32_t len)
{
    static const uint8_t author[COUNCIL_KEY_BYTES] = {1};
    struct content_fault fault = {""};
    json_t *values = NULL;
    const struct form *form = form_find(name);
    if (form && form_parse(form, text, len, &values, &fault) == COUNCIL_OK) {
        (void)!form_check(name, values, FORM_SHARED, &fault);
        (void)!form_check(name, values, FORM_DRAFT, &fault);
        char *again = form_template(form, values);
        FUZZ_MUST(again != NULL);
        free(again);
    } else if (!form && checkin_parse(model, author, text, len, &values, &fault) == COUNCIL_OK) {
        (void)!checkin_complete(model, author, values, &fault);
    }
    json_decref(values);
    char *template = checkin_template(model, author);
    FUZZ_MUST(template != NULL);
    free(template);
}

static void post(struct model *model, const char *line, uint32_t number)
{
    uint8_t author[COUNCIL_KEY_BYTES] = {(uint8_t)(number % 3)};
    struct content_fault fault = {""};
    json_t *content = json_loads(line, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, NULL);
    const struct model_post one = {.seq = number + 1,
                                   .at = number,
                                   .received = number,
                                   .author = author,
                                   .content = content,
                                   .moderator = number % 2 == 0};
    enum council_error check = content_check(content, &fault);
    enum council_error error = model_add(model, &one);
    FUZZ_MUST(check == COUNCIL_OK || error != COUNCIL_OK || content == NULL);
    FUZZ_MUST(strlen(fault.text) < sizeof fault.text);
    json_decref(content);
}

void council_fuzz_one(const uint8_t *data, uint32_t size)
{
    struct fuzz_in in = {data, size};
    uint32_t len, number = 0;
    char *bytes = (char *)fuzz_take(&in, size, &len), *text = strndup(bytes, len);
    struct model *model = model_create();
    FUZZ_MUST(text != NULL && model != NULL);
    free(bytes);
    for (char *line = text; line && *line && number < POSTS_MAX; number++) {
        char *end = strchr(line, '\n');
        if (end) {
            *end = '\0';
        }
        if (line[0] == '=') {
            const char *rest = end ? end + 1 : "";
            edited(model, line + 1, rest, (uint32_t)strlen(rest));
            break;
        }
        if (line[0] == '+') {
            plain_entry(model, line + 1, number);
        } else {
            post(model, line, number);
        }
        line = end ? end + 1 : NULL;
    }
    read_model(model);
    read_meetings(model);
    model_destroy(model);
    free(text);
}
