/* scoreboard: what master and workers tell each other, in memory they share. */
#ifndef SERVER_SCOREBOARD_H
#define SERVER_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/roster.h"

/* One worker's slot. That worker alone writes it, but for one case: the master clears busy_since_us
 * of a worker that died, or that it killed. */
struct scoreboard_slot {
    _Atomic int64_t busy_since_us; /* monotonic; 0 while it waits for a request */
    _Atomic int64_t last_us;       /* monotonic: when it last ended a caller's request; 0: never */
};

struct scoreboard {
    atomic_bool draining;        /* the master was told to stop */
    atomic_bool closing;         /* no new connections come; leave when the queue is empty */
    _Atomic int64_t log_dropped; /* for log_count_dropped_in */
    struct roster roster;
    _Atomic int64_t unidentified;    /* requests whose endpoint id was none */
    _Atomic int64_t unidentified_us; /* monotonic: when that was last logged */
    int workers;
    struct scoreboard_slot slots[];
};

/* Maps a scoreboard that children share; NULL if there is no memory (logged). */
struct scoreboard *scoreboard_open(int workers);

void scoreboard_close(struct scoreboard *board);

#endif
