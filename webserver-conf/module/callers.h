/* callers: who calls through which endpoint, as the application publishes it in a file, read again
 * when that changes. Knows no web server. */
#ifndef MODULE_CALLERS_H
#define MODULE_CALLERS_H

#include <stdbool.h>
#include <sys/stat.h>

#include "config/consumers.h"

/* With a path it is ready; for callers_free. */
struct callers {
    const char *path;            /* NULL: there is no file */
    struct consumers *consumers; /* the last good ones; NULL: none yet, so nobody has a name */
    struct stat seen;            /* the file when it was last read, well or not */
};

enum callers_look {
    CALLERS_SAME,  /* nothing has changed, or there is no file now, and the last good ones stay */
    CALLERS_NEW,   /* the file was read */
    CALLERS_WRONG, /* it is wrong, as *fault says, and the last good ones stay; once for a file */
    CALLERS_LOOK_MAX
};

/* Looks whether the file is another one, or has changed, and if so reads it. Anything but a regular
 * file is wrong, and so is a larger one than the application writes. */
enum callers_look callers_look(struct callers *callers, struct consumers_fault *fault);

/* The line that holds for an endpoint's id, or for CONSUMERS_NOBODY; NULL if there is none. */
const struct consumers_line *callers_find(const struct callers *callers, const char *endpoint);

/* Who calls from there: the endpoint's name if it has one of its own, else the id itself. */
const char *callers_name(const struct callers *callers, const char *endpoint);

void callers_free(struct callers *callers);

#endif
