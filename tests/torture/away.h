/* away: the ways to a PostgreSQL server, one for each pair. A way may be long, as to a server in
 * another zone: what is sent is under way for a while, and each commit takes longer. And it can be
 * cut for a while. */
#ifndef TESTS_TORTURE_AWAY_H
#define TESTS_TORTURE_AWAY_H

#include <stddef.h>

#include "postgres_server.h"

enum { AWAY_US_MAX = 20000, AWAY_COMMIT_FACTOR = 4, AWAY_WAYS_MAX = 3 };

/* Once, before the ways: commits take AWAY_COMMIT_FACTOR times so many microseconds longer. */
bool away_slow_down(const struct postgres_server *server, int us);

/* One more way, of so many microseconds each way. Writes the URL under which the database is to be
 * reached by it. False after saying what went wrong. */
bool away_start(const struct postgres_server *server, int us, char url[POSTGRES_SERVER_URL_SIZE]);

/* Nothing comes through the n-th way; then what was held up does. */
void away_cut(size_t n);
void away_mend(size_t n);

/* Ends the ways that were begun. */
void away_stop(void);

#endif
