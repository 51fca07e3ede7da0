/*
 * room_terminal.c - whether a screen can be drawn on the terminal at all.
 *
 * Apart from the rest since term.h calls everything by short names. Must not know what would be drawn.
 */
#include <ncurses.h>
#include <stdio.h>

#include "client/cli/room_screen.h"

#include <term.h>

bool screen_able(void)
{
    int found = 0;
    if (setupterm(NULL, fileno(stdout), &found) != OK)
        return false;
    const char *moves = tigetstr("cup");
    TERMINAL *terminal = set_curterm(NULL);
    bool able = moves && moves != (char *)-1;
    del_curterm(terminal);
    return able;
}
