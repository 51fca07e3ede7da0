/*
 * meeting.h - meetings that run themselves: agenda, phases and clock, roles, minutes, the hot-seat queue; folded from the log.
 *
 * Owns what a council's log says of its meetings, the one that runs and those that were. Knows no clock: the time comes in, and is the
 * server's (protocol/README.md section 5.10), so everybody's clock shows the same. Fed by model_add_entry (meeting.open, advance, hand, close, attend)
 * and model_add (agenda, roles, extend, seat, seated, minutes, word, checkin). Invariant: at most one meeting runs; one record for each name,
 * so a meeting that was closed by mistake and opened again is the same one with a new clock.
 *
 * Who counts: an agenda of the council: moderators. An agenda of one meeting, `extend`: its facilitator at that time, who opened it, moderators. `roles`, `seated`, `minutes`: any
 * member (the log says who); `seat` and `word`: each for themself.
 */
#ifndef COUNCIL_CLIENT_MODEL_MEETING_H
#define COUNCIL_CLIENT_MODEL_MEETING_H

#include "client/model/model.h"
#include "protocol/council.h"

enum {
    MEETING_PHASES_MAX = 16,
    MEETING_MINUTES_MAX = 240, /* of one phase, and of what it is extended by */
    MEETING_SEATED_MAX = 64,   /* hot seats of one meeting; later ones change nothing */
    MEETING_DATE_CHARS = 10    /* "YYYY-MM-DD" */
};

/* ---- agenda (agenda.c) ---- */

enum agenda_source {
    AGENDA_DEFAULT, /* check-in 5, exercise 15, hot seat 30, commitments 5, check-out 5 */
    AGENDA_ZERO,    /* meeting zero: personal stories */
    AGENDA_COUNCIL, /* the council's own */
    AGENDA_MEETING  /* this meeting's own */
};

struct agenda_phase {
    const char *title; /* borrowed from the model, or static */
    const char
        *kind; /* checkin, exercise, hotseat, commitments, checkout, welcome, stories, or "" */
    uint32_t minutes;
};

struct agenda {
    enum agenda_source source;
    uint32_t count;
    struct agenda_phase phases[MEETING_PHASES_MAX];
};

/*
 * The agenda in force for the meeting of that name: its own, else meeting zero's (where no meeting was ever opened, or this was the first), else the council's, else the
 * default. NULL: the council's, else the default.
 */
void agenda_for(const struct model *model, const char *meeting, struct agenda *out);
/* Its minutes together. */
uint32_t agenda_minutes(const struct agenda *agenda);
/* "default", "zero", "council", "meeting". */
const char *agenda_source_word(enum agenda_source source);
/* What is done in a phase of that kind, in a sentence or two for whoever leads it; "" for an unknown kind. Static. */
const char *agenda_hint(const char *kind);
/*
 * Content that sets phases: owned by the caller. Each word is "TITLE=MINUTES" or "TITLE=MINUTES=KIND"; none: back to what it was without. `meeting` NULL for the
 * council's. BAD_INPUT with `fault`, NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error agenda_content(const char *meeting, const char *const *words,
                                                   uint32_t count, json_t **content,
                                                   struct content_fault *fault);

/* ---- one meeting (meeting.c) ---- */

enum meeting_role {
    MEETING_FACILITATOR,
    MEETING_TIMEKEEPER,
    MEETING_SCRIBE,
    MEETING_ROLE_COUNT
};
/* "facilitator", "timekeeper", "scribe". */
const char *meeting_role_word(enum meeting_role role);

struct meeting_phase {
    const char *title, *kind; /* as in struct agenda_phase */
    uint32_t minutes;         /* planned */
    uint32_t extended;        /* minutes added while it ran */
    uint64_t began;           /* unix ms, the server's word; 0: not reached */
    uint64_t began_seq;
};

/* Somebody held a role; the latest of each role holds it now. */
struct meeting_holder {
    enum meeting_role role;
    uint8_t member[COUNCIL_KEY_BYTES], by[COUNCIL_KEY_BYTES]; /* `by`: who gave it to them */
    uint64_t seq, since;                                      /* the server's word */
};

/* Who was there, by their own word. */
struct meeting_attendee {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq, since;
};

/* A line of the minutes, or somebody's one word at the end. */
struct meeting_line {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq, received;
    const char *text;
};

/* Somebody had the hot seat. */
struct meeting_seated {
    uint8_t member[COUNCIL_KEY_BYTES], by[COUNCIL_KEY_BYTES];
    uint64_t seq, received;
};

/* All arrays are owned by the model and in order of seq. */
struct model_meeting {
    char name[COUNCIL_LOCAL_CHARS + 1]; /* its local start in the schedule */
    bool open, zero;                    /* zero: the first that the council ever opened */
    uint32_t openings;                  /* 2: closed once and opened again, … */
    uint64_t opened_seq, opened;        /* of the latest opening; the server's word, unix ms */
    uint64_t closed_seq, closed;        /* 0 while it is open */
    uint8_t opener[COUNCIL_KEY_BYTES];
    uint32_t planned; /* minutes, at its opening */
    struct meeting_phase phases[MEETING_PHASES_MAX];
    uint32_t phase_count,
        phase; /* `phase`: the present one, from 1; the last one reached once it is closed */
    struct meeting_holder *holders;
    struct meeting_attendee *attendees;
    struct meeting_line *minutes, *words; /* words: one of each member, the latest */
    struct meeting_seated *seated;
    uint32_t holder_count, attendee_count, minute_count, word_count, seated_count;
    uint32_t holder_size, attendee_size, minute_size, word_size, seated_size;
};

