/*
 * pool.h - what the commands of the pool share: hours of the week as words, and times shown in one's own zone.
 *
 * Must not know the server. Invariant: hours that were read and printed again are the same hours.
 */
#ifndef COUNCIL_CLIENT_CLI_POOL_H
#define COUNCIL_CLIENT_CLI_POOL_H

#include "client/cli/cli.h"
#include "client/lib/pool.h"
#include "protocol/pool.h"

/*
 * Adds "mon-fri 18:00-21:00" (days: one, a range, or several separated by commas, or `daily`; times on the half hour, up to 24:00) to the hours of a week. False: not of
 * that form.
 */
bool pool_hours_add(uint8_t hours[COUNCIL_POOL_HOURS_BYTES], const char *text);
/* Writes them as such words, a line for each day that has any, each after `indent`. */
void pool_hours_print(FILE *out, const uint8_t hours[COUNCIL_POOL_HOURS_BYTES], const char *indent);
/* Half hours that are marked. */
uint32_t pool_hours_count(const uint8_t hours[COUNCIL_POOL_HOURS_BYTES]);

/* "Mon 19:00 and Thu 19:00", the times of a proposal in `zone` as its next meetings have them; "" where they cannot be told. */
void pool_slots_text(const json_t *proposal, const char *zone, char *out, size_t size);
/* One line on how one stands: a proposal that waits, a place in the pool; NULL: nothing. Owned. */
char *pool_line(const json_t *shown);

#endif
