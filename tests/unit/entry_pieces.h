/*
 * entry_pieces.h - pieces of entries as characters, for tests that put texts together without the writer under test.
 */
#ifndef COUNCIL_TESTS_ENTRY_PIECES_H
#define COUNCIL_TESTS_ENTRY_PIECES_H

#include "protocol/entry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* base64url of 16, 32, 64 and 80 zero bytes; and of 32 bytes that are greater, in two steps */
#define A10  "AAAAAAAAAA"
#define ID   A10 A10 "AA"
#define KEY  A10 A10 A10 A10 "AAA"
#define KEY2 "B" A10 A10 A10 A10 "AA"
#define KEY3 "_" A10 A10 A10 A10 "AA"
#define SIG  A10 A10 A10 A10 A10 A10 A10 A10 "AAAAAA"
#define BOX  A10 A10 A10 A10 A10 A10 A10 A10 A10 A10 "AAAAAAA"

#define SEEN     "\"seen\":{\"head\":\"" KEY "\",\"seq\":7}"
#define RECOVERY "{\"box\":\"" KEY "\",\"sig\":\"" SIG "\",\"sign\":\"" KEY "\"}"
#define FOUND_BODY                                                                               \
    "{\"chain\":[{\"sig\":\"" SIG "\",\"text\":\"e30\"}],\"history\":\"all\",\"pace\":\"slow\"," \
    "\"size\":6,\"type\":\"council\"}"
/* An entry of `kind` with this body, of every other field that the kind needs. */
static inline char *pieces_entry(const char *kind, const char *body)
{
    enum council_kind found = council_kind_find(kind, (uint32_t)strlen(kind));
    if (found == COUNCIL_KIND_COUNT) {
        abort();
    }
    bool genesis = council_kind_has(found, COUNCIL_FLAG_GENESIS);
    char *text = NULL;
    int len = asprintf(&text,
                       "{\"at\":1,%s\"body\":%s,\"device\":\"" KEY "\",\"id\":\"" ID
                       "\",\"kind\":\"%s\",%s%s%s\"v\":1}",
                       found == COUNCIL_KIND_MEMBER_CREATE ? "" : "\"author\":\"" KEY "\",", body,
                       kind, genesis ? "" : "\"log\":\"" KEY "\",",
                       council_kind_has(found, COUNCIL_FLAG_SEALED)
                           ? "\"sealed\":{\"epoch\":3,\"hash\":\"" KEY "\"},"
                           : "",
                       genesis ? "" : SEEN ",");
    if (len <= 0) {
        abort();
    }
    return text;
}

#endif
