/* lanes: the groups that the writer may have under way at a time, each with a store handle of its
 * own; when one is made, and of what. See decisions/0039. */
#ifndef STORE_RELAY_LANES_H
#define STORE_RELAY_LANES_H

#include <signal.h>

#include "store/relay/group.h"

enum { RELAY_LANES_MAX = 3 };

struct relay_lanes;

/* Makes lanes with these stores, which are all of one kind; they and the door are borrowed. NULL on
 * failure (errno). */
struct relay_lanes *relay_lanes_open(struct store *const *stores, int count,
                                     const struct relay_door *door);

/* Ends every connection to a worker; NULL is let pass. */
void relay_lanes_close(struct relay_lanes *lanes);

/* Has this called with each group that was made or refused, before it is answered. */
void relay_lanes_on_made(struct relay_lanes *lanes, relay_group_made made, void *context);

/* One turn: waits at most wait_ms, with that mask of signals, for changes or for what the store
 * says to those under way. Then it ends one group, or begins one of all that wait and share no rows
 * with others under way. A group that the store does not begin beside others is ended in the same
 * turn; and before one with a change that was handed over again begins, all others are. Returns how
 * many changes were answered; *said is what the store said to the last of them. */
int relay_lanes_turn(struct relay_lanes *lanes, int wait_ms, const sigset_t *mask,
                     enum store_result *said);

/* Whether no change waits or is under way. */
bool relay_lanes_are_idle(const struct relay_lanes *lanes);

/* While they are idle: asks each store whether it can be used: STORE_OK, or the first failure.
 * Until all have said so once, no change is made: one that was handed over again may be in the
 * session that any of them follows. */
enum store_result relay_lanes_ping(struct relay_lanes *lanes);

/* Ends all groups that are under way, and begins none. */
void relay_lanes_finish(struct relay_lanes *lanes);

/* Whether no worker is left, and nobody who could start one. */
bool relay_lanes_are_over(const struct relay_lanes *lanes);

#endif
