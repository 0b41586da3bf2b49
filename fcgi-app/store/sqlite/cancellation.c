#include "store/sqlite/cancellation.h"

#include "store/sqlite/order.h"
#include "store/sqlite/statement.h"

/* Puts every line back into stock. */
static enum store_result sqlite_cancellation_return(struct sqlite *s, const struct order *order)
{
    enum store_result result = STORE_OK;
    for (size_t i = 0; i < order->count && result == STORE_OK; i++)
        result = sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_PRODUCT_RETURN,
                                                     SQLITE_AS_NUMBER(order->lines[i].product_id),
                                                     SQLITE_AS_NUMBER(order->lines[i].quantity)));
    return result;
}

enum store_result sqlite_cancellation_write(struct sqlite *s, const struct store_change *change)
{
    const struct store_placement *p = change->placement;
    struct order *order = &change->outcome->order;
    enum store_result result = sqlite_order_load(s, p->consumer, p->id, order);
    if (result != STORE_OK || order->cancelled_us)
        return result;
    order->cancelled_us = p->now_us;
    result = sqlite_statement_run(s, SQLITE_BIND(s, SQLITE_SQL_ORDER_CANCEL, SQLITE_AS_TEXT(p->id),
                                                 SQLITE_AS_NUMBER(p->now_us)));
    return result == STORE_OK ? sqlite_cancellation_return(s, order) : result;
}
