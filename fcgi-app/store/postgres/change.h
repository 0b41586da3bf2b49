/* change: the calls that make changes for requests, alone or in groups; see calls.def. */
#ifndef STORE_POSTGRES_CHANGE_H
#define STORE_POSTGRES_CHANGE_H

#include "store/driver.h"

store_changes_make_call postgres_changes_make;

/* As store_changes_send and store_changes_wait. */
bool postgres_changes_send(struct store *store, struct store_change *changes, size_t count,
                           struct store_wait *wait);
bool postgres_changes_wait(struct store *store, struct store_change *changes, size_t count,
                           struct store_wait *wait);

#endif
