/*
 * council_block.c - key blocks: that one brings the next epoch to exactly those who may read after
 * it.
 *
 * Owns README.md section 6.2 (and the order of `to` keys in a key.history). What is inside a box is
 * no matter of validity: keys.c looks there.
 */
#include "protocol/council_internal.h"

#include <string.h>

/* Reads the key to which box `box` goes. */
static bool read_to(const struct council_text *text, uint32_t box, uint8_t to[COUNCIL_KEY_BYTES])
{
    uint32_t value = council_text_get(text, box, "to");
    return value != 0 && council_text_bytes(text, value, to, COUNCIL_KEY_BYTES);
}

static bool has_box_for(const struct council_text *text, uint32_t boxes,
                        const uint8_t device[COUNCIL_KEY_BYTES])
{
    uint32_t box = council_text_first(text, boxes);
    for (uint32_t i = 0; i < text->values[boxes].count; i++) {
        uint8_t to[COUNCIL_KEY_BYTES];
        if (read_to(text, box, to) && memcmp(to, device, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
        box = text->values[box].next;
    }
    return false;
}

enum council_error council_boxes_check(const struct council_entry *entry, uint32_t boxes,
                                       const struct council_device *recipients, uint32_t count)
{
    const struct council_text *text = &entry->text;
    if (text->values[boxes].count != count) {
        return COUNCIL_E_WRONG_RECIPIENTS;
    }
    uint32_t box = council_text_first(text, boxes);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t to[COUNCIL_KEY_BYTES];
        bool twice =
            i > 0 && memcmp(recipients[i - 1].sign, recipients[i].sign, COUNCIL_KEY_BYTES) == 0;
        if (twice || !read_to(text, box, to) ||
            memcmp(to, recipients[i].sign, COUNCIL_KEY_BYTES) != 0) {
            return COUNCIL_E_WRONG_RECIPIENTS;
        }
        box = text->values[box].next;
    }
    return COUNCIL_OK;
}

enum council_error council_block_check(const struct council *council,
                                       const struct council_step *step)
{
    const struct council_entry *entry = step->entry;
    struct council_device recipients[COUNCIL_RECIPIENTS_MAX];
    uint32_t count;
    uint32_t block = council_body_get(entry, "block");
    uint32_t epoch = block ? council_text_get(&entry->text, block, "epoch") : 0;
    uint32_t boxes = block ? council_text_get(&entry->text, block, "boxes") : 0;
    if (epoch == 0 || boxes == 0) {
        return COUNCIL_E_BAD_FIELD;
    }
    if (entry->text.values[epoch].integer != council->epoch + 1) {
        return COUNCIL_E_WRONG_EPOCH;
    }
    if (!has_box_for(&entry->text, boxes, entry->device)) {
        return COUNCIL_E_AUTHOR_DROPPED;
    }
    council_recipients(council, step->moves ? &step->pin : NULL, step->drops ? step->dropped : NULL,
                       recipients, &count);
    return council_boxes_check(entry, boxes, recipients, count);
}
