/* transaction: runs work in a transaction that writes. */
#ifndef STORE_SQLITE_TRANSACTION_H
#define STORE_SQLITE_TRANSACTION_H

#include "store/sqlite/connection.h"

/* What a call does once the store can be used; the context is the call's own. */
typedef enum store_result (*sqlite_work)(struct sqlite *s, void *context);

/* Begins a transaction, waiting for the lock until the deadline; runs the work; and commits if that
 * returns STORE_OK, or else rolls back. Returns how it ended: STORE_UNKNOWN if COMMIT failed and
 * may have done its work all the same. */
enum store_result sqlite_transaction_run(struct sqlite *s, sqlite_work work, void *context);

/* Makes a write durable that changes nothing, and so shows that the disk takes writes. It waits for
 * the lock a little only: STORE_BUSY. After it has returned STORE_OK, no earlier commit that failed
 * can come to light any more: its place in the log has been written over. */
enum store_result sqlite_transaction_touch(struct sqlite *s);

#endif
