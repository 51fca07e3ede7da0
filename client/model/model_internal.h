/*
 * model_internal.h - what the files of the model share: growing arrays and one fold for each type of content.
 */
#ifndef COUNCIL_CLIENT_MODEL_INTERNAL_H
#define COUNCIL_CLIENT_MODEL_INTERNAL_H

#include "client/model/meeting.h"
#include "client/model/model.h"

/* Room for one more element of `element` bytes: grows `*array` (in place where it can). NO_MEMORY leaves it as it was. */
COUNCIL_MUST_USE enum council_error model_grow(void **array, uint32_t count, uint32_t *size,
                                               size_t element);

bool model_same(const uint8_t a[COUNCIL_KEY_BYTES], const uint8_t b[COUNCIL_KEY_BYTES]);

/* Folds of content that passed its check. */
COUNCIL_MUST_USE enum council_error model_add_document(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_comment(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_checkin(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_act(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_step(struct model *m, const struct model_post *p);

COUNCIL_MUST_USE enum council_error model_add_agenda(struct model *m, const struct model_post *p);
COUNCIL_MUST_USE enum council_error model_add_seat(struct model *m, const struct model_post *p);
/* roles, extend, seated, minutes, word */
COUNCIL_MUST_USE enum council_error model_add_meeting(struct model *m, const struct model_post *p);

/* The agenda of the council (`meeting` "") or of one meeting. */
struct model_agenda {
    char meeting[COUNCIL_LOCAL_CHARS + 1];
    const json_t *phases;
};

/* meeting.open, advance, hand, close and attend; others change nothing. */
COUNCIL_MUST_USE enum council_error meeting_add_entry(struct model *m, uint64_t seq,
                                                      uint64_t received,
                                                      const struct council_entry *entry);
/* True if the member leads the meeting or opened it, and it is open. `meeting` may be NULL. */
bool meeting_led_by(const struct model_meeting *meeting, const uint8_t member[COUNCIL_KEY_BYTES]);
/* The agenda of a running meeting was changed: the phases that are still to come follow it. */
void meeting_replan(struct model *m, const char *meeting);
/* Frees what a record owns. */
void meeting_fini(struct model_meeting *meeting);

/* Room for one more than `count` commitments; notes the one at `place`, which is the next; the author's one of that id, or NULL. */
COUNCIL_MUST_USE enum council_error ledger_index_room(struct model *m, uint32_t count);
void ledger_index_add(struct model *m, uint32_t place);
struct model_commitment *ledger_index_find(const struct model *m, const uint8_t *author,
                                           const uint8_t *id);

/* When a post was made, for what is counted by weeks: the server's word, or the author's where there is none. */
uint64_t model_when(const struct model_post *p);

#endif
