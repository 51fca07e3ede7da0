/*
 * entry_line.h - one entry as a line of text or as JSON.
 */
#ifndef COUNCIL_CLIENT_CLI_ENTRY_LINE_H
#define COUNCIL_CLIENT_CLI_ENTRY_LINE_H

#include "client/cli/cli.h"

/* "12  Mon 23 Nov 2026 18:00  Ada  note: the text", with a line end. */
void cli_entry_text(FILE *out, const struct model *model, const struct client_post *post);

/* Everything that is known of the entry, as an object; owned by the caller. */
json_t *cli_entry_json(const struct model *model, const struct client_post *post);

#endif
