/*
 * rows.h - the tables of verdicts on logs.
 *
 * Owns which file holds which group. Each function adds files of vectors to what the book's logs give.
 */
#ifndef COUNCIL_TESTS_VECTORS_ROWS_H
#define COUNCIL_TESTS_VECTORS_ROWS_H

#include "tests/vectors/scenes.h"

void rows_logs(struct vec_out *out, struct book *book);     /* the scenes themselves: valid logs */
void rows_form(struct vec_out *out, struct book *book);     /* envelope and body of every kind */
void rows_position(struct vec_out *out, struct book *book); /* data, signature, place in the log */
void rows_member(struct vec_out *out, struct book *book);   /* member logs */
void rows_life(struct vec_out *out, struct book *book); /* meetings, posts, past keys, journals */
void rows_council(struct vec_out *out, struct book *book);     /* council logs */
void rows_plain(struct vec_out *out);                          /* text, base64url, P() */
void rows_curve(struct vec_out *out, const struct book *book); /* signatures, box keys */
void curve_name_weak(struct book *book); /* $weak.0 to $weak.7: box keys of small order */
void rows_reading(struct vec_out *out, struct book *book,
                  struct scenes *scenes);   /* valid but unreadable */
void rows_sealing(struct vec_out *out);     /* boxes, sealed bodies */
void rows_sessions(struct vec_out *out);    /* phrases, safety numbers, sessions, links */
void rows_successions(struct vec_out *out); /* a server's keys, each named by the one before */

#endif
