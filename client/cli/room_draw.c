/*
 * room_draw.c - drawing the room: title, phase and clock, people and queue on the left, minutes on the right, messages and keys below.
 *
 * Draws from nothing each time; ncurses sends the difference. Must not know what a key does (room_keys.c). Invariant: it fits any size, and at 80 by 24
 * everything is there; colour only repeats what stands there in words.
 */
#include <ncurses.h>
#include <string.h>

#include "client/cli/room_screen.h"

enum {
    LEFT_COLUMNS = 30, /* of people and queue */
    NARROW = 60,       /* below it they are two lines above the minutes */
    SHORT = 10,        /* below it: phase, clock and messages alone */
    HEAD = 3           /* lines of title, phase, roles */
};

/* One line of clean text from `x`, cut to `columns` and filled up with spaces. */
static void put(int y, int x, int columns, const char *clean)
{
    char text[ROOM_LINE_MAX * 2];
    if (columns <= 0)
        return;
    int taken = room_clip(clean, columns, text, sizeof text);
    mvaddstr(y, x, text);
    for (; taken < columns; taken++)
        addch(' ');
}

static void put_right(int y, int columns, const char *clean)
{
    int wide = room_columns(clean);
    if (wide < columns)
        put(y, columns - wide, wide, clean);
}

static void put_rule(int y, int columns, const char *title)
{
    mvhline(y, 0, 0, columns);
    if (title[0] && columns > 12) {
        int wide = room_columns(title);
        mvaddch(y, 2, ' ');
        put(y, 3, wide < columns - 6 ? wide : columns - 6, title);
        addch(' ');
    }
}

/* ---- the head ---- */

/* A bar of the phase's time, for who reads it faster than figures; "" where there is no meeting. */
static void time_bar(const struct room *room, int columns, char *out, size_t size)
{
    const struct model_meeting *meeting = room_meeting(room);
    struct meeting_clock clock;
    out[0] = '\0';
    if (!meeting || columns < 8 || (size_t)columns + 3 > size)
        return;
    meeting_clock(meeting, room_now_ms(room), &clock);
    int64_t whole = clock.elapsed_ms + clock.remaining_ms, inner = columns - 2;
    int64_t full = whole > 0 ? clock.elapsed_ms * inner / whole : inner;
    out[0] = '[';
    for (int64_t i = 0; i < inner; i++)
        out[1 + i] = i < full ? '#' : '.';
    memcpy(out + 1 + inner, "]", 2);
}

static void draw_head(struct room *room, const struct screen *s, int lines, int columns)
{
    char text[ROOM_LINE_MAX], more[ROOM_LINE_MAX], line[ROOM_LINE_MAX * 2 + 8];
    room_title(room, text);
    room_standing(room, more);
    attron(A_REVERSE);
    snprintf(line, sizeof line, " %s", text);
    put(0, 0, columns, line);
    snprintf(line, sizeof line, " %s ", more);
    put_right(0, columns, line);
    attroff(A_REVERSE);
    if (lines < 2)
        return;
    room_phase(room, text);
    room_clock(room, more);
    chtype look = A_BOLD | (s->colour && s->over_time ? (chtype)COLOR_PAIR(SCREEN_BAD) : 0);
    attron(look);
    snprintf(line, sizeof line, " %s%s%s", text, more[0] ? "   " : "", more);
    if (room_columns(line) > columns) /* the time is what must be seen */
        snprintf(line, sizeof line, " %s%s%s", more, more[0] ? "  " : "", text);
    put(1, 0, columns, line);
    attroff(look);
    int used = room_columns(line);
    room_left(room, more);
    if (more[0] && columns - used > room_columns(more) + 4) {
        time_bar(room,
                 columns - used - room_columns(more) - 6 > 24
                     ? 24
                     : columns - used - room_columns(more) - 6,
                 text, sizeof text);
        snprintf(line, sizeof line, "%s  %s ", text, more);
        put_right(1, columns, line);
    }
    if (lines < HEAD)
        return;
    room_roles(room, text);
    if (!text[0])
        room_next(room, text);
    snprintf(line, sizeof line, " %s", text);
    put(2, 0, columns, line);
}

/* ---- the middle ---- */

static int draw_list(const struct room_lines *lines, const char *title, int y, int end, int columns)
{
    char head[128];
    snprintf(head, sizeof head, " %s", title);
    attron(A_BOLD);
    if (y < end)
        put(y++, 0, columns, head);
    attroff(A_BOLD);
    for (uint32_t i = 0; i < lines->count && y < end; i++) {
        char line[ROOM_LINE_MAX * 2 + 8];
        snprintf(line, sizeof line, "  %s", lines->text[i]);
        put(y++, 0, columns, line);
    }
    return y;
}

