/* denied: the endpoints that are refused, in memory that master and workers share. The master
 * replaces them for every worker at one moment. */
#ifndef SERVER_DENIED_H
#define SERVER_DENIED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/denylist.h"

enum { DENIED_WORDS = ENDPOINT_ID_MAX / sizeof(uint64_t) };

struct denied_table {
    _Atomic uint32_t count;
    _Atomic uint64_t ids[DENYLIST_MAX][DENIED_WORDS]; /* ascending, as if read by memcmp */
};

/* Valid when zeroed: nobody is denied. The table in force is tables[generation % 2]. The writer
 * fills the other one and then raises generation, so a writer that is killed half-way changes
 * nothing. A reader never waits. If its table was written meanwhile, it sees that generation has
 * moved, and looks again. */
struct denied {
    _Atomic uint64_t generation;
    struct denied_table tables[2];
};

/* Puts the list in force; by one process alone. */
void denied_publish(struct denied *denied, const struct denylist *list);

/* Tells whether the endpoint is on the list in force. A consumer that is no endpoint never is. */
bool denied_has(const struct denied *denied, const char *consumer);

#endif
