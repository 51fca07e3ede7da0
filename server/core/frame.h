/*
 * frame.h - one message on its way out: immutable, counted, serialised once however many receive it.
 *
 * Owns the bytes of a message and who still needs them. Must not know sessions or sockets. Invariant: the text never
 * changes after creation; only the header in front of it is filled in, once, by whoever writes to sockets.
 * Counted without locks: frames stay on the loop's thread.
 */
#ifndef COUNCIL_SERVER_CORE_FRAME_H
#define COUNCIL_SERVER_CORE_FRAME_H

#include <stdint.h>

struct council_frame;

/* Bytes kept free in front of the text: the longest header of an unmasked WebSocket frame (RFC 6455 section 5.2). */
#define CORE_FRAME_HEADROOM 10u

struct core_frame {
    uint32_t refs;
    uint32_t len;        /* bytes of text */
    uint32_t header_len; /* bytes of header right before the text; 0 until somebody built it */
    char *buffer;        /* owned: CORE_FRAME_HEADROOM bytes, then the text */
};

/* Takes what was written (with CORE_FRAME_HEADROOM bytes of reserve) and leaves `written` empty. One reference, the
 * caller's. NULL: out of memory, `written` is as before. */
struct core_frame *core_frame_create(struct council_frame *written);

struct core_frame *core_frame_ref(struct core_frame *frame);
/* NULL is fine. */
void core_frame_unref(struct core_frame *frame);

static inline char *core_frame_text(const struct core_frame *frame)
{
    return frame->buffer + CORE_FRAME_HEADROOM;
}

/* Where header and text begin; header_len + len bytes belong on the wire. */
static inline char *core_frame_start(const struct core_frame *frame)
{
    return frame->buffer + CORE_FRAME_HEADROOM - frame->header_len;
}

#endif