static void draw_left(const struct room *room, int y, int end, int columns)
{
    struct room_lines people = {0}, queue = {0};
    char title[64];
    room_people(room, &people);
    room_queue_lines(room, &queue);
    if (room->here)
        snprintf(title, sizeof title, "Here: %u of %u", room->people_count,
                 council_member_count(room->council.council));
    else
        snprintf(title, sizeof title, "Here: not known now");
    /* The queue has half of it at least, if it needs that. */
    int half = y + (end - y) / 2, wanted = (int)queue.count + 2,
        split = end - wanted > half ? end - wanted : half;
    int at = draw_list(&people, title, y, split, columns);
    draw_list(&queue, "Hot seat", at + (at < split), end, columns);
    room_lines_fini(&people);
    room_lines_fini(&queue);
}

/* What is done in this phase, where there is room enough for it. Returns the line after it. */
static int draw_hint(const struct room *room, int y, int x, int end, int columns)
{
    struct room_lines wrapped = {0};
    char hint[ROOM_LINE_MAX];
    room_hint(room, hint);
    if (hint[0])
        room_wrap(hint, columns, 0, &wrapped);
    if (wrapped.count && (int)wrapped.count * 3 <= end - y) {
        for (uint32_t i = 0; i < wrapped.count; i++)
            put(y++, x, columns, wrapped.text[i]);
        y++;
    }
    room_lines_fini(&wrapped);
    return y;
}

/* The latest lines that fit, unless somebody scrolled back. */
static void draw_minutes(const struct room *room, struct screen *s, int y, int x, int end,
                         int columns)
{
    struct room_lines minutes = {0}, wrapped = {0};
    y = draw_hint(room, y, x, end, columns);
    uint32_t rows = end > y ? (uint32_t)(end - y) : 0;
    room_minutes(room, &minutes);
    for (uint32_t i = 0; i < minutes.count; i++)
        room_wrap(minutes.text[i], columns, 2, &wrapped);
    if (!minutes.count)
        room_wrap("No minutes yet.", columns, 0, &wrapped);
    uint32_t most = wrapped.count > rows ? wrapped.count - rows : 0;
    if (s->scroll > most)
        s->scroll = most;
    uint32_t first = most - s->scroll;
    for (uint32_t i = 0; i < rows && first + i < wrapped.count; i++)
        put(y + (int)i, x, columns, wrapped.text[first + i]);
    room_lines_fini(&minutes);
    room_lines_fini(&wrapped);
}

/* In one line: "Here: Ada, Ben". */
static void draw_joined(const struct room_lines *lines, const char *title, int y, int columns)
{
    char text[ROOM_LINE_MAX];
    size_t at = (size_t)snprintf(text, sizeof text, " %s", title);
    for (uint32_t i = 0; i < lines->count && at < sizeof text - 8; i++) {
        int len = snprintf(text + at, sizeof text - at, "%s%.200s", i ? "; " : " ", lines->text[i]);
        at += len > 0 ? (size_t)len : 0;
    }
    put(y, 0, columns, text);
}

static void draw_middle(const struct room *room, struct screen *s, int y, int end, int columns)
{
    struct room_lines people = {0}, queue = {0};
    if (columns >= NARROW) {
        draw_left(room, y, end, LEFT_COLUMNS);
        mvvline(y, LEFT_COLUMNS, 0, end - y);
        draw_minutes(room, s, y, LEFT_COLUMNS + 2, end, columns - LEFT_COLUMNS - 3);
        return;
    }
    room_people(room, &people);
    room_queue_lines(room, &queue);
    draw_joined(&people, "Here:", y, columns);
    draw_joined(&queue, "Hot seat:", y + 1, columns);
    draw_minutes(room, s, y + 3, 1, end, columns - 2);
    room_lines_fini(&people);
    room_lines_fini(&queue);
}

/* ---- the foot ---- */

static void draw_keys(const struct room *room, int y, int end, int columns)
{
    int x = 1;
    for (int i = 0; y < end && i < ROOM_COMMAND_COUNT; i++) {
        const struct room_row *row = &room_rows()[i];
        char text[64];
        if (!row->key || !room_offers(room, row))
            continue;
        int wide = snprintf(text, sizeof text, "%c %s", row->key, row->label);
        if (x + wide > columns - 1) {
            x = 1;
            if (++y >= end)
                return;
        }
        attron(A_BOLD);
        mvaddch(y, x, (chtype)(unsigned char)row->key);
        attroff(A_BOLD);
        mvaddstr(y, x + 1, text + 1);
        x += wide + 2;
    }
}

