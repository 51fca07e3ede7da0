/*
 * council_internal.h - what the files council_*.c share and nobody else includes.
 *
 * Owns the shape of one row of the table of rules, and the step in which a chain moves a pin. The
 * order in which a row's functions are asked is council_check's (README.md section 5.1) and
 * council_fold's.
 */
#ifndef COUNCIL_PROTOCOL_COUNCIL_INTERNAL_H
#define COUNCIL_PROTOCOL_COUNCIL_INTERNAL_H

#include "protocol/council.h"

/* One entry on its way through the rules. */
struct council_step {
    const struct council_entry *entry;
    const struct council_fact *facts;    /* of an erase, else NULL */
    const struct council_person *author; /* NULL where the author never was a member */
    struct council_member pin;        /* owned: state after the entry's chain; empty without one */
    uint8_t mover[COUNCIL_KEY_BYTES]; /* whose log the chain continues */
    uint8_t dropped[COUNCIL_KEY_BYTES]; /* whom the entry removes */
    bool moves;                         /* there is a chain, and `mover` is set */
    bool drops;                         /* `dropped` is set */
};

typedef enum council_error council_check_fn(const struct council *council,
                                            struct council_step *step);

/*
 * Applies an accepted entry. What allocates comes first; an error changes nothing. It may take
 * step->pin (and leaves an empty one behind).
 */
typedef enum council_error council_fold_fn(struct council *council, struct council_step *step,
                                           uint64_t seq, const uint8_t head[COUNCIL_HASH_BYTES]);

/* One kind of the council log. NULL: nothing to ask, nothing to do. */
struct council_rule {
    council_check_fn *before; /* the kind's own rules, up to its chain */
    council_check_fn *after;  /* those that need the pin after the chain */
    council_fold_fn *fold;
};

/* The row of `kind`; rows of member-log kinds are empty. Static storage. */
const struct council_rule *council_rule(enum council_kind kind);

/* Fills in what the entry itself says; step->pin is empty. */
void council_step_init(struct council_step *step, const struct council *council,
                       const struct council_entry *entry, const struct council_fact *facts);
void council_step_fini(struct council_step *step);

/* ---- council.c ---- */

/* Index in council->people, or person_count. */
uint32_t council_find_person(const struct council *council,
                             const uint8_t member[COUNCIL_KEY_BYTES]);
/* Index in council->invites, or invite_count. */
uint32_t council_find_invite(const struct council *council, const uint8_t key[COUNCIL_KEY_BYTES]);
/* The person if they are a member now, else NULL. */
const struct council_person *council_current(const struct council *council,
                                             const uint8_t member[COUNCIL_KEY_BYTES]);
/* True while the invite admits somebody: neither closed nor used up. */
bool council_invite_is_open(const struct council_invite *invite);
/* Appends everything at `pin` that gets boxes; `*count` stays at most COUNCIL_RECIPIENTS_MAX. */
void council_add_recipients(const struct council_member *pin, struct council_device *out,
                            uint32_t *count);
/* Sorts by signing key. Two equal ones stay: no block is valid then. */
void council_sort_recipients(struct council_device *out, uint32_t count);

/* ---- council_chain.c ---- */

/*
 * Sets step->pin to the state of step->mover's member log after the entry's chain, in the order of
 * section 5.2. `verify` is false where the signatures were checked before. On error step->pin is
 * empty.
 */
COUNCIL_MUST_USE enum council_error council_chain_run(const struct council *council,
                                                      struct council_step *step, bool verify);

/* ---- council_block.c ---- */

/* The rules of section 6.2 for the entry's block. */
COUNCIL_MUST_USE enum council_error council_block_check(const struct council *council,
                                                        const struct council_step *step);
/*
 * WRONG_RECIPIENTS unless the `to` of each box of the array `boxes` is the recipient at its place,
 * and no two are the same.
 */
COUNCIL_MUST_USE enum council_error council_boxes_check(const struct council_entry *entry,
                                                        uint32_t boxes,
                                                        const struct council_device *recipients,
                                                        uint32_t count);

/* ---- council_check_*.c: rules of the kinds ---- */

council_check_fn council_check_create, council_check_join, council_check_join_proof,
    council_check_devices, council_check_remove, council_check_leave, council_check_role,
    council_check_vote;
council_check_fn council_check_invite_open, council_check_invite_close, council_check_schedule,
    council_check_change, council_check_meeting_open, council_check_meeting_advance,
    council_check_meeting_hand, council_check_meeting_close, council_check_scheduled,
    council_check_post, council_check_erase, council_check_upgrade, council_check_history;

/* ---- council_fold_*.c: what the kinds change ---- */

council_fold_fn council_fold_create, council_fold_join, council_fold_devices, council_fold_remove,
    council_fold_leave, council_fold_role, council_fold_vote;
council_fold_fn council_fold_invite_open, council_fold_invite_close, council_fold_schedule,
    council_fold_meeting_open, council_fold_meeting_advance, council_fold_meeting_hand,
    council_fold_meeting_close, council_fold_upgrade;

#endif
