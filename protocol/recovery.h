/*
 * recovery.h - the recovery phrase: twelve words, 128 bits, BIP 39's English list and checksum.
 *
 * Owns README.md section 8. A device that lives on paper: keys come from the 16 bytes by keyed BLAKE2b, not by BIP 39's PBKDF2.
 */
#ifndef COUNCIL_PROTOCOL_RECOVERY_H
#define COUNCIL_PROTOCOL_RECOVERY_H

#include "protocol/member.h"

enum {
    COUNCIL_PHRASE_WORDS = 12,
    COUNCIL_PHRASE_MAX = 12 * 9,
    COUNCIL_ENTROPY_BYTES = 16
};

/* The phrase of `entropy`: words separated by single spaces, NUL-terminated. Wipe after use. */
void council_phrase_encode(char out[COUNCIL_PHRASE_MAX],
                           const uint8_t entropy[COUNCIL_ENTROPY_BYTES]);

/*
 * Reads a phrase; letters of either case, any run of spaces, tabs or line ends between words; a word may be shortened to its first four letters. WRONG_WORD with
 * `*word` (1..12) naming the first bad word, WRONG_PHRASE for a wrong count or checksum (`*word` is then 0).
 */
COUNCIL_MUST_USE enum council_error council_phrase_decode(uint8_t entropy[COUNCIL_ENTROPY_BYTES],
                                                          const char *phrase, uint32_t len,
                                                          uint32_t *word);

/* sign seed = H_entropy(P("council/v1/recovery-sign")), box secret = H_entropy(P("council/v1/recovery-box")). Wipe after use. */
void council_recovery_secrets(struct council_secrets *out,
                              const uint8_t entropy[COUNCIL_ENTROPY_BYTES]);

#endif
