/*
 * model.h - what a council's members have said to each other, folded from opened posts.
 *
 * Owns the meaning of content: names, notes, documents with revisions and comments, check-ins and the ledger of
 * commitments, comparisons of the safety number. Knows no keys, entries or storage: a post comes with its author (from the
 * entry, never from a body), its place and its plaintext. Posts are added in order of seq; an erased or unreadable one is simply not
 * added (its content is NULL). Invariant: the same posts give the same model, whoever folds them.
 */
#ifndef COUNCIL_CLIENT_MODEL_MODEL_H
#define COUNCIL_CLIENT_MODEL_MODEL_H

#include "client/model/content.h"
#include "client/model/form.h"
#include "client/model/passage.h"
#include "protocol/entry.h"
#include "protocol/localtime.h"

/* One opened post. All pointers are borrowed; content is kept by reference. */
struct model_post {
    uint64_t seq, at, received; /* unix ms: the author's word, the server's word */
    const uint8_t *author;      /* 32 bytes */
    const json_t *content;
    bool moderator; /* the author was a moderator when it was written */
};

struct model_profile {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq;
    const char *name, *about, *zone; /* about and zone may be NULL */
};

struct model_note {
    uint64_t seq, at, received, reply;
    uint8_t author[COUNCIL_KEY_BYTES];
    const char *text;
};

struct model_revision {
    uint64_t seq, at, revision;
    const char *title; /* may be NULL */
    const json_t *fields;
};

struct model_comment {
    uint64_t seq, at, revision;
    uint8_t author[COUNCIL_KEY_BYTES];
    const char *field, *text; /* field may be NULL */
};

/* Named by author and object: only that author revises it. */
struct model_document {
    uint8_t author[COUNCIL_KEY_BYTES], object[COUNCIL_ID_BYTES];
    const struct form *form;
    struct model_revision *revisions; /* in order of seq; at least one */
    struct model_comment *comments;
    uint32_t revision_count, revision_size, comment_count, comment_size;
};

enum model_commitment_state {
    MODEL_OPEN,
    MODEL_PARTLY,
    MODEL_MISSED,
    MODEL_DONE,
    MODEL_DROPPED
};

/* OPEN, PARTLY and MISSED are carried over; DONE and DROPPED are closed for good. */
struct model_commitment {
    uint8_t author[COUNCIL_KEY_BYTES], id[COUNCIL_ID_BYTES];
    const char *text, *measure, *due, *word; /* all but text may be NULL */
    enum model_commitment_state state;
    uint64_t opened_seq, opened_at, changed_seq, changed_at;
    uint32_t made,
        closed; /* how many check-ins its author had made by then; closed: UINT32_MAX while it is not */
    uint64_t goal,
        reached; /* the number its measure begins with (0: none), and what acts add up to */
};

/* How many check-ins a member made. */
struct model_tally {
    uint8_t author[COUNCIL_KEY_BYTES];
    uint32_t checkins;
};

/* Something that a member did. */
struct model_act {
    uint8_t author[COUNCIL_KEY_BYTES];
    uint64_t seq, at, count; /* at: the server's word where there is one, else the author's */
    const char *text;        /* may be NULL */
    uint32_t commitment;     /* index of the commitment that it counted towards; UINT32_MAX: none */
};

/* What became of a commitment at one time: by a check-in, or DONE by the act that reached its goal. */
struct model_outcome {
    uint32_t commitment; /* index */
    enum model_commitment_state state;
    uint64_t seq, at; /* at: the server's word where there is one */
};

/* How far a member is in a course (course.h). */
struct model_course {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint32_t course, done; /* done: a bit for each step */
    uint64_t changed_at;
};

struct model_checkin {
    uint64_t seq, at, received;
    uint8_t author[COUNCIL_KEY_BYTES];
    const char *meeting, *text; /* may be NULL */
    uint32_t hope, energy;      /* 0: not shared */
    const json_t *content;
};

struct model_verified {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq, control_seq;
    const char *number;
};

/* One meeting was moved or cancelled. Named by its local start in the schedule. */
struct model_change {
    char meeting[COUNCIL_LOCAL_CHARS + 1], to[COUNCIL_LOCAL_CHARS + 1];
    bool cancelled;
    uint64_t seq;
};

/* What a member said of one meeting. */
struct model_answer {
    char meeting[COUNCIL_LOCAL_CHARS + 1];
    char answer[5]; /* "yes", "no", "late", or "" where only attendance is known */
    bool attended;
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq;
};

