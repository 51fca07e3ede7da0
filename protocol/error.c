/*
 * error.c - the rows of errors.def, by symbol, wire code and name.
 *
 * Owns the lookup and nothing else; knows nobody who reports an error.
 */
#include "protocol/error.h"

#include <stddef.h>
#include <string.h>

static const struct council_error_info ok = {0,     "ok",         COUNCIL_CLASS_VALID,
                                             false, "It worked.", "Nothing is to be done."};

static const struct council_error_info infos[COUNCIL_ERROR_COUNT] = {
#define COUNCIL_ERROR(symbol, code, name, class, closes, what, next) \
    [COUNCIL_E_##symbol] = {code, name, COUNCIL_CLASS_##class, (closes) != 0, what, next},
#include "protocol/errors.def"
#undef COUNCIL_ERROR
};

const struct council_error_info *council_error_info(enum council_error error)
{
    if (error == COUNCIL_OK) {
        return &ok;
    }
    if ((unsigned)error >= COUNCIL_ERROR_COUNT) {
        return &infos[COUNCIL_E_INTERNAL];
    }
    return &infos[error];
}

const char *council_error_name(enum council_error error)
{
    return council_error_info(error)->name;
}

enum council_error council_error_from_code(int code)
{
    for (unsigned e = 1; e < COUNCIL_ERROR_COUNT; e++) {
        if (infos[e].code == code) {
            return (enum council_error)e;
        }
    }
    return COUNCIL_E_INTERNAL;
}

enum council_error council_error_from_name(const char *name)
{
    for (unsigned e = 1; e < COUNCIL_ERROR_COUNT; e++) {
        if (strcmp(infos[e].name, name) == 0) {
            return (enum council_error)e;
        }
    }
    return COUNCIL_E_INTERNAL;
}
