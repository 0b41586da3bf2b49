/* away: puts a PostgreSQL server as far away as one in another zone: what is sent is under way for
 * a while, and each commit takes longer. */
#ifndef TESTS_TORTURE_AWAY_H
#define TESTS_TORTURE_AWAY_H

#include "postgres_server.h"

enum { AWAY_US_MAX = 20000, AWAY_COMMIT_FACTOR = 4 };

/* So many microseconds each way, and AWAY_COMMIT_FACTOR times as many for a commit. Writes the URL
 * under which the database is to be reached from then on. False after saying what went wrong. */
bool away_start(const struct postgres_server *server, int us, char url[POSTGRES_SERVER_URL_SIZE]);

/* Ends the way there, if it was begun. */
void away_stop(void);

#endif
