/* query: the parameters of a query string. Unknown ones are ignored. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "domain/order.h"
#include "domain/violation.h"

enum {
    QUERY_LIMIT_MAX = 1000,
    QUERY_AFTER_SIZE = 64,
    QUERY_REFERENCE_SIZE = ORDER_REFERENCE_MAX + 1
};

/* What a route takes beside pretty. */
struct query_takes {
    bool page; /* limit and after */
    bool reference;
};

struct query {
    bool pretty;   /* ?pretty, unless its value is "false" or "0" */
    int64_t limit; /* 1..QUERY_LIMIT_MAX, or 0 if not given */
    bool has_after;
    bool has_reference;
    /* Decoded: %XX, and + as a space. The resource checks their form. What is too long for it, or
     * no text, becomes what no resource takes. */
    char after[QUERY_AFTER_SIZE];
    char reference[QUERY_REFERENCE_SIZE];
};

/* Reads the raw query string. What the route does not take is passed over. What is wrong is added
 * to the violations. */
void query_read(const char *text, struct query_takes takes, struct query *query,
                struct violations *violations);

/* Appends a value as it stands in a query string: all but letters, digits and -._~ as %XX. */
void query_write_value(struct buffer *out, const char *value);

#endif
