/*
 * disk.c - what the host's parts stand on: queues of jobs, and the store as the verdict looks at it or a crash leaves it.
 *
 * Must not know when anything happens. Invariant: a copied store shares nothing with the other.
 */
#include "tests/sim/host.h"

void sim_queue_push(struct sim_queue *queue, struct core_job *job)
{
    job->next = NULL;
    if (queue->first == NULL) {
        queue->first = job;
    } else {
        queue->last->next = job;
    }
    queue->last = job;
}

struct core_job *sim_queue_pop(struct sim_queue *queue)
{
    struct core_job *job = queue->first;
    if (job != NULL) {
        queue->first = job->next;
        job->next = NULL;
    }
    return job;
}

const struct core_fake_log *sim_stored(struct sim *sim, const uint8_t log[COUNCIL_KEY_BYTES])
{
    return core_fake_log(&sim->host->store, log);
}

void sim_store_copy(struct core_fake_store *to, const struct core_fake_store *from)
{
    core_fake_store_fini(to);
    *to = *from;
    for (uint32_t i = 0; i < to->log_count; i++) {
        struct core_fake_log *log = &to->logs[i];
        log->entries = sim_copy(from->logs[i].entries, log->size * sizeof *log->entries);
        for (uint32_t k = 0; k < log->count; k++) {
            struct store_entry *entry = &log->entries[k];
            entry->text = sim_copy(entry->text, entry->text_len);
            entry->data = sim_copy(entry->data, entry->data_len);
        }
    }
}
