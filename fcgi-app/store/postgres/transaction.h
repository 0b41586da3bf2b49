/* transaction: runs work in a transaction. */
#ifndef STORE_POSTGRES_TRANSACTION_H
#define STORE_POSTGRES_TRANSACTION_H

#include "store/postgres/session.h"

/* What a call does once the store can be used; the context is the call's own. */
typedef enum store_result (*postgres_work)(struct postgres *p, void *context);

/* Begins a transaction, runs the work, and commits if that returns STORE_OK, or else rolls back.
 * Returns how it ended; STORE_UNKNOWN if the connection broke during the commit. */
enum store_result postgres_transaction_run(struct postgres *p, postgres_work work, void *context);

#endif
