/* faults: what goes wrong with the pairs and their store while the buyers buy. */
#ifndef TESTS_TORTURE_FAULTS_H
#define TESTS_TORTURE_FAULTS_H

#include <stdint.h>

#include "e2e/pair.h"
#include "faulty_disk.h"
#include "postgres_server.h"
#include "torture/balancer.h"

enum { FAULTS_PAIRS = 3 };

struct site {
    struct postgres_server server; /* of a PostgreSQL store */
    struct faulty_disk *disk;      /* of a SQLite store; else NULL */
    struct pair pairs[FAULTS_PAIRS];
    struct balancer balancer;
    uint64_t random; /* decides what is broken, and for how long */
};

enum faults_kind {
    FAULTS_WRITER,    /* the writer of a pair killed, or made to stand still until it is killed */
    FAULTS_WORKERS,   /* some workers of a pair, or all, killed; all children with their master */
    FAULTS_MASTER,    /* a pair's master killed and started again */
    FAULTS_PUBLISHER, /* the publisher of a pair killed, or made to stand still */
    FAULTS_STILL,     /* a pair's master and all its children made to stand still */
    FAULTS_WEB,       /* a pair's lighttpd killed and started again */
    FAULTS_APART,     /* a pair cut off from the database */
    FAULTS_FAST,      /* the database restarted, its clients cut off */
    FAULTS_CRASH,     /* the database restarted as after a crash */
    FAULTS_EIO,       /* the store's disk fails in some of its writes and syncs, or in all */
    FAULTS_ENOSPC,    /* it is full */
    FAULTS_ALL,       /* every process of every pair killed while the disk fails */
    FAULTS_DRAIN,     /* a pair stopped gently and replaced */
    FAULTS_KIND_MAX
};

extern const char *const faults_names[FAULTS_KIND_MAX];

/* How many processes, databases, calls of the disk or pairs each kind has hit. */
extern int faults_counts[FAULTS_KIND_MAX];

/* Breaks something; each round of calls has every kind that the store can meet, in
 * random order. Returns once all
 * is started again and every pair is ready; says what did not come back. Call it from the main
 * thread, which starts the processes. */
void faults_next(struct site *site);

#endif