/* What is being typed, its end in sight. Returns where the cursor belongs. */
static int draw_typed(const struct screen *s, int y, int columns)
{
    char line[ROOM_INPUT_MAX * 5], clean[ROOM_INPUT_MAX * 4];
    const char *shown = clean;
    room_clean(s->input, clean, sizeof clean);
    int lead = room_columns(s->row->prompt) + 1, space = columns - lead - 2;
    bool prompt = space >= 8;
    if (!prompt) {
        lead = 1;
        space = columns - 3;
    }
    while (*shown && room_columns(shown) > space) {
        do
            shown++;
        while (((unsigned char)*shown & 0xc0) == 0x80);
    }
    snprintf(line, sizeof line, " %s%s", prompt ? s->row->prompt : "", shown);
    put(y, 0, columns, line);
    return lead + room_columns(shown);
}

/* The question, or the latest message, on as many lines as it needs and there are. Returns the line after it. */
static int draw_message(const struct screen *s, int y, int end, int columns)
{
    struct room_lines wrapped = {0};
    char line[ROOM_LINE_MAX + 8];
    bool wrong = s->mode != SCREEN_ASKING && s->tone == ROOM_WRONG && s->message[0];
    if (s->mode == SCREEN_ASKING)
        snprintf(line, sizeof line, "%s y/n", s->row->prompt);
    else
        snprintf(line, sizeof line, "%s%s", wrong ? "! " : "", s->message);
    chtype look = wrong || s->mode == SCREEN_ASKING ? A_BOLD : 0;
    if (s->colour && s->mode != SCREEN_ASKING)
        look |= (chtype)COLOR_PAIR(wrong ? SCREEN_BAD : SCREEN_GOOD);
    room_wrap(line, columns - 2, 0, &wrapped);
    attron(look);
    for (uint32_t i = 0; i < wrapped.count && y < end; i++)
        put(y++, 1, columns - 2, wrapped.text[i]);
    attroff(look);
    room_lines_fini(&wrapped);
    return y;
}

static void draw_help(const struct room *room, int lines, int columns)
{
    int y = 2;
    attron(A_REVERSE);
    put(0, 0, columns, " Keys; any of them goes back to the room");
    attroff(A_REVERSE);
    for (int i = 0; i < ROOM_COMMAND_COUNT && y < lines; i++) {
        const struct room_row *row = &room_rows()[i];
        char text[ROOM_LINE_MAX];
        if (!row->key)
            continue;
        snprintf(text, sizeof text, " %c   %s%s", row->key, row->help,
                 room_offers(room, row) ? "" : " (not now)");
        put(y++, 0, columns, text);
    }
    if (y < lines)
        put(y, 0, columns, " PgUp, PgDn   the minutes    ^L   draw anew    Esc   type no further");
}

void screen_draw(struct room *room)
{
    struct screen *s = room->face_state;
    int lines, columns, cursor = -1, foot;
    getmaxyx(stdscr, lines, columns);
    erase();
    if (s->mode == SCREEN_HELP) {
        draw_help(room, lines, columns);
    } else {
        draw_head(room, s, lines, columns);
        foot = lines >= 16 ? 3 : 2; /* message and keys */
        if (lines >= SHORT) {
            put_rule(HEAD, columns, "");
            draw_middle(room, s, HEAD + 1, lines - foot - 1, columns);
            put_rule(lines - foot - 1, columns, "");
        }
        if (lines >= 4) {
            int message = lines >= SHORT ? lines - foot : lines - 1, after = message + 1;
            if (s->mode == SCREEN_LINE)
                cursor = draw_typed(s, message, columns);
            else
                after = draw_message(s, message, lines, columns);
            if (lines >= SHORT && s->mode == SCREEN_KEYS)
                draw_keys(room, after, lines, columns);
            else if (lines >= SHORT && after < lines)
                put(after, 1, columns - 2,
                    s->mode == SCREEN_LINE ? "Enter sends it, Esc drops it" : "any key but y: no");
            if (cursor >= 0)
                move(message, cursor < columns ? cursor : columns - 1);
        }
    }
    (void)curs_set(cursor >= 0);
    refresh();
}
