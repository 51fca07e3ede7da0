/*
 * course.c - the courses as tables, and the fold of what members said that they have done.
 *
 * Invariant: a step once done stays done; saying it again changes nothing.
 */
#include "client/model/course.h"

#include <string.h>

#include "client/model/model_internal.h"

/* The steps of all courses in one row, and how many belong to each. */
#define COURSE(symbol, name, title, what)
#define COURSE_STEP(course, name, title, text) {name, title, text},
static const struct course_step steps[] = {
#include "client/model/courses.def"
};
#undef COURSE
#undef COURSE_STEP

enum {
#define COURSE(symbol, name, title, what)
#define COURSE_STEP(course, name, title, text) +(COURSE_##course == COURSE_ORIENTATION)
    ORIENTATION_COUNT = 0
#include "client/model/courses.def"
        ,
#undef COURSE_STEP
#define COURSE_STEP(course, name, title, text) +(COURSE_##course == COURSE_TRAINING)
    TRAINING_COUNT = 0
#include "client/model/courses.def"
#undef COURSE
#undef COURSE_STEP
};

_Static_assert((int)ORIENTATION_COUNT <= (int)COURSE_STEPS_MAX &&
                   (int)TRAINING_COUNT <= (int)COURSE_STEPS_MAX,
               "a member's steps are the bits of a word");

enum {
    ORIENTATION_FIRST = 0,
    TRAINING_FIRST = ORIENTATION_COUNT
};

#define COURSE(symbol, name, title, what) \
    [COURSE_##symbol] = {name, title, what, &steps[symbol##_FIRST], symbol##_COUNT},
#define COURSE_STEP(course, name, title, text)
static const struct course courses[COURSE_COUNT] = {
#include "client/model/courses.def"
};
#undef COURSE
#undef COURSE_STEP

const struct course *course_info(enum course_id id)
{
    return &courses[id];
}

enum course_id course_find(const char *name)
{
    int id = 0;
    while (id < COURSE_COUNT && strcmp(courses[id].name, name) != 0)
        id++;
    return (enum course_id)id;
}

uint32_t course_step_find(enum course_id id, const char *name)
{
    for (uint32_t i = 0; i < courses[id].count; i++)
        if (strcmp(courses[id].steps[i].name, name) == 0)
            return i;
    return COURSE_STEPS_MAX;
}

static struct model_course *find(const struct model *m, const uint8_t *member, uint32_t id)
{
    for (uint32_t i = 0; i < m->course_count; i++)
        if (m->courses[i].course == id && model_same(m->courses[i].member, member))
            return &m->courses[i];
    return NULL;
}

enum council_error model_add_step(struct model *m, const struct model_post *p)
{
    enum course_id id = course_find(content_text(p->content, "course"));
    uint32_t index = id == COURSE_COUNT ? COURSE_STEPS_MAX
                                        : course_step_find(id, content_text(p->content, "step"));
    if (index == COURSE_STEPS_MAX)
        return COUNCIL_OK;
    struct model_course *course = find(m, p->author, id);
    if (!course) {
        enum council_error error =
            model_grow((void **)&m->courses, m->course_count, &m->course_size, sizeof *m->courses);
        if (error)
            return error;
        course = &m->courses[m->course_count++];
        *course = (struct model_course){.course = id};
        memcpy(course->member, p->author, COUNCIL_KEY_BYTES);
    }
    if (!(course->done & 1u << index)) {
        course->done |= 1u << index;
        course->changed_at = model_when(p);
    }
    return COUNCIL_OK;
}

bool course_step_done(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                      enum course_id id, uint32_t index)
{
    const struct model_course *course = find(m, member, id);
    return course && index < COURSE_STEPS_MAX && (course->done & 1u << index);
}

uint32_t course_done(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < courses[id].count; i++)
        count += course_step_done(m, member, id, i);
    return count;
}

uint32_t course_next(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id)
{
    uint32_t i = 0;
    while (i < courses[id].count && course_step_done(m, member, id, i))
        i++;
    return i;
}

bool course_finished(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                     enum course_id id)
{
    return course_next(m, member, id) == courses[id].count;
}

uint64_t course_finished_at(const struct model *m, const uint8_t member[COUNCIL_KEY_BYTES],
                            enum course_id id)
{
    const struct model_course *course = find(m, member, id);
    return course && course_finished(m, member, id) ? course->changed_at : 0;
}
