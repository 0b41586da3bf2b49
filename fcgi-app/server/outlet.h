/* outlet: the sockets that the metrics are asked on. */
#ifndef SERVER_OUTLET_H
#define SERVER_OUTLET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/placed.h"
#include "config/config.h"
#include "server/listener.h"

/* The unix socket's name, after that of the requests' socket. */
#define OUTLET_SUFFIX ".stats"

enum { OUTLET_UNIX, OUTLET_TCP, OUTLET_SOCKETS };

struct outlet {
    int fds[OUTLET_SOCKETS]; /* listening, non-blocking; -1: not made */
    struct placed name;      /* what was made at the path */
    char path[CONFIG_SOCKET_MAX + sizeof OUTLET_SUFFIX];
    int64_t tried_us;          /* monotonic: the last attempt */
    bool told[OUTLET_SOCKETS]; /* its failure was logged */
};

void outlet_init(struct outlet *outlet);

/* Makes those that are missing and are asked for, at most once a second: the unix socket unless the
 * requests' socket has no name, with mode 0660 and the same group; the other one if METRICS_PORT is
 * set. A failure is logged once. */
void outlet_open(struct outlet *outlet, const struct listener *listener,
                 const struct config *config);

/* Closes them, and removes the unix socket, unless something else has taken its place. */
void outlet_close(struct outlet *outlet);

#endif
