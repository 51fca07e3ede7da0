/*
 * room_tell.c - what the room tells when it is asked: how it stands, who is here, the queue, the minutes.
 */
#include <string.h>

#include "client/cli/room.h"

static void tell_all(struct room *room, struct room_lines *lines, const char *nothing)
{
    for (uint32_t i = 0; i < lines->count; i++)
        room->face->say(room, ROOM_ANSWER, lines->text[i]);
    if (!lines->count)
        room->face->say(room, ROOM_ANSWER, nothing);
    room_lines_fini(lines);
}

void room_tell_time(struct room *room, const char *rest)
{
    char phase[ROOM_LINE_MAX], clock[ROOM_LINE_MAX], left[ROOM_LINE_MAX];
    (void)rest;
    room_phase(room, phase);
    room_clock(room, clock);
    room_left(room, left);
    room_say(room, ROOM_ANSWER, "%.300s%s%.100s%s%.100s.", phase, clock[0] ? "; " : "", clock,
             left[0] ? "; " : "", left);
}

void room_tell_who(struct room *room, const char *rest)
{
    struct room_lines lines = {0};
    (void)rest;
    room_people(room, &lines);
    tell_all(room, &lines,
             room->here ? "Nobody is here." : "Who is here is not known without the server.");
}

void room_tell_queue(struct room *room, const char *rest)
{
    struct room_lines lines = {0};
    (void)rest;
    room_queue_lines(room, &lines);
    tell_all(room, &lines, "Nobody is in the queue for the hot seat.");
}

void room_tell_minutes(struct room *room, const char *rest)
{
    struct room_lines lines = {0};
    (void)rest;
    room_minutes(room, &lines);
    tell_all(room, &lines, "There are no minutes yet.");
}

void room_tell_show(struct room *room, const char *rest)
{
    char title[ROOM_LINE_MAX], standing[ROOM_LINE_MAX], roles[ROOM_LINE_MAX];
    room_title(room, title);
    room_standing(room, standing);
    room_roles(room, roles);
    room_say(room, ROOM_ANSWER, "%.400s, %.100s.", title, standing);
    room_tell_time(room, rest);
    if (roles[0])
        room->face->say(room, ROOM_ANSWER, roles);
    room->face->say(room, ROOM_ANSWER, "Here:");
    room_tell_who(room, rest);
    room->face->say(room, ROOM_ANSWER, "Hot seat:");
    room_tell_queue(room, rest);
}
