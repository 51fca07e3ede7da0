/*
 * entry_line.c - one entry as a line of text, as JSON, or as Markdown: for `watch` and `export`.
 *
 * Invariant: an entry that this client does not understand is named as such, never hidden.
 */
#include <stdlib.h>
#include <string.h>

#include "client/cli/entry_line.h"

/* What a sealed body is, in a few words; the text that matters is in `*text` (may be NULL). */
static const char *sealed_words(const struct client_post *post, const char **text)
{
    *text = NULL;
    if (!post->content)
        return council_error_info(post->unreadable)->what;
    if (content_check(post->content, NULL) == COUNCIL_E_NEEDS_NEWER)
        return "something that needs a newer client";
    switch ((int)content_type_of(post->content)) {
    case CONTENT_NOTE:
    case CONTENT_COMMENT:
    case CONTENT_CHECKIN:
    case CONTENT_ACT:
    case CONTENT_CLOSING:
    case CONTENT_MINUTES:
    case CONTENT_WORD:
        *text = content_text(post->content, "text");
        break;
    case CONTENT_PROFILE:
    case CONTENT_TITLE:
    case CONTENT_MERGE:
        *text = content_text(post->content, "name");
        break;
    case CONTENT_SEAT:
        *text = content_text(post->content, "want");
        break;
    case CONTENT_DOCUMENT:
        *text = content_text(post->content, "form");
        break;
    case CONTENT_LANDED:
        *text = content_text(post->content, "day");
        break;
    case CONTENT_STEP:
        *text = content_text(post->content, "course");
        break;
    default:
        break;
    }
    const char *type = content_text(post->content, "type");
    return type ? type : "something that is not of a known form";
}

void cli_entry_text(FILE *out, const struct model *model, const struct client_post *post)
{
    const char *kind = council_kind_info(post->entry->kind)->name, *text = NULL;
    char name[MODEL_NAME_MAX], when[64];
    bool sealed = council_kind_has(post->entry->kind, COUNCIL_FLAG_SEALED);
    model_name(model, post->entry->author, name);
    cli_time(post->received, NULL, when);
    fprintf(out, "%llu  %s  ", (unsigned long long)post->seq, when);
    cli_print_text(out, name, "");
    fprintf(out, "  %s", sealed ? sealed_words(post, &text) : kind);
    if (post->content && content_type_of(post->content) == CONTENT_FLAG)
        fprintf(out, ": the key box of entry %lld is wrong",
                (long long)json_integer_value(json_object_get(post->content, "seq")));
    if (text) {
        fprintf(out, ": ");
        cli_print_text(out, text, "    ");
    }
    fputc('\n', out);
}

json_t *cli_entry_json(const struct model *model, const struct client_post *post)
{
    char name[MODEL_NAME_MAX];
    json_t *object;
    model_name(model, post->entry->author, name);
    object = json_pack("{s:o, s:I, s:s, s:s, s:o, s:o, s:I, s:I}", "log",
                       cli_json_bytes(post->log, COUNCIL_KEY_BYTES), "seq", (json_int_t)post->seq,
                       "kind", council_kind_info(post->entry->kind)->name, "name", name, "author",
                       cli_json_bytes(post->entry->author, COUNCIL_KEY_BYTES), "device",
                       cli_json_bytes(post->entry->device, COUNCIL_KEY_BYTES), "at",
                       (json_int_t)post->at, "received", (json_int_t)post->received);
    if (post->content)
        json_object_set(object, "content", (json_t *)(uintptr_t)post->content);
    else if (post->unreadable)
        json_object_set_new(object, "unreadable",
                            json_string(council_error_name(post->unreadable)));
    if (post->erased)
        json_object_set_new(object, "erased", json_true());
    /* The text itself, so that an export holds what was signed. */
    json_object_set_new(object, "text",
                        json_stringn(post->entry->text.text, post->entry->text.len));
    return object;
}
