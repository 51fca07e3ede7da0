/*
 * document.h - naming a document on the command line.
 */
#ifndef COUNCIL_CLIENT_CLI_DOCUMENT_H
#define COUNCIL_CLIENT_CLI_DOCUMENT_H

#include "client/cli/cli.h"

/* The document whose id begins with `word` (four characters or more), or NULL; a word that fits several is printed as an error (cli->failed). Borrowed. */
const struct model_document *cli_document_find(struct cli *cli, const struct cli_council *council,
                                               const char *word);

#endif
