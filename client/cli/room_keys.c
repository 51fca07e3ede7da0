/*
 * room_keys.c - keys: a command at once, a line of text for one, or yes and no.
 *
 * Must not draw. Invariant: what is typed reaches room_do as one line of UTF-8 that begins with a word of room.def.
 */
#include <limits.h>
#include <ncurses.h>
#include <string.h>
#include <wchar.h>

#include "client/cli/room_screen.h"

enum {
    KEY_OF_ESCAPE = 27,
    KEY_OF_DELETE = 127,
    KEY_OF_REDRAW = 12, /* control L */
    KEY_OF_CLEAR = 21,  /* control U */
    KEYS_AT_ONCE = 256  /* of a paste, before it is drawn */
};

static void typing(struct room *room, bool on)
{
    (void)!client_presence_say(room->cli->client, MODEL_SIGNAL_TYPING, on);
}

static void to_keys(struct screen *s)
{
    s->mode = SCREEN_KEYS;
    s->input_len = 0;
    s->input[0] = '\0';
}

static void do_row(struct room *room, struct screen *s, const char *argument)
{
    char line[ROOM_INPUT_MAX + 32];
    snprintf(line, sizeof line, "%s %s", s->row->word, argument);
    to_keys(s);
    s->message[0] = '\0';
    room_do(room, line);
}

/* ---- a line ---- */

static void type_one(struct room *room, struct screen *s, wchar_t c)
{
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    size_t len = wcrtomb(bytes, c, &state);
    if (len == (size_t)-1 || s->input_len + len + 1 > sizeof s->input)
        return;
    memcpy(s->input + s->input_len, bytes, len);
    s->input_len += len;
    s->input[s->input_len] = '\0';
    typing(room, true);
}

static void rub_out(struct screen *s)
{
    while (s->input_len && ((unsigned char)s->input[s->input_len - 1] & 0xc0) == 0x80)
        s->input_len--; /* the rest of a character of several bytes */
    s->input_len -= s->input_len > 0;
    s->input[s->input_len] = '\0';
}

static void line_key(struct room *room, struct screen *s, wint_t key, bool function)
{
    char text[ROOM_INPUT_MAX];
    if (function ? key == KEY_BACKSPACE || key == KEY_DC : key == '\b' || key == KEY_OF_DELETE) {
        rub_out(s);
    } else if (function ? key == KEY_ENTER : key == '\n' || key == '\r') {
        memcpy(text, s->input, s->input_len + 1);
        typing(room, false);
        do_row(room, s, text);
    } else if (!function && key == KEY_OF_ESCAPE) {
        typing(room, false);
        to_keys(s);
    } else if (!function && key == KEY_OF_CLEAR) {
        s->input_len = 0;
        s->input[0] = '\0';
    } else if (!function && key >= ' ') {
        type_one(room, s, (wchar_t)key);
    }
}

/* ---- a key ---- */

static void command_key(struct room *room, struct screen *s, wint_t key)
{
    for (int i = 0; i < ROOM_COMMAND_COUNT; i++) {
        const struct room_row *row = &room_rows()[i];
        if (!row->key || (wint_t)row->key != key)
            continue;
        s->row = row;
        if (row->when != ROOM_WHEN_ALWAYS && !room_offers(room, row)) {
            do_row(room, s, ""); /* it says itself why not */
            return;
        }
        if (row->asks == ROOM_ASKS_NOTHING)
            do_row(room, s, "");
        else
            s->mode = row->asks == ROOM_ASKS_LINE ? SCREEN_LINE : SCREEN_ASKING;
        return;
    }
}

static void scroll_by(struct screen *s, int lines)
{
    if (lines < 0 && s->scroll < (uint32_t)-lines)
        s->scroll = 0;
    else
        s->scroll = (uint32_t)((int)s->scroll + lines);
}

static void one_key(struct room *room, struct screen *s, wint_t key, bool function)
{
    s->dirty = true;
    if (function && key == KEY_RESIZE)
        return;
    if (!function && key == KEY_OF_REDRAW) {
        clearok(curscr, TRUE);
        return;
    }
    if (function && (key == KEY_PPAGE || key == KEY_UP))
        scroll_by(s, key == KEY_UP ? 1 : 5);
    else if (function && (key == KEY_NPAGE || key == KEY_DOWN))
        scroll_by(s, key == KEY_DOWN ? -1 : -5);
    else if (s->mode == SCREEN_LINE)
        line_key(room, s, key, function);
    else if (s->mode == SCREEN_ASKING && !function && (key == 'y' || key == 'Y'))
        do_row(room, s, "");
    else if (s->mode == SCREEN_HELP || s->mode == SCREEN_ASKING)
        to_keys(s);
    else if (!function)
        command_key(room, s, key);
}

void screen_input(struct room *room)
{
    struct screen *s = room->face_state;
    for (int i = 0; i < KEYS_AT_ONCE && !room->over; i++) {
        wint_t key = 0;
        int kind = get_wch(&key);
        if (kind == ERR)
            return;
        one_key(room, s, key, kind == KEY_CODE_YES);
    }
}
