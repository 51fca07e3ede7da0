/*
 * checkin_text.c - the template of a check-in, and reading it back.
 *
 * Invariant: the template as it is, sent back unedited, adds nothing.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/model/checkin.h"
#include "client/model/grow.h"

static const char headings[][20] = {"Open commitments", "New commitments", "Temperature",
                                    "Anything else"};
enum section {
    SECTION_OPEN,
    SECTION_NEW,
    SECTION_TEMPERATURE,
    SECTION_ELSE,
    SECTION_NONE
};

static void heading(struct grow *g, enum section section, const char *help)
{
    grow_string(g, "\n## ");
    grow_string(g, headings[section]);
    grow_string(g, "\n> ");
    grow_string(g, help);
    grow_string(g, "\n");
}

static void on_one_line(struct grow *g, const char *text)
{
    for (const char *c = text; *c; c++)
        grow_add(g, *c == '\n' ? " " : c, 1);
}

/* What helps to say how it went: acts counted so far, and until when it was meant to be done. */
static void progress(struct grow *g, const struct model_commitment *c)
{
    char text[96];
    if (c->goal && c->reached) {
        snprintf(text, sizeof text, " (%llu of %llu so far)", (unsigned long long)c->reached,
                 (unsigned long long)c->goal);
        grow_string(g, text);
    }
    if (c->due) {
        snprintf(text, sizeof text, " by %.10s", c->due);
        grow_string(g, text);
    }
}

char *checkin_template(const struct model *m, const uint8_t author[COUNCIL_KEY_BYTES])
{
    struct grow g = {0};
    unsigned number = 0;
    grow_string(&g, "# Check-in\n> Lines that begin with > are help and are not kept.\n");
    heading(&g, SECTION_OPEN,
            "After the =: done, partly, missed or dropped, and a word why. Left empty, it is "
            "carried over.");
    for (uint32_t i = model_open_commitment(m, author, UINT32_MAX); i != UINT32_MAX;
         i = model_open_commitment(m, author, i)) {
        char line[32];
        snprintf(line, sizeof line, "%u. ", ++number);
        grow_string(&g, line);
        on_one_line(&g, m->commitments[i].text);
        if (m->commitments[i].measure) {
            grow_string(&g, " [");
            on_one_line(&g, m->commitments[i].measure);
            grow_string(&g, "]");
        }
        progress(&g, &m->commitments[i]);
        grow_string(&g, " =\n");
    }
    heading(&g, SECTION_NEW,
            "Two or three, each begun with \"- \"; how it is measured may follow in brackets, and "
            "until when: - Write to recruiters [5 letters] by 2026-11-30");
    heading(&g, SECTION_TEMPERATURE, "1 to 5, if you want to share it; left empty, it is not.");
    grow_string(&g, "hope:\nenergy:\n");
    heading(&g, SECTION_ELSE, "What the council should know.");
    if (g.failed) {
        free(g.text);
        return NULL;
    }
    return g.text;
}

/* ---- reading back ---- */

struct reader {
    const struct model *model;
    const uint8_t *author;
    json_t *content;
    struct grow rest;
    enum section section;
    struct content_fault *fault;
};

static enum council_error refuse(struct reader *r, const char *why)
{
    snprintf(r->fault->text, sizeof r->fault->text, "%s", why);
    return COUNCIL_E_BAD_INPUT;
}

