/*
 * none.c - stands in for matching where that is not built: nobody is matched with anybody.
 */
#include "server/match/match.h"

#include <stdlib.h>

enum council_error match_run(const struct match_input *input, struct match_result **out)
{
    (void)input;
    *out = calloc(1, sizeof **out);
    return *out != NULL ? COUNCIL_OK : COUNCIL_E_NO_MEMORY;
}

void match_destroy(struct match_result *result)
{
    free(result);
}

bool match_can_attend(const uint8_t hours[MATCH_HOURS_BYTES],
                      const struct schedule_offsets *person_zone,
                      const struct schedule_offsets *zone, struct match_slot slot, int64_t from_s,
                      int64_t until_s)
{
    (void)hours;
    (void)person_zone;
    (void)zone;
    (void)slot;
    (void)from_s;
    (void)until_s;
    return false;
}
