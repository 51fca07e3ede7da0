/*
 * entry_sign.c - writes an author's draft as canonical text and signs it.
 *
 * Owns the order of the envelope's fields when written and the bytes under a signature (README.md section 3.2).
 * Invariant: what it returns was parsed again, so nobody sends what readers would refuse for its form.
 */
#include "protocol/internal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    ENVELOPE_MAX = 1024 /* bytes that a text needs beside its body, at most */
};

uint8_t *council_entry_p(uint8_t small[COUNCIL_ENTRY_P_SMALL], const char *text, uint32_t text_len,
                         uint32_t *len)
{
    static const char label[] = "council/v1/entry";
    const struct council_field field = COUNCIL_FN(text, text_len);
    uint32_t size = council_p_len(label, &field, 1);
    uint8_t *p = size <= COUNCIL_ENTRY_P_SMALL ? small : malloc(size);
    if (p != NULL) {
        *len = council_p(p, size, label, &field, 1);
    }
    return p;
}

static void write_draft(struct council_writer *w, const struct council_draft *draft)
{
    council_write_open(w, NULL, '{');
    council_write_int(w, "at", draft->at);
    if (draft->author != NULL) {
        council_write_bytes(w, "author", draft->author, COUNCIL_KEY_BYTES);
    }
    if (draft->body != NULL) {
        council_write_raw(w, "body", draft->body, draft->body_len);
    } else {
        council_write_raw(w, "body", "{}", 2);
    }
    council_write_bytes(w, "device", draft->device, COUNCIL_KEY_BYTES);
    council_write_bytes(w, "id", draft->id, COUNCIL_ID_BYTES);
    council_write_string(w, "kind", council_kind_info(draft->kind)->name);
    if (draft->log != NULL) {
        council_write_bytes(w, "log", draft->log, COUNCIL_KEY_BYTES);
    }
    if (draft->data_hash != NULL) {
        council_write_open(w, "sealed", '{');
        council_write_int(w, "epoch", draft->epoch);
        council_write_bytes(w, "hash", draft->data_hash, COUNCIL_HASH_BYTES);
        council_write_close(w, '}');
    }
    if (draft->seen_head != NULL) {
        council_write_open(w, "seen", '{');
        council_write_bytes(w, "head", draft->seen_head, COUNCIL_HASH_BYTES);
        council_write_int(w, "seq", draft->seen_seq);
        council_write_close(w, '}');
    }
    council_write_int(w, "v", 1);
    council_write_close(w, '}');
}

static enum council_error sign_text(const char *text, uint32_t len, const uint8_t sign_secret[64],
                                    uint8_t sig[COUNCIL_SIG_BYTES])
{
    uint8_t small[COUNCIL_ENTRY_P_SMALL];
    uint32_t p_len;
    uint8_t *p = council_entry_p(small, text, len, &p_len);
    if (p == NULL) {
        return COUNCIL_E_NO_MEMORY;
    }
    bool made = crypto_sign_detached(sig, NULL, p, p_len, sign_secret) == 0;
    if (p != small) {
        free(p);
    }
    return made ? COUNCIL_OK : COUNCIL_E_BAD_SIGNATURE;
}

enum council_error council_entry_sign(const struct council_draft *draft,
                                      const uint8_t sign_secret[64], char **text, uint32_t *len,
                                      uint8_t sig[COUNCIL_SIG_BYTES])
{
    struct council_writer w;
    struct council_entry entry;

    /* libsodium's secret key ends in its public key: a slip shows here and not at the server. */
    if (memcmp(draft->device, sign_secret + 32, COUNCIL_KEY_BYTES) != 0) {
        return COUNCIL_E_BAD_SIGNATURE;
    }
    council_writer_init(&w, COUNCIL_TEXT_MAX);
    write_draft(&w, draft);
    enum council_error error = COUNCIL_OK;
    if (w.failed) {
        error = draft->body_len > COUNCIL_TEXT_MAX - ENVELOPE_MAX ? COUNCIL_E_TOO_LARGE
                                                                  : COUNCIL_E_NO_MEMORY;
        goto out;
    }
    error = council_entry_parse(&entry, w.text, w.len);
    if (error != COUNCIL_OK) {
        goto out;
    }
    council_entry_fini(&entry);
    error = sign_text(w.text, w.len, sign_secret, sig);
    if (error != COUNCIL_OK) {
        goto out;
    }
    *text = w.text;
    *len = w.len;
    w.text = NULL;
out:
    council_writer_fini(&w);
    return error;
}
