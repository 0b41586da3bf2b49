/* watch: those who must not be harmed. A well-behaved consumer sends 50 requests a second, reads
 * and orders, half of its connections kept and half new. A load balancer asks /healthz and /readyz
 * each 100 ms, and `postern healthcheck` runs now and then. */
#ifndef TESTS_SIEGE_WATCH_H
#define TESTS_SIEGE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "e2e/pair.h"
#include "siege/figures.h"

/* What they got. A request's time starts when it was due. Large: keep it off the stack. */
struct watch_seen {
    struct figures caller, probes;
};

/* Starts the threads, which wait. The pair must stay; it may be restarted while they wait. */
bool watch_start(const struct pair *pair, uint64_t seed);

/* Lets them ask, and adds what they get. */
void watch_open(struct watch_seen *where);

/* Has them stop asking, and waits for the answers that are due: at most some seconds. They hold no
 * connection then. */
void watch_close(void);

/* Ends the threads. */
void watch_stop(void);

#endif
