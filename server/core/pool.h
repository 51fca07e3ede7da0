/*
 * pool.h - the core's part of the pool: who may ask what, and when groups are sought.
 *
 * Owns section 14 of protocol/README.md as far as calls and times go. Must not know how groups are found, nor any table. Invariant: one search at a
 * time, and each begins the limit pool-every-ms after what made it worth it: who comes meanwhile is matched together.
 */
#ifndef COUNCIL_SERVER_CORE_POOL_H
#define COUNCIL_SERVER_CORE_POOL_H

#include "server/core/state.h"

/* What a call about the pool carries to the store and back. */
struct core_pool_call {
    struct core_pool_ask ask;
    union {
        struct store_pool_person person;
        struct store_pool_refill refill;
        struct store_pool_boxes boxes;
        struct store_pool_view view;
    } u;
};

/* ---- pool_round.c ---- */

struct core_pool *core_pool_create(void); /* NULL: out of memory */
void core_pool_destroy(struct core_pool *pool);
/* Begins what is due: by the clock, or since somebody came, went, or asked. */
void core_pool_tick(struct core *core);
/* Somebody waits who did not before, or in another way. */
void core_pool_stir(struct core *core);
/* Something is due then, at the latest. */
void core_pool_due(struct core *core, uint64_t wall_ms);
/* The clock and the limits, as the store wants them. */
void core_pool_clock(const struct core *core, struct store_pool_clock *out);

/* ---- pool.c ---- */

/* pool.proposal to every device of these members. */
void core_pool_tell(struct core *core, const struct store_pool_news *news);

/* ---- pool_params.c ---- */

/* The person, refill or boxes of the params. POOL_WORD, INVALID_PARAMS; `*detail` names the field. */
enum council_error core_pool_person(const json_t *params, struct store_pool_person *out,
                                    const char **detail);
enum council_error core_pool_refill(const json_t *params, struct store_pool_refill *out,
                                    const char **detail);
enum council_error core_pool_boxes(const json_t *params, struct store_pool_boxes *out,
                                   const char **detail);

/* ---- pool_view.c ---- */

/* The fields of pool.show's result. */
void core_pool_write(struct council_frame *out, const struct store_pool_view *view,
                     const uint8_t member[STORE_ID_BYTES]);

#endif
