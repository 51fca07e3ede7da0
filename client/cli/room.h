/*
 * room.h - the meeting room: what its files share. One room has a council with its model, who is here, and a face: a screen or plain lines.
 *
 * room.c owns its life, room_do.c what is done in it, room_view.c what it says, room_text.c how text becomes safe and fits; a face shows
 * and reads. Must not know how a meeting is folded (client/model/meeting.h) or what may be written (client/model/meeting_act.h). Invariant: no text of
 * anybody reaches a terminal but through room_clean.
 */
#ifndef COUNCIL_CLIENT_CLI_ROOM_H
#define COUNCIL_CLIENT_CLI_ROOM_H

#include "client/cli/meeting.h"
#include "client/lib/presence.h"

enum {
    ROOM_LINE_MAX = 1024,  /* one composed line */
    ROOM_INPUT_MAX = 4096, /* what a person types at once */
    ROOM_LINES_MAX = 512,  /* lines of one list: the latest */
    ROOM_SENT_MAX = 64,    /* writings whose outcome is not known yet */
    ROOM_STEP_MS = 50      /* how long a key waits at most */
};

/* ---- commands (room.def) ---- */

enum room_command {
#define ROOM_COMMAND(symbol, key, word, argument, when, asks, label, prompt, help) ROOM_##symbol,
#include "client/cli/room.def"
#undef ROOM_COMMAND
    ROOM_COMMAND_COUNT
};

enum room_when {
    ROOM_WHEN_ALWAYS,
    ROOM_WHEN_RUNNING,
    ROOM_WHEN_IDLE,
    ROOM_WHEN_LEADS
};

enum room_asks {
    ROOM_ASKS_NOTHING,
    ROOM_ASKS_LINE,
    ROOM_ASKS_YES
};

struct room_row {
    char key;
    const char *word, *argument;
    enum room_when when;
    enum room_asks asks;
    const char *label, *prompt, *help;
};

/* ---- the room ---- */

enum room_tone {
    ROOM_DONE,   /* what was asked for is under way, or done */
    ROOM_ANSWER, /* what was asked to be told */
    ROOM_WRONG   /* it did not work */
};

struct room;

/* A face: a screen, or plain lines. */
struct room_face {
    bool (*open)(struct room *room); /* false: there is no terminal for it */
    void (*close)(struct room *room);
    void (*input)(struct room *room); /* takes what was typed, without waiting, and does it */
    void (*show)(struct room *room);  /* shows what changed */
    void (*say)(struct room *room, enum room_tone tone, const char *text); /* one line, clean */
    void (*help)(struct room *room);
};
extern const struct room_face room_screen, room_plain;

/* Something that was written and is not acknowledged yet. */
struct room_sent {
    uint64_t item;
    enum council_kind kind;
    const char *what; /* "The minute" */
};

struct room {
    struct cli *cli;
    struct cli_council council; /* current after every turn and every submit */
    const struct room_face *face;
    void *face_state; /* the face's own */
    struct here_person people[HERE_PEOPLE_MAX];
    uint32_t people_count;
    bool here;         /* the server has this client in the room */
    bool hand;         /* own hand is up */
    bool stale;        /* something was erased: the model is to be read anew */
    bool over;         /* the room is left */
    bool blamed;       /* the server was caught at something */
    uint32_t refused;  /* commands that did not work */
    uint64_t entries;  /* counts what came */
    uint64_t presence; /* client_presence_changes when people was made */
    char attended[COUNCIL_LOCAL_CHARS +
                  1];  /* the meeting that was attended, as far as this room wrote it */
    uint32_t openings; /* … and which opening of it */
    struct room_sent sent[ROOM_SENT_MAX];
    uint32_t sent_count;
    char to_open[COUNCIL_LOCAL_CHARS +
                 1]; /* a meeting that waits until a forgotten one is closed; "" for none */
    bool roles_due;  /* this room opened a meeting whose other roles are not named yet */
    struct meeting_roles roles;
};

