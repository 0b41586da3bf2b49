#include "unit/store/relay/parcel.h"

#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "unit/store/store_fixture.h"

void parcel_hand_over(struct relay *relay, struct parcel *parcel, int64_t product, int64_t quantity)
{
    id_make(clock_now_us(), parcel->id);
    parcel->placement = (struct store_placement){.consumer = "c",
                                                 .id = parcel->id,
                                                 .now_us = clock_now_us(),
                                                 .key_lifetime_us = ORDER_KEY_LIFETIME_US};
    parcel->request = *fixture_request(product, quantity);
    parcel->change = (struct store_change){.use = STORE_USE_ORDER,
                                           .request = &parcel->request,
                                           .placement = &parcel->placement,
                                           .owner = parcel};
    relay_hand_over(relay, &parcel->change, NULL);
}

const struct store_change *parcel_await(struct relay *relay)
{
    const struct store_change *change;
    while (!(change = relay_next(relay))) {
        int64_t left_us = relay_due_us(relay) - clock_monotonic_us();
        struct pollfd writer = {.fd = relay_fd(relay), .events = POLLIN};
        poll(&writer, 1, left_us > 0 ? (int)(left_us / 1000) + 1 : 0);
    }
    return change;
}

bool parcel_is_right(const struct store_change *change, int64_t product, int64_t quantity)
{
    const struct store_outcome *got = change->outcome;
    switch (change->result) {
    case STORE_OK:
        return strcmp(got->order.id, change->placement->id) == 0 && got->order.count == 1 &&
               got->order.lines[0].product_id == product &&
               got->order.lines[0].quantity == quantity;
    case STORE_SHORT:
        return got->short_count == 1 && got->shorts[0].requested == quantity;
    case STORE_UNKNOWN_PRODUCT:
        return got->unknown_count == 1 && got->unknown[0] == product;
    default:
        return true;
    }
}
