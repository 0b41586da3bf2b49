/* offer: the way to the memory of published answers, which the application offers over a socket.
 * Nothing here waits. Knows no web server. */
#ifndef MODULE_OFFER_H
#define MODULE_OFFER_H

#include <stdint.h>

#include "publish/handover.h"

enum {
    OFFER_AGAIN_US = 100 * 1000, /* between two connections */
    OFFER_WAIT_US = 1000 * 1000  /* for the application, once it is connected */
};

/* With a path it is ready; for offer_close. */
struct offer {
    const char *path;       /* NULL: nothing is offered */
    struct handover memory; /* all NULL before the first one came */
    int connection;         /* while connected_us is not 0 */
    int64_t connected_us;   /* since when a connection is open; 0: none is */
    int64_t received_us;    /* when the memory came */
    int64_t tried_us;       /* when the last one was tried; 0: never */
    const char *wrong;      /* why the last one came to nothing, to be told; NULL: it has not */
};

/* The memory, if what is published in it counts at that time (monotonic, above 0), else NULL. Then
 * it asks for the application's present memory, now and then, and takes it when it comes. */
const struct handover *offer_look(struct offer *offer, int64_t now_us);

/* The memory, if the application that it is of was there LAYOUT_LEASE_US ago at most: it renewed
 * its lease then, or sent the memory. Else NULL, and it asks for the present memory likewise. While
 * products are not read, or the store is away, an application runs and nothing published counts. */
const struct handover *offer_running(struct offer *offer, int64_t now_us);

/* Gives all back. */
void offer_close(struct offer *offer);

#endif
