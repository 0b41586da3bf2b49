/* answers: the application's side of the published answers. Its processes share them by the fork.
 *
 * An answer counts while its epoch is that of its target. To publish: note the epoch, read the
 * store, offer the answer with that epoch. To change: change the store, withdraw, tell the caller.
 * So an answer that was read before a change never counts after it, whoever was quicker. Nobody
 * waits for anybody, and who is killed at any point leaves nothing that counts and is not whole. */
#ifndef PUBLISH_ANSWERS_H
#define PUBLISH_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "publish/layout.h"

enum {
    ANSWERS_AGAIN_MS = 1000, /* what was asked for twice within this time is published */
    ANSWERS_ASKED = 1 << 14
};

struct answers {
    struct layout *layout;
    int fd; /* what the web server is given */
    /* Of the application's processes alone. */
    struct answers_asked {
        _Atomic uint64_t products[ANSWERS_ASKED]; /* the last that was asked for, and when */
        _Atomic uint64_t list; /* the list's epoch when it was last asked for, and one */
        _Atomic int64_t reads; /* of any target, that came to a worker */
    } * asked;
};

/* Makes the memory; list_route and product_route are the routes' numbers in the metrics. False and
 * errno on failure. */
bool answers_make(struct answers *answers, int list_route, int product_route);

/* Ends and unmaps them; those that were not made, too. */
void answers_close(struct answers *answers);

/* The target's epoch, to be noted before the store is read. */
uint64_t answers_epoch(const struct answers *answers, int64_t target);

struct answers_one {
    int64_t target;   /* of target.h, not TARGET_NONE */
    uint64_t epoch;   /* the target's before the store was read */
    const char *etag; /* with its quotes */
    const char *body;
    size_t len;
};

/* Publishes an answer with 200, if it was asked for before, not long ago, and fits. now_us is
 * monotonic. */
void answers_offer(struct answers *answers, const struct answers_one *one, int64_t now_us);

/* How many answers were offered so far, published or not. */
int64_t answers_reads(const struct answers *answers);

/* What is published of the product, and the list, counts no more once this returns. */
void answers_withdraw(struct answers *answers, int64_t product);
void answers_withdraw_all(struct answers *answers);

/* Lets answers count until that time (monotonic), or with 0 not. */
void answers_lease(struct answers *answers, int64_t until_us);

/* Nothing counts any more, whoever renews the lease. */
void answers_end(struct answers *answers);

/* Gives up the claims of a process that has died. */
void answers_bury(struct answers *answers, pid_t pid);

#endif
