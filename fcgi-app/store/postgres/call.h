/* call: the one way in which every call runs: deadline, connection, work, more attempts, log. */
#ifndef STORE_POSTGRES_CALL_H
#define STORE_POSTGRES_CALL_H

#include "store/postgres/settle.h"
#include "store/postgres/transaction.h"

/* What is particular to a call. */
struct postgres_call {
    const char *name; /* for the log */
    postgres_work work;
    bool transacts; /* the work's statements are one transaction, and not one each */
    bool migrates;  /* the schema may be missing or old */

    /* How a lost answer is settled; NULL if the work changes nothing, or may be done twice. A part
     * of the call's time is kept for it. */
    const struct postgres_settlement *settlement;
};

/* Begins a call whose work sends something first, if that can be done without waiting: there is a
 * connection that can be used. True: p->begun, and the caller sends it. The work, which
 * postgres_call_run then does, ends what was begun. */
bool postgres_call_begin(struct postgres *p, const struct postgres_call *call);

/* Runs a call: sets its deadline; sees to it that the store can be used; does the work; does both
 * again if the failure passes, nothing has changed and there is time; and logs a trouble that is
 * new, or over. Returns how it ended. */
enum store_result postgres_call_run(struct store *store, const struct postgres_call *call,
                                    void *context);

#endif
