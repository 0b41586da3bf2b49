/* layout: how published answers lie in the memory that the application writes and the web server's
 * module reads, and where the answer to a target may be. See decisions/0036. */
#ifndef PUBLISH_LAYOUT_H
#define PUBLISH_LAYOUT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LAYOUT_VERSION = 2,
    LAYOUT_LEASE_US = 500 * 1000, /* the longest time for which answers count without a look */
    LAYOUT_STRIPES = 1 << 14,     /* of products; those of one are withdrawn together */
    LAYOUT_WAYS = 4,              /* places that an answer may be in, of its size */
    LAYOUT_ETAG_WORDS = 5,        /* before each body; the last byte is NUL */
    LAYOUT_ETAG_SIZE = LAYOUT_ETAG_WORDS * 8,
    LAYOUT_SMALL_PLACES = 1 << 14,
    LAYOUT_SMALL_WORDS = 512 / 8,
    LAYOUT_LARGE_PLACES = 1 << 9,
    LAYOUT_LARGE_WORDS = 8 * 1024 / 8,
    LAYOUT_LIST_PLACES = 2,
    LAYOUT_LIST_WORDS = 1024 * 1024 / 8 + LAYOUT_ETAG_WORDS,
    LAYOUT_PLACES = LAYOUT_SMALL_PLACES + LAYOUT_LARGE_PLACES + LAYOUT_LIST_PLACES,
    /* No published body is longer. */
    LAYOUT_BODY_MAX = (LAYOUT_LIST_WORDS - LAYOUT_ETAG_WORDS) * 8
};

#define LAYOUT_MAGIC UINT64_C(0x706f737465726e31) /* "postern1" */

/* What is in a place. Who writes it has claimed it by setting owner to its process id. */
struct layout_place {
    _Atomic int32_t owner;     /* 0: nobody writes it */
    _Atomic uint32_t sequence; /* odd while it is written; 0: it never was */
    _Atomic int64_t target;    /* of target.h */
    _Atomic uint64_t epoch;    /* of the target, before the store was read; it counts if still so */
    _Atomic uint64_t len;      /* bytes of the body */
};

/* Zeroed memory is one without answers. */
struct layout {
    uint64_t magic;
    uint64_t shape;     /* layout_shape() of the program that made it */
    int32_t list_route; /* the routes' numbers in the metrics */
    int32_t product_route;
    int32_t denied_problem; /* likewise, the problem's of a consumer that is denied */
    /* Of TRACE_RATE_ALL traces that begin here so many are sampled, and of those that callers began
     * the ones they say: their spans are the application's to write. -1: no spans are written. */
    int32_t trace_rate;
    _Atomic int64_t lease_us; /* monotonic: answers count before this time */
    _Atomic uint32_t over;    /* not 0: they count no more, and never will */
    _Atomic uint64_t list_epoch;
    _Atomic uint64_t epochs[LAYOUT_STRIPES];
    struct layout_place places[LAYOUT_PLACES];
    _Atomic uint64_t small[LAYOUT_SMALL_PLACES][LAYOUT_SMALL_WORDS];
    _Atomic uint64_t large[LAYOUT_LARGE_PLACES][LAYOUT_LARGE_WORDS];
    _Atomic uint64_t lists[LAYOUT_LIST_PLACES][LAYOUT_LIST_WORDS];
};

enum layout_size { LAYOUT_SMALL, LAYOUT_LARGE, LAYOUT_LIST, LAYOUT_SIZES };

/* The places in which a target's answer of one size may be: ways of them, from the first on. */
struct layout_set {
    size_t first;
    size_t ways;
    size_t words; /* of each: the entity tag's, and the body's */
};

struct layout_set layout_set_of(enum layout_size size, int64_t target);

/* The sizes that an answer to the target may have, from the least to the last. */
enum layout_size layout_least(int64_t target);
enum layout_size layout_last(int64_t target);

/* The words of a place; for the module to read alone. */
_Atomic uint64_t *layout_words(struct layout *layout, size_t place);

/* The epoch that a target's answers have; likewise. */
_Atomic uint64_t *layout_epoch(struct layout *layout, int64_t target);

/* One number for all that two programs must agree on to share this memory and that of the metrics.
 */
uint64_t layout_shape(void);

#endif
