/*
 * frame.c - counted, immutable messages. See frame.h.
 */
#include "server/core/frame.h"

#include <stdlib.h>

#include "protocol/rpc.h"

struct core_frame *core_frame_create(struct council_frame *written)
{
    struct core_frame *frame = malloc(sizeof *frame);
    if (frame == NULL) {
        return NULL;
    }
    uint32_t len = 0;
    char *buffer = council_frame_take(written, &len);
    if (buffer == NULL) {
        free(frame);
        return NULL;
    }
    /* A frame may wait long in many queues: what the writer's growth left over goes back. */
    char *fitted = realloc(buffer, (size_t)CORE_FRAME_HEADROOM + len);
    *frame = (struct core_frame){
        .refs = 1, .len = len, .header_len = 0, .buffer = fitted != NULL ? fitted : buffer};
    return frame;
}

struct core_frame *core_frame_ref(struct core_frame *frame)
{
    frame->refs++;
    return frame;
}

void core_frame_unref(struct core_frame *frame)
{
    if (frame == NULL || --frame->refs > 0) {
        return;
    }
    free(frame->buffer);
    free(frame);
}
