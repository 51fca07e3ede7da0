/*
 * passage.h - what changes about a council's life: somebody lands a job, two councils become one, a council is closed; and when each member was last heard of.
 *
 * Owns the fold of the content types landed, merge, merge-answer, merge-invite, merge-end and closing. Knows no keys, links or storage: a link is a text here.
 * It is part of struct model (model.h), whose pointers it borrows from. Invariant: a proposal, its invites and a closing count from moderators alone; what somebody
 * says of themself (landed, an answer) counts from them alone, the latest.
 */
#ifndef COUNCIL_CLIENT_MODEL_PASSAGE_H
#define COUNCIL_CLIENT_MODEL_PASSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "protocol/entry.h"

struct council;
struct model;
struct model_post;

enum {
    PASSAGE_CALL_DAYS = 90,  /* for so long an alumna's calls are meant */
    PASSAGE_MERGES_MAX = 64, /* proposals that are kept; later ones change nothing */
    PASSAGE_INVITES_MAX = 64 /* members who were invited by one; the same */
};

/* Somebody found a job, and has not said since that they search again. */
struct passage_landed {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq, at; /* unix ms, the server's word where there is one */
    const char *day;  /* the first day of the job, "YYYY-MM-DD"; NULL where it was not said */
    bool stays;       /* for calls in the first 90 days */
};

/* What one member answered to a proposal; whoever proposes consents by that. */
struct passage_answer {
    uint8_t member[COUNCIL_KEY_BYTES];
    bool consents;
    uint64_t seq;
};

/* The invite by which one member goes to the other council; the latest of each. */
struct passage_invite {
    uint8_t member[COUNCIL_KEY_BYTES];
    const char *link;
    uint64_t seq;
};

/* A proposal that members of one council join another. Both councils may have it, under the same id. */
struct passage_merge {
    uint8_t id[COUNCIL_ID_BYTES], author[COUNCIL_KEY_BYTES];
    uint8_t other[COUNCIL_KEY_BYTES]; /* the other council */
    bool host;                        /* the others come here; else members of this one go there */
    bool ended;
    uint32_t need; /* so many members of this council must consent before anything happens */
    uint64_t seq, at;
    const char *name, *text; /* of the other council, and why; may be NULL */
    struct passage_answer *answers;
    struct passage_invite *invites;
    uint32_t answer_count, invite_count, answer_size, invite_size;
};

/* When a member last wrote something (not what their client does by itself). */
struct passage_heard {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq, at; /* unix ms */
};

/* When a member's devices last changed, as this council was told. */
struct passage_device {
    uint8_t member[COUNCIL_KEY_BYTES];
    uint64_t seq;
};

/* Read what you like; pointers hold until the next model_add. */
struct model_passages {
    struct passage_landed *landed;
    struct passage_merge *merges; /* in order of seq */
    struct passage_heard *heard;
    struct passage_device *devices;
    uint32_t landed_count, merge_count, heard_count, device_count;
    uint32_t landed_size, merge_size, heard_size, device_size;
    bool closed;
    uint8_t closed_by[COUNCIL_KEY_BYTES];
    uint64_t closed_seq, closed_at; /* unix ms */
    const char *farewell;           /* may be NULL */
};

void passage_fini(struct model_passages *passages);

/* Folds of content that passed its check. NO_MEMORY leaves the model as it was. */
COUNCIL_MUST_USE enum council_error model_add_landed(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_merge(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_merge_answer(struct model *m,
                                                           const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_merge_invite(struct model *m,
                                                           const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_merge_end(struct model *m,
                                                        const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_closing(struct model *m, const struct model_post *p);
/* A member was heard of. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error
passage_hear(struct model *m, const uint8_t member[COUNCIL_KEY_BYTES], uint64_t seq, uint64_t at);
/* A plain entry: rsvp, attend, vote and meetings are signs of life; member.devices tells of devices. NO_MEMORY. */
COUNCIL_MUST_USE enum council_error passage_add_entry(struct model *m, uint64_t seq, uint64_t at,
                                                      const struct council_entry *entry);

/* What a member said of their landing, or NULL for whoever searches. An alumna is not counted as seeking and not reminded of anything. */
const struct passage_landed *model_landed(const struct model *m,
                                          const uint8_t member[COUNCIL_KEY_BYTES]);
/* Members of the council who search. */
uint32_t model_seeking(const struct model *m, const struct council *council);

/* When the member was last heard of, or NULL. */
const struct passage_heard *passage_heard(const struct model *m,
                                          const uint8_t member[COUNCIL_KEY_BYTES]);

/* The proposal of that id, or NULL. */
const struct passage_merge *passage_merge(const struct model *m,
                                          const uint8_t id[COUNCIL_ID_BYTES]);
/* The latest proposal that has not ended, or NULL. */
const struct passage_merge *passage_merge_open(const struct model *m);
/* A member's answer, or NULL. */
const struct passage_answer *passage_answer(const struct passage_merge *merge,
                                            const uint8_t member[COUNCIL_KEY_BYTES]);
/* The invite that was made for a member, or NULL. */
const struct passage_invite *passage_invite(const struct passage_merge *merge,
                                            const uint8_t member[COUNCIL_KEY_BYTES]);
/* How many present members consent; whoever left counts no more. */
uint32_t passage_consents(const struct passage_merge *merge, const struct council *council);
/* True if enough of this council consent and nobody ended it. */
bool passage_carried(const struct passage_merge *merge, const struct council *council);

#endif
