/*
 * oversight.h - what a moderator has to know of a council today, and the command that acts on it.
 *
 * Owns oversight.def and the rules behind its rows. Pure: council, model and time come in, a list comes out; nothing is remembered and nobody is ranked. Knows no
 * schedule: whoever has a calendar says when the next meeting is. Invariant: the same log at the same time gives the same list on every moderator's device.
 */
#ifndef COUNCIL_CLIENT_MODEL_OVERSIGHT_H
#define COUNCIL_CLIENT_MODEL_OVERSIGHT_H

#include "client/model/meeting.h"
#include "protocol/council.h"

enum oversight_what {
#define OVERSIGHT(symbol, name, shown, text, command) OVERSIGHT_##symbol,
#include "client/model/oversight.def"
#undef OVERSIGHT
    OVERSIGHT_COUNT
};

enum {
    OVERSIGHT_ENOUGH = 6, /* members who search, below which a council is forming or short */
    OVERSIGHT_FAST_DAYS =
        7, /* without a sign of life: silent, where the council meets twice a week */
    OVERSIGHT_SLOW_DAYS = 21, /* where it meets every two weeks */
    OVERSIGHT_ABSENT = 2,     /* meetings in a row */
    OVERSIGHT_HELD = 2,       /* people without whom there was no meeting */
    OVERSIGHT_LINES_MAX = 128,
    OVERSIGHT_FEEDBACK_MAX =
        6, /* documents of one member: however many wait, the rest is told, too */
    OVERSIGHT_TEXT_MAX = 512
};

/* forming → orientation → meeting zero → running ⇄ short → closed */
enum oversight_state {
    OVERSIGHT_FORMING,   /* too few, and never met */
    OVERSIGHT_ORIENTING, /* enough, but somebody has not done the orientation */
    OVERSIGHT_ZERO_DUE,  /* enough and ready, never met */
    OVERSIGHT_RUNNING,
    OVERSIGHT_SHORT, /* met before, and too few search by now */
    OVERSIGHT_CLOSED
};

/* All borrowed. */
struct oversight_given {
    const struct council *council;
    const struct model *model;
    const uint8_t *self; /* the moderator who looks */
    uint64_t now_ms;     /* unix ms */
    const char *today;   /* "YYYY-MM-DD" in the council's zone */
    const char *next;    /* the name of the next meeting, NULL for none */
    /* Unix ms of the beginning of a date in the council's zone; 0 where there is none. NULL: dates are not known. */
    uint64_t (*day_ms)(const struct oversight_given *given, const char *day);
    uint32_t unreadable; /* posts of present epochs that this device cannot open */
    bool stopped, recovering;
};

/* One thing. What of it has a meaning stands in the row's text. */
struct oversight_line {
    enum oversight_what what;
    const uint8_t *member; /* borrowed from council or model; NULL for none */
    const uint8_t *object; /* of a document; NULL for none */
    const char *text;      /* borrowed; NULL for none */
    uint64_t since_ms;     /* unix ms; 0 for none */
    uint32_t n, m;
};

struct oversight {
    enum oversight_state state;
    uint32_t members, seeking, alumni, held; /* held: of the latest meetings */
    uint32_t yes, late, no, silent;          /* of those who are counted on at the next meeting */
    struct oversight_line lines[OVERSIGHT_LINES_MAX];
    uint32_t count;
};

/* Looks at one council. There is room for all lines of a full council; beyond it the least urgent would be left out. */
void oversight_look(const struct oversight_given *given, struct oversight *out);

/* "forming", "orientation", "meeting zero due", "running", "short", "closed". */
const char *oversight_state_word(enum oversight_state state);
/* The row's name, for programs. */
const char *oversight_name(enum oversight_what what);

/* What is shown: the row's text filled in, cut where `out` ends. Names and titles are other people's text. */
void oversight_say(const struct oversight_given *given, const struct oversight_line *line,
                   char out[OVERSIGHT_TEXT_MAX]);
/* The command: "council " and the row's, filled in, and " --council " with the start of the log's name. */
void oversight_command(const struct oversight_given *given, const struct oversight_line *line,
                       char out[OVERSIGHT_TEXT_MAX]);

/*
 * The last meetings that were held, the latest opened first, borrowed; returns how many of `max`. Held: opened, and two were there. Attendance may name any time and one
 * member alone may open anything, so neither makes others absent.
 */
uint32_t oversight_meetings(const struct model *model, uint32_t max,
                            const struct model_meeting **out);

#endif
