/* fixture: the one pair, and the one client of it, that a whole suite shares. */
#ifndef TESTS_E2E_FIXTURE_H
#define TESTS_E2E_FIXTURE_H

#include <stdbool.h>

#include "e2e/client.h"
#include "e2e/pair.h"
#include "postgres_server.h"

extern struct pair pair;
extern struct postgres_server fixture_server; /* of fixture_start_postgres */
extern struct client *client;
extern struct client_answer answer; /* to the client's last call */

/* Starts both; 0 if that went well, as CUnit has it for a suite's setup. */
int fixture_start(const struct pair_options *options);

/* The same, but the pair's store is a private PostgreSQL server. */
int fixture_start_postgres(const struct pair_options *options);

/* Ends all that was started; a suite's teardown. */
int fixture_end(void);

/* Asks the client for the path until the answer has this status; false if none came in time. */
bool fixture_wait_status(const char *path, int status, int timeout_ms);

#endif
