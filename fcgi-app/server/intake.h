/* intake: the connections of one worker, until a request is there whole. It reads many at once and
 * waits for none alone: whoever connects and says nothing, sends half a request, or keeps a
 * connection for later, takes a place here and no worker's time. See decisions/0028. */
#ifndef SERVER_INTAKE_H
#define SERVER_INTAKE_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/inbound.h"
#include "server/management.h"

enum {
    INTAKE_PLACES = MANAGEMENT_PLACES, /* beyond, the quietest ends */
    INTAKE_REQUEST_MAX = 16 << 20,     /* bytes of a request, a body too long to be held included */
    INTAKE_SILENT_US = 5 * 1000000,    /* no byte of a request that is waited for: decisions/0006 */
    INTAKE_KEPT_US = 75 * 1000000,     /* no next request; longer than nginx keeps a connection */
    INTAKE_READ_SIZE = 64 * 1024
};

/* A connection. */
struct arrival {
    int fd;                    /* blocking; 0: the place is free */
    bool watched;              /* epoll has it */
    bool kept;                 /* it has carried a request before */
    bool shut;                 /* and no more can be sent over it */
    int64_t since_us, last_us; /* monotonic: of the request's first byte, or before it of its
                                  beginning; of the last byte */
    struct inbound in;
};

struct intake {
    int listen_fd; /* borrowed, non-blocking */
    int call_fd;   /* borrowed; see acceptors.h */
    /* What is waited for: all connections, and beside them new ones while it accepts, a call while
     * it does not. */
    int accepting_fd, spare_fd;
    int64_t request_us; /* a request that is not whole after so long ends its connection */
    bool accepts;
    int64_t starved_us;     /* monotonic: when it last logged that it has no descriptor left */
    unsigned looks, misses; /* into the queue without waiting, and in vain one after the other */
    int open;               /* places that are not free; none of them is beyond top */
    int served;             /* places whose request is whole, and was given to the owner */
    int row;                /* connections taken one after the other without asking epoll */
    int top;
    int64_t swept_us;
    struct arrival arrivals[INTAKE_PLACES];
    char bytes[INTAKE_READ_SIZE];
};

/* It accepts until it is told otherwise. Large, so it is made here; NULL on failure, which is
 * logged. intake_free closes what is open. */
struct intake *intake_new(int listen_fd, int call_fd, int request_seconds);
void intake_free(struct intake *intake);

enum intake_event {
    INTAKE_NOTHING,
    INTAKE_WHOLE,  /* a request is there */
    INTAKE_BESIDE, /* what is watched beside the connections is readable */
    INTAKE_OTHER   /* something else happened */
};

/* Looks for a next request, and waits at most wait_ms for something to happen, with the mask. The
 * connection of a whole request is in *whole, for intake_done; many may be given out at a time. */
enum intake_event intake_next(struct intake *intake, int wait_ms, const sigset_t *mask,
                              struct arrival **whole);

/* Watches one descriptor more, until it is closed. False on failure (errno). */
bool intake_watch_beside(struct intake *intake, int fd);

/* After the answer: waits for the connection's next request, or closes it. */
void intake_done(struct intake *intake, struct arrival *arrival, bool keep);

/* Whether it accepts new connections from now on, or leaves them to others. */
void intake_set_accepts(struct intake *intake, bool accepts);

/* Before its owner leaves: over connections that wait for a next request nothing more can be sent
 * from now on. What was sent before comes from intake_next like any other, and with nothing left
 * they end there. True once no connection is open. */
bool intake_finish(struct intake *intake);

#endif
