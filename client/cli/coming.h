/*
 * coming.h - the meetings of a council's schedule as they will be held: moved, cancelled, in everybody's own zone.
 *
 * Times and recurrence are protocol/schedule/'s, changes the model's. Invariant: a meeting is named by its local start in the schedule,
 * also after it was moved.
 */
#ifndef COUNCIL_CLIENT_CLI_COMING_H
#define COUNCIL_CLIENT_CLI_COMING_H

#include "client/cli/cli.h"
#include "client/model/meeting.h"
#include "protocol/schedule/schedule.h"

enum {
    COMING_MAX = 128,
    COMING_GRACE_MS = 3600000, /* a meeting that began within the hour is still "next" */
    COMING_EARLY_MS = 1800000  /* it is time for a meeting half an hour before it begins */
};

/* One meeting as it will be held. */
struct coming {
    uint64_t starts;                     /* unix ms */
    char name[SCHEDULE_LOCAL_CHARS + 1]; /* local start in the schedule */
    char held[SCHEDULE_LOCAL_CHARS + 1]; /* where it was moved to, or the same */
    bool moved, cancelled;
};

/*
 * Up to `count` (at most COMING_MAX) meetings that are held, or would have been, at or after `from_ms`, in order. CLI_OK, or an exit code with the reason printed.
 */
int coming_list(struct cli *cli, const struct cli_council *c, uint64_t from_ms, uint32_t count,
                struct coming *out, uint32_t *found);
/* The first from `from_ms` on that is to be held: not cancelled, and not over already. CLI_OK, also where there is none soon, or an exit code with the reason printed. */
int coming_first(struct cli *cli, const struct cli_council *c, uint64_t from_ms, struct coming *out,
                 bool *found);
/* The next one, which may have begun within the hour. CLI_OK, or an exit code. */
int coming_next(struct cli *cli, const struct cli_council *c, struct coming *out);
/* The one that it is time for: from half an hour before its start to an hour after its end. False: none (nothing is printed). */
bool coming_now(struct cli *cli, const struct cli_council *c, struct coming *out);
/* A meeting by its name, by the time it was moved to, or the next one for "next" or NULL. CLI_OK, or an exit code. */
int coming_named(struct cli *cli, const struct cli_council *c, const char *word,
                 char out[SCHEDULE_LOCAL_CHARS + 1]);
/* Another one that is held while a meeting of `minutes` minutes at `at_ms` would be; `name` is left out. False: none. */
bool coming_clash(struct cli *cli, const struct cli_council *c, const char *name, uint64_t at_ms,
                  struct coming *out);

/* The system's own zone. False where it has none that is known. */
bool coming_own_zone(char out[SCHEDULE_ZONE_MAX + 1]);
/* The zone in which this member wants to see times: of their profile, or this machine's, or UTC. `buffer` may hold it. */
const char *coming_zone(struct cli *cli, const struct cli_council *c,
                        char buffer[SCHEDULE_ZONE_MAX + 1]);
/* Today and the week that begins with it, in the council's zone, at a time of the server. */
void coming_week(const struct cli_council *c, uint64_t now_ms, struct meeting_week *out);

#endif
