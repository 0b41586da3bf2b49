/* reader: the web server's side of the published answers. It believes nothing that it reads: the
 * answer is whole and counts, or there is none and the application is to be asked. */
#ifndef PUBLISH_READER_H
#define PUBLISH_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "publish/layout.h"

struct reader_answer {
    char etag[LAYOUT_ETAG_SIZE]; /* with its quotes */
    size_t len;                  /* of the body, at most LAYOUT_BODY_MAX */
};

/* Gives len bytes of room for the body, or NULL: then there is no answer. Called at most
 * LAYOUT_WAYS times a size; what it gave before is not used then. */
typedef char *(*reader_room)(void *context, size_t len);

/* Whether answers count at that time (monotonic) at all. If not, a newer memory may be offered. */
bool reader_is_live(const struct layout *layout, int64_t now_us);

struct reader_want {
    int64_t target;   /* not TARGET_NONE */
    reader_room room; /* NULL: the body is not wanted */
    void *context;    /* for room */
};

/* Finds the answer to a target. If it returns false, what was written to *answer and to the room is
 * of no use. The bytes of the body are not looked at. */
bool reader_find(struct layout *layout, const struct reader_want *want, int64_t now_us,
                 struct reader_answer *answer);

#endif
