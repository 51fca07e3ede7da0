/*
 * follow.c - the pairs of session and log: made, found, ended. See hub.h.
 */
#include <stdlib.h>

#include "server/core/hub.h"
#include "server/core/logs.h"

struct core_follow *core_follow_find(const struct core_conn *conn, const struct core_log *log)
{
    for (struct core_follow *f = conn->follows; f != NULL; f = f->conn_next) {
        if (f->log == log) {
            return f;
        }
    }
    return NULL;
}

struct core_follow *core_follow_make(struct core *core, struct core_conn *conn,
                                     struct core_log *log, enum council_error *error)
{
    struct core_follow *follow = core_follow_find(conn, log);
    if (follow != NULL) {
        return follow;
    }
    *error = COUNCIL_E_QUOTA;
    if (conn->follow_count >= core->limits.subscriptions) {
        return NULL;
    }
    *error = COUNCIL_E_INTERNAL;
    follow = calloc(1, sizeof *follow);
    if (follow == NULL) {
        return NULL;
    }
    follow->conn = conn;
    follow->log = log;
    follow->conn_next = conn->follows;
    if (conn->follows != NULL) {
        conn->follows->conn_prev = follow;
    }
    conn->follows = follow;
    conn->follow_count++;
    follow->log_next = log->follows;
    if (log->follows != NULL) {
        log->follows->log_prev = follow;
    }
    log->follows = follow;
    return follow;
}

void core_follow_set_live(struct core_follow *follow, bool live)
{
    bool was_behind = follow->subscribed && !follow->live;
    follow->live = live;
    bool is_behind = follow->subscribed && !live;
    if (is_behind && !was_behind) {
        follow->conn->behind++;
    } else if (was_behind && !is_behind) {
        follow->conn->behind--;
    }
}

static void drop(struct core *core, struct core_follow *follow)
{
    struct core_conn *conn = follow->conn;
    struct core_log *log = follow->log;
    if (follow->conn_prev != NULL) {
        follow->conn_prev->conn_next = follow->conn_next;
    } else {
        conn->follows = follow->conn_next;
    }
    if (follow->conn_next != NULL) {
        follow->conn_next->conn_prev = follow->conn_prev;
    }
    if (follow->log_prev != NULL) {
        follow->log_prev->log_next = follow->log_next;
    } else {
        log->follows = follow->log_next;
    }
    if (follow->log_next != NULL) {
        follow->log_next->log_prev = follow->log_prev;
    }
    conn->follow_count--;
    free(follow);
    core_log_settle(core, log);
}

void core_follow_settle(struct core *core, struct core_follow *follow)
{
    if (!follow->subscribed && !follow->present && !follow->spoken) {
        drop(core, follow);
    }
}

void core_follow_unsubscribe(struct core *core, struct core_follow *follow)
{
    core_follow_set_live(follow, true); /* it waits for no backlog */
    follow->subscribed = false;
    follow->live = false;
    core_follow_settle(core, follow);
}

void core_follow_drop_all(struct core *core, struct core_conn *conn)
{
    struct core_follow *next = NULL;
    for (struct core_follow *follow = conn->follows; follow != NULL; follow = next) {
        next = follow->conn_next;
        follow->subscribed = follow->spoken = false;
        if (follow->present) {
            core_presence_end(core, follow);
        } else {
            drop(core, follow);
        }
    }
}
