/*
 * meeting.h - what the commands of a meeting share: doing something in it, entering it, showing it.
 *
 * What may be done and how is client/model/meeting_act.h's; this submits it and says how it went. Knows the terminal only as printing: the full-screen
 * room uses the acts themselves.
 */
#ifndef COUNCIL_CLIENT_CLI_MEETING_H
#define COUNCIL_CLIENT_CLI_MEETING_H

#include "client/cli/coming.h"
#include "client/model/meeting_act.h"

/* ---- doing (meeting_enter.c) ---- */

/* This member's view of a council. Borrows from both. */
struct meeting_view meeting_view(const struct cli *cli, const struct cli_council *c);
/*
 * Submits what an act made (its intent is taken), or prints why there is none (`error`, `fault`). The council is read anew. CLI_OK, or an exit code. `*seq` may be NULL.
 */
int meeting_submit(struct cli *cli, struct cli_council *c, enum council_error error,
                   struct meeting_act *act, const struct content_fault *fault, uint64_t *seq);
/* Says that the author is there, once a meeting; nothing where none is open. CLI_OK, or an exit code. */
int meeting_enter(struct cli *cli, struct cli_council *c);
/* A check-in that is made while a meeting is open is that meeting's: sets its field. */
void meeting_tag(const struct cli_council *c, json_t *checkin);

/* ---- showing (meeting_show.c, meeting_json.c) ---- */

/* A meeting as it stands at the server's time, as text or as a line of JSON. */
void meeting_print(struct cli *cli, const struct cli_council *c,
                   const struct model_meeting *meeting);
/* The same as an object; owned. */
json_t *meeting_json(struct cli *cli, const struct cli_council *c,
                     const struct model_meeting *meeting);
/* The queue for the hot seat, as an array; owned. */
json_t *meeting_queue_json(struct cli *cli, const struct cli_council *c);
/* {"member", "name"}; owned. */
json_t *meeting_person_json(const struct cli_council *c, const uint8_t member[COUNCIL_KEY_BYTES]);
/* A name, safe for a terminal. */
void meeting_print_name(const struct cli_council *c, const uint8_t member[COUNCIL_KEY_BYTES]);
/* What became of an act: a remark, and with --json the meeting. */
void meeting_done(struct cli *cli, const struct cli_council *c, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
