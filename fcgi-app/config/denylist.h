/* denylist: the VPC endpoints that are refused, as an operator writes them down. */
#ifndef CONFIG_DENYLIST_H
#define CONFIG_DENYLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/endpoint.h"

enum {
    DENYLIST_MAX = 1000,            /* endpoints */
    DENYLIST_TEXT_MAX = 64 * 1024,  /* bytes of a comma-separated list; DENYLIST_MAX fit */
    DENYLIST_FILE_MAX = 256 * 1024, /* bytes of a file */
    DENYLIST_WHY_SIZE = 256
};

/* Ids in the order of strcmp, none of them twice. Large: keep it off the stack. */
struct denylist {
    size_t count;
    char ids[DENYLIST_MAX][ENDPOINT_ID_SIZE];
};

/* What is wrong, and what to do. */
struct denylist_fault {
    int line; /* of the file, from 1; 0: it is about no single line */
    char why[DENYLIST_WHY_SIZE];
};

/* Adds the ids of a comma-separated text; spaces round an id do not count. An id that is there
 * already is no mistake. False at the first mistake, here and below: *fault says what it is, and
 * the list is of no use any more. */
bool denylist_add_text(struct denylist *list, const char *text, struct denylist_fault *fault);

/* Adds the ids of a file's contents, one a line. Blank lines, white space round an id and whatever
 * follows a # do not count. */
bool denylist_add_lines(struct denylist *list, const char *bytes, size_t len,
                        struct denylist_fault *fault);

/* Makes the list anew, of the text and of the file's contents; either may be "". Anything but a
 * regular file is refused, because reading a pipe could wait without end. */
bool denylist_load(struct denylist *list, const char *text, const char *path,
                   struct denylist_fault *fault);

#endif
