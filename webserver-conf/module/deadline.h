/* deadline: how long a request may take to arrive, whoever sends it bit by bit. Knows no web
 * server. */
#ifndef MODULE_DEADLINE_H
#define MODULE_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

/* A connection's; zeroed it is ready. */
struct deadline {
    uint32_t request; /* which one of the connection is awaited */
    int64_t since;    /* second at which a part of it was first seen; 0: none */
};

/* Looks at a connection, often and at any second from 1 on. arriving tells whether a part of its
 * request is there, but not all. True if that request has been arriving for limit seconds. */
bool deadline_passed(struct deadline *deadline, bool arriving, uint32_t request, int64_t now,
                     int64_t limit);

#endif
