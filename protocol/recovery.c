/*
 * recovery.c - the recovery phrase: 128 bits and a 4-bit checksum as twelve words, and the keys made of them.
 *
 * Owns README.md section 8. A person types this from paper, so reading is forgiving in form (case, blanks, shortened words) and says which word is
 * wrong, but never guesses. Letters are compared as ASCII, without locale. What is derived from the phrase is wiped on every path.
 */
#include "protocol/recovery.h"
#include "protocol/recovery_words.h"
#include <sodium.h>
#include <string.h>

enum {
    WORD_BITS = 11,
    ENTROPY_BITS = COUNCIL_ENTROPY_BYTES * 8,
    SHORTEST = 4
};

/* The entropy followed by the byte of which the first four bits are the checksum (BIP 39). */
static void with_checksum(uint8_t out[COUNCIL_ENTROPY_BYTES + 1],
                          const uint8_t entropy[COUNCIL_ENTROPY_BYTES])
{
    uint8_t digest[crypto_hash_sha256_BYTES];
    crypto_hash_sha256(digest, entropy, COUNCIL_ENTROPY_BYTES);
    memcpy(out, entropy, COUNCIL_ENTROPY_BYTES);
    out[COUNCIL_ENTROPY_BYTES] = digest[0] & 0xf0;
    sodium_memzero(digest, sizeof(digest));
}

static uint32_t bit_at(const uint8_t *bytes, uint32_t bit)
{
    return (uint32_t)(bytes[bit / 8] >> (7 - bit % 8)) & 1;
}

void council_phrase_encode(char out[COUNCIL_PHRASE_MAX],
                           const uint8_t entropy[COUNCIL_ENTROPY_BYTES])
{
    uint8_t bits[COUNCIL_ENTROPY_BYTES + 1];
    with_checksum(bits, entropy);
    uint32_t len = 0;
    for (uint32_t word = 0; word < COUNCIL_PHRASE_WORDS; word++) {
        uint32_t index = 0;
        for (uint32_t bit = word * WORD_BITS; bit < (word + 1) * WORD_BITS; bit++)
            index = index << 1 | bit_at(bits, bit);
        if (word > 0)
            out[len++] = ' ';
        size_t n = strlen(council_recovery_words[index]);
        memcpy(out + len, council_recovery_words[index], n);
        len += (uint32_t)n;
    }
    out[len] = '\0';
    sodium_memzero(bits, sizeof(bits));
}

static char lower(char c)
{
    if (c >= 'A' && c <= 'Z')
        return (char)(c - 'A' + 'a');
    return c;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The index of a word of `len` lower-case letters, whole or shortened to its first four; COUNCIL_RECOVERY_WORDS where there is none. */
static uint32_t find_word(const char *word, uint32_t len)
{
    uint32_t i = 0;
    for (; i < COUNCIL_RECOVERY_WORDS; i++) {
        const char *candidate = council_recovery_words[i];
        bool whole = strlen(candidate) == len;
        if ((whole || len == SHORTEST) && strncmp(candidate, word, len) == 0)
            break;
    }
    return i;
}

/* Takes the next word of the phrase at `*at`, lower-cased; its length, 0 at the end, more than any word's where it is too long. */
static uint32_t next_word(char out[COUNCIL_RECOVERY_WORD_MAX + 1], const char *phrase, uint32_t len,
                          uint32_t *at)
{
    uint32_t n = 0;
    while (*at < len && is_blank(phrase[*at]))
        (*at)++;
    for (; *at < len && !is_blank(phrase[*at]); (*at)++, n++) {
        if (n < COUNCIL_RECOVERY_WORD_MAX)
            out[n] = lower(phrase[*at]);
    }
    out[n < COUNCIL_RECOVERY_WORD_MAX ? n : COUNCIL_RECOVERY_WORD_MAX] = '\0';
    return n;
}

/* Every word before the count and the checksum: a person is told of the first wrong word even if others are missing. */
static enum council_error read_words(uint8_t bits[COUNCIL_ENTROPY_BYTES + 1], const char *phrase,
                                     uint32_t len, uint32_t *bad)
{
    char word[COUNCIL_RECOVERY_WORD_MAX + 1];
    uint32_t at = 0, count = 0;
    enum council_error error = COUNCIL_OK;
    memset(bits, 0, COUNCIL_ENTROPY_BYTES + 1);
    for (uint32_t n; error == COUNCIL_OK && (n = next_word(word, phrase, len, &at)) > 0; count++) {
        uint32_t index =
            n <= COUNCIL_RECOVERY_WORD_MAX ? find_word(word, n) : COUNCIL_RECOVERY_WORDS;
        if (count == COUNCIL_PHRASE_WORDS) {
            error = COUNCIL_E_WRONG_PHRASE;
        } else if (index == COUNCIL_RECOVERY_WORDS) {
            *bad = count + 1;
            error = COUNCIL_E_WRONG_WORD;
        } else {
            for (uint32_t bit = 0; bit < WORD_BITS; bit++) {
                uint32_t to = count * WORD_BITS + bit;
                bits[to / 8] |= (uint8_t)((index >> (WORD_BITS - 1 - bit) & 1) << (7 - to % 8));
            }
        }
    }
    sodium_memzero(word, sizeof(word));
    if (error == COUNCIL_OK && count != COUNCIL_PHRASE_WORDS)
        error = COUNCIL_E_WRONG_PHRASE;
    return error;
}

enum council_error council_phrase_decode(uint8_t entropy[COUNCIL_ENTROPY_BYTES], const char *phrase,
                                         uint32_t len, uint32_t *word)
{
    uint8_t given[COUNCIL_ENTROPY_BYTES + 1], right[COUNCIL_ENTROPY_BYTES + 1];
    *word = 0;
    enum council_error error = read_words(given, phrase, len, word);
    if (error == COUNCIL_OK) {
        with_checksum(right, given);
        if (given[COUNCIL_ENTROPY_BYTES] == right[COUNCIL_ENTROPY_BYTES])
            memcpy(entropy, given, COUNCIL_ENTROPY_BYTES);
        else
            error = COUNCIL_E_WRONG_PHRASE;
        sodium_memzero(right, sizeof(right));
    }
    sodium_memzero(given, sizeof(given));
    return error;
}

void council_recovery_secrets(struct council_secrets *out,
                              const uint8_t entropy[COUNCIL_ENTROPY_BYTES])
{
    uint8_t sign[COUNCIL_SEED_BYTES], box[COUNCIL_SEED_BYTES];
    council_hash_p_keyed(sign, entropy, COUNCIL_ENTROPY_BYTES, "council/v1/recovery-sign", NULL, 0);
    council_hash_p_keyed(box, entropy, COUNCIL_ENTROPY_BYTES, "council/v1/recovery-box", NULL, 0);
    council_secrets_from_seeds(out, sign, box);
    sodium_memzero(sign, sizeof(sign));
    sodium_memzero(box, sizeof(box));
}
