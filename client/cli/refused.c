/*
 * refused.c - what a member wrote and the council or the server did not take, after the command that wrote it had ended.
 *
 * Must not decide what is refused: libcouncil has kept it with its reason. Invariant: nothing that was written disappears without being shown.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/cli.h"

enum {
    SHOWN_MAX = 64
};

struct refusals {
    uint64_t items[SHOWN_MAX];
    struct client_item states[SHOWN_MAX];
    uint32_t count;
};

static bool collect(void *ctx, uint64_t item, const struct client_item *state)
{
    struct refusals *r = ctx;
    if (state->state != CLIENT_ITEM_FAILED)
        return true;
    r->items[r->count] = item;
    r->states[r->count++] = *state;
    return r->count < SHOWN_MAX;
}

uint32_t cli_refused_count(struct cli *cli)
{
    struct refusals r = {0};
    return client_outbox(cli->client, collect, &r) ? 0 : r.count;
}

/* The words of a post, for whoever wants to write them again; NULL for what has none. */
static const char *text_of(const json_t *content)
{
    const char *text = json_string_value(json_object_get(content, "text"));
    return text ? text : json_string_value(json_object_get(content, "name"));
}

static void show(struct cli *cli, const struct client_item *state, const json_t *intent,
                 json_t *list)
{
    const struct council_error_info *info = council_error_info(state->error);
    const char *kind = council_kind_info(state->kind)->name;
    json_t *content = json_object_get(intent, "content");
    const char *type = json_string_value(json_object_get(content, "type"));
    if (cli->json) {
        json_array_append_new(list, json_pack("{s:o, s:s, s:s, s:O*}", "log",
                                              cli_json_bytes(state->log, COUNCIL_KEY_BYTES), "kind",
                                              kind, "error", info->name, "content", content));
        return;
    }
    char log[COUNCIL_KEY_CHARS + 1];
    council_b64_encode(log, state->log, COUNCIL_KEY_BYTES);
    printf("Refused in %.8s, ", log);
    cli_print_text(stdout, type ? type : kind, "");
    printf(": %s %s\n", info->what, info->next);
    char *fields = NULL;
    const char *text = text_of(content);
    if (content && !text) /* a document's fields, a check-in's promises: all of it */
        text = fields = json_dumps(content, JSON_COMPACT);
    if (text) {
        printf("    ");
        cli_print_text(stdout, text, "    ");
        printf("\n");
    }
    free(fields);
}

int cli_refused_show(struct cli *cli, json_t *list, bool forget)
{
    struct refusals r = {0};
    enum council_error error = client_outbox(cli->client, collect, &r);
    for (uint32_t i = 0; !error && i < r.count; i++) {
        json_t *intent = NULL;
        error = client_item_intent(cli->client, r.items[i], &intent);
        if (!error)
            show(cli, &r.states[i], intent, list);
        json_decref(intent);
        if (!error && forget)
            error = client_item_drop(cli->client, r.items[i]);
    }
    if (error)
        return cli_fail(cli, error);
    if (r.count && !cli->json && !forget)
        printf("`council status --forget` forgets what was refused.\n");
    return CLI_OK;
}
