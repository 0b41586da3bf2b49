/* transaction: runs work in a transaction that writes. */
#ifndef STORE_SQLITE_TRANSACTION_H
#define STORE_SQLITE_TRANSACTION_H

#include "store/sqlite/connection.h"

/* What a call does once the store can be used; the context is the call's own. */
typedef enum store_result (*sqlite_work)(struct sqlite *s, void *context);

/* Begins a transaction, waiting for the lock until the deadline; runs the work; and commits if that
 * returns STORE_OK, or else rolls back. Returns how it ended. */
enum store_result sqlite_transaction_run(struct sqlite *s, sqlite_work work, void *context);

#endif
