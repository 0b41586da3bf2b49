/* relay_fixture: a door, and a group on the fixture's store that takes up what comes through it, as
 * the writer would. */
#ifndef TESTS_UNIT_STORE_RELAY_RELAY_FIXTURE_H
#define TESTS_UNIT_STORE_RELAY_RELAY_FIXTURE_H

#include "store/relay/group.h"

/* Those of the test that runs. */
extern struct relay_door door;
extern struct relay_group *group;

/* Begins a test, with a door for so many workers. */
void relay_fixture_begin(int workers);

/* Ends it; the group may be NULL by then. */
void relay_fixture_end(void);

/* Waits for the next group, takes it up, and returns how many changes it has; 0 if none came. */
int relay_fixture_take(void);

#endif
