/* purge: up to where the store's log of changes may be forgotten, and when. Every task looks at it
 * far more often than PURGE_KEEP_US, so nobody needs what is older. */
#ifndef SERVER_PURGE_H
#define SERVER_PURGE_H

#include <stdint.h>

#include "store/store.h"

enum {
    PURGE_KEEP_US = 30 * 1000 * 1000, /* so old at least is what is forgotten; twice that at most */
    PURGE_EACH_US = 1000 * 1000 /* each forgets STORE_NEWS_FORGET entries at most: that is the most
                                   changes a second for which the log does not grow */
};

/* Zeroed, it has seen nothing. */
struct purge {
    struct store_cursor young; /* as it was at young_us */
    struct store_cursor old;   /* as it was PURGE_KEEP_US before that */
    int64_t young_us;
    int64_t purged_us;
};

/* Notes that all up to that cursor has been told by now (monotonic). Returns up to where the log is
 * to be forgotten, which is borrowed from *purge; NULL: nothing is due. */
const struct store_cursor *purge_due(struct purge *purge, const struct store_cursor *told,
                                     int64_t now_us);

#endif
