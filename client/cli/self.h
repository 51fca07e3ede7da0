/*
 * self.h - becoming a member, as `register`, `recover` and `join` share it.
 */
#ifndef COUNCIL_CLIENT_CLI_SELF_H
#define COUNCIL_CLIENT_CLI_SELF_H

#include "client/cli/cli.h"

/* Shows the recovery phrase, or writes it to --phrase-fd. CLI_OK, or an exit code. */
int cli_show_phrase(struct cli *cli, const char *phrase);
/* --server or COUNCIL_SERVER; NULL: printed. */
const char *cli_server_url(struct cli *cli);
/* Registers in a new home and shows the phrase. CLI_OK, or an exit code. */
int cli_become(struct cli *cli, const char *url, const uint8_t *server_key);

#endif
