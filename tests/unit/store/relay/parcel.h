/* parcel: orders that a test hands to a relay, as a worker would. */
#ifndef TESTS_UNIT_STORE_RELAY_PARCEL_H
#define TESTS_UNIT_STORE_RELAY_PARCEL_H

#include "store/relay/relay.h"

/* An order that is handed over. */
struct parcel {
    struct store_change change;
    struct store_placement placement;
    char id[ID_TEXT_SIZE];
    struct order_request request;
};

/* Hands an order over. The parcel is its change's owner, and has to last as long as it waits. */
void parcel_hand_over(struct relay *relay, struct parcel *parcel, int64_t product,
                      int64_t quantity);

/* Waits for the next one that has its result. */
const struct store_change *parcel_await(struct relay *relay);

/* Whether the outcome is that of an order for so many of that product. */
bool parcel_is_right(const struct store_change *change, int64_t product, int64_t quantity);

#endif
