#include "store/postgres/cancellation.h"

#include "store/postgres/order.h"
#include "store/postgres/query.h"

/* See the function cancel_order in the schema. */
bool postgres_cancellation_queue(struct postgres *p, const struct store_change *change)
{
    return postgres_query_queue(p, POSTGRES_SQL_ORDER_CANCEL,
                                POSTGRES_ARGUMENTS(POSTGRES_AS_TEXT(change->placement->consumer),
                                                   POSTGRES_AS_TEXT(change->placement->id)));
}

enum store_result postgres_cancellation_take(struct postgres *p, const struct store_change *change,
                                             const PGresult *rows)
{
    return postgres_order_read(p, rows, &change->outcome->order);
}

enum store_result postgres_cancellation_look(struct postgres *p, const struct store_change *change)
{
    const struct store_placement *placement = change->placement;
    struct order *order = &change->outcome->order;
    enum store_result result = postgres_order_load(p, placement->consumer, placement->id, order);
    return result == STORE_OK && !order->cancelled_us ? STORE_NOT_FOUND : result;
}
