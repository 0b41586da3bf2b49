/* buyers: clients that order, repeat and read back, and remember all that they were told. */
#ifndef TESTS_TORTURE_BUYERS_H
#define TESTS_TORTURE_BUYERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "torture/order.h"

/* The field of a pair's answers that tells its number. */
#define BUYERS_PAIR "X-Pair"

enum { BUYERS = 64, BUYERS_ORDERS_MAX = 16384 /* each */ };

enum buyers_deed {
    BUYERS_PLACED,
    BUYERS_REPLAYED, /* 201 again, for a key that had one */
    BUYERS_REFUSED,
    BUYERS_READ,
    BUYERS_CANCELLED, /* 200 for a cancellation, the first or a repeated one */
    BUYERS_WALKED,    /* orders and cancellations sent and left without waiting for the answer */
    BUYERS_RETRIED,   /* keys sent again because the outcome was unknown */
    BUYERS_TURNED,    /* orders without a key that got 503 and the word that nothing was changed */
    BUYERS_ABSENT,    /* answers 5xx */
    BUYERS_CUT,       /* connections that ended without an answer, or were refused */
    BUYERS_DEED_MAX
};

extern const char *const buyers_deeds[BUYERS_DEED_MAX];

/* Starts them against that port. False if there is no memory or no thread. */
bool buyers_start(int port, uint64_t seed);

/* Waits until no request is under way and keeps them from sending another; false after timeout_ms.
 * While they pause their orders may be read. */
bool buyers_pause(int timeout_ms);
void buyers_resume(void);

/* Has them wait for each answer, or leave before some, as at first. Call it while they pause. */
void buyers_be_patient(bool waits);

/* Has them think for longer, so that the list of products stays the same for a while. */
void buyers_be_slow(bool slower);

/* Lets them settle what they have begun, and waits for their end. */
void buyers_finish(void);

/* How often they did it; call it while they pause or have finished. */
int64_t buyers_count(enum buyers_deed deed);

/* The order of that reference, or NULL; the orders of one buyer, from 0. */
struct order *buyers_order(const char *reference);
struct order *buyers_orders(size_t buyer, size_t *count);

/* The reference, which is the key too, of a buyer's nth order. */
void buyers_reference(size_t buyer, size_t n, char out[ORDER_REFERENCE_SIZE]);

void buyers_free(void);

#endif
