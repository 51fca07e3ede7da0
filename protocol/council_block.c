/*
 * council_block.c - key blocks: that one brings the next epoch to exactly those who may read after it.
 *
 * Owns README.md section 6.2 (and the order of `to` keys in a key.history). What is inside a box is no matter of
 * validity: keys.c looks there.
 */
#include "protocol/council_internal.h"

#include <string.h>

static bool is_recipient(const uint8_t device[COUNCIL_KEY_BYTES],
                         const struct council_device *recipients, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(recipients[i].sign, device, COUNCIL_KEY_BYTES) == 0) {
            return true;
        }
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
        uint32_t value = council_text_get(text, box, "to");
        if (value == 0 || !council_text_bytes(text, value, to, COUNCIL_KEY_BYTES) ||
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
    council_recipients(council, step->moves ? &step->pin : NULL, step->drops ? step->dropped : NULL,
                       recipients, &count);
    if (!is_recipient(entry->device, recipients, count)) {
        return COUNCIL_E_AUTHOR_DROPPED;
    }
    return council_boxes_check(entry, boxes, recipients, count);
}
