/* violation: the rules that a well-formed request breaks, all of them at once. */
#ifndef DOMAIN_VIOLATION_H
#define DOMAIN_VIOLATION_H

#include <stddef.h>

enum {
    VIOLATION_WHERE_SIZE = 160,
    VIOLATION_DETAIL_SIZE = 200,
    VIOLATIONS_MAX = 128 /* further ones are counted, not kept */
};

enum violation_place {
    VIOLATION_BODY, /* where is a JSON pointer (RFC 6901) into the body */
    VIOLATION_QUERY /* where is the name of a query parameter */
};

struct violation {
    enum violation_place place;
    char where[VIOLATION_WHERE_SIZE];
    char detail[VIOLATION_DETAIL_SIZE];
};

struct violations {
    size_t count; /* may exceed VIOLATIONS_MAX; only the first of them are kept */
    struct violation items[VIOLATIONS_MAX];
};

/* Records one violation. The detail is a printf format. What is too long is cut, but never within
 * a character. */
void violation_add(struct violations *v, enum violation_place place, const char *where,
                   const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* How many of the recorded ones are in items[]. */
size_t violation_kept(const struct violations *v);

#endif
