/*
 * feed.c - the addresses of calendar feeds. See feed.h.
 */
#include "protocol/feed.h"

#include <string.h>

void council_feed_hash(uint8_t out[COUNCIL_HASH_BYTES], const uint8_t secret[COUNCIL_SEED_BYTES])
{
    const struct council_field fields[] = {COUNCIL_FN(secret, COUNCIL_SEED_BYTES)};
    council_hash_p(out, "council/v1/feed", fields, 1);
}

void council_feed_uid(uint8_t out[COUNCIL_FEED_UID_BYTES], const uint8_t whose[COUNCIL_KEY_BYTES],
                      const uint8_t log[COUNCIL_KEY_BYTES])
{
    uint8_t hash[COUNCIL_HASH_BYTES];
    const struct council_field fields[] = {COUNCIL_FN(whose, COUNCIL_KEY_BYTES),
                                           COUNCIL_FN(log, COUNCIL_KEY_BYTES)};
    council_hash_p(hash, "council/v1/calendar", fields, 2);
    memcpy(out, hash, COUNCIL_FEED_UID_BYTES);
}

void council_feed_path(char out[COUNCIL_FEED_PATH_CHARS + 1],
                       const uint8_t secret[COUNCIL_SEED_BYTES])
{
    const size_t before = sizeof(COUNCIL_FEED_PATH) - 1;
    memcpy(out, COUNCIL_FEED_PATH, before);
    council_b64_encode_secret(out + before, secret, COUNCIL_SEED_BYTES);
    memcpy(out + before + COUNCIL_KEY_CHARS, COUNCIL_FEED_SUFFIX, sizeof(COUNCIL_FEED_SUFFIX));
}

bool council_feed_path_read(uint8_t secret[COUNCIL_SEED_BYTES], const char *path, uint32_t len)
{
    const size_t before = sizeof(COUNCIL_FEED_PATH) - 1;
    return len == COUNCIL_FEED_PATH_CHARS && memcmp(path, COUNCIL_FEED_PATH, before) == 0 &&
           memcmp(path + before + COUNCIL_KEY_CHARS, COUNCIL_FEED_SUFFIX,
                  sizeof(COUNCIL_FEED_SUFFIX) - 1) == 0 &&
           council_b64_decode_secret(secret, COUNCIL_SEED_BYTES, path + before, COUNCIL_KEY_CHARS);
}
