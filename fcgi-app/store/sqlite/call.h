/* call: the one way in which every call runs: deadline, open file, work, log. */
#ifndef STORE_SQLITE_CALL_H
#define STORE_SQLITE_CALL_H

#include "store/sqlite/transaction.h"

/* What is particular to a call. */
struct sqlite_call {
    const char *name; /* for the log */
    sqlite_work work;
    bool writes;       /* the work runs in a transaction that writes */
    bool migrates;     /* the file may be missing, and its schema old */
    bool looks_rarely; /* it is often called, and a look at the path of just now is enough */
};

/* Runs a call: sets its deadline; sees to it that the file now at the path is open, ours and of our
 * schema; does the work; closes the file again if it is of no use; and logs a trouble that is new,
 * or over. Returns how it ended. */
enum store_result sqlite_call_run(struct store *store, const struct sqlite_call *call,
                                  void *context);

#endif
