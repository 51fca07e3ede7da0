/*
 * scenes.h - the logs that all vectors of logs start from.
 *
 * Owns who does what in which order; the tables of rows name places in it. Every entry here is valid.
 */
#ifndef COUNCIL_TESTS_VECTORS_SCENES_H
#define COUNCIL_TESTS_VECTORS_SCENES_H

#include "tests/vectors/book.h"

/* Every scene with a council has its own people, so that keys do not cross but where a row means them to. */
struct scene {
    const char *name;
    struct fixture fixture;
    struct fixture_council council;
};

struct scenes {
    struct scene week, small, journal, other, far, reading, returned;
    struct fixture people; /* of the member logs alone */
    struct fixture fork;   /* the people of `small` once more, in another history */
    struct fixture_member *phone, *full;
};

/* The parts of it that are no councils. */
void scenes_people(struct scenes *scenes, struct book *book);
void scenes_fork(struct scenes *scenes, struct book *book);

void scenes_build(struct scenes *scenes, struct book *book);
void scenes_fini(struct scenes *scenes);

/* Stops the program where an entry of a scene is refused. */
void scene_ok(enum council_error error, const char *what);

/* A scene's plain entry by a member, and its tag (NULL for none). */
void scene_says(struct book *book, struct scene *scene, uint32_t member, enum council_kind kind,
                const char *tag, struct fixture_body body);
/* Marks the last entry. */
void scene_tag(struct book *book, struct scene *scene, const char *tag);
/* A post of {"text","type":"note"}. */
void scene_post(struct book *book, struct scene *scene, uint32_t member, const char *text,
                const char *tag);
void scene_begin(struct scene *scene, const char *name);

#endif
