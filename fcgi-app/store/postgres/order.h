/* order: the calls that read orders, see calls.def; and what placing one is made of. */
#ifndef STORE_POSTGRES_ORDER_H
#define STORE_POSTGRES_ORDER_H

#include "store/postgres/session.h"

/* Queues the statement that places the order of a change. False: the connection failed. */
bool postgres_order_queue(struct postgres *p, const struct store_change *change);

/* Reads what that statement returned into the change's outcome: STORE_OK, STORE_REPLAYED, how it
 * was refused, or STORE_FAULT. */
enum store_result postgres_order_take(struct postgres *p, const struct store_change *change,
                                      const PGresult *rows);

/* Looks for the change's order by its id: STORE_OK, STORE_NOT_FOUND, or how it failed. */
enum store_result postgres_order_look(struct postgres *p, const struct store_change *change);

/* Reads the order in these rows, or the consumer's own with that id: STORE_OK, STORE_NOT_FOUND, or
 * how it failed. */
enum store_result postgres_order_read(struct postgres *p, const PGresult *rows,
                                      struct order *order);
enum store_result postgres_order_load(struct postgres *p, const char *consumer, const char *id,
                                      struct order *order);

store_order_get_call postgres_order_get;
store_order_list_call postgres_order_list;

#endif
