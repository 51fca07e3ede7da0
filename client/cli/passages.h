/*
 * passages.h - what a home does and says by itself when a council merges or was closed.
 */
#ifndef COUNCIL_CLIENT_CLI_PASSAGES_H
#define COUNCIL_CLIENT_CLI_PASSAGES_H

#include "client/cli/cli.h"

/* Looks at every council: does what merges ask of this member, and where `tell` says which councils are closed. Errors are said, and tried again by the next command. */
void cli_passages(struct cli *cli, bool tell);

/* The same while a command stays: only when something came that may matter. */
enum {
    CLI_PASSAGES_LOGS_MAX = 64
};
struct cli_passages_watch {
    bool looked; /* the first look is at everything */
    uint64_t looked_ms;
    uint32_t count;
    uint8_t logs[CLI_PASSAGES_LOGS_MAX][COUNCIL_KEY_BYTES];
    uint64_t seqs[CLI_PASSAGES_LOGS_MAX];
};
void cli_passages_step(struct cli *cli, struct cli_passages_watch *watch);

/* One line that says that a council is closed, by whom, and how to keep it; nothing for an open one. */
void cli_say_closed(const struct cli *cli, const struct cli_council *council);

/* Does what the open merges of one council ask of this member (merge_duty.c). Entries may be written: the council is stale after. */
void cli_merge_duty(struct cli *cli, const struct cli_council *council);

/* The name under which a proposer's home keeps a link that it was given. */
enum {
    CLI_MERGE_DRAFT_CHARS = 8 + COUNCIL_ID_CHARS + 1
};
void cli_merge_draft_name(const uint8_t id[COUNCIL_ID_BYTES], char out[CLI_MERGE_DRAFT_CHARS]);

#endif