/* The one that runs, or NULL. All these are borrowed until the next model_add or model_add_entry. */
const struct model_meeting *meeting_running(const struct model *model);
/* The record of that name, or NULL: never opened. */
const struct model_meeting *meeting_find(const struct model *model, const char *name);
/* The latest one that was closed, the n-th before it (0: the latest); NULL where there is none. */
const struct model_meeting *meeting_past(const struct model *model, uint32_t n);
/* Who holds the role now (of a closed one: held it last), or NULL. */
const uint8_t *meeting_holds(const struct model_meeting *meeting, enum meeting_role role);
/* True if the member was there. */
bool meeting_attended(const struct model_meeting *meeting, const uint8_t member[COUNCIL_KEY_BYTES]);
/* True if the commitment was made at it: by a check-in that names it, or while it was open. */
bool meeting_made(const struct model *model, const struct model_meeting *meeting,
                  const struct model_commitment *commitment);
/* The member's latest check-in for it, or NULL. */
const struct model_checkin *meeting_checkin(const struct model *model,
                                            const struct model_meeting *meeting,
                                            const uint8_t member[COUNCIL_KEY_BYTES]);

/* ---- its clock ---- */

struct meeting_clock {
    uint32_t phase, phase_count;
    uint64_t ends;        /* unix ms by the server: when the phase is over */
    int64_t elapsed_ms;   /* of the phase; never below 0 */
    int64_t remaining_ms; /* of the phase; negative: so much over time */
    int64_t
        left_ms; /* of the whole meeting, if later phases take what is planned; negative: over time in the last one */
    int64_t behind_ms; /* how much later it ends than planned at its opening; negative: earlier */
};

/* The clock of a running (or closed: as at its close) meeting at a server time. */
void meeting_clock(const struct model_meeting *meeting, uint64_t server_now_ms,
                   struct meeting_clock *out);
/* True for one that is open and should have been over two hours ago, with all that it was extended by: nobody closed it. */
bool meeting_forgotten(const struct model_meeting *meeting, uint64_t server_now_ms);
/* "4:59", "+1:05" over time, "1:02:03". */
enum {
    MEETING_CLOCK_CHARS = 24
};
void meeting_clock_text(int64_t remaining_ms, char out[MEETING_CLOCK_CHARS]);

/* ---- whose turn it is (rotation.c) ---- */

struct meeting_roles {
    bool filled[MEETING_ROLE_COUNT]; /* false: nobody is there */
    uint8_t member[MEETING_ROLE_COUNT][COUNCIL_KEY_BYTES];
};

/*
 * Facilitator, timekeeper and scribe among `present` (current members; others are passed over): who did it least recently, ties by who joined first. One person gets two
 * roles only where there are too few. Having done it: was there, and held the role at the end of a phase or of the meeting.
 */
void rotation_roles(const struct model *model, const struct council *council,
                    const uint8_t (*present)[COUNCIL_KEY_BYTES], uint32_t count,
                    struct meeting_roles *out);
/*
 * Who is likely to come, where nobody's presence is known: said yes or late to that meeting; else was at the last one and did not say no; else did not say no. `out` holds
 * COUNCIL_SIZE_MAX; returns how many, in order of joining.
 */
uint32_t rotation_expected(const struct model *model, const struct council *council,
                           const char *meeting, uint8_t (*out)[COUNCIL_KEY_BYTES]);

/* ---- the hot seat (queue.c) ---- */

/* What a member last asked for. One for each member who ever did. */
struct model_seat {
    uint8_t member[COUNCIL_KEY_BYTES];
    bool in;
    uint64_t seq, received;
    const char *why, *day, *reason; /* may be NULL; reason: "interview", "offer" */
};

/* Now, for what "this week" means: the server's time, and the dates in the council's zone of today and of the sixth day after. */
struct meeting_week {
    uint64_t now_ms;
    char from[MEETING_DATE_CHARS + 1], until[MEETING_DATE_CHARS + 1];
};

struct queue_place {
    uint8_t member[COUNCIL_KEY_BYTES];
    bool urgent;                    /* an interview or offer this week */
    bool asked;                     /* put themself in since they last had it */
    uint64_t seated;                /* when they last had it, the server's word; 0: never */
    const char *why, *day, *reason; /* of what they asked since then; may be NULL */
};

/*
 * The queue: members who did not put themselves out. First an interview or offer within the week (the earliest day first), then who has waited longest since their last seat (never: before
 * all), ties by who joined first. Who had the seat since they asked is not ahead any more. `out` holds COUNCIL_SIZE_MAX; returns how many.
 */
uint32_t queue_order(const struct model *model, const struct council *council,
                     const struct meeting_week *week, struct queue_place *out);
/* What the member last asked for, or NULL. */
const struct model_seat *queue_seat(const struct model *model,
                                    const uint8_t member[COUNCIL_KEY_BYTES]);

#endif
