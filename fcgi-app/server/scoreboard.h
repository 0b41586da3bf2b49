/* scoreboard: what the master and its children tell each other, in memory they share. */
#ifndef SERVER_SCOREBOARD_H
#define SERVER_SCOREBOARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/log.h"
#include "publish/roster.h"
#include "server/look.h"

/* One child's slot. That child alone writes it, but the master sets busy_since_us before the child
 * starts. Of one that died, or that it killed, the master clears busy_since_us, waits and accepts.
 */
struct scoreboard_slot {
    _Atomic int64_t busy_since_us; /* monotonic; 0 while it waits for something to do */
    _Atomic int waits;             /* a worker's requests that wait for the writer */
    _Atomic int64_t last_us;       /* monotonic: when it last ended a caller's request; 0: never */
    _Atomic int pid;               /* by the master; 0 while there is none */
    int kind;                      /* by the master, before any child starts; of children.h */
    atomic_bool accepts;           /* a worker's: whether it is one of the acceptors */
};

struct scoreboard {
    atomic_bool draining;  /* the master was told to stop */
    atomic_bool closing;   /* no new connections come; leave when the queue is empty */
    atomic_bool keeps;     /* the web server has kept a connection: see acceptors.h */
    struct log_shared log; /* for log_share */
    struct look look;      /* by the watcher */
    struct look writer;    /* the writer's own: how its last change ended, and that it lives */
    int64_t succession;    /* of the writers; see struct store_options */
    struct roster *roster; /* the consumers in force */
    int roster_fd;         /* what the web server is given of it */
    _Atomic int64_t unidentified;    /* requests whose endpoint id was none */
    _Atomic int64_t unidentified_us; /* monotonic: when that was last logged */
    int workers;                     /* the first slots are theirs */
    int children;
    struct scoreboard_slot slots[];
};

/* Maps a scoreboard for so many children, of which so many are workers; NULL if there is no memory
 * (logged). */
struct scoreboard *scoreboard_open(int workers, int children);

/* What readiness is to say of the store: what the watcher saw, or the writer's trouble. */
enum store_result scoreboard_store(const struct scoreboard *board, const struct config *config);

/* Whether workers have had no caller's request for quiet_ms, nor since that time. */
bool scoreboard_is_quiet(const struct scoreboard *board, int64_t since_us, int quiet_ms);

void scoreboard_close(struct scoreboard *board);

#endif
