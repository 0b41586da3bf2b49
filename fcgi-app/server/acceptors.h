/* acceptors: which workers accept new connections. A few do at a time: if all did, each connection
 * would wake another one, which mostly finds it taken by one that is at work. Who is about to wait
 * for a store leaves them meanwhile, and calls another worker if too few are left. See
 * decisions/0034. */
#ifndef SERVER_ACCEPTORS_H
#define SERVER_ACCEPTORS_H

#include <stdbool.h>

#include "server/scoreboard.h"

struct acceptors {
    struct scoreboard *board; /* borrowed; each worker's slot says whether it is one */
    int call_fd;              /* an eventfd: readable while one more is wanted */
    int enough;               /* so many are enough, unless one of them waits */
};

/* Before the workers are forked: for so many CPUs. False on failure, which is logged. */
bool acceptors_open(struct acceptors *acceptors, struct scoreboard *board, int cpus);
void acceptors_close(struct acceptors *acceptors);

/* By a worker that begins, or has waited, or was called: it is an acceptor. */
void acceptors_join(struct scoreboard_slot *slot);

/* By an acceptor, now and then: whether there are enough without it. Then it is none any more. */
bool acceptors_can_spare(const struct acceptors *acceptors, struct scoreboard_slot *slot);

/* By a worker that is about to wait, or to end. It accepts no more until it joins again. */
void acceptors_leave(const struct acceptors *acceptors, struct scoreboard_slot *slot);

/* By a worker that was called: takes the call. */
void acceptors_hear(int call_fd);

/* The web server keeps connections. A worker alone serves those that it has accepted, so from now
 * on all workers are acceptors, and each gets its part. */
void acceptors_need_all(const struct acceptors *acceptors);

/* By the master, now and then: calls for those that died or are stuck. */
void acceptors_mend(const struct acceptors *acceptors);

#endif
