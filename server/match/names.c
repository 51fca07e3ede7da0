/*
 * names.c - the words of pool.def for what matching says.
 */
#include "server/match/match.h"
#include <stddef.h>

struct row {
    const char *name, *sentence;
};

static const struct row misses[] = {
#define POOL_MISS(symbol, name, sentence) {name, sentence},
#include "protocol/pool.def"
};
static const struct row whys[] = {
#define POOL_WHY(symbol, name, sentence) {name, sentence},
#include "protocol/pool.def"
};

const char *match_miss_name(enum match_miss miss)
{
    return (unsigned)miss < MATCH_MISS_COUNT ? misses[miss].name : NULL;
}

const char *match_miss_sentence(enum match_miss miss)
{
    return (unsigned)miss < MATCH_MISS_COUNT ? misses[miss].sentence : NULL;
}

const char *match_why_name(enum match_why why)
{
    return (unsigned)why < MATCH_WHY_COUNT ? whys[why].name : NULL;
}

const char *match_why_sentence(enum match_why why)
{
    return (unsigned)why < MATCH_WHY_COUNT ? whys[why].sentence : NULL;
}
