/*
 * oversight_text.c - the lines of the overview in words, from the texts of oversight.def.
 *
 * Invariant: every placeholder is one of the table below; a text is cut at the end of its room, never written past it.
 */
#include <stdio.h>
#include <string.h>

#include "client/model/oversight_internal.h"

#define OVERSIGHT(symbol, name, shown, text, command) {name, text, command},
static const struct {
    const char *name, *text, *command;
} rows[OVERSIGHT_COUNT] = {
#include "client/model/oversight.def"
};
#undef OVERSIGHT

static const char *const states[] = {[OVERSIGHT_FORMING] = "forming",
                                     [OVERSIGHT_ORIENTING] = "orientation",
                                     [OVERSIGHT_ZERO_DUE] = "meeting zero due",
                                     [OVERSIGHT_RUNNING] = "running",
                                     [OVERSIGHT_SHORT] = "short",
                                     [OVERSIGHT_CLOSED] = "closed"};

enum {
    WORD_MAX = 256,
    KEY_START = 8 /* characters of a key that name it on the command line */
};

struct words {
    const struct oversight_given *given;
    const struct oversight_line *line;
};

const char *oversight_state_word(enum oversight_state state)
{
    return states[state];
}

const char *oversight_name(enum oversight_what what)
{
    return rows[what].name;
}

static void write_who(const struct words *w, char *out)
{
    if (w->line->member)
        model_name(w->given->model, w->line->member, out);
}

static void write_key(const struct words *w, char *out)
{
    char key[COUNCIL_KEY_CHARS + 1];
    if (!w->line->member)
        return;
    council_b64_encode(key, w->line->member, COUNCIL_KEY_BYTES);
    snprintf(out, WORD_MAX, "%.*s", KEY_START, key);
}

static void write_object(const struct words *w, char *out)
{
    char key[COUNCIL_ID_CHARS + 1];
    if (!w->line->object)
        return;
    council_b64_encode(key, w->line->object, COUNCIL_ID_BYTES);
    snprintf(out, WORD_MAX, "%.*s", KEY_START, key);
}

static void write_n(const struct words *w, char *out)
{
    snprintf(out, WORD_MAX, "%u", w->line->n);
}

static void write_m(const struct words *w, char *out)
{
    snprintf(out, WORD_MAX, "%u", w->line->m);
}

static void write_text(const struct words *w, char *out)
{
    snprintf(out, WORD_MAX, "%s", w->line->text ? w->line->text : "another council");
}

static void write_for(const struct words *w, char *out)
{
    uint64_t days = w->given->now_ms > w->line->since_ms
                        ? (w->given->now_ms - w->line->since_ms) / 86400000
                        : 0;
    if (days == 0)
        snprintf(out, WORD_MAX, "less than a day");
    else
        snprintf(out, WORD_MAX, "%llu day%s", (unsigned long long)days, days == 1 ? "" : "s");
}

static const struct {
    const char *mark;
    void (*write)(const struct words *w, char *out);
} marks[] = {{"{who}", write_who},      {"{key}", write_key}, {"{n}", write_n},
             {"{m}", write_m},          {"{for}", write_for}, {"{text}", write_text},
             {"{object}", write_object}};

static void fill(const struct words *w, const char *text, char out[OVERSIGHT_TEXT_MAX])
{
    size_t at = strlen(out);
    while (*text && at + 1 < OVERSIGHT_TEXT_MAX) {
        char word[WORD_MAX] = "";
        size_t used = 0;
        for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
            if (strncmp(text, marks[i].mark, strlen(marks[i].mark)) == 0) {
                used = strlen(marks[i].mark);
                marks[i].write(w, word);
            }
        int wrote = used ? snprintf(out + at, OVERSIGHT_TEXT_MAX - at, "%s", word)
                         : snprintf(out + at, OVERSIGHT_TEXT_MAX - at, "%c", *text);
        at += wrote > 0 ? (size_t)wrote : 0;
        text += used ? used : 1;
    }
}

void oversight_say(const struct oversight_given *given, const struct oversight_line *line,
                   char out[OVERSIGHT_TEXT_MAX])
{
    const struct words w = {given, line};
    out[0] = '\0';
    fill(&w, rows[line->what].text, out);
}

void oversight_command(const struct oversight_given *given, const struct oversight_line *line,
                       char out[OVERSIGHT_TEXT_MAX])
{
    const struct words w = {given, line};
    char key[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(key, given->council->log, COUNCIL_KEY_BYTES);
    snprintf(out, OVERSIGHT_TEXT_MAX, "council ");
    fill(&w, rows[line->what].command, out);
    size_t at = strlen(out);
    snprintf(out + at, OVERSIGHT_TEXT_MAX - at, " --council %.*s", KEY_START, key);
}
