/*
 * room_screen.h - the full screen: what its face (room_screen.c), drawing (room_draw.c) and keys (room_keys.c) share.
 *
 * Not for others. Invariant: what the screen shows is made of clean text alone; nothing rests on colour.
 */
#ifndef COUNCIL_CLIENT_CLI_ROOM_SCREEN_H
#define COUNCIL_CLIENT_CLI_ROOM_SCREEN_H

#include "client/cli/room.h"

enum screen_mode {
    SCREEN_KEYS,   /* a key is a command */
    SCREEN_LINE,   /* the argument of one is being typed */
    SCREEN_ASKING, /* yes or no */
    SCREEN_HELP    /* the list of keys; any key closes it */
};

/* Pairs of colours, where there are some. */
enum {
    SCREEN_GOOD = 1,
    SCREEN_BAD = 2
};

struct screen {
    enum screen_mode mode;
    const struct room_row *row; /* what LINE and ASKING are about */
    char input[ROOM_INPUT_MAX]; /* in the locale's encoding */
    size_t input_len;
    char message[ROOM_LINE_MAX];
    enum room_tone tone;
    uint64_t message_until; /* unix ms */
    uint32_t scroll;        /* lines of the minutes below the window */
    bool dirty;             /* to be drawn */
    uint64_t drawn;         /* the second that is shown */
    uint64_t entries, presence;
    bool colour, over_time;
    void *terminal; /* ncurses' SCREEN */
};

/* True if the terminal is known, and a cursor can be moved on it (room_terminal.c). */
bool screen_able(void);
/* Draws all of it (room_draw.c). */
void screen_draw(struct room *room);
/* Reads the keys that were pressed, without waiting (room_keys.c). */
void screen_input(struct room *room);

#endif
