/*
 * read.c - what the home holds, for callers: its logs, the folded councils, entries with their content.
 *
 * Must not know how anything came to be stored. Invariant: no lock is held while a caller's function runs.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

const struct council *client_council(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct sync_replica *replica = session_replica(client, log);

    return replica != NULL && replica->state.type == COUNCIL_LOG_IS_COUNCIL
               ? &replica->state.council
               : NULL;
}

void client_safety(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                   char out[COUNCIL_SAFETY_CHARS + 1])
{
    const struct council *council = client_council(client, log);

    out[0] = '\0';
    if (council != NULL)
        council_safety_number(out, log, council->control, council->control_head);
}

static bool is_member(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    const struct council *council = client_council(client, log);
    const struct council_person *self =
        council == NULL ? NULL : council_person(council, client->me.member);

    return self != NULL && self->member;
}

enum council_error client_logs(struct client *client, struct client_log_info **out, uint32_t *count)
{
    struct row_log *rows = NULL;
    uint32_t row_count = 0;
    enum council_error error = rows_logs(&client->home, &rows, &row_count);

    *out = NULL;
    *count = 0;
    if (error == COUNCIL_OK)
        *out = calloc(row_count + 1, sizeof **out);
    if (error == COUNCIL_OK && *out == NULL)
        error = COUNCIL_E_NO_MEMORY;
    for (uint32_t type = ROWS_COUNCIL; type <= ROWS_JOURNAL && error == COUNCIL_OK; type++) {
        for (uint32_t i = 0; i < row_count; i++) {
            struct client_log_info *info = &(*out)[*count];

            if (rows[i].type != type)
                continue;
            memcpy(info->log, rows[i].log, COUNCIL_KEY_BYTES);
            info->journal = type == ROWS_JOURNAL;
            info->member = is_member(client, rows[i].log);
            info->seq = rows[i].seq;
            info->stopped = rows[i].stopped;
            info->recovering = offered_waits(client, rows[i].log, &info->waiting);
            (*count)++;
        }
    }
    free(rows);
    return client_home_failed(client, error);
}

enum council_error client_member_stopped(struct client *client)
{
    struct row_log row;
    bool found = false;
    enum council_error error = rows_log(&client->home, client->me.member, &row, &found);

    return error == COUNCIL_OK && found ? row.stopped : error;
}

/* False: the caller wants no more. */
static bool give(struct client *client, const struct row_log *log, const struct row_entry *row,
                 bool (*each)(void *ctx, const struct client_post *post), void *ctx,
                 enum council_error *error)
{
    struct council_entry entry;
    json_t *content = NULL;

    *error = council_entry_parse(&entry, row->text, row->len);
    if (*error != COUNCIL_OK) {
        *error = COUNCIL_E_HOME_DAMAGED;
        return false;
    }
    struct client_post post = {
        .log = log->log,
        .seq = row->seq,
        .at = entry.at,
        .received = row->received,
        .entry = &entry,
        .erased = row->erased,
    };

    post.unreadable = post_open(client, &entry, row->data, row->data_len, &content);
    post.content = content;
    bool more = each(ctx, &post);

    json_decref(content);
    council_entry_fini(&entry);
    return more;
}

enum council_error client_read(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES],
                               uint64_t after,
                               bool (*each)(void *ctx, const struct client_post *post), void *ctx)
{
    struct row_log row;
    bool found = false;
    bool more = true;
    struct row_slice *slice = calloc(1, sizeof *slice);
    enum council_error error =
        slice == NULL ? COUNCIL_E_NO_MEMORY : rows_log(&client->home, log, &row, &found);

    if (error == COUNCIL_OK && !found)
        error = COUNCIL_E_NO_COUNCIL;
    while (error == COUNCIL_OK && more && after < row.seq) {
        error = rows_slice(&client->home, HOME_ENTRY_AFTER, &row, after, row.seq, slice);
        more = slice->count > 0;
        for (uint32_t i = 0; i < slice->count && error == COUNCIL_OK && more; i++) {
            after = slice->entries[i].seq;
            more = give(client, &row, &slice->entries[i], each, ctx, &error);
        }
        rows_slice_fini(slice);
    }
    free(slice);
    return client_home_failed(client, error);
}
