/* settle: finds out what became of a change whose answer was lost with the connection. */
#ifndef STORE_POSTGRES_SETTLE_H
#define STORE_POSTGRES_SETTLE_H

#include "store/postgres/session.h"

/* What a call knows of its change; the context is the call's own. */
struct postgres_settlement {
    /* Looks for the change: STORE_OK if it was made, STORE_NOT_FOUND if not, or how it failed. */
    enum store_result (*look)(struct postgres *p, void *context);

    /* Logs what may or may not have been changed, if that could not be found out in time. */
    void (*give_up)(const struct postgres *p, const void *context);
};

/* Ends the session that the change was sent in, waits for its lock, and looks for the change, again
 * and again until the end of the call; see decision 0011. Returns STORE_OK if the change was made.
 * STORE_UNREACHABLE: it is certain that nothing changed, and the call may be tried again.
 * STORE_UNKNOWN: neither is certain. */
enum store_result postgres_settle(struct postgres *p, int64_t session,
                                  const struct postgres_settlement *settlement, void *context);

/* Before a change of an earlier session is looked for: makes sure that the server is the primary,
 * and that its synchronous standbys have what that session committed; see decision 0012. */
enum store_result postgres_settle_confirm(struct postgres *p);

#endif