/* "1. text = done: a word why" */
static enum council_error open_line(struct reader *r, const char *line)
{
    char *end, state[16];
    unsigned long number = strtoul(line, &end, 10);
    const char *equals = strrchr(line, '=');
    if (end == line || *end != '.' || !equals)
        return refuse(r, "leave the number and the = of an open commitment as they are");
    const char *word = equals + 1;
    word += strspn(word, " \t");
    if (!*word)
        return COUNCIL_OK;
    size_t len = strcspn(word, " \t:,");
    snprintf(state, sizeof state, "%.*s", len < 15 ? (int)len : 15, word);
    for (char *c = state; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    word += len;
    word += strspn(word, " \t:,");
    return checkin_result(r->model, r->author, r->content, number, state, word, r->fault);
}

/* "hope: 4" */
static enum council_error temperature_line(struct reader *r, const char *line)
{
    static const char *const names[] = {"hope", "energy"};
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(line, names[i], len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1;
        value += strspn(value, " \t");
        if (!*value)
            return COUNCIL_OK;
        if (*value < '1' || *value > '5' || value[1])
            return refuse(r, "hope and energy are 1 to 5");
        return json_object_set_new(r->content, names[i], json_integer(*value - '0'))
                   ? COUNCIL_E_NO_MEMORY
                   : COUNCIL_OK;
    }
    return refuse(r, "this part takes hope: and energy: alone");
}

static enum council_error begin_section(struct reader *r, const char *name)
{
    for (int s = 0; s < SECTION_NONE; s++)
        if (strcmp(name, headings[s]) == 0) {
            r->section = (enum section)s;
            return COUNCIL_OK;
        }
    return refuse(r, "a check-in has no part with that heading");
}

static enum council_error read_line(struct reader *r, const char *line)
{
    if (*line == '>')
        return COUNCIL_OK;
    if (strncmp(line, "## ", 3) == 0)
        return begin_section(r, line + 3);
    if (r->section == SECTION_ELSE) {
        if (*line || r->rest.len > 0) {
            grow_string(&r->rest, line);
            grow_string(&r->rest, "\n");
        }
        return COUNCIL_OK;
    }
    if (!*line || (r->section == SECTION_NONE && strncmp(line, "# ", 2) == 0))
        return COUNCIL_OK;
    switch (r->section) {
    case SECTION_OPEN:
        return open_line(r, line);
    case SECTION_NEW:
        if (*line != '-')
            return refuse(r, "begin each new commitment with \"- \"");
        line += 1 + strspn(line + 1, " ");
        return *line ? checkin_commit(r->content, line, r->fault) : COUNCIL_OK;
    case SECTION_TEMPERATURE:
        return temperature_line(r, line);
    default:
        return refuse(r, "text stands before the first \"## \" heading");
    }
}

static enum council_error set_rest(struct reader *r)
{
    while (r->rest.len > 0 && r->rest.text[r->rest.len - 1] == '\n')
        r->rest.len--;
    if (r->rest.failed)
        return COUNCIL_E_NO_MEMORY;
    if (r->rest.len == 0)
        return COUNCIL_OK;
    json_t *text = json_stringn(r->rest.text, r->rest.len);
    if (!text)
        return refuse(r, "the text is not valid UTF-8");
    return json_object_set_new(r->content, "text", text) ? COUNCIL_E_NO_MEMORY : COUNCIL_OK;
}

static enum council_error read_lines(struct reader *r, const char *text, uint32_t len)
{
    char line[2048], why[sizeof r->fault->text];
    uint32_t number = 0;
    for (uint32_t at = 0; at < len; number++) {
        const char *end = memchr(text + at, '\n', len - at);
        uint32_t size = end ? (uint32_t)(end - (text + at)) : len - at;
        enum council_error error =
            size < sizeof line ? COUNCIL_OK : refuse(r, "this line is too long");
        if (!error) {
            memcpy(line, text + at, size);
            while (size > 0 && isspace((unsigned char)line[size - 1]))
                size--;
            line[size] = '\0';
            error = read_line(r, line);
        }
        if (error == COUNCIL_E_BAD_INPUT) {
            memcpy(why, r->fault->text, sizeof why);
            snprintf(r->fault->text, sizeof r->fault->text, "line %u: %.150s", number + 1, why);
        }
        if (error)
            return error;
        at += (end ? (uint32_t)(end - (text + at)) : len - at) + 1;
    }
    return COUNCIL_OK;
}

enum council_error checkin_parse(const struct model *model, const uint8_t author[COUNCIL_KEY_BYTES],
                                 const char *text, uint32_t len, json_t **content,
                                 struct content_fault *fault)
{
    struct reader r = {.model = model,
                       .author = author,
                       .content = json_pack("{s:s}", "type", "checkin"),
                       .section = SECTION_NONE,
                       .fault = fault};
    enum council_error error = r.content ? read_lines(&r, text, len) : COUNCIL_E_NO_MEMORY;
    if (!error)
        error = set_rest(&r);
    free(r.rest.text);
    if (error)
        json_decref(r.content);
    else
        *content = r.content;
    return error;
}
