/* swarm: the connections of one attack, all of them served by the calling thread. */
#ifndef TESTS_SIEGE_SWARM_H
#define TESTS_SIEGE_SWARM_H

#include <stdbool.h>
#include <stdint.h>

#include "siege/attack.h"

enum { SWARM_MAX = 1024, SWARM_SETTLE_MS = 1500 };

/* What an attack cost, and what came of it. */
struct swarm_result {
    int64_t connections; /* that were opened */
    int64_t ended;       /* that the server was seen to end without an answer */
    int64_t unseen;   /* that it may have ended so: when they were opened, or at the attack's end */
    int64_t bytes;    /* sent */
    int64_t requests; /* sent whole, or as far as the attack goes */
    int64_t answers;  /* taken whole */
    int64_t admitted; /* answers 200 after SWARM_SETTLE_MS */
    int64_t admitted_ms; /* how long those were counted */
};

/* Attacks 127.0.0.1:port for so long and lets go of every connection. False after saying why if it
 * cannot begin. */
bool swarm_run(const struct attack *attack, int port, int ms, uint64_t *random,
               struct swarm_result *result);

#endif
