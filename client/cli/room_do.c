/*
 * room_do.c - what is done in the room: one line of a person, or one key, becomes what the single commands would write.
 *
 * What may be written is client/model/meeting_act.h's. Nothing is waited for: room_outcomes says later what was refused. Invariant: every line is answered,
 * and what a person wrote is never lost without a word.
 */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/cli/room.h"
#include "client/model/checkin.h"

#define ROOM_COMMAND(symbol, key, word, argument, when, asks, label, prompt, help) \
    {key, word, argument, ROOM_WHEN_##when, ROOM_ASKS_##asks, label, prompt, help},
static const struct room_row rows[ROOM_COMMAND_COUNT] = {
#include "client/cli/room.def"
};
#undef ROOM_COMMAND

const struct room_row *room_rows(void)
{
    return rows;
}

bool room_offers(const struct room *room, const struct room_row *row)
{
    const struct model_meeting *meeting = room_meeting(room);
    switch (row->when) {
    case ROOM_WHEN_RUNNING:
        return meeting != NULL;
    case ROOM_WHEN_IDLE:
        return meeting == NULL || room_forgotten(room);
    case ROOM_WHEN_LEADS:
        return room_leads(room);
    case ROOM_WHEN_ALWAYS:
    default:
        return true;
    }
}

void room_say(struct room *room, enum room_tone tone, const char *format, ...)
{
    char text[ROOM_LINE_MAX], clean[ROOM_LINE_MAX];
    va_list arguments;
    va_start(arguments, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started on the line above */
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    room_clean(text, clean, sizeof clean);
    room->refused += tone == ROOM_WRONG;
    room->face->say(room, tone, clean);
}

/* Submits what meeting_act_… made, or says why not. */
static void act(struct room *room, enum council_error error, const struct meeting_act *made,
                const struct content_fault *fault, const char *what)
{
    if (error)
        room_cannot(room, error, fault);
    else if (made->intent && room_submit(room, made->kind, made->intent, what) && room->here)
        room_say(room, ROOM_DONE, "%s is sent.", what);
}

/* ---- arguments ---- */

/* Takes the first word off `*rest`; an empty one at the end. */
static void word_of(const char **rest, char *out, size_t size)
{
    size_t len = strcspn(*rest, " ");
    snprintf(out, size, "%.*s", (int)len, *rest);
    *rest += len;
    while (**rest == ' ')
        (*rest)++;
}

/* A member by name, by its beginning, or by the start of their key. False: said. */
static bool find_member(struct room *room, const char *word, uint8_t out[COUNCIL_KEY_BYTES])
{
    uint32_t fits = cli_member_find(&room->council, word, false, true, out);
    if (fits != 1)
        room_say(room, ROOM_WRONG,
                 fits ? "More than one member is called `%s`." : "There is no member `%s` here.",
                 word);
    return fits == 1;
}

static void do_hand(struct room *room, const char *rest)
{
    if (*rest && strcmp(rest, "up") != 0 && strcmp(rest, "down") != 0) {
        room_say(room, ROOM_WRONG, "A hand goes up or down: `hand up`, `hand down`.");
        return;
    }
    room->hand = *rest ? strcmp(rest, "up") == 0 : !room->hand;
    if (client_presence_say(room->cli->client, MODEL_SIGNAL_HAND, room->hand))
        room_say(room, ROOM_WRONG, "You are not in the room.");
    else
        room_say(room, ROOM_DONE, room->hand ? "Your hand is up." : "Your hand is down.");
}

static void do_minute(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    enum council_error error = meeting_act_minute(&v, NULL, rest, &made, &fault);
    act(room, error, &made, &fault, "The minute");
}

static void do_word(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    enum council_error error = meeting_act_word(&v, rest, &made, &fault);
    act(room, error, &made, &fault, "Your word");
}

/* Each part between semicolons as `checkin --commit` takes it. */
static bool add_commitments(struct room *room, json_t *content, const char *rest)
{
    while (*rest) {
        char one[ROOM_INPUT_MAX];
        struct content_fault fault = {0};
        size_t len = strcspn(rest, ";");
        snprintf(one, sizeof one, "%.*s", (int)len, rest);
        rest += len + (rest[len] == ';');
        while (*rest == ' ')
            rest++;
        for (size_t end = strlen(one); end && one[end - 1] == ' '; end--)
            one[end - 1] = '\0';
        enum council_error error = checkin_commit(content, one, &fault);
        if (error) {
            room_cannot(room, error, &fault);
            return false;
        }
    }
    return true;
}

static void do_commit(struct room *room, const char *rest)
{
    const struct model_meeting *meeting = room_meeting(room);
    struct content_fault fault = {0};
    if (!*rest) {
        room_say(room, ROOM_WRONG, "What do you commit to? `commit five calls [5 calls]; new CV`.");
        return;
    }
    json_t *content =
        json_pack("{s:s, s:s*}", "type", "checkin", "meeting", meeting ? meeting->name : NULL);
    if (!add_commitments(room, content, rest)) {
        json_decref(content);
        return;
    }
    json_t *list = json_object_get(content, "commitments");
    for (size_t i = 0; i < json_array_size(list); i++) {
        uint8_t id[COUNCIL_ID_BYTES];
        client_random(id, sizeof id);
        json_object_set_new(json_array_get(list, i), "id", cli_json_bytes(id, sizeof id));
    }
    enum council_error error = content_check(content, &fault);
    struct meeting_act made = {COUNCIL_KIND_POST, NULL};
    if (error)
        json_decref(content);
    else
        made.intent = json_pack("{s:o}", "content", content);
    act(room, error, &made, &fault, "Your commitment");
}

static void do_seat(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    const char *after = rest;
    char way[8], reason[16], day[16];
    word_of(&after, way, sizeof way);
    bool out = strcmp(way, "out") == 0;
    if (out || strcmp(way, "in") == 0)
        rest = after;
    word_of(&after, reason, sizeof reason);
    bool ahead = strcmp(reason, "interview") == 0 || strcmp(reason, "offer") == 0;
    if (ahead)
        rest = after;
    word_of(&after, day, sizeof day);
    bool dated = ahead && strlen(day) == MEETING_DATE_CHARS && day[4] == '-' && day[7] == '-';
    if (dated)
        rest = after;
    enum council_error error = meeting_act_seat(&v, !out, *rest ? rest : NULL, dated ? day : NULL,
                                                ahead ? reason : NULL, &made, &fault);
    act(room, error, &made, &fault, out ? "Your leave from the queue" : "Your place in the queue");
}

static void do_next(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    enum council_error error = meeting_act_next(&v, &made, &fault);
    (void)rest;
    act(room, error, &made, &fault, "The next phase");
}

static void do_extend(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    char *end = NULL;
    unsigned long minutes = *rest ? strtoul(rest, &end, 10) : 5;
    if (*rest && (!isdigit((unsigned char)*rest) || *end || minutes > MEETING_MINUTES_MAX)) {
        room_say(room, ROOM_WRONG, "How many minutes? 1 to %d.", MEETING_MINUTES_MAX);
        return;
    }
    enum council_error error = meeting_act_extend(&v, minutes, &made, &fault);
    act(room, error, &made, &fault, "More time");
}

static void do_seated(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct queue_place places[COUNCIL_SIZE_MAX];
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    uint8_t member[COUNCIL_KEY_BYTES];
    if (!*rest && room_queue(room, places) == 0) {
        room_say(room, ROOM_WRONG, "Nobody is in the queue; name somebody: `seated NAME`.");
        return;
    }
    if (!*rest)
        memcpy(member, places[0].member, sizeof member);
    else if (!find_member(room, rest, member))
        return;
    enum council_error error = meeting_act_seated(&v, member, &made, &fault);
    act(room, error, &made, &fault, "Who has the hot seat");
}

static void hand_to(struct room *room, const uint8_t *member)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    enum council_error error = meeting_act_hand(&v, member, &made, &fault);
    act(room, error, &made, &fault, "Who leads");
}

static void do_take(struct room *room, const char *rest)
{
    (void)rest;
    hand_to(room, client_member(room->cli->client));
}

static void do_give(struct room *room, const char *rest)
{
    uint8_t member[COUNCIL_KEY_BYTES];
    if (!*rest)
        room_say(room, ROOM_WRONG, "To whom? `give NAME`.");
    else if (find_member(room, rest, member))
        hand_to(room, member);
}

static void do_role(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    char role[16];
    uint8_t member[COUNCIL_KEY_BYTES];
    word_of(&rest, role, sizeof role);
    bool scribe = strcmp(role, meeting_role_word(MEETING_SCRIBE)) == 0;
    if (!*rest || (!scribe && strcmp(role, meeting_role_word(MEETING_TIMEKEEPER)) != 0)) {
        room_say(room, ROOM_WRONG,
                 "Which role, and who? `role scribe NAME`, `role timekeeper NAME`.");
        return;
    }
    if (!find_member(room, rest, member))
        return;
    enum council_error error =
        meeting_act_roles(&v, scribe ? NULL : member, scribe ? member : NULL, &made, &fault);
    act(room, error, &made, &fault, scribe ? "The scribe" : "The timekeeper");
}

static void do_open(struct room *room, const char *rest)
{
    room_open(room, rest);
}

static void do_close(struct room *room, const char *rest)
{
    const struct meeting_view v = meeting_view(room->cli, &room->council);
    struct meeting_act made = {0};
    struct content_fault fault = {0};
    enum council_error error = meeting_act_close(&v, &made, &fault);
    (void)rest;
    act(room, error, &made, &fault, "The end of the meeting");
}

static void do_help(struct room *room, const char *rest)
{
    (void)rest;
    room->face->help(room);
}

static void do_quit(struct room *room, const char *rest)
{
    (void)rest;
    room->over = true;
}

/* In the order of room.def; what only asks to be told is in room_tell.c. */
static void (*const doing[ROOM_COMMAND_COUNT])(struct room *room, const char *rest) = {
    [ROOM_HAND] = do_hand,      [ROOM_MINUTE] = do_minute,      [ROOM_COMMIT] = do_commit,
    [ROOM_WORD] = do_word,      [ROOM_SEAT] = do_seat,          [ROOM_NEXT] = do_next,
    [ROOM_EXTEND] = do_extend,  [ROOM_SEATED] = do_seated,      [ROOM_TAKE] = do_take,
    [ROOM_GIVE] = do_give,      [ROOM_ROLE] = do_role,          [ROOM_OPEN] = do_open,
    [ROOM_CLOSE] = do_close,    [ROOM_SHOW] = room_tell_show,   [ROOM_TIME] = room_tell_time,
    [ROOM_WHO] = room_tell_who, [ROOM_QUEUE] = room_tell_queue, [ROOM_MINUTES] = room_tell_minutes,
    [ROOM_HELP] = do_help,      [ROOM_QUIT] = do_quit,
};

void room_do(struct room *room, const char *line)
{
    char word[32];
    json_t *text = json_string(line);
    if (!text) {
        room_say(room, ROOM_WRONG, "That line is not UTF-8.");
        return;
    }
    json_decref(text);
    while (*line == ' ')
        line++;
    word_of(&line, word, sizeof word);
    for (int i = 0; word[0] && i < ROOM_COMMAND_COUNT; i++)
        if (strcmp(rows[i].word, word) == 0) {
            doing[i](room, line);
            return;
        }
    if (word[0])
        room_say(room, ROOM_WRONG, "There is no `%s` here; `help` lists what there is.", word);
}
