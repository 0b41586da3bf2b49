/* roster: the consumers in force and their buckets, in memory that the application's processes and
 * the web server's module share. The master replaces the consumers for all at one moment; what is
 * in the buckets stays. Whatever the web server were to write, nobody reads or writes beside the
 * memory, or waits for ever. */
#ifndef PUBLISH_ROSTER_H
#define PUBLISH_ROSTER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "config/consumers.h"
#include "domain/bucket.h"

enum {
    ROSTER_WORDS = ENDPOINT_ID_MAX / sizeof(uint64_t),
    ROSTER_BUCKETS = 2 * CONSUMERS_MAX, /* those of the table in force, and of the next one */
    ROSTER_UNLISTED_SETS = 128,
    ROSTER_UNLISTED_WAYS = 8,
    ROSTER_CONSUMER_SIZE = ENDPOINT_ID_SIZE
};

_Static_assert((int)CONSUMERS_NAME_MAX <= (int)ENDPOINT_ID_MAX, "a name fits where an id does");

/* A line of the consumers file; texts as words that compare as their bytes do. */
struct roster_line {
    _Atomic uint64_t endpoint[ROSTER_WORDS];
    _Atomic uint64_t consumer[ROSTER_WORDS]; /* the name, or the endpoint if it has none */
    _Atomic int rate, burst;
    _Atomic int bucket;
    atomic_bool denied;
};

struct roster_table {
    _Atomic uint32_t count;
    struct roster_line lines[CONSUMERS_MAX]; /* ascending, as if read by memcmp */
};

/* The bucket of an endpoint that has no line. Whoever comes to a full set gets the bucket of the
 * one that has been quiet for longest, and goes on with what is in it. */
struct roster_unlisted {
    _Atomic uint64_t who; /* a hash of the endpoint's id; 0: nobody's yet */
    _Atomic int64_t full_ns;
};

/* Valid when zeroed: nobody has a name or a limit. The table in force is tables[generation % 2].
 * The writer fills the other one and then raises generation, so a writer that is killed half-way
 * changes nothing. A reader never waits. If its table was written meanwhile, it sees that
 * generation has moved, and looks again. A bucket is one number, so a worker that is killed leaves
 * none half changed. */
struct roster {
    _Atomic uint64_t generation;
    struct roster_table tables[2];
    _Atomic int64_t buckets[ROSTER_BUCKETS]; /* full_ns of each: see domain/bucket.h */
    struct roster_unlisted unlisted[ROSTER_UNLISTED_SETS][ROSTER_UNLISTED_WAYS];
};

/* Who calls from an endpoint, and what holds for it. */
struct roster_entry {
    char consumer[ROSTER_CONSUMER_SIZE]; /* what orders are filed under */
    bool denied;
    struct bucket_limit limit;
    int bucket;        /* or -1: that of an endpoint that has no line */
    uint64_t unlisted; /* then its hash */
};

/* Whose line it is: its name, or the endpoint if it has none. */
const char *roster_consumer_of(const struct consumers_line *line);

/* Puts the consumers in force; by one process alone. A consumer that was there before keeps what is
 * in its bucket. */
void roster_publish(struct roster *roster, const struct consumers *consumers, int64_t now_ns);

/* Finds who calls: endpoint is a VPC endpoint's id, or CONSUMERS_NOBODY. */
void roster_find(const struct roster *roster, const char *endpoint, struct roster_entry *entry);

/* Takes a token of the consumer's bucket, if it is limited. */
struct bucket_state roster_take(struct roster *roster, const struct roster_entry *entry,
                                int64_t now_ns);

#endif
