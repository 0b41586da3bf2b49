/* cancellation: what cancelling an order does. */
#ifndef STORE_SQLITE_CANCELLATION_H
#define STORE_SQLITE_CANCELLATION_H

#include "store/sqlite/connection.h"

/* All of cancelling an order that happens within its transaction: a change of the kind
 * STORE_USE_CANCEL. It returns STORE_OK if the order is cancelled, now or before. With
 * STORE_NOT_FOUND it has written nothing. After a failure the transaction is to be undone. */
enum store_result sqlite_cancellation_write(struct sqlite *s, const struct store_change *change);

#endif
