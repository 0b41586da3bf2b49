/* holder: a session of the fixture's PostgreSQL beside the application's, which holds products. */
#ifndef TESTS_E2E_HOLDER_H
#define TESTS_E2E_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* False if the server takes no connection. holder_close in either case. */
bool holder_open(void);
void holder_close(void);

/* Runs statements in that session; one that fails fails the test. */
void holder_run(const char *sql);

/* The number that a query gives, in a session of its own. */
int64_t holder_number(const char *sql);

/* The condition in pg_stat_activity for a session of the application that waits for a lock. */
#define HOLDER_WAITS "application_name = 'postern' AND wait_event_type = 'Lock'"

/* Waits until so many of the application's sessions wait for a lock, but for the one of that
 * process; 0: no one. */
void holder_check_waiting(int count, int64_t but);

#endif
