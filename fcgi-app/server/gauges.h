/* gauges: the metrics that tell how things are now, and not what happened. */
#ifndef SERVER_GAUGES_H
#define SERVER_GAUGES_H

#include "server/child.h"

struct gauges {
    const struct child *child; /* borrowed */
    ino_t queue;               /* of the socket that requests queue in; 0 if there is none */
    int64_t read_us;           /* monotonic: when they were last set */
};

/* To be called while the child has the listening socket. */
void gauges_open(struct gauges *gauges, const struct child *child);

/* Sets them all, unless that was done a moment ago. Waits for nobody. */
void gauges_refresh(struct gauges *gauges);

#endif
