/*
 * internal.h - what files of protocol/ share and nobody outside includes.
 *
 * Owns no rule; each declaration is of the file named above it.
 */
#ifndef COUNCIL_PROTOCOL_INTERNAL_H
#define COUNCIL_PROTOCOL_INTERNAL_H

#include "protocol/tail.h"

/* ---- entry_body.c ---- */

/* The body of `entry` (kind and body set) against bodies.def: BAD_FIELD. */
COUNCIL_MUST_USE enum council_error council_entry_check_body(const struct council_entry *entry);

/* ---- entry_sign.c ---- */

/* P("council/v1/entry", text): in `small` where it fits, else allocated; free what is not `small`. NULL without memory. */
enum {
    COUNCIL_ENTRY_P_SMALL = 4096
};
uint8_t *council_entry_p(uint8_t small[COUNCIL_ENTRY_P_SMALL], const char *text, uint32_t text_len,
                         uint32_t *len);

/* ---- tail.c ---- */

/* Makes room for one more position, so that the next council_tail_push cannot fail. */
COUNCIL_MUST_USE enum council_error council_tail_reserve(struct council_tail *tail);

#endif
