/* query: the parameters of a query string. Unknown ones are ignored. */
#ifndef HTTP_QUERY_H
#define HTTP_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/violation.h"

enum { QUERY_LIMIT_MAX = 1000, QUERY_VALUE_SIZE = 64 };

struct query {
    bool pretty;   /* ?pretty, unless its value is "false" or "0" */
    int64_t limit; /* 1..QUERY_LIMIT_MAX, or 0 if not given */
    bool has_after;
    char after[QUERY_VALUE_SIZE]; /* percent-decoded; the resource checks its form */
};

/* Reads the raw query string. limit and after are read only if the route is paged. What is wrong
 * with them is added to the violations. */
void query_read(const char *text, bool paged, struct query *query, struct violations *violations);

#endif
