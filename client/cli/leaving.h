/*
 * leaving.h - going without leaving anybody without a moderator: shared by handover, leave and landed.
 */
#ifndef COUNCIL_CLIENT_CLI_LEAVING_H
#define COUNCIL_CLIENT_CLI_LEAVING_H

#include "client/cli/cli.h"

/* The person of this home in the council, or NULL where they are no member (any more). Borrowed until the next submit. */
const struct council_person *cli_self(struct cli *cli, const struct cli_council *council);

/* CLI_OK for a moderator; else NOT_MEMBER or NOT_MODERATOR is printed. */
int cli_must_moderate(struct cli *cli, const struct cli_council *council);

/*
 * What must be known before somebody leaves: `word` (may be NULL) names a successor. Asks for one at the terminal where the last moderator named none. `member` is
 * written where there is one, and `*named` says so. Changes nothing. CLI_OK, or an exit code with the reason printed.
 */
int cli_successor(struct cli *cli, const struct cli_council *council, const char *word,
                  uint8_t member[COUNCIL_KEY_BYTES], bool *named);

/* Makes the member moderator; nothing where they are one already, so that it can be repeated. */
int cli_promote(struct cli *cli, const struct cli_council *council,
                const uint8_t member[COUNCIL_KEY_BYTES]);

/* Leaves, after the successor (NULL: none) was made moderator. What was refused changed nothing but that. */
int cli_leave_now(struct cli *cli, const struct cli_council *council, const uint8_t *successor);

#endif
