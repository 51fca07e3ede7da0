/*
 * model_internal.h - what the files of the model share: growing arrays and one fold for each type of content.
 */
#ifndef COUNCIL_CLIENT_MODEL_INTERNAL_H
#define COUNCIL_CLIENT_MODEL_INTERNAL_H

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

/* When a post was made, for what is counted by weeks: the server's word, or the author's where there is none. */
uint64_t model_when(const struct model_post *p);

#endif