/* The server's time now. */
uint64_t room_now_ms(const struct room *room);
/* The meeting that runs, or NULL. */
const struct model_meeting *room_meeting(const struct room *room);
/* True if this member may move the running meeting on: its facilitator, or a moderator. */
bool room_leads(const struct room *room);
/* Cleans and says one line. */
void room_say(struct room *room, enum room_tone tone, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* ---- doing (room_do.c) ---- */
const struct room_row *room_rows(void); /* ROOM_COMMAND_COUNT of them */
/* True if the command means something now (for the key bar). */
bool room_offers(const struct room *room, const struct room_row *row);
/* Does one line, a word of room.def and its argument; says what came of it. */
void room_do(struct room *room, const char *line);
/* ---- writing (room_write.c) ---- */
/* Looks after what was written: says what was refused. */
void room_outcomes(struct room *room);
/* Says in the log that this member is at the running meeting, once. */
void room_attend(struct room *room);
/* Opens a meeting (room_open.c): the one that it is time for, or as `which` says, "next" or "now"; roles by turns among who is here. */
void room_open(struct room *room, const char *which);
/* The meeting that runs was left open by everybody, long ago. */
bool room_forgotten(const struct room *room);
/* Goes on with what room_open began, once nothing is under way. */
void room_opening(struct room *room);
/* Names timekeeper and scribe once the meeting that this room opened runs. */
void room_roles_due(struct room *room);
/* Submits an intent (released) and remembers it. True if it was taken. */
bool room_submit(struct room *room, enum council_kind kind, json_t *intent, const char *what);
/* Says why something cannot be done. */
void room_cannot(struct room *room, enum council_error error, const struct content_fault *fault);

/* ---- telling what was asked (room_tell.c); `rest` is not looked at ---- */
void room_tell_show(struct room *room, const char *rest);
void room_tell_time(struct room *room, const char *rest);
void room_tell_who(struct room *room, const char *rest);
void room_tell_queue(struct room *room, const char *rest);
void room_tell_minutes(struct room *room, const char *rest);

/* ---- what it says (room_view.c): clean text ---- */

/* A list of lines; grows up to ROOM_LINES_MAX, then forgets the first. Owned: room_lines_fini. */
struct room_lines {
    char **text;
    uint32_t count, size;
};
void room_lines_add(struct room_lines *lines, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void room_lines_fini(struct room_lines *lines);

void room_name(const struct room *room, const uint8_t *member, char out[ROOM_LINE_MAX]);
void room_title(const struct room *room, char out[ROOM_LINE_MAX]);
/* "online", or what is wrong, with what waits to be sent. */
void room_standing(const struct room *room, char out[ROOM_LINE_MAX]);
/* "Phase 3 of 5: Hot seat", or that no meeting runs. */
void room_phase(const struct room *room, char out[ROOM_LINE_MAX]);
/* What is done in the phase, for whoever leads it, or "". */
void room_hint(const struct room *room, char out[ROOM_LINE_MAX]);
/* "12:34 left", "1:05 over time", or "". */
void room_clock(const struct room *room, char out[ROOM_LINE_MAX]);
/* "The next one: Mon 23 Nov 2026 18:00 (Europe/Berlin)" while none runs, in this member's zone; else "". */
void room_next(const struct room *room, char out[ROOM_LINE_MAX]);
/* "meeting 41:02 left", or "". */
void room_left(const struct room *room, char out[ROOM_LINE_MAX]);
/* "Facilitator Ada, timekeeper Ben, scribe Cleo", or "". */
void room_roles(const struct room *room, char out[ROOM_LINE_MAX]);
void room_people(const struct room *room, struct room_lines *out);
/* The queue's first `max` places, in order; returns how many (room_view.c). */
uint32_t room_queue(const struct room *room, struct queue_place out[COUNCIL_SIZE_MAX]);
void room_queue_lines(const struct room *room, struct room_lines *out);
/* Minutes, commitments made, words: of the running meeting, else of the last one. */
void room_minutes(const struct room *room, struct room_lines *out);

/* ---- text (room_text.c) ---- */

/* Makes text safe for a terminal and one line of it: control characters, C1 and what turns the direction of writing around become visible or spaces; what the locale
 * cannot show becomes "?". `size` > 0; cut at a character. */
void room_clean(const char *text, char *out, size_t size);
/* Columns that clean text takes. */
int room_columns(const char *clean);
/* Copies as much of clean text as fits into `columns`, with a mark where something was cut. Returns the columns it takes. */
int room_clip(const char *clean, int columns, char *out, size_t size);
/* Breaks clean text at spaces into lines of at most `columns`; what follows the first is indented by `indent`. */
void room_wrap(const char *clean, int columns, int indent, struct room_lines *out);

#endif
