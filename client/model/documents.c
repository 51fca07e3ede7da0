/*
 * documents.c - documents, their revisions, and comments on them.
 *
 * Invariant: a document has one author, and revisions of that author alone; a comment hangs on a document that was
 * shared before it.
 */
#include <stdlib.h>
#include <string.h>

#include "client/model/model_internal.h"

const struct model_document *model_document(const struct model *m, const uint8_t *author,
                                            const uint8_t object[COUNCIL_ID_BYTES])
{
    const struct model_document *found = NULL;
    for (uint32_t i = 0; i < m->document_count; i++) {
        const struct model_document *d = &m->documents[i];
        if (memcmp(d->object, object, COUNCIL_ID_BYTES) != 0)
            continue;
        if (author && model_same(d->author, author))
            return d;
        if (!author && found)
            return NULL; /* two authors used the same id: ask for one of them */
        if (!author)
            found = d;
    }
    return found;
}

const struct model_revision *model_revision(const struct model_document *d, uint64_t revision)
{
    const struct model_revision *found = NULL;
    for (uint32_t i = 0; i < d->revision_count; i++)
        if (revision ? d->revisions[i].revision == revision
                     : !found || d->revisions[i].revision >= found->revision)
            found = &d->revisions[i];
    return found;
}

static enum council_error add_object(struct model *m, const struct model_post *p,
                                     const uint8_t object[COUNCIL_ID_BYTES],
                                     struct model_document **out)
{
    *out = (struct model_document *)(uintptr_t)model_document(m, p->author, object);
    if (*out)
        return COUNCIL_OK;
    enum council_error error = model_grow((void **)&m->documents, m->document_count,
                                          &m->document_size, sizeof *m->documents);
    if (error)
        return error;
    *out = &m->documents[m->document_count];
    memset(*out, 0, sizeof **out);
    memcpy((*out)->author, p->author, COUNCIL_KEY_BYTES);
    memcpy((*out)->object, object, COUNCIL_ID_BYTES);
    (*out)->form = form_find(content_text(p->content, "form"));
    return COUNCIL_OK; /* counted once its first revision is in */
}

enum council_error model_add_document(struct model *m, const struct model_post *p)
{
    uint8_t object[COUNCIL_ID_BYTES];
    struct model_document *d;
    if (!content_bytes(p->content, "object", object, sizeof object))
        return COUNCIL_E_BAD_CONTENT;
    enum council_error error = add_object(m, p, object, &d);
    if (!error)
        error = model_grow((void **)&d->revisions, d->revision_count, &d->revision_size,
                           sizeof *d->revisions);
    if (error)
        return error;
    m->document_count += d->revision_count == 0;
    d->revisions[d->revision_count++] =
        (struct model_revision){.seq = p->seq,
                                .at = p->at,
                                .revision = content_number(p->content, "revision"),
                                .title = content_text(p->content, "title"),
                                .fields = json_object_get(p->content, "fields")};
    return COUNCIL_OK;
}

enum council_error model_add_comment(struct model *m, const struct model_post *p)
{
    uint8_t author[COUNCIL_KEY_BYTES], object[COUNCIL_ID_BYTES];
    if (!content_bytes(p->content, "author", author, sizeof author) ||
        !content_bytes(p->content, "object", object, sizeof object))
        return COUNCIL_E_BAD_CONTENT;
    struct model_document *d =
        (struct model_document *)(uintptr_t)model_document(m, author, object);
    if (!d)
        return COUNCIL_OK; /* on a document that was erased, or is not shared here */
    enum council_error error =
        model_grow((void **)&d->comments, d->comment_count, &d->comment_size, sizeof *d->comments);
    if (error)
        return error;
    struct model_comment *comment = &d->comments[d->comment_count++];
    *comment = (struct model_comment){.seq = p->seq,
                                      .at = p->at,
                                      .revision = content_number(p->content, "revision"),
                                      .field = content_text(p->content, "field"),
                                      .text = content_text(p->content, "text")};
    memcpy(comment->author, p->author, COUNCIL_KEY_BYTES);
    return COUNCIL_OK;
}
