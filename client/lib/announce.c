/*
 * announce.c - telling a listener of every entry once it is stored, whichever process of the home stored it.
 *
 * Must not be called from inside sync: a listener may ask the client anything. Invariant: entries of a log are told in order, each once.
 */
#include "client/lib/internal.h"

#include <stdlib.h>
#include <string.h>

static struct announced *find(struct client *client, const uint8_t log[COUNCIL_KEY_BYTES])
{
    for (uint32_t i = 0; i < client->announced_count; i++) {
        if (memcmp(client->announced[i].log, log, COUNCIL_KEY_BYTES) == 0)
            return &client->announced[i];
    }
    struct announced *grown =
        realloc(client->announced, (client->announced_count + 1) * sizeof *grown);

    if (grown == NULL)
        return NULL;
    client->announced = grown;
    grown = &client->announced[client->announced_count++];
    memcpy(grown->log, log, COUNCIL_KEY_BYTES);
    grown->seq = 0;
    return grown;
}

struct telling {
    struct client *client;
    uint64_t seq;
};

static bool tell(void *ctx, const struct client_post *post)
{
    struct telling *telling = ctx;

    telling->seq = post->seq;
    telling->client->events.entry(telling->client->events.ctx, post);
    return true;
}

/* What is stored when listening begins is old: it is read, not told. */
void client_listen(struct client *client, const struct client_events *events)
{
    struct row_log *rows = NULL;
    uint32_t count = 0;

    client->events = events ? *events : (struct client_events){0};
    if (!events || rows_logs(&client->home, &rows, &count) != COUNCIL_OK)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct announced *announced = find(client, rows[i].log);

        if (announced != NULL)
            announced->seq = rows[i].seq;
    }
    free(rows);
}

void announce(struct client *client)
{
    struct row_log *rows = NULL;
    uint32_t count = 0;

    if (client->events.entry == NULL ||
        (client->stored == client->announced_stored && !client->announce_due))
        return;
    client->announced_stored = client->stored;
    client->announce_due = false;
    if (rows_logs(&client->home, &rows, &count) != COUNCIL_OK)
        return;
    for (uint32_t i = 0; i < count; i++) {
        struct announced *announced = find(client, rows[i].log);

        if (announced == NULL || announced->seq >= rows[i].seq)
            continue;
        struct telling telling = {client, announced->seq};

        if (client_read(client, rows[i].log, announced->seq, tell, &telling) != COUNCIL_OK)
            client->announce_due = true;
        announced = find(client, rows[i].log); /* the listener may have had logs added */
        if (announced != NULL)
            announced->seq = telling.seq;
    }
    free(rows);
}
