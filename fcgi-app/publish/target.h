/* target: which paths have answers that are published, as one number each. */
#ifndef PUBLISH_TARGET_H
#define PUBLISH_TARGET_H

#include <stddef.h>
#include <stdint.h>

enum {
    TARGET_NONE = -1, /* nothing of it is published */
    TARGET_LIST = 0   /* all products; what is above is one product's id */
};

/* What is asked for by a path, which is decoded and without a query. "/products/01" is none: each
 * product has one path only. */
int64_t target_of(const char *path, size_t len);

#endif
