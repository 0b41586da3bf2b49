/* scoreboard: what master and workers tell each other, in memory they share. */
#ifndef SERVER_SCOREBOARD_H
#define SERVER_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* One worker's slot; written by that worker alone. */
struct scoreboard_slot {
    _Atomic int64_t busy_since_us; /* monotonic; 0 while it waits for a request */
};

struct scoreboard {
    atomic_bool draining; /* the master was told to stop */
    int workers;
    struct scoreboard_slot slots[];
};

/* Maps a scoreboard that children share; NULL if there is no memory (logged). */
struct scoreboard *scoreboard_open(int workers);

void scoreboard_close(struct scoreboard *board);

#endif
