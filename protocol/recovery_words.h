/*
 * recovery_words.h - the BIP 39 English word list (MIT licence, Bitcoin Core / BIP authors).
 *
 * Known to recovery.c, and to clients that complete words while a phrase is typed.
 */
#ifndef COUNCIL_PROTOCOL_RECOVERY_WORDS_H
#define COUNCIL_PROTOCOL_RECOVERY_WORDS_H

enum {
    COUNCIL_RECOVERY_WORDS = 2048,
    COUNCIL_RECOVERY_WORD_MAX = 8
};

/* In ascending order; each is three to eight lower-case letters and unique by its first four. */
extern const char council_recovery_words[COUNCIL_RECOVERY_WORDS][COUNCIL_RECOVERY_WORD_MAX + 1];

#endif