struct model_meeting;
struct model_seat;
struct model_agenda;

/* Read what you like; change it through model_add alone. Pointers hold until the next model_add. */
struct model {
    const char *title; /* the council's name, or NULL */
    struct model_profile *profiles;
    struct model_note *notes;
    struct model_document *documents;
    struct model_commitment *commitments;
    struct model_checkin *checkins;
    struct model_verified *verified; /* the latest of each member */
    uint32_t profile_count, note_count, document_count, commitment_count, checkin_count,
        verified_count;
    uint32_t profile_size, note_size, document_size, commitment_size, checkin_size, verified_size;
    uint32_t *order, *spare; /* where to find a commitment by its id: ledger_index.c */
    struct model_tally *tallies;
    uint32_t order_size, spare_size, tally_count, tally_size;
    struct model_change *changes; /* since the latest schedule.set */
    struct model_answer *answers;
    uint32_t change_count, answer_count, change_size, answer_size;
    struct model_meeting *meetings; /* in order of first opening: client/model/meeting.h */
    struct model_seat *seats;
    struct model_agenda *agendas;
    uint32_t meeting_count, seat_count, agenda_count, meeting_size, seat_size, agenda_size;
    struct model_passages passages; /* landing, merging, closing: client/model/passage.h */
    struct model_act *acts;
    struct model_outcome *outcomes;
    struct model_course *courses;
    uint32_t act_count, outcome_count, course_count, act_size, outcome_size, course_size;
    uint32_t update_day; /* of the weekly update: 1 Monday to 7 Sunday, 0 none */
    uint32_t newer;      /* posts that need a newer client */
    uint32_t refused;    /* posts whose content no client may write */
    json_t *held;        /* references that the pointers above borrow from */
};

/* An empty model, owned by the caller; NULL without memory. */
struct model *model_create(void);
void model_destroy(struct model *model);

/*
 * Adds one post. NEEDS_NEWER and BAD_CONTENT say that it changed nothing and was counted; NO_MEMORY leaves the model as it was.
 */
COUNCIL_MUST_USE enum council_error model_add(struct model *model, const struct model_post *post);

/*
 * Adds a plain entry: schedule.set, rsvp, attend, meeting.*; others change nothing. `received` is the server's word, by which meetings' clocks go. NO_MEMORY.
 */
COUNCIL_MUST_USE enum council_error model_add_entry(struct model *model, uint64_t seq,
                                                    uint64_t received,
                                                    const struct council_entry *entry);

/* What was changed about the meeting of that name, or NULL. */
const struct model_change *model_meeting_change(const struct model *model, const char *meeting);

/* What a member said of the meeting of that name, or NULL. */
const struct model_answer *model_meeting_answer(const struct model *model, const char *meeting,
                                                const uint8_t member[COUNCIL_KEY_BYTES]);

/* A member's profile, or NULL. */
const struct model_profile *model_profile(const struct model *model,
                                          const uint8_t member[COUNCIL_KEY_BYTES]);

/*
 * What to call a member: the name of their profile, made distinct with the start of their key where two share it, or "member " and that start.
 */
enum {
    MODEL_NAME_MAX = 64 + 16
};
void model_name(const struct model *model, const uint8_t member[COUNCIL_KEY_BYTES],
                char out[MODEL_NAME_MAX]);

/* A document by author and object, or NULL; `author` NULL takes the only one with that object. */
const struct model_document *model_document(const struct model *model, const uint8_t *author,
                                            const uint8_t object[COUNCIL_ID_BYTES]);

/* A document's revision by number, or the latest for 0; NULL where there is none. */
const struct model_revision *model_revision(const struct model_document *document,
                                            uint64_t revision);

/* How many check-ins of its author since it was made left it open. */
uint32_t model_carried(const struct model *model, const struct model_commitment *commitment);
/* The author's next commitment that is still open, after index `after` (start with UINT32_MAX); UINT32_MAX at the end. */
uint32_t model_open_commitment(const struct model *model, const uint8_t author[COUNCIL_KEY_BYTES],
                               uint32_t after);

/* The number that a measure begins with ("5 outreaches", "five outreaches"), or 0 where it does not. `measure` may be NULL. */
uint64_t model_goal(const char *measure);

/* "open", "partly", "missed", "done", "dropped". */
const char *model_commitment_word(enum model_commitment_state state);

#endif
