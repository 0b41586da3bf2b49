/* group: the changes that wait for the writer at one moment, made in one transaction and answered
 * one by one. */
#ifndef STORE_RELAY_GROUP_H
#define STORE_RELAY_GROUP_H

#include <signal.h>
#include <stdbool.h>

#include "store/relay/door.h"
#include "store/store.h"

enum {
    RELAY_GROUP_MAX = STORE_GROUP_MAX, /* others wait for the next group */
    RELAY_CONNECTIONS_MAX = 512        /* workers, and their predecessors that have just died */
};

struct relay_group;

/* Makes an empty group; store and door are borrowed for its life. NULL on failure (errno). */
struct relay_group *relay_group_open(struct store *store, const struct relay_door *door);

/* Ends every connection; NULL is let pass. */
void relay_group_close(struct relay_group *group);

/* Called for each change once it has been made or refused, before it is answered. */
typedef void (*relay_group_made)(void *context, const struct store_change *change);
void relay_group_on_made(struct relay_group *group, relay_group_made made, void *context);

/* Waits at most wait_ms, with that mask of signals, for a change; then takes up all that wait, the
 * oldest first, up to RELAY_GROUP_MAX. After a group of several, where commits take long, it waits
 * up to 2 ms for as many again. Those whose deadline has passed are told so: STORE_BUSY.
 * Returns how many were taken up; relay_group_make must follow if it is not 0. */
int relay_group_take(struct relay_group *group, int wait_ms, const sigset_t *mask);

/* Makes the changes that were taken up, and answers each. Returns what store_changes_make did. */
enum store_result relay_group_make(struct relay_group *group);

/* Whether no worker is left, and nobody who could start one. */
bool relay_group_is_over(const struct relay_group *group);

#endif
