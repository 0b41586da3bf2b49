/* children: the master's processes, of every kind: starts them, replaces those that end, and ends
 * those that are stuck. */
#ifndef SERVER_CHILDREN_H
#define SERVER_CHILDREN_H

#include <stdbool.h>
#include <stdint.h>

#include "server/child.h"

enum children_kind {
    CHILDREN_WORKER,    /* answers requests */
    CHILDREN_WRITER,    /* makes the changes they ask for */
    CHILDREN_PROBER,    /* answers health checks; none if their socket was not made */
    CHILDREN_WATCHER,   /* looks at the store */
    CHILDREN_EXPORTER,  /* tells the metrics */
    CHILDREN_TRACER,    /* writes spans to their file; none if no file is named */
    CHILDREN_PUBLISHER, /* keeps published answers true; none if nothing is published */
    CHILDREN_KINDS
};

/* What the processes are called, the master too. */
enum { CHILDREN_MASTER = CHILDREN_KINDS, CHILDREN_NAMES };

struct children_one {
    enum children_kind kind;
    pid_t pid; /* 0 while there is none */
    int64_t started_us;
    int64_t backoff_us;
    int64_t respawn_us; /* not before this time */
    bool stuck;         /* it was killed for being so */
};

struct children {
    struct child given; /* what each gets, but for its slot */
    int count;
    struct children_one *list; /* owned; the slot of each is that of its place */
    int alive[CHILDREN_KINDS];
};

/* How many of them there are to be, of all kinds. */
int children_count(const struct config *config, const struct listener *listener);

/* Starts none yet; given is copied, without its slot. False if out of memory. */
bool children_open(struct children *children, const struct child *given);
void children_close(struct children *children);

/* Starts those that are missing: of every kind, or all but workers. One that lived for less than a
 * second is replaced after a delay, which doubles each time. */
void children_spawn_due(struct children *children, bool workers);

/* Takes note of those that have ended. Logs it, unless they were to end and did so well. */
void children_reap(struct children *children, bool ending);

void children_signal(struct children *children, enum children_kind kind, int signal);

/* Kills those that have been busy with one thing for longer than POSTERN_REQUEST_SECONDS; the
 * writer after writer_turn_max_us. */
void children_kill_stuck(struct children *children);

#endif
