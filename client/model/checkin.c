/*
 * checkin.c - the rules of a check-in: results of open commitments, two or three new ones.
 */
#include "client/model/checkin.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static enum council_error refuse(struct content_fault *fault, const char *why)
{
    snprintf(fault->text, sizeof fault->text, "%s", why);
    return COUNCIL_E_BAD_INPUT;
}

/* The list of that name inside `content`, made if need be. Borrowed; NULL without memory. */
static json_t *list_of(json_t *content, const char *name)
{
    json_t *list = json_object_get(content, name);
    if (!list && json_object_set_new(content, name, json_array()) == 0)
        list = json_object_get(content, name);
    return list;
}

static const struct model_commitment *open_number(const struct model *m, const uint8_t *author,
                                                  uint64_t number)
{
    uint32_t i = UINT32_MAX;
    for (uint64_t n = 0; n < number; n++) {
        i = model_open_commitment(m, author, i);
        if (i == UINT32_MAX)
            return NULL;
    }
    return number ? &m->commitments[i] : NULL;
}

enum council_error checkin_result(const struct model *m, const uint8_t author[COUNCIL_KEY_BYTES],
                                  json_t *content, uint64_t number, const char *state,
                                  const char *word, struct content_fault *fault)
{
    const struct model_commitment *c = open_number(m, author, number);
    char id[COUNCIL_ID_CHARS + 1];
    bool known = false;
    if (!c)
        return refuse(fault, "there is no open commitment with that number");
    for (int s = MODEL_PARTLY; s <= MODEL_DROPPED; s++)
        known |= strcmp(state, model_commitment_word((enum model_commitment_state)s)) == 0;
    if (!known)
        return refuse(fault, "a result is done, partly, missed or dropped");
    council_b64_encode(id, c->id, COUNCIL_ID_BYTES);
    json_t *result = json_pack("{s:s, s:s, s:s*}", "id", id, "state", state, "word",
                               word && *word ? word : NULL);
    if (!result)
        return refuse(fault, "the word why is not valid UTF-8");
    return json_array_append_new(list_of(content, "results"), result) ? COUNCIL_E_NO_MEMORY
                                                                      : COUNCIL_OK;
}

/* The length of `text` without spaces at its end. */
static size_t trimmed(const char *text, size_t len)
{
    while (len > 0 && text[len - 1] == ' ')
        len--;
    return len;
}

/*
 * Takes " by YYYY-MM-DD" off the end of a text of `*len` bytes. Words that only look like it ("by 2026") stay text; a day that is not in the
 * calendar is an error.
 */
static enum council_error take_due(const char *text, size_t *len, char due[sizeof "YYYY-MM-DD"],
                                   struct content_fault *fault)
{
    static const char form[] = " by 0000-00-00";
    size_t size = sizeof form - 1;
    char local[sizeof "YYYY-MM-DDThh:mm"];
    due[0] = '\0';
    if (*len <= size)
        return COUNCIL_OK;
    const char *tail = text + *len - size;
    for (size_t i = 0; i < size; i++)
        if (form[i] == '0' ? !isdigit((unsigned char)tail[i]) : tail[i] != form[i])
            return COUNCIL_OK;
    snprintf(local, sizeof local, "%.10sT00:00", tail + 4);
    if (!council_local_valid(local, (uint32_t)strlen(local)))
        return refuse(fault, "that is not a day of the calendar; write \"by YYYY-MM-DD\"");
    memcpy(due, tail + 4, 10);
    due[10] = '\0';
    *len = trimmed(text, *len - size);
    return COUNCIL_OK;
}

enum council_error checkin_commit(json_t *content, const char *text, struct content_fault *fault)
{
    json_t *list = list_of(content, "commitments");
    size_t len = trimmed(text, strlen(text)), end;
    char due[sizeof "YYYY-MM-DD"];
    json_t *record, *measure = NULL;
    if (json_array_size(list) >= CHECKIN_COMMITMENTS_MAX)
        return refuse(fault, "two or three commitments, not more: keep what matters most");
    enum council_error error = take_due(text, &len, due, fault);
    if (error)
        return error;
    const char *bracket = memrchr(text, '[', len);
    end = len;
    if (bracket && bracket > text && text[len - 1] == ']' && len - 2 > (size_t)(bracket - text)) {
        measure = json_stringn(bracket + 1, (size_t)(text + len - 1 - (bracket + 1)));
        end = trimmed(text, (size_t)(bracket - text));
    }
    record = json_pack("{s:o, s:o*, s:s*}", "text", json_stringn(text, end), "measure", measure,
                       "due", due[0] ? due : NULL);
    if (!record || end == 0) {
        json_decref(record);
        return refuse(fault, end ? "the commitment is not valid UTF-8" : "the commitment is empty");
    }
    return json_array_append_new(list, record) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

/* Open commitments that no result of `content` closes. */
static uint32_t carried_over(const struct model *m, const uint8_t *author, const json_t *content)
{
    uint32_t count = 0;
    for (uint32_t i = model_open_commitment(m, author, UINT32_MAX); i != UINT32_MAX;
         i = model_open_commitment(m, author, i)) {
        const json_t *results = json_object_get(content, "results");
        bool closed = false;
        for (size_t k = 0; k < json_array_size(results); k++) {
            const json_t *result = json_array_get(results, k);
            const char *state = content_text(result, "state");
            uint8_t id[COUNCIL_ID_BYTES];
            if (content_bytes(result, "id", id, sizeof id) &&
                memcmp(id, m->commitments[i].id, sizeof id) == 0)
                closed = strcmp(state, "done") == 0 || strcmp(state, "dropped") == 0;
        }
        count += !closed;
    }
    return count;
}

bool checkin_complete(const struct model *m, const uint8_t author[COUNCIL_KEY_BYTES],
                      const json_t *content, struct content_fault *fault)
{
    size_t made = json_array_size(json_object_get(content, "commitments"));
    uint32_t carried = carried_over(m, author, content);
    if (made + carried >= CHECKIN_COMMITMENTS_MIN)
        return true;
    snprintf(fault->text, sizeof fault->text,
             "make two or three commitments: %zu new and %u carried over are not enough", made,
             carried);
    return false;
}
