/*
 * room_screen.c - the full screen as a face of the room: the terminal taken and given back, and drawn when something changed or a second passed.
 *
 * Must not know what is drawn (room_draw.c) or what a key does (room_keys.c). Invariant: after screen_close the terminal is as it was.
 */
#include <ncurses.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/room_screen.h"

enum {
    ESCAPE_MS = 25,
    DONE_MS = 5000, /* how long a message stays */
    WRONG_MS = 30000
};

static void screen_show(struct room *room)
{
    struct screen *s = room->face_state;
    const struct model_meeting *meeting = room_meeting(room);
    uint64_t presence = client_presence_changes(room->cli->client),
             second = room_now_ms(room) / 1000;
    struct meeting_clock clock = {0};
    if (meeting) {
        meeting_clock(meeting, room_now_ms(room), &clock);
        second = (uint64_t)(clock.remaining_ms / 1000 + INT32_MAX);
    }
    if (s->message[0] && client_now_ms() > s->message_until) {
        s->message[0] = '\0';
        s->dirty = true;
    }
    bool over = meeting && clock.remaining_ms < 0;
    if (over && !s->over_time)
        beep();
    s->over_time = over;
    if (!s->dirty && second == s->drawn && s->entries == room->entries && s->presence == presence)
        return;
    s->drawn = second;
    s->entries = room->entries;
    s->presence = presence;
    s->dirty = false;
    screen_draw(room);
}

static void screen_say(struct room *room, enum room_tone tone, const char *text)
{
    struct screen *s = room->face_state;
    s->message_until = client_now_ms() + (tone == ROOM_DONE ? DONE_MS : WRONG_MS);
    snprintf(s->message, sizeof s->message, "%s", text);
    s->tone = tone;
    s->dirty = true;
}

static void screen_help(struct room *room)
{
    struct screen *s = room->face_state;
    s->mode = SCREEN_HELP;
    s->dirty = true;
}

static bool screen_open(struct room *room)
{
    struct screen *s = calloc(1, sizeof *s);
    const char *plain = getenv("NO_COLOR");
    if (!s || !screen_able()) {
        free(s);
        return false;
    }
    s->terminal = newterm(NULL, stdout, stdin);
    if (!s->terminal) {
        free(s);
        return false;
    }
    set_escdelay(ESCAPE_MS);
    cbreak();
    noecho();
    nonl();
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    s->colour =
        !(plain && *plain) && has_colors() && start_color() == OK && use_default_colors() == OK;
    if (s->colour) {
        init_pair(SCREEN_GOOD, COLOR_GREEN, -1);
        init_pair(SCREEN_BAD, COLOR_RED, -1);
    }
    s->dirty = true;
    room->face_state = s;
    return true;
}

static void screen_close(struct room *room)
{
    struct screen *s = room->face_state;
    endwin();
    delscreen(s->terminal);
    free(s);
    room->face_state = NULL;
}

const struct room_face room_screen = {screen_open, screen_close, screen_input,
                                      screen_show, screen_say,   screen_help};
