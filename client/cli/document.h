/*
 * document.h - naming a document on the command line, and posting a revision.
 */
#ifndef COUNCIL_CLIENT_CLI_DOCUMENT_H
#define COUNCIL_CLIENT_CLI_DOCUMENT_H

#include "client/cli/cli.h"

/* The document whose id begins with `word` (four characters or more), or NULL; a word that fits several is printed as an error (cli->failed). Borrowed. */
const struct model_document *cli_document_find(struct cli *cli, const struct cli_council *council,
                                               const char *word);

/*
 * Reads a form's fields from FILE, standard input ("-") or the editor, which begins with `start` in the form's template. `*values` is owned by the caller. CLI_OK, or an exit
 * code with the reason printed.
 */
int cli_document_read(struct cli *cli, const struct form *form, const json_t *start,
                      const char *file, json_t **values);

/* Posts one revision of a document to `log`; releases `fields`. CLI_OK, or an exit code. */
int cli_document_post(struct cli *cli, const uint8_t *log, const uint8_t *object,
                      const struct form *form, uint64_t revision, const char *title,
                      json_t *fields);

#endif
