/* faults: what goes wrong with the pairs and their database while the buyers buy. */
#ifndef TESTS_TORTURE_FAULTS_H
#define TESTS_TORTURE_FAULTS_H

#include <stdint.h>

#include "e2e/pair.h"
#include "postgres_server.h"
#include "torture/balancer.h"

enum { FAULTS_PAIRS = 3 };

struct site {
    struct postgres_server server;
    struct pair pairs[FAULTS_PAIRS];
    struct balancer balancer;
    uint64_t random; /* decides what is broken, and for how long */
};

enum faults_kind {
    FAULTS_WORKERS, /* some workers of a pair, or all, killed */
    FAULTS_MASTER,  /* a pair's master killed and started again */
    FAULTS_FAST,    /* the database restarted, its clients cut off */
    FAULTS_CRASH,   /* the database restarted as after a crash */
    FAULTS_DRAIN,   /* a pair stopped gently and replaced */
    FAULTS_KIND_MAX
};

extern const char *const faults_names[FAULTS_KIND_MAX];

/* How many processes, databases or pairs each kind has hit. */
extern int faults_counts[FAULTS_KIND_MAX];

/* Breaks something; each round of eight calls has every kind, in random order. Returns once all
 * is started again and every pair is ready; says what did not come back. Call it from the main
 * thread, which starts the processes. */
void faults_next(struct site *site);

#endif
