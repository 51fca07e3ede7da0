/*
 * swapless.c - for the control of the races alone: the core's look at an entry's place without "it has seen the last control entry".
 *
 * The server's append.c is compiled anew with this in place of council_tail_check; the clients keep the real one. Two entries then win one
 * head, and everybody must say so.
 */
#include "protocol/tail.h"

enum council_error sim_swapless(const struct council_tail *tail, const struct council_entry *entry);

enum council_error sim_swapless(const struct council_tail *tail, const struct council_entry *entry)
{
    enum council_error error = council_tail_check(tail, entry);
    return error == COUNCIL_E_STALE ? COUNCIL_OK : error;
}
