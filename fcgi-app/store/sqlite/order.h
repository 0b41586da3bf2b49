/* order: the calls on orders, see calls.def; and what placing one does. */
#ifndef STORE_SQLITE_ORDER_H
#define STORE_SQLITE_ORDER_H

#include "store/sqlite/connection.h"

/* All of placing an order that happens within its transaction: a change of the kind
 * STORE_USE_ORDER. It returns STORE_OK if the order is placed. If it is refused nothing was
 * written; what a failure left is to be undone. */
enum store_result sqlite_order_write(struct sqlite *s, const struct store_change *change);

/* Reads the consumer's own order with that id: STORE_OK, STORE_NOT_FOUND, or how it failed. */
enum store_result sqlite_order_load(struct sqlite *s, const char *consumer, const char *id,
                                    struct order *order);

store_order_get_call sqlite_order_get;
store_order_list_call sqlite_order_list;

#endif
