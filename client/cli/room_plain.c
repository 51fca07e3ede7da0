/*
 * room_plain.c - the room as plain lines: for screen readers, pipes and programs. Each change is said once; words of room.def come on the standard
 * input, one command a line. With --json each line is an object.
 *
 * Owns what was said already, so that nothing is said twice. Must not know a screen. Invariant: nothing is ever drawn over; from a pipe the next line is
 * taken once what the line before wrote is in the log.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/cli/room.h"

enum {
    ENTER_MS = 5000 /* how long a pipe's first line waits for the room */
};

/* What was said last. */
struct plain {
    bool terminal, begun, here, ended;
    uint64_t since; /* when it began */
    char input[ROOM_INPUT_MAX];
    uint32_t input_len;
    bool too_long;

    char meeting[COUNCIL_LOCAL_CHARS + 1]; /* the running one; "" for none */
    uint32_t phase, extended, minutes, words, seated, openings;
    int warned; /* of the phase's time: 1 at the last minute, 2 over */
    uint64_t commitments;
    char roles[ROOM_LINE_MAX], first[ROOM_LINE_MAX];
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t people_count;
};

static struct plain *plain_of(struct room *room)
{
    return room->face_state;
}

/* One line, or one object: `event` names what happened. */
static void tell(const struct room *room, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void tell(const struct room *room, const char *event, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int len = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    if (room->cli->json)
        cli_print_json(json_pack("{s:s, s:s, s:I}", "event", event, "text", text, "at",
                                 (json_int_t)room_now_ms(room)));
    else
        printf("%s\n", text);
    fflush(stdout);
    free(text);
}

/* ---- what changed ---- */

static void meeting_news(struct room *room, struct plain *p)
{
    const struct model_meeting *meeting = room_meeting(room);
    const char *name = meeting ? meeting->name : "";
    if (strcmp(p->meeting, name) == 0 && (!meeting || meeting->openings == p->openings))
        return;
    if (p->begun && !meeting)
        tell(room, "closed", "The meeting is closed.");
    snprintf(p->meeting, sizeof p->meeting, "%s", name);
    p->openings = meeting ? meeting->openings : 0;
    p->phase = 0;
    /* What was written before one came, or before it was opened again, is told when it is asked for. */
    uint64_t from = !meeting ? 0 : p->begun ? meeting->opened_seq : UINT64_MAX;
    for (p->minutes = 0; meeting && p->minutes < meeting->minute_count; p->minutes++)
        if (meeting->minutes[p->minutes].seq > from)
            break;
    for (p->words = 0; meeting && p->words < meeting->word_count; p->words++)
        if (meeting->words[p->words].seq > from)
            break;
    for (p->seated = 0; meeting && p->seated < meeting->seated_count; p->seated++)
        if (meeting->seated[p->seated].seq > from)
            break;
    p->roles[0] = '\0';
    if (meeting)
        tell(room, "open", "The meeting of %s is open%s.", name,
             room_forgotten(room) ? ", since nobody closed it; `open` closes it and opens the next"
                                  : "");
}

static void phase_news(struct room *room, struct plain *p)
{
    const struct model_meeting *meeting = room_meeting(room);
    char phase[ROOM_LINE_MAX], clock[ROOM_LINE_MAX], hint[ROOM_LINE_MAX];
    struct meeting_clock now;
    if (!meeting || meeting->phase < 1 || meeting->phase > meeting->phase_count)
        return;
    const struct meeting_phase *present = &meeting->phases[meeting->phase - 1];
    meeting_clock(meeting, room_now_ms(room), &now);
    room_clock(room, clock);
    if (meeting->phase != p->phase) {
        room_phase(room, phase);
        room_hint(room, hint);
        tell(room, "phase", "%s, %s.%s%s", phase, clock, hint[0] ? " " : "", hint);
        p->extended = present->extended;
        p->warned = now.remaining_ms <= 60000 ? 1 : 0;
    } else if (present->extended != p->extended) {
        tell(room, "extended", "More time: %s.", clock);
        p->extended = present->extended;
        p->warned = 0;
    }
    p->phase = meeting->phase;
    if (now.remaining_ms < 0 && p->warned < 2) {
        tell(room, "time", "The time of this phase is over.");
        p->warned = 2;
    } else if (now.remaining_ms <= 60000 && p->warned < 1) {
        tell(room, "time", "One minute is left.");
        p->warned = 1;
    }
}

static void people_news(struct room *room, struct plain *p)
{
    char name[ROOM_LINE_MAX];
    for (uint32_t i = 0; i < room->people_count; i++) {
        const struct here_person *now = &room->people[i],
                                 *was = here_find(p->people, p->people_count, now->member);
        bool up = now->since[MODEL_SIGNAL_HAND] != 0;
        bool mine = memcmp(now->member, client_member(room->cli->client), COUNCIL_KEY_BYTES) == 0;
        room_name(room, now->member, name);
        if (!was)
            tell(room, "came", "%s is here.", name);
        if (up != (was && was->since[MODEL_SIGNAL_HAND]) && !mine)
            tell(room, up ? "hand_up" : "hand_down", "%s %s.", name,
                 up ? "raises a hand" : "takes the hand down");
    }
    for (uint32_t i = 0; room->here && i < p->people_count; i++)
        if (!here_find(room->people, room->people_count, p->people[i].member)) {
            room_name(room, p->people[i].member, name);
            tell(room, "left", "%s left.", name);
        }
    if (!room->here)
        return; /* who was here is compared with who is, once the server is there again */
    memcpy(p->people, room->people, sizeof p->people);
    p->people_count = room->people_count;
}

static void seat_news(struct room *room, struct plain *p)
{
    const struct model_meeting *meeting = room_meeting(room);
    struct queue_place places[COUNCIL_SIZE_MAX];
    char first[ROOM_LINE_MAX] = "", roles[ROOM_LINE_MAX], name[ROOM_LINE_MAX];
    room_roles(room, roles);
    if (meeting && strcmp(roles, p->roles) != 0) {
        tell(room, "roles", "Roles: %s.", roles);
        memcpy(p->roles, roles, sizeof p->roles);
    }
    for (; meeting && p->seated < meeting->seated_count; p->seated++) {
        room_name(room, meeting->seated[p->seated].member, name);
        tell(room, "seated", "%s has the hot seat.", name);
    }
    if (room_queue(room, places))
        room_name(room, places[0].member, first);
    if (strcmp(first, p->first) != 0) {
        if (first[0])
            tell(room, "queue", "First in the queue for the hot seat: %s.", first);
        else
            tell(room, "queue", "The queue for the hot seat is empty.");
        memcpy(p->first, first, sizeof p->first);
    }
}

/* A line of somebody's: names are short, texts may be long. */
static void quote(const struct room *room, const char *event, const char *what,
                  const uint8_t *member, const char *text)
{
    char name[ROOM_LINE_MAX], *clean = malloc(strlen(text) * 4 + 1);
    if (!clean)
        return;
    room_name(room, member, name);
    room_clean(text, clean, strlen(text) * 4 + 1);
    tell(room, event, "%s %s: %s", what, name, clean);
    free(clean);
}

static void written_news(struct room *room, struct plain *p)
{
    const struct model_meeting *meeting = room_meeting(room);
    const struct model *model = room->council.model;
    for (; meeting && p->minutes < meeting->minute_count; p->minutes++)
        quote(room, "minute", "Minute by", meeting->minutes[p->minutes].member,
              meeting->minutes[p->minutes].text);
    for (; meeting && p->words < meeting->word_count; p->words++)
        quote(room, "word", "Word of", meeting->words[p->words].member,
              meeting->words[p->words].text);
    if (!p->begun)
        p->commitments = model->commitment_count;
    for (; p->commitments < model->commitment_count; p->commitments++)
        if (meeting && meeting_made(model, meeting, &model->commitments[p->commitments]))
            quote(room, "commitment", "Commitment of", model->commitments[p->commitments].author,
                  model->commitments[p->commitments].text);
}

static void standing_news(struct room *room, struct plain *p)
{
    char standing[ROOM_LINE_MAX], title[ROOM_LINE_MAX];
    if (p->begun && p->here == room->here)
        return;
    room_standing(room, standing);
    if (!p->begun) {
        room_title(room, title);
        tell(room, "room", "The room of %s. `help` lists what there is, `quit` leaves.", title);
        if (!room_meeting(room))
            tell(room, "idle", "No meeting is running.");
    }
    if (p->begun)
        tell(room, room->here ? "online" : "offline", "You are %s.", standing);
    p->here = room->here;
}

static void plain_show(struct room *room)
{
    struct plain *p = plain_of(room);
    /* Coming in while the connection is being made is one thing, not two. */
    if (!p->begun && !room->here && !room->cli->offline && room_now_ms(room) < p->since + ENTER_MS)
        return;
    standing_news(room, p);
    meeting_news(room, p);
    phase_news(room, p);
    people_news(room, p);
    seat_news(room, p);
    written_news(room, p);
    p->begun = true;
}

/* ---- commands ---- */

static void plain_say(struct room *room, enum room_tone tone, const char *text)
{
    static const char *const events[] = {"done", "answer", "wrong"};
    tell(room, events[tone], "%s", text);
}

static void plain_help(struct room *room)
{
    for (int i = 0; i < ROOM_COMMAND_COUNT; i++) {
        const struct room_row *row = &room_rows()[i];
        tell(room, "help", "%s%s%s: %s", row->word, row->argument[0] ? " " : "", row->argument,
             row->help);
    }
}

/* True while the next line of a pipe has to wait. */
static bool busy(const struct room *room, const struct plain *p)
{
    return !p->terminal &&
           (!p->begun || (room->here && (room->sent_count || room->roles_due || room->to_open[0])));
}

/* The first whole line of what was read, done. False: there is none. */
static bool take_line(struct room *room, struct plain *p)
{
    char *end = memchr(p->input, '\n', p->input_len), line[ROOM_INPUT_MAX];
    if (!end && p->input_len == sizeof p->input) {
        p->too_long = true;
        p->input_len = 0;
    }
    if (!end && !(p->ended && p->input_len))
        return false;
    uint32_t len = end ? (uint32_t)(end - p->input) : p->input_len, taken = end ? len + 1 : len;
    memcpy(line, p->input, len < sizeof line ? len : sizeof line - 1);
    line[len < sizeof line ? len : sizeof line - 1] = '\0';
    p->input_len -= taken;
    memmove(p->input, p->input + taken, p->input_len);
    for (; len && (line[len - 1] == '\r' || line[len - 1] == ' '); len--)
        line[len - 1] = '\0';
    if (p->too_long)
        room_say(room, ROOM_WRONG, "That line is too long; nothing was done with it.");
    else
        room_do(room, line);
    p->too_long = false;
    return true;
}

static void plain_input(struct room *room)
{
    struct plain *p = plain_of(room);
    struct pollfd ready = {.fd = STDIN_FILENO, .events = POLLIN};
    while (!room->over && !busy(room, p)) {
        if (take_line(room, p)) {
            if (!p->terminal)
                return; /* what it did is shown before the next one */
            continue;
        }
        if (p->ended) {
            room->over = true;
            return;
        }
        if (poll(&ready, 1, 0) <= 0)
            return;
        ssize_t got = read(STDIN_FILENO, p->input + p->input_len, sizeof p->input - p->input_len);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            return;
        if (got <= 0)
            p->ended = true;
        else
            p->input_len += (uint32_t)got;
    }
}

static bool plain_open(struct room *room)
{
    struct plain *p = calloc(1, sizeof *p);
    if (!p)
        return false;
    p->terminal = isatty(STDIN_FILENO);
    p->since = room_now_ms(room);
    room->face_state = p;
    return true;
}

static void plain_close(struct room *room)
{
    free(room->face_state);
    room->face_state = NULL;
}

const struct room_face room_plain = {plain_open, plain_close, plain_input,
                                     plain_show, plain_say,   plain_help};
