/* relay_fixture: a door, and one lane with the fixture's store, which makes what comes through the
 * door as the writer would. */
#ifndef TESTS_UNIT_STORE_RELAY_RELAY_FIXTURE_H
#define TESTS_UNIT_STORE_RELAY_RELAY_FIXTURE_H

#include "store/relay/lanes.h"

/* Those of the test that runs. */
extern struct relay_door door;
extern struct relay_lanes *lanes;

/* Begins a test, with a door for so many workers. */
void relay_fixture_begin(int workers);

/* Ends it; the lanes may be NULL by then. */
void relay_fixture_end(void);

/* Makes the writer's part anew, once the one before is closed. */
void relay_fixture_open_writer(void);

/* One turn of the writer, and how many changes it answered. */
int relay_fixture_turn(int wait_ms);

/* Turns until something is answered; how many changes, or 0 if none came in time. */
int relay_fixture_make(void);

#endif
