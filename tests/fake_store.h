/* fake_store: a store that answers what it is told to, and remembers what it was asked. */
#ifndef TESTS_FAKE_STORE_H
#define TESTS_FAKE_STORE_H

#include "store/driver.h"

/* The id of the order that was there before, which STORE_REPLAYED gives, and of the one that
 * order_get knows. */
#define FAKE_STORE_ORDER "018f0000-0000-7000-8000-000000000001"

struct fake_store {
    struct store store; /* first, so that a struct store * is a struct fake_store * */

    /* What it answers. Rows are visited even if the result is a failure: a store may break off. */
    enum store_result result;
    const struct product *products; /* in id order */
    size_t product_count;
    size_t order_count; /* orders that order_list has to show */
    int64_t unknown[ORDER_LINES_MAX];
    size_t unknown_count;
    struct order_shortage shorts[ORDER_LINES_MAX];
    size_t short_count;

    /* What the last call was. */
    int calls;
    int64_t id, after, limit;
    char consumer[ORDER_CONSUMER_MAX + 1];
    char text[ORDER_KEY_MAX +
              1]; /* an order placed: the key, or ""; order_get, cancelled: id; list: before */
    char reference[ORDER_REFERENCE_MAX + 1]; /* order_list: the one its rows must have, or "" */
    char placed_id[ID_TEXT_SIZE];
    int64_t key_lifetime_us;
    struct order_request request;
};

/* Makes one that returns STORE_OK and has the demo catalogue: products 1 to 3. */
void fake_store_init(struct fake_store *fake);

/* Writes the id of the n-th order that order_list shows; a higher n is an older order. */
void fake_store_order_id(size_t n, char out[ID_TEXT_SIZE]);

#endif
