/*
 * What a status is called.
 */
#include "server/store/store.h"

const char *store_status_name(enum store_status status)
{
    static const char *const names[] = {
        [STORE_OK] = "ok",           [STORE_FULL] = "full",       [STORE_CONFLICT] = "conflict",
        [STORE_EXISTS] = "exists",   [STORE_REFUSED] = "refused", [STORE_NOT_FOUND] = "not found",
        [STORE_INVALID] = "invalid", [STORE_BUSY] = "busy",       [STORE_NEWER] = "newer",
        [STORE_OLDER] = "older",     [STORE_CORRUPT] = "corrupt", [STORE_NOMEM] = "out of memory",
        [STORE_IO] = "I/O error",
    };
    if ((unsigned)status >= sizeof names / sizeof names[0])
        return "unknown";
    return names[status];
}
