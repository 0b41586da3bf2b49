/* cancellation: what cancelling an order is made of: a change of the kind STORE_USE_CANCEL. */
#ifndef STORE_POSTGRES_CANCELLATION_H
#define STORE_POSTGRES_CANCELLATION_H

#include "store/postgres/session.h"

/* Queues the statement that cancels the order of a change. False: the connection failed. */
bool postgres_cancellation_queue(struct postgres *p, const struct store_change *change);

/* Reads what that statement returned into the change's outcome: STORE_OK, STORE_NOT_FOUND, or
 * STORE_FAULT. */
enum store_result postgres_cancellation_take(struct postgres *p, const struct store_change *change,
                                             const PGresult *rows);

/* Looks whether the change's order is cancelled: STORE_OK, STORE_NOT_FOUND, or how it failed. */
enum store_result postgres_cancellation_look(struct postgres *p, const struct store_change *change);

#endif
